"""Reading the grants of a user: the only statements over the grant tables outside the snapshot document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

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
from ringfence.domain.security_group import SELECTED, SecurityGroup
from ringfence.domain.site import Site
from ringfence.domain.user import User
from ringfence.visibility.intervals import Interval, nested, single
from ringfence.visibility.rule import Grants, GroupGrant, SiteGrant

_CHUNK = 500


def read_grants(connection: Connection, user_id: int) -> Grants | None:
    """The user's grants as they stand in this transaction; None when there is no such user."""
    return read_many(connection, [user_id]).get(user_id)


def read_many(connection: Connection, users: Iterable[int]) -> dict[int, Grants]:
    """The same for many users at once; whoever is not there is left out."""
    found: dict[int, Grants] = {}
    wanted = sorted(set(users))
    for start in range(0, len(wanted), _CHUNK):
        found.update(_read(connection, wanted[start : start + _CHUNK]))
    return found


def _read(connection: Connection, wanted: list[int]) -> dict[int, Grants]:
    users = connection.execute(
        select(User.id, User.tenant_id, User.active, User.home_id, Customer.path, Customer.parent_id)
        .join(Customer, Customer.id == User.home_id)
        .where(User.id.in_(wanted))
    ).all()
    memberships: defaultdict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(
        select(
            Membership.user_id,
            SecurityGroup.id,
            SecurityGroup.scope,
            SecurityGroup.role_id,
            Role.access_level,
            Role.all_permissions,
            Membership.valid_from,
            Membership.valid_until,
        )
        .join(SecurityGroup, SecurityGroup.id == Membership.group_id)
        .join(Role, Role.id == SecurityGroup.role_id)
        .where(Membership.user_id.in_(wanted))
    ):
        memberships[row.user_id].append(row)
    held: defaultdict[int, set[str]] = defaultdict(set)
    roles = {row.role_id for rows in memberships.values() for row in rows if not row.all_permissions}
    for role_id, permission in connection.execute(
        select(RolePermission.role_id, RolePermission.permission).where(RolePermission.role_id.in_(roles))
    ):
        held[role_id].add(permission)
    permissions = {role: frozenset(keys) for role, keys in held.items()}
    filters: defaultdict[int, list[Any]] = defaultdict(list)
    for given in connection.execute(
        select(UserCustomerGroup.user_id, CustomerGroup.id, CustomerGroup.active)
        .join(CustomerGroup, UserCustomerGroup.group_id == CustomerGroup.id)
        .where(UserCustomerGroup.user_id.in_(wanted))
    ):
        filters[given.user_id].append(given)
    sites: defaultdict[int, list[SiteGrant]] = defaultdict(list)
    for site in connection.execute(
        select(UserSite.user_id, Site.id, Site.customer_id, Customer.path)
        .select_from(UserSite)
        .join(Site, Site.id == UserSite.site_id)
        .join(Customer, Customer.id == Site.customer_id)
        .where(UserSite.user_id.in_(wanted))
    ):
        sites[site.user_id].append(SiteGrant(site.id, site.customer_id, site.path))
    return {
        user.id: Grants(
            user_id=user.id,
            tenant_id=user.tenant_id,
            active=user.active,
            home_id=user.home_id,
            home_path=user.path,
            home_is_root=user.parent_id is None,
            groups=tuple(
                GroupGrant(
                    row.id,
                    row.access_level,
                    row.scope == SELECTED,
                    None if row.all_permissions else permissions.get(row.role_id, frozenset()),
                    row.valid_from,
                    row.valid_until,
                )
                for row in memberships[user.id]
            ),
            filters=tuple(sorted(row.id for row in filters[user.id] if row.active)) if filters[user.id] else None,
            sites=tuple(sites[user.id]),
            given=tuple(sorted(row.id for row in filters[user.id])) if filters[user.id] else None,
        )
        for user in users
    }


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
            .join(Customer, Customer.id == entry.customer_id)
            .where(entry.group_id.in_(wanted[start : start + _CHUNK]))
        )
        for group_id, path, is_nested in rows.all():
            members[group_id].append(nested(path) if is_nested else single(path))
    return dict(members)
