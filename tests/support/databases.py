"""Databases for tests: emptied quickly, loaded, dumped, and laid bare."""

from __future__ import annotations

import io
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import Connection, column, insert, inspect, select, text
from sqlalchemy import table as lightweight

from ringfence.snapshot.dump import dump
from ringfence.storage import schema, structure
from ringfence.storage.engine import Database, locate, open_database, require_file
from ringfence.storage.metadata import metadata
from ringfence.visibility.viewer import Viewer


@cache
def _empty_file() -> bytes:
    """An SQLite file as the migrations make it, which takes them a tenth of a second."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        open_database(str(path), create=True).close()
        return path.read_bytes()


def made(path: Path) -> Database:
    """A new SQLite database with every table empty."""
    path.write_bytes(_empty_file())
    return open_database(str(path))


def empty(database: Database) -> None:
    """Takes every row out of a database, and begins its ids anew."""
    tables = [table.name for table in metadata.sorted_tables]
    if database.postgresql:
        # TRUNCATE makes every file of every table anew, which takes fifty times as long for the few rows of a test.
        with database.engine.begin() as connection:
            connection.exec_driver_sql("; ".join(f'DELETE FROM "{name}"' for name in reversed(tables)))
            restart = (
                "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S' "
                "AND relnamespace = current_schema()::regnamespace"
            )
            connection.exec_driver_sql(restart)
            days = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'point'::regclass"
            for day in connection.exec_driver_sql(days).scalars().all():
                connection.exec_driver_sql(f"DROP TABLE {day}")
        return
    with database.writing() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for name in reversed(tables):
            connection.execute(text(f'DELETE FROM "{name}"'))
        connection.exec_driver_sql("DELETE FROM sqlite_sequence")


def forget_past(path: Path) -> None:
    """Empties the audit of a copy of the demo: what is in it then is what a test does."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM audit_entry")
        connection.execute("UPDATE tenant SET audit_count = 0, audit_hash = ''")


def dumped(database: Database, viewer: Viewer | None = None) -> str:
    """The dump, as text."""
    out = io.StringIO()
    dump(database, out, viewer)
    return out.getvalue()


def rows(database: Database) -> dict[str, list[Any]]:
    """Every row of every table, to tell whether anything changed."""
    with database.engine.connect() as connection:
        names = sorted(inspect(connection).get_table_names())
        return {
            name: sorted(repr(tuple(row)) for row in connection.execute(text(f'SELECT * FROM "{name}"')))
            for name in names
        }


def copied(source: Database, url: str, revision: str, audit: Callable[[list[Any]], list[Any]] = list) -> None:
    """Makes a database of an older revision with all that another one holds, as far as there was a place for it; of its
    audit what ``audit`` makes of that."""
    require_file(locate(url), create=True)
    old = Database(locate(url))
    with old.engine.connect().execution_options(ringfence_writing=True) as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
        with source.reading() as reading:
            # The audit last: once it referred to customers.
            for table in sorted(metadata.sorted_tables, key=lambda table: table.name == "audit_entry"):
                if not inspect(connection).has_table(table.name):
                    continue
                there = {one["name"]: one for one in inspect(connection).get_columns(table.name)}
                columns = [one for one in table.c if one.name in there]
                order = table.c.path if table.name == "customer" else columns[0]  # a parent before those below it
                rows = [dict(row._mapping) for row in reading.execute(select(*columns).order_by(order))]
                if table.name == "audit_entry":
                    rows = audit(rows)
                left_out = there.keys() - rows[0].keys() - {"id"} if rows else ()
                # What demanded more had other rows.
                if rows and all(there[name]["nullable"] for name in left_out):
                    types = {one.name: one.type for one in columns}
                    bare = lightweight(table.name, *(column(name, types.get(name)) for name in rows[0]))
                    connection.execute(insert(bare), rows)
        connection.commit()
    old.close()


_compare = structure.differences
_compared: dict[tuple[Any, ...], list[Any]] = {}


def compared_once(connection: Connection) -> list[Any]:
    """What the tables have otherwise than the classes say: on SQLite worked out once for what made the tables."""
    if connection.dialect.name != "sqlite":
        return _compare(connection)
    made_by = connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
    key = tuple(map(tuple, made_by))
    if key not in _compared:
        _compared[key] = _compare(connection)
    return _compared[key]
