"""A change that is written only to see what it comes to: upon temporary tables that stand before the real ones.

Both engines look for an unqualified name among the temporary tables first, so that whatever reads and writes the real
tables reads and writes these instead, in one transaction that sees one moment and is rolled back. A table is covered
when it is first written to. Nothing real is written or locked: nobody who saves ever waits for a rehearsal, whatever
its size, and what is left of one when its process is killed is nothing (SQLite's temporary files, readable by their
owner alone, have no name from the moment they are made).

Tables that are shared out over servers join with no temporary ones. There a change is written to them, and taken back:
whoever saves to the same tenant waits for that, and it for them, as changes do for one another.
"""

# ruff: noqa: S608 - the statements are made of the names of our own tables

from __future__ import annotations

import os
import re
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    NullPool,
    Table,
    column,
    create_engine,
    delete,
    event,
    insert,
    select,
)
from sqlalchemy import table as lightweight
from sqlalchemy.exc import DBAPIError

from ringfence.domain.errors import Cancelled
from ringfence.storage.sqlite import SqliteFile
from ringfence.storage.wall_signs import is_shared_out

Answer = TypeVar("Answer")
Still = Callable[[], object]
"""Called now and then while a rehearsal lasts; what it raises ends it."""

_VAST: Final = ("device", "audit_entry")
"""Tables that are too large to copy: of these, only the rows that are written are kept apart."""
_OPTION: Final = "ringfence_rehearsal"
_LOOK_SECONDS: Final = 0.1
_NICE: Final = 10
_STEPS: Final = 20_000
"""So many steps of SQLite's machine, about a millisecond of them, are between two looks at whether to go on."""


def engine_for(real: Engine, url: URL, file: SqliteFile | None) -> Engine:
    """The engine whose connections rehearse upon the database of ``real``, an SQLite ``file`` where it is one."""
    return (
        _sqlite(url, file) if url.get_backend_name() == "sqlite" else real.execution_options(ringfence_rehearsing=True)
    )


@contextmanager
def rehearsal(engine: Engine, still: Still | None = None) -> Iterator[Connection]:
    """A connection upon which a change can be written, at one moment of the database (but where the tables are shared
    out); it never becomes real."""
    with engine.connect() as connection:
        postgresql = connection.dialect.name == "postgresql"
        covers: _Covers | None = None
        if is_shared_out(connection):
            connection.execution_options(ringfence_rehearsing=False, ringfence_writing=True)
        else:
            covers = _PostgresqlCovers(connection) if postgresql else _SqliteCovers(connection)
            connection.execution_options(**{_OPTION: covers})
        look = still or _go_on

        def before(_connection: Connection, statement: Any, *_: Any) -> None:
            look()
            if covers is not None and getattr(statement, "is_dml", False) and isinstance(statement.table, Table):
                covers.cover(statement.table)

        event.listen(connection, "before_execute", before)
        with (_postgresql_watch if postgresql else _sqlite_watch)(connection, look):
            transaction = connection.begin()
            try:
                yield connection
            finally:
                transaction.rollback()


def rehearse(engine: Engine, work: Callable[[Connection], Answer], still: Still | None = None) -> Answer:
    """What ``work`` makes of such a connection, in a thread of its own: it leaves the processors to whoever saves."""
    answer: Future[Answer] = Future()
    left = threading.Event()

    def look() -> None:
        if left.is_set():
            raise Cancelled("cancelled: nothing was changed")
        (still or _go_on)()

    def run() -> None:
        if sys.platform == "linux":
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)  # of this thread alone
        try:
            with rehearsal(engine, look) as connection:
                found = work(connection)
        except BaseException as error:  # noqa: BLE001 - raised again where it was asked for
            answer.set_exception(error)
        else:
            answer.set_result(found)

    threading.Thread(target=run, name="rehearsal", daemon=True).start()
    try:
        return answer.result()
    finally:
        left.set()  # whoever asked may have been interrupted


def rehearsed(connection: Connection) -> bool:
    """Whether what is written on the connection never becomes real: what is only there for others can be left out."""
    return _OPTION in connection.get_execution_options()


def cover(connection: Connection, table: FromClause) -> None:
    """Makes sure that writing to the table leaves the real one alone: for what is not written as a statement of
    SQLAlchemy's, which does so by itself. Without a rehearsal it does nothing."""
    covers: _Covers | None = connection.get_execution_options().get(_OPTION)
    if covers is not None:
        covers.cover(table)


