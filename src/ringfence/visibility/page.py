"""A page of records, and how many there are: one set of rows for list, count, search, export and open.

The way to a page is chosen by cost: nothing in scope asks nothing, the whole tenant needs no filter, and in between
it is the cheapest of those in `ringfence.visibility.plans`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import Any, Final, NamedTuple

from sqlalchemy import Row

from ringfence.domain.device import DEVICES
from ringfence.domain.errors import RingfenceError
from ringfence.domain.event import EVENTS
from ringfence.domain.filter import Term, parse
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED
from ringfence.visibility import held, queued, starts
from ringfence.visibility.intervals import nested
from ringfence.visibility.matching import Lead, asked, hopeless
from ringfence.visibility.members import inside, members
from ringfence.visibility.plans import (
    Estimate,
    Plan,
    at_hand,
    choose,
    costs,
    elsewhere,
    guessed,
    index_asked,
    led,
    little,
    next_rows,
    often,
    share,
    splits,
    tiny,
    told_by_index,
    total,
)
from ringfence.visibility.scopes import Extent
from ringfence.visibility.sizes import size
from ringfence.visibility.sql import Shape, Side, key_binds, statement
from ringfence.visibility.substrings import beyond, bound
from ringfence.visibility.viewer import Sight

SortKey = tuple[Any, int]
"""Where a row stands in the order: its sort value and its id."""

_FURTHER: Final = 4
"""Where the next rows have a part of a page, so many times as many are looked at."""
_ENOUGH: Final = 1.5
"""But only where that promises so many pages: rows that are found stand unevenly."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which records, in which order: ``sort`` is a column of their lists (empty: the kind's own order). ``search`` is a
    filter as it is typed. ``under`` is the path of a customer: only records of it and those below it. ``about`` is a
    reference and an id: only records that refer to that. ``lacking`` is a reference: only those that have none, and
    with ``hides`` those too of which the viewer may not list what it refers to. Raises WrongFilter for a filter that
    cannot be understood."""

    kind: Kind
    search: str = ""
    sort: str = ""
    descending: bool = False
    under: str | None = None
    about: tuple[str, int] | None = None
    lacking: str = ""
    hides: bool = False

    def __post_init__(self) -> None:
        if not self.sort:
            object.__setattr__(self, "sort", self.kind.sort)
        if self.sort not in self.kind.sorts:
            raise RingfenceError(f"{self.kind.name} sort by {', '.join(self.kind.sorts)}, not by {self.sort!r}")
        parse(self.kind, self.search)

    @property
    def terms(self) -> tuple[Term, ...]:
        """What the filter asks, and what it is to be about."""
        typed = parse(self.kind, self.search)
        return typed if self.about is None else (*typed, Term("", self.about[0], record=self.about[1]))


class Window(NamedTuple):
    """Which part of the rows: after or before a row, or from the end; ``skip`` leaves out the nearest ones."""

    limit: int = 50
    after: SortKey | None = None
    before: SortKey | None = None
    from_end: bool = False
    skip: int = 0


def page(sight: Sight, query: Query, window: Window) -> list[Row[Any]]:
    """The rows of a window, in the query's order. Each carries the kind's columns and its ``sort_value``."""
    apart = unindexed(query)
    if apart is not None:
        found: list[Row[Any]] = apart.page(sight, query, window)
        return found
    if window.from_end or window.before is not None:
        side: Side = "before" if window.before is not None else ""
        turned = query if side else replace(query, descending=not query.descending)
        return _rows(sight, turned, window, side, window.before)[::-1]
    return _rows(sight, query, window, "after" if window.after else "", window.after)


def unindexed(query: Query) -> Any:
    """What pages and places are had from, in an order that no index holds, and of events, wherever those are read; None
    for all others."""
    # These stand on this module: what is in sight, and what a search finds, is the same in whatever order.
    if query.kind is EVENTS:
        from ringfence.visibility import events

        return events
    if query.sort in query.kind.indexed_orders:
        return None
    from ringfence.visibility import grouping, ordering

    return grouping if query.kind.indexed else ordering


def naming(sight: Sight, query: Query) -> list[int]:
    """The ids of all rows of a query, in no order."""
    found: list[int] = []
    for plan in all_plans(sight, query, "", None):
        found += sight.connection.execute(statement(plan.shape._replace(naming="ids")), plan.binds).scalars()
    return found


def every(sight: Sight, query: Query, size: int = 1000) -> Iterator[Row[Any]]:
    """All rows of a query, in order, a page at a time."""
    after: SortKey | None = None
    while True:
        rows = page(sight, query, Window(limit=size, after=after))
        yield from rows
        if len(rows) < size:
            return
        after = (rows[-1].sort_value, rows[-1].id)


def _rows(sight: Sight, query: Query, window: Window, side: Side, key: SortKey | None) -> list[Row[Any]]:
    again = None
    if not side and starts.worthwhile(sight, query):
        start = starts.known(sight, query)
        if start is not None:
            side, key = "after", start
        else:
            again = partial(_from_start, sight, query, window)
    reach = window.limit + window.skip
    place = {} if key is None else place_binds(query, key)
    rows = _nearby(sight, query, window, side, place)
    if rows is None:
        rows = _from_held(sight, query, window, side, place)
    if rows is not None:
        return rows
    found = all_plans(sight, query, side, reach)
    if not found:
        return []
    if len(found) == 1:
        part = {"limit": window.limit, "skip": window.skip, "window": reach, **place}
        return list(_taken(sight, found[0], part, again))
    part = {"limit": reach, "skip": 0, "window": reach, **place}
    rows = [row for one in found for row in _taken(sight, one, part)]
    rows.sort(key=lambda row: (row.sort_value, row.id), reverse=query.descending != (side == "before"))
    return rows[window.skip : reach]


def _nearby(sight: Sight, query: Query, window: Window, side: Side, place: dict[str, Any]) -> list[Row[Any]] | None:
    """The rows of a window, where they are all had from the next ones of the order, or else from somewhat more."""
    part = {"limit": window.limit, "skip": window.skip, **place}
    for plan in near(sight, query, side):
        rows = list(_taken(sight, plan, part))
        if len(rows) == window.limit:
            return rows
        if len(rows) * _FURTHER < _ENOUGH * window.limit:
            break
    return None


def _from_held(sight: Sight, query: Query, window: Window, side: Side, place: dict[str, Any]) -> list[Row[Any]] | None:
    """The rows of a window, where they are all had from the first of those that may fit, by what is held of all in
    sight."""
    kind, extent = query.kind, extent_of(sight, query.kind)
    if sight.scope(kind.permission).has_sites or hopeless(query.terms) or (not query.terms and query.under is not None):
        return None
    records = held.known(sight, kind, extent)
    if records is None:
        return None
    found = asked(sight, kind, query.terms, extent, looked=True)
    backwards, key = query.descending != (side == "before"), tuple(place.values())
    order = held.order(sight, kind, records, query.sort, 0 if query.terms else None)
    along = held.after(sight, kind, records, order.places, query.sort, key, backwards=backwards) if order else None
    if along is None and not query.terms:
        return None
    shape = _shape(sight, query, side)._replace(way="hits", match="scan", condition=found.condition)
    plan = _bound(sight, query, Plan(shape, {}), {**binds_of(sight, query, extent), **found.binds, **place})
    places = None
    for reach in (window.limit + window.skip, _FURTHER * (window.limit + window.skip)):
        first = None
        if along is not None and places is None:
            first = held.first(sight, kind, records, found.leads, along, costs(sight).few, reach)
        if first is None:
            if places is None:
                places = _fitting(sight, query, records, found.leads)
                if len(places) > costs(sight).few and query.sort != kind.sort:
                    return None
                places = held.ordered(sight, kind, records, places, query.sort, key, backwards=backwards)
            first = places[:reach]
        part = {"limit": window.limit, "skip": window.skip, "ids": bound(sight, [records.ids[at] for at in first])}
        rows = list(_taken(sight, plan, part))
        if len(rows) == window.limit or len(first) < reach:
            return rows
    return None


def _fitting(sight: Sight, query: Query, records: held.Held, leads: Sequence[Lead]) -> Sequence[int]:
    """The places of the records that may fit, found once in a transaction."""
    key = "fitting", query.kind.noun, query.terms
    if key not in sight.answers:
        sight.answers[key] = held.fitting(sight, query.kind, records, leads, costs(sight).few)
    return sight.answers[key]


def _from_start(sight: Sight, query: Query, window: Window) -> Sequence[Row[Any]]:
    """The first rows of a query, of which the beginning of the order has too few."""
    start = starts.found(sight, query, partial(_first, sight, query))
    return [] if start is None else _rows(sight, query, window, "after", start)


def _first(sight: Sight, query: Query) -> Row[Any] | None:
    """The first of all records in sight in the query's order, whatever is sought, found by going along that."""
    shape = _shape(sight, query, "")._replace(way="walk", lacking="", hides=False)
    binds = {**binds_of(sight, query, extent_of(sight, query.kind)), **owners_of(sight, query), "limit": 1, "skip": 0}
    return sight.connection.execute(statement(shape), binds).one_or_none()


