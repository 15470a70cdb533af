"""Which way leads to a page: the cheapest by estimate, of those that `ringfence.visibility.sql` has statements for.

Costs are in microseconds, as measured on both engines at a million devices. They decide how long a page takes, and
never what is on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import text

from ringfence.domain.device import DEVICES
from ringfence.domain.kind import Kind
from ringfence.domain.text import fold, like_pattern
from ringfence.visibility.sql import Match, Shape, Way
from ringfence.visibility.viewer import Sight

_TRIGRAM: Final = 3
_OFTEN: Final = 0.3
_SELDOM: Final = 0.02
"""The parts of all records that a letter is taken to be found in, and a search whose hits nobody counted: no index
tells of two letters, nor of what has more hits than are counted."""
_SPREAD: Final = 4
_LEAST: Final = 200
"""A walk that has gone so many times as far as it should have needed, and at least so many rows, is given up."""
_NEAR: Final = 20_000
_SCATTERED: Final = 4
"""Entries of so many records lie too far apart to be found in memory, and cost so many times as much."""
_TENANT: Final = text(
    "SELECT count(*) AS customers, COALESCE(sum(device_count), 0) AS devices FROM customer WHERE tenant_id = :tenant"
)


@dataclass(frozen=True, slots=True)
class Costs:
    """What a step costs on an engine: reading an entry of an index, or a whole row; looking at a text; probing the
    scope for a row, or looking into a set of its customers; reading a customer of the scope, for the set or to go on
    to its records. No more than ``few`` hits of the search index are gone through."""

    entry: float
    row: float
    look: float
    probe: float
    seek: float
    customer: float
    records: float
    few: int


SQLITE: Final = Costs(0.07, 1.0, 0.05, 0.6, 0.06, 0.3, 0.2, 8_000)
POSTGRESQL: Final = Costs(0.4, 1.0, 0.2, 12.0, 0.2, 1.0, 10.0, 2_000)


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement, what it binds, what it costs by estimate, and the way to go where it finds fewer rows than asked
    for, though there may be more."""

    shape: Shape
    binds: dict[str, Any]
    price: float = 0.0
    fallback: Plan | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many records there are: in reach (``customers`` that own them, ``records``) and in the tenant; the part of
    them that a search finds; how many rows are wanted (None: all, to be counted)."""

    customers: int
    records: int
    total: int
    match: float
    wanted: int | None


@dataclass(frozen=True, slots=True)
class Hits:
    """What the search index holds of a text: how many records, and which, as it is bound; no more than are asked for,
    of every tenant."""

    count: int
    ids: Any


def hits(sight: Sight, kind: Kind, search: str) -> Hits | None:
    """Which records hold the text; None where the search index cannot tell."""
    if not kind.indexed or len(fold(search)) < _TRIGRAM:
        return None
    return _hits(sight, kind, like_pattern(search) if sight.postgresql else _phrase(search))


def elsewhere(sight: Sight, kind: Kind, search: str) -> Hits:
    """Which records hold a text elsewhere than at their beginning, on SQLite."""
    return _hits(sight, kind, f"{_phrase(search)} NOT ^{_phrase(search)}")


def _phrase(search: str) -> str:
    return '"' + fold(search).replace('"', '""') + '"'


def _hits(sight: Sight, kind: Kind, wanted: str) -> Hits:
    if sight.postgresql:
        source = f"SELECT k.id FROM {kind.table} k WHERE k.search_key LIKE :wanted LIMIT :most"
        gathered = "COALESCE(array_agg(id), '{}')"
    else:
        source = f"SELECT rowid AS id FROM {kind.table}_search WHERE search_key MATCH :wanted LIMIT :most"
        gathered = "json_group_array(id)"
    row = sight.connection.execute(
        text(f"SELECT count(*) AS count, {gathered} AS ids FROM ({source}) hits"),
        {"wanted": wanted, "most": costs(sight).few + 1},
    ).one()
    return Hits(*row)


def splits(kind: Kind, shape: Shape, wanted: int | None) -> bool:
    """Whether a search can be put as two: what begins with the text, a range of the order, and what else holds it."""
    return wanted is not None and not shape.postgresql and kind.indexed_orders[shape.sort] == ("search_key",)


def beyond(text: str) -> str:
    """The first text, in the order of code points, after all that begin with this one."""
    for place in range(len(text) - 1, -1, -1):
        point = ord(text[place])
        if point < 0x10FFFF:
            return text[:place] + chr(0xE000 if point == 0xD7FF else point + 1)
    raise ValueError("nothing comes after such a text")


def little(shape: Shape, customers: int, records: int) -> bool:
    """Whether so little is in reach that going through it costs less than asking the search index."""
    if customers <= 64 and records <= 1000:
        return True
    return customers <= _NEAR / 10 and records <= _NEAR and (shape.postgresql or shape.sort == shape.kind.sort)


def share(search: str, found: Hits | None, every: int, costs: Costs) -> float:
    """The part of all records that a search finds, as an estimate."""
    if not search:
        return 1.0
    if found is not None and found.count <= costs.few:
        return min(1.0, max(found.count, 1) / max(every, 1))
    return _OFTEN if len(search) == 1 else _SELDOM


def costs(sight: Sight) -> Costs:
    """Those of the engine."""
    return POSTGRESQL if sight.postgresql else SQLITE


def total(sight: Sight, kind: Kind) -> int:
    """How many records of a kind the tenant has, as an estimate: devices by what customers count, others as many as
    there are customers."""
    found = sight.memo.get("tenant")
    if not isinstance(found, tuple):
        row = sight.connection.execute(_TENANT, {"tenant": sight.tenant_id}).one()
        found = sight.memo["tenant"] = (row.customers, row.devices)
    return int(found[1] if kind is DEVICES else found[0])


def ways(kind: Kind, shape: Shape, guess: Estimate, costs: Costs, hits: Hits | None) -> Iterator[tuple[float, Way]]:
    """What each way there is would cost."""
    part = max(guess.records, 1) / max(guess.total, 1)
    walked = guess.total if guess.wanted is None else min(guess.total, guess.wanted / (part * guess.match) + 1)
    listed = shape.sort == kind.sort and not shape.lacking
    beside = bool(shape.match) and not listed
    look = (costs.look if shape.match == "scan" else 0) + (costs.row if beside else 0)
    # Whose a record is stands in some indexes, and beside the others.
    probe = costs.probe + (costs.row if kind.is_customer else 0)
    yield walked * (costs.entry + look + guess.match * probe), "walk"
    if len(kind.nodes) == 1:
        # The set is looked into first where the text stands beside the index.
        each = costs.seek + part * look if beside else look + guess.match * costs.seek
        yield walked * (costs.entry + each) + guess.customers * costs.customer, "sieve"
    # Of each customer its records stand in the order of their names: whoever wants another reads them whole.
    other = kind.is_customer or not listed
    each = (
        costs.entry * (_SCATTERED if guess.records > _NEAR else 1)
        + (costs.look if shape.match == "scan" else 0)
        + (costs.row * (1 if kind.is_customer else guess.match) if other else 0)
    )
    yield guess.customers * costs.records + guess.records * each, "gather"
    if hits is not None and hits.count <= costs.few:
        yield hits.count * (costs.row + (0 if shape.whole else costs.probe)), "hits"


def choose(kind: Kind, shape: Shape, guess: Estimate, costs: Costs, hits: Hits | None) -> Plan:
    """The cheapest way, and how far it may go; what it takes is bound by whoever asks."""
    prices = {way: price for price, way in ways(kind, shape, guess, costs, hits)}
    if shape.whole:
        hit = prices.get("hits", prices["walk"]) < prices["walk"]
        return Plan(_shaped(shape, "hits" if hit else "plain"), {}, prices["hits" if hit else "walk"])
    way = _least(prices)
    price = prices[way]
    if way not in ("walk", "sieve") or guess.wanted is None:
        return Plan(_shaped(shape, way), {}, price)
    part = max(guess.records, 1) / max(guess.total, 1)
    budget = max(_LEAST, int(_SPREAD * guess.wanted / (part * guess.match)))
    if budget >= guess.total:
        return Plan(_shaped(shape, way), {}, price)
    # Where the first part of the order has too few, the scope and the order go together: every row is to be reckoned.
    rest = _least({way: price for price, way in ways(kind, shape, replace(guess, wanted=None), costs, hits)})
    if rest == way:
        return Plan(_shaped(shape, way), {}, price)
    return Plan(_shaped(shape, way), {"budget": budget}, price, Plan(_shaped(shape, rest), {}))


def _least(prices: dict[Way, float]) -> Way:
    return min(prices, key=lambda way: prices[way])


def _shaped(shape: Shape, way: Way) -> Shape:
    match: Match = "index" if way == "hits" else shape.match
    return replace(shape, way=way, match=match)
