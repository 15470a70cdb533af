"""A page of records, and how many there are: one set of rows for list, count, search, export and open.

The way to a page is chosen by cost: nothing in scope asks nothing, the whole tenant needs no filter, and in between
the cheaper of two: along the order with a probe for each row, or from the scope's customers to their records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Row, text

from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import RingfenceError
from ringfence.domain.kind import Kind
from ringfence.domain.text import fold, has_control, like_pattern
from ringfence.visibility.intervals import nested
from ringfence.visibility.point import among
from ringfence.visibility.scopes import Extent
from ringfence.visibility.sql import Match, Shape, Side, Way, statement
from ringfence.visibility.viewer import Sight

SortKey = tuple[str, int]
"""Where a row stands in the order: its sort value and its id."""

_FEW: Final = 2000
_TRIGRAM: Final = 3
_HITS_SQLITE: Final = text(
    "SELECT count(*) FROM (SELECT 1 FROM device_search WHERE search_key MATCH :phrase LIMIT :most) hits"
)
_HITS_POSTGRESQL: Final = text(
    "SELECT count(*) FROM (SELECT 1 FROM device k WHERE k.search_key LIKE :needle LIMIT :most) hits"
)
_SIZE: Final = text(
    "SELECT count(*) AS customers, COALESCE(sum(c.device_count), 0) AS devices FROM scope_interval s "
    "CROSS JOIN customer c WHERE s.scope_id = :scope AND s.path < :high AND s.path_hi > :low "
    "AND c.tenant_id = :tenant AND c.path >= CASE WHEN s.path > :low THEN s.path ELSE :low END "
    "AND c.path < CASE WHEN s.path_hi < :high THEN s.path_hi ELSE :high END"
)
_TENANT: Final = text(
    "SELECT count(*) AS customers, COALESCE(sum(device_count), 0) AS devices FROM customer WHERE tenant_id = :tenant"
)


@dataclass(frozen=True, slots=True)
class Query:
    """Which records, in which order. ``under`` is the path of a customer: only records of it and those below it."""

    kind: Kind
    search: str = ""
    sort: str = "name"
    descending: bool = False
    under: str | None = None

    def __post_init__(self) -> None:
        if self.sort not in self.kind.sorts:
            raise RingfenceError(f"{self.kind.name} sort by {' or '.join(self.kind.sorts)}, not by {self.sort!r}")


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the rows: after or before a row, or from the end; ``skip`` leaves out the nearest ones."""

    limit: int = 50
    after: SortKey | None = None
    before: SortKey | None = None
    from_end: bool = False
    skip: int = 0


@dataclass(frozen=True, slots=True)
class _Plan:
    shape: Shape
    binds: dict[str, Any]
    extent: Extent
    fallback: bool = False


def page(sight: Sight, query: Query, window: Window) -> list[Row[Any]]:
    """The rows of a window, in the query's order. Each carries the kind's columns and its ``sort_value``."""
    if window.from_end or window.before is not None:
        side: Side = "before" if window.before is not None else ""
        turned = query if side else replace(query, descending=not query.descending)
        return _rows(sight, turned, window, side, window.before)[::-1]
    return _rows(sight, query, window, "after" if window.after else "", window.after)


def every(sight: Sight, query: Query, size: int = 1000) -> Iterator[Row[Any]]:
    """All rows of a query, in order, a page at a time."""
    after: SortKey | None = None
    while True:
        rows = page(sight, query, Window(limit=size, after=after))
        yield from rows
        if len(rows) < size:
            return
        after = (rows[-1].sort_value, rows[-1].id)


def place(sight: Sight, query: Query, record: int) -> int | None:
    """How many rows of the query come before a record; None where it is not among them."""
    sort = query.kind.sorts[query.sort]
    found = among(sight, query.kind.permission, query.kind, [record], ("id", sort))
    if not found:
        return None
    key = str(getattr(found[0], sort)), record
    just_before = key[0], record + (1 if query.descending else -1)
    rows = page(sight, query, Window(limit=1, after=just_before))
    return count(sight, query, key) if rows and rows[0].id == record else None


def count(sight: Sight, query: Query, before: SortKey | None = None) -> int:
    """How many rows the query has: exactly as many as ``every`` gives; or how many of them come before a place."""
    side: Side = "before" if before is not None else ""
    key = {"key": before[0], "id": before[1]} if before is not None else {}
    scope = sight.scope(query.kind.permission)
    extent = scope.nodes if query.kind.is_customer else scope.records
    total = 0
    if extent.intervals and not _hopeless(query.search):
        total = _count_in(sight, query, extent, side, key)
    if scope.has_sites and query.kind.standing and not _hopeless(query.search):
        shape = Shape(
            query.kind,
            "sites",
            query.sort,
            query.descending,
            side,
            "scan" if query.search else "",
            query.under is not None,
            counting=True,
            postgresql=sight.postgresql,
        )
        binds = {**_binds(sight, query, scope.records), **key}
        total += sight.connection.execute(statement(shape), binds).scalar_one()
    return total


def size_under(sight: Sight, extent: Extent, under: str | None) -> tuple[int, int]:
    """Customers (a root counts too) and their devices within a scope, below a path if one is given."""
    if not extent.intervals:
        return 0, 0
    low, high = nested(under if under is not None else "/")
    row = sight.connection.execute(
        _SIZE, {"scope": extent.id, "low": low, "high": high, "tenant": sight.tenant_id}
    ).one()
    return row.customers, row.devices


