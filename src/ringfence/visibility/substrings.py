"""The index of substrings: which records of a kind hold a text in their search key, of those kinds that have one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from ringfence.domain.kind import Kind
from ringfence.domain.text import SEPARATOR, like_pattern
from ringfence.visibility.viewer import Sight

SHORT: Final = 3
"""Of fewer letters than that another index tells."""
_BETWEEN, _INSTEAD = " -_./:", "zxqjkvw"
"""What stands between words, after the separator of texts, and the letters that are seldom by which the index of three
letters on PostgreSQL has it."""
_JOINED: Final = f"translate(k.search_key, chr({ord(SEPARATOR)}) || '{_BETWEEN}', '{_INSTEAD}')"
_LETTERS: Final = str.maketrans(SEPARATOR + _BETWEEN, _INSTEAD)
FEW: Final = {False: 8_000, True: 5_000}
"""No more hits than that are gone through, on SQLite and on PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Hits:
    """How many records were found, and which, as it is bound; no more than are asked for, of every tenant."""

    count: int
    ids: Any


def hits(sight: Sight, kind: Kind, needle: str) -> Hits | None:
    """Which records hold a folded text; None where no index tells. One more than few stands for too many."""
    if not kind.substrings or not needle:
        return None
    return _hits(sight, *holding(kind, needle, postgresql=sight.postgresql))


def holding(kind: Kind, needle: str, *, postgresql: bool) -> tuple[str, dict[str, Any]]:
    """A statement of the ids of the records that hold a text, ``:most`` of them, and what else it binds."""
    if postgresql and len(needle) < SHORT:
        found, binds = "ringfence_letters(k.search_key) @> ARRAY[CAST(:needle AS text)]", {"needle": needle}
    elif postgresql:
        # As its index has it, and, since other letters may stand in for those, as it is.
        found = f"{_JOINED} LIKE :wanted AND strpos(k.search_key, CAST(:needle AS text)) > 0"
        binds = {"wanted": like_pattern(needle.translate(_LETTERS)), "needle": needle}
    elif len(needle) < SHORT:
        terms = "term >= :needle AND term < :beyond"
        binds = {"needle": needle, "beyond": beyond(needle)}
        return f"SELECT DISTINCT doc AS id FROM {kind.table}_search_letters WHERE {terms} LIMIT :most", binds
    else:
        return _matching(kind), {"wanted": _phrase(needle)}
    return f"SELECT k.id FROM {kind.table} k WHERE {found} LIMIT :most", binds


def elsewhere(sight: Sight, kind: Kind, needle: str) -> Hits:
    """Which records hold a text elsewhere than at their beginning, on SQLite."""
    wanted = f"{_phrase(needle)} NOT ^{_phrase(needle)}"
    return _hits(sight, _matching(kind), {"wanted": wanted})


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


def _matching(kind: Kind) -> str:
    return f"SELECT rowid AS id FROM {kind.table}_search WHERE search_key MATCH :wanted LIMIT :most"


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


def _hits(sight: Sight, source: str, binds: dict[str, Any]) -> Hits:
    """What a statement finds, asked once in a transaction."""
    key = ("hits", source, *binds.values())
    if key not in sight.answers:
        gathered = "COALESCE(array_agg(id), '{}')" if sight.postgresql else "json_group_array(id)"
        query = text(f"SELECT count(*) AS count, {gathered} AS ids FROM ({source}) hits")
        sight.answers[key] = sight.connection.execute(query, {**binds, "most": few(sight) + 1}).one()
    return Hits(*sight.answers[key])


def _phrase(needle: str) -> str:
    return '"' + needle.replace('"', '""') + '"'
