"""What devices reported: the latest value of each series, and the history of numbers, a table a day.

A table of a day is dropped whole once it is older than what is kept. On PostgreSQL those are partitions of one table;
they are read and written by their own names on both engines.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, inspect, select, text

from ringfence.domain.signal import Value
from ringfence.storage.bulk import any_of
from ringfence.storage.signal_tables import HISTORY, Reported, Series, day_table

KEPT_DAYS: Final = 30
"""So many days of history are kept, besides today's."""
DAY: Final = 86_400_000
"""Milliseconds of a day."""
_LOCK: Final = 0x52464E57


class Point(NamedTuple):
    """A number at a moment, in milliseconds since 1970."""

    at: int
    number: float


class Latest(NamedTuple):
    """The latest value of a series, and when it was so."""

    series: int
    device: int
    name: str
    at: int
    value: Value


Key = tuple[int, str]
"""A device, and the name of one of its series."""


def said(value: Value) -> str:
    """Text or a truth value as it is kept."""
    return json.dumps(value, ensure_ascii=False)


def value_of(number: float | None, kept: str | None) -> Value:
    """A value as it was said."""
    if number is not None:
        return number
    found: Value = json.loads(kept or '""')
    return found


def write(
    connection: Connection,
    tenant_id: int,
    newest: Mapping[Key, tuple[int, Value]],
    numbers: Iterable[tuple[Key, Point]],
) -> dict[Key, Latest | None]:
    """Writes the newest value of each series that was heard, where that is no older than what is there, and all of
    their numbers into the history. Returns what was the latest before, by series; None for a new one."""
    before = latest_of(connection, tenant_id, {device for device, _ in newest})
    _upsert(
        connection,
        "series",
        ("tenant_id", "device_id", "name", "at", "number", "said"),
        ("tenant_id", "device_id", "name"),
        [
            (tenant_id, device, name, at, *(_kept(value)))
            for (device, name), (at, value) in sorted(newest.items())
            if (device, name) not in before or at >= before[device, name].at
        ],
        newer="at",
    )
    known = {key: one.series for key, one in before.items()}
    if fresh := {device for device, name in newest if (device, name) not in known}:
        known |= {key: one.series for key, one in latest_of(connection, tenant_id, fresh).items()}
    days: dict[str, dict[tuple[int, int], float]] = {}
    for key, point in numbers:
        days.setdefault(day_of(point.at), {})[known[key], point.at] = point.number
    for day, points in sorted(days.items()):
        _make_day(connection, day)
        rows = [(tenant_id, series, at, number) for (series, at), number in sorted(points.items())]
        columns = ("tenant_id", "series_id", "at", "number")
        _upsert(connection, day_table(day), columns, columns[:3], rows)
    return {key: before.get(key) for key in newest}


def report(connection: Connection, tenant_id: int, attributes: Mapping[Key, tuple[int, Value]]) -> None:
    """Writes attributes that devices reported of themselves, where they are no older than what is there."""
    columns = ("tenant_id", "device_id", "name", "said", "at")
    rows = [(tenant_id, *key, said(value), at) for key, (at, value) in sorted(attributes.items())]
    _upsert(connection, Reported.__tablename__, columns, columns[:3], rows, newer="at")


def latest_of(connection: Connection, tenant_id: int, devices: Collection[int]) -> dict[Key, Latest]:
    """The latest values of these devices, by series."""
    if not devices:
        return {}
    theirs = any_of(connection, Series.device_id, sorted(devices))
    query = select(Series.id, Series.device_id, Series.name, Series.at, Series.number, Series.said)
    rows = connection.execute(query.where(theirs, Series.tenant_id == tenant_id))
    return {
        (device, name): Latest(own, device, name, at, value_of(number, kept))
        for own, device, name, at, number, kept in rows
    }


def history(connection: Connection, tenant_id: int, series: int, since: int, until: int) -> list[Point]:
    """The numbers of a series from a moment up to, but not at, another one, in their order."""
    found: list[Point] = []
    for day in days_of(connection):
        if day_of(since) <= day <= day_of(until):
            query = text(
                f"SELECT at, number FROM {day_table(day)} WHERE tenant_id = :tenant AND series_id = :series "  # noqa: S608
                "AND at >= :since AND at < :until ORDER BY at"
            )
            binds = {"tenant": tenant_id, "series": series, "since": since, "until": until}
            found += (Point(at, number) for at, number in connection.execute(query, binds))
    return found


def days_of(connection: Connection) -> list[str]:
    """The days of which there is history, in their order, each as YYYYMMDD."""
    names = inspect(connection).get_table_names()
    days = (name.removeprefix(f"{HISTORY}_") for name in names if name.startswith(f"{HISTORY}_"))
    return sorted(day for day in days if day.isdigit())


def drop_old(connection: Connection, now: int, days: int = KEPT_DAYS) -> int:
    """Drops the days that are older than so many; returns how many those were."""
    first = day_of(now - days * DAY)
    old = [day for day in days_of(connection) if day < first]
    for day in old:
        connection.execute(text(f"DROP TABLE {day_table(day)}"))
    return len(old)


def day_of(at: int) -> str:
    """The day of a moment, in UTC, as YYYYMMDD."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y%m%d")


def _kept(value: Value) -> tuple[float | None, str | None]:
    return (None, said(value)) if isinstance(value, bool | str) else (value, None)


def _make_day(connection: Connection, day: str) -> None:
    """Makes the table of a day, where there is none yet."""
    name = day_table(day)
    if inspect(connection).has_table(name):
        return
    if connection.dialect.name == "sqlite":
        connection.execute(
            text(
                f"CREATE TABLE {name} (tenant_id INTEGER NOT NULL, series_id INTEGER NOT NULL, at BIGINT NOT NULL, "
                "number FLOAT NOT NULL, PRIMARY KEY (tenant_id, series_id, at)) WITHOUT ROWID"
            )
        )
        return
    # One at a time makes it; attached, it keeps nobody from reading or writing the other days.
    connection.execute(text("SELECT pg_advisory_xact_lock(:one)"), {"one": _LOCK})
    if inspect(connection).has_table(name):
        return
    begin = round(datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).timestamp() * 1000)
    connection.execute(text(f"CREATE TABLE {name} (LIKE {HISTORY} INCLUDING INDEXES)"))
    connection.execute(
        text(f"ALTER TABLE {HISTORY} ATTACH PARTITION {name} FOR VALUES FROM ({begin}) TO ({begin + DAY})")
    )


def _upsert(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    keyed: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    newer: str = "",
) -> None:
    """Writes rows, each in place of the one with its key, unless that has a later ``newer``; no two have one key."""
    if not rows:
        return
    names = ", ".join(columns)
    taken = ", ".join(f"{one} = excluded.{one}" for one in columns if one not in keyed)
    only = f" WHERE excluded.{newer} >= {table}.{newer}" if newer else ""
    end = f"ON CONFLICT ({', '.join(keyed)}) DO UPDATE SET {taken}{only}"
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks}) {end}", list(rows))  # noqa: S608
        return
    arrays = ", ".join(f"CAST(:{name} AS {_ARRAYS.get(name, 'int')}[])" for name in columns)
    query = text(f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}) {end}")  # noqa: S608
    connection.execute(query, {name: [row[place] for row in rows] for place, name in enumerate(columns)})


_ARRAYS: Final = {"name": "text", "at": "bigint", "number": "double precision", "said": "text"}
"""What columns hold on PostgreSQL, where that is no whole number."""