def _count_in(sight: Sight, query: Query, extent: Extent, side: Side, key: dict[str, Any]) -> int:
    if not query.search and not side:
        if query.kind is DEVICES:
            return int(size_under(sight, extent, query.under)[1])
        if query.kind is CUSTOMERS and query.under is None:
            return extent.customers
    plan = _plan(sight, query, extent, side, Window())
    way: Way = "gather" if plan.shape.way == "walk" and not query.search else plan.shape.way
    shape = replace(plan.shape, way=way, counting=True)
    return int(sight.connection.execute(statement(shape), {**plan.binds, **key}).scalar_one())


def _rows(sight: Sight, query: Query, window: Window, side: Side, key: SortKey | None) -> list[Row[Any]]:
    if _hopeless(query.search):
        return []
    scope = sight.scope(query.kind.permission)
    extent = scope.nodes if query.kind.is_customer else scope.records
    merging = scope.has_sites and query.kind.standing is not None
    inner = replace(window, limit=window.limit + window.skip, skip=0) if merging else window
    rows: Sequence[Row[Any]] = []
    if extent.intervals:
        plan = _plan(sight, query, extent, side, inner)
        if key is not None:
            plan.binds.update(key=key[0], id=key[1])
        rows = sight.connection.execute(statement(plan.shape), plan.binds).all()
        if plan.fallback and len(rows) < inner.limit:
            gather = replace(plan.shape, way="gather")
            rows = sight.connection.execute(statement(gather), plan.binds).all()
    if not merging:
        return list(rows)
    shape = Shape(
        query.kind,
        "sites",
        query.sort,
        query.descending,
        side,
        "scan" if query.search else "",
        query.under is not None,
        postgresql=sight.postgresql,
    )
    binds = _binds(sight, query, scope.records, inner)
    if key is not None:
        binds.update(key=key[0], id=key[1])
    both = [*rows, *sight.connection.execute(statement(shape), binds).all()]
    both.sort(key=lambda row: (row.sort_value, row.id), reverse=query.descending != (side == "before"))
    return both[window.skip : window.skip + window.limit]


def _plan(sight: Sight, query: Query, extent: Extent, side: Side, window: Window) -> _Plan:
    binds = _binds(sight, query, extent, window)
    match: Match = ""
    if query.search:
        match = "index" if query.kind.indexed and _few_hits(sight, query, binds) else "scan"
    under = query.under is not None
    base = Shape(query.kind, "plain", query.sort, query.descending, side, match, under, postgresql=sight.postgresql)
    if match == "index":
        return _Plan(replace(base, way="hits"), binds, extent)
    if extent.whole and not under:
        return _Plan(base, binds, extent)
    customers, devices = _size(sight, extent, query.under)
    if customers <= 64:
        return _Plan(replace(base, way="gather"), binds, extent)
    part = _fraction(sight, query.kind, customers, devices)
    # Costs in microseconds, as measured: a probe for each row walked, against a look at each customer's records.
    walking = (0.9 if sight.postgresql else 0.3) * 60 / part
    gathering = 0.24 * devices + 1.2 * customers if sight.postgresql else 0.5 * customers
    if gathering <= walking:
        return _Plan(replace(base, way="gather"), binds, extent)
    binds["budget"] = max(200, int(2 * (window.limit + window.skip) / part))
    return _Plan(replace(base, way="walk"), binds, extent, fallback=True)


def _binds(sight: Sight, query: Query, extent: Extent, window: Window | None = None) -> dict[str, Any]:
    binds: dict[str, Any] = {"tenant": sight.tenant_id, "scope": extent.id}
    if window is not None:
        binds.update(limit=window.limit, skip=window.skip, window=window.limit + window.skip)
    if query.under is not None:
        binds["low"], binds["high"] = nested(query.under)
    if query.search:
        needle = fold(query.search)
        binds["phrase"] = '"' + needle.replace('"', '""') + '"'
        if sight.postgresql:
            needle = like_pattern(query.search)
        binds["needle"] = needle
    return binds


def _hopeless(search: str) -> bool:
    """Nothing that a name may hold contains a control character."""
    return bool(search) and has_control(search)


def _few_hits(sight: Sight, query: Query, binds: dict[str, Any]) -> bool:
    """Whether the search index holds so few hits that going through them is the quickest way."""
    if len(fold(query.search)) < _TRIGRAM:
        return False
    probe = _HITS_POSTGRESQL if sight.postgresql else _HITS_SQLITE
    wanted = {name: binds[name] for name in (("needle",) if sight.postgresql else ("phrase",))}
    return int(sight.connection.execute(probe, {**wanted, "most": _FEW + 1}).scalar_one()) <= _FEW


def _size(sight: Sight, extent: Extent, under: str | None) -> tuple[int, int]:
    """Customers and devices, as an estimate: counted once for a version of the tenant."""
    if under is None:
        return extent.customers, extent.devices
    found = sight.memo.get((extent.id, under))
    if not isinstance(found, tuple):
        found = sight.memo[extent.id, under] = size_under(sight, extent, under)
    return found


def _fraction(sight: Sight, kind: Kind, customers: int, devices: int) -> float:
    """The part of the tenant's records of a kind that is in reach, as an estimate above zero."""
    found = sight.memo.get("tenant")
    if not isinstance(found, tuple):
        row = sight.connection.execute(_TENANT, {"tenant": sight.tenant_id}).one()
        found = sight.memo["tenant"] = (row.customers, row.devices)
    reached, total = (devices, found[1]) if kind is DEVICES else (customers, found[0])
    return float(max(reached, 1) / max(total, 1))
