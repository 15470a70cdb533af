"""What assigning 10,000 of 1,000,000 devices to a customer costs, from the ids that were typed to the last commit.

Held against the bare UPDATE of as many rows, durable too, in the same run: what checking, the counts of devices, the
audit and the rule itself cost beyond it.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.report import Report
from benchmarks.startup import ratio
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import open_database

COUNT = 10_000
ROUNDS = 5
BARE_TIMES = 2.0
"""It may take so many times as long as the bare UPDATE."""
_DEVICES = 1_000_000


def run(database: Path) -> Report:
    """Takes a copy of the large database."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "assign.db"
        shutil.copy(database, copy)
        return _measure(copy)


def _measure(copy: Path) -> Report:
    opened = open_database(str(copy))
    workspace = Workspace(opened)
    session = workspace.sign_in("all")
    steps: dict[str, list[float]] = {}

    def took(name: str, step: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        result = step()
        steps.setdefault(name, []).append(time.perf_counter() - began)
        return result

    chance = random.Random(11)
    customers = [row.id for row in session.rows(Listing("customers"), Part(2 * ROUNDS))]
    for number in range(ROUNDS):
        target, other = customers[2 * number : 2 * number + 2]
        numbers = chance.sample(range(_DEVICES), 2 * COUNT)
        text = "\n".join(f"U-{one:07d}" if one % 2 else f"d{one}" for one in numbers[:COUNT])
        matched = took("match the typed ids", partial(session.match_devices, text, target))
        edits, _ = took("make the edits", partial(session.assignment, matched.move, target))
        assert len(edits) >= COUNT - COUNT // 100
        saved = took("save them", partial(session.save, edits))
        bare = session.match_devices("\n".join(f"d{one}" for one in numbers[COUNT:]), other).move
        took(f"bare UPDATE of {COUNT:,}", partial(_update, copy, bare, other))
        took("undo them", partial(session.undo, saved.change))
    opened.close()
    report = Report(f"  {name:<28}{1000 * statistics.median(times):7.0f} ms" for name, times in steps.items())
    own = [sum(times) for times in zip(*(steps[name] for name in _OWN), strict=True)]
    report.lines.append(f"  {'match, make and save':<28}{1000 * statistics.median(own):7.0f} ms")
    plain = steps[f"bare UPDATE of {COUNT:,}"]
    report.judge(f"assigning {COUNT:,}, against the bare UPDATE", ratio(own, plain), BARE_TIMES, "times")
    return report


_OWN = ("match the typed ids", "make the edits", "save them")


def _update(database: Path, devices: Sequence[int], customer: int) -> None:
    connection = sqlite3.connect(database, isolation_level=None)
    for pragma in ("synchronous = NORMAL", "cache_size = -65536", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "UPDATE device SET customer_id = ?, site_id = NULL, revision = revision + 1 "
        "WHERE id IN (SELECT value FROM json_each(?))",
        (customer, json.dumps(list(devices))),
    )
    connection.execute("COMMIT")
    connection.close()