def _taken(
    sight: Sight, plan: Plan, part: dict[str, Any], again: Callable[[], Sequence[Row[Any]]] | None = None
) -> Sequence[Row[Any]]:
    """The rows of a plan; where it goes along the order and may go no further, those that ``again`` gives, or the plan
    that it falls back on."""
    shape, binds = plan.shape, {**plan.binds, **part}
    limited = "budget" in binds
    if limited and sight.postgresql:
        shape = shape._replace(ahead=True)
    elif limited:
        edge = _edge(sight, shape, binds)
        limited = edge is not None
        if edge is not None:
            shape = shape._replace(bounded=True)
            binds.update(key_binds((edge.sort_value, edge.id), len(shape.kind.indexed_orders[shape.sort]), "until"))
    rows = sight.connection.execute(statement(shape), binds).all()
    lacking = limited and plan.fallback is not None and len(rows) < part["limit"] + part["skip"]
    if not lacking or (shape.ahead and _edge(sight, plan.shape, binds) is None):
        return rows
    assert plan.fallback is not None
    return again() if again is not None else _taken(sight, plan.fallback, part)


def _edge(sight: Sight, shape: Shape, binds: dict[str, Any]) -> Row[Any] | None:
    """The place in the order that is a budget further; None where it ends before that."""
    along = shape._replace(way="edge", match=shape.match if shape.match == "begin" else "", condition="")
    return sight.connection.execute(statement(along), binds).one_or_none()


