"""Which way leads to a page: the cheapest by estimate, of those that `ringfence.visibility.sql` has statements for.

Costs are in microseconds, as measured on both engines at a million devices. They decide how long a page takes, and
never what is on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import zip_longest
from math import prod
from typing import Any, Final, NamedTuple

from sqlalchemy import TextClause, text

from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.filter import Term
from ringfence.domain.kind import Kind
from ringfence.visibility import substrings
from ringfence.visibility.matching import MOST_NAMES, Asked, Lead, texts_of
from ringfence.visibility.sql import Shape, Way, told
from ringfence.visibility.substrings import FEW, Hits, among, bound, hits, owner, unbound
from ringfence.visibility.viewer import Sight, beyond_reach

_OFTEN: Final = 0.3
_SELDOM: Final = 0.02
"""The parts of all records that a letter is taken to be found in, and a search whose hits nobody counted: no index
tells of what has more hits than are counted."""
_ENOUGH: Final = 200
"""Once a term finds no more rows than that, no index is asked of the others."""
_SPREAD: Final = 4
_LEAST: Final = 200
"""A walk that has gone so many times as far as it should have needed, and at least so many rows, is given up."""
_SURE: Final = 1.5
"""A page of hits is looked for along the order that many times as far as it should need."""
_MOST_RANGES: Final = 8
"""What begins with a word is looked for in no more ranges of an order."""
_NEAR: Final = 20_000
_SCATTERED: Final = (2, 8)
"""Entries of the records of many customers lie apart, and cost so many times as much; those of more than so many
records too far apart to be found in memory."""
_TENANT: Final = text(
    "SELECT count(*) AS customers, COALESCE(sum(device_count), 0) AS devices FROM customer WHERE tenant_id = :tenant"
)


class Costs(NamedTuple):
    """What a step costs on an engine: reading an entry of an index, or a whole row; looking at a text; looking an owner
    up in the set of a scope's; going on from a customer to its records, or to the first of them; looking a name up
    that a row refers to; reading one of the hits of the search index.

    What the next rows of an order may cost is ``nearby``, and asking the search index for more than three letters
    ``phrase``. No more than ``few`` hits of it are gone through, and no more than ``few_first`` of those that begin
    with a word, which are a range of the order, too."""

    entry: float
    row: float
    look: float
    member: float
    records: float
    first: float
    name: float
    hit: float
    nearby: float
    phrase: float
    few: int
    few_first: int

    @property
    def at_hand(self) -> float:
        """What costs no more than that is done for certain, sooner than what may cost less."""
        return 2 * self.nearby


SQLITE: Final = Costs(0.05, 1.0, 0.05, 0.03, 0.6, 2.0, 1.5, 1.0, 2_000.0, 8_000.0, FEW[False], 500)
POSTGRESQL: Final = Costs(0.2, 1.0, 0.2, 0.1, 3.0, 5.0, 4.0, 3.0, 5_000.0, 8_000.0, FEW[True], 500)


class Plan(NamedTuple):
    """A statement, what it binds, what it costs by estimate, and the way to go where it finds fewer rows than asked
    for, though there may be more. Of hits also whose they are, where that is known."""

    shape: Shape
    binds: dict[str, Any]
    price: float = 0.0
    fallback: Plan | None = None
    owners: Sequence[int] = ()


class Estimate(NamedTuple):
    """How many records there are: in reach (``customers`` that own them, ``records``) and in the tenant; the part of
    them that a filter finds; how many rows are wanted (None: all, to be counted); how many texts of a row are looked
    at, whether more than the search index is read for that, and how many names are looked up."""

    customers: int
    records: int
    total: int
    match: float
    wanted: int | None
    looks: int = 0
    beside: bool = False
    names: int = 0


def led(sight: Sight, kind: Kind, asked: Asked, most: int) -> tuple[Lead | None, Hits | None, tuple[float, ...]]:
    """The term by which the fewest rows are to be looked at, which those are, and the part of all records that each of
    the terms has by estimate; None where no index tells of any. No more than ``most`` are gone through."""
    best: tuple[Lead, Hits] | None = None
    every = max(total(sight, kind), 1)
    customers = max(total(sight, CUSTOMERS), 1)
    parts = []
    for lead in asked.leads:
        known = best is not None and best[1].count <= _ENOUGH
        found = None if known else candidates(sight, kind, lead, most)
        if found is not None and found.count <= most:
            parts.append(max(found.count, 1) / every)
        else:
            own = _guessed(len(lead.needle)) if lead.needle is not None else 0.0
            names = sum(len(ids) for ids in lead.named.values() if not are_texts(ids)) / customers
            parts.append(min(1.0, max(own + names + lead.share, most / every if found is not None else 0.0)))
        if found is not None and (best is None or found.count < best[1].count):
            best = lead, found
    parts += [max(_guessed(length), MOST_NAMES / customers) for length in asked.words]
    return (None, None, tuple(parts)) if best is None else (*best, tuple(parts))


def candidates(sight: Sight, kind: Kind, lead: Lead, most: int) -> Hits | None:
    """The records that hold a term in their search key, and those that refer to what it names; None where no index
    tells of them. One more than ``most`` stands for too many."""
    own = hits(sight, kind, lead.needle, most) if lead.needle is not None else Hits(0, bound(sight, ()))
    return own if own is None or own.count > most else _with_named(sight, kind, lead, own, most)


def _with_named(sight: Sight, kind: Kind, lead: Lead, own: Hits, most: int) -> Hits:
    """Hits, and the records that refer to what a term names."""
    if not lead.named:
        return own
    found = dict(zip_longest(unbound(own.ids), own.owners))
    for column, values in lead.named.items():
        # An index of texts begins with the tenant, one of ids with those.
        tenant = "k.tenant_id = :tenant" if are_texts(values) else told(postgresql=sight.postgresql)
        query = _referring(kind, f"{tenant} AND {among(f'k.{column}', 'values', values, postgresql=sight.postgresql)}")
        binds = {"values": bound(sight, values), "tenant": sight.tenant_id, "most": most + 1}
        rows = sight.connection.execute(query, binds).all()
        found.update((row.id, row.owner) for row in rows)
        if len(rows) > most or len(found) > most:
            return Hits(most + 1, None)
    ids = sorted(found)
    owners = [found[one] for one in ids] if sight.postgresql else ()
    return Hits(len(found), bound(sight, ids), owners, own.begins)


@lru_cache(maxsize=64)
def _referring(kind: Kind, condition: str) -> TextClause:
    return text(f"SELECT k.id, {owner(kind)} AS owner FROM {kind.table} k WHERE {condition} LIMIT :most")


def are_texts(values: Sequence[int] | Sequence[str]) -> bool:
    """Whether a term names texts of a column, and not ids."""
    return bool(values) and isinstance(values[0], str)


def guessed(asked: Asked) -> tuple[float, ...]:
    """The part of all records that each of the terms has, where nothing is looked up."""
    own = (lead.share + (0.0 if lead.needle is None else _guessed(len(lead.needle))) for lead in asked.leads)
    return (*own, *map(_guessed, asked.words))


def _guessed(letters: int) -> float:
    return _OFTEN if letters <= 1 else _SELDOM


def splits(sight: Sight, kind: Kind, shape: Shape, lead: Lead, wanted: int | None) -> tuple[str, Sequence[str]] | None:
    """Whether what a term finds can be put as two: what begins with its text, which are ranges of the order, and the
    rest. Returns the column that stands before the name in the order (empty for none), and what it says: a range for
    each."""
    if not (lead.begins and len(lead.needle or "") >= substrings.SHORT and wanted is not None):
        return None
    match kind.indexed_orders[shape.sort]:
        case (kind.order,):
            return "", ("",)
        case (column, kind.order):
            said = texts_of(sight, kind, column)
            return (column, said) if said and len(said) <= _MOST_RANGES else None
    return None


def elsewhere(sight: Sight, kind: Kind, lead: Lead, most: int) -> Hits:
    """The records that a term finds otherwise than by how they begin; some of those too where they refer to what it
    names."""
    assert lead.needle is not None
    own = substrings.elsewhere(sight, kind, lead.needle, most)
    return own if own.count > most else _with_named(sight, kind, lead, own, most)


def next_rows(kind: Kind, shape: Shape, guess: Estimate, costs: Costs, share: float) -> int:
    """So many rows of an order are looked at before any other way is gone, of which the share is in sight."""
    return int(costs.nearby / (costs.entry + costs.member + share * _looking(kind, shape, guess, costs)))


def _looking(kind: Kind, shape: Shape, guess: Estimate, costs: Costs) -> float:
    """What it costs to look at a row of an order for what a filter asks."""
    beside = bool(shape.match) and (kind.order not in kind.indexed_orders[shape.sort] or guess.beside)
    return guess.looks * costs.look + guess.names * costs.name + (costs.row if beside else 0)


def at_hand(kind: Kind, shape: Shape, guess: Estimate, costs: Costs) -> float:
    """What it costs to go through all that is in sight, where that is little more than the next rows of the order;
    else 0."""
    if shape.whole:
        return 0.0
    (gather,) = (price for price, way in ways(kind, shape, guess, costs, None) if way == "gather")
    return gather if gather <= costs.at_hand else 0.0


def often(terms: Sequence[Term]) -> bool:
    """Whether nearly every record may have what is sought."""
    return all(term.excluded or len(term.text) < substrings.SHORT for term in terms)


def told_by_index(terms: Sequence[Term]) -> bool:
    """Whether an index tells at once what each of the words names."""
    return all(not term.text or len(term.text) >= substrings.SHORT for term in terms)


def share(terms: Sequence[Term]) -> float:
    """The part of all records that has what is sought, where nothing is looked up."""
    return prod(1.0 if term.excluded else _guessed(len(term.text)) for term in terms)


def index_asked(asked: Asked, own: float, costs: Costs) -> bool:
    """Whether the search index is asked, where all that is in sight could be gone through for its ``own`` price (0: it
    could not)."""
    long = any(len(lead.needle or "") > substrings.SHORT for lead in asked.leads)
    return not (own and long and own < costs.phrase / 2)


def tiny(customers: int, records: int) -> bool:
    """Whether so little is in reach that each row is looked at with all that it refers to."""
    return customers <= 64 and records <= 1000


def little(shape: Shape, customers: int, records: int) -> bool:
    """Whether so little is in reach that going through it costs less than asking the search index."""
    return tiny(customers, records) or (
        customers <= _NEAR / 10 and records <= _NEAR / 10 and (shape.postgresql or shape.sort == shape.kind.sort)
    )


def costs(sight: Sight) -> Costs:
    """Those of the engine."""
    return POSTGRESQL if sight.postgresql else SQLITE


def total(sight: Sight, kind: Kind) -> int:
    """How many records of a kind the tenant has, as an estimate: devices by what customers count, others as many as
    there are customers."""
    found = sight.memo.get("tenant")
    if not isinstance(found, tuple):
        with beyond_reach(sight.connection):  # of what is in reach alone, the longest way would seem short
            row = sight.connection.execute(_TENANT, {"tenant": sight.tenant_id}).one()
        found = sight.memo["tenant"] = (row.customers, row.devices)
    return int(found[1] if kind is DEVICES else found[0])


def ways(kind: Kind, shape: Shape, guess: Estimate, costs: Costs, hits: Hits | None) -> Iterator[tuple[float, Way]]:
    """What each way there is would cost."""
    part = max(guess.records, 1) / max(guess.total, 1)
    walked = guess.total if guess.wanted is None else min(guess.total, guess.wanted / (part * guess.match) + 1)
    listed = shape.sort == kind.sort and not shape.lacking
    yield walked * (costs.entry + costs.member + part * _looking(kind, shape, guess, costs)), "walk"
    # Of each customer its records stand in the order of their names: whoever wants another reads them whole.
    other = kind.is_customer or not listed
    each = (
        costs.entry * _SCATTERED[guess.records > _NEAR]
        + guess.looks * costs.look
        + guess.names * costs.name
        + (costs.row * (1 if kind.is_customer or guess.beside else guess.match) if other or guess.beside else 0)
    )
    if kind.is_customer:
        yield guess.customers * each, "gather"
    else:
        yield guess.customers * costs.records + guess.records * each, "gather"
    if hits is not None and hits.count <= costs.few:
        yield hits.count * costs.hit, "hits"


def choose(kind: Kind, shape: Shape, guess: Estimate, costs: Costs, hits: Hits | None) -> Plan:
    """The cheapest way, and how far it may go; what it takes is bound by whoever asks."""
    prices = {way: price for price, way in ways(kind, shape, guess, costs, hits)}
    if shape.whole:
        if "hits" not in prices:
            return Plan(shape._replace(way="plain"), {}, prices["walk"])
        return _before_hits(shape, guess, prices)
    part = max(guess.records, 1) / max(guess.total, 1)
    budget = max(_LEAST, int(_SPREAD * (guess.wanted or 0) / (part * guess.match)))
    limited = guess.wanted is not None and budget < guess.total
    if limited and not shape.postgresql:
        prices["walk"] += budget * costs.entry  # to know where that part of the order ends
    if "hits" in prices:
        del prices["walk"]  # which may find its rows late, where the hits never cost too much
    # How soon a walk finds what is sought is guessed, and what is in sight is known: where that is little, it is sure,
    # unless the whole order is no longer than that.
    every = {way: price for price, way in ways(kind, shape, guess._replace(wanted=None), costs, hits)}
    sure = shape.match and "hits" not in prices and prices["gather"] <= min(costs.at_hand, every["walk"])
    way: Way = "gather" if sure else _least(prices)
    price = prices[way]
    if way != "walk" or not limited:
        return Plan(shape._replace(way=way), {}, price)
    # Where the first part of the order has too few, the scope and the order go together: every row is to be reckoned.
    return Plan(shape._replace(way=way), {"budget": budget}, price, Plan(shape._replace(way=_least(every)), {}))


def _before_hits(shape: Shape, guess: Estimate, prices: dict[Way, float]) -> Plan:
    """The hits, or first a little more of the order than should hold a page of them, where that costs less."""
    found = Plan(shape._replace(way="hits"), {}, prices["hits"])
    if guess.wanted is None or _SURE * prices["walk"] > prices["hits"]:
        return found
    return Plan(shape._replace(way="plain"), {"budget": int(_SURE * guess.wanted / guess.match)}, prices["walk"], found)


def _least(prices: dict[Way, float]) -> Way:
    return min(prices, key=lambda way: prices[way])
