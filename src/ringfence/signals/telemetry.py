"""What devices reported: the latest value of each series, and the history of numbers, a table a day.

A table of a day is dropped whole once it is older than what is kept. On PostgreSQL those are partitions of one table,
by whose name they are read and written; there a function makes them, since whoever takes signals in may own nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Integer, column, func, inspect, select, text

from ringfence.domain.signal import Value
from ringfence.storage.bulk import any_of, upsert_rows
from ringfence.storage.signal_tables import DAY, HISTORY, Reported, Series, day_rows, day_table

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


class Latest(NamedTuple):
    """The latest value of a series, and when it was so."""

    series: int
    device: int
    name: str
    at: int
    value: Value


Key = tuple[int, str]
"""A device, and the name of one of its series."""
Number = tuple[Key, int, float]
"""A number of a series at a moment."""
Row = Sequence[Any]
"""A series as it is kept: its id, the moment of its latest value, the number, and what was said."""
_SERIES: Final = {
    "tenant_id": "int",
    "device_id": "int",
    "name": "text",
    "at": "bigint",
    "number": "double precision",
    "said": "text",
}
_POINT: Final = {"tenant_id": "int", "series_id": "int", "at": "bigint", "number": "double precision"}
_REPORTED: Final = {"tenant_id": "int", "device_id": "int", "name": "text", "said": "text", "at": "bigint"}
_RENEW: Final = "UPDATE series SET at = ?2, number = ?3, said = ?4 WHERE id = ?1 AND at <= ?2"
_RENEW_POSTGRESQL: Final = text(
    "UPDATE series SET at = new.at, number = new.number, said = new.said FROM (SELECT * FROM unnest("
    "CAST(:at AS bigint[]), CAST(:number AS double precision[]), CAST(:said AS text[]), CAST(:id AS int[])"
    ") AS new(at, number, said, id) ORDER BY id) new WHERE series.id = new.id AND series.at <= new.at"
)


@lru_cache(maxsize=4096, typed=True)
def said(value: Value) -> str:
    """Text or a truth value as it is kept."""
    return json.dumps(value, ensure_ascii=False)


def value_of(number: float | None, kept: str | None) -> Value:
    """A value as it was said."""
    if number is not None:
        return number
    return _unsaid(kept or '""')


@lru_cache(maxsize=4096)
def _unsaid(kept: str) -> Value:
    found: Value = json.loads(kept)
    return found


def write(
    connection: Connection,
    tenant_id: int,
    newest: Mapping[Key, tuple[int, Value]],
    numbers: Iterable[Number],
    before: Mapping[Key, Row],
) -> dict[Key, Row]:
    """Writes the newest value of each series that was heard, where that is no older than what there was ``before``, and
    all of their numbers into the history. Returns what is there now, of the series that are otherwise or new."""
    changed: dict[Key, Row] = {}
    fresh = []
    sqlite = connection.dialect.name == "sqlite"
    # Elsewhere in one order, so that no two who write wait for each other.
    for key, (at, value) in newest.items() if sqlite else sorted(newest.items(), key=itemgetter(0)):
        there = before.get(key)
        if there is None:
            fresh.append((tenant_id, *key, at, *_kept(value)))
        elif at >= there[1]:
            changed[key] = (
                (there[0], at, value, None) if value.__class__ is float else (there[0], at, None, said(value))
            )
    _renew(connection, changed.values())
    if fresh:
        upsert_rows(connection, "series", _SERIES, 3, fresh, newer="at")
        new = {(device, name) for _, device, name, *_ in fresh}
        now = known_of(connection, tenant_id, {device for device, _ in new})
        changed.update((key, now[key]) for key in new)
    days: defaultdict[int, list[tuple[int, int, int, float]]] = defaultdict(list)
    for key, at, number in numbers:
        days[at // DAY].append((tenant_id, (before.get(key) or changed[key])[0], at, number))
    for day, points in sorted(days.items()):
        name = day_of(day * DAY)
        _make_day(connection, name)
        if not sqlite:  # one statement writes no row twice
            points = sorted({point[:3]: point for point in points}.values())
        upsert_rows(connection, day_table(name) if sqlite else HISTORY, _POINT, 3, points)
    return changed


def report(connection: Connection, tenant_id: int, attributes: Mapping[Key, tuple[int, Value]]) -> None:
    """Writes attributes that devices reported of themselves, where they are no older than what is there."""
    rows = [(tenant_id, *key, said(attributes[key][1]), attributes[key][0]) for key in sorted(attributes)]
    upsert_rows(connection, Reported.__tablename__, _REPORTED, 3, rows, newer="at")


def latest_of(connection: Connection, tenant_id: int, devices: Collection[int]) -> list[Latest]:
    """The latest values of these devices, in no order."""
    known = known_of(connection, tenant_id, devices)
    return [
        Latest(own, device, name, at, value_of(number, kept))
        for (device, name), (own, at, number, kept) in known.items()
    ]


def known_of(connection: Connection, tenant_id: int, devices: Collection[int]) -> dict[Key, Row]:
    """The series of these devices, as they are kept."""
    if not devices:
        return {}
    theirs = any_of(connection, Series.device_id, sorted(devices))
    query = select(Series.device_id, Series.name, Series.id, Series.at, Series.number, Series.said)
    rows = connection.execute(query.where(theirs, Series.tenant_id == tenant_id)).all()
    return {(row[0], row[1]): row[2:] for row in map(tuple, rows)}


def history(connection: Connection, tenant_id: int, series: int, since: int, until: int) -> list[Point]:
    """The numbers of a series from a moment up to, but not at, another one, in their order."""
    found: list[Point] = []
    for day in days_of(connection):
        if day_of(since) <= day <= day_of(until):
            query = text(
                f"SELECT at, number FROM {day_rows(connection, day)} p "  # noqa: S608 - days are figures alone
                "WHERE tenant_id = :tenant AND series_id = :series AND at >= :since AND at < :until ORDER BY at"
            )
            binds = {"tenant": tenant_id, "series": series, "since": since, "until": until}
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
    for day in days_of(connection) if series else ():
        if day_of(since) <= day <= day_of(until):
            query = (
                select(
                    *(column("series_id"), func.min(column("at")), func.max(column("at"))),
                    *(func.avg(column("number")), func.min(column("number")), func.max(column("number")), func.count()),
                )
                .select_from(text(f"{day_rows(connection, day)} p"))
                .where(theirs, text("tenant_id = :tenant AND at >= :since AND at < :until"))
                .group_by(column("series_id"), text("(at - :since) / :step"))
            )
            for own, first, last, mean, low, high, number in connection.execute(query, binds):
                found[own].append(Part(first, last, min(max(mean, low), high), low, high, number))
    return {own: sorted(theirs) for own, theirs in found.items()}


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


def _kept(value: Value) -> tuple[float | None, str | None]:
    return (value, None) if type(value) is float else (None, said(value))


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


def _renew(connection: Connection, rows: Collection[Row]) -> None:
    """Puts values in the place of what is no newer: of each series its id, the moment, the number and what was said."""
    if rows and connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_RENEW, list(rows))
    elif rows:
        binds = zip(("id", "at", "number", "said"), map(list, zip(*rows, strict=True)), strict=True)
        connection.execute(_RENEW_POSTGRESQL, dict(binds))
