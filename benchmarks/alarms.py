"""What the first page of the queue costs: 50 of 20,000 open alarms among a million, with a storm of 5,000 more at
customers that ``half`` does not see, for users who see much and little, against the same page without any scoping.

On both engines, in processor time: of this process, and of the server where there is one."""

from __future__ import annotations

import os
import random
import statistics
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any, Final

from sqlalchemy import text

from benchmarks.big import DATA, USERS, make_big
from benchmarks.copies import brought_up, on_postgresql
from benchmarks.report import Report
from ringfence.domain import clock
from ringfence.domain.alarm import ALARMS, OPEN
from ringfence.domain.signal import SEVERITIES
from ringfence.signals import queue
from ringfence.snapshot.load import load_file
from ringfence.storage.bulk import insert_rows, settle_ids, settle_statistics
from ringfence.storage.engine import Database, open_database
from ringfence.storage.tables import Alarm
from ringfence.visibility.counting import count
from ringfence.visibility.page import Query, Window, page
from ringfence.visibility.sql import Shape, statement
from ringfence.visibility.viewer import Viewer

RATIO = 2.0
_RATIOS = ("all", "leaf3", "half", "sub1k")
SCATTERED = 15.0
"""Milliseconds for whoever sees 5,000 customers one by one."""
_CUSTOMERS, _ALARMS, _OPEN, _STORM = 100_000, 1_000_000, 20_000, 5_000
_NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
_KINDS = ("Intrusion", "Too warm", "Battery low", "Offline", "Door open", "Power lost")
_QUEUE = Query(ALARMS, f"outcome:{OPEN}", descending=True)
_WINDOW = Window(limit=50)
_ROUNDS = 60
_UNSCOPED = " AND k.outcome = :outcome"


def run() -> Report:
    """A table for each engine."""
    report = Report()
    file = _made(DATA / "alarms.db")
    database = open_database(str(file))
    _measured(report, database, "SQLite", process_time)
    database.close()
    with on_postgresql(file) as (server,):
        _measured(report, server, "PostgreSQL", lambda: process_time() + _backends(server))
    return report


def _measured(report: Report, database: Database, engine: str, spent: Callable[[], float]) -> None:
    report.lines.append(f"  {engine:20}{'open':>8}{'scoped ms':>11}{'unscoped':>10}{'ratio':>8}{'counted ms':>12}")
    found = {login: _page(database, login, spent) for login in USERS}
    for login, (seen, scoped, unscoped, counted) in found.items():
        report.lines.append(
            f"  {login:20}{seen:>8,}{scoped * 1000:>11.3f}{unscoped * 1000:>10.3f}{scoped / unscoped:>8.2f}"
            f"{counted * 1000:>12.3f}"
        )
    for login in _RATIOS:
        _, scoped, unscoped, _ = found[login]
        report.judge(f"{engine}: queue of {login}, against the unscoped one", scoped / unscoped, RATIO, "times")
    report.judge(f"{engine}: queue of sel5k, processor time", found["sel5k"][1] * 1000, SCATTERED, "ms")


def _page(database: Database, login: str, spent: Callable[[], float]) -> tuple[int, float, float, float]:
    """How many somebody sees, and the seconds of a page of them, of the unscoped page and of counting them."""
    viewer = Viewer.sign_in(database, login)
    shape = Shape(ALARMS, "plain", descending=True, match="scan", condition=_UNSCOPED, postgresql=database.postgresql)
    plain, binds = statement(shape), {"tenant": viewer.tenant_id, "outcome": OPEN, "limit": _WINDOW.limit, "skip": 0}

    def scoped() -> int:
        with viewer.look(ALARMS.permission) as sight:
            return len(page(sight, _QUEUE, _WINDOW))

    def unscoped() -> int:
        with database.reading() as connection:
            return len(connection.execute(plain, binds).all())

    def counted() -> int:
        with viewer.look(ALARMS.permission) as sight:
            return count(sight, _QUEUE)

    seen = counted()
    assert (scoped(), unscoped()) == (min(seen, _WINDOW.limit), _WINDOW.limit)
    times: dict[Callable[[], int], list[float]] = {scoped: [], unscoped: [], counted: []}
    for _ in range(3):  # of many at once: a server's processor time is told in hundredths of a second
        for one, found in times.items():
            begin = spent()
            for _ in range(_ROUNDS):
                one()
            found.append((spent() - begin) / _ROUNDS)
    return seen, *(statistics.median(found) for found in times.values())  # type: ignore[return-value]


