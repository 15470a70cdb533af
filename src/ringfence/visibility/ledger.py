"""The records that are edited, read as states and written back: what writes grants beside the snapshot."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from ringfence.domain import limits
from ringfence.domain.customer import Customer
from ringfence.domain.customer_group import CustomerGroup
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
from ringfence.domain.text import fold, search_key
from ringfence.domain.user import User
from ringfence.visibility.states import (
    BLANK,
    CustomerGroupState,
    RoleState,
    SecurityGroupState,
    State,
    StateKind,
    UserState,
)

_TABLES: Final[dict[StateKind, Any]] = {
    "role": Role,
    "customer_group": CustomerGroup,
    "security_group": SecurityGroup,
    "user": User,
}
_CHUNK: Final = 500


def read(
    connection: Connection, tenant_id: int, kind: StateKind, record: int, *, whole: bool = False
) -> tuple[State, int] | None:
    """A record's state and revision; None where it is not there. ``whole`` reads a group's members too."""
    mapped = _TABLES[kind]
    row = connection.execute(select(mapped).where(mapped.id == record, mapped.tenant_id == tenant_id)).one_or_none()
    if row is None:
        return None
    if kind == "role":
        held: frozenset[str] | None = None
        if not row.all_permissions:
            query = select(RolePermission.permission).where(RolePermission.role_id == record)
            held = frozenset(connection.execute(query).scalars())
        state: State = RoleState(
            row.owner_id, row.name, row.access_level, held, bool(row.private), bool(row.builtin), row.key
        )
    elif kind == "customer_group":
        users: frozenset[int] = frozenset()
        if whole:
            given = select(UserCustomerGroup.user_id).where(UserCustomerGroup.group_id == record)
            users = frozenset(connection.execute(given).scalars())
        customers = _customers(connection, CustomerGroupCustomer, record)
        state = CustomerGroupState(row.owner_id, row.name, row.description, bool(row.active), customers, users, row.key)
    elif kind == "security_group":
        members: frozenset[Any] = frozenset()
        if whole:
            joined = select(Membership.user_id, Membership.valid_from, Membership.valid_until)
            rows = connection.execute(joined.where(Membership.group_id == record))
            members = frozenset((user, (since, until)) for user, since, until in rows)
        customers = _customers(connection, SecurityGroupCustomer, record)
        state = SecurityGroupState(
            row.owner_id, row.name, row.role_id, row.scope, customers, row.made_for_id, members, row.key
        )
    else:
        state = _user(connection, row)
    return state, row.revision


def _user(connection: Connection, row: Any) -> UserState:
    joined = select(Membership.group_id, Membership.valid_from, Membership.valid_until)
    memberships = connection.execute(joined.where(Membership.user_id == row.id))
    filters = connection.execute(select(UserCustomerGroup.group_id).where(UserCustomerGroup.user_id == row.id))
    sites = connection.execute(select(UserSite.site_id).where(UserSite.user_id == row.id))
    return UserState(
        row.home_id,
        row.login,
        row.name,
        row.email,
        bool(row.active),
        frozenset((group, (since, until)) for group, since, until in memberships),
        frozenset(filters.scalars()),
        frozenset(sites.scalars()),
        row.key,
    )


def _customers(connection: Connection, entry: Any, group: int) -> dict[int, bool]:
    rows = connection.execute(select(entry.customer_id, entry.nested).where(entry.group_id == group))
    return {customer: bool(nested) for customer, nested in rows.all()}


def create(connection: Connection, tenant_id: int, state: State) -> tuple[int, State]:
    """Writes a new record under the key of its state, or one made of its name; returns its id and its state."""
    kind, values = _values(state)
    mapped = _TABLES[kind]
    key = state.key or _free_key(connection, mapped, tenant_id, state)
    query = insert(mapped).values(tenant_id=tenant_id, key=key, revision=1, **values).returning(mapped.id)
    record = connection.execute(query).scalar_one()
    _write_ties(connection, record, BLANK[kind], state)
    return record, replace(state, key=key)


def change(connection: Connection, record: int, before: State, after: State, revision: int) -> None:
    """Writes what differs between two states of a record, and its next revision."""
    kind, values = _values(after)
    mapped = _TABLES[kind]
    connection.execute(update(mapped).where(mapped.id == record).values(revision=revision + 1, **values))
    _write_ties(connection, record, before, after)


def remove(connection: Connection, record: int, state: State) -> None:
    """Deletes a record with its ties. What refers to a role must have gone before."""
    kind, _ = _values(state)
    for entry, column in _TIES_OF[kind]:
        connection.execute(delete(entry).where(column == record))
    mapped = _TABLES[kind]
    connection.execute(delete(mapped).where(mapped.id == record))


def key_of(connection: Connection, kind: StateKind, tenant_id: int, key: str) -> int | None:
    """The id of the record with that key."""
    mapped = _TABLES[kind]
    return connection.execute(select(mapped.id).where(mapped.tenant_id == tenant_id, mapped.key == key)).scalar()


def login_taken(connection: Connection, login: str, but: int) -> bool:
    """Whether anybody else in the database has the login, without regard to case."""
    query = select(User.id).where(User.login_key == fold(login), User.id != but)
    return connection.execute(query).first() is not None


def groups_of_role(connection: Connection, role: int) -> list[int]:
    """The security groups that use a role."""
    return list(connection.execute(select(SecurityGroup.id).where(SecurityGroup.role_id == role)).scalars())


def groups_of_user(connection: Connection, user: int) -> frozenset[int]:
    """The security groups that a user is in, whether they give anything or not."""
    return frozenset(connection.execute(select(Membership.group_id).where(Membership.user_id == user)).scalars())


def homes(connection: Connection, tenant_id: int, users: Iterable[int]) -> dict[int, str]:
    """The path of each user's home."""
    found: dict[int, str] = {}
    wanted = sorted(users)
    for start in range(0, len(wanted), _CHUNK):
        query = select(User.id, Customer.path).join(Customer, Customer.id == User.home_id)
        query = query.where(User.tenant_id == tenant_id, User.id.in_(wanted[start : start + _CHUNK]))
        found.update((user, path) for user, path in connection.execute(query))
    return found


