"""How many rows a list has: exactly as many as its pages give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.event import EVENTS
from ringfence.domain.text import SEPARATOR
from ringfence.visibility.matching import hopeless
from ringfence.visibility.page import (
    Query,
    SortKey,
    Window,
    owners_of,
    page,
    place_binds,
    plans,
    standing,
    unindexed,
)
from ringfence.visibility.plans import Plan
from ringfence.visibility.point import among
from ringfence.visibility.scopes import Extent
from ringfence.visibility.sizes import size_under
from ringfence.visibility.sql import Side, Way, key_binds, statement
from ringfence.visibility.viewer import Sight

SoFar = Callable[[int], object]
"""Told, while a count goes on, how many there are at least. It ends the count by raising."""

_AT_ONCE: Final = 30_000
"""What takes no more microseconds than that, by estimate, is counted by one statement."""
_PART: Final = 20_000
"""So many rows are looked at before the first word of how many were found, and then twice as many each time: what the
filter names is gathered anew for each part."""
_LARGEST: Final = 8 * _PART


def place(sight: Sight, query: Query, record: int) -> int | None:
    """How many rows of the query come before a record; None where it is not among them."""
    apart = unindexed(query)
    if apart is not None:
        there: int | None = apart.place(sight, query, record)
        return there
    columns = query.kind.indexed_orders[query.sort]
    found = among(sight, query.kind.permission, query.kind, [record], ("id", *columns))
    if not found:
        return None
    values = tuple(found[0])[1:]
    key = values[0] if len(values) == 1 else SEPARATOR.join(values), record
    just_before = key[0], record + (1 if query.descending else -1)
    rows = page(sight, query, Window(limit=1, after=just_before))
    return count(sight, query, key) if rows and rows[0].id == record else None


def count(sight: Sight, query: Query, before: SortKey | None = None, so_far: SoFar | None = None) -> int:
    """How many rows the query has: exactly as many as ``every`` gives; or how many of them come before a place.
    ``so_far`` is told meanwhile, where that takes long. Raises whatever it raises."""
    if query.kind is EVENTS:
        return int(unindexed(query).count(sight, query))
    side: Side = "before" if before is not None else ""
    if query.sort not in query.kind.indexed_orders:
        query = replace(query, sort="")
    key = place_binds(query, before) if before is not None else {}
    scope = sight.scope(query.kind.permission)
    extent = scope.nodes if query.kind.is_customer else scope.records
    found = 0
    if hopeless(query.terms):
        return found
    if scope.has_sites and query.kind.standing:
        plan = standing(sight, query, scope.records, side, counting=True)
        found += int(sight.connection.execute(statement(plan.shape), {**plan.binds, **key}).scalar_one())
    if extent.intervals:
        found = _count_in(sight, query, extent, side, key, found, so_far)
    return found


def _count_in(
    sight: Sight, query: Query, extent: Extent, side: Side, key: dict[str, Any], found: int, so_far: SoFar | None
) -> int:
    if not query.terms and not query.lacking and not side:
        if query.kind is DEVICES:
            return found + int(size_under(sight, extent, query.under)[1])
        if query.kind is CUSTOMERS and query.under is None:
            return found + extent.customers
    ones = plans(sight, query, extent, side, None)
    if len(ones) != 1:
        return found + sum(_counted(sight, one, key) for one in ones)
    (plan,) = ones
    if so_far is not None and query.terms and not side and plan.price > _AT_ONCE:
        return _in_parts(sight, query, plan, found, so_far)
    return found + _counted(sight, plan, key)


def _counted(sight: Sight, plan: Plan, key: dict[str, Any]) -> int:
    shape = plan.shape._replace(counting=True)
    return int(sight.connection.execute(statement(shape), {**plan.binds, **key}).scalar_one())


def _in_parts(sight: Sight, query: Query, plan: Plan, found: int, so_far: SoFar) -> int:
    """The same count, a part of the order after another, in one transaction."""
    way: Way = "plain" if plan.shape.whole else "walk"
    shape = plan.shape._replace(way=way, match="scan", sort=plan.shape.kind.sort, descending=False)
    binds = {**plan.binds, **(owners_of(sight, query) if shape.looks_up else {}), "budget": _PART}
    columns = len(shape.kind.indexed_orders[shape.sort])
    while True:
        edge = sight.connection.execute(
            statement(shape._replace(way="edge", match="", condition="")), binds
        ).one_or_none()
        if edge is not None:
            binds.update(key_binds((edge.sort_value, edge.id), columns, "until"))
        part = shape._replace(counting=True, bounded=edge is not None)
        found += int(sight.connection.execute(statement(part), binds).scalar_one())
        if edge is None:
            return found
        so_far(found)
        shape = shape._replace(side="after")
        binds.update(key_binds((edge.sort_value, edge.id), columns), budget=min(2 * binds["budget"], _LARGEST))
