"""What words are sought in, of those records in sight of which an index is asked in vain: few enough to be held in
memory, where a word is found sooner than by going through the rows.

It only narrows. What a page shows, and whether that is in sight, the statement decides that reads the rows. It is held
with the viewer until anything changes in the tenant, and read when somebody searches a second time before that: whoever
searches but once does not pay for it.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import TextClause, text

from ringfence.domain.device import DEVICES
from ringfence.domain.kind import Kind
from ringfence.visibility.keeping import kept_for_the_next
from ringfence.visibility.matching import Lead
from ringfence.visibility.plans import are_texts, candidates, tiny
from ringfence.visibility.scopes import Extent
from ringfence.visibility.sql import told
from ringfence.visibility.substrings import Hits, among, bound, unbound
from ringfence.visibility.viewer import Sight

MOST: Final = 16_000
"""Of no more records than that is anything held, nor of those of more customers: a few megabytes."""

_BETWEEN: Final = "\x1e"
"""No search key holds that."""

_KEPT: Final = 2


_AHEAD: Final = 2000
_PART: Final = 500
"""So far is an order gone along before all that fits is looked for, so many places at a time: what is found often is
found there."""
_SHARE: Final = 2
"""A page of all that is in sight, had otherwise, costs what putting so small a part of it into order does."""


class Order(NamedTuple):
    """All places in an order, and where each of them stands in it."""

    places: Sequence[int]
    ranks: Sequence[int]


@dataclass(slots=True, eq=False, repr=False)
class Held:
    """The records of a kind that an extent holds, each at a place: ids, owners, and what they are searched and sorted
    by. ``of`` are the places of the records of each owner; ``more`` is what other orders go by, None where nobody has
    asked that yet; ``orders`` are those that were asked for as often as they cost, ``spent`` says of the others how
    many rows were put into them."""

    ids: Sequence[int]
    owners: Sequence[int]
    keys: Sequence[str]
    of: Mapping[int, Sequence[int]]
    more: dict[str, list[Any]] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=dict)


def known(sight: Sight, kind: Kind, extent: Extent) -> Held | None:
    """What is held of an extent's records; None where nothing is."""
    if not _worthwhile(kind, extent):
        return None
    return kept_for_the_next(sight, "held", (kind, extent.id), lambda: _read(sight, kind, extent), _KEPT)


def _worthwhile(kind: Kind, extent: Extent) -> bool:
    customers, records = extent.customers, extent.devices if kind is DEVICES else extent.customers
    if not kind.indexed or kind.is_customer or extent.whole or tiny(customers, records):
        return False
    return customers <= MOST and records <= MOST


def _read(sight: Sight, kind: Kind, extent: Extent) -> Held | None:
    """All records of an extent; None where it holds more by now than it was taken to."""
    binds = {"tenant": sight.tenant_id, "scope": extent.id, "most": MOST + 1, "between": _BETWEEN}
    found = sight.connection.execute(_reading(kind, sight.postgresql), binds).one()
    if found[2] is None:
        return Held((), (), (), {})
    ids, owners = found[:2] if sight.postgresql else map(json.loads, found[:2])
    keys = found[2].split(_BETWEEN)
    if not len(ids) == len(owners) == len(keys) <= MOST:
        return None
    of: dict[int, list[int]] = {owner: [] for owner in owners}
    for place, owner in enumerate(owners):
        of[owner].append(place)
    return Held(ids, owners, keys, of)


@lru_cache(maxsize=16)
def _reading(kind: Kind, postgresql: bool) -> TextClause:
    """The records of a scope's customers: an index of each customer's has all that is read."""
    inside = "c.tenant_id = :tenant AND c.path >= s.path AND c.path < s.path_hi"
    read = f"k.id, k.{kind.owner} AS owner, k.{kind.order} AS said"
    found = []
    for nodes in kind.nodes:
        owners, records = f"{nodes} c ON {inside}", f"{kind.table} k ON k.{kind.owner} = c.id"
        if postgresql:
            owners = f"LATERAL (SELECT c.id FROM {nodes} c WHERE {inside} OFFSET 0) c"
            its = f"k.{kind.owner} = c.id AND k.tenant_id = :tenant"
            records = f"LATERAL (SELECT * FROM {kind.table} k WHERE {its} OFFSET 0) k"
        source = f"FROM scope_interval s CROSS JOIN {owners} CROSS JOIN {records}"
        found.append(f"SELECT {read} {source} WHERE s.scope_id = :scope AND s.tenant_id = :tenant")
    numbers, texts = ("array_agg", "string_agg") if postgresql else ("json_group_array", "group_concat")
    between = "CAST(:between AS text)" if postgresql else ":between"
    gathered = f"{numbers}(id), {numbers}(owner), {texts}(said, {between})"
    return text(f"SELECT {gathered} FROM ({' UNION ALL '.join(found)} LIMIT :most) held")


def fitting(sight: Sight, kind: Kind, held: Held, leads: Sequence[Lead], most: int) -> Sequence[int]:
    """The places of the records among which are all that a filter with these leads finds; others, too, perhaps."""
    left: set[int] | None = None
    for lead in leads:
        others = _others(sight, kind, lead, most)
        if others is None:
            continue
        places = {at for at, own in enumerate(held.ids) if own in others} if others else set()
        if lead.needle is not None:
            needle = lead.needle
            places.update([at for at, key in enumerate(held.keys) if needle in key])
        for owner in lead.named.get(kind.owner, ()):
            places.update(held.of.get(int(owner), ()))
        left = places if left is None else left & places
    return range(len(held.ids)) if left is None else list(left)


