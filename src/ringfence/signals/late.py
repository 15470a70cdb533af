"""What was written behind each other and is not where it belongs yet, while lines pour into an SQLite file.

A batch changes some place or other on nearly every page of the latest values and of the history, and to write those
pages takes as long as all else. While more is waiting already, rows are only written one after the other, and the pages
once for many batches. Whoever reads meanwhile reads both (`telemetry.rows_of`, `latest.known_of`). What is
put off is later than whatever is where it belongs, and of one series in the order of its moments. A process that is
killed in the midst of it leaves it to the next batch, or to the worker.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from ringfence.signals import latest, telemetry
from ringfence.storage.engine import Database
from ringfence.storage.signal_tables import HISTORY, LATEST, waiting

MOST: Final = 30_000
"""So many numbers are put off at most, or as many latest values, or some more: whoever reads goes through them, and
whoever saves meanwhile waits until they are where they belong."""


def is_any(connection: Connection) -> bool:
    """Whether anything was put off."""
    return bool(waiting(connection, LATEST) or waiting(connection, HISTORY))


def finish(database: Database) -> None:
    """Puts everything where it belongs, if anything was put off."""
    with database.reading() as connection:
        behind = is_any(connection)
    if behind:
        with database.writing() as connection:
            settle(connection)


def settle(connection: Connection) -> None:
    """Puts everything where it belongs, in a writing transaction."""
    if waiting(connection, LATEST):
        latest.settle(connection)
    if waiting(connection, HISTORY):
        telemetry.settle(connection)


def make_way(connection: Connection, count: int) -> bool:
    """Whether as many numbers may be put off besides: puts what was put off where it belongs, if need be."""
    if connection.dialect.name != "sqlite" or count > MOST // 3:
        settle(connection)
        return False
    if max(waiting(connection, HISTORY), waiting(connection, LATEST)) > MOST:
        settle(connection)
    return True
