"""What the second wall costs on PostgreSQL: the first page of 50 devices as a provider's role, against the same page as
a superuser, whom no policy is for; by tenant alone and in strict mode. Searches are told apart: a condition that may
tell of rows is asked after the policies, so that a function of the owner goes by the index of substrings."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from time import perf_counter
from typing import Final

from benchmarks.big import DATA, USERS, make_big
from benchmarks.copies import brought_up, on_postgresql
from benchmarks.report import Report
from ringfence.domain.device import DEVICES
from ringfence.snapshot.load import load_file
from ringfence.storage.engine import Database, open_database
from ringfence.storage.roles import make_roles
from ringfence.visibility.column_values import permissions
from ringfence.visibility.page import Query, Window, page
from ringfence.visibility.viewer import Viewer

TARGETS: Final = {False: 1.3, True: 4.0}
"""How many times as long a page may take, by tenant alone and in strict mode."""
_CUSTOMERS, _DEVICES = 20_000, 200_000
_SEARCHES = ("mesa-0", "0f1")
_WINDOW = Window(limit=50)
_ROUNDS, _FEW = 160, 8


def run() -> Report:
    """A table for each mode. Milliseconds, medians; ratios are of rounds beside each other."""
    file = DATA / "wall.db"
    if not file.exists():
        DATA.mkdir(exist_ok=True)
        source, unfinished = file.with_suffix(".json"), file.with_suffix(".making")
        unfinished.unlink(missing_ok=True)
        make_big(source, _CUSTOMERS, _DEVICES)
        made = open_database(str(unfinished), create=True)
        load_file(made, source)
        made.close()
        source.unlink()
        unfinished.rename(file)
    report = Report()
    with on_postgresql(brought_up(file)) as (owner,):
        for strict in (False, True):
            (role,) = make_roles(owner, strict=strict)
            behind = Database(owner.url.set(username=role.name))
            _measured(report, owner, behind, strict=strict)
            behind.close()
    return report


def _measured(report: Report, owner: Database, behind: Database, *, strict: bool) -> None:
    mode = "in strict mode" if strict else "by tenant"
    report.lines.append(f"  {mode:<28}{'behind':>10}{'without':>10}{'ratio':>8}")
    worst = 0.0
    for login in USERS:
        for search in ("", *_SEARCHES):
            times = [_beside((behind, owner), place % 2, login, search) for place in range(_FEW if search else _ROUNDS)]
            del times[:2]  # what the server reads once, it has read
            ratio = statistics.median(own / floor for own, floor in times)
            own, floor = (statistics.median(found) * 1000 for found in zip(*times, strict=True))
            what = f"{login} {search!r}" if search else login
            report.lines.append(f"    {what:<26}{own:>10.2f}{floor:>10.2f}{ratio:>8.2f}")
            if not search:
                worst = max(worst, ratio)
    report.judge(f"first page behind the wall, {mode}, the worst of all users", worst, TARGETS[strict], "times")


def _beside(databases: Sequence[Database], first: int, login: str, search: str) -> list[float]:
    """How long each of the two takes, one after the other: whichever is first finds less at hand."""
    times = {place: _taken(databases[place], login, search) for place in (first, 1 - first)}
    return [times[0], times[1]]


def _taken(database: Database, login: str, search: str) -> float:
    """The seconds that a page takes whose viewer has not looked yet: of nothing in it is anything held."""
    viewer = Viewer.sign_in(database, login)
    begin = perf_counter()
    with viewer.look(*permissions(DEVICES)) as sight:
        page(sight, Query(DEVICES, search), _WINDOW)
    return perf_counter() - begin
