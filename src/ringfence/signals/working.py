"""The worker: has the clocks run, keeps no more than is to be kept, and says that it is there."""

from __future__ import annotations

import os
import socket
from typing import Final

from sqlalchemy import Connection, select

from ringfence.signals import clocks, retention
from ringfence.signals.clocks import Done
from ringfence.storage.bulk import upsert_rows
from ringfence.storage.engine import Database
from ringfence.storage.signal_tables import WorkerHeard

WORKER: Final = "worker"
"""What the worker is called."""
ABSENT: Final = 60_000
"""Milliseconds after which a worker that was not heard is none."""
_SAID: Final = 10_000
_HOUR: Final = 3_600_000
_OWN: Final = 1
_HEARD: Final = {"id": "int", "at": "bigint", "said": "text"}


class Worker:
    """What a worker of a database does time and again."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._said = 0
        self._dropped = 0

    def work(self, now: int) -> Done:
        """Does all that is due by ``now``, in milliseconds since 1970; once an hour also drops what is too old."""
        if abs(now - self._said) >= _SAID:
            with self.database.writing() as connection:
                rows = [(_OWN, now, f"{socket.gethostname()}, process {os.getpid()}")]
                upsert_rows(connection, WorkerHeard.__tablename__, _HEARD, 1, rows)
            self._said = now
        done = clocks.run(self.database, now)
        if abs(now - self._dropped) >= _HOUR:
            retention.drop_old(self.database, now)
            self._dropped = now
        return done


def absent(connection: Connection, now: int) -> bool:
    """Whether no worker was heard lately, so that nothing comes of time alone."""
    at = connection.execute(select(WorkerHeard.at).where(WorkerHeard.id == _OWN)).scalar()
    return at is None or now - at > ABSENT
