"""Loading a snapshot: an upsert by key, in one transaction, all or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from ringfence.domain.customer import Customer
from ringfence.domain.customer_group import CustomerGroup
from ringfence.domain.device import Device
from ringfence.domain.errors import InvalidDocument
from ringfence.domain.grants import (
    CustomerGroupCustomer,
    Membership,
    RolePermission,
    SecurityGroupCustomer,
    UserCustomerGroup,
    UserSite,
)
from ringfence.domain.role import Role
from ringfence.domain.security_group import SecurityGroup
from ringfence.domain.site import Site
from ringfence.domain.tenant import Tenant
from ringfence.domain.text import fold, search_key
from ringfence.domain.user import User
from ringfence.snapshot.collect import Contents, DeviceRow, Progress, collect, collect_from, fault
from ringfence.snapshot.read import show
from ringfence.snapshot.resolve import Resolver
from ringfence.storage.bulk import insert_rows, lock_ids, settle_ids, settle_statistics
from ringfence.storage.engine import Database

_OWN_IDS: Final = tuple(
    mapped.__table__
    for mapped in (Tenant, Customer, Site, Device, Role, SecurityGroup, CustomerGroup, User, Membership)
)
_CHUNK: Final = 500
_MANY: Final = 1000


def load_file(database: Database, source: Path | IO[bytes], progress: Progress | None = None) -> dict[str, int]:
    """Loads a snapshot file; returns how many entries each list had.

    Raises InvalidDocument with every fault it has, or RingfenceError; in both cases nothing was changed.
    """
    told: Progress = progress or (lambda _step, _done: None)
    return load_contents(database, collect(source, told), told)


def load_document(database: Database, document: dict[str, Any]) -> dict[str, int]:
    """The same for a document that is in memory already."""
    return load_contents(database, collect_from(document), lambda _step, _done: None)


def load_contents(database: Database, contents: Contents, progress: Progress) -> dict[str, int]:
    """The same for a file that was read already."""
    with database.writing() as connection:
        _Load(connection, contents, progress).run()
    counts = {name: len(entries) for name, entries in contents.entries.items()}
    return {**counts, "devices": len(contents.devices)}


@dataclass
class _Load:
    connection: Connection
    contents: Contents
    progress: Progress

    def run(self) -> None:
        lock_ids(self.connection, _OWN_IDS)
        if self.connection.dialect.name == "sqlite":
            # Rows arrive list by list; what they refer to is checked below, and the engine checks again at the end.
            self.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        self.to = Resolver(self.connection, self.contents)
        self.to.tree()
        self.to.logins()
        self._unit_ids()
        sites = list(self.to.sites())
        grants = self._grants()
        if self.contents.faults:
            for _ in self.to.devices():
                pass  # asked only for their faults: with any, nothing is written
        self._refuse()
        self._tenants()
        self._customers()
        self._write(
            Site,
            ("tenant_id", "customer_id", "key", "name", "search_key"),
            (
                (own, tenant, customer, entry.key, entry.name, search_key(entry.name))
                for entry, tenant, own, customer in sites
            ),
        )
        self._devices()
        self._astray()
        self._refuse()
        grants.write()
        self._settle()

    def _refuse(self) -> None:
        if self.contents.faults:
            raise InvalidDocument(list(dict.fromkeys(self.contents.faults)))

    def _grants(self) -> _GrantRows:
        return _GrantRows(self.connection, self.to, self._write)

    def _unit_ids(self) -> None:
        """Finds unit ids that two devices would have, and those that change hands (``freed``)."""
        holders: defaultdict[str, dict[str, DeviceRow]] = defaultdict(dict)
        for row in self.contents.devices:
            if row.unit_id:
                holder = holders[row.tenant].setdefault(row.unit_id, row)
                if holder is not row:
                    message = f"{show(row.unit_id)} is the unit id of device {show(holder.key)} too"
                    self.contents.faults.append(fault("devices", row.place, row.key, "unit_id", message))
        tenants = {own: key for key, own in self.to.tenants.items()}
        changing: set[tuple[str, str]] = set()
        self.freed: list[dict[str, int]] = []
        query = select(Device.id, Device.tenant_id, Device.key, Device.unit_id).where(Device.unit_id != "")
        for own, tenant, key, unit_id in self.connection.execute(query):
            changing = changing or {(row.tenant, row.key) for row in self.contents.devices}
            wanted = holders[tenants[tenant]].get(unit_id)
            if wanted is not None and wanted.key == key:
                continue
            if (tenants[tenant], key) in changing:
                self.freed.append({"own_id": own})
            elif wanted is not None:
                message = f"{show(unit_id)} is the unit id of device {show(key)}"
                self.contents.faults.append(fault("devices", wanted.place, wanted.key, "unit_id", message))

    def _write(
        self,
        mapped: Any,
        columns: tuple[str, ...],
        rows: Iterable[tuple[Any, ...]],
        *,
        step: str | None = None,
    ) -> None:
        """Inserts the rows whose id (the first value) is new, updates the others."""
        name = step or _LISTS[mapped].replace("_", " ")
        first = self.to.first[_LISTS[mapped]]
        known: list[dict[str, Any]] = []

        def arriving() -> Iterator[tuple[Any, ...]]:
            for row in rows:
                if row[0] >= first:
                    yield row
                else:
                    known.append(dict(zip(("own_id", *columns), row, strict=True)))

        insert_rows(
            self.connection,
            mapped.__table__,
            ("id", *columns),
            arriving(),
            lambda done: self.progress(f"Writing {name}", done),
        )
        if known:
            statement = update(mapped.__table__).where(mapped.__table__.c.id == bindparam("own_id"))
            self.connection.execute(statement.values({column: bindparam(column) for column in columns}), known)

    def _tenants(self) -> None:
        entries = self.contents.entries["tenants"]
        rows = ((self.to.tenants[entry.key], entry.key, 1) for _, entry in entries)
        fresh = [row for row in rows if row[0] >= self.to.first["tenants"]]
        insert_rows(self.connection, Tenant.__table__, ("id", "key", "version"), fresh)

    def _customers(self) -> None:
        roots = (
            (
                self.to.roots[self.to.tenants[entry.key]],
                self.to.tenants[entry.key],
                None,
                None,
                entry.name,
                "",
                "",
                "",
                self.to.nodes[self.to.roots[self.to.tenants[entry.key]]].path,
                search_key(entry.name),
            )
            for _, entry in self.contents.entries["tenants"]
        )
        customers = (
            (
                own,
                tenant,
                self.to.nodes[own].parent_id,
                entry.key,
                entry.name,
                entry.email,
                entry.phone,
                entry.address,
                self.to.nodes[own].path,
                search_key(entry.name),
            )
            for _, entry, tenant, own in self.to.entries("customers")
        )
        columns = ("tenant_id", "parent_id", "key", "name", "email", "phone", "address", "path", "search_key")
        before = dict(self.connection.execute(select(Customer.id, Customer.path)).all())
        # Every path that a move changes is rewritten with it, in this transaction.
        moved = [
            {"own_id": own, "new_path": self.to.nodes[own].path}
            for own, path in before.items()
            if self.to.nodes[own].path != path
        ]
        if moved:
            statement = update(Customer).where(Customer.id == bindparam("own_id")).values(path=bindparam("new_path"))
            self.connection.execute(statement.execution_options(synchronize_session=False), moved)
        self._write(
            Customer,
            (*columns, "device_count"),
            ((*row, 0) for row in (*roots, *customers)),
            step="customers",
        )

    def _devices(self) -> None:
        columns = ("tenant_id", "customer_id", "site_id", "key", "name", "unit_id", "kind", "search_key")
        rows = (
            (
                own,
                tenant,
                customer,
                site,
                row.key,
                row.name,
                row.unit_id,
                row.kind,
                search_key(row.name, row.unit_id),
            )
            for row, tenant, own, customer, site in self.to.devices()
        )
        if self.freed:
            # Two devices of the file may swap their unit ids: each is set aside before any is given out.
            table: Any = Device.__table__
            self.connection.execute(
                update(table).where(table.c.id == bindparam("own_id")).values(unit_id=""), self.freed
            )
        self._write(Device, columns, rows, step="devices")

    def _astray(self) -> None:
        """Finds devices that a site of the file leaves behind when it goes to another customer."""
        astray = (
            select(Device.tenant_id, Device.key, Site.key)
            .join(Site, Site.id == Device.site_id)
            .where(Site.customer_id != Device.customer_id)
        )
        tenants = {own: key for key, own in self.to.tenants.items()}
        found = self.connection.execute(astray).all()
        if not found:
            return
        moved = {(entry.tenant, entry.key): index for index, entry in self.contents.entries["sites"]}
        told = {(row.tenant, row.key) for row in self.contents.devices}
        for tenant, device, site in found:
            index = moved.get((tenants[tenant], site))
            if index is not None and (tenants[tenant], device) not in told:
                message = f"device {show(device)}, which is not in the file, stands on it"
                self.contents.faults.append(fault("sites", index, site, "customer", message))

    def _settle(self) -> None:
        """What follows from the rows: counts, and the tenants' versions."""
        own = select(func.count()).where(Device.customer_id == Customer.id).correlate(Customer).scalar_subquery()
        counted = update(Customer).where(Customer.device_count != own).values(device_count=own)
        self.connection.execute(counted.execution_options(synchronize_session=False))
        self.connection.execute(update(Tenant).values(version=Tenant.version + 1))
        settle_ids(self.connection, _OWN_IDS)
        if len(self.contents.devices) + sum(map(len, self.contents.entries.values())) >= _MANY:
            settle_statistics(self.connection, (mapped.__table__ for mapped in (*_LISTS, *_TIES)))


