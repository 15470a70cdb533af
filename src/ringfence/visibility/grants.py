"""Reading the grants of a user: the only statements over the grant tables outside the snapshot document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Connection,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    literal_column,
    null,
    select,
    union_all,
)

from ringfence.domain.security_group import SELECTED
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.grants import (
    CustomerGroupCustomer,
    Membership,
    RolePermission,
    SecurityGroupCustomer,
    UserCustomerGroup,
    UserSite,
)
from ringfence.storage.tables import Customer, CustomerGroup, Role, SecurityGroup, Site, Tenant, User
from ringfence.visibility.intervals import Interval, nested, single
from ringfence.visibility.rule import Grants, GroupGrant, SiteGrant

_CHUNK = 500


def read_grants(connection: Connection, user_id: int) -> tuple[int, Grants | None]:
    """The version of the user's tenant, and their grants as they stand in this transaction: 0 and None when there is no
    such user."""
    versions, found = _read(connection, [user_id])
    return versions.get(user_id, 0), found.get(user_id)


def read_many(connection: Connection, users: Iterable[int]) -> dict[int, Grants]:
    """The grants of many users at once; whoever is not there is left out."""
    found: dict[int, Grants] = {}
    wanted = sorted(set(users))
    for start in range(0, len(wanted), _CHUNK):
        found.update(_read(connection, wanted[start : start + _CHUNK])[1])
    return found


_COLUMNS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("user_id", "own", "other", "version"), cast(null(), Integer)),
    **dict.fromkeys(("word", "level"), cast(null(), Text)),
    **dict.fromkeys(("flag", "root"), cast(null(), Boolean)),
    **dict.fromkeys(("valid_from", "valid_until"), cast(null(), Membership.__table__.c.valid_from.type)),
}
"""The columns that all parts of the statement share, with what stands in one that says nothing there."""
_WANTED: Final[Any] = bindparam("users", expanding=True)


def _part(part: str, **said: Any) -> Select[Any]:
    """What one of the tables says, by column."""
    columns = {**_COLUMNS, **said}
    return select(
        cast(literal_column(f"'{part}'"), Text).label("part"), *(one.label(name) for name, one in columns.items())
    )


# One statement, so that a server far away is asked once.
_GRANTS: Final = union_all(
    _part(
        "user",
        user_id=User.id,
        own=User.tenant_id,
        other=User.home_id,
        version=Tenant.version,
        word=Customer.path,
        flag=User.active,
        root=Customer.parent_id.is_(None),
    )
    .join(Customer, leads_to(User.home_id, Customer))
    .join(Tenant, Tenant.id == User.tenant_id)
    .where(User.id.in_(_WANTED)),
    _part(
        "group",
        user_id=Membership.user_id,
        own=SecurityGroup.id,
        other=SecurityGroup.role_id,
        word=SecurityGroup.scope,
        level=Role.access_level,
        flag=Role.all_permissions,
        valid_from=Membership.valid_from,
        valid_until=Membership.valid_until,
    )
    .select_from(Membership)
    .join(SecurityGroup, leads_to(Membership.group_id, SecurityGroup))
    .outerjoin(Role, leads_to(SecurityGroup.role_id, Role))
    .where(Membership.user_id.in_(_WANTED)),
    _part("permission", own=RolePermission.role_id, word=RolePermission.permission).where(
        RolePermission.role_id.in_(
            select(SecurityGroup.role_id)
            .join(Membership, leads_to(Membership.group_id, SecurityGroup))
            .where(Membership.user_id.in_(_WANTED))
        )
    ),
    _part("filter", user_id=UserCustomerGroup.user_id, own=CustomerGroup.id, flag=CustomerGroup.active)
    .select_from(UserCustomerGroup)
    .join(CustomerGroup, leads_to(UserCustomerGroup.group_id, CustomerGroup))
    .where(UserCustomerGroup.user_id.in_(_WANTED)),
    _part("site", user_id=UserSite.user_id, own=Site.id, other=Site.customer_id, word=Customer.path)
    .select_from(UserSite)
    .join(Site, leads_to(UserSite.site_id, Site))
    .join(Customer, leads_to(Site.customer_id, Customer))
    .where(UserSite.user_id.in_(_WANTED)),
)


def _read(connection: Connection, wanted: list[int]) -> tuple[dict[int, int], dict[int, Grants]]:
    parts: defaultdict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(_GRANTS, {"users": wanted}):
        parts[row.part].append(row)
    held: defaultdict[int, set[str]] = defaultdict(set)
    for row in parts["permission"]:
        held[row.own].add(row.word)
    permissions = {role: frozenset(keys) for role, keys in held.items()}
    groups: defaultdict[int, list[GroupGrant]] = defaultdict(list)
    idle: defaultdict[int, list[GroupGrant]] = defaultdict(list)
    for row in parts["group"]:
        named = None if row.flag else permissions.get(row.other, frozenset())
        scoped = row.word == SELECTED
        group = GroupGrant(row.own, row.level or "", scoped, named, row.valid_from, row.valid_until, row.other)
        (idle if row.other is None else groups)[row.user_id].append(group)
    filters: defaultdict[int, list[Any]] = defaultdict(list)
    for row in parts["filter"]:
        filters[row.user_id].append(row)
    sites: defaultdict[int, list[SiteGrant]] = defaultdict(list)
    for row in parts["site"]:
        sites[row.user_id].append(SiteGrant(row.own, row.other, row.word))
    found = {
        user.user_id: Grants(
            user_id=user.user_id,
            tenant_id=user.own,
            active=user.flag,
            home_id=user.other,
            home_path=user.word,
            home_is_root=user.root,
            groups=tuple(groups[user.user_id]),
            filters=tuple(sorted(row.own for row in given if row.flag)) if (given := filters[user.user_id]) else None,
            sites=tuple(sites[user.user_id]),
            given=tuple(sorted(row.own for row in given)) if given else None,
            idle=tuple(idle[user.user_id]),
        )
        for user in parts["user"]
    }
    return {user.user_id: user.version for user in parts["user"]}, found


def read_joined(connection: Connection, tenant_id: int, groups: Iterable[int]) -> dict[int, GroupGrant]:
    """What each of these security groups that have a role would be as a membership for good."""
    binds = {"tenant": tenant_id, "groups": sorted(set(groups))}
    rows = connection.execute(_JOINED, binds).all()
    held: defaultdict[int, set[str]] = defaultdict(set)
    roles = sorted({row.role for row in rows if not row.everything})
    for role, permission in connection.execute(_HELD, {"tenant": tenant_id, "roles": roles}):
        held[role].add(permission)
    return {
        row.id: GroupGrant(
            row.id,
            row.access_level,
            row.scope == SELECTED,
            None if row.everything else frozenset(held[row.role]),
            None,
            None,
            row.role,
        )
        for row in rows
    }


_SOME: Final[Any] = bindparam("groups", expanding=True)
_ROLES: Final[Any] = bindparam("roles", expanding=True)
_JOINED: Final = (
    select(SecurityGroup.id, SecurityGroup.scope, Role.id.label("role"), Role.access_level)
    .add_columns(Role.all_permissions.label("everything"))
    .join(Role, leads_to(SecurityGroup.role_id, Role))
    .where(SecurityGroup.id.in_(_SOME), of_tenant(SecurityGroup, bindparam("tenant")))
)
_HELD: Final = select(RolePermission.role_id, RolePermission.permission).where(
    RolePermission.role_id.in_(_ROLES), of_tenant(RolePermission, bindparam("tenant"))
)

Entries = dict[int, dict[int, bool]]
"""By group, the customers that it names, each with whether those nested below it come along."""


def read_entries(
    connection: Connection,
    tenant_id: int,
    groups: Iterable[int],
    filters: Iterable[int],
    customers: Iterable[int],
) -> tuple[Entries, Entries]:
    """What of these customers each of these security groups names, and each of these customer groups: of a record's own
    customer and those above it, that says whether a group names the record, however much else it names."""
    found: tuple[Entries, Entries] = {}, {}
    some = {"groups": sorted(set(groups)), "filters": sorted(set(filters)), "customers": list(customers)}
    for part, group, customer, is_nested in connection.execute(_ENTRIES, {"tenant": tenant_id, **some}):
        found[part].setdefault(group, {})[customer] = is_nested
    return found


def read_naming(connection: Connection, tenant_id: int, customers: Iterable[int]) -> tuple[Entries, Entries]:
    """The same of all security groups and customer groups that name any of these customers."""
    found: tuple[Entries, Entries] = {}, {}
    for part, group, customer, is_nested in connection.execute(
        _NAMING, {"tenant": tenant_id, "customers": list(customers)}
    ):
        found[part].setdefault(group, {})[customer] = is_nested
    return found


def _entries_of(
    part: int, entry: type[SecurityGroupCustomer] | type[CustomerGroupCustomer], groups: str = ""
) -> Select[Any]:
    customers: Any = bindparam("customers", expanding=True)
    columns = literal_column(str(part), Integer), entry.group_id, entry.customer_id, entry.nested
    query = select(*columns).where(entry.customer_id.in_(customers), of_tenant(entry, bindparam("tenant")))
    some: Any = bindparam(groups or "none", expanding=True)
    return query.where(entry.group_id.in_(some)) if groups else query


_ENTRIES: Final = union_all(
    _entries_of(0, SecurityGroupCustomer, "groups"), _entries_of(1, CustomerGroupCustomer, "filters")
)
_NAMING: Final = union_all(_entries_of(0, SecurityGroupCustomer), _entries_of(1, CustomerGroupCustomer))


def read_selected(connection: Connection, groups: Iterable[int]) -> dict[int, list[Interval]]:
    """The customers that each of these security groups names."""
    return _members(connection, SecurityGroupCustomer, groups)


def read_filtered(connection: Connection, groups: Iterable[int]) -> dict[int, list[Interval]]:
    """The customers that each of these customer groups names."""
    return _members(connection, CustomerGroupCustomer, groups)


def _members(
    connection: Connection,
    entry: type[SecurityGroupCustomer] | type[CustomerGroupCustomer],
    groups: Iterable[int],
) -> dict[int, list[Interval]]:
    members: defaultdict[int, list[Interval]] = defaultdict(list)
    wanted = sorted(set(groups))
    for start in range(0, len(wanted), _CHUNK):
        rows = connection.execute(
            select(entry.group_id, Customer.path, entry.nested)
            .join(Customer, leads_to(entry.customer_id, Customer))
            .where(entry.group_id.in_(wanted[start : start + _CHUNK]))
        )
        for group_id, path, is_nested in rows.all():
            members[group_id].append(nested(path) if is_nested else single(path))
    return dict(members)
