"""How soon a command answers: ``count``, ``list`` and ``can``, against the import of SQLAlchemy alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.report import Report
from benchmarks.startup import milliseconds, ratio, spread
from ringfence.snapshot.demo import shipped

ROUNDS = 15
TARGET = 1.4
"""A command may take so many times as long as the import."""

_IMPORT = (sys.executable, "-c", "import sqlalchemy")
_COMMANDS = (
    ("count", "devices", "--as", "h.devries"),
    ("list", "devices", "--as", "h.devries", "--limit", "50"),
    ("can", "h.devries", "device.delete", "customer:northwind"),
)


def run() -> Report:
    """The table. The programs take turns."""
    ringfence = str(Path(sys.executable).with_name("ringfence"))
    programs = [_IMPORT, *((ringfence, *words) for words in _COMMANDS)]
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "demo.db"
        shutil.copyfile(shipped(), database)
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = {**kept, "RINGFENCE_DB": str(database)}
        for program in programs:
            _time(program, environment)  # once before, for bytecode and the disk's cache
        rounds = [[_time(program, environment) for program in programs] for _ in range(ROUNDS)]
    imports, *commands = zip(*rounds, strict=True)
    report = Report(
        (
            f"  on the demo, median of {ROUNDS} alternating runs",
            f"  {'':<34} {'ms':>6} {'ratio':>6}   quartiles of the ratio",
            f"  {'import sqlalchemy':<34} {milliseconds(imports)} {1:>6.2f}",
        )
    )
    for words, seconds in zip(_COMMANDS, commands, strict=True):
        name = f"ringfence {' '.join(words[:2])}"
        report.lines.append(
            f"  {name:<34} {milliseconds(seconds)} {ratio(seconds, imports):>6.2f}   {spread(seconds, imports)}"
        )
    for words, seconds in zip(_COMMANDS, commands, strict=True):
        report.judge(f"{words[0]}, against the import", ratio(seconds, imports), TARGET, "times")
    return report


def _time(program: Sequence[str], environment: Mapping[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(program, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started
