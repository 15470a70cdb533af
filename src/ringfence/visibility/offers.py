"""What may be named in a fix: of what there is in the tenant that which whoever asks may list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import exists, func, or_, select

from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.customer_group import CUSTOMER_GROUPS
from ringfence.domain.kind import Kind
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.registry import PLACE
from ringfence.domain.role import ROLES
from ringfence.domain.security_group import SECURITY_GROUPS, SELECTED
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.grants import CustomerGroupCustomer, RolePermission, SecurityGroupCustomer
from ringfence.storage.tables import Customer, CustomerGroup, Role, SecurityGroup, Site
from ringfence.visibility.explain import Facts, Filter, Step, names
from ringfence.visibility.fixes import Offered, Search, State
from ringfence.visibility.grants import read_naming
from ringfence.visibility.intervals import contains
from ringfence.visibility.keeping import kept
from ringfence.visibility.overview import listed, scope_nodes
from ringfence.visibility.viewer import Sight

KINDS: Final = (CUSTOMERS, PLACE, ROLES, SECURITY_GROUPS, CUSTOMER_GROUPS)
"""What edits name, and so what is listed here."""


def search(sight: Sight, facts: Facts, permission: str) -> Search:
    """The search for what would have the user of these facts reach the record. What a viewer may not list is not
    there for it."""
    stance = facts.stance(permission)
    steps = tuple(facts.step(one, permission) for one in facts.memberships)
    named = read_naming(sight.connection, sight.tenant_id, facts.target.ancestors)
    joins = _joins(sight, facts, permission, named[0])
    groups = _seen(sight, SECURITY_GROUPS, {one.group for one in steps}) | {one.group for one in joins}
    roles = _seen(sight, ROLES, {one.role for one in (*joins, *steps) if one.role is not None})
    gives = _gives(sight, facts, named[1])
    filters = _seen(sight, CUSTOMER_GROUPS, {one.id for one in stance.filters}) | {one.id for one in gives}
    offered = Offered(
        nodes=_seen(sight, CUSTOMERS, facts.target.ancestors),
        roles=roles,
        groups=groups,
        filters=filters,
        joins=tuple(joins),
        gives=tuple(gives),
        sites=_sites(sight, facts) if facts.target.on_sites(permission) else (),
    )
    return Search(facts.grants.user_id, facts.target, permission, State(stance, steps), offered)


def _seen(sight: Sight, kind: Kind, ids: Collection[int]) -> frozenset[int]:
    return frozenset(listed(sight, kind, set(ids)))


def _joins(sight: Sight, facts: Facts, permission: str, named: dict[int, dict[int, bool]]) -> list[Step]:
    """The groups in sight that have a role, as steps of the user, who is in none of them. There may be thousands of
    them, of few roles."""
    many = select(func.count()).where(leads_to(RolePermission.role_id, Role)).correlate(Role).scalar_subquery()
    held = exists().where(leads_to(RolePermission.role_id, Role), RolePermission.permission == permission)
    asked = (
        select(Role.id, Role.access_level, or_(Role.all_permissions, held).label("holds"))
        .add_columns(or_(Role.all_permissions, many >= len(PERMISSIONS)).label("whole"))
        .where(Role.tenant_id == sight.tenant_id)
    )
    roles = {own: (level, bool(holds), bool(whole)) for own, level, holds, whole in sight.connection.execute(asked)}
    mine, target, root = {one.group_id for one in facts.memberships}, facts.target, facts.target.root
    found = []
    for own, role, selects in _groups(sight):
        if own not in mine:
            level, holds, whole = roles[role]
            entries = named.get(own, {})
            reaches, everything = (names(entries, target), entries.get(root, False)) if entries else (False, False)
            found.append(Step(own, role, level, selects, holds, True, reaches, everything, whole))
    return found


def _groups(sight: Sight) -> list[tuple[int, int, bool]]:
    """The security groups in sight that have a role, with it and whether they select: those that name the fewest
    customers come first."""

    def read() -> list[tuple[int, int, bool]]:
        query = select(SecurityGroup.id, SecurityGroup.role_id, SecurityGroup.scope).where(
            SecurityGroup.tenant_id == sight.tenant_id, SecurityGroup.role_id.is_not(None)
        )
        counts = _counts(sight, SecurityGroupCustomer)
        rows = sight.connection.execute(query).all()
        seen = _seen(sight, SECURITY_GROUPS, [own for own, _, _ in rows])
        found = [(own, role, scope == SELECTED) for own, role, scope in rows if own in seen]
        return sorted(found, key=lambda one: (not one[2], counts.get(one[0], 0), one[0]))

    return kept(sight, "offered groups", None, read, 1)


def _counts(sight: Sight, entry: Any) -> dict[int, int]:
    """How many of the customers in sight each group of a kind names."""
    if sight.scope(CUSTOMERS.permission).nodes.whole:
        query = select(entry.group_id, func.count()).where(entry.tenant_id == sight.tenant_id)
        return dict(sight.connection.execute(query.group_by(entry.group_id)).all())
    nodes = scope_nodes(sight, CUSTOMERS.permission)
    named = select(entry.group_id, Customer.path).join(Customer, leads_to(entry.customer_id, Customer))
    rows = sight.connection.execute(named.where(entry.tenant_id == sight.tenant_id))
    return Counter(group for group, path in rows if contains(nodes, path))


def _gives(sight: Sight, facts: Facts, named: dict[int, dict[int, bool]]) -> list[Filter]:
    """The customer groups in sight that the user was not given: those that name the fewest customers come first."""

    def read() -> list[tuple[int, bool]]:
        query = select(CustomerGroup.id, CustomerGroup.active).where(CustomerGroup.tenant_id == sight.tenant_id)
        counts = _counts(sight, CustomerGroupCustomer)
        rows = sight.connection.execute(query).all()
        seen = _seen(sight, CUSTOMER_GROUPS, [own for own, _ in rows])
        found = [(own, active) for own, active in rows if own in seen]
        return sorted(found, key=lambda one: (counts.get(one[0], 0), one[0]))

    given, target, root = {one.id for one in facts.filters}, facts.target, facts.target.root
    return [
        Filter(own, active, names(named.get(own, {}), target), named.get(own, {}).get(root, False))
        for own, active in kept(sight, "offered filters", None, read, 1)
        if own not in given
    ]


def _sites(sight: Sight, facts: Facts) -> tuple[int, ...]:
    """The sites at which the record would be in reach of site level."""
    target = facts.target
    own = select(Site.id).where(Site.customer_id == target.id, of_tenant(Site, sight.tenant_id))
    at = sight.connection.execute(own).scalars().all() if target.kind.is_customer else [target.stands or 0]
    return tuple(sorted(_seen(sight, PLACE, at)))
