"""The demo database: made from the story, and opened as a scratch copy on which nothing is lost."""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Timer
from typing import Final

from sqlalchemy import Connection

from ringfence.changes.chain import hash_of
from ringfence.domain import clock
from ringfence.domain.errors import RingfenceError
from ringfence.storage.engine import Database, open_database

STORY_DAY: Final = date(2026, 11, 16)
"""The day on which the story is told; its validity windows lie around it."""
STORY_NOON: Final = datetime(2026, 11, 16, 12, tzinfo=UTC)
"""The moment as of which its alarms are told."""


_AFTER: Final = 0.5
"""Seconds after which the audit and the history of numbers are told anew: the first data are on the screen by then."""


def shipped() -> Path:
    """Where demo.db is: in the installed package, or at the top of the repository."""
    here = Path(__file__).resolve()
    for path in (here.parents[1] / "demo.db", here.parents[3] / "demo.db"):
        if path.is_file() and path.stat().st_size:
            return path
    raise RingfenceError("the demo database is missing: install Ringfence again")


def build(path: Path) -> None:
    """Makes the demo database from the story and its past, as one file without companions: the same at every call."""
    from ringfence.snapshot.demo_feed import take_day
    from ringfence.snapshot.load import load_document
    from ringfence.snapshot.story_past import beginning, happening, looking, tell

    path.unlink(missing_ok=True)
    database = open_database(str(path), create=True)
    load_document(database, beginning())
    tell(database)
    with clock.stopped(STORY_NOON):
        load_document(database, looking())
        take_day(database)
        load_document(database, happening())
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE audit_entry SET os_user = ''")  # whoever builds it did none of that
        _chain_anew(connection)
    database.close()
    file = sqlite3.connect(path)
    file.execute("PRAGMA journal_mode = DELETE")
    # What was worked out while it was told is of no use any more.
    file.executescript("DELETE FROM scope_interval; DELETE FROM scope_site; DELETE FROM scope;")
    file.execute("VACUUM")
    file.close()


