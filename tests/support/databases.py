"""Databases for tests: emptied quickly, loaded, dumped, and laid bare."""

from __future__ import annotations

import io
from typing import Any

from sqlalchemy import inspect, text

from ringfence.domain.registry import Base
from ringfence.snapshot.dump import dump
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer


def empty(database: Database) -> None:
    """Takes every row out of a database, and begins its ids anew."""
    tables = [table.name for table in Base.metadata.sorted_tables]
    if database.postgresql:
        with database.engine.begin() as connection:
            names = ", ".join(f'"{name}"' for name in tables)
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        return
    with database.writing() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for name in reversed(tables):
            connection.execute(text(f'DELETE FROM "{name}"'))
        connection.exec_driver_sql("DELETE FROM sqlite_sequence")


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
