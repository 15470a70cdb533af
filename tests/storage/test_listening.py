"""Who listens hears that something of their tenant has changed, once that is real; and again after the connection was
lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest
from sqlalchemy import text

from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.storage.listening import Listening, announce

pytestmark = pytest.mark.postgres
_SECONDS = 20.0


def until(holds: Callable[[], bool]) -> None:
    """Waits until it holds, for so long."""
    by = time.monotonic() + _SECONDS
    while not holds():
        assert time.monotonic() < by
        time.sleep(0.01)


class Heard(Event):
    """What one who listens is told."""

    def once(self) -> bool:
        """Whether anything was heard by now, in half a second; it is forgotten."""
        found = self.wait(0.5)
        self.clear()
        return found


@pytest.fixture
def heard(postgres_database: Database) -> Iterator[tuple[Heard, Listening]]:
    load_document(postgres_database, {"ringfence": 1, "tenants": [{"key": "t", "name": "t"}]})
    heard = Heard()
    listening = Listening(postgres_database, 1, heard.set)
    until(lambda: listening.alive)
    heard.once()
    yield heard, listening
    listening.close()


def test_what_is_committed_is_heard_and_nothing_else(
    postgres_database: Database, heard: tuple[Heard, Listening]
) -> None:
    told, listening = heard
    with postgres_database.writing() as connection:
        announce(connection, 1)
        assert not told.once()
    assert told.once()
    with postgres_database.writing() as connection:
        announce(connection, 2)  # another's
    with postgres_database.rehearsing() as connection:
        announce(connection, 1)
    with postgres_database.writing() as connection:
        announce(connection, 1)
        connection.rollback()
    assert not told.once()
    load_document(postgres_database, {"ringfence": 1, "tenants": [{"key": "u", "name": "u"}]})
    assert told.once()
    assert listening.alive


def test_it_listens_again_after_the_connection_was_lost(
    postgres_database: Database, heard: tuple[Heard, Listening]
) -> None:
    told, listening = heard
    ending: Any = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%pg_notify%' "
                       "AND state = 'idle' AND pid <> pg_backend_pid() AND datname = current_database()")  # fmt: skip
    with postgres_database.writing() as connection:
        assert connection.execute(ending).scalar_one()
    until(lambda: not listening.alive)
    assert told.once()  # so that somebody looks at once
    until(lambda: listening.alive)
    assert told.once()  # of what came meanwhile