def leave_out(connection: Connection, table: FromClause, where: ColumnElement[bool]) -> None:
    """Deletes rows of a table too large to copy, in a rehearsal, however many they are: at once, not row by row."""
    assert isinstance(table, Table)
    cover(connection, table)
    gone, written = (lightweight(f"{table.name}_{name}", column("id")) for name in ("gone", "rehearsed"))
    going = select(table.c.id).where(where)
    connection.execute(delete(written).where(written.c.id.in_(going)))
    connection.execute(insert(gone).from_select(["id"], going))


def real_name(connection: Connection, table: Table) -> str:
    """The name of the real table in SQL, whatever stands before it."""
    covers: _Covers | None = connection.get_execution_options().get(_OPTION)
    return f'"{table.name}"' if covers is None else covers.real(table.name)


def _go_on() -> None:
    pass


class _Covers(ABC):
    """The tables that are covered so far."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.known: set[str] = set()

    def cover(self, table: FromClause) -> None:
        """Covers a table that is not covered yet."""
        assert isinstance(table, Table)
        if table.name not in self.known:
            self.known.add(table.name)
            if table.name in _VAST:
                self.lay_over(table.name)
            else:
                self.copy(table.name)

    @abstractmethod
    def real(self, table: str) -> str:
        """The real table's name, which finds it although another stands before it."""

    @abstractmethod
    def copy(self, table: str) -> None:
        """Puts a copy of a table before it."""

    @abstractmethod
    def lay_over(self, table: str) -> None:
        """Puts a view before a table: its rows but for those that were changed or deleted, and those that were changed
        or are new. What is written through it is kept there."""

    def run(self, sql: str) -> Any:
        return self.connection.exec_driver_sql(sql)


class _SqliteCovers(_Covers):
    def real(self, table: str) -> str:
        return f'main."{table}"'

    def copy(self, table: str) -> None:
        self._make(table, table)
        self.run(f'INSERT INTO temp."{table}" SELECT * FROM main."{table}"')

    def lay_over(self, table: str) -> None:
        written, gone = f"{table}_rehearsed", f"{table}_gone"
        self._make(table, written)
        self.run(f'CREATE TEMP TABLE "{gone}" (id INTEGER PRIMARY KEY)')
        columns = [(row.name, row.dflt_value) for row in self.run(f'PRAGMA main.table_info("{table}")')]
        names = ", ".join(f'"{name}"' for name, _ in columns)
        self.run(
            f'CREATE TEMP VIEW "{table}" AS SELECT {names} FROM main."{table}" '
            f'WHERE id NOT IN (SELECT id FROM temp."{gone}") UNION ALL SELECT {names} FROM temp."{written}"'
        )
        values = ", ".join(_new(name, default) for name, default in columns)
        arrive = f'INSERT INTO "{written}" ({names}) VALUES ({values});'
        leave = f'INSERT OR IGNORE INTO "{gone}" VALUES (old.id); DELETE FROM "{written}" WHERE id = old.id;'
        for verb, does in (("INSERT", arrive), ("UPDATE", leave + arrive), ("DELETE", leave)):
            self.run(f'CREATE TEMP TRIGGER "{table}_{verb}" INSTEAD OF {verb} ON "{table}" BEGIN {does} END')

    def _make(self, table: str, name: str) -> None:
        """Makes an empty temporary table like a real one, with its constraints and indexes. References are not held
        to: they would lead to temporary tables alone."""
        listing = f"SELECT type, sql FROM main.sqlite_master WHERE tbl_name = '{table}' AND sql IS NOT NULL"
        for kind, sql in self.run(f"{listing} AND type IN ('table', 'index') ORDER BY type DESC").all():
            if kind == "table":
                self.run(re.sub(r'^CREATE TABLE +"?\w+"?', f'CREATE TEMP TABLE "{name}"', sql))
            else:
                temporary = re.sub(
                    r'^(CREATE (?:UNIQUE )?INDEX +)("?\w+"?)( +ON +)"?\w+"?', rf'\1temp.\2\3"{name}"', sql
                )
                self.run(temporary)


