"""Reading the grants of a user: the only statements over the grant tables outside the snapshot document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    CompoundSelect,
    Connection,
    Integer,
    Select,
    TextualSelect,
    bindparam,
    literal_column,
    select,
    text,
    union_all,
)

from ringfence.domain.security_group import SELECTED
from ringfence.storage.columns import UtcDateTime, leads_to, of_tenant
from ringfence.storage.grants import (
    CustomerGroupCustomer,
    RolePermission,
    SecurityGroupCustomer,
)
from ringfence.storage.tables import Customer, Role, SecurityGroup
from ringfence.visibility.intervals import Interval, nested, single
from ringfence.visibility.rule import Grants, GroupGrant, SiteGrant
from ringfence.visibility.sql import told

_CHUNK = 500


def read_grants(connection: Connection, tenant_id: int, user_id: int) -> tuple[int, Grants | None]:
    """The version of the tenant, and the grants of a user of it as they stand in this transaction: 0 and None when
    there is no such user."""
    versions, found = _read(connection, tenant_id, [user_id])
    return versions.get(user_id, 0), found.get(user_id)


def read_many(connection: Connection, tenant_id: int, users: Iterable[int]) -> dict[int, Grants]:
    """The grants of many users of a tenant at once; whoever is not there is left out."""
    found: dict[int, Grants] = {}
    wanted = sorted(set(users))
    for start in range(0, len(wanted), _CHUNK):
        found.update(_read(connection, tenant_id, wanted[start : start + _CHUNK])[1])
    return found


_COLUMNS: Final = {
    **dict.fromkeys(("user_id", "own", "other", "version"), "INTEGER"),
    **dict.fromkeys(("word", "level"), "TEXT"),
    **dict.fromkeys(("flag", "root"), "BOOLEAN"),
    **dict.fromkeys(("valid_from", "valid_until"), "TIMESTAMP WITH TIME ZONE"),
}
"""The columns that all parts of the statement share, with the type of what stands in one that says nothing there."""


def _part(part: str, **said: str) -> str:
    """What one of the tables says, by column."""
    columns = (f"{said.get(name, f'CAST(NULL AS {kind})')} AS {name}" for name, kind in _COLUMNS.items())
    return f"SELECT '{part}' AS part, {', '.join(columns)} "


# One statement, so that a server far away is asked once; in plain text, since every start waits for it: putting it
# together and compiling it takes longer than to ask.
@cache
def _grants(postgresql: bool) -> TextualSelect:
    """What the tables say of users of a tenant, a part each. Whatever names a row of another tenant gives nothing."""

    def of(row: str) -> str:
        return told(row, postgresql=postgresql)

    groups = f"FROM membership m JOIN security_group g ON g.id = m.group_id AND {of('g')}"
    members = f"WHERE m.user_id IN :users AND {of('m')}"
    user = _part(
        "user",
        user_id="u.id",
        own="u.tenant_id",
        other="u.home_id",
        version="t.version",
        word="c.path",
        flag="u.active",
        root="c.parent_id IS NULL",
    )
    group = _part(
        "group",
        user_id="m.user_id",
        own="g.id",
        other="g.role_id",
        word="g.scope",
        level="r.access_level",
        flag="r.all_permissions",
        valid_from="m.valid_from",
        valid_until="m.valid_until",
    )
    permission = _part("permission", own="p.role_id", word="p.permission")
    given = _part("filter", user_id="f.user_id", own="g.id", flag="g.active")
    site = _part("site", user_id="o.user_id", own="s.id", other="s.customer_id", word="c.path")
    parts = (
        f"{user}FROM user_account u JOIN customer c ON c.id = u.home_id AND {of('c')} "
        f"JOIN tenant t ON t.id = u.tenant_id WHERE u.id IN :users AND {of('u')}",
        f"{group}{groups} LEFT JOIN role r ON r.id = g.role_id AND {of('r')} {members}",
        f"{permission}FROM role_permission p WHERE p.role_id IN (SELECT g.role_id {groups} {members}) AND {of('p')}",
        f"{given}FROM user_customer_group f JOIN customer_group g ON g.id = f.group_id AND {of('g')} "
        f"WHERE f.user_id IN :users AND {of('f')}",
        f"{site}FROM user_site o JOIN site s ON s.id = o.site_id AND {of('s')} "
        f"JOIN customer c ON c.id = s.customer_id AND {of('c')} WHERE o.user_id IN :users AND {of('o')}",
    )
    return (
        text(" UNION ALL ".join(parts))
        .bindparams(bindparam("users", expanding=True))
        .columns(
            **dict.fromkeys(("flag", "root"), Boolean()),
            **dict.fromkeys(("valid_from", "valid_until"), UtcDateTime()),
        )
    )


def _read(connection: Connection, tenant_id: int, wanted: list[int]) -> tuple[dict[int, int], dict[int, Grants]]:
    parts: defaultdict[str, list[Any]] = defaultdict(list)
    query = _grants(connection.dialect.name == "postgresql")
    for row in connection.execute(query, {"users": wanted, "tenant": tenant_id}):
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
    rows = connection.execute(_joined(), binds).all()
    held: defaultdict[int, set[str]] = defaultdict(set)
    roles = sorted({row.role for row in rows if not row.everything})
    for role, permission in connection.execute(_held(), {"tenant": tenant_id, "roles": roles}):
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


@cache
def _joined() -> Select[Any]:
    return (
        select(SecurityGroup.id, SecurityGroup.scope, Role.id.label("role"), Role.access_level)
        .add_columns(Role.all_permissions.label("everything"))
        .join(Role, leads_to(SecurityGroup.role_id, Role))
        .where(SecurityGroup.id.in_(_some("groups")), of_tenant(SecurityGroup, bindparam("tenant")))
    )


@cache
def _held() -> Select[Any]:
    return select(RolePermission.role_id, RolePermission.permission).where(
        RolePermission.role_id.in_(_some("roles")), of_tenant(RolePermission, bindparam("tenant"))
    )


def _some(name: str) -> Any:
    return bindparam(name, expanding=True)


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
    for part, group, customer, is_nested in connection.execute(_entries(), {"tenant": tenant_id, **some}):
        found[part].setdefault(group, {})[customer] = is_nested
    return found


def read_naming(connection: Connection, tenant_id: int, customers: Iterable[int]) -> tuple[Entries, Entries]:
    """The same of all security groups and customer groups that name any of these customers."""
    found: tuple[Entries, Entries] = {}, {}
    wanted = {"tenant": tenant_id, "customers": list(customers)}
    for part, group, customer, is_nested in connection.execute(_naming(), wanted):
        found[part].setdefault(group, {})[customer] = is_nested
    return found


def _entries_of(
    part: int, entry: type[SecurityGroupCustomer] | type[CustomerGroupCustomer], groups: str = ""
) -> Select[Any]:
    columns = literal_column(str(part), Integer), entry.group_id, entry.customer_id, entry.nested
    query = select(*columns).where(entry.customer_id.in_(_some("customers")), of_tenant(entry, bindparam("tenant")))
    return query.where(entry.group_id.in_(_some(groups))) if groups else query


@cache
def _entries() -> CompoundSelect[Any]:
    return union_all(_entries_of(0, SecurityGroupCustomer, "groups"), _entries_of(1, CustomerGroupCustomer, "filters"))


@cache
def _naming() -> CompoundSelect[Any]:
    return union_all(_entries_of(0, SecurityGroupCustomer), _entries_of(1, CustomerGroupCustomer))


def read_selected(connection: Connection, tenant_id: int, groups: Iterable[int]) -> dict[int, list[Interval]]:
    """The customers that each of these security groups names."""
    return _members(connection, tenant_id, SecurityGroupCustomer, groups)


def read_filtered(connection: Connection, tenant_id: int, groups: Iterable[int]) -> dict[int, list[Interval]]:
    """The customers that each of these customer groups names."""
    return _members(connection, tenant_id, CustomerGroupCustomer, groups)


def _members(
    connection: Connection,
    tenant_id: int,
    entry: type[SecurityGroupCustomer] | type[CustomerGroupCustomer],
    groups: Iterable[int],
) -> dict[int, list[Interval]]:
    members: defaultdict[int, list[Interval]] = defaultdict(list)
    wanted = sorted(set(groups))
    for start in range(0, len(wanted), _CHUNK):
        rows = connection.execute(
            select(entry.group_id, Customer.path, entry.nested)
            .join(Customer, leads_to(entry.customer_id, Customer))
            .where(entry.group_id.in_(wanted[start : start + _CHUNK]), of_tenant(entry, tenant_id))
        )
        for group_id, path, is_nested in rows.all():
            members[group_id].append(nested(path) if is_nested else single(path))
    return dict(members)
