"""Opening a database: where it is, whether it is ours, and the two kinds of transaction."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from ringfence.domain.errors import RingfenceError
from ringfence.storage import schema
from ringfence.storage.faults import called, explained

BUSY_SECONDS: Final = 5.0
_CONNECT_SECONDS: Final = 5


def locate(database: str | None = None) -> URL:
    """The database meant by ``--db``, ``RINGFENCE_DB`` or, without either, the user's own.

    Takes an SQLAlchemy URL or the path of an SQLite file. Raises RingfenceError for a URL that is none.
    """
    name = database or os.environ.get("RINGFENCE_DB")
    if not name:
        from platformdirs import user_data_path

        return URL.create("sqlite", database=str(user_data_path("ringfence") / "ringfence.db"))
    if "://" not in name:
        return URL.create("sqlite", database=name)
    try:
        url = make_url(name)
    except (ArgumentError, ValueError):
        raise RingfenceError("--db is neither a path nor a URL such as postgresql://host/name") from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise RingfenceError(f"{url.drivername} is not supported: use an SQLite file or a postgresql:// URL")
    if url.get_backend_name() == "sqlite" and (url.database or ":memory:") == ":memory:":
        raise RingfenceError("a database in memory keeps nothing: name an SQLite file")
    return url


class Database:
    """One database and its pool of connections. Safe to share between threads; a transaction is not."""

    def __init__(self, url: URL, busy_seconds: float = BUSY_SECONDS) -> None:
        self.url = url
        self.postgresql = url.get_backend_name() == "postgresql"
        self.engine = _postgresql(url, busy_seconds) if self.postgresql else _sqlite(url, busy_seconds)
        self._writing = self.engine.execution_options(ringfence_writing=True)
        self._reading: Engine = self.engine
        if self.postgresql:
            self._reading = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @property
    def name(self) -> str:
        """What to call the database in a line for people: its path, or its URL without the password."""
        return called(self.url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the database and changes nothing."""
        with explained(self.name), self._reading.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write: all of it lands, or nothing. On SQLite it takes the write lock at once."""
        with explained(self.name), self._writing.begin() as connection:
            yield connection

    def close(self) -> None:
        """Gives every connection back."""
        self.engine.dispose()


def open_database(database: str | None = None, *, create: bool = False, busy_seconds: float = BUSY_SECONDS) -> Database:
    """Opens a Ringfence database of the revision this program knows.

    With ``create``, a missing or empty one is made. A transaction waits up to ``busy_seconds`` for another writer.
    Raises RingfenceError, with what to do next, when it is missing, unreadable, something else's, or of another
    revision.
    """
    url = locate(database)
    require_file(url, create=create)
    opened = Database(url, busy_seconds)
    try:
        with opened.reading() as connection:
            state = schema.state(connection)
        if state is schema.State.EMPTY and create:
            schema.upgrade(opened.engine)
        else:
            schema.demand_current(state, opened.name)
    except BaseException:
        opened.close()
        raise
    return opened


def require_file(url: URL, *, create: bool = False) -> None:
    """Raises RingfenceError, with the advice, where an SQLite file is not there (unless it may be made) or no file."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith("file:"):
        return
    path = Path(url.database)
    if path.is_dir():
        raise RingfenceError(f"{path} is a folder: name the database file in it")
    if not create and not path.is_file():
        raise RingfenceError(
            f"there is no database at {path}: make one with 'ringfence --db {path} load FILE', "
            "or look around with 'ringfence demo'"
        )
    if create:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RingfenceError(f"cannot make the folder {path.parent}: {error.strerror}") from error


def _sqlite(url: URL, busy_seconds: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": busy_seconds, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA mmap_size = 268435456")
        connection.execute("PRAGMA temp_store = MEMORY")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # The driver's own BEGIN is off (isolation_level None): a deferred one that later upgrades fails under load.
        writing = connection.get_execution_options().get("ringfence_writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _postgresql(url: URL, busy_seconds: float) -> Engine:
    return create_engine(
        url,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "options": "-c jit=off -c max_parallel_workers_per_gather=0 -c timezone=UTC "
            f"-c lock_timeout={max(1, int(busy_seconds * 1000))}",
        },
    )
