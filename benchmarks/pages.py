"""What scoping costs: the first page of 50 devices by name for users who see much and little, against no scoping."""

from __future__ import annotations

import statistics
from pathlib import Path
from time import perf_counter

from benchmarks.big import USERS
from benchmarks.report import Report
from ringfence.domain.device import DEVICES
from ringfence.storage.engine import Database, open_database
from ringfence.visibility.page import Query, Window, page
from ringfence.visibility.sql import Shape, statement
from ringfence.visibility.viewer import Viewer

TARGETS = {"all": 1.5, "leaf3": 2.0, "sel5k": 6.0, "sub1k": 10.0, "none": 1.0, "half": 4.0}
_ROUNDS = 200


def run(database_path: Path) -> Report:
    """A table: each user's page, the unscoped page beside it, and their ratio. Milliseconds, medians."""
    database = open_database(str(database_path))
    report = Report([f"  {'user':8}{'devices':>10}{'scoped':>10}{'unscoped':>10}{'ratio':>8}"])
    ratios = {}
    for login in USERS:
        scoped, unscoped, seen = _measure(database, login)
        ratio = ratios[login] = statistics.median(own / floor for own, floor in zip(scoped, unscoped, strict=True))
        report.lines.append(
            f"  {login:8}{seen:>10}{statistics.median(scoped) * 1000:>10.3f}{statistics.median(unscoped) * 1000:>10.3f}"
            f"{ratio:>8.2f}"
        )
    database.close()
    for login, ratio in ratios.items():
        report.judge(f"page of {login}, against the unscoped one", ratio, TARGETS[login], "times")
    return report


def _measure(database: Database, login: str) -> tuple[list[float], list[float], int]:
    viewer = Viewer.sign_in(database, login)
    query, window = Query(DEVICES), Window(limit=50)
    plain = statement(Shape(DEVICES, "plain", postgresql=database.postgresql))
    binds = {"tenant": viewer.tenant_id, "limit": window.limit, "skip": 0}
    scoped, unscoped = [], []
    with viewer.look(DEVICES.permission) as sight:
        seen = sight.scope(DEVICES.permission).records.devices
    for turn in range(_ROUNDS):
        begin = perf_counter()
        with viewer.look(DEVICES.permission) as sight:
            rows = page(sight, query, window)
        middle = perf_counter()
        with database.reading() as connection:
            floor = connection.execute(plain, binds).all()
        end = perf_counter()
        assert len(floor) == 50
        assert len(rows) == min(50, seen)
        if turn >= _ROUNDS // 10:
            scoped.append(middle - begin)
            unscoped.append(end - middle)
    return scoped, unscoped, seen


if __name__ == "__main__":
    import sys

    print("\n".join(run(Path(sys.argv[1])).lines))
