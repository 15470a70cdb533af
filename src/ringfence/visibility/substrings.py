"""The index of substrings: which records of a kind hold a text in their search key, of those kinds that have one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from ringfence.domain.kind import Kind
from ringfence.domain.text import like_pattern
from ringfence.visibility.viewer import Sight

TRIGRAM: Final = 3
"""The index tells nothing of fewer letters."""
FEW: Final = {False: 8_000, True: 2_000}
"""No more hits than that are gone through, on SQLite and on PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Hits:
    """How many records were found, and which, as it is bound; no more than are asked for, of every tenant."""

    count: int
    ids: Any


def hits(sight: Sight, kind: Kind, needle: str) -> Hits | None:
    """Which records hold a folded text; None where the index cannot tell. One more than few stands for too many."""
    if not kind.substrings or len(needle) < TRIGRAM:
        return None
    return _hits(sight, kind, wanted(sight, needle))


def elsewhere(sight: Sight, kind: Kind, needle: str) -> Hits:
    """Which records hold a text elsewhere than at their beginning, on SQLite."""
    return _hits(sight, kind, f"{_phrase(needle)} NOT ^{_phrase(needle)}")


def wanted(sight: Sight, needle: str) -> str:
    """What the index is asked for."""
    return like_pattern(needle) if sight.postgresql else _phrase(needle)


def few(sight: Sight) -> int:
    """How many hits are gone through."""
    return FEW[sight.postgresql]


def holding(kind: Kind, *, postgresql: bool) -> str:
    """A statement of the ids of the records that hold what is ``:wanted``, ``:most`` of them."""
    if postgresql:
        return f"SELECT k.id FROM {kind.table} k WHERE k.search_key LIKE :wanted LIMIT :most"
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


def _hits(sight: Sight, kind: Kind, sought: str) -> Hits:
    gathered = "COALESCE(array_agg(id), '{}')" if sight.postgresql else "json_group_array(id)"
    source = holding(kind, postgresql=sight.postgresql)
    row = sight.connection.execute(
        text(f"SELECT count(*) AS count, {gathered} AS ids FROM ({source}) hits"),
        {"wanted": sought, "most": few(sight) + 1},
    ).one()
    return Hits(*row)


def _phrase(needle: str) -> str:
    return '"' + needle.replace('"', '""') + '"'
