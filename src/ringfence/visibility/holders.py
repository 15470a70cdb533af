"""Who all reaches a record: everybody, asked at once, by the same gates as one user is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, exists, false, func, or_, select

from ringfence.domain.permission import EVERYWHERE, PERMISSIONS
from ringfence.domain.role import SERVICE_PROVIDER
from ringfence.domain.security_group import ALL, SELECTED
from ringfence.storage.bulk import any_of, records_of
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.grants import (
    Membership,
    RolePermission,
    UserCustomerGroup,
    UserSite,
)
from ringfence.storage.tables import CustomerGroup, Role, SecurityGroup, Site, User
from ringfence.visibility.explain import (
    Facts,
    Filter,
    Stance,
    Step,
    Target,
    Way,
    closed,
    names,
    nearest,
)
from ringfence.visibility.grants import Entries, read_entries, read_many, read_naming
from ringfence.visibility.rule import GroupGrant

_AT: Final = bindparam("at", type_=Membership.__table__.c.valid_from.type)


class Holder(NamedTuple):
    """A user who reaches the record, with the open paths, and their home. ``filters`` are those of their customer
    groups that let it through. ``everything``: they hold every permission over all customers, for good."""

    user: int
    home: int
    filters: tuple[Filter, ...]
    ways: tuple[Way, ...]
    everything: bool


def holders(connection: Connection, tenant_id: int, target: Target, permission: str, at: datetime) -> list[Holder]:
    """Everybody of the tenant whom the permission lets reach the record, in no order."""
    named, filtered = (_naming(entries, target) for entries in read_naming(connection, tenant_id, target.ancestors))
    giving = _giving(connection, tenant_id, target, permission, named)
    letting = records_of(connection, CustomerGroup, tenant_id, list(filtered))
    active = select(CustomerGroup.id).where(letting, CustomerGroup.active)
    passing = {own: filtered[own] for own in connection.execute(active).scalars()}
    rows = _members(connection, tenant_id, target, permission, at, giving, passing)
    found: defaultdict[int, list[Way]] = defaultdict(list)
    homes: dict[int, int] = {}
    everything: set[int] = set()
    given = _filters(connection, tenant_id, {row.user_id for row in rows if row.filtered}, passing, target)
    for row in rows:
        group, entry = giving[row.group_id]
        group = group._replace(valid_from=row.valid_from, valid_until=row.valid_until)
        at_root = row.home_id == target.root
        stance = Stance(True, target.path_of(row.home_id), at_root, given.get(row.user_id, ()), bool(row.on_site))
        step = Step(group.group_id, group.role_id, group.access_level, group.selects, True, True, True, True)
        if permission in EVERYWHERE or not closed(permission, target.path, stance, step):
            found[row.user_id].append(Way(group, entry, ()))
            homes[row.user_id] = row.home_id
            if at_root and not row.filtered and gives_everything(group):
                everything.add(row.user_id)
    if permission in EVERYWHERE:
        found = _unscoped(connection, tenant_id, found, target, permission, at)
    return [
        Holder(user, homes[user], given.get(user, ()), tuple(ways), user in everything) for user, ways in found.items()
    ]


def gives_everything(group: GroupGrant) -> bool:
    """Whether a membership of somebody of the root whom nothing filters makes them a full administrator."""
    lasting = group.valid_from is None and group.valid_until is None
    return group.permissions is None and group.access_level == SERVICE_PROVIDER and not group.selects and lasting


def _naming(entries: Entries, target: Target) -> Entries:
    """The groups that name the record."""
    return {own: found for own, found in entries.items() if names(found, target)}


_Giving = dict[int, tuple[GroupGrant, tuple[int, bool] | None]]


def _giving(connection: Connection, tenant_id: int, target: Target, permission: str, named: Entries) -> _Giving:
    """The security groups that hold the permission and name the record, or are over all customers."""
    many = select(func.count()).where(leads_to(RolePermission.role_id, Role)).correlate(Role).scalar_subquery()
    held = exists().where(leads_to(RolePermission.role_id, Role), RolePermission.permission == permission)
    query = (
        select(SecurityGroup.id, SecurityGroup.scope, Role.id.label("role"), Role.access_level, Role.all_permissions)
        .add_columns(many.label("many"))
        .join(Role, leads_to(SecurityGroup.role_id, Role))
        .where(
            SecurityGroup.tenant_id == tenant_id,
            or_(Role.all_permissions, held),
            or_(SecurityGroup.scope == ALL, any_of(connection, SecurityGroup.id, list(named))),
        )
    )
    found: _Giving = {}
    for row in connection.execute(query):
        selects = row.scope == SELECTED
        whole = row.all_permissions or row.many >= len(PERMISSIONS)
        grant = GroupGrant(row.id, row.access_level, selects, None if whole else frozenset(), None, None, row.role)
        found[row.id] = grant, nearest(named[row.id], target) if selects else None
    return found


def _members(
    connection: Connection,
    tenant_id: int,
    target: Target,
    permission: str,
    at: datetime,
    giving: _Giving,
    passing: Collection[int],
) -> Sequence[Any]:
    """The memberships in force of active users, whose homes and filters let the record through."""
    if not giving:
        return []
    filters = exists().where(leads_to(UserCustomerGroup.user_id, User))
    let_through = filters.where(any_of(connection, UserCustomerGroup.group_id, list(passing)))
    query = (
        select(Membership.user_id, Membership.group_id, Membership.valid_from, Membership.valid_until, User.home_id)
        .add_columns(filters.label("filtered"), _on_site(target, permission).label("on_site"))
        .join(User, leads_to(Membership.user_id, User))
        .where(
            of_tenant(Membership, tenant_id),
            any_of(connection, Membership.group_id, list(giving)),
            or_(Membership.valid_from.is_(None), Membership.valid_from <= _AT),
            or_(Membership.valid_until.is_(None), Membership.valid_until > _AT),
            User.active,
            any_of(connection, User.home_id, target.ancestors),
            or_(~filters, let_through),
        )
    )
    return connection.execute(query, {"at": at}).all()


def _on_site(target: Target, permission: str) -> ColumnElement[bool]:
    if not target.on_sites(permission):
        return false()
    held = exists().where(leads_to(UserSite.user_id, User))
    if target.kind.is_customer:
        return held.where(leads_to(UserSite.site_id, Site), Site.customer_id == target.id)
    return held.where(UserSite.site_id == target.stands)


def _filters(
    connection: Connection,
    tenant_id: int,
    users: Collection[int],
    passing: dict[int, dict[int, bool]],
    target: Target,
) -> dict[int, tuple[Filter, ...]]:
    """Of each of these users the customer groups that let the record through."""
    found: defaultdict[int, list[Filter]] = defaultdict(list)
    if users:
        query = select(UserCustomerGroup.user_id, UserCustomerGroup.group_id).where(
            any_of(connection, UserCustomerGroup.user_id, sorted(users)), of_tenant(UserCustomerGroup, tenant_id)
        )
        for user, group in connection.execute(query):
            if group in passing:
                found[user].append(Filter(group, True, True, passing[group].get(target.root, False)))
    return {user: tuple(some) for user, some in found.items()}


def _unscoped(
    connection: Connection, tenant_id: int, users: Iterable[int], target: Target, permission: str, at: datetime
) -> defaultdict[int, list[Way]]:
    """Those of the users who hold a permission that cannot be scoped: that is asked of all of their grants."""
    known = read_many(connection, tenant_id, users)
    groups = {one.group_id for grants in known.values() for one in grants.groups if one.selects}
    filters = {one for grants in known.values() for one in grants.given or ()}
    selected, filtered = read_entries(connection, tenant_id, groups, filters, target.ancestors)
    found: defaultdict[int, list[Way]] = defaultdict(list)
    for user, grants in known.items():
        ways = [one for one in Facts(grants, target, at, selected, filtered).ways(permission) if not one.walls]
        if ways:
            found[user] = ways
    return found
