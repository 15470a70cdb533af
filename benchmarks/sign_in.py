"""How late an answer to somebody who signs in comes: with a login that there is and one that there is not, with the
right password and a wrong one. Nobody should learn from that which of these it was.

``python -m benchmarks.sign_in [TRIES]``, on a copy of the demo; the product's clock goes on by days, so that no try
waits for another.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import combinations
from math import sqrt
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.report import Report
from ringfence.domain import clock
from ringfence.identity import credentials, passwords
from ringfence.services import signing_in
from ringfence.services.signing_in import NotProven
from ringfence.snapshot.demo import shipped
from ringfence.storage.engine import Database, open_database
from ringfence.visibility.viewer import Viewer

TRIES = 200
_GOOD, _WRONG = "seven green bicycles", "seven grey bicycles"
_TRIED: Mapping[str, tuple[str, str]] = {
    "known, right": ("h.devries", _GOOD),
    "known, wrong": ("h.devries", _WRONG),
    "known, no way in": ("olga", _WRONG),
    "unknown": ("nobody", _WRONG),
}
"""What is tried: a login, and what is typed with it."""
_SAME = 1.95
"""Two distributions are one as far as the test of Kolmogorov and Smirnov tells, in all but one of a thousand cases."""


def tries(database: Database, many: int) -> dict[str, list[float]]:
    """The seconds that so many tries of each sort took, in one order by chance."""
    viewer, now = Viewer.sign_in(database, "h.devries"), clock.now()
    with database.writing() as connection:
        credentials.set_password(connection, viewer.tenant_id, viewer.user_id, passwords.hashed(_GOOD), now)
    order = [name for name in _TRIED for _ in range(many)]
    Random(1).shuffle(order)
    found: dict[str, list[float]] = {name: [] for name in _TRIED}
    for number, name in enumerate(order):
        with clock.stopped(now + timedelta(days=2 * number)):
            began = time.perf_counter()
            with suppress(NotProven):
                signing_in.begin(database, *_TRIED[name], origin="benchmark", address=f"192.0.2.{number % 200}")
            found[name].append(time.perf_counter() - began)
    return found


def apart(one: Sequence[float], other: Sequence[float]) -> float:
    """How far two distributions are from each other, of what chance alone would put between them: up to 1 they are
    taken for the same."""
    first, second = sorted(one), sorted(other)
    most = max(
        abs(bisect_right(first, at) / len(first) - bisect_right(second, at) / len(second)) for at in (*first, *second)
    )
    return most / (_SAME * sqrt((len(first) + len(second)) / (len(first) * len(second))))


def run(many: int = TRIES) -> Report:
    """Tries so often, and judges."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sign_in.db"
        shutil.copyfile(shipped(), path)
        database = open_database(str(path))
        found = tries(database, many)
        database.close()
    report = Report([f"  {'':<18} {'median':>9} {'95 %':>9} {'most':>9}  milliseconds, of {many} tries each"])
    for name, took in found.items():
        figures = statistics.median(took), statistics.quantiles(took, n=20)[-1], max(took)
        report.lines.append(f"  {name:<18} " + " ".join(f"{one * 1000:9.1f}" for one in figures))
    # What a timer alone makes of them is no difference.
    rounded = {name: [round(one, 2) for one in took] for name, took in found.items()}
    for one, other in combinations(found, 2):
        report.judge(f"{one} against {other}: how far apart", apart(rounded[one], rounded[other]), 1.0)
    return report


if __name__ == "__main__":
    print("\n".join(run(*map(int, sys.argv[1:2])).lines))
