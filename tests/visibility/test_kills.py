"""Killed in the midst of a large change: all of it is there afterwards, or nothing."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest
from support.databases import dumped, made
from support.kills import NEEDED, Moment, change

from ringfence.domain.customer import CustomerState
from ringfence.services import audit
from ringfence.services.editing import Edit
from ringfence.services.workspace import Workspace
from ringfence.snapshot.load import load_document
from ringfence.storage import maintenance
from ringfence.storage.engine import open_database
from ringfence.visibility.viewer import Viewer

T = {"tenant": "t"}


def station() -> dict[str, Any]:
    """A customer with two thousand devices of its own, on four sites, and forty nested ones with users and groups."""
    nested = [f"n{number}" for number in range(40)]
    role = {"key": "all", **T, "name": "All", "access_level": "service_provider", "permissions": "all"}
    named = [{"customer": key} for key in ("from", "n3", "n4")]
    everywhere = {"key": "everywhere", **T, "name": "Everywhere", "role": "all", "scope": "all"}
    boss = {"key": "boss", **T, "name": "B", "login": "boss", "security_groups": [{"group": "everywhere"}]}
    return {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "Tenant"}],
        "customers": [
            {"key": "from", **T, "name": "From"},
            {"key": "to", **T, "name": "To"},
            *({"key": key, **T, "name": key, "parent": "from"} for key in nested),
        ],
        "sites": [
            {"key": f"{customer}-{site}", **T, "name": f"Site {site}", "customer": customer}
            for customer in ("from", "to")
            for site in range(4)
        ],
        "devices": [
            {
                "key": f"d{n}",
                **T,
                "name": f"Device {n}",
                "unit_id": f"U-{n}",
                "customer": "from",
                "site": f"from-{n % 4}",
            }
            for n in range(2000)
        ],
        "roles": [role],
        "security_groups": [everywhere, {**everywhere, "key": "some", "scope": "selected", "customers": named}],
        "users": [
            boss,
            *({"key": f"u-{key}", **T, "name": key, "login": key, "home": key} for key in nested),
        ],
    }


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database on a file, closed."""
    path = tmp_path_factory.mktemp("station") / "station.db"
    database = made(path)
    load_document(database, station())
    database.close()
    return path


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Processes that begin with everything imported, and nothing else of this one."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["pytest", *NEEDED])
    return context


class Station:
    """A database that a change is made to, over and over, from the same beginning."""

    def __init__(self, source: Path, path: Path, what: str, processes: ForkServerContext) -> None:
        self.source, self.path, self.what, self.processes = source, path, what, processes
        self.before = self.dump(source)
        self.all = self.killed_at(("count", 0))
        self.after = self.dump(path)
        assert self.after != self.before

    def dump(self, path: Path) -> str:
        database = open_database(str(path))
        try:
            return dumped(database)
        finally:
            database.close()

    def killed_at(self, moment: Moment) -> dict[str, int]:
        """The change upon a fresh copy, by a process that is killed; returns what there was to count if it is not."""
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink()
        shutil.copy(self.source, self.path)
        ours, theirs = self.processes.Pipe()
        process = self.processes.Process(target=change, args=(str(self.path), self.what, moment, theirs))
        process.start()
        process.join(60)
        counted: dict[str, int] = ours.recv() if moment[0] == "count" else {}
        assert process.exitcode == (0 if counted else -signal.SIGKILL), moment
        return counted

    def look(self, moment: Moment) -> None:
        """All or nothing, whole, and the next change is made."""
        database = open_database(str(self.path))
        try:
            text = dumped(database)
            if moment[0] == "within":
                assert text in (self.before, self.after)
            else:
                assert text == (self.after if moment[0] == "after" else self.before), moment
            chains, wrong = audit.verify(database)
            assert wrong == []
            assert (chains[0][1] == 0) == (text == self.before)
            assert maintenance.check(database) == []
            viewer = Viewer.sign_in(database, "boss")
            next_one = Edit("customer", -1, None, CustomerState(1, "Next"))
            assert Workspace(database).session(viewer).save([next_one]).change == chains[0][1] + 1
        finally:
            database.close()


def moments(counted: dict[str, int], each: int) -> Iterator[Moment]:
    """From the first to the last, evenly, of each kind; and around the commit."""
    for kind in ("statement", "step"):
        for place in range(each):
            yield kind, 1 + (counted[kind] - 1) * place // (each - 1)
    yield "progress", 2
    yield "before", 0
    yield "within", 30
    yield "within", 400
    yield "after", 0


@pytest.mark.parametrize("what", ["assign", "delete"])
def test_all_or_nothing(source: Path, tmp_path: Path, processes: ForkServerContext, what: str) -> None:
    station = Station(source, tmp_path / "killed.db", what, processes)
    for moment in moments(station.all, 3):
        station.killed_at(moment)
        station.look(moment)