def users_of(connection: Connection, kind: StateKind, records: Iterable[int]) -> set[int]:
    """The users whose access stands on any of these records."""
    found: set[int] = set()
    wanted = sorted(set(records))
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        if kind == "user":
            found.update(part)
        elif kind == "customer_group":
            query = select(UserCustomerGroup.user_id).where(UserCustomerGroup.group_id.in_(part))
            found.update(connection.execute(query).scalars())
        else:
            query = select(Membership.user_id)
            if kind == "role":
                query = query.join(SecurityGroup, SecurityGroup.id == Membership.group_id)
                query = query.where(SecurityGroup.role_id.in_(part))
            else:
                query = query.where(Membership.group_id.in_(part))
            found.update(connection.execute(query).scalars())
    return found


_TIES_OF: Final[dict[StateKind, tuple[tuple[Any, Any], ...]]] = {
    "role": ((RolePermission, RolePermission.role_id),),
    "customer_group": (
        (CustomerGroupCustomer, CustomerGroupCustomer.group_id),
        (UserCustomerGroup, UserCustomerGroup.group_id),
    ),
    "security_group": ((SecurityGroupCustomer, SecurityGroupCustomer.group_id), (Membership, Membership.group_id)),
    "user": (
        (Membership, Membership.user_id),
        (UserCustomerGroup, UserCustomerGroup.user_id),
        (UserSite, UserSite.user_id),
    ),
}


def _values(state: State) -> tuple[StateKind, dict[str, Any]]:
    if isinstance(state, RoleState):
        return "role", {
            "owner_id": state.owner,
            "name": state.name,
            "access_level": state.access_level,
            "all_permissions": state.permissions is None,
            "private": state.private,
            "builtin": state.builtin,
            "search_key": search_key(state.name),
        }
    if isinstance(state, CustomerGroupState):
        return "customer_group", {
            "owner_id": state.owner,
            "name": state.name,
            "description": state.description,
            "active": state.active,
            "search_key": search_key(state.name),
        }
    if isinstance(state, SecurityGroupState):
        return "security_group", {
            "owner_id": state.owner,
            "name": state.name,
            "role_id": state.role,
            "scope": state.scope,
            "made_for_id": state.made_for,
            "search_key": search_key(state.name),
        }
    return "user", {
        "home_id": state.home,
        "login": state.login,
        "login_key": fold(state.login),
        "name": state.name,
        "email": state.email,
        "active": state.active,
        "search_key": search_key(state.name, state.login, state.email),
    }


