"""Scopes: looking a stored one up by its signature, working it out in memory where it is not there, and storing it.

Looking waits for nobody. What was worked out is stored for the next time if that takes no waiting either; where it
cannot be stored at all (somebody else writes, the disk is full, the database may only be read), the statements of a
look find it in tables of its own, which stand before the stored ones for as long as the look lasts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any, Final, NamedTuple

from sqlalchemy import Boolean, Connection, bindparam, delete, insert, select, text

from ringfence.domain.errors import RingfenceError
from ringfence.storage.columns import of_tenant
from ringfence.storage.engine import Database
from ringfence.storage.scopes import Scope as StoredScope
from ringfence.storage.scopes import ScopeInterval, ScopeSite
from ringfence.visibility.intervals import Interval, union
from ringfence.visibility.reach import measure, read_grounds
from ringfence.visibility.rule import Grants, Region
from ringfence.visibility.sql import probing_arrays, told

_SITES: Final = "+sites"


class Extent(NamedTuple):
    """A set of customers: its id (below zero where it is not stored), whether it is all of the tenant, and its size."""

    id: int
    whole: bool
    intervals: int
    customers: int
    devices: int


_NOTHING: Final = Extent(0, False, 0, 0, 0)


class Scope(NamedTuple):
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

_NO_SCOPE: Final = "nothing"
# In plain text, as all that the first data wait for: putting it together would take longer than asking.
_LOOK_UP: Final = (
    text(
        "SELECT signature, id, whole, intervals, customers, devices FROM scope "
        "WHERE tenant_id = :tenant AND version = :version AND signature IN :signatures"
    )
    .bindparams(bindparam("signatures", expanding=True))
    .columns(whole=Boolean())
)
_UNSTORED: Final = count(-1, -1)


class Made(NamedTuple):
    """A set of customers that was worked out in memory, under the id by which statements find it; ``sites`` are those
    within it, with their customers, that a site-level grant reaches outside of the intervals."""

    signature: str
    extent: Extent
    intervals: list[Interval]
    sites: list[tuple[int, int]]


def find(connection: Connection, tenant_id: int, version: int, signatures: Collection[str]) -> dict[str, Scope]:
    """The stored scopes of these signatures; those that nobody has stored yet are left out."""
    found = dict.fromkeys((one for one in signatures if one == _NO_SCOPE), NOTHING)
    wanted = [one for one in signatures if one not in found]
    if not wanted:
        return found
    either = [*wanted, *(one + _SITES for one in wanted)]
    rows = connection.execute(_LOOK_UP, {"tenant": tenant_id, "version": version, "signatures": either})
    extents = {
        row.signature: Extent(row.id, bool(row.whole), row.intervals, row.customers, row.devices) for row in rows
    }
    for signature in wanted:
        if signature in extents:
            records = extents[signature]
            nodes = extents.get(signature + _SITES)
            found[signature] = Scope(records, nodes or records, nodes is not None)
    return found


def work_out(connection: Connection, grants: Grants, permissions: Iterable[str], at: datetime) -> dict[str, list[Made]]:
    """What each of the permissions reaches for a user as of this transaction, by signature: the records, and with
    site-level grants the nodes too."""
    grounds = read_grounds(connection, grants.tenant_id, [grants])
    found: dict[str, list[Made]] = {}
    for permission in permissions:
        signature = grants.signature(permission, at)
        if signature in found:
            continue
        reached = grounds.region(grants, permission, at)
        found[signature] = made_of(connection, grants.tenant_id, signature, reached, reached.nodes())
    return found


def made_of(
    connection: Connection, tenant_id: int, signature: str, reached: Region, nodes: list[Interval]
) -> list[Made]:
    """The records of a region and, where they are more, the nodes that are seen."""
    sites = [(site.site_id, site.customer_id) for site in reached.sites]
    found = [make(connection, tenant_id, signature, reached.customers, sites)]
    if nodes != reached.customers:
        found.append(make(connection, tenant_id, signature + _SITES, nodes))
    return found


def make(
    connection: Connection,
    tenant_id: int,
    signature: str,
    intervals: list[Interval],
    sites: Sequence[tuple[int, int]] = (),
) -> Made:
    """A set of customers, measured as of this transaction."""
    customers, devices = measure(connection, tenant_id, intervals)
    whole = len(intervals) == 1 and intervals == [_everything(connection, tenant_id)]
    extent = Extent(next(_UNSTORED), whole, len(intervals), customers, devices)
    return Made(signature, extent, intervals, list(sites))


def _everything(connection: Connection, tenant_id: int) -> Interval:
    root = connection.execute(_ROOTS[connection.dialect.name == "postgresql"], {"tenant": tenant_id}).scalar_one()
    return root, root + "~"


# In plain text, as the first data wait for it.
_ROOTS: Final = tuple(
    text(f"SELECT k.path FROM customer k WHERE k.parent_id IS NULL AND {told(postgresql=postgresql)}")
    for postgresql in (False, True)
)


def scope_of(made: Sequence[Made]) -> Scope:
    """What ``work_out`` found for a signature, as a scope."""
    return Scope(made[0].extent, made[-1].extent, len(made) > 1)


def read(connection: Connection, tenant_id: int, extent: Extent) -> Made:
    """A stored set of customers, read into memory."""
    intervals = connection.execute(
        select(ScopeInterval.path, ScopeInterval.path_hi)
        .where(ScopeInterval.scope_id == extent.id, of_tenant(ScopeInterval, tenant_id))
        .order_by(ScopeInterval.path)
    )
    sites = select(ScopeSite.site_id, ScopeSite.customer_id)
    sites = sites.where(ScopeSite.scope_id == extent.id, of_tenant(ScopeSite, tenant_id))
    return Made(
        "",
        extent,
        [(row.path, row.path_hi) for row in intervals],
        [(row.site_id, row.customer_id) for row in connection.execute(sites)],
    )


def unite(connection: Connection, tenant_id: int, signature: str, parts: Sequence[Made]) -> Made:
    """The customers that any of the parts holds."""
    return make(connection, tenant_id, signature, union(one for part in parts for one in part.intervals))


def keep(database: Database, tenant_id: int, version: int, made: Iterable[Made]) -> bool:
    """Stores what was worked out for a version of the tenant, unless that has gone by, and sweeps away what is of older
    ones; returns False where that takes waiting, or cannot be done at all.

    What is stored was read in one transaction with its version. So it stays right, whatever has happened since.
    """
    try:
        with database.writing_at_once() as connection:
            turn = _TURN_POSTGRESQL if database.postgresql else _TURN
            mine, current = connection.execute(turn, {"space": _KEEPING, "tenant": tenant_id}).one()
            if mine and current == version:
                _sweep(connection, tenant_id, version)
                there = find(connection, tenant_id, version, [one.signature for one in made])
                for one in made:
                    if one.signature not in there:
                        _insert(connection, tenant_id, version, one)
            return bool(mine)
    except RingfenceError:
        return False


_KEEPING: Final = 0x52464E
_TURN: Final = text("SELECT TRUE, version FROM tenant WHERE id = :tenant")
_TURN_POSTGRESQL: Final = text(
    "SELECT pg_try_advisory_xact_lock(:space, :tenant), version FROM tenant WHERE id = :tenant"
)


_STALE: Final = text("SELECT id FROM scope WHERE tenant_id = :tenant AND version < :version")


def _sweep(connection: Connection, tenant_id: int, version: int) -> None:
    ids = connection.execute(_STALE, {"tenant": tenant_id, "version": version}).scalars().all()
    if ids:
        stale = select(StoredScope.id).where(StoredScope.tenant_id == tenant_id, StoredScope.version < version)
        for held in (ScopeInterval, ScopeSite):
            connection.execute(delete(held).where(held.scope_id.in_(stale), of_tenant(held, tenant_id)))
        connection.execute(delete(StoredScope).where(StoredScope.id.in_(ids), of_tenant(StoredScope, tenant_id)))


def _insert(connection: Connection, tenant_id: int, version: int, made: Made) -> None:
    extent = made.extent
    row = {
        "tenant": tenant_id,
        "version": version,
        "signature": made.signature,
        "whole": extent.whole,
        "intervals": extent.intervals,
        "customers": extent.customers,
        "devices": extent.devices,
    }
    _fill(connection, tenant_id, [(connection.execute(_STORE, row).scalar_one(), made)])


_STORE: Final = text(
    "INSERT INTO scope (tenant_id, version, signature, whole, intervals, customers, devices) "
    "VALUES (:tenant, :version, :signature, :whole, :intervals, :customers, :devices) RETURNING id"
)
_STORE_INTERVAL: Final = text(
    "INSERT INTO scope_interval (tenant_id, scope_id, path, path_hi) VALUES (:tenant_id, :scope_id, :path, :path_hi)"
)


def _fill(connection: Connection, tenant_id: int, parts: Sequence[tuple[int, Made]]) -> None:
    intervals = [
        {"tenant_id": tenant_id, "scope_id": own, "path": low, "path_hi": high}
        for own, made in parts
        for low, high in made.intervals
    ]
    if intervals:
        connection.execute(_STORE_INTERVAL, intervals)
    sites = [
        {"tenant_id": tenant_id, "scope_id": own, "site_id": site, "customer_id": customer}
        for own, made in parts
        for site, customer in made.sites
    ]
    if sites:
        connection.execute(insert(ScopeSite), sites)


@contextmanager
def standing_before(connection: Connection, tenant_id: int, made: Sequence[Made]) -> Iterator[None]:
    """Lets the statements of a reading transaction find these sets of a tenant, and no others, where the stored ones
    are. Nothing is asked after it in the transaction; without any it does nothing."""
    if not made:
        yield
    elif connection.dialect.name == "postgresql":
        # Neither a server that only follows another nor a role that only reads may make tables, not even of its own.
        binds = {
            "made_tenant": tenant_id,
            "made_scopes": [one.extent.id for one in made for _ in one.intervals],
            "made_lows": [low for one in made for low, _ in one.intervals],
            "made_highs": [high for one in made for _, high in one.intervals],
            "made_for": [one.extent.id for one in made for _ in one.sites],
            "made_sites": [site for one in made for site, _ in one.sites],
            "made_owners": [owner for one in made for _, owner in one.sites],
        }

        def shaded(statement: str, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
            return f"WITH {_TABLES_POSTGRESQL} {probing_arrays(statement)}", {**given, **binds}

        connection.execution_options(ringfence_tables=shaded)
        yield
    else:
        try:
            for table in _TABLES_SQLITE:
                connection.exec_driver_sql(table)
            _fill(connection, tenant_id, [(one.extent.id, one) for one in made])
            yield
        finally:
            transaction = connection.get_transaction()
            if transaction is not None and transaction.is_active:
                transaction.rollback()  # the tables go with it


_TABLES_SQLITE: Final = (
    "CREATE TEMP TABLE scope_interval (scope_id INTEGER NOT NULL, path TEXT NOT NULL, path_hi TEXT NOT NULL, "
    "tenant_id INTEGER NOT NULL, PRIMARY KEY (scope_id, path)) WITHOUT ROWID",
    "CREATE TEMP TABLE scope_site (scope_id INTEGER NOT NULL, site_id INTEGER NOT NULL, customer_id INTEGER NOT NULL, "
    "tenant_id INTEGER NOT NULL, PRIMARY KEY (scope_id, site_id)) WITHOUT ROWID",
)
_TABLES_POSTGRESQL: Final = (
    "scope_interval(tenant_id, scope_id, path, path_hi) AS MATERIALIZED ("
    'SELECT CAST(%(made_tenant)s AS int), own, low COLLATE "C", high COLLATE "C" FROM unnest('
    "CAST(%(made_scopes)s AS int[]), "
    "CAST(%(made_lows)s AS text[]), CAST(%(made_highs)s AS text[])) made(own, low, high)), "
    "scope_site(tenant_id, scope_id, site_id, customer_id) AS MATERIALIZED ("
    "SELECT CAST(%(made_tenant)s AS int), made.* FROM unnest(CAST(%(made_for)s AS int[]), "
    "CAST(%(made_sites)s AS int[]), CAST(%(made_owners)s AS int[])) made(own, site, owner)), "
    "made_array(scope_id, lows, highs) AS MATERIALIZED (SELECT scope_id, array_agg(path ORDER BY path), "
    "array_agg(path_hi ORDER BY path) FROM scope_interval GROUP BY scope_id)"
)