def place_binds(query: Query, key: SortKey) -> dict[str, Any]:
    """A place in a query's order, which an index holds, as its statements bind it."""
    return key_binds(key, len(query.kind.indexed_orders[query.sort]))


def all_plans(sight: Sight, query: Query, side: Side, wanted: int | None) -> list[Plan]:
    """What to ask for so many rows (None: all) in an order that an index holds, or in the kind's own; nothing where
    nothing is in sight."""
    if hopeless(query.terms):
        return []
    if query.sort not in query.kind.indexed_orders:
        query = replace(query, sort="")
    scope, extent = sight.scope(query.kind.permission), extent_of(sight, query.kind)
    found = plans(sight, query, extent, side, wanted) if extent.intervals else []
    if scope.has_sites and query.kind.standing is not None:
        found.append(standing(sight, query, scope.records, side))
    return found


def plans(sight: Sight, query: Query, extent: Extent, side: Side, wanted: int | None) -> list[Plan]:
    """What to ask for so many rows, or for how many there are: statements whose rows are no record's twice, and are
    all of them together. Raises nothing: an estimate that is wrong costs time."""
    kind, under = query.kind, query.under is not None
    binds = binds_of(sight, query, extent)
    whole = extent.whole and not under
    shape = _shape(sight, query, side)._replace(whole=whole, under=under)
    customers, devices = size(sight, extent, query.under)
    records = devices if kind is DEVICES else customers
    every, measure = records if whole else total(sight, kind), costs(sight)
    guess = Estimate(customers, records, every, 1.0, wanted)
    if not query.terms:
        return [_bound(sight, query, choose(kind, shape, guess, measure, None), binds)]
    if (ones := queued.plans(sight, shape, query.terms, extent, query.under)) is not None:
        return [_bound(sight, query, one, binds) for one in ones]
    found = asked(sight, kind, query.terms, extent, looked=not tiny(customers, records), counting=wanted is None)
    binds |= found.binds
    shape = shape._replace(match="scan", condition=found.condition, beside=found.beside)
    lead, hits, parts = None, None, guessed(found)
    guess = guess._replace(looks=len(query.terms), beside=found.beside, names=found.names)
    own = at_hand(kind, shape, guess._replace(match=_fraction(parts, every)), measure)
    kept = None if whole or tiny(customers, records) else held.known(sight, kind, extent)
    if kept is not None:
        places = _fitting(sight, query, kept, found.leads)
        parts = (len(places) / max(len(kept.ids), 1),)
        hits = held.hits(sight, kept, places) if len(places) <= measure.few else None
    elif not little(shape, customers, records) and index_asked(found, own, measure):
        if own:  # more hits than that cost more than all that is in sight
            measure = measure._replace(few=min(measure.few, int(own / measure.hit)))
        lead, hits, parts = led(sight, kind, found, measure.few)
        if hits is not None and hits.owners and not whole:
            hits = inside(hits, members(sight, kind, extent, query.under))
    part = _fraction(parts, every)
    guess = guess._replace(match=part)
    plan = choose(kind, shape, guess, measure, hits)
    if hits is None:
        return [_bound(sight, query, plan, binds)]
    many = hits.count > measure.few or hits.begins > measure.few_first
    ranges = splits(sight, kind, shape, lead, wanted) if lead and many and plan.shape.way != "gather" else None
    if lead is not None and ranges is not None:
        others = elsewhere(sight, kind, lead, measure.few)
        if others.count <= measure.few:
            assert lead.needle is not None
            begin = shape._replace(match="begin", leading=ranges[0])
            binds.update(needle=lead.needle, beyond=beyond(lead.needle))
            range_of_them = guess._replace(records=int(records * part) + 1, total=int(every * part) + 1, match=1.0)
            first = choose(kind, begin, range_of_them, measure, None)
            rest = Plan(shape._replace(way="hits", match="rest"), {"ids": others.ids})
            found_so = [_bound(sight, query, first, {**binds, "leading": value}) for value in ranges[1]]
            return [*found_so, _bound(sight, query, rest, binds)] if others.count else found_so
    best = _bound(sight, query, plan, {**binds, "ids": hits.ids})
    return [best._replace(owners=hits.owners) if plan.shape.way == "hits" else best]