def first(
    sight: Sight, kind: Kind, held: Held, leads: Sequence[Lead], along: Sequence[int], most: int, wanted: int
) -> Sequence[int] | None:
    """The first of these places, so many of them, that ``fitting`` would give; None where it is to be asked, since they
    are found too seldom."""
    asked = [(lead, _others(sight, kind, lead, most)) for lead in leads]
    found: list[int] = []
    for begin in range(0, min(len(along), _AHEAD), _PART):
        part = along[begin : begin + _PART]
        for lead, others in asked:
            if others is not None:
                part = _fit(held, lead, {int(one) for one in lead.named.get(kind.owner, ())}, others, part)
        found += part
        if len(found) >= wanted:
            return found[:wanted]
    return found if len(along) <= _AHEAD else None


def _fit(held: Held, lead: Lead, owners: set[int], others: set[int], places: Sequence[int]) -> Sequence[int]:
    keys, needle = held.keys, lead.needle
    if needle is None:
        return [at for at in places if held.owners[at] in owners or held.ids[at] in others]
    if not owners and not others:
        return [at for at in places if needle in keys[at]]
    return [at for at in places if needle in keys[at] or held.owners[at] in owners or held.ids[at] in others]


def _others(sight: Sight, kind: Kind, lead: Lead, most: int) -> set[int] | None:
    """The records that a term finds by what they refer to beside their owner; None where that is not known."""
    named = {column: values for column, values in lead.named.items() if column != kind.owner}
    if not named:
        return set()
    found = None
    if not any(map(are_texts, named.values())):
        found = candidates(sight, kind, lead._replace(needle=None, named=named), most)
    return None if found is None or found.count > most else set(unbound(found.ids))


def hits(sight: Sight, held: Held, places: Sequence[int]) -> Hits:
    """The records at these places, as an index would have found them."""
    owners = [held.owners[at] for at in places] if sight.postgresql else ()
    return Hits(len(places), bound(sight, [held.ids[at] for at in places]), owners)


def order(sight: Sight, kind: Kind, held: Held, sort: str, rows: int | None = None) -> Order | None:
    """An order that an index holds, of all that is held; None where it costs more than what was asked of it so far:
    ``rows`` that are to be put into it otherwise (None: a page of all)."""
    if sort not in held.orders:
        held.spent[sort] = held.spent.get(sort, 0) + (len(held.ids) // _SHARE if rows is None else rows)
        if held.spent[sort] <= len(held.ids):
            return None
        places = _sorted(sight, kind, held, range(len(held.ids)), sort)
        ranks = [0] * len(places)
        for rank, at in enumerate(places):
            ranks[at] = rank
        held.orders[sort] = Order(places, ranks)
    return held.orders[sort]


def ordered(
    sight: Sight, kind: Kind, held: Held, places: Sequence[int], sort: str, key: tuple[Any, ...], *, backwards: bool
) -> Sequence[int]:
    """These places, up or down an order that an index holds: those that come after a place in it, which is a value for
    each of its columns and an id (empty: all of them)."""
    known = order(sight, kind, held, sort, len(places))
    if known is not None:
        places = sorted(places, key=known.ranks.__getitem__)
    else:
        places = _sorted(sight, kind, held, places, sort)
    return after(sight, kind, held, places, sort, key, backwards=backwards)


def after(
    sight: Sight, kind: Kind, held: Held, places: Sequence[int], sort: str, key: tuple[Any, ...], *, backwards: bool
) -> Sequence[int]:
    """Of places that are in an order those that come after a place in it, up or down."""
    if not key:
        return places[::-1] if backwards else places
    columns = kind.indexed_orders[sort]
    values = _values(sight, kind, held, places, columns)

    def standing(at: int) -> tuple[Any, ...]:
        return (*(values[column][at] for column in columns), held.ids[at])

    if backwards:
        return places[: bisect_left(places, key, key=standing)][::-1]
    return places[bisect_right(places, key, key=standing) :]


def _sorted(sight: Sight, kind: Kind, held: Held, places: Sequence[int], sort: str) -> Sequence[int]:
    columns = kind.indexed_orders[sort]
    values = _values(sight, kind, held, places, columns)
    places = sorted(places, key=held.ids.__getitem__)
    for column in reversed(columns):  # what is alike in one stays as it is
        places = sorted(places, key=values[column].__getitem__)
    return places


def _values(
    sight: Sight, kind: Kind, held: Held, places: Sequence[int], columns: Sequence[str]
) -> Mapping[str, Sequence[Any]]:
    """What these columns say at each place, as far as that is one of those given."""
    others = tuple(column for column in columns if column != kind.order)
    for column in others:
        said = held.more.setdefault(column, [None] * len(held.ids))  # which other threads read meanwhile
        missing = {held.ids[at]: at for at in places if said[at] is None}
        if missing:
            binds = {"ids": bound(sight, list(missing)), "tenant": sight.tenant_id}
            rows = sight.connection.execute(_reading_more(kind, column, sight.postgresql), binds)
            read = {row[0]: row[1] for row in rows}
            for own, at in missing.items():
                said[at] = read.get(own, "")
    return {kind.order: held.keys, **{column: held.more[column] for column in others}}


@lru_cache(maxsize=16)
def _reading_more(kind: Kind, column: str, postgresql: bool) -> TextClause:
    listed = among("k.id", "ids", (), postgresql=postgresql)
    return text(f"SELECT k.id, k.{column} FROM {kind.table} k WHERE {listed} AND {told(postgresql=postgresql)}")
