"""A standby of PostgreSQL: a server that follows another, where looks go as long as they miss nothing that counts.

Who may see what is the word of the server that is followed: of each look it is asked for the version of the tenant,
and whoever writes, or looks there once, goes to the standby again only when that has all that was there by then.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ringfence.domain.errors import RingfenceError
from ringfence.storage import postgresql
from ringfence.storage.engine import Database, locate
from ringfence.storage.faults import called, explained

_RESTS_SECONDS: Final = 5.0
"""So long a standby that failed is left alone."""
_WHOSE: Final = (
    "SELECT pg_is_in_recovery(), system_identifier::text || current_database() || current_schema() "
    "FROM pg_control_system()"
)
_NOW: Final = "SELECT pg_current_wal_insert_lsn()::text"
_VERSION: Final = "SELECT version FROM tenant WHERE id = %(tenant)s"
_SERVES: Final = (
    "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= CAST(%(needed)s AS pg_lsn) "
    f"AND EXISTS ({_VERSION} AND version = %(version)s)"
)


def look_at(database: Database, url: str) -> None:
    """Has whoever looks at a database do so at a standby, where that misses nothing that counts. Raises as `Standby`
    does."""
    database.follow(Standby(locate(url), database))


class Standby:
    """A standby of the server of a database. Safe to share between threads.

    Raises RingfenceError for a URL that is none of PostgreSQL, and for a server that does not follow that one. One that
    does not answer is left alone for a while: looks go to the other one.
    """

    def __init__(self, url: URL, database: Database) -> None:
        if url.get_backend_name() != "postgresql" or not database.postgresql:
            raise RingfenceError("--replica names a standby of PostgreSQL, by a postgresql:// URL; a file has none")
        self.name = called(url)
        self._primary = database.asking
        self._patience = database.patience
        self._engine = postgresql.make_engine(url, database.patience)
        self._reading = self._engine.execution_options(ringfence_reading=True)
        self._asking = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._lock = Lock()
        self._asking_how_far = Lock()
        self._needed: tuple[int, str] = 0, ""
        self._unknown = True
        self._rests_until = 0.0
        self._told = False
        self._demand_follows()

    def _demand_follows(self) -> None:
        with self._primary() as connection:
            _, ours = connection.exec_driver_sql(_WHOSE).one()
        try:
            with self._asking.connect() as connection:
                follows, whose = connection.exec_driver_sql(_WHOSE).one()
        except SQLAlchemyError:
            self._rest()
            return
        if not follows or whose != ours:
            self.close()
            why = "follows another database" if follows else "follows nobody: it takes changes itself"
            raise RingfenceError(f"{self.name} {why}, so that it is no --replica of this one")

    def need_anew(self) -> None:
        """The next look at the standby is to show all that the other server shows by now."""
        self._unknown = True

    def need(self, connection: Connection) -> None:
        """So is each later one, of what a transaction of the other server shows that has just begun."""
        reached: str = connection.exec_driver_sql(_NOW).scalar_one()
        high, _, low = reached.partition("/")
        with self._lock:
            self._needed = max(self._needed, (int(high, 16) << 32 | int(low, 16), reached))

    def _find_out(self) -> None:
        """Asks how far the other server is, where that is to be known: whoever else looks meanwhile waits for it."""
        with self._asking_how_far:
            if self._unknown:
                self._unknown = False
                try:
                    with self._primary() as connection:
                        self.need(connection)
                except BaseException:
                    self._unknown = True
                    raise

    def serves(self, tenant_id: int) -> bool:
        """Whether a look at a tenant that begins now misses nothing there that counts."""
        if time.monotonic() < self._rests_until:
            return False
        self._find_out()
        with self._primary() as connection:
            version = connection.exec_driver_sql(_VERSION, {"tenant": tenant_id}).scalar()
        binds = {"tenant": tenant_id, "version": version, "needed": self._needed[1]}
        try:
            with self._asking.connect() as connection:
                found = bool(connection.exec_driver_sql(_SERVES, binds).scalar())
        except SQLAlchemyError:
            self._rest()
            return False
        self._told = False
        return found

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """A transaction there that sees one moment."""
        try:
            with explained(self.name), self._reading.connect() as connection, connection.begin():
                yield connection
        except RingfenceError as error:
            if isinstance(error.__cause__, DBAPIError):
                self._rest()
            raise

    def has(self, connection: Connection) -> bool:
        """Whether a connection leads there."""
        return connection.engine.pool is self._engine.pool

    def _rest(self) -> None:
        if not self._told and self._patience.tell is not None:
            self._told = True
            self._patience.tell(f"{self.name} does not answer: meanwhile looks go where changes go")
        self._rests_until = time.monotonic() + _RESTS_SECONDS

    def close(self) -> None:
        """Gives every connection back."""
        self._engine.dispose()
