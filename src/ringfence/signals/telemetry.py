"""What devices reported: the latest value of each series, and the history of numbers, a table a day.

A table of a day is dropped whole once it is older than what is kept. On PostgreSQL those are partitions of one table,
by whose name they are read and written; there a function makes them, since whoever takes signals in may own nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Integer, Select, bindparam, column, func, inspect, select, text

from ringfence.domain.signal import Value
from ringfence.storage.bulk import Among, any_of, insert_rows, listed, prepared, run_each, take_ids, upsert_rows
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


@dataclass(slots=True)
class Latest:
    """The latest value of a series (0: one that is not written yet), and when it was so, in milliseconds since 1970."""

    series: int
    device: int
    name: str
    at: int
    value: Value


Number = tuple[Latest, int, float]
"""A number of a series at a moment."""
Renewed = tuple[int, int, float | None, str | None]
"""The latest value of a series (its id): when it was so, and a number or else what was said."""
Kept = tuple[int, int, int, float]
"""A number of the history as it is kept: the tenant, the series, the moment, and the number."""
Key = tuple[int, str]
"""A device, and the name of something that it reports."""
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
_RENEW: Final = "UPDATE series SET at = ?2, number = ?3, said = ?4 WHERE id = ?1"
"""There is one writer, who knows what is there: nothing is newer."""
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
    fresh: Sequence[Latest],
    renewed: Sequence[Renewed],
    numbers: Iterable[Number],
    points: Sequence[Kept] = (),
) -> None:
    """Writes series that are ``fresh``, each of which is given its id, the latest values that are ``renewed`` (of one
    series the last), where they are no older than what is there, and numbers into the history: ``numbers`` of series
    that may be fresh, and ``points``."""
    if fresh:
        _add(connection, tenant_id, fresh)
    if renewed:
        _renew(connection, renewed)
    every = [*points, *((tenant_id, one.series, at, number) for one, at, number in numbers)]
    for day, those in _by_day(every):
        name = day_of(day * DAY)
        _make_day(connection, name)
        if connection.dialect.name == "sqlite":
            upsert_rows(connection, day_table(name), _POINT, 3, those)
        else:  # one statement writes no row twice
            upsert_rows(connection, HISTORY, _POINT, 3, sorted({one[:3]: one for one in those}.values()))


def _by_day(points: Sequence[Kept]) -> Iterator[tuple[int, Sequence[Kept]]]:
    """The days, each with its numbers; mostly all are of one."""
    if not points:
        return
    moments = [one[2] for one in points]
    if min(moments) // DAY == max(moments) // DAY:
        yield moments[0] // DAY, points
    else:
        for day in sorted({at // DAY for at in moments}):
            yield day, [one for one in points if one[2] // DAY == day]


def report(connection: Connection, tenant_id: int, attributes: Mapping[Key, tuple[int, Value]]) -> None:
    """Writes attributes that devices reported of themselves, where they are no older than what is there."""
    rows = [(tenant_id, *key, said(attributes[key][1]), attributes[key][0]) for key in sorted(attributes)]
    upsert_rows(connection, Reported.__tablename__, _REPORTED, 3, rows, newer="at")


def latest_of(connection: Connection, tenant_id: int, device: int) -> list[Latest]:
    """The latest values of a device, in no order."""
    return list(known_of(connection, tenant_id, [device])[device].values())


def known_of(connection: Connection, tenant_id: int, devices: Collection[int]) -> dict[int, dict[str, Latest]]:
    """The latest values of each of these devices, by name."""
    found: dict[int, dict[str, Latest]] = {device: {} for device in devices}
    if not found:
        return found
    given = {"tenant": tenant_id, "devices": listed(connection, devices)}
    for own, device, name, at, number, kept in connection.execute(prepared(connection, _of_devices), given):
        found[device][name] = Latest(own, device, name, at, value_of(number, kept))
    return found


def _of_devices(among: Among) -> Select[Any]:
    query = select(Series.id, Series.device_id, Series.name, Series.at, Series.number, Series.said)
    return query.where(among(Series.device_id, "devices"), Series.tenant_id == bindparam("tenant"))


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


def _add(connection: Connection, tenant_id: int, fresh: Sequence[Latest]) -> None:
    """Adds series, and gives each its id."""
    if connection.dialect.name == "sqlite":
        for one, own in zip(fresh, take_ids(connection, Series.__table__, len(fresh)), strict=True):
            one.series = own
        rows = [(one.series, tenant_id, one.device, one.name, one.at, *_kept(one.value)) for one in fresh]
        insert_rows(connection, Series.__table__, ("id", *_SERIES), rows)
        return
    # Somebody else may add the same one at once. In one order, so that no two who do wait for each other.
    ordered = sorted((tenant_id, one.device, one.name, one.at, *_kept(one.value)) for one in fresh)
    upsert_rows(connection, "series", _SERIES, 3, ordered, newer="at")
    known = known_of(connection, tenant_id, {one.device for one in fresh})
    for one in fresh:
        one.series = known[one.device][one.name].series


def _renew(connection: Connection, rows: Sequence[Renewed]) -> None:
    """Puts the latest values of series in the place of what is no newer."""
    if connection.dialect.name == "sqlite":
        run_each(connection, _RENEW, rows)
        return
    last = sorted({one[0]: one for one in rows}.values())  # one statement writes no row twice
    binds = zip(("id", "at", "number", "said"), map(list, zip(*last, strict=True)), strict=True)
    connection.execute(_RENEW_POSTGRESQL, dict(binds))
