"""Opening a database: where it is, whether it is ours, and the two kinds of transaction."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError

from ringfence.domain.errors import RingfenceError
from ringfence.storage import files, folders, postgresql, rehearsal, schema, sqlite
from ringfence.storage.faults import called, explained
from ringfence.storage.patience import WAIT_SECONDS, Patience

if TYPE_CHECKING:
    from ringfence.storage.standby import Standby

Answer = TypeVar("Answer")
_PATH_LENGTH: Final = 40
_OPENINGS: Final = 5
"""So often a file is made and opened: somebody whose load was refused may take it away between the two."""


def locate(database: str | None = None) -> URL:
    """The database meant by ``--db``, ``RINGFENCE_DB`` or, without either, the user's own.

    Takes an SQLAlchemy URL or the path of an SQLite file. Raises RingfenceError for a URL that is none.
    """
    name = database or os.environ.get("RINGFENCE_DB")
    if not name:
        return URL.create("sqlite", database=str(folders.data() / "ringfence.db"))
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


def whereabouts(url: URL) -> str:
    """Where a database is, for whoever waits for it: the end of its file's path, or the name of its server."""
    if url.get_backend_name() == "sqlite":
        path = str(url.database)
        return path if len(path) <= _PATH_LENGTH else f"…{path[1 - _PATH_LENGTH :]}"
    host = url.host or url.query.get("host") or "this machine"
    return host if isinstance(host, str) else ", ".join(host)


class Database:
    """One database and its pool of connections. Safe to share between threads; a transaction is not."""

    def __init__(self, url: URL, busy_seconds: float = WAIT_SECONDS) -> None:
        self.url = url
        self.postgresql = url.get_backend_name() == "postgresql"
        self.patience = Patience(busy_seconds, called(url))
        self.made = False
        """Whether the file was made when it was opened."""
        self._owned: bool | None = None
        path = sqlite.path_of(url)
        self._file = sqlite.SqliteFile(path) if path is not None else None
        if self.postgresql:
            self.engine = postgresql.make_engine(url, self.patience)
        else:
            self.engine = sqlite.make_engine(url, self._file, self.patience)
        self._reading = self.engine.execution_options(ringfence_reading=True)
        self._asking = self.engine.execution_options(isolation_level="AUTOCOMMIT") if self.postgresql else self._reading
        self._writing = self.engine.execution_options(ringfence_writing=True)
        self._at_once = self.engine.execution_options(ringfence_writing=True, ringfence_wait=0.0)
        self._rehearsing = rehearsal.engine_for(self.engine, url, self._file)
        self._standby: Standby | None = None

    def follow(self, standby: Standby) -> None:
        """From now on whoever looks does so at a standby, as far as they miss nothing there that counts."""
        self._standby = standby

    @property
    def name(self) -> str:
        """What to call the database in a line for people: its path, or its URL without the password."""
        return called(self.url)

    @property
    def identity(self) -> str:
        """What tells the database from every other: its file's whole path, or its URL without any password."""
        path = sqlite.path_of(self.url)
        return self.name if path is None else str(path.resolve())

    def is_current(self) -> bool:
        """Asks for what nearly every database is, in one question that says who owns it, too."""
        try:
            with self.asking() as connection:
                current, owned = schema.current_and_owned(connection)
        except RingfenceError:  # there is no such table; whatever else is wrong is found again, and told
            return False
        if current:
            self._owned = owned
        return current

    def owned(self) -> bool:
        """Whether whoever runs this program owns it: on SQLite the file, or is root; on PostgreSQL its tables, as their
        role or a member of it, or is a superuser."""
        if self.postgresql:
            if self._owned is None:
                with self.asking() as connection:
                    self._owned = bool(connection.exec_driver_sql(schema.OWNS).scalar())
            return self._owned
        # What is opened by words of its own is no less somebody's file: SQLite says which.
        path: Any = self._file.path if self._file is not None else None
        if path is None:
            with self.asking() as connection:
                path = connection.exec_driver_sql("SELECT file FROM pragma_database_list").scalar()
        return os.geteuid() in (0, os.stat(path).st_uid)

    @property
    def gone(self) -> bool:
        """Whether the file was found not to be the one that was opened any more."""
        return self._file is not None and self._file.gone

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the database and changes nothing. It waits for nobody who writes.

        Raises DatabaseGone, as ``writing`` does, once the file is not the one that was opened.
        """
        with explained(self.name), self._reading.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def looking(self, tenant_id: int) -> Iterator[Connection]:
        """The same for a look at a tenant: at a standby, where there is one that has all that was written or looked at
        from here, and by which it is decided who may see what."""
        standby = self._standby
        if standby is None:
            with self.reading() as connection:
                yield connection
            return
        with explained(self.name):
            there = standby.serves(tenant_id)
        if there:
            with standby.looking() as connection:
                yield connection
        else:
            with self.reading() as connection:
                standby.need(connection)
                yield connection

    @contextmanager
    def current(self, connection: Connection) -> Iterator[Connection]:
        """For a question within a look whose answer counts at once: the look's own transaction, unless that is at a
        standby."""
        if self._standby is not None and self._standby.has(connection):
            with self.asking() as here:
                yield here
        else:
            yield connection

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """For a single question: on PostgreSQL it is a transaction by itself, without a word to begin and end one."""
        if self.postgresql:
            with explained(self.name), self._asking.connect() as connection:
                yield connection
        else:
            with self.reading() as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write: all of it lands, or nothing. On SQLite it takes the write lock at once.

        It waits for others that write as long as the database's patience lasts, and says so once that is long.
        """
        try:
            with explained(self.name), self._writing.begin() as connection:
                if self.postgresql:
                    with postgresql.told_of_waits(self.engine, connection, self.patience):
                        yield connection
                else:
                    yield connection
        finally:
            if self._standby is not None:
                self._standby.need_anew()

    @contextmanager
    def writing_at_once(self) -> Iterator[Connection]:
        """The same for what need not be written: it gives up where that would take waiting for anybody.

        On SQLite it raises RingfenceError before it begins; on PostgreSQL whatever it asks for must not be locked.
        """
        with explained(self.name), self._at_once.begin() as connection:
            yield connection

    @contextmanager
    def rehearsing(self, still: rehearsal.Still | None = None) -> Iterator[Connection]:
        """A transaction that sees one moment, upon which a change can be written that never becomes real. It locks
        nothing. ``still`` is called now and then, also within statements: what it raises ends it."""
        with explained(self.name), rehearsal.rehearsal(self._rehearsing, still) as connection:
            yield connection

    def rehearse(self, work: Callable[[Connection], Answer], still: rehearsal.Still | None = None) -> Answer:
        """What ``work`` makes of such a transaction, in a thread of its own that leaves the processors to others."""
        with explained(self.name):
            return rehearsal.rehearse(self._rehearsing, work, still)

    def close(self) -> None:
        """Gives every connection back."""
        self.engine.dispose()
        if self._standby is not None:
            self._standby.close()

    def discard(self) -> None:
        """Takes away a file that was made for nothing, unless somebody else has it open by now; closes it."""
        mine = self.made and self._file is not None and sqlite.leave(self.engine)
        self.close()
        if mine and self._file is not None:
            files.remove(self._file.path)


