"""How long a save takes while twenty other processes preview changes, one after the other without a pause.

Each of the twenty asks what deleting, moving or renaming a customer, and what deactivating a user, would do; the one
that saves gives a customer another address over and over.
"""

from __future__ import annotations

import multiprocessing
import random
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.report import Report
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.snapshot.demo import shipped
from ringfence.storage.engine import open_database

PROCESSES = 20
SAVES = 40
TARGET_SECONDS = 0.5


def run(database: Path) -> Report:
    """Takes copies of the demo and of the large database."""
    report = Report()
    for name, source, login in (("demo", Path(shipped()), "h.devries"), ("large", database, "all")):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "previews.db"
            shutil.copy(source, copy)
            _measure(report, name, str(copy), login)
    return report


def _measure(report: Report, name: str, path: str, login: str) -> None:
    alone = _saves(path, login)
    spawning = multiprocessing.get_context("spawn")
    stop, counted = spawning.Event(), spawning.Queue()
    others = [spawning.Process(target=_preview, args=(path, login, n, stop, counted)) for n in range(PROCESSES)]
    for other in others:
        other.start()
    for _ in others:
        counted.get()  # each has previewed once
    began = time.perf_counter()
    beside = _saves(path, login)
    took = time.perf_counter() - began
    stop.set()
    previews = sum(counted.get() for _ in others)
    for other in others:
        other.join()
    report.lines += (
        f"  {name}: alone {_said(alone)}",
        f"  {name}: beside {PROCESSES} that preview {_said(beside)}; {previews:,} previews in {took:.0f} s",
    )
    said = f"a save beside {PROCESSES} that preview, {name}, 95th percentile"
    report.judge(said, _percentile(beside), TARGET_SECONDS, "s")


def _said(times: list[float]) -> str:
    return f"{1000 * statistics.median(times):.0f} ms, 95th percentile {1000 * _percentile(times):.0f} ms"


def _percentile(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def _saves(path: str, login: str) -> list[float]:
    database = open_database(path)
    workspace = Workspace(database)
    session = workspace.sign_in(login)
    (customer,) = session.rows(Listing("customers"), Part(1))
    times = []
    for number in range(SAVES):
        opened = session.open_record("customer", customer.id)
        after = replace(opened.state, address=f"{number} Long Street")
        edit = Edit("customer", opened.id, opened.state, after, opened.revision)
        began = time.perf_counter()
        session.save([edit])
        times.append(time.perf_counter() - began)
    database.close()
    return times


def _preview(path: str, login: str, number: int, stop: Any, counted: Any) -> None:
    database = open_database(path)
    workspace = Workspace(database)
    session = workspace.sign_in(login)
    chance = random.Random(number)
    saved, *customers = session.rows(Listing("customers"), Part(200))
    users = session.rows(Listing("users"), Part(200))
    done = 0
    while not stop.is_set():
        kind = chance.choice(("customer", "customer", "customer", "user"))
        record = chance.choice(customers if kind == "customer" else users).id
        (opened,) = session.open_records(kind, [record])
        state: Any = opened.state
        if kind == "user":
            after = replace(state, active=not state.active)
        else:
            after = chance.choice((None, replace(state, parent=saved.id), replace(state, name="Another")))
        session.preview([Edit(kind, record, state, after, opened.revision)])
        done += 1
        if done == 1:
            counted.put(1)
    counted.put(done)
    database.close()
