"""The index of substrings: which records of a kind hold a text in their search key, of those kinds that have one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from sqlalchemy import text

from ringfence.domain.kind import Kind
from ringfence.storage.rehearsal import rehearsed
from ringfence.visibility.viewer import Sight

SHORT: Final = 3
"""Of fewer letters than that SQLite tells by its vocabulary, and PostgreSQL wherever they stand."""
FEW: Final = {False: 8_000, True: 5_000}
"""No more hits than that are gone through, on SQLite and on PostgreSQL."""
_FAR: Final = 4
"""Where an estimate says so many times as many, it is believed."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Hits:
    """How many records were found, and which, as it is bound, of every tenant; no more than are asked for: one more
    stands for too many, of which it is not said which. ``begins``: so many of them begin with what was sought, where
    that was asked. On PostgreSQL also who owns each."""

    count: int
    ids: Any
    owners: Sequence[int] = ()
    begins: int = 0


def hits(sight: Sight, kind: Kind, needle: str, most: int) -> Hits | None:
    """Which records hold a folded text; None where no index tells. One more than ``most`` stands for too many."""
    if not kind.substrings or not needle:
        return None
    if _too_many(sight, kind, needle, most):
        return Hits(most + 1, None)
    if len(needle) < SHORT and _walled(sight):
        return elsewhere(sight, kind, needle, most)
    if sight.postgresql and len(needle) < SHORT:
        return _hits(sight, *on_postgresql(kind, needle), most)
    begin = _hits(sight, *_beginning(kind, needle), most)
    others = elsewhere(sight, kind, needle, most) if begin.count <= most else begin
    if not begin.count:
        return others
    if others.count <= most:
        owners = dict(zip_longest(unbound(begin.ids), begin.owners))
        owners |= dict(zip_longest(unbound(others.ids), others.owners))
        if len(owners) <= most:
            ids = bound(sight, sorted(owners))
            return Hits(len(owners), ids, [owners[one] for one in ids] if sight.postgresql else (), begin.count)
    return Hits(most + 1, None, begins=begin.count)


def on_postgresql(kind: Kind, needle: str) -> tuple[str, dict[str, Any]]:
    """A statement of PostgreSQL of the ids of the records of ``:tenant`` that hold a text, ``:most`` of them, and what
    else it binds."""
    if len(needle) < SHORT:
        letters = "ringfence_grams(k.search_key) @> ARRAY[CAST(:needle AS text)]"
        return f"{_found(kind)} WHERE k.tenant_id = :tenant AND {letters} LIMIT :most", {"needle": needle}
    (begin, binds), (others, more) = _beginning(kind, needle), _elsewhere_on_postgresql(kind, needle)
    return f"({begin}) UNION ALL ({others}) LIMIT :most", {**binds, **more}


def elsewhere(sight: Sight, kind: Kind, needle: str, most: int) -> Hits:
    """Which records hold a text of three letters or more, and do not begin with it. On SQLite also those that do both,
    and of shorter ones. Behind the second wall, which has no statement of ours ask by the index, also which hold a
    shorter one anywhere."""
    if _walled(sight):
        grams = _grams(needle) if len(needle) >= SHORT else [needle]
        return _hits(sight, _BEHIND_THE_WALL, {"kind": kind.table, "grams": grams, "needle": needle}, most)
    if sight.postgresql:
        return _hits(sight, *_elsewhere_on_postgresql(kind, needle), most)
    return _hits(sight, *_behind(kind, needle), most)


def _beginning(kind: Kind, needle: str) -> tuple[str, dict[str, Any]]:
    begins = "k.search_key >= :needle AND k.search_key < :beyond"
    query = f"{_found(kind)} WHERE k.tenant_id = :tenant AND {begins} LIMIT :most"
    return query, {"needle": needle, "beyond": beyond(needle)}


def _elsewhere_on_postgresql(kind: Kind, needle: str) -> tuple[str, dict[str, Any]]:
    # Of the first three letters of a text its index does not tell.
    there = "ringfence_grams(k.search_key) @> CAST(:grams AS text[])"
    held = "strpos(substr(k.search_key, 2), CAST(:needle AS text)) > 0 AND NOT starts_with(k.search_key, :needle)"
    query = f"{_found(kind)} WHERE k.tenant_id = :tenant AND {there} AND {held} LIMIT :most"
    return query, {"needle": needle, "grams": _grams(needle)}


