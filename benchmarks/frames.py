"""Whether the first page of every list is there within a frame: users, lists, sorts and searches, names drawn by chance
and names that follow the tree, on both engines; each against the same page unscoped."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from benchmarks.big import USERS
from benchmarks.copies import following_the_tree, on_postgresql
from benchmarks.report import Report
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.display import columns
from ringfence.domain.kind import Kind
from ringfence.domain.registry import KINDS
from ringfence.storage.engine import Database, open_database
from ringfence.visibility.column_values import permissions
from ringfence.visibility.page import Query, Window, page
from ringfence.visibility.viewer import Sight, Viewer

FRAME = {False: 16.0, True: 30.0}
"""Milliseconds that a page may take, on SQLite and on PostgreSQL."""
RATIO = 3.0
SMALL = 2.0
"""A page that takes longer than so many milliseconds may take so many times as long as the unscoped one."""
SEARCHES = (
    *("m", "q", "0", "me", "zq", "0f", "mes", "0f1", "zzz", "mesa", '"-00f"', "mesa-", "00f1c"),
    *("mesa-0", "u-0000", "mesa-0f", "mesa-0f1"),
)
"""What everything has, what much, little and nothing has; at one place of the order, and all over it."""
_SEARCHED = {(DEVICES, one.field, False) for one in columns(DEVICES)} | {
    (DEVICES, "name", True),
    (CUSTOMERS, "name", False),
}
_WINDOW = Window(limit=50)
_ROUNDS = 2
_AGAIN = 6
"""Rounds of a page that seems to miss: what else goes on on the machine is not its fault."""
_SLOW = 0.06
_WORST = 8


@dataclass(frozen=True)
class Cell:
    """A first page: for whom, of what, and the milliseconds that it took, scoped and unscoped."""

    user: str
    query: Query
    scoped: float
    unscoped: float

    @property
    def ratio(self) -> float:
        return self.scoped / self.unscoped

    @property
    def far(self) -> bool:
        """Whether it costs too many times what the unscoped page does."""
        return self.scoped > SMALL and self.ratio > RATIO

    def __str__(self) -> str:
        way = " descending" if self.query.descending else ""
        search = f" {self.query.search!r}" if self.query.search else ""
        what = f"{self.user}: {self.query.kind.name} by {self.query.sort}{way}{search}"
        return f"    {what:<52}{self.scoped:>9.2f}{self.unscoped:>9.2f}{self.ratio:>8.1f}"


def run(database_path: Path) -> Report:
    """A table for each engine and each way of naming."""
    tree = following_the_tree(database_path, database_path.with_name("tree.db"))
    report = Report()
    for file, names in ((database_path, "names by chance"), (tree, "names along the tree")):
        database = open_database(str(file))
        measured(report, database, f"SQLite, {names}")
        database.close()
    with on_postgresql(database_path, tree) as (chance, along):
        measured(report, chance, "PostgreSQL, names by chance")
        measured(report, along, "PostgreSQL, names along the tree")
    return report


def measured(report: Report, database: Database, title: str) -> None:
    """The matrix of one database: of each user the slowest pages and how many miss, and the slowest of all."""
    frame = FRAME[database.postgresql]
    cells = list(_cells(database))
    of: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        of[cell.user].append(cell)
    late, far = [one for one in cells if one.scoped > frame], [one for one in cells if one.far]
    report.lines += (
        f"  {title}: {len(cells)} first pages",
        f"    {'':8}{'slowest':>9}{'searched':>10}{'median':>8}{'late':>6}{'far':>6}",
    )
    for user, own in of.items():
        plain, searched = ([one.scoped for one in own if bool(one.query.search) is one_is] for one_is in (False, True))
        report.lines.append(
            f"    {user:8}{max(plain):>9.2f}{max(searched):>10.2f}{statistics.median(plain + searched):>8.2f}"
            f"{sum(one.scoped > frame for one in own):>6}{sum(one.far for one in own):>6}"
        )
    worst = sorted((one for one in cells if one.far or one.scoped > frame), key=lambda one: -one.scoped)
    report.lines += map(str, worst[:_WORST])
    report.judge(f"{title}: of {len(cells)} pages those over {frame:.0f} ms", len(late), 0)
    report.judge(f"those over {SMALL:.0f} ms and {RATIO:.0f} times the unscoped one", len(far), 0)


def _queries(kind: Kind) -> Iterator[Query]:
    for sort in (one.field for one in columns(kind)):
        for descending in (False, True):
            yield Query(kind, "", sort, descending)
            if (kind, sort, descending) in _SEARCHED:
                yield from (Query(kind, search, sort, descending) for search in SEARCHES)


def _cells(database: Database) -> Iterator[Cell]:
    everyone = Viewer.sign_in(database, "all")
    unscoped: dict[Query, float] = {}
    for login in USERS:
        viewer = Viewer.sign_in(database, login)
        for kind in KINDS.values():
            with everyone.look(*permissions(kind)) as whole:
                pass

            def own(query: Query, viewer: Viewer = viewer) -> None:
                with viewer.look(*permissions(query.kind)) as sight:
                    page(sight, query, _WINDOW)

            def floor(query: Query, whole: Sight = whole) -> None:
                with database.reading() as connection:
                    page(replace(whole, connection=connection, answers={}), query, _WINDOW)

            for query in _queries(kind):
                (scoped,) = _measured(query, own, rounds=1)  # a quicker one would change no verdict, mostly
                if query not in unscoped or scoped > SMALL:  # where it matters, beside each other
                    scoped, unscoped[query] = _measured(query, own, floor)
                found = Cell(login, query, scoped, unscoped[query])
                if found.far or scoped > FRAME[database.postgresql]:
                    scoped, bare = _measured(query, own, floor, rounds=_AGAIN)
                    unscoped[query] = min(bare, unscoped[query])
                    found = Cell(login, query, min(scoped, found.scoped), unscoped[query])
                yield found


def _measured(query: Query, *pages: Callable[[Query], None], rounds: int = _ROUNDS) -> list[float]:
    """Milliseconds of pages, which take turns: of each the quickest, for what else goes on on the machine only adds to
    it."""
    took: list[list[float]] = [[] for _ in pages]
    turn = 0
    while turn <= rounds:
        begin = perf_counter()
        for times, read in zip(took, pages, strict=True):
            started = perf_counter()
            read(query)
            if turn:  # the first one makes statements, and fills caches
                times.append(1000 * (perf_counter() - started))
        spent = perf_counter() - begin
        turn += 1 if spent < _SLOW or rounds > _ROUNDS else rounds
    return [min(times) for times in took]
