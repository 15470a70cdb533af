"""What devices reported: the history of numbers, a table a day, and what they say of themselves.

A table of a day is dropped whole once it is older than what is kept. On PostgreSQL those are partitions of one table,
by whose name they are read and written; there a function makes them, since whoever takes signals in may own nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import repeat
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Integer, column, func, inspect, select, text

from ringfence.domain.signal import Value
from ringfence.storage.bulk import any_of, append_flat, upsert_rows
from ringfence.storage.signal_tables import DAY, HISTORY, Reported, day_rows, day_table, waiting

KEPT_DAYS: Final = 30
"""So many days of history are kept, besides today's."""
_MAKE_DAY: Final = text("SELECT ringfence_make_day(:day)")


class Point(NamedTuple):
    """A number at a moment, in milliseconds since 1970."""

    at: int
    number: float


class Part(NamedTuple):
    """The numbers of a series within a part of a time: the moments of the ``first`` and the ``last`` one, in
    milliseconds since 1970, their ``mean``, the least and the greatest, and how many there are."""

    first: int
    last: int
    mean: float
    low: float
    high: float
    number: int


Points = list[Any]
"""Numbers of series, one after the other: the series (its id), the moment, and the number."""
Key = tuple[int, str]
"""A device, and the name of something that it reports."""
_POINT: Final = {"tenant_id": "int", "series_id": "int", "at": "bigint", "number": "double precision"}
_SETTLE: Final = (
    f"INSERT INTO {{day}} SELECT tenant_id, series_id, at, number FROM {HISTORY} WHERE at >= ? AND at < ? "  # noqa: S608
    "ORDER BY series_id, at ON CONFLICT (tenant_id, series_id, at) DO UPDATE SET number = excluded.number"
)
_REPORTED: Final = {"tenant_id": "int", "device_id": "int", "name": "text", "said": "text", "at": "bigint"}


@lru_cache(maxsize=4096, typed=True)
def said(value: Value) -> str:
    """A value as it is kept."""
    return json.dumps(value, ensure_ascii=False)


@lru_cache(maxsize=4096)
def unsaid(kept: str) -> Value:
    """A value as it was said, of what `said` keeps of it."""
    found: Value = json.loads(kept)
    return found


