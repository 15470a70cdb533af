"""What stands beside roles and groups in lists, and behind forms: as far as the viewer may see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, func, select, text

from ringfence.domain.audit import AUDIT
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.customer_group import CUSTOMER_GROUPS
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import RingfenceError
from ringfence.domain.kind import Kind
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.registry import KINDS
from ringfence.domain.role import ROLES
from ringfence.domain.security_group import ALL, SECURITY_GROUPS
from ringfence.domain.user import USERS
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.grants import (
    CustomerGroupCustomer,
    Membership,
    RolePermission,
    SecurityGroupCustomer,
    UserCustomerGroup,
)
from ringfence.storage.scopes import ScopeInterval, ScopeSite
from ringfence.storage.tables import AuditEntry, Customer, CustomerGroup, Device, Role, SecurityGroup, is_root
from ringfence.visibility.grants import read_filtered, read_selected
from ringfence.visibility.intervals import Interval, contains, intersect, union
from ringfence.visibility.point import among, find
from ringfence.visibility.reach import measure
from ringfence.visibility.sql import probe
from ringfence.visibility.viewer import Sight

LISTING: Final = tuple(kind.permission for kind in KINDS.values())
"""What a sight needs for everything here."""


def scope_nodes(sight: Sight, permission: str) -> list[Interval]:
    """The customers that a permission reaches, as intervals."""
    return _nodes(sight, sight.scope(permission).nodes.id)


def record_nodes(sight: Sight, permission: str) -> list[Interval]:
    """The customers all of whose records a permission reaches, as intervals."""
    return _nodes(sight, sight.scope(permission).records.id)


def more_than_named(sight: Sight, permission: str = CUSTOMERS.permission) -> Callable[[str], bool]:
    """Tells of listed customers, by path, whether the viewer may know more of them than their names: whoever reaches
    one only for a site of it may not."""
    if not sight.scope(permission).has_sites:
        return lambda _path: True
    whole = record_nodes(sight, permission)
    return lambda path: contains(whole, path)


def _nodes(sight: Sight, scope: int) -> list[Interval]:
    found = sight.memo.get(("nodes", scope))
    if not isinstance(found, list):
        query = select(ScopeInterval.path, ScopeInterval.path_hi)
        query = query.where(ScopeInterval.scope_id == scope, of_tenant(ScopeInterval, sight.tenant_id))
        found = [(low, high) for low, high in sight.connection.execute(query.order_by(ScopeInterval.path))]
        sight.memo["nodes", scope] = found
    return found


def devices_at_sites(sight: Sight) -> dict[int, int]:
    """By customer, the devices in sight where only single sites of the customer are."""
    scope = sight.scope(DEVICES.permission)
    if not scope.has_sites:
        return {}
    query = select(Device.customer_id, func.count()).join(ScopeSite, ScopeSite.site_id == Device.site_id)
    query = query.where(ScopeSite.scope_id == scope.records.id)
    query = query.where(of_tenant(ScopeSite, sight.tenant_id), of_tenant(Device, sight.tenant_id))
    rows = sight.connection.execute(query.group_by(Device.customer_id))
    return {row[0]: row[1] for row in rows}


def customers_of(sight: Sight, kind: Kind, groups: Sequence[int]) -> dict[int, int]:
    """How many customers each of these groups names, as far as the viewer sees them."""
    read = {SECURITY_GROUPS.noun: read_selected, CUSTOMER_GROUPS.noun: read_filtered}[kind.noun]
    named = read(sight.connection, sight.tenant_id, groups)
    seen = scope_nodes(sight, CUSTOMERS.permission)
    return {
        group: measure(sight.connection, sight.tenant_id, intersect(union(named.get(group, ())), seen))[0]
        for group in groups
    }


def users_of(sight: Sight, kind: Kind, records: Sequence[int]) -> dict[int, list[int]]:
    """The users of each of these roles or groups, as far as the viewer may list them."""
    if kind is SECURITY_GROUPS:
        query = select(Membership.group_id, Membership.user_id).where(Membership.group_id.in_(records))
        query = query.where(of_tenant(Membership, sight.tenant_id))
    elif kind is CUSTOMER_GROUPS:
        query = select(UserCustomerGroup.group_id, UserCustomerGroup.user_id)
        query = query.where(UserCustomerGroup.group_id.in_(records), of_tenant(UserCustomerGroup, sight.tenant_id))
    elif kind is ROLES:
        query = select(SecurityGroup.role_id, Membership.user_id)
        query = query.join(SecurityGroup, leads_to(Membership.group_id, SecurityGroup))
        query = query.where(SecurityGroup.role_id.in_(records), of_tenant(SecurityGroup, sight.tenant_id))
    else:
        raise TypeError(f"nobody is given {kind.indefinite}")
    pairs = {(record, user) for record, user in sight.connection.execute(query)}
    seen = {row.id for row in among(sight, USERS.permission, USERS, sorted({user for _, user in pairs}))}
    found: defaultdict[int, list[int]] = defaultdict(list)
    for record, user in sorted(pairs):
        if user in seen:
            found[record].append(user)
    return dict(found)


def actors_seen(sight: Sight, keys: Iterable[str | None]) -> set[str | None]:
    """Those of the users who made changes, by key, whom the viewer may list; None, for what nobody of the tenant did,
    where that is told whole: to whoever sees all of the audit."""
    seen: set[str | None] = {
        key for key in {*keys} if key is not None and find(sight, USERS.permission, USERS, "key", key) is not None
    }
    if sight.scope(AUDIT.permission).records.whole:
        seen.add(None)
    return seen


def undone(sight: Sight, changes: Iterable[int] | None = None) -> set[int]:
    """Those of the viewer's tenant's changes that were taken back; of all, where none are named."""
    query = select(AuditEntry.undoes).where(AuditEntry.tenant_id == sight.tenant_id, AuditEntry.undoes.is_not(None))
    if changes is not None:
        query = query.where(AuditEntry.undoes.in_(sorted(changes)))
    return {change for change in sight.connection.execute(query).scalars() if change is not None}


def groups_of(sight: Sight, roles: Sequence[int]) -> dict[int, list[int]]:
    """The security groups that use each of these roles, as far as the viewer may list them."""
    query = select(SecurityGroup.role_id, SecurityGroup.id).where(SecurityGroup.role_id.in_(roles))
    query = query.where(of_tenant(SecurityGroup, sight.tenant_id))
    pairs = sight.connection.execute(query).all()
    listed = among(sight, SECURITY_GROUPS.permission, SECURITY_GROUPS, sorted({group for _, group in pairs}))
    seen = {row.id for row in listed}
    found: defaultdict[int, list[int]] = defaultdict(list)
    for role, group in pairs:
        if role is not None and group in seen:
            found[role].append(group)
    return dict(found)


def permission_counts(sight: Sight, roles: Sequence[int]) -> dict[int, int]:
    """How many permissions each of these roles holds."""
    query = select(RolePermission.role_id).where(RolePermission.role_id.in_(roles))
    query = query.where(of_tenant(RolePermission, sight.tenant_id))
    found = dict.fromkeys(roles, 0)
    for role in sight.connection.execute(query).scalars():
        found[role] += 1
    everything = select(Role.id).where(Role.id.in_(roles), Role.all_permissions, of_tenant(Role, sight.tenant_id))
    found.update(dict.fromkeys(sight.connection.execute(everything).scalars(), len(PERMISSIONS)))
    return found


def groups_of_own(sight: Sight, customer: int, level: str) -> list[tuple[int, str, frozenset[str]]]:
    """The security groups over all customers that belong to a customer and have a role of the level: id, name and what
    the role holds, by name, as far as the viewer may list them."""
    query = select(SecurityGroup.id, SecurityGroup.name, Role.id, Role.all_permissions)
    query = query.join(Role, leads_to(SecurityGroup.role_id, Role)).order_by(SecurityGroup.search_key)
    query = query.where(of_tenant(SecurityGroup, sight.tenant_id))
    query = query.where(SecurityGroup.owner_id == customer, SecurityGroup.scope == ALL, Role.access_level == level)
    rows = sight.connection.execute(query).all()
    seen = listed(sight, SECURITY_GROUPS, [row[0] for row in rows])
    found = []
    for group, name, role, everything in rows:
        if group in seen:
            held = select(RolePermission.permission).where(RolePermission.role_id == role)
            held = held.where(of_tenant(RolePermission, sight.tenant_id))
            permissions = PERMISSIONS if everything else frozenset(sight.connection.execute(held).scalars())
            found.append((group, name, permissions))
    return found


def listed(sight: Sight, kind: Kind, ids: Iterable[int]) -> set[int]:
    """Those of the records that the viewer may list."""
    return {row.id for row in among(sight, kind.permission, kind, sorted(ids))}


def names(sight: Sight, kind: Kind, ids: Iterable[int]) -> dict[int, str]:
    """Names by id, of those that the viewer may list."""
    return {row.id: row.name for row in among(sight, kind.permission, kind, sorted(ids))}


_TREE: Final = "SELECT k.id, k.name, k.search_key, k.path, k.device_count, k.parent_id FROM customer k "
_WHOLE: Final = text(_TREE + "WHERE k.tenant_id = :tenant ORDER BY k.search_key, k.id")
_PART: Final = text(_TREE + f"WHERE k.tenant_id = :tenant AND {probe('k.path')} ORDER BY k.search_key, k.id")


def whole_tree(sight: Sight) -> Sequence[Row[Any]]:
    """Every customer that the viewer sees, the tenant's root too, by name."""
    nodes = sight.scope(CUSTOMERS.permission).nodes
    if nodes.whole:
        return sight.connection.execute(_WHOLE, {"tenant": sight.tenant_id}).all()
    return sight.connection.execute(_PART, {"tenant": sight.tenant_id, "scope": nodes.id}).all()