@contextmanager
def scratch_copy() -> Iterator[tuple[Database, int]]:
    """The demo database, copied to where it can be changed at will and is removed at the end, and by how many seconds
    what happens in it is later than it is told."""
    with tempfile.TemporaryDirectory(prefix="ringfence-demo-") as folder:
        path = Path(folder) / "demo.db"
        shutil.copyfile(shipped(), path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")  # so that readers and a writer leave each other be
        database = open_database(str(path))
        today = datetime.now(UTC)
        tables = _history_of(database)

        def shift_history() -> None:
            with suppress(RingfenceError):  # the demo is as well without
                _shift_audit(database, today, told)
                _shift_history(database, today, tables)

        history = Timer(_AFTER, shift_history)  # the first data wait for all but that
        try:
            told = _shift(database, today)
            history.start()
            yield database, _later_by(today)
        finally:
            history.cancel()
            if history.ident is not None:
                history.join()
            database.close()


def shift_to(database: Database, today: datetime) -> None:
    """Has the story be told as of that moment: `scratch_copy` does it as of now."""
    tables = _history_of(database)
    _shift_audit(database, today, _shift(database, today))
    _shift_history(database, today, tables)


def _shift(database: Database, today: datetime) -> int:
    """Moves every validity window by whole days, so that "ended yesterday" stays yesterday; alarms, test modes and what
    devices said to the second, so that each is as old as ever. Returns the id of the last entry of the audit, up to
    which that has yet to be moved."""
    with database.writing() as connection:
        connection.exec_driver_sql(_WINDOWS, {"kept": _KEPT, "days": f"{_days_by(today).days:+} days"})
        connection.exec_driver_sql("UPDATE tenant SET version = version + 1")
        seconds = _later_by(today)
        shifted = {"kept": _KEPT, "seconds": f"{seconds:+} seconds", "thousandths": seconds * 1000}
        for statement in _HAPPENING:
            connection.exec_driver_sql(statement, shifted)
        last: int = connection.exec_driver_sql("SELECT max(id) FROM audit_entry").scalar_one()
        return last


def _shift_audit(database: Database, today: datetime, last: int) -> None:
    """Moves the whole past, up to an entry (its id), by whole days as well, so that what was done last week was done
    last week."""
    with database.writing() as connection:
        _chain_anew(connection, _days_by(today), last)


def _days_by(today: datetime) -> timedelta:
    return timedelta(days=(today.date() - STORY_DAY).days)


def _later_by(today: datetime) -> int:
    """By how many seconds what happens in the story is later, told as of that moment."""
    return int((today - STORY_NOON).total_seconds())


_KEPT: Final = "%Y-%m-%d %H:%M:%S.000000"
# The demo is an SQLite file, and the first data wait for this: putting the statements together would take longer.
_WINDOWS: Final = """
    UPDATE membership
    SET valid_from = strftime(:kept, valid_from, :days), valid_until = strftime(:kept, valid_until, :days)
    WHERE valid_from IS NOT NULL OR valid_until IS NOT NULL
"""
_HAPPENING: Final = (
    """
    UPDATE alarm
    SET started_key = strftime('%Y-%m-%dT%H:%M:%S.000000', started_key, :seconds),
        started_at = strftime(:kept, started_at, :seconds), last_at = strftime(:kept, last_at, :seconds),
        ended_at = strftime(:kept, ended_at, :seconds), acked_at = strftime(:kept, acked_at, :seconds),
        assigned_at = strftime(:kept, assigned_at, :seconds), cleared_at = strftime(:kept, cleared_at, :seconds)
    """,
    "UPDATE test_mode SET until = strftime(:kept, until, :seconds)",
    "UPDATE alarm_above SET started_key = strftime('%Y-%m-%dT%H:%M:%S.000000', started_key, :seconds)",
    "UPDATE escalation SET since = since + :thousandths, due_at = due_at + :thousandths",
    "UPDATE device_latest SET at = at + :thousandths",
    """
    UPDATE device_latest SET older = (
        SELECT json_group_array(value + :thousandths)
        FROM (SELECT value FROM json_each(device_latest.older) ORDER BY key)
    )
    WHERE older IS NOT NULL
    """,
    "UPDATE reported SET at = at + :thousandths",
    "UPDATE event SET at = at + :thousandths",
    "UPDATE edge_heard SET at = at + :thousandths",
    """
    UPDATE rule_state
    SET heard_at = heard_at + :thousandths, since = since + :thousandths, due_at = due_at + :thousandths
    """,
    "UPDATE runaway SET full_at = full_at + :thousandths, due_at = due_at + :thousandths",
)
_ENTRIES: Final = "SELECT * FROM audit_entry ORDER BY tenant_id, number"
_ANEW: Final = """
    UPDATE audit_entry SET at = :at, sort_key = :sort_key, detail = :detail, previous = :previous, hash = :hash
    WHERE id = :id
"""
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")


def _history_of(database: Database) -> list[str]:
    with database.reading() as connection:
        return sorted(connection.exec_driver_sql(_HISTORY).scalars())


def _shift_history(database: Database, today: datetime, tables: list[str]) -> None:
    """Moves the history of numbers likewise, which has a table for each day."""
    thousandths = _later_by(today) * 1000
    with database.writing() as connection:
        for table in tables:
            connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO told_{table}")
        for table in tables:
            made = connection.exec_driver_sql(_MADE, (f"told_{table}",)).scalar_one()
            ends = f"SELECT min(at), max(at) FROM told_{table}"  # noqa: S608 - a name of our own
            first, last = (at + thousandths for at in connection.exec_driver_sql(ends).one())
            for begin in range(first - first % _DAY, last + 1, _DAY):
                name = f"{table[:-8]}{datetime.fromtimestamp(begin / 1000, UTC):%Y%m%d}"
                connection.exec_driver_sql(made.replace(f'"told_{table}"', f"IF NOT EXISTS {name}"))
                moved = f"INSERT INTO {name} SELECT tenant_id, series_id, at + ?, number FROM told_{table}"  # noqa: S608
                day = (thousandths, begin - thousandths, begin - thousandths + _DAY)
                connection.exec_driver_sql(f"{moved} WHERE at >= ? AND at < ?", day)
            connection.exec_driver_sql(f"DROP TABLE told_{table}")


_DAY: Final = 86_400_000
_HISTORY: Final = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'point!_%' ESCAPE '!'"
_MADE: Final = "SELECT sql FROM sqlite_master WHERE name = ?"


def _chain_anew(connection: Connection, later: timedelta = timedelta(), last: int = 0) -> None:
    """Chains the entries of every tenant's audit anew, each up to the ``last`` (its id) as if it had been written so
    much later. Of a database that is not the demo this would be forgery, and nothing else does it."""
    ends: dict[int, str] = {}
    entries = []
    for row in connection.exec_driver_sql(_ENTRIES).mappings():
        entry = dict(row)
        tenant = entry["tenant_id"]
        by = later if entry["id"] <= last else timedelta()
        moment, _, place = entry["sort_key"].partition(" ")
        entry["at"] = datetime.fromisoformat(moment) + by
        entry["sort_key"] = f"{_later(moment, by)} {place}"
        entry["detail"] = _moments_later(entry["detail"], by)
        entry["previous"] = ends.get(tenant, "")
        entry["hash"] = ends[tenant] = hash_of(entry)
        entries.append({**entry, "at": entry["at"].strftime("%Y-%m-%d %H:%M:%S.%f")})
    connection.exec_driver_sql(_ANEW, entries)
    connection.exec_driver_sql(
        "UPDATE tenant SET audit_hash = ? WHERE id = ?", [(end, own) for own, end in ends.items()]
    )


def _moments_later(text: str, by: timedelta) -> str:
    return _MOMENT.sub(lambda found: _later(found[0], by), text)


def _later(moment: str, by: timedelta) -> str:
    moved = datetime.fromisoformat(moment) + by
    return moved.isoformat(timespec="microseconds" if "." in moment else "seconds")
