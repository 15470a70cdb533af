"""One process at a time: a lock that the operating system, or the server, frees when whoever holds it is gone."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ringfence.domain.errors import RingfenceError
from ringfence.storage import files, sqlite
from ringfence.storage.engine import Database
from ringfence.storage.faults import explained

_WORKING: Final = 0x52464E58


@contextmanager
def only_one(database: Database, what: str) -> Iterator[Callable[[], None]]:
    """Holds the lock of a database's ``what``, such as its worker. What it gives is to be called now and then: it
    raises RingfenceError once the lock is lost. So does this where somebody else holds it.

    On PostgreSQL that is a lock of a session, on SQLite one of an empty file beside the database, which stays there.
    """
    held = f"another {what} is at {database.name} already"
    if database.postgresql:
        with explained(database.name), database.engine.connect() as waiting:
            connection = waiting.execution_options(isolation_level="AUTOCOMMIT")
            if not connection.execute(text("SELECT pg_try_advisory_lock(:one)"), {"one": _WORKING}).scalar_one():
                raise RingfenceError(held)

            def check() -> None:
                with explained(database.name):
                    connection.execute(text("SELECT 1"))

            try:
                yield check
            finally:
                # Let go of at once: a server frees what a closed connection held only when it comes to notice.
                with suppress(SQLAlchemyError):
                    connection.execute(text("SELECT pg_advisory_unlock(:one)"), {"one": _WORKING})
                connection.invalidate()  # a lock of a session would go back into the pool with it
        return
    path = sqlite.path_of(database.url)
    if path is None:
        raise RingfenceError(f"{database.name} is no file of its own: name the database by its path")
    beside = path.resolve().with_name(f"{path.resolve().name}.{what}")
    try:
        lock = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, files.OWNER_ONLY)
    except OSError as error:
        raise RingfenceError(f"{beside}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RingfenceError(held) from None
        yield lambda: None
    finally:
        os.close(lock)
