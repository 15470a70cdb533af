"""Looking after a database: bringing its schema up, and looking for damage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ringfence.storage import schema, second_wall, soundness, structure
from ringfence.storage.engine import Database, locate, require_file
from ringfence.storage.faults import explained

_FILE_FAULTS: Final = 1000
"""So many of the file's own faults are looked for."""


def upgrade(name: str | None, tell: Callable[[str], None] | None = None) -> str:
    """Brings the schema to this program's revision, after a backup on SQLite; says what was done. ``tell`` is told what
    is waited for."""
    url = locate(name)
    require_file(url)
    database = Database(url)
    database.patience.tell = tell
    said = ""

    def back_up() -> None:
        nonlocal said
        if not database.postgresql:
            said = f"; the backup is {schema.backup(database.engine)}"

    with database.reading() as connection:
        found = schema.state(connection)
        walled = second_wall.stands(connection)
    if found is schema.State.OLDER:
        if schema.upgrade(database.engine, back_up):
            if walled:
                with database.writing() as connection:
                    second_wall.raise_wall(connection)
            return f"{database.name} is now of revision {schema.HEAD}{said}"
    else:
        schema.demand_current(found, database.name)
    return f"{database.name} is up to date (revision {schema.HEAD})"


def check(database: Database) -> list[str]:
    """What is wrong with a database, a line each with table, id and what; nothing where it is sound. Of what is wrong
    in one way many times, the first few and how many there are."""
    found = soundness.Faults()
    with _reading_anything(database) as connection:
        _look(connection, found, sqlite=not database.postgresql)
        if not database.postgresql and not found.counts["the file"]:
            for table in structure.SEARCHED:
                _search_index(connection, found, table)
    return found.said()


@contextmanager
def _reading_anything(database: Database) -> Iterator[Connection]:
    """A transaction in which nothing that can be read at all fails to be."""
    if database.postgresql:
        with database.reading() as connection:
            yield connection
        return
    with explained(database.name), database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.text_factory = soundness.readable
        try:
            yield connection
        finally:
            connection.invalidate()


def _look(connection: Connection, found: soundness.Faults, *, sqlite: bool) -> None:
    if sqlite:
        try:
            for (line,) in connection.execute(text(f"PRAGMA integrity_check({_FILE_FAULTS})")):
                if line != "ok":
                    said = " ".join(str(line).removeprefix("*** in database main ***").split())
                    found.add("the file", f"the file is damaged: {ascii(said)[1:-1]}")
        except DBAPIError as error:
            found.add("the file", f"the file is damaged: {error.orig}")
    for line in structure.faults(connection):
        found.add(f"the structure of {line.partition(':')[0]}", line)
    soundness.look(connection, found)


def _search_index(connection: Connection, found: soundness.Faults, table: str) -> None:
    """Notes an index of substrings that does not agree with its table.

    FTS5 looks only as if it wrote, which keeps writers waiting and a file that may only be read unchecked. So it looks
    at a copy of its tables, in the temporary database of this connection, against a view of the table.
    """
    index, texts = f"{table}_search", f"{table}_search_text"
    try:
        connection.exec_driver_sql(f"CREATE TEMP VIEW {texts} AS SELECT * FROM main.{texts}")  # noqa: S608 - our own
        connection.exec_driver_sql(
            f"CREATE VIRTUAL TABLE temp.{index} USING fts5("
            f"search_key, content='{texts}', content_rowid='id', tokenize='trigram case_sensitive 1')"
        )
        for part in ("config", "data", "docsize", "idx"):
            copy = f"{index}_{part}"
            connection.exec_driver_sql(f"DELETE FROM temp.{copy}")  # noqa: S608 - of the names above
            connection.exec_driver_sql(f"INSERT INTO temp.{copy} SELECT * FROM main.{copy}")  # noqa: S608 - likewise
        connection.exec_driver_sql(f"INSERT INTO temp.{index}({index}, rank) VALUES ('integrity-check', 1)")  # noqa: S608
    except DBAPIError as error:
        if "no such table" in str(error.orig):
            return  # of which the structure told
        if "malformed" not in str(error.orig):
            raise
        found.add(index, f"{index}: the search index does not agree with the {structure.SEARCHED[table]}")