_LISTS: Final[dict[Any, str]] = {
    Customer: "customers",
    Site: "sites",
    Device: "devices",
    Role: "roles",
    SecurityGroup: "security_groups",
    CustomerGroup: "customer_groups",
    User: "users",
}


class _GrantRows:
    """Roles, groups, users and what ties them together, resolved before the first row is written."""

    def __init__(self, connection: Connection, to: Resolver, write: Any) -> None:
        self.connection = connection
        self.to = to
        self.write_rows = write
        self.rows: dict[Any, list[tuple[Any, ...]]] = {
            mapped: [] for mapped in (Role, SecurityGroup, CustomerGroup, User)
        }
        self.ties: dict[Any, list[tuple[Any, ...]]] = {mapped: [] for mapped in _TIES}
        self._roles()
        self._security_groups()
        self._customer_groups()
        self._users()

    def _roles(self) -> None:
        for index, entry, tenant, own in self.to.entries("roles"):
            owner = self.to.node("roles", index, entry.key, "owner", tenant, entry.owner)
            everything = entry.permissions == "all"
            self.rows[Role].append(
                (own, tenant, owner, entry.key, entry.name, entry.access_level, everything, search_key(entry.name))
            )
            if not everything:
                self.ties[RolePermission].extend((own, permission) for permission in entry.permissions)

    def _members(self, name: str, index: int, entry: Any, tenant: int, own: int) -> Iterator[tuple[int, int, bool]]:
        members: dict[int, bool] = {}
        for place, member in enumerate(entry.customers):
            field = f"customers[{place}].customer"
            customer = self.to.node(name, index, entry.key, field, tenant, member.customer)
            if customer is not None:
                members[customer] = members.get(customer, False) or member.nested
        return ((own, customer, nested) for customer, nested in members.items())

    def _security_groups(self) -> None:
        name = "security_groups"
        for index, entry, tenant, own in self.to.entries(name):
            owner = self.to.node(name, index, entry.key, "owner", tenant, entry.owner)
            role = None
            if entry.role is not None:
                role = self.to.refer(name, index, entry.key, "role", "roles", tenant, entry.role)
            self.rows[SecurityGroup].append(
                (own, tenant, owner, entry.key, entry.name, role, entry.scope, search_key(entry.name))
            )
            self.ties[SecurityGroupCustomer].extend(self._members(name, index, entry, tenant, own))

    def _customer_groups(self) -> None:
        name = "customer_groups"
        for index, entry, tenant, own in self.to.entries(name):
            owner = self.to.node(name, index, entry.key, "owner", tenant, entry.owner)
            self.rows[CustomerGroup].append(
                (own, tenant, owner, entry.key, entry.name, entry.description, entry.active, search_key(entry.name))
            )
            self.ties[CustomerGroupCustomer].extend(self._members(name, index, entry, tenant, own))

    def _users(self) -> None:
        for index, entry, tenant, own in self.to.entries("users"):
            place = ("users", index, entry.key)
            home = self.to.node(*place, "home", tenant, entry.home)
            key = search_key(entry.name, entry.login, entry.email)
            self.rows[User].append(
                (
                    own,
                    tenant,
                    home,
                    entry.key,
                    entry.login,
                    fold(entry.login),
                    entry.name,
                    entry.email,
                    entry.active,
                    key,
                )
            )
            memberships: dict[tuple[Any, ...], None] = {}
            for number, member in enumerate(entry.security_groups):
                field = f"security_groups[{number}].group"
                group = self.to.refer(*place, field, "security_groups", tenant, member.group)
                memberships[own, group, member.valid_from, member.valid_until] = None
            self.ties[Membership].extend(memberships)
            for target, mapped, keys in (
                ("customer_groups", UserCustomerGroup, entry.customer_groups),
                ("sites", UserSite, entry.sites),
            ):
                found = {
                    self.to.refer(*place, f"{target}[{number}]", target, tenant, key) for number, key in enumerate(keys)
                }
                self.ties[mapped].extend((own, other) for other in found)

    def write(self) -> None:
        """Writes the records, and puts their ties in place of what they had."""
        owned = ("tenant_id", "owner_id", "key", "name")
        self.write_rows(Role, (*owned, "access_level", "all_permissions", "search_key"), self.rows[Role])
        self.write_rows(SecurityGroup, (*owned, "role_id", "scope", "search_key"), self.rows[SecurityGroup])
        self.write_rows(CustomerGroup, (*owned, "description", "active", "search_key"), self.rows[CustomerGroup])
        self._free_logins()
        self.write_rows(
            User,
            ("tenant_id", "home_id", "key", "login", "login_key", "name", "email", "active", "search_key"),
            self.rows[User],
        )
        for mapped, (owner, parent, columns) in _TIES.items():
            own = [row[0] for row in self.rows[parent]]
            column = getattr(mapped, owner)
            for start in range(0, len(own), _CHUNK):
                self.connection.execute(delete(mapped).where(column.in_(own[start : start + _CHUNK])))
            if mapped is Membership:
                if self.ties[mapped]:
                    rows = [dict(zip((owner, *columns), row, strict=True)) for row in self.ties[mapped]]
                    self.connection.execute(insert(Membership), rows)
            else:
                insert_rows(self.connection, mapped.__table__, (owner, *columns), self.ties[mapped])

    def _free_logins(self) -> None:
        """Users of the file may swap logins: each is set aside before any is given out."""
        known = [
            {"own_id": row[0], "aside": f"\x1f{row[0]}"} for row in self.rows[User] if row[0] < self.to.first["users"]
        ]
        if known:
            table: Any = User.__table__
            statement = update(table).where(table.c.id == bindparam("own_id")).values(login_key=bindparam("aside"))
            self.connection.execute(statement, known)


_TIES: Final[dict[Any, tuple[str, Any, tuple[str, ...]]]] = {
    RolePermission: ("role_id", Role, ("permission",)),
    SecurityGroupCustomer: ("group_id", SecurityGroup, ("customer_id", "nested")),
    CustomerGroupCustomer: ("group_id", CustomerGroup, ("customer_id", "nested")),
    Membership: ("user_id", User, ("group_id", "valid_from", "valid_until")),
    UserCustomerGroup: ("user_id", User, ("group_id",)),
    UserSite: ("user_id", User, ("site_id",)),
}
