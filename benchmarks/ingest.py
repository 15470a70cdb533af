"""What taking signals in costs under three rules, against reading the same lines and a raw executemany of their values;
and how long a save waits meanwhile. A fifth of the large database is enough of a tree."""

from __future__ import annotations

import gc
import json
import random
import sqlite3
import statistics
import tempfile
import threading
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.big import make_big
from benchmarks.report import Report
from ringfence.domain.kind import altered
from ringfence.domain.quick_signal import read, read_all
from ringfence.domain.registry import EDITED
from ringfence.services.editing import Edit, open_record, save
from ringfence.signals.feeding import Line, feed
from ringfence.signals.intake import Source, source
from ringfence.snapshot.load import load_document, load_file
from ringfence.storage.engine import Database, open_database
from ringfence.visibility.page import Query, Window, page
from ringfence.visibility.viewer import Viewer

MOST = 4.0
WAIT = 0.5
_CUSTOMERS, _DEVICES, _LINES = 2_000, 20_000, 20_000
_NOW = 1_795_000_000_000
_ROUNDS = 9
"""Before each measurement Python looks for garbage: whichever of the two it would come upon would pay for both."""
_RULES = (
    ("Too warm", "temperature > 11"),
    ("Battery low", "battery < 6"),
    ("Left open", 'door == "open" && temperature > 10'),
)
"""One line in fifty or so raises something, or ends it."""


def run() -> Report:
    """A table: lines a second, of the whole way and of the bare one, and what a save waits while lines pour in."""
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        database = _made(Path(folder))
        with database.reading() as connection:
            own = source(connection, "edge")
        ratios = []
        wholes, bares = [], []
        for turn in range(_ROUNDS):
            lines = _lines(turn)
            gc.collect()
            bares.append(_bare(Path(folder) / f"bare-{turn}.db", lines))
            gc.collect()
            wholes.append(_whole(database, own, lines))
            ratios.append(wholes[-1] / bares[-1])
        whole, bare = statistics.median(wholes), statistics.median(bares)
        report.lines.append(f"  {_LINES:,} lines of 3 values: {whole:.2f} s of processor time, bare {bare:.2f} s")
        report.lines.append(f"  {_ROUNDS} rounds: {min(ratios):.2f} to {max(ratios):.2f} times")
        report.judge(
            "lines of 3 values under 3 rules, against reading and a bare insert",
            statistics.median(ratios),
            MOST,
            "times",
        )
        waits = _saves(database, own)
        report.lines.append(
            f"  {len(waits)} saves while lines pour in: median {statistics.median(waits) * 1000:.0f} ms"
        )
        report.judge("a save while lines pour in, the longest", max(waits), WAIT, "s")
        database.close()
    return report


def _made(folder: Path) -> Database:
    make_big(folder / "big.json", _CUSTOMERS, _DEVICES)
    database = open_database(str(folder / "big.db"), create=True)
    load_file(database, folder / "big.json")
    edge = {"key": "edge", "tenant": "big", "name": "Edge", "kind": "pipe", "customer": None}
    own = {"tenant": "big", "customer": None, "severity": "minor"}
    rules = [{"key": f"r{place}", **own, "name": name, "raise_when": when} for place, (name, when) in enumerate(_RULES)]
    load_document(database, {"ringfence": 1, "edges": [edge], "alarm_rules": rules})
    return database


def _lines(turn: int) -> list[Line]:
    chance = random.Random(turn)
    found = []
    for number in range(_LINES):
        values = {
            "temperature": round(chance.gauss(5, 2.2), 2),
            "battery": chance.randint(5, 100),
            "door": chance.choice(("open", "shut")),
        }
        at = _NOW + (turn * _LINES + number) * 10
        line = {"unit": f"U-{chance.randrange(_DEVICES):07d}", "ts": at, "values": values}
        found.append(Line(number + 1, json.dumps(line).encode()))
    return found


def _bare(path: Path, lines: list[Line]) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE bare (unit TEXT, name TEXT, at INTEGER, number REAL, said TEXT)")
    begin = process_time()
    for first in range(0, len(lines), 1000):
        rows = []
        for line in lines[first : first + 1000]:
            said = json.loads(line.said)
            for name, value in said["values"].items():
                is_text = isinstance(value, str)
                rows.append((said["unit"], name, said["ts"], None if is_text else value, value if is_text else None))
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO bare VALUES (?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
    seconds = process_time() - begin
    connection.close()
    return seconds


def _whole(database: Database, own: Source, lines: list[Line]) -> float:
    begin = process_time()
    for _ in feed(database, own, lines, read, lambda: _NOW + 86_400_000, _wrong, read_all):
        pass
    return process_time() - begin


def _wrong(fault: object) -> None:
    raise AssertionError(fault)


def _saves(database: Database, own: Source) -> list[float]:
    """How long each save takes while lines pour in."""
    viewer = Viewer.sign_in(database, "all")
    with viewer.look("customer.list") as sight:
        customer = page(sight, Query(EDITED["customer"]), Window(limit=1))[0].id
    pouring = threading.Thread(target=lambda: [_whole(database, own, _lines(turn)) for turn in (8, 9)])
    pouring.start()
    waits: list[float] = []
    while pouring.is_alive():
        opened = open_record(viewer, "customer", customer)
        after = altered(opened.state, phone=f"+31 10 {len(waits) % 900 + 100} 4567")
        begin = perf_counter()
        save(viewer, [Edit("customer", customer, opened.state, after, opened.revision)], "benchmark")
        waits.append(perf_counter() - begin)
    pouring.join()
    return waits
