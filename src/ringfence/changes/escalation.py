"""Nobody grants what they do not hold (docs/visibility.md, consequence 12): the check that every change passes.

Each record that a change touches must lie within the editor's own reach, permission by permission, as it was and as
it would be; and nobody whom it reaches in passing may gain anything beyond that reach. Validity windows and inactive
users and groups count as if they were open: who opens them later grants nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, exists, func, or_, select

from ringfence.domain.errors import Refused, lacks
from ringfence.domain.kind import State, kind_of
from ringfence.domain.permission import CATALOGUE, EVERYWHERE, PERMISSIONS
from ringfence.domain.registry import node_of
from ringfence.domain.role import SERVICE_PROVIDER, RoleState
from ringfence.domain.security_group import ALL
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.grants import Membership, RolePermission, UserCustomerGroup
from ringfence.storage.tables import Customer, Role, SecurityGroup, User, is_root
from ringfence.visibility.intervals import Interval, nested, single, subtract, union
from ringfence.visibility.reach import Reach
from ringfence.visibility.rule import Region

_LABELS: Final = {permission.key: f"{permission.section}: {permission.label}" for permission in CATALOGUE}


def label(permission: str) -> str:
    """A permission for people."""
    return _LABELS.get(permission, permission)


def demand_permissions(own: Reach, permissions: frozenset[str] | None) -> None:
    """Raises Refused unless the editor holds each of the permissions somewhere (all of them: by a role with all)."""
    if permissions is None:
        if not any(group.permissions is None for group in own.grants.groups_in_force(own.at)):
            raise Refused("you do not hold all permissions yourself, so you cannot give them", "permissions")
        return
    for permission in sorted(permissions):
        if not own.region(permission).customers:
            raise lacks(
                permission, f"you do not hold “{label(permission)}” yourself, so you cannot give it", "permissions"
            )


def demand_group(own: Reach, nodes: list[Interval], role: RoleState | None) -> None:
    """Raises Refused unless everything that a security group could give lies within the editor's own reach."""
    if role is None:
        return
    demand_permissions(own, role.permissions)
    covering: set[int] = set()
    for permission in sorted((PERMISSIONS if role.permissions is None else role.permissions) - EVERYWHERE):
        region = own.region(permission)  # permissions that stand on the same groups share it
        if id(region) not in covering and not own.covers(permission, nodes):
            said = f"it gives “{label(permission)}” over more customers than you hold it over yourself"
            raise lacks(permission, said, "customers")
        covering.add(id(region))


def extent(state: State, paths: Mapping[int, str]) -> list[Interval]:
    """The customers that a group could reach: those it names, or everything below its owner."""
    field, names = kind_of(state).ties["customers"]
    if names.when is not None and getattr(state, names.when[0]) != names.when[1]:
        return [nested(paths[node_of(state)])]
    named: Mapping[int, bool] = getattr(state, field.name)
    return union(
        nested(paths[customer]) if is_nested else single(paths[customer])
        for customer, is_nested in named.items()
        if customer in paths
    )


def demand_users(own: Reach, reaches: Iterable[Reach], what: str) -> None:
    """Raises Refused unless all that these users could do lies within the editor's own reach."""
    done: set[object] = set()
    for reach in reaches:
        potential = _potential(reach)
        if potential.grants.alike() in done:
            continue
        done.add(potential.grants.alike())
        _demand(own, potential, None, what)


def demand_gains(own: Reach, before: Mapping[int, Reach], after: Mapping[int, Reach]) -> None:
    """Raises Refused where somebody whom a change reaches in passing gains what the editor does not hold."""
    done: set[object] = set()
    for user, reach in after.items():
        potential = _potential(reach)
        former = _potential(before[user]) if user in before else None
        key = (potential.grants.alike(), former.grants.alike() if former else None)
        if key in done:
            continue
        done.add(key)
        _demand(own, potential, former, "somebody who has it would get")


def _potential(reach: Reach) -> Reach:
    return Reach(reach.grants.potential(), reach.at, reach.grounds)


def _demand(own: Reach, wanted: Reach, known: Reach | None, what: str) -> None:
    done: set[tuple[int, int, int]] = set()
    nothing = Region([], ())
    for permission in sorted(PERMISSIONS):
        region, held = wanted.region(permission), own.region(permission)
        former = nothing if known is None else known.region(permission)
        alike = id(region), id(former), id(held)  # permissions that stand on the same groups share a region
        if alike in done:
            continue
        done.add(alike)
        nodes = subtract(region.customers, former.customers)
        if nodes and not own.covers(permission, nodes):
            raise lacks(permission, f"{what} “{label(permission)}” over more customers than you hold it over yourself")
        if any(not own.contains(permission, place.path) for place in region.beyond(former)):
            raise lacks(permission, f"{what} “{label(permission)}” at sites where you do not hold it yourself")


def full_administrators(connection: Connection, tenant_id: int) -> int:
    """How many active users hold every permission over all customers, for good."""
    of_role = RolePermission.role_id == Role.id, of_tenant(RolePermission, tenant_id)
    listed = select(func.count()).where(*of_role).correlate(Role).scalar_subquery()
    filtered = exists().where(UserCustomerGroup.user_id == User.id, of_tenant(UserCustomerGroup, tenant_id))
    query = (
        select(func.count(User.id.distinct()))
        .join(Membership, leads_to(Membership.user_id, User))
        .join(SecurityGroup, leads_to(Membership.group_id, SecurityGroup))
        .join(Role, leads_to(SecurityGroup.role_id, Role))
        .where(
            of_tenant(User, tenant_id),
            User.home_id.in_(select(Customer.id).where(is_root(tenant_id))),
            User.active,
            Membership.valid_from.is_(None),
            Membership.valid_until.is_(None),
            SecurityGroup.scope == ALL,
            Role.access_level == SERVICE_PROVIDER,
            or_(Role.all_permissions, listed >= len(PERMISSIONS)),
            ~filtered,
        )
    )
    return connection.execute(query).scalar_one()
