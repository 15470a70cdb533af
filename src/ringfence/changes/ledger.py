"""The records that are edited, read as states: with the snapshot and the rule, the only readers of grants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, cast, literal_column, null, select, union_all

from ringfence.changes.states import (
    CustomerGroupState,
    CustomerState,
    DeviceState,
    RoleState,
    SecurityGroupState,
    SiteState,
    State,
    StateKind,
    UserState,
)
from ringfence.domain.customer import Customer
from ringfence.domain.customer_group import CustomerGroup
from ringfence.domain.device import Device
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
from ringfence.domain.text import fold
from ringfence.domain.user import User
from ringfence.storage.bulk import any_of, records_of

Known = dict[int, tuple[State, int]]
"""States and revisions by id."""

TABLES: Final[Mapping[StateKind, Any]] = {
    "customer": Customer,
    "site": Site,
    "device": Device,
    "role": Role,
    "customer_group": CustomerGroup,
    "security_group": SecurityGroup,
    "user": User,
}


def read(
    connection: Connection, tenant_id: int, kind: StateKind, record: int, *, whole: bool = False
) -> tuple[State, int] | None:
    """A record's state and revision; None where it is not there. ``whole`` as in ``read_many``."""
    return read_many(connection, tenant_id, kind, [record], whole=whole).get(record)


def read_many(
    connection: Connection, tenant_id: int, kind: StateKind, records: Collection[int], *, whole: bool = False
) -> Known:
    """The states and revisions of those of the records that are there. ``whole`` reads besides what else refers to
    them: a group's members, the groups that name a customer, what stands on a site."""
    if not records:
        return {}
    if kind == "device":
        return _devices(connection, tenant_id, records)
    mapped = TABLES[kind]
    query = select(mapped).where(records_of(connection, mapped, tenant_id, records))
    rows = connection.execute(query).all()
    read_kind = {
        "customer": _customers,
        "site": _sites,
        "role": _roles,
        "customer_group": _customer_groups,
        "security_group": _security_groups,
        "user": _users,
    }[kind]
    return read_kind(connection, rows, [row.id for row in rows], whole)


def _devices(connection: Connection, tenant_id: int, records: Collection[int]) -> Known:
    query = select(
        Device.id,
        Device.revision,
        Device.customer_id,
        Device.name,
        Device.unit_id,
        Device.kind,
        Device.site_id,
        Device.notes,
        Device.key,
    ).where(records_of(connection, Device, tenant_id, records))
    rows: Any = connection.execute(query).all()
    return {own: (DeviceState(*values), revision) for own, revision, *values in rows}


def _customers(connection: Connection, rows: Iterable[Any], ids: list[int], whole: bool) -> Known:
    secured: Mapping[int, Any] = {}
    grouped: Mapping[int, Any] = {}
    made: Mapping[int, Any] = {}
    if whole:
        entry = SecurityGroupCustomer
        secured = _tied(connection, entry.customer_id, ids, entry.group_id, entry.nested)
        other = CustomerGroupCustomer
        grouped = _tied(connection, other.customer_id, ids, other.group_id, other.nested)
        made = _tied(connection, SecurityGroup.made_for_id, ids, SecurityGroup.id)
    return {
        row.id: (
            CustomerState(
                row.parent_id or 0,
                row.name,
                row.email,
                row.phone,
                row.address,
                row.max_users,
                row.max_devices,
                row.max_customers,
                _mapping(secured.get(row.id, ())),
                _mapping(grouped.get(row.id, ())),
                _set(made.get(row.id, ())),
                row.key or "",
            ),
            row.revision,
        )
        for row in rows
    }


def _sites(connection: Connection, rows: Iterable[Any], ids: list[int], whole: bool) -> Known:
    devices: Mapping[int, Any] = {}
    users: Mapping[int, Any] = {}
    if whole:
        devices = _tied(connection, Device.site_id, ids, Device.id)
        users = _tied(connection, UserSite.site_id, ids, UserSite.user_id)
    return {
        row.id: (
            SiteState(row.customer_id, row.name, _set(devices.get(row.id, ())), _set(users.get(row.id, ())), row.key),
            row.revision,
        )
        for row in rows
    }


def _roles(connection: Connection, rows: Iterable[Any], ids: list[int], _whole: bool) -> Known:
    held = _tied(connection, RolePermission.role_id, ids, RolePermission.permission)
    return {
        row.id: (
            RoleState(
                row.owner_id,
                row.name,
                row.access_level,
                None if row.all_permissions else _set(held.get(row.id, ())),
                bool(row.private),
                bool(row.builtin),
                row.key,
            ),
            row.revision,
        )
        for row in rows
    }


def _customer_groups(connection: Connection, rows: Iterable[Any], ids: list[int], whole: bool) -> Known:
    entry = CustomerGroupCustomer
    named = _tied(connection, entry.group_id, ids, entry.customer_id, entry.nested)
    given: Mapping[int, Any] = {}
    if whole:
        given = _tied(connection, UserCustomerGroup.group_id, ids, UserCustomerGroup.user_id)
    return {
        row.id: (
            CustomerGroupState(
                row.owner_id,
                row.name,
                row.description,
                bool(row.active),
                _mapping(named.get(row.id, ())),
                _set(given.get(row.id, ())),
                row.key,
            ),
            row.revision,
        )
        for row in rows
    }


