"""Orders that no index holds: what every row in sight shows in a column, read once for a version of the tenant, sorted,
and kept in memory.

A place in such an order is what the column shows to this viewer, then the place in the kind's own order, then the id.
What is hidden shows nothing, and so counts for nothing: no hidden name decides where a row stands.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from operator import attrgetter
from typing import Any, Final, NamedTuple

from ringfence.domain.kind import Kind
from ringfence.visibility.column_values import values
from ringfence.visibility.keeping import kept
from ringfence.visibility.page import Query, SortKey, Window, naming
from ringfence.visibility.point import among
from ringfence.visibility.queued import queued
from ringfence.visibility.viewer import Sight

BETWEEN: Final = "\x00"
"""Between what a column shows and the place in the kind's own order: no text holds it, and it sorts before all."""
_KEPT: Final = 6
"""So many orders are kept of a viewer, the last ones that were asked for."""


class Order(NamedTuple):
    """Rows in an order, upwards: where each stands, but for its id, and the ids."""

    keys: Sequence[str]
    ids: Sequence[int]

    def span(self, window: Window, *, descending: bool) -> list[int]:
        """The places that a window shows, in the direction that was asked for."""
        size = len(self.ids)
        key = window.before if window.before is not None else window.after
        low, high = (0, 0) if key is None else self._around(key)
        before, through = (size - high, size - low) if descending else (low, high)
        if window.before is not None or window.from_end:
            end = (before if window.before is not None else size) - window.skip
            start = end - window.limit
        else:
            start = (through if window.after is not None else 0) + window.skip
            end = start + window.limit
        places = range(max(0, start), max(0, min(end, size)))
        return [size - 1 - at for at in places] if descending else list(places)

    def _around(self, key: SortKey) -> tuple[int, int]:
        """How many rows come before a place, and how many up to it: one more, if there is a row."""

        def standing(at: int) -> SortKey:
            return self.keys[at], self.ids[at]

        every = range(len(self.ids))
        return bisect_left(every, key, key=standing), bisect_right(every, key, key=standing)

    def only(self, ids: Iterable[int]) -> Order:
        """The same without the rows of other ids."""
        kept = set(ids)
        pairs = [pair for pair in zip(self.keys, self.ids, strict=True) if pair[1] in kept]
        return Order([key for key, _ in pairs], [own for _, own in pairs])


def order_of(sight: Sight, query: Query, ids: Sequence[int]) -> Order:
    """These records, which are in sight, in the order of what the query's column shows of them, upwards."""
    kind = query.kind
    shown = values(sight, kind, query.sort, ids)
    own = among(sight, kind.permission, kind, ids, ("id", kind.order))
    read = attrgetter(kind.order)
    pairs = sorted((f"{shown[row.id]}{BETWEEN}{read(row)}", row.id) for row in own)
    return Order([key for key, _ in pairs], [record for _, record in pairs])


def rows(kind: Kind, order: Order, found: Mapping[int, Any], places: Iterable[int]) -> list[Any]:
    """The rows at these places of an order, with the kind's columns and their ``sort_value``."""
    row, columns = row_of(kind), attrgetter(*kind.columns)
    return [row(*columns(found[order.ids[at]]), order.keys[at]) for at in places if order.ids[at] in found]


@cache
def row_of(kind: Kind) -> Any:
    """What a row of a list is made of that no statement gives whole: the kind's columns, and its ``sort_value``."""
    return namedtuple("Row", (*kind.columns, "sort_value"))


def page(sight: Sight, query: Query, window: Window) -> list[Any]:
    """The rows of a window, with the kind's columns and their ``sort_value``."""
    kind, order = query.kind, _order(sight, query)
    places = order.span(window, descending=query.descending)
    shown = among(sight, kind.permission, kind, [order.ids[at] for at in places], kind.columns)
    return rows(kind, order, {row.id: row for row in shown}, places)


def place(sight: Sight, query: Query, record: int) -> int | None:
    """How many rows of the query come before a record; None where it is not among them."""
    ids = _order(sight, query).ids
    if record not in ids:
        return None
    return len(ids) - 1 - ids.index(record) if query.descending else ids.index(record)


def _order(sight: Sight, query: Query) -> Order:
    """The query's rows in its order, upwards: of all that are in sight, what a search finds, and where."""
    every = replace(query, search="", under=None, about=None, descending=False)
    signals = query.kind.signalled
    part = replace(query, descending=False)
    if queued(query.kind, query.terms):  # few of very many
        return kept(sight, "orders", part, lambda: order_of(sight, part, naming(sight, part)), _KEPT, signals=signals)
    whole = kept(sight, "orders", every, lambda: order_of(sight, query, naming(sight, every)), _KEPT, signals=signals)
    if every == part:
        return whole
    return kept(sight, "orders", part, lambda: whole.only(naming(sight, part)), _KEPT, signals=signals)
