"""Stored scopes: looking one up by its signature, and working it out where it is not there yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text

from ringfence.domain.customer import Customer, is_root
from ringfence.domain.scope import Scope as StoredScope
from ringfence.domain.scope import ScopeInterval, ScopeSite
from ringfence.domain.tenant import Tenant
from ringfence.domain.user import User
from ringfence.visibility.grants import read_filtered, read_grants, read_selected
from ringfence.visibility.intervals import Interval, contains, union
from ringfence.visibility.rule import SiteGrant, region

_SITES: Final = "+sites"


@dataclass(frozen=True, slots=True)
class Extent:
    """A stored set of customers: its id, whether it is the whole tenant, and how much is in it."""

    id: int
    whole: bool
    intervals: int
    customers: int
    devices: int


_NOTHING: Final = Extent(0, False, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a permission reaches for a user.

    ``records`` are the customers whose records are all in reach; ``nodes`` the customers themselves, which with
    site-level grants (``has_sites``) are more.
    """

    records: Extent
    nodes: Extent
    has_sites: bool

    @property
    def empty(self) -> bool:
        """Whether nothing at all is in reach."""
        return not self.nodes.intervals


NOTHING: Final = Scope(_NOTHING, _NOTHING, False)

_LOOK_UP = select(
    StoredScope.signature,
    StoredScope.id,
    StoredScope.whole,
    StoredScope.intervals,
    StoredScope.customers,
    StoredScope.devices,
).where(
    StoredScope.tenant_id == bindparam("tenant"),
    StoredScope.version == bindparam("version"),
    StoredScope.signature.in_([bindparam("plain"), bindparam("sites")]),
)


def find(connection: Connection, tenant_id: int, version: int, signature: str) -> Scope | None:
    """The stored scope of a signature, or None where nobody has asked for it yet."""
    if signature == "nothing":
        return NOTHING
    rows = connection.execute(
        _LOOK_UP,
        {"tenant": tenant_id, "version": version, "plain": signature, "sites": signature + _SITES},
    )
    found = {row.signature: Extent(row.id, bool(row.whole), row.intervals, row.customers, row.devices) for row in rows}
    if signature not in found:
        return None
    records = found[signature]
    return Scope(records, found.get(signature + _SITES, records), signature + _SITES in found)


def store(connection: Connection, user_id: int, permission: str, at: datetime) -> None:
    """Works out and stores what the permission reaches for the user, in a writing transaction."""
    tenant_id = connection.execute(select(User.tenant_id).where(User.id == user_id)).scalar()
    if tenant_id is None:
        return
    version = _settled(connection, tenant_id)
    grants = read_grants(connection, user_id)
    if grants is None:
        return
    signature = grants.signature(permission, at)
    if find(connection, grants.tenant_id, version, signature) is not None:
        return
    groups = grants.groups_behind(permission, at)
    reached = region(
        grants,
        permission,
        at,
        read_selected(connection, (group.group_id for group in groups if group.selects)),
        read_filtered(connection, grants.filters or ()),
    )
    _insert(connection, grants.tenant_id, version, signature, reached.customers, reached.sites)
    if reached.sites:
        _insert(connection, grants.tenant_id, version, signature + _SITES, reached.nodes())


def store_union(connection: Connection, tenant_id: int, signature: str, parts: list[Extent]) -> None:
    """Stores the customers that any of the parts holds, in a writing transaction, under a signature of its own."""
    version = _settled(connection, tenant_id)
    if find(connection, tenant_id, version, signature) is not None:
        return
    rows = connection.execute(
        select(ScopeInterval.path, ScopeInterval.path_hi).where(ScopeInterval.scope_id.in_([part.id for part in parts]))
    )
    _insert(connection, tenant_id, version, signature, union((row.path, row.path_hi) for row in rows))


def _settled(connection: Connection, tenant_id: int) -> int:
    """The tenant's version, held until the transaction ends; scopes of older versions are swept away.

    Whoever else stores scopes has finished by then, and no change of access can come between: on PostgreSQL each
    statement sees what was committed before it, so that what is read after this is of this version.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:space, :tenant)"), {"space": 0x52464E, "tenant": tenant_id}
        )
    held = select(Tenant.version).where(Tenant.id == tenant_id).with_for_update(read=True)
    version = connection.execute(held).scalar_one()
    stale = select(StoredScope.id).where(StoredScope.tenant_id == tenant_id, StoredScope.version < version)
    connection.execute(delete(ScopeInterval).where(ScopeInterval.scope_id.in_(stale)))
    connection.execute(delete(ScopeSite).where(ScopeSite.scope_id.in_(stale)))
    connection.execute(delete(StoredScope).where(StoredScope.tenant_id == tenant_id, StoredScope.version < version))
    return version


def _insert(
    connection: Connection,
    tenant_id: int,
    version: int,
    signature: str,
    intervals: list[Interval],
    sites: tuple[SiteGrant, ...] = (),
) -> None:
    root = connection.execute(select(Customer.path).where(is_root(tenant_id))).scalar_one()
    scope_id = connection.execute(
        insert(StoredScope)
        .values(
            tenant_id=tenant_id,
            version=version,
            signature=signature,
            whole=intervals == [(root, root + "~")],
            intervals=len(intervals),
            customers=0,
            devices=0,
        )
        .returning(StoredScope.id)
    ).scalar_one()
    if intervals:
        connection.execute(
            insert(ScopeInterval),
            [{"scope_id": scope_id, "path": low, "path_hi": high} for low, high in intervals],
        )
    if sites:
        connection.execute(
            insert(ScopeSite),
            [{"scope_id": scope_id, "site_id": site.site_id, "customer_id": site.customer_id} for site in sites],
        )
    inside = (
        select(func.count().label("customers"), func.coalesce(func.sum(Customer.device_count), 0).label("devices"))
        .select_from(ScopeInterval)
        .join(
            Customer,
            (Customer.path >= ScopeInterval.path)
            & (Customer.path < ScopeInterval.path_hi)
            & (Customer.tenant_id == tenant_id),
        )
        .where(ScopeInterval.scope_id == scope_id)
    )
    counted = connection.execute(inside).one()
    connection.execute(
        StoredScope.__table__.update()  # type: ignore[attr-defined]
        .where(StoredScope.id == scope_id)
        .values(customers=counted.customers - contains(intervals, root), devices=counted.devices)
    )
