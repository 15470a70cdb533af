"""A change in a process of its own, which kills itself at a moment of its transaction."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from multiprocessing.connection import Connection as Pipe
from threading import Thread
from typing import Any

from sqlalchemy import event, text

from ringfence.changes import ledger
from ringfence.domain.device import DeviceState
from ringfence.services.editing import Edit
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database, open_database
from ringfence.visibility.viewer import Viewer

Moment = tuple[str, int]
"""What is counted (``statement``, ``step`` of the engine, ``progress`` told) and how much of it there was; or
``before``, ``within`` (so many microseconds) or ``after`` the commit; or ``count``, which kills nothing and tells how
much there was of each."""

NEEDED = ["ringfence.services.workspace", "ringfence.changes.ledger"]
"""What such a process imports."""
_STEP = 2000


def change(path: str, what: str, moment: Moment, pipe: Pipe) -> None:
    """Makes a change of the database and is killed in the midst of it. Without being killed, sends what there was to
    count."""
    database = open_database(path)
    viewer = Viewer.sign_in(database, "boss")
    workspace = Workspace(database, origin="test")
    edits = wanted(database, what)
    workspace.session(viewer).check()
    kind, number = moment
    seen = {"statement": 0, "step": 0, "progress": 0}

    def passed(counted: str) -> None:
        seen[counted] += 1
        if counted == kind and seen[counted] == number:
            end()

    def stepped() -> int:
        passed("step")
        return 0

    @event.listens_for(database.engine, "engine_connect")
    def watch(connection: Any) -> None:
        connection.connection.driver_connection.set_progress_handler(stepped, _STEP)
        # Little room, so that pages are on the disk long before the commit.
        connection.connection.driver_connection.execute("PRAGMA cache_size = 20")

    @event.listens_for(database.engine, "after_cursor_execute")
    def executed(*_: Any) -> None:
        passed("statement")

    @event.listens_for(database.engine, "commit")
    def committing(_: Any) -> None:
        if kind == "before":
            end()
        if kind == "within":
            Thread(target=end_after, args=(number,)).start()

    workspace.session(viewer).save(edits, lambda *_: passed("progress"))
    if kind == "count":
        pipe.send(seen)
    else:
        end()


def end() -> None:
    """No handler runs, nothing is written any more."""
    os.kill(os.getpid(), signal.SIGKILL)


def end_after(microseconds: int) -> None:
    until = time.perf_counter() + microseconds / 1e6
    while time.perf_counter() < until:
        pass
    end()


def wanted(database: Database, what: str) -> list[Edit]:
    """The edits: all devices of ``from`` to ``to``, or ``from`` deleted with whatever belongs to it."""
    with database.reading() as connection:
        ids = {row.key: row.id for row in connection.execute(text("SELECT key, id FROM customer"))}
        (tenant,) = connection.execute(text("SELECT id FROM tenant")).scalars()
        if what == "delete":
            ((state, revision),) = ledger.read_many(connection, tenant, "customer", [ids["from"]]).values()
            return [Edit("customer", ids["from"], state, None, revision)]
        query = text("SELECT id FROM device WHERE customer_id = :own")
        devices = connection.execute(query, {"own": ids["from"]}).scalars().all()
        found = ledger.read_many(connection, tenant, "device", devices)
    return [
        Edit("device", own, state, replace(state, customer=ids["to"]), revision)
        for own, (state, revision) in found.items()
        if isinstance(state, DeviceState)
    ]
