"""The grants of a load: roles, groups, users, and what ties them together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, update

from ringfence.domain.text import fold, search_key
from ringfence.snapshot.resolve import Resolver
from ringfence.storage.bulk import insert_rows
from ringfence.storage.grants import (
    CustomerGroupCustomer,
    Membership,
    RolePermission,
    SecurityGroupCustomer,
    UserCustomerGroup,
    UserSite,
)
from ringfence.storage.tables import CustomerGroup, Role, SecurityGroup, User

_CHUNK: Final = 500


class GrantRows:
    """Roles, groups, users and what ties them together, resolved before the first row is written."""

    def __init__(self, connection: Connection, to: Resolver, write: Any) -> None:
        self.connection = connection
        self.to = to
        self.write_rows = write
        self.rows: dict[Any, list[tuple[Any, ...]]] = {
            mapped: [] for mapped in (Role, SecurityGroup, CustomerGroup, User)
        }
        self.ties: dict[Any, list[tuple[Any, ...]]] = {mapped: [] for mapped in TIES}
        self._roles()
        self._security_groups()
        self._customer_groups()
        self._users()

    def _roles(self) -> None:
        for index, entry, tenant, own in self.to.entries("roles"):
            owner = self.to.node("roles", index, entry.key, "owner", tenant, entry.owner)
            everything = entry.permissions == "all"
            self.rows[Role].append(
                (
                    *(own, tenant, owner, entry.key, entry.name, entry.access_level, everything),
                    *(entry.private, entry.builtin, search_key(entry.name)),
                )
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
            made_for = None
            if entry.made_for is not None:
                made_for = self.to.refer(name, index, entry.key, "made_for", "customers", tenant, entry.made_for)
            self.rows[SecurityGroup].append(
                (own, tenant, owner, entry.key, entry.name, role, entry.scope, made_for, search_key(entry.name))
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
        of_roles = (*owned, "access_level", "all_permissions", "private", "builtin", "search_key")
        self.write_rows(Role, of_roles, self.rows[Role])
        of_groups = (*owned, "role_id", "scope", "made_for_id", "search_key")
        self.write_rows(SecurityGroup, of_groups, self.rows[SecurityGroup])
        self.write_rows(CustomerGroup, (*owned, "description", "active", "search_key"), self.rows[CustomerGroup])
        self._free_logins()
        self.write_rows(
            User,
            ("tenant_id", "home_id", "key", "login", "login_key", "name", "email", "active", "search_key"),
            self.rows[User],
        )
        for mapped, (owner, parent, columns) in TIES.items():
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


TIES: Final[dict[Any, tuple[str, Any, tuple[str, ...]]]] = {
    RolePermission: ("role_id", Role, ("permission",)),
    SecurityGroupCustomer: ("group_id", SecurityGroup, ("customer_id", "nested")),
    CustomerGroupCustomer: ("group_id", CustomerGroup, ("customer_id", "nested")),
    Membership: ("user_id", User, ("group_id", "valid_from", "valid_until")),
    UserCustomerGroup: ("user_id", User, ("group_id",)),
    UserSite: ("user_id", User, ("site_id",)),
}