def write(connection: Connection, tenant_id: int, points: Points, *, put_off: bool = False) -> None:
    """Writes numbers into the history: of a series and a moment the last one. On SQLite they may be ``put_off``."""
    if not points:
        return
    moments = points[1::3]
    first, last = min(moments) // DAY, max(moments) // DAY
    days = [first] if first == last else sorted({at // DAY for at in moments})
    for day in days:
        _make_day(connection, day_of(day * DAY))
    if put_off:
        append_flat(connection, HISTORY, tenant_id, 3, points)
        return
    rows = list(zip(repeat(tenant_id), points[::3], points[1::3], points[2::3], strict=False))
    if connection.dialect.name != "sqlite":  # one statement writes no row twice
        upsert_rows(connection, HISTORY, _POINT, 3, sorted({one[:3]: one for one in rows}.values()))
        return
    for day in days:
        those = rows if len(days) == 1 else [one for one in rows if one[2] // DAY == day]
        upsert_rows(connection, day_table(day_of(day * DAY)), _POINT, 3, those)


def settle(connection: Connection) -> None:
    """Puts numbers that were put off where they belong."""
    days = connection.exec_driver_sql(f"SELECT DISTINCT at / {DAY} FROM {HISTORY}").scalars().all()  # noqa: S608
    for day in days:
        name = day_of(day * DAY)
        _make_day(connection, name)
        connection.exec_driver_sql(_SETTLE.format(day=day_table(name)), (day * DAY, day * DAY + DAY))
    connection.exec_driver_sql(f"DELETE FROM {HISTORY}")  # noqa: S608 - our own


def report(connection: Connection, tenant_id: int, attributes: Mapping[Key, tuple[int, Value]]) -> None:
    """Writes attributes that devices reported of themselves, where they are no older than what is there."""
    rows = [(tenant_id, *key, said(attributes[key][1]), attributes[key][0]) for key in sorted(attributes)]
    upsert_rows(connection, Reported.__tablename__, _REPORTED, 3, rows, newer="at")


def history(connection: Connection, tenant_id: int, series: int, since: int, until: int) -> list[Point]:
    """The numbers of a series from a moment up to, but not at, another one, in their order."""
    found: list[Point] = []
    binds = {"tenant": tenant_id, "series": series, "since": since, "until": until}
    for rows in rows_of(connection, days_of(connection), since, until):
        query = text(
            f"SELECT at, number FROM {rows} p "  # noqa: S608 - of tables of ours
            "WHERE tenant_id = :tenant AND series_id = :series AND at >= :since AND at < :until ORDER BY at"
        )
        found += (Point(at, number) for at, number in connection.execute(query, binds))
    return found


def courses(
    connection: Connection, tenant_id: int, series: Collection[int], since: int, until: int, parts: int
) -> dict[int, list[Part]]:
    """The numbers of series from a moment up to, but not at, another one, by their ids: of each of so many parts of
    that time in which there are any, in their order. What comes out grows with the parts, whatever was reported."""
    found: defaultdict[int, list[Part]] = defaultdict(list)
    binds = {"tenant": tenant_id, "since": since, "until": until, "step": max(1, (until - since) // parts)}
    theirs = any_of(connection, column("series_id", Integer), sorted(series))
    for rows in rows_of(connection, days_of(connection), since, until) if series else ():
        query = (
            select(
                *(column("series_id"), func.min(column("at")), func.max(column("at"))),
                *(func.avg(column("number")), func.min(column("number")), func.max(column("number")), func.count()),
            )
            .select_from(text(f"{rows} p"))
            .where(theirs, text("tenant_id = :tenant AND at >= :since AND at < :until"))
            .group_by(column("series_id"), text("(at - :since) / :step"))
        )
        for own, first, last, mean, low, high, number in connection.execute(query, binds):
            found[own].append(Part(first, last, min(max(mean, low), high), low, high, number))
    return {own: sorted(theirs) for own, theirs in found.items()}


def rows_of(connection: Connection, days: Iterable[str], since: int, until: int) -> list[str]:
    """What statements read the history of a time from, one after the other, each with a name of its own to follow: of
    these days those that it touches; and in the end, once for all of them, what is not where it belongs yet: of each
    series that is the latest."""
    first, last = day_of(since), day_of(until)
    late = [HISTORY] if waiting(connection) else []
    return [day_rows(connection, day) for day in sorted(days) if first <= day <= last] + late


def days_of(connection: Connection) -> list[str]:
    """The days of which there is history, in their order, each as YYYYMMDD."""
    names = inspect(connection).get_table_names()
    days = (name.removeprefix(day_table("")) for name in names if name.startswith(day_table("")))
    return sorted(day for day in days if day.isdigit())


def old_days(connection: Connection, now: int, days: int = KEPT_DAYS) -> list[str]:
    """The days that are older than so many."""
    first = day_of(now - days * DAY)
    return [day for day in days_of(connection) if day < first]


def drop_old(connection: Connection, now: int, days: int = KEPT_DAYS) -> int:
    """Drops the days that are older than so many; returns how many those were."""
    old = old_days(connection, now, days)
    for day in old:
        connection.execute(text(f"DROP TABLE {day_table(day)}"))
    return len(old)


def day_of(at: int) -> str:
    """The day of a moment, in UTC, as YYYYMMDD."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y%m%d")


def _make_day(connection: Connection, day: str) -> None:
    """Makes the table of a day, where there is none yet."""
    name = day_table(day)
    if connection.dialect.name == "sqlite":
        there = "SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = ?"
        if connection.exec_driver_sql(there, (name,)).first():
            return
        connection.execute(
            text(
                f"CREATE TABLE {name} (tenant_id INTEGER NOT NULL, series_id INTEGER NOT NULL, at BIGINT NOT NULL, "
                "number FLOAT NOT NULL, PRIMARY KEY (tenant_id, series_id, at)) WITHOUT ROWID"
            )
        )
        return
    if not inspect(connection).has_table(name):
        connection.execute(_MAKE_DAY, {"day": day})