def root_of(sight: Sight) -> int:
    """The id of the tenant's root, whoever sees it."""
    root: int = sight.connection.execute(select(Customer.id).where(is_root(sight.tenant_id))).scalar_one()
    return root


def path_of(sight: Sight, customer: int) -> str:
    """Where a customer stands, by its id, whoever sees it. Raises RingfenceError where it is gone by now: that it was
    there, another transaction has said."""
    query = select(Customer.path).where(Customer.id == customer, of_tenant(Customer, sight.tenant_id))
    path = sight.connection.execute(query).scalar_one_or_none()
    if path is None:
        raise RingfenceError("this customer is not there any more")
    return str(path)


def groups_naming(sight: Sight, kind: Kind, customer: int) -> dict[int, bool]:
    """The groups that name a customer, and whether with what is nested in it, as far as the viewer may list them."""
    if not listed(sight, CUSTOMERS, [customer]):
        return {}
    entry = SecurityGroupCustomer if kind is SECURITY_GROUPS else CustomerGroupCustomer
    query = select(entry.group_id, entry.nested)
    query = query.where(entry.customer_id == customer, of_tenant(entry, sight.tenant_id))
    found = {group: bool(nested) for group, nested in sight.connection.execute(query)}
    seen = listed(sight, kind, found)
    return {group: nested for group, nested in found.items() if group in seen}


def customers_named(sight: Sight, kind: Kind, group: int) -> dict[int, str]:
    """Names by id of the customers that a group names, as far as the viewer may list both."""
    if not listed(sight, kind, [group]):
        return {}
    entry = SecurityGroupCustomer if kind is SECURITY_GROUPS else CustomerGroupCustomer
    query = select(entry.customer_id).where(entry.group_id == group, of_tenant(entry, sight.tenant_id))
    return names(sight, CUSTOMERS, sight.connection.execute(query).scalars())


def active_of(sight: Sight, groups: Iterable[int]) -> Mapping[int, bool]:
    """Which of these customer groups are active."""
    query = select(CustomerGroup.id, CustomerGroup.active)
    query = query.where(CustomerGroup.id.in_(sorted(groups)), of_tenant(CustomerGroup, sight.tenant_id))
    return {group: bool(active) for group, active in sight.connection.execute(query)}
