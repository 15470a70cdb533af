"""How fast a large snapshot loads into SQLite, against a bare executemany of the same rows into the same tables.

It is a fifth of the large database, so that it takes a minute."""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from benchmarks.big import DATA, make_big
from benchmarks.report import Report
from ringfence.snapshot.load import load_file
from ringfence.storage.engine import open_database
from ringfence.storage.metadata import metadata

SLOWEST = 4.0
MOST_MEMORY = 320
"""MiB: about 65 of them are the program's own."""
_CUSTOMERS, _DEVICES = 20_000, 200_000


def run() -> Report:
    """A table: seconds of the load and of the bare insert, their ratio, and the load's peak memory."""
    DATA.mkdir(exist_ok=True)
    source, loaded = DATA / "load.json", DATA / "load.db"
    make_big(source, _CUSTOMERS, _DEVICES)
    # Each in a process of its own, so that the one's memory is not counted for the other.
    seconds, memory = _apart("load", source, loaded)
    bare, _ = _apart("bare", loaded, DATA / "bare.db")
    for made in (source, loaded, DATA / "bare.db"):
        _remove(made)
    report = Report((f"  {'load':8}{seconds:>8.1f} s", f"  {'bare':8}{bare:>8.1f} s"))
    report.judge("load, against the bare insert", seconds / bare, SLOWEST, "times")
    report.judge("peak memory of the load", memory, MOST_MEMORY, "MiB")
    return report


def _apart(what: str, source: Path, target: Path) -> tuple[float, float]:
    _remove(target)
    command = [sys.executable, "-m", "benchmarks.load", what, str(source), str(target)]
    folder = Path(__file__).parents[1]
    seconds, memory = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=folder).stdout)
    return seconds, memory


def _remove(path: Path) -> None:
    for companion in ("", "-wal", "-shm"):
        path.with_name(path.name + companion).unlink(missing_ok=True)


def _load(source: Path, target: Path) -> float:
    database = open_database(str(target), create=True)
    begin = perf_counter()
    load_file(database, source)
    seconds = perf_counter() - begin
    database.close()
    return seconds


def _bare(source: Path, target: Path) -> float:
    open_database(str(target), create=True).close()
    known, new = sqlite3.connect(source), sqlite3.connect(target, isolation_level=None)
    for pragma in ("synchronous = NORMAL", "cache_size = -65536", "temp_store = MEMORY"):
        new.execute(f"PRAGMA {pragma}")
    seconds = 0.0
    new.execute("BEGIN IMMEDIATE")
    for table in metadata.sorted_tables:
        rows = known.execute(f'SELECT * FROM "{table.name}"').fetchall()
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            begin = perf_counter()
            new.executemany(f'INSERT INTO "{table.name}" VALUES ({marks})', rows)
            seconds += perf_counter() - begin
    begin = perf_counter()
    new.execute("COMMIT")
    return seconds + perf_counter() - begin


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measured = {"load": _load, "bare": _bare}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
        print(json.dumps([measured, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
    else:
        print("\n".join(run().lines))
