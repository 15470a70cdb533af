"""Writers and readers at once, each a process of its own: no read fails, no save is lost, and how long each takes.

``python -m benchmarks.crowd [SECONDS [WRITERS [READERS [URL]]]]``, on a copy of the demo in SQLite or on an empty
PostgreSQL database. A writer renames a device of its own over and over, and every fifth time a user whom all of them
rename, so that no scope stays stored for long; a reader signs in, lists, counts and asks.
"""

from __future__ import annotations

import io
import json
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from sqlalchemy import text

from benchmarks.report import Report
from ringfence.changes import ledger
from ringfence.domain.errors import Conflict
from ringfence.services import access, editing, listing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.snapshot.demo import shipped
from ringfence.snapshot.dump import dump
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database, open_database
from ringfence.visibility.viewer import Viewer

EDITOR = "h.devries"
READERS = ("olga", "g.moreau", "t.okafor", "r.dekker", "j.peeters", "k.adeyemi")
_SHARED = "olga"


class Count(NamedTuple):
    """What one process did: how long each save or round of questions took, how many saves of its own device and of the
    user of all landed, and what went wrong."""

    took: list[float]
    own: int
    shared: int
    failed: list[str]


class Crowd(NamedTuple):
    """What all of them did: failures, saves that are not there, and the seconds that saves and rounds took."""

    failed: list[str]
    lost: int
    saves: list[float]
    rounds: list[float]

    def lines(self) -> list[str]:
        """For people."""
        return [f"{len(self.failed)} failed, {self.lost} lost", _told("save", self.saves), _told("read", self.rounds)]


def _told(what: str, took: Sequence[float]) -> str:
    marks = statistics.quantiles([*took, *took], n=100) if took else [0.0] * 99
    return (
        f"{what}: {len(took):>6}  median {marks[49]:.3f} s  95% {marks[94]:.3f} s  longest {max(took, default=0):.3f} s"
    )


def crowd(url: str, seconds: float, writers: int, readers: int) -> Crowd:
    """Runs them on a database that holds the demo."""
    database = open_database(url)
    with database.reading() as connection:
        devices = connection.execute(text("SELECT id FROM device ORDER BY id")).scalars().all()[:writers]
        shared = connection.execute(text("SELECT id FROM user_account WHERE login = :it"), {"it": _SHARED}).scalar_one()
        before = _revisions(connection, devices, shared)
    database.close()
    until = time.time() + seconds
    with get_context("fork").Pool(writers + readers) as pool:
        saving = [pool.apply_async(write, (url, own, shared, until)) for own in devices]
        reading = [pool.apply_async(read, (url, number, until)) for number in range(readers)]
        saved, seen = [one.get() for one in saving], [one.get() for one in reading]
    database = open_database(url)
    with database.reading() as connection:
        after = _revisions(connection, devices, shared)
    database.close()
    landed = {own: count.own for own, count in zip(devices, saved, strict=True)}
    landed[0] = sum(count.shared for count in saved)
    lost = sum(abs(after[own] - before[own] - landed[own]) for own in before)
    failed = [said for count in (*saved, *seen) for said in count.failed]
    return Crowd(failed, lost, [one for c in saved for one in c.took], [one for c in seen for one in c.took])


def _revisions(connection: Any, devices: Sequence[int], shared: int) -> dict[int, int]:
    """Revisions by the devices' ids, and under 0 that of the user."""
    found = {row.id: row.revision for row in connection.execute(text("SELECT id, revision FROM device"))}
    query = text("SELECT revision FROM user_account WHERE id = :own")
    return {own: found[own] for own in devices} | {0: connection.execute(query, {"own": shared}).scalar_one()}


def write(url: str, device: int, shared: int, until: float) -> Count:
    """Saves until then."""
    database = open_database(url)
    viewer = Viewer.sign_in(database, EDITOR)
    took: list[float] = []
    failed: list[str] = []
    landed = {"device": 0, "user": 0}
    while time.time() < until:
        kind: Any = "user" if len(took) % 5 == 4 else "device"
        record = shared if kind == "user" else device
        with database.reading() as connection:
            found = ledger.read(connection, viewer.tenant_id, kind, record)
        assert found is not None
        state: Any = found[0]
        begin = time.perf_counter()
        try:
            edit = Edit(kind, record, state, replace(state, name=f"Saved {device} {len(took)}"), found[1])
            editing.save(viewer, [edit], "crowd")
            landed[kind] += 1
        except Conflict:
            assert kind == "user"  # somebody else was faster, and is not written over
        except Exception as error:  # noqa: BLE001 - all of it is counted
            failed.append(f"save: {type(error).__name__}: {error}")
        took.append(time.perf_counter() - begin)
    database.close()
    return Count(took, landed["device"], landed["user"], failed)


def read(url: str, number: int, until: float) -> Count:
    """Asks until then."""
    database = open_database(url)
    took: list[float] = []
    failed: list[str] = []
    while time.time() < until:
        begin = time.perf_counter()
        try:
            viewer = Viewer.sign_in(database, READERS[number % len(READERS)])
            list(listing.export(viewer, Listing("devices"), 20))
            listing.count(viewer, Listing("customers"))
            access.can(viewer, "device.list", "customer:polder")
        except Exception as error:  # noqa: BLE001 - all of it is counted
            failed.append(f"read: {type(error).__name__}: {error}")
        took.append(time.perf_counter() - begin)
    database.close()
    return Count(took, 0, 0, failed)


def fill(target: Database) -> None:
    """Puts the demo into an empty database."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "demo.db"
        shutil.copyfile(shipped(), path)
        source, out = open_database(str(path)), io.StringIO()
        dump(source, out)
        source.close()
    load_document(target, json.loads(out.getvalue()))


def run(seconds: float = 10, writers: int = 20, readers: int = 20, url: str | None = None) -> Report:
    """Runs it on a copy of the demo of its own, or on an empty database."""
    with TemporaryDirectory() as folder:
        where = url or str(Path(folder) / "crowd.db")
        database = open_database(where, create=True)
        fill(database)
        database.close()
        found = crowd(where, seconds, writers, readers)
    report = Report(found.lines())
    report.judge("reads and saves that failed beside each other", len(found.failed), 0)
    report.judge("saves that were lost", found.lost, 0)
    return report


if __name__ == "__main__":
    given: list[Any] = [read(one) for read, one in zip((float, int, int, str), sys.argv[1:], strict=False)]
    print("\n".join(run(*given).lines))
