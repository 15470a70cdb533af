"""What is open, read from the queue, against all alarms of which those that are open are picked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from ringfence.domain.alarm import ALARMS, OPEN
from ringfence.visibility.counting import count, place
from ringfence.visibility.page import Query, Window, every, page
from ringfence.visibility.viewer import Sight

FILTERS: Final[dict[str, Callable[[Any], bool]]] = {
    "outcome:open": lambda row: row.outcome == OPEN,
    "outcome:open severity:major": lambda row: row.outcome == OPEN and row.severity == "major",
    "-severity:m outcome:ope": lambda row: row.outcome == OPEN and "m" not in row.severity[:1],
    "outcome:open severity:none": lambda _: False,
    "outcome:open -name:a": lambda row: row.outcome == OPEN and "a" not in row.name.lower(),
}


def agree(sight: Sight, paths: Iterable[str] = ()) -> int:
    """That lists of what is open are what lists of everything have of it: in every order, below these customers too,
    counted, and around each row. Returns how many rows were looked at."""
    looked = 0
    for under in (None, *paths):
        for sort in ("started_at", "severity", "key"):
            for descending in (False, True):
                looked += _in_order(sight, Query(ALARMS, sort=sort, under=under, descending=descending))
    return looked


def _in_order(sight: Sight, order: Query) -> int:
    rows = list(every(sight, order))
    for search, fits in FILTERS.items():
        query = Query(ALARMS, search, order.sort, order.descending, order.under)
        expected = [row for row in rows if fits(row)]
        keys = [row.key for row in expected]
        assert [row.key for row in every(sight, query, size=2)] == keys, query
        assert count(sight, query) == len(keys), query
        backwards = page(sight, query, Window(limit=len(keys) + 1, from_end=True))
        assert [row.key for row in backwards] == keys, query
        for at, row in enumerate(expected[:4]):
            around = row.sort_value, row.id
            assert [one.key for one in page(sight, query, Window(2, before=around))] == keys[max(0, at - 2) : at], query
            assert [one.key for one in page(sight, query, Window(2, after=around, skip=1))] == keys[at + 2 : at + 4]
            assert place(sight, query, row.id) == at, query
    return len(rows)