class _PostgresqlCovers(_Covers):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._schema = ""

    def real(self, table: str) -> str:
        if not self._schema:
            found = "SELECT quote_ident(n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            self._schema = self.run(f"{found} WHERE c.oid = 'alembic_version'::regclass").scalar_one()
        return f'{self._schema}."{table}"'

    def copy(self, table: str) -> None:
        real = self.real(table)
        self._run_all(
            f'CREATE TEMPORARY TABLE "{table}" (LIKE {real} INCLUDING ALL) ON COMMIT DROP',
            f'INSERT INTO pg_temp."{table}" SELECT * FROM {real}',
            f'ANALYZE pg_temp."{table}"',
        )

    def lay_over(self, table: str) -> None:
        real, written, gone = self.real(table), f'pg_temp."{table}_rehearsed"', f'pg_temp."{table}_gone"'
        listing = "SELECT attname, pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a LEFT JOIN pg_attrdef d "
        listing += "ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
        listing += f"WHERE a.attrelid = '{real}'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
        columns = self.run(listing).all()
        names = ", ".join(f'"{name}"' for name, _ in columns)
        values = ", ".join(_new(name, default) for name, default in columns)
        self._run_all(
            f"CREATE TEMPORARY TABLE {written} (LIKE {real} INCLUDING ALL) ON COMMIT DROP",
            f"CREATE TEMPORARY TABLE {gone} (id INTEGER PRIMARY KEY) ON COMMIT DROP",
            f'CREATE TEMPORARY VIEW "{table}" AS SELECT {names} FROM {real} r WHERE NOT EXISTS '
            f"(SELECT FROM {gone} g WHERE g.id = r.id) UNION ALL SELECT {names} FROM {written}",
            f'CREATE FUNCTION pg_temp."{table}_write"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN '
            "IF TG_OP <> 'INSERT' THEN "
            f"INSERT INTO {gone} VALUES (old.id) ON CONFLICT DO NOTHING; DELETE FROM {written} WHERE id = old.id; "
            "END IF; IF TG_OP = 'DELETE' THEN RETURN old; END IF; "
            f"INSERT INTO {written} ({names}) VALUES ({values}); RETURN new; END $$",
            f'CREATE TRIGGER "{table}_write" INSTEAD OF INSERT OR UPDATE OR DELETE ON pg_temp."{table}" '
            f'FOR EACH ROW EXECUTE FUNCTION pg_temp."{table}_write"()',
        )

    def _run_all(self, *statements: str) -> None:
        """Runs them in one round trip, which takes that they have no parameters."""
        self.connection.exec_driver_sql("; ".join(statements), execution_options={"no_parameters": True})


def _new(column: str, default: str | None) -> str:
    """The value that a row is given, or the one that the table gives where none was."""
    return f'new."{column}"' if default is None else f'COALESCE(new."{column}", {default})'


def _sqlite(url: URL, file: SqliteFile | None) -> Engine:
    import sqlite3

    def connect() -> sqlite3.Connection:
        options: dict[str, Any] = {"isolation_level": None, "check_same_thread": False}
        # Read-only: what would write to the file itself fails.
        if file is not None:
            connection = file.connect(options, mode="ro")
        else:
            chosen = urlencode({**url.query, "mode": "ro"}, doseq=True)
            connection = sqlite3.connect(f"{url.database}?{chosen}", uri=True, **options)
        connection.execute("PRAGMA temp_store = FILE")  # nameless, and only of what passes the cache
        connection.execute("PRAGMA temp.cache_size = -65536")
        connection.execute("PRAGMA temp.journal_mode = MEMORY")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


@contextmanager
def _sqlite_watch(connection: Connection, still: Still) -> Iterator[None]:
    """Looks whether to go on, between statements and within them."""
    driver: Any = connection.connection.driver_connection
    ended: list[BaseException] = []

    def look() -> bool:
        try:
            still()
        except BaseException as error:  # noqa: BLE001 - it cannot pass through SQLite: it is raised below
            ended.append(error)
        return bool(ended)

    driver.set_progress_handler(look, _STEPS)
    try:
        yield
    except DBAPIError as error:
        if ended:
            raise ended[0] from None
        if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            raise KeyboardInterrupt from None  # it came while it was looked
        raise
    finally:
        driver.set_progress_handler(None, 0)


@contextmanager
def _postgresql_watch(connection: Connection, still: Still) -> Iterator[None]:
    """Looks whether to go on beside the statements, and cancels the one that is running if not. None of them is
    prepared: a prepared one would go on with the tables that it was prepared upon, whatever stands before them now."""
    driver: Any = connection.connection.driver_connection
    ended: list[BaseException] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(_LOOK_SECONDS):
            try:
                still()
            except BaseException as error:  # noqa: BLE001 - raised below, in the thread that it is meant for
                ended.append(error)
                driver.cancel()
                return

    threshold, driver.prepare_threshold = driver.prepare_threshold, None
    watching = None if still is _go_on else threading.Thread(target=look, daemon=True)
    if watching is not None:
        watching.start()
    try:
        yield
    except DBAPIError:
        if ended:
            raise ended[0] from None
        raise
    finally:
        done.set()
        if watching is not None:
            watching.join()
        driver.prepare_threshold = threshold
        if ended:
            connection.invalidate()  # the word to cancel may still be on its way
