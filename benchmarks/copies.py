"""The large database once more: with names that follow the tree, and on PostgreSQL."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url, text

from ringfence.storage import schema
from ringfence.storage.bulk import insert_rows, settle_ids, settle_statistics
from ringfence.storage.engine import Database, locate, open_database
from ringfence.storage.metadata import metadata

_TOP = Path(__file__).parents[1]
_FOLLOWING = """
    SELECT printf('site %06d %s', c.place, k.name) AS name, k.id FROM device k
    JOIN (SELECT id, row_number() OVER (ORDER BY path) AS place FROM customer) c ON c.id = k.customer_id
"""


def following_the_tree(source: Path, path: Path) -> Path:
    """A copy in which the name of a device begins with where its customer stands in the tree, made where there is none
    of this source: whoever sees one end of the tree finds what they see at one end of the order."""
    if kept_for(path, [source]):
        return path
    unfinished = path.with_suffix(".making")
    shutil.copy(source, unfinished)
    connection = sqlite3.connect(unfinished, isolation_level=None)
    kept = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'device' AND sql IS NOT NULL "
        "AND (type = 'trigger' OR type = 'index')"
    ).fetchall()
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    for kind, name, _ in kept:
        connection.execute(f"DROP {kind} {name}")
    connection.execute(f"UPDATE device SET name = new.name FROM ({_FOLLOWING}) new WHERE new.id = device.id")
    connection.execute("UPDATE device SET search_key = lower(name) || char(31) || lower(unit_id)")
    for _, _, made in kept:
        connection.execute(made)
    connection.execute("INSERT INTO device_search(device_search) VALUES ('rebuild')")
    connection.execute("COMMIT")
    connection.close()
    unfinished.rename(path)
    note(path, [source])
    return path


def brought_up(path: Path) -> Path:
    """A file that an earlier revision may have left, at this one."""
    known = Database(locate(str(path)))
    schema.upgrade(known.engine)
    known.close()
    return path


@contextmanager
def on_postgresql(*files: Path) -> Iterator[list[Database]]:
    """The same rows on a server that runs for as long as this does, a database a file. What it begins with is kept
    beside the first file for the next time."""
    sys.path.insert(0, str(_TOP / "tests"))
    try:
        from support.postgres import SETTINGS, server
    finally:
        sys.path.pop(0)
    SETTINGS.update(shared_buffers="512MB", maintenance_work_mem="256MB", max_wal_size="4GB")
    SETTINGS.update(wal_level="minimal", max_wal_senders="0")  # nothing of it is to be had again
    kept = files[0].with_name("-".join(file.stem for file in files) + ".postgresql")
    if not kept_for(kept, files):
        shutil.rmtree(kept, ignore_errors=True)
        with server(into=kept) as url, ThreadPoolExecutor(len(files)) as side_by_side:
            made = [_new(url, file.stem) for file in files]  # which is not done at once: one template, one Alembic
            list(side_by_side.map(_copy, made, files))
            for database in made:
                database.close()
        note(kept, files)
    with server(of=kept) as url:
        there = [open_database(_url(url, file.stem)) for file in files]
        try:
            yield there
        finally:
            for database in there:
                database.close()


def kept_for(path: Path, files: Sequence[Path]) -> bool:
    """Whether what was kept was made of these very files, at this revision."""
    mark = path.with_name(f"{path.name}.of")
    return path.exists() and mark.exists() and mark.read_text() == _origin(files)


def note(path: Path, files: Sequence[Path]) -> None:
    path.with_name(f"{path.name}.of").write_text(_origin(files))


def _origin(files: Sequence[Path]) -> str:
    return " ".join((schema.HEAD, *(f"{file.name} {file.stat().st_ino}" for file in files)))


def _url(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _new(url: str, name: str) -> Database:
    """A new database on the server."""
    administration = Database(make_url(url))
    with administration.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    administration.close()
    return open_database(_url(url, name), create=True)


def _copy(database: Database, file: Path) -> None:
    source = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    tables = [one for one in metadata.sorted_tables if not one.name.startswith("scope")]
    with database.writing() as connection:
        indexes = connection.execute(
            text(
                "SELECT indexname, indexdef FROM pg_indexes "
                "WHERE tablename IN ('device', 'alarm') AND indexname LIKE 'ix%'"
            )
        ).all()
        for index in indexes:
            connection.exec_driver_sql(f'DROP INDEX "{index.indexname}"')
        for table in tables:
            columns = [column.name for column in table.columns]
            flags = [n for n, column in enumerate(table.columns) if column.type.python_type is bool]
            named = ", ".join(f'"{column}"' for column in columns)
            rows = source.execute(f'SELECT {named} FROM "{table.name}"')
            insert_rows(connection, table, columns, (_flagged(row, flags) for row in rows))
        settle_ids(connection, [one for one in tables if "id" in one.columns])
        for index in indexes:
            connection.exec_driver_sql(index.indexdef)
        settle_statistics(connection, tables)
    source.close()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM device, customer")


def _flagged(row: tuple[object, ...], flags: list[int]) -> tuple[object, ...]:
    if not flags:
        return row
    return tuple(bool(value) if place in flags and value is not None else value for place, value in enumerate(row))