def _backends(server: Database) -> float:
    """The processor time of the server's processes that serve this one, in seconds."""
    with server.reading() as connection:
        query = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        pids = connection.execute(query).scalars().all()
    ticks = os.sysconf("SC_CLK_TCK")
    said = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids)
    return sum(int(fields[11]) + int(fields[12]) for fields in said) / ticks


def _made(path: Path) -> Path:
    """The large tree without its devices, and its alarms; made where there is none."""
    if path.exists():
        return brought_up(path)
    DATA.mkdir(exist_ok=True)
    unfinished = path.with_suffix(".making")
    unfinished.unlink(missing_ok=True)
    source = path.with_suffix(".json")
    make_big(source, _CUSTOMERS, 0)
    database = open_database(str(unfinished), create=True)
    load_file(database, source)
    source.unlink()
    with database.writing() as connection:
        tenant, customers = _customers(connection)
        rows = sorted(_alarms(tenant, customers), key=lambda row: str(row[_COLUMNS.index("started_key")]))
        insert_rows(connection, Alarm.__table__, ("id", *_COLUMNS), ((own, *row) for own, row in enumerate(rows, 1)))
        place = {name: _COLUMNS.index(name) for name in ("customer_id", "severity", "started_key", "outcome")}
        paths = dict(customers)
        queue.put(
            connection,
            tenant,
            (
                queue.Open(own, row[place["severity"]], row[place["started_key"]], paths[row[place["customer_id"]]])
                for own, row in enumerate(rows, 1)
                if row[place["outcome"]] == OPEN
            ),
        )
        settle_ids(connection, [Alarm.__table__])
        settle_statistics(connection, [Alarm.__table__])
    database.close()
    unfinished.rename(path)
    return path


def _customers(connection: Any) -> tuple[int, list[tuple[int, str]]]:
    rows = connection.execute(text("SELECT tenant_id, id, path FROM customer WHERE parent_id IS NOT NULL ORDER BY id"))
    found = [tuple(row) for row in rows]
    return found[0][0], [(own, path) for _, own, path in found]


_COLUMNS: Final = (
    *("tenant_id", "customer_id", "name", "kind", "unit_id", "severity", "text", "started_at", "last_at", "count"),
    *("ended_at", "cleared_at", "outcome", "runaway", "notes", "key", "started_key", "search_key"),
)


def _alarms(tenant: int, customers: list[tuple[int, str]]) -> Iterator[tuple[Any, ...]]:
    """Those that are cleared began within a year, and those that are open within three days; the storm, at customers
    below the first of all, within ten minutes."""
    chance = random.Random(11)
    ids = [own for own, _ in customers]
    top = customers[0][1]
    stormy = [own for own, path in customers if path.startswith(top)]
    for number in range(_ALARMS):
        storm, fresh = number < _STORM, number < _STORM + _OPEN
        began = timedelta(seconds=chance.randrange(600 if storm else 3 * 86_400 if fresh else 365 * 86_400))
        at = _NOW - began
        over = None if fresh else at + timedelta(minutes=chance.randrange(1, 240))
        name = chance.choice(_KINDS)
        yield (
            *(tenant, chance.choice(stormy if storm else ids), name, "", f"U-{number:07d}"),
            *(chance.choice(SEVERITIES), "", at, at, 1, over, over, OPEN if fresh else "real", False, ""),
            *(f"A-{number:07d}", clock.in_order(at), name.lower()),
        )
