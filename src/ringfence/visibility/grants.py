"""Reading the grants of a user: the only statements over the grant tables outside the snapshot document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

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
    user = connection.execute(
        select(User.tenant_id, User.active, User.home_id, Customer.path, Customer.parent_id)
        .join(Customer, Customer.id == User.home_id)
        .where(User.id == user_id)
    ).one_or_none()
    if user is None:
        return None
    memberships = connection.execute(
        select(
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
        .where(Membership.user_id == user_id)
    ).all()
    permissions: defaultdict[int, set[str]] = defaultdict(set)
    roles = {row.role_id for row in memberships if not row.all_permissions}
    for role_id, permission in connection.execute(
        select(RolePermission.role_id, RolePermission.permission).where(RolePermission.role_id.in_(roles))
    ):
        permissions[role_id].add(permission)
    filters = connection.execute(
        select(CustomerGroup.id, CustomerGroup.active)
        .join(UserCustomerGroup, UserCustomerGroup.group_id == CustomerGroup.id)
        .where(UserCustomerGroup.user_id == user_id)
    ).all()
    sites = connection.execute(
        select(Site.id, Customer.id, Customer.path)
        .select_from(UserSite)
        .join(Site, Site.id == UserSite.site_id)
        .join(Customer, Customer.id == Site.customer_id)
        .where(UserSite.user_id == user_id)
    )
    return Grants(
        user_id=user_id,
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
                None if row.all_permissions else frozenset(permissions[row.role_id]),
                row.valid_from,
                row.valid_until,
            )
            for row in memberships
        ),
        filters=tuple(sorted(row.id for row in filters if row.active)) if filters else None,
        sites=tuple(SiteGrant(*row) for row in sites),
    )


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
        for group_id, path, is_nested in rows:
            members[group_id].append(nested(path) if is_nested else single(path))
    return dict(members)