def open_database(database: str | None = None, *, create: bool = False, busy_seconds: float = WAIT_SECONDS) -> Database:
    """Opens a Ringfence database of the revision this program knows.

    With ``create``, a missing or empty one is made, for its owner alone. A transaction waits up to ``busy_seconds`` for
    another writer. Raises RingfenceError, with what to do next, when it is missing, unreadable, something else's, or of
    another revision.
    """
    url = locate(database)
    for left in reversed(range(_OPENINGS if create else 1)):
        made = require_file(url, create=create)
        opened = Database(url, busy_seconds)
        opened.made = made
        try:
            _make_ready(opened, create=create)
        except BaseException as error:
            opened.close()
            if not (left and isinstance(error, RingfenceError) and _is_missing(url)):
                raise
        else:
            return opened
    raise AssertionError


def _make_ready(opened: Database, *, create: bool) -> None:
    if not opened.is_current():
        with opened.reading() as connection:
            state = schema.state(connection)
        if state is schema.State.EMPTY and create:
            schema.upgrade(opened.engine)
        else:
            schema.demand_current(state, opened.name)
    if not opened.postgresql:
        sqlite.prefer_wal(opened.engine, opened.patience)


def _is_missing(url: URL) -> bool:
    path = sqlite.path_of(url)
    return path is not None and not path.exists()


def require_file(url: URL, *, create: bool = False) -> bool:
    """Raises RingfenceError, with the advice, where an SQLite file is not there (unless it may be made) or no file;
    returns whether it was made."""
    path = sqlite.path_of(url)
    if path is None:
        return False
    if path.is_dir():
        raise RingfenceError(f"{path} is a folder: name the database file in it")
    if not create:
        if not path.is_file():
            raise RingfenceError(
                f"there is no database at {path}: make one with 'ringfence --db {path} init', "
                "or look around with 'ringfence demo'"
            )
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RingfenceError(f"cannot make the folder {path.parent}: {error.strerror}") from error
    try:
        return files.make(path)
    except FileExistsError:
        raise RingfenceError(f"{path} is a link that leads nowhere: remove it, or name another file") from None
    except OSError as error:
        raise RingfenceError(f"cannot make the file {path}: {error.strerror}") from error
