"""SQLite files: opening them as they are, taking turns at writing, and noticing that a file is not the one it was."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event

from ringfence.domain.errors import Damaged, DatabaseGone, RingfenceError
from ringfence.domain.text import fold
from ringfence.storage.patience import Patience

FOLD: Final = "ringfence_fold"
"""What statements call `fold` by: SQLite's own `lower` knows no letters but those of ASCII."""
_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_NO_ROOM: Final = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
_UNAPPLIED_PAGES: Final = 8192
"""So many pages of changes (32 MB) are beside the file before they are brought into it. The same few pages change over
and over while signals pour in: what is brought over eight times as rarely is an eighth as much."""
_READ_SECONDS: Final = 5.0
"""A reader waits for nobody, but for the moment in which a file is brought into WAL, or mended after a crash."""


def path_of(url: URL) -> Path | None:
    """The file of a URL; None for another engine's, and for one that is opened just as its own words say."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith("file:"):
        return None
    return Path(url.database)


class SqliteFile:
    """A file that is open: it must be the same one all the while. Closing it is up to the engine."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.frozen = False
        """Opened as a file that nobody changes: there is no way to tell a writer of this reader."""
        self._known: tuple[int, ...] | None = None
        self._size = 0
        self._gone = ""

    @property
    def gone(self) -> bool:
        """Whether it was found not to be that one any more."""
        return bool(self._gone)

    def check(self) -> None:
        """Raises DatabaseGone once the file is not the one that was opened, and from then on, whatever comes there."""
        if not self._gone:
            self._gone = self._look()
        if self._gone:
            raise DatabaseGone(self._gone)

    def _look(self) -> str:
        try:
            found = os.stat(self.path)
        except OSError:
            return f"{self.path} was removed or cannot be reached any more: put it back, then open it again"
        known = (found.st_dev, found.st_ino, *((found.st_mtime_ns,) if self.frozen else ()))
        if self._known is None:
            self._known = known
        elif known != self._known:
            if known[:2] == self._known[:2]:
                return f"{self.path} is being written by somebody else: open it again"
            return f"{self.path} was replaced by another file: open that one again"
        if found.st_size < self._size:
            return f"{self.path} has become shorter: restore a backup if it was cut off, then open it again"
        self._size = found.st_size
        if self.frozen and _unapplied(self.path):
            return f"{self.path} is being written by somebody else: open it again"
        return ""

    def connect(self, options: dict[str, Any], mode: str = "rw") -> sqlite3.Connection:
        """A connection to the file as it is: an empty one never comes into being in its place. In the mode ``ro`` it
        writes nothing.

        Where SQLite cannot open it for want of a place to say that it reads, it is read as one that nobody changes.
        """
        if self._known is not None:
            self.check()
        address = f"file:{quote(os.path.abspath(os.fsencode(self.path)))}"
        if not self.frozen:
            connection: sqlite3.Connection = sqlite3.connect(f"{address}?mode={mode}", uri=True, **options)
            try:
                connection.execute("PRAGMA schema_version").fetchone()  # the first look into the file
            except sqlite3.Error as error:
                connection.close()
                if error.sqlite_errorcode & 0xFF not in _NO_ROOM or not os.access(self.path, os.R_OK):
                    raise
                if _unapplied(self.path):
                    raise RingfenceError(
                        f"{self.path} has changes that are still to be applied, and its folder cannot be written: "
                        "open it once as somebody who may write there"
                    ) from error
                self.frozen = True
        if self.frozen:
            connection = sqlite3.connect(f"{address}?mode=ro&immutable=1", uri=True, **options)
        self.check()
        return connection


def make_engine(url: URL, file: SqliteFile | None, patience: Patience) -> Engine:
    """The engine over a file. A transaction with the option ``ringfence_writing`` takes the write lock at once, and
    waits for it as long as the patience lasts, or as the option ``ringfence_wait`` says."""
    engine = create_engine(url, connect_args={"timeout": min(_READ_SECONDS, patience.seconds), "isolation_level": None})

    if file is not None:

        @event.listens_for(engine, "do_connect")
        def connect(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> sqlite3.Connection:
            return file.connect({name: value for name, value in options.items() if name != "uri"})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_UNAPPLIED_PAGES}")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.create_function(FOLD, 1, fold, deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # The driver's own BEGIN is off (isolation_level None): a deferred one that later upgrades fails under load.
        options = connection.get_execution_options()
        driver: Any = connection.connection.driver_connection
        ours = options.get("ringfence_reading") or options.get("ringfence_writing")
        driver.row_factory = _row if ours else None
        if file is not None:
            file.check()  # before it is touched: what was cut off must not be read
        if not options.get("ringfence_writing"):
            connection.exec_driver_sql("BEGIN")
            return
        seconds = options.get("ringfence_wait", patience.seconds)
        use_wal(driver, patience, seconds, connection.info)
        take_turn(driver, "BEGIN IMMEDIATE", patience, seconds)
        if file is not None:
            file.check()  # it may have been replaced while this one waited for its turn

    return engine


def _row(_cursor: object, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row as it is. Raises Damaged for one with bytes in it: there is no column of them, and texts are expected."""
    if bytes in map(type, row):
        raise Damaged("bytes stand where a text or a number belongs")
    return row


def take_turn(driver: sqlite3.Connection, statement: str, patience: Patience, seconds: float) -> None:
    """Runs a statement that needs a lock others may hold. Raises what SQLite says where its turn does not come."""
    refused: sqlite3.Error | None = None

    def attempt() -> bool:
        nonlocal refused
        try:
            driver.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY:
                raise
            refused = error
            return False
        return True

    # SQLite's own way of waiting pauses up to a tenth of a second, favours whoever came last, and says nothing.
    (before,) = driver.execute("PRAGMA busy_timeout").fetchone()
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        if not patience.until(attempt, seconds):
            assert refused is not None
            raise refused
    finally:
        driver.execute(f"PRAGMA busy_timeout = {before}")


def use_wal(driver: sqlite3.Connection, patience: Patience, seconds: float, known: dict[Any, Any]) -> None:
    """Brings a file that is about to be written into WAL, where it is not: readers and a writer leave each other be."""
    if known.get("ringfence_wal"):
        return
    if driver.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        take_turn(driver, "PRAGMA journal_mode = WAL", patience, seconds)
    known["ringfence_wal"] = True


def prefer_wal(engine: Engine, patience: Patience) -> None:
    """Brings a database of ours into WAL where that takes no waiting; whoever writes to it later sees to it."""
    with engine.connect() as connection, suppress(sqlite3.Error):
        driver: Any = connection.connection.driver_connection
        use_wal(driver, patience, 0.0, connection.info)


def leave(engine: Engine) -> bool:
    """Whether nobody else has the file open: then it is out of WAL, and free to go."""
    engine.dispose()
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA busy_timeout = 0")
        try:
            return bool(driver.execute("PRAGMA journal_mode = DELETE").fetchone()[0] == "delete")
        except sqlite3.Error:
            return False


def _unapplied(path: Path) -> bool:
    """Whether there are changes beside the file that are not in it."""
    for companion in ("-wal", "-journal"):
        try:
            if os.stat(f"{path}{companion}").st_size:
                return True
        except OSError:
            continue
    return False
