"""What may be named in a fix: of what there is in the tenant that which whoever asks may list."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, TypeVar

from sqlalchemy import exists, func, or_, select

from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.customer_group import CUSTOMER_GROUPS
from ringfence.domain.kind import Kind
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.registry import PLACE
from ringfence.domain.role import ROLES
from ringfence.domain.security_group import SECURITY_GROUPS, SELECTED
from ringfence.storage.bulk import any_of
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.grants import CustomerGroupCustomer, RolePermission, SecurityGroupCustomer
from ringfence.storage.tables import CustomerGroup, Role, SecurityGroup, Site
from ringfence.visibility.explain import Facts, Filter, Step, names
from ringfence.visibility.fixes import FAMILY, MOST, Offered, Search, State
from ringfence.visibility.grants import read_naming
from ringfence.visibility.overview import listed
from ringfence.visibility.viewer import Sight

KINDS: Final = (CUSTOMERS, PLACE, ROLES, SECURITY_GROUPS, CUSTOMER_GROUPS)
"""What edits name, and so what is listed here."""
_One = TypeVar("_One", Step, Filter)


def search(sight: Sight, facts: Facts, permission: str) -> Search:
    """The search for what would have the user of these facts reach the record. What a viewer may not list is not
    there for it."""
    stance = facts.stance(permission)
    steps = tuple(facts.step(one, permission) for one in facts.memberships)
    named = read_naming(sight.connection, sight.tenant_id, facts.target.ancestors)
    joins = _joins(sight, facts, permission, named[0])
    groups = _seen(sight, SECURITY_GROUPS, {one.group for one in (*joins, *steps)})
    joins = [one for one in joins if one.group in groups]
    roles = _seen(sight, ROLES, {one.role for one in (*joins, *steps) if one.role is not None})
    gives = _gives(sight, facts, named[1])
    filters = _seen(sight, CUSTOMER_GROUPS, {one.id for one in (*gives, *stance.filters)})
    offered = Offered(
        nodes=_seen(sight, CUSTOMERS, facts.target.ancestors),
        roles=roles,
        groups=groups,
        filters=filters,
        joins=tuple(_fewest_first(sight, SecurityGroupCustomer, joins, lambda one: one.group)),
        gives=tuple(
            _fewest_first(sight, CustomerGroupCustomer, [one for one in gives if one.id in filters], lambda one: one.id)
        ),
        sites=_sites(sight, facts) if facts.target.on_sites(permission) else (),
    )
    return Search(facts.grants.user_id, facts.target, permission, State(stance, steps), offered)


def _seen(sight: Sight, kind: Kind, ids: Collection[int]) -> frozenset[int]:
    return frozenset(listed(sight, kind, set(ids)))


def _joins(sight: Sight, facts: Facts, permission: str, named: dict[int, dict[int, bool]]) -> list[Step]:
    """The groups that have a role, as steps of the user, who is in none of them, where a few edits more would do."""
    many = select(func.count()).where(leads_to(RolePermission.role_id, Role)).correlate(Role).scalar_subquery()
    held = exists().where(leads_to(RolePermission.role_id, Role), RolePermission.permission == permission)
    query = (
        select(SecurityGroup.id, SecurityGroup.scope, Role.id.label("role"), Role.access_level)
        .add_columns(or_(Role.all_permissions, held).label("holds"))
        .add_columns(or_(Role.all_permissions, many >= len(PERMISSIONS)).label("whole"))
        .join(Role, leads_to(SecurityGroup.role_id, Role))
        .where(SecurityGroup.tenant_id == sight.tenant_id)
    )
    own = {one.group_id for one in facts.memberships}
    found = []
    for row in sight.connection.execute(query):
        if row.id not in own:
            entries, selects = named.get(row.id, {}), row.scope == SELECTED
            everything = entries.get(facts.target.root, False)
            holds, whole = bool(row.holds), bool(row.whole)
            step = Step(
                *(row.id, row.role, row.access_level, selects, holds, True),
                *(names(entries, facts.target), everything, whole),
            )
            if (not step.holds) + (step.selects and not step.named) < MOST:
                found.append(step)
    return found


def _gives(sight: Sight, facts: Facts, named: dict[int, dict[int, bool]]) -> list[Filter]:
    """The customer groups that the user was not given."""
    given = {one.id for one in facts.filters}
    query = select(CustomerGroup.id, CustomerGroup.active).where(CustomerGroup.tenant_id == sight.tenant_id)
    target = facts.target
    return [
        Filter(own, active, names(named.get(own, {}), target), named.get(own, {}).get(target.root, False))
        for own, active in sight.connection.execute(query)
        if own not in given
    ]


def _fewest_first(sight: Sight, entry: Any, some: list[_One], key: Any) -> list[_One]:
    """By how many customers they name, where there are more than are looked at."""
    if len(some) <= FAMILY:
        return some
    named = any_of(sight.connection, entry.group_id, [key(one) for one in some])
    query = select(entry.group_id, func.count()).where(named, of_tenant(entry, sight.tenant_id))
    counts: dict[int, int] = dict(sight.connection.execute(query.group_by(entry.group_id)).all())
    return sorted(some, key=lambda one: (getattr(one, "selects", True) is False, counts.get(key(one), 0), key(one)))


def _sites(sight: Sight, facts: Facts) -> tuple[int, ...]:
    """The sites at which the record would be in reach of site level."""
    target = facts.target
    own = select(Site.id).where(Site.customer_id == target.id, of_tenant(Site, sight.tenant_id))
    at = sight.connection.execute(own).scalars().all() if target.kind.is_customer else [target.stands or 0]
    return tuple(sorted(_seen(sight, PLACE, at)))