def _write_ties(connection: Connection, record: int, before: State, after: State) -> None:
    if isinstance(before, RoleState) and isinstance(after, RoleState):
        held, wanted = before.permissions or frozenset(), after.permissions or frozenset()
        _exchange(connection, RolePermission, "role_id", record, "permission", held - wanted, wanted - held)
    elif isinstance(before, SecurityGroupState) and isinstance(after, SecurityGroupState):
        _write_customers(connection, SecurityGroupCustomer, record, before.customers, after.customers)
        _write_memberships(connection, "group_id", "user_id", record, before.members, after.members)
    elif isinstance(before, CustomerGroupState) and isinstance(after, CustomerGroupState):
        _write_customers(connection, CustomerGroupCustomer, record, before.customers, after.customers)
        gone, come = before.users - after.users, after.users - before.users
        _exchange(connection, UserCustomerGroup, "group_id", record, "user_id", gone, come)
    elif isinstance(before, UserState) and isinstance(after, UserState):
        _write_memberships(connection, "user_id", "group_id", record, before.security_groups, after.security_groups)
        for mapped, column, old, new in (
            (UserCustomerGroup, "group_id", before.customer_groups, after.customer_groups),
            (UserSite, "site_id", before.sites, after.sites),
        ):
            _exchange(connection, mapped, "user_id", record, column, old - new, new - old)


def _write_customers(
    connection: Connection, entry: Any, group: int, before: Mapping[int, bool], after: Mapping[int, bool]
) -> None:
    old, new = set(before.items()), set(after.items())
    _exchange(connection, entry, "group_id", group, "customer_id", {customer for customer, _ in old - new}, ())
    if new - old:
        rows = [{"group_id": group, "customer_id": customer, "nested": nested} for customer, nested in new - old]
        connection.execute(insert(entry), rows)


def _write_memberships(
    connection: Connection, own: str, other: str, record: int, before: frozenset[Any], after: frozenset[Any]
) -> None:
    for target, (since, until) in before - after:
        query = delete(Membership).where(getattr(Membership, own) == record, getattr(Membership, other) == target)
        for column, value in ((Membership.valid_from, since), (Membership.valid_until, until)):
            query = query.where(column.is_(None) if value is None else column == value)
        connection.execute(query)
    if after - before:
        rows = [
            {own: record, other: target, "valid_from": since, "valid_until": until}
            for target, (since, until) in after - before
        ]
        connection.execute(insert(Membership), rows)


def _exchange(
    connection: Connection, entry: Any, own: str, record: int, column: str, gone: Iterable[Any], come: Iterable[Any]
) -> None:
    """Takes the ties to some records away and puts others there."""
    leaving = sorted(gone)
    for start in range(0, len(leaving), _CHUNK):
        part = leaving[start : start + _CHUNK]
        connection.execute(delete(entry).where(getattr(entry, own) == record, getattr(entry, column).in_(part)))
    rows = [{own: record, column: other} for other in come]
    if rows:
        connection.execute(insert(entry), rows)


def _free_key(connection: Connection, mapped: Any, tenant_id: int, state: State) -> str:
    """A key made of the record's name, or a user's login, that no other record of the kind has."""
    text = state.login if isinstance(state, UserState) else state.name
    plain = unicodedata.normalize("NFKD", fold(text)).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9.]+", "-", plain).strip("-.")[: limits.KEY - 12] or "record"
    known = select(mapped.key).where(mapped.tenant_id == tenant_id, func.substr(mapped.key, 1, len(stem)) == stem)
    taken = set(connection.execute(known).scalars())
    number = 1
    key = stem
    while key in taken:
        number += 1
        key = f"{stem}-{number}"
    return key