def _fraction(parts: Sequence[float], every: int) -> float:
    """The part of all records that have what is sought; of one of them at least."""
    return max(prod(parts), 1 / max(every, 1))


def near(sight: Sight, query: Query, side: Side) -> Sequence[Plan]:
    """The next few rows of the order, and then some more of them: a page of what is found often is had from those. What
    short words name, of which no index tells at once, is looked up only after that. Nothing where little is in
    sight."""
    kind, extent = query.kind, extent_of(sight, query.kind)
    customers, records = extent.customers, extent.devices if kind is DEVICES else extent.customers
    if not kind.indexed or sight.scope(kind.permission).has_sites or hopeless(query.terms):
        return ()
    if not query.terms or query.under is not None or tiny(customers, records):
        return ()
    by_index = told_by_index(query.terms)
    if by_index and not sight.postgresql:
        return ()  # whose index says of any word in little time who has it
    every, measure = max(total(sight, kind), 1), costs(sight)
    shape = _shape(sight, query, side)._replace(way="plain" if extent.whole else "walk", whole=extent.whole)
    # All that is in sight costs little more, where that is little: only what nearly all have is looked for before that.
    guess = Estimate(customers, records, every, share(query.terms), None)
    all_at_hand = not side and at_hand(kind, shape, guess, measure) > 0
    kept = held.known(sight, kind, extent)
    if often(query.terms):
        if kept is not None and held.order(sight, kind, kept, query.sort) is not None:
            return ()
    elif all_at_hand or kept is not None:
        return ()
    found = asked(sight, kind, query.terms, extent, looked=by_index)
    shape = shape._replace(match="scan", condition=found.condition, beside=found.beside)
    guess = guess._replace(looks=len(query.terms), beside=found.beside, names=found.names)
    # Behind a place that was found, what is in sight may stand close together.
    budget = next_rows(kind, shape, guess, measure, 1.0 if side else records / every)
    plan = _bound(sight, query, Plan(shape, {}), {**binds_of(sight, query, extent), **found.binds})
    budgets = (budget // 2,) if all_at_hand else (budget, _FURTHER * budget)
    return [plan._replace(binds={**plan.binds, "budget": one}) for one in budgets]


def _bound(sight: Sight, query: Query, plan: Plan, binds: dict[str, Any]) -> Plan:
    fallback = None if plan.fallback is None else _bound(sight, query, plan.fallback, binds)
    own = owners_of(sight, query) if plan.shape.looks_up else {}
    return Plan(plan.shape, {**binds, **own, **plan.binds}, plan.price, fallback)


def owners_of(sight: Sight, query: Query) -> dict[str, Any]:
    """What statements bind that look each row's owner up."""
    return {"members": members(sight, query.kind, extent_of(sight, query.kind), query.under)}


def standing(sight: Sight, query: Query, extent: Extent, side: Side, *, counting: bool = False) -> Plan:
    """What stands on the sites of site-level grants."""
    shape = _shape(sight, query, side)._replace(way="sites", under=query.under is not None, counting=counting)
    binds = binds_of(sight, query, extent)
    if query.terms:
        found = asked(sight, query.kind, query.terms, None, looked=False)
        shape, binds = shape._replace(match="scan", condition=found.condition), {**binds, **found.binds}
    return Plan(shape, binds)


def _shape(sight: Sight, query: Query, side: Side) -> Shape:
    return Shape(
        *(query.kind, "plain", query.sort, query.descending, side),
        lacking=query.lacking,
        hides=query.hides,
        postgresql=sight.postgresql,
    )


def binds_of(sight: Sight, query: Query, extent: Extent) -> dict[str, Any]:
    binds: dict[str, Any] = {"tenant": sight.tenant_id, "scope": extent.id}
    if query.under is not None:
        binds["low"], binds["high"] = nested(query.under)
    if query.hides:
        to = EDITED[query.kind.fields[query.lacking].refers]
        binds["named"] = extent_of(sight, to).id
    return binds


def extent_of(sight: Sight, kind: Kind) -> Extent:
    """The customers whose records of a kind are in reach: of customers, they themselves."""
    scope = sight.scope(kind.permission)
    return scope.nodes if kind.is_customer else scope.records
