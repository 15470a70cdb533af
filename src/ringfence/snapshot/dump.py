"""Writing the snapshot document: the whole database, or what one user sees of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TextIO

from sqlalchemy import Connection, select

from ringfence.domain.customer import LIMITS
from ringfence.domain.kind import Kind
from ringfence.domain.permission import CATALOGUE
from ringfence.domain.registry import EDITED, KINDS
from ringfence.domain.text import as_json
from ringfence.snapshot.document import ENTRIES, FORMAT
from ringfence.snapshot.resolve import lists
from ringfence.storage.engine import Database
from ringfence.storage.grants import (
    CustomerGroupCustomer,
    Membership,
    RolePermission,
    SecurityGroupCustomer,
    UserCustomerGroup,
    UserSite,
)
from ringfence.storage.tables import Customer, Site, Tenant, table_of
from ringfence.visibility.overview import more_than_named
from ringfence.visibility.page import Query, every
from ringfence.visibility.tree import roots
from ringfence.visibility.viewer import Sight, Viewer

Entry = dict[str, Any]

_ANONYMOUS: Final = "tenant"


def dump(database: Database, out: TextIO, viewer: Viewer | None = None) -> None:
    """Writes the document to ``out``, an entry a line, in the order of keys: the same data gives the same bytes."""
    with _source(database, viewer) as source:
        out.write(f'{{"ringfence": {FORMAT}')
        for name in ENTRIES:
            out.write(f',\n"{name}": [')
            separator = "\n"
            for entry in source.entries(name):
                out.write(f"{separator}{as_json(entry)}")
                separator = ",\n"
            out.write("]" if separator == "\n" else "\n]")
        out.write("}\n")


@contextmanager
def _source(database: Database, viewer: Viewer | None) -> Iterator[_Source]:
    if viewer is None:
        with database.reading() as connection:
            yield _Source(connection, None, None)
    else:
        with viewer.look(*(kind.permission for kind in KINDS.values())) as sight:
            yield _Source(sight.connection, sight, viewer.tenant_id)


@dataclass
class _Source:
    """The entries of a document. With a sight, only what it sees, and no reference to anything else."""

    connection: Connection
    sight: Sight | None
    tenant_id: int | None

    def __post_init__(self) -> None:
        tenants = select(Tenant.id, Tenant.key, Customer.id.label("root"), Customer.name).join(
            Customer, (Customer.tenant_id == Tenant.id) & Customer.parent_id.is_(None)
        )
        if self.tenant_id is not None:
            tenants = tenants.where(Tenant.id == self.tenant_id)
        self.tenants = self.connection.execute(tenants.order_by(Tenant.key)).all()
        self.tenant_keys = {row.id: row.key for row in self.tenants}
        self.owners: set[int] = set()
        self.seen = {kind.plural: self._seen(kind) for kind in EDITED.values()}
        self.root_hidden = self.sight is not None and not any(row.key is None for row in roots(self.sight))
        if self.root_hidden:
            # The root is hidden from them, and so are its name and key; the entries still need a tenant to be of.
            self.tenant_keys = dict.fromkeys(self.tenant_keys, _ANONYMOUS)
        referred = {to for kind in EDITED.values() for to in kind.refs.values()}
        self.keys = {kind.plural: self._keys(kind) for kind in EDITED.values() if kind.noun in referred}
        self.keys["customers"].update({row.root: None for row in self.tenants})
        # Records whose own customer the sight hides stand at the root of the document.
        self.adopting = self.sight is not None and not self.owners <= self.keys["customers"].keys()

    def _seen(self, kind: Kind) -> set[int] | None:
        """The ids that the sight shows; None without one, for all."""
        if self.sight is None:
            return None
        seen = set()
        for row in every(self.sight, Query(kind)):
            seen.add(row.id)
            self.owners.add(getattr(row, kind.owner))
        return seen

    def _keys(self, kind: Kind) -> dict[int, str | None]:
        mapped, seen = table_of(kind), self.seen[kind.plural]
        rows = self.connection.execute(select(mapped.id, mapped.key).where(mapped.key.is_not(None)))
        return {record: key for record, key in rows if seen is None or record in seen}

    def entries(self, name: str) -> Iterator[Entry]:
        """The entries of one list, by tenant and key."""
        for tenant in self.tenants:
            if name == "tenants":
                yield {"key": self.tenant_keys[tenant.id], "name": _ANONYMOUS if self.root_hidden else tenant.name}
                continue
            by_hand = getattr(self, f"_{name}", None)
            owner = {"tenant": self.tenant_keys[tenant.id]}
            yield from self._plain(lists()[name], tenant.id, owner) if by_hand is None else by_hand(tenant.id, owner)

    def _rows(self, name: str, tenant: int) -> Iterator[Any]:
        mapped = table_of(next(kind for kind in EDITED.values() if kind.plural == name))
        seen = self.seen[name]
        columns = [column for column in mapped.__table__.c if column.name != "search_key"]
        rows = self.connection.execute(
            select(*columns).where(mapped.tenant_id == tenant, mapped.key.is_not(None)).order_by(mapped.key),
            execution_options={"yield_per": 1000},
        )
        return (row for row in rows if seen is None or row.id in seen)

    def _customers(self, tenant: int, owner: Entry) -> Iterator[Entry]:
        told = more_than_named(self.sight) if self.sight is not None else lambda _path: True
        for row in self._rows("customers", tenant):
            more = told(row.path)
            limits = {limit: value for limit in LIMITS if (value := getattr(row, limit)) is not None}
            yield {
                "key": row.key,
                **owner,
                "parent": self.keys["customers"].get(row.parent_id),
                "name": row.name,
                "email": row.email if more else "",
                "phone": row.phone if more else "",
                "address": row.address if more else "",
                **(limits if more else {}),
            }

    def _plain(self, kind: Kind, tenant: int, owner: Entry) -> Iterator[Entry]:
        """The entries of a kind that are rows and nothing else: what the sight hides of what they refer to is null."""
        first = [one for one in (kind.node, kind.stands) if one is not None]
        fields = [*first, *(one for name, one in kind.stored.items() if one not in first and name != "key")]
        owners = self._site_owners() if kind.stands is not None else {}
        for row in self._rows(kind.plural, tenant):
            entry = {"key": row.key, **owner}
            for one in fields:
                value = getattr(row, one.column)
                if one.refers:
                    there = one is not kind.stands or owners.get(value) in self.keys["customers"]
                    value = self.keys[EDITED[one.refers].plural].get(value) if there else None
                if not (one.later and value == one.default):
                    entry[one.name] = value
            yield entry

    def _devices(self, tenant: int, owner: Entry) -> Iterator[Entry]:
        sites = self._site_owners()
        for row in self._rows("devices", tenant):
            customer = self.keys["customers"].get(row.customer_id)
            # A site goes only with its own customer: without the one the other would dangle.
            site = self.keys["sites"].get(row.site_id) if sites.get(row.site_id) in self.keys["customers"] else None
            yield {
                "key": row.key,
                **owner,
                "customer": customer,
                "site": site,
                "name": row.name,
                "unit_id": row.unit_id,
                "kind": row.kind,
                **({"notes": row.notes} if row.notes else {}),
            }

    def _site_owners(self) -> dict[int | None, int]:
        return {row.id: row.customer_id for row in self.connection.execute(select(Site.id, Site.customer_id))}

    def _roles(self, tenant: int, owner: Entry) -> Iterator[Entry]:
        order = {permission.key: place for place, permission in enumerate(CATALOGUE)}
        held: defaultdict[int, list[str]] = defaultdict(list)
        for role, permission in self.connection.execute(select(RolePermission.role_id, RolePermission.permission)):
            held[role].append(permission)
        for row in self._rows("roles", tenant):
            permissions: Any = sorted(held[row.id], key=lambda key: order.get(key, len(order)))
            yield {
                "key": row.key,
                **owner,
                "owner": self.keys["customers"].get(row.owner_id),
                "name": row.name,
                "access_level": row.access_level,
                "permissions": "all" if row.all_permissions else permissions,
                **{flag: True for flag in ("private", "builtin") if getattr(row, flag)},
            }

    def _members(self, mapped: Any) -> dict[int, list[Entry]]:
        """The customers of each group, those that the sight hides left out: that only narrows the group."""
        members: defaultdict[int, list[tuple[bool, str, bool]]] = defaultdict(list)
        for group, customer, nested in self.connection.execute(
            select(mapped.group_id, mapped.customer_id, mapped.nested)
        ):
            if customer in self.keys["customers"] and (self.sight is None or self._node_seen(customer, nested)):
                key = self.keys["customers"][customer]
                members[group].append((key is not None, key or "", nested))
        return {
            group: [{"customer": key if named else None, "nested": nested} for named, key, nested in sorted(entries)]
            for group, entries in members.items()
        }

    def _node_seen(self, customer: int, nested: bool) -> bool:
        if self.keys["customers"][customer] is not None:
            return True
        # The root alone must not come to hold the records that only this document puts there.
        return not self.root_hidden and (nested or not self.adopting)

    def _security_groups(self, tenant: int, owner: Entry) -> Iterator[Entry]:
        members = self._members(SecurityGroupCustomer)
        for row in self._rows("security_groups", tenant):
            made_for = self.keys["customers"].get(row.made_for_id)
            yield {
                "key": row.key,
                **owner,
                "owner": self.keys["customers"].get(row.owner_id),
                "name": row.name,
                "role": self.keys["roles"].get(row.role_id),
                "scope": row.scope,
                "customers": members.get(row.id, []),
                **({} if made_for is None else {"made_for": made_for}),
            }

    def _customer_groups(self, tenant: int, owner: Entry) -> Iterator[Entry]:
        members = self._members(CustomerGroupCustomer)
        for row in self._rows("customer_groups", tenant):
            yield {
                "key": row.key,
                **owner,
                "owner": self.keys["customers"].get(row.owner_id),
                "name": row.name,
                "description": row.description,
                "active": row.active,
                "customers": members.get(row.id, []),
            }

    def _users(self, tenant: int, owner: Entry) -> Iterator[Entry]:
        memberships = self._memberships()
        filters = self._ties(UserCustomerGroup, "customer_groups")
        sites = self._ties(UserSite, "sites")
        for row in self._rows("users", tenant):
            given = filters.get(row.id, [])
            hidden = None in given or row.home_id not in self.keys["customers"]
            yield {
                "key": row.key,
                **owner,
                "home": self.keys["customers"].get(row.home_id),
                "login": row.login,
                "name": row.name,
                "email": row.email,
                "active": row.active,
                # A home or filter that cannot be shown must not be lost: without security groups they see nothing.
                "security_groups": [] if hidden else memberships.get(row.id, []),
                "customer_groups": sorted(key for key in given if key is not None),
                "sites": sorted(key for key in sites.get(row.id, []) if key is not None),
            }

    def _memberships(self) -> dict[int, list[Entry]]:
        found: defaultdict[int, list[Entry]] = defaultdict(list)
        rows = self.connection.execute(
            select(Membership.user_id, Membership.group_id, Membership.valid_from, Membership.valid_until)
        )
        for user, group, valid_from, valid_until in rows:
            key = self.keys["security_groups"].get(group)
            if key is not None:
                found[user].append(
                    {
                        "group": key,
                        "valid_from": valid_from.isoformat() if valid_from else None,
                        "valid_until": valid_until.isoformat() if valid_until else None,
                    }
                )
        return {
            user: sorted(entries, key=lambda e: (e["group"], e["valid_from"] or "", e["valid_until"] or ""))
            for user, entries in found.items()
        }

    def _ties(self, mapped: Any, target: str) -> dict[int, list[str | None]]:
        """What each user was given; None stands for what the sight hides."""
        other = mapped.group_id if target == "customer_groups" else mapped.site_id
        found: defaultdict[int, list[str | None]] = defaultdict(list)
        for user, record in self.connection.execute(select(mapped.user_id, other)):
            found[user].append(self.keys[target].get(record))
        return dict(found)
