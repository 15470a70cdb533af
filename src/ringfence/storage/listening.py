"""Hearing on PostgreSQL that something of a tenant has changed, without asking again and again.

Whoever raises a number by which changes are noticed says so on the tenant's channel, in the same transaction: what is
sent comes once that is real. Nothing of what has changed goes with it: it is asked for as ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from ringfence.storage.rehearsal import rehearsed

if TYPE_CHECKING:
    from ringfence.storage.engine import Database

_ANNOUNCE: Final = text("SELECT pg_notify(:channel, '')")
_HERE: Final = "here"
"""What a listener sends itself: what passes connections on to others may take LISTEN and never send anything."""
_TRIED_SECONDS: Final = 2.0
_WAIT_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 2.0


def announce(connection: Connection, tenant_id: int) -> None:
    """Has all who listen told, once the transaction is real, that something of a tenant has changed. On SQLite they
    look by themselves."""
    if connection.dialect.name == "postgresql" and not rehearsed(connection):
        connection.execute(_ANNOUNCE, {"channel": _channel(tenant_id)})


def _channel(tenant_id: int) -> str:
    return f"ringfence_{tenant_id}"


class Listening:
    """Listens on a connection of its own, in a thread, and comes back to it after that was lost. ``told`` is called in
    that thread whenever something may have changed; while it is not ``alive`` nothing is heard."""

    def __init__(self, database: Database, tenant_id: int, told: Callable[[], object]) -> None:
        self.alive = False
        self.tenant_id = tenant_id
        self._database, self._told = database, told
        self._closed = Event()
        Thread(target=self._listen, name="listening", daemon=True).start()

    def close(self) -> None:
        """Hears nothing any more, from a second later at most."""
        self._closed.set()

    def _listen(self) -> None:
        import psycopg

        while not self._closed.is_set():
            try:
                with self._database.engine.connect() as connection:
                    driver = connection.connection.driver_connection
                    connection.detach()  # closed, and not given back to others
                    try:
                        self._hear(driver)
                    except psycopg.Error:
                        connection.invalidate()  # there is nothing to be said to it any more
            except SQLAlchemyError:
                pass  # whoever looks by itself meanwhile is told why
            if self.alive:
                self.alive = False
                self._told()
            self._closed.wait(_AGAIN_SECONDS)

    def _hear(self, driver: Any) -> None:
        driver.autocommit = True
        channel = _channel(self.tenant_id)
        driver.execute(f"LISTEN {channel}")
        driver.execute("SELECT pg_notify(%s, %s)", (channel, _HERE))
        began = time.monotonic()
        while not self._closed.is_set():
            for one in driver.notifies(timeout=_WAIT_SECONDS):
                if one.payload != _HERE:
                    self._told()
                elif not self.alive and one.pid == driver.info.backend_pid:
                    self.alive = True
                    self._told()  # of what came before it listened nothing was heard
            if not self.alive and time.monotonic() - began > _TRIED_SECONDS:
                self._closed.wait(_AGAIN_SECONDS)
                return