def _security_groups(connection: Connection, rows: Iterable[Any], ids: list[int], whole: bool) -> Known:
    entry = SecurityGroupCustomer
    named = _tied(connection, entry.group_id, ids, entry.customer_id, entry.nested)
    members: Mapping[int, Any] = {}
    if whole:
        joined = Membership
        members = _tied(connection, joined.group_id, ids, joined.user_id, joined.valid_from, joined.valid_until)
    return {
        row.id: (
            SecurityGroupState(
                row.owner_id,
                row.name,
                row.role_id,
                row.scope,
                _mapping(named.get(row.id, ())),
                row.made_for_id,
                _windows(members.get(row.id, ())),
                row.key,
            ),
            row.revision,
        )
        for row in rows
    }


def _users(connection: Connection, rows: Iterable[Any], ids: list[int], _whole: bool) -> Known:
    # In one statement, since users are what is edited most: who is on a line that is slow waits for each.
    groups: defaultdict[int, list[Any]] = defaultdict(list)
    filters: defaultdict[int, list[Any]] = defaultdict(list)
    sites: defaultdict[int, list[Any]] = defaultdict(list)
    user = Membership.user_id
    never = cast(null(), Membership.__table__.c.valid_from.type)
    parts: list[Any] = [
        select(literal_column("'group'"), user, Membership.group_id, Membership.valid_from, Membership.valid_until)
    ]
    for tie, own, other in (
        ("'filter'", UserCustomerGroup.user_id, UserCustomerGroup.group_id),
        ("'site'", UserSite.user_id, UserSite.site_id),
    ):
        parts.append(select(literal_column(tie), own, other, never, never))
    owners = (user, UserCustomerGroup.user_id, UserSite.user_id)
    query = union_all(*(part.where(any_of(connection, own, ids)) for part, own in zip(parts, owners, strict=True)))
    for tie, own, other, *window in connection.execute(query):
        if tie == "group":
            groups[own].append((other, *window))
        else:
            (filters if tie == "filter" else sites)[own].append((other,))
    return {
        row.id: (
            UserState(
                row.home_id,
                row.login,
                row.name,
                row.email,
                bool(row.active),
                _windows(groups.get(row.id, ())),
                _set(filters.get(row.id, ())),
                _set(sites.get(row.id, ())),
                row.key,
            ),
            row.revision,
        )
        for row in rows
    }


def _tied(connection: Connection, own: Any, ids: list[int], *columns: Any) -> Mapping[int, list[Any]]:
    """What is tied to each of the records ``ids`` of column ``own``."""
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for record, *values in connection.execute(select(own, *columns).where(any_of(connection, own, ids))).all():
        found[record].append(values)
    return found


def _mapping(ties: Iterable[Any]) -> dict[int, bool]:
    return {other: bool(nested) for other, nested in ties}


def _set(ties: Iterable[Any]) -> frozenset[Any]:
    return frozenset(other for (other,) in ties)


def _windows(ties: Iterable[Any]) -> frozenset[Any]:
    return frozenset((other, (since, until)) for other, since, until in ties)


def key_of(connection: Connection, kind: StateKind, tenant_id: int, key: str) -> int | None:
    """The id of the record with that key."""
    return keys_of(connection, kind, tenant_id, [key]).get(key)


def keys_of(connection: Connection, kind: StateKind, tenant_id: int, keys: Collection[str]) -> dict[str, int]:
    """The ids of those of the keys that are there."""
    if not keys:
        return {}
    mapped = TABLES[kind]
    query = select(mapped.key, mapped.id).where(any_of(connection, mapped.key, keys), mapped.tenant_id == tenant_id)
    return dict(connection.execute(query).all())


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


def homes(connection: Connection, tenant_id: int, users: Collection[int]) -> dict[int, str]:
    """The path of each user's home."""
    if not users:
        return {}
    query = select(User.id, Customer.path).join(Customer, Customer.id == User.home_id)
    query = query.where(records_of(connection, User, tenant_id, users))
    return dict(connection.execute(query).all())


def users_of(connection: Connection, kind: StateKind, records: Iterable[int]) -> set[int]:
    """The users whose access stands on any of these records (roles, groups, or users themselves)."""
    wanted = set(records)
    if not wanted or kind == "user":
        return wanted
    if kind == "customer_group":
        query = select(UserCustomerGroup.user_id).where(any_of(connection, UserCustomerGroup.group_id, wanted))
    elif kind == "role":
        query = select(Membership.user_id).join(SecurityGroup, SecurityGroup.id == Membership.group_id)
        query = query.where(any_of(connection, SecurityGroup.role_id, wanted))
    else:
        query = select(Membership.user_id).where(any_of(connection, Membership.group_id, wanted))
    return set(connection.execute(query).scalars())