_BEHIND_THE_WALL: Final = (
    "SELECT * FROM ringfence_holding(current_user, :kind, CAST(:grams AS text[]), CAST(:needle AS text), "
    "CAST(:most AS int))"
)


def _walled(sight: Sight) -> bool:
    """Whether policies stand before the tables that are asked, and not those of a rehearsal."""
    return bool(sight.connection.info.get("ringfence_walled")) and not rehearsed(sight.connection)


def _grams(needle: str) -> list[str]:
    return [needle[at : at + SHORT] for at in range(len(needle) - SHORT + 1)]


def _found(kind: Kind) -> str:
    return f"SELECT k.id, {owner(kind)} AS owner FROM {kind.table} k"


def owner(kind: Kind) -> str:
    """The column of ``k`` that says whose a record is."""
    return "k.id" if kind.is_customer else f"k.{kind.owner}"


def beyond(text: str) -> str:
    """The first text, in the order of code points, after all that begin with this one."""
    for place in range(len(text) - 1, -1, -1):
        point = ord(text[place])
        if point < 0x10FFFF:
            return text[:place] + chr(0xE000 if point == 0xD7FF else point + 1)
    raise ValueError("nothing comes after such a text")


def few(sight: Sight) -> int:
    """How many hits are gone through."""
    return FEW[sight.postgresql]


def _behind(kind: Kind, needle: str) -> tuple[str, dict[str, Any]]:
    """Of SQLite's index, which tells of what stands behind the first letter."""
    index = f"{kind.table}_search"
    if len(needle) >= SHORT:
        query = f"SELECT rowid AS id FROM {index} WHERE search_key MATCH :wanted LIMIT :most"
        return query, {"wanted": _phrase(needle)}
    terms = "term >= :needle AND term < :beyond"
    query = f"SELECT DISTINCT doc AS id FROM {index}_letters WHERE {terms} LIMIT :most"
    return query, {"needle": needle, "beyond": beyond(needle)}


def bound(sight: Sight, values: Sequence[int] | Sequence[str]) -> Any:
    """Ids or texts, as they are bound."""
    return list(values) if sight.postgresql else json.dumps(list(values))


def among(column: str, bind: str, values: Sequence[int] | Sequence[str], *, postgresql: bool) -> str:
    """A condition: the column is one of the values that are bound so."""
    if postgresql:
        return f"{column} = ANY(CAST(:{bind} AS {'text' if values and isinstance(values[0], str) else 'int'}[]))"
    return f"{column} IN (SELECT value FROM json_each(:{bind}))"


def unbound(ids: Any) -> list[int]:
    """The ids that are bound."""
    return list(ids) if isinstance(ids, list) else list(json.loads(ids))


def _hits(sight: Sight, source: str, binds: dict[str, Any], most: int) -> Hits:
    """What a statement finds, asked once in a transaction, and again only for more than were asked for."""
    key = ("hits", source, *map(str, binds.values()))
    known = sight.answers.get(key)
    if known is None or known[0] < min(most, known[1].count):
        gathered = "json_group_array(id) AS ids"
        if sight.postgresql:
            gathered = "COALESCE(array_agg(id), '{}') AS ids, COALESCE(array_agg(owner), '{}') AS owners"
        query = text(f"SELECT count(*) AS count, {gathered} FROM ({source}) hits")
        asked = {"tenant": sight.tenant_id, **binds, "most": most + 1}
        known = sight.answers[key] = most, sight.connection.execute(query, asked).one()
    found = Hits(*known[1])
    return found if found.count <= most else Hits(most + 1, None)  # of which it is not known which they all are


def _too_many(sight: Sight, kind: Kind, needle: str, most: int) -> bool:
    """Whether PostgreSQL's planner expects far more, of a word of which its index gathers all before it gives the
    first. Behind the wall that is seen to there."""
    if not sight.postgresql or len(needle) > SHORT or _walled(sight):
        return False
    key = ("too many", kind, needle, most)
    if key not in sight.answers:
        query, binds = on_postgresql(kind, needle)
        asked = {"tenant": sight.tenant_id, **binds, "most": _FAR * most + 1}
        (explained,) = sight.connection.execute(text(f"EXPLAIN (FORMAT JSON) {query}"), asked).scalar_one()
        sight.answers[key] = [explained["Plan"]["Plan Rows"] > _FAR * most]
    return bool(sight.answers[key][0])


def _phrase(needle: str) -> str:
    return '"' + needle.replace('"', '""') + '"'
