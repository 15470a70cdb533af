"""What every test may ask for: an empty database of each engine, and the PostgreSQL server they share."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from math import isinf
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from sqlalchemy import make_url, text
from support.cluster import SERVERS, shared_out
from support.databases import empty, made
from support.postgres import server
from support.programs import stop_server
from support.statements import compile_once
from support.wall import MODE, MODES, behind_the_wall, write_down

from ringfence.storage.engine import Database, open_database

# Whoever forbids the caches makes every start of the program twice as long.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Whoever starts the tests in the background has an interrupt ignored by whatever they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "ringfence",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
_HERE: Final = Path(__file__).parent
_LONG: Final = ("cli", "console")
_TURNS: Final = {"cli": 3, "console": 3, "journeys": 2, "visibility": 2}
"""Of these rooms, which take the longest, a test has its turn with one commit in so many."""
_UNTIL: Final = float(os.environ.get("RINGFENCE_TESTS_UNTIL") or "inf")
"""When the tests that are ``slow`` are not begun any more (seconds since 1970): the check has a time of its own."""

# Who waits for the check is told of a failure, not of the smallest one: that takes minutes.
settings.register_profile("check", settings.get_profile("ringfence"), phases=(Phase.explicit, Phase.generate))
settings.load_profile("check" if "RINGFENCE_TESTS_UNTIL" in os.environ else "ringfence")

compile_once()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is slow comes last, and with each commit in another order: each has its turn where time is short. So it is
    with what a test is tried on, where that is marked ``once``: one, or as many as the mark says, are always tried. In
    the check, which has a time of its own, it is so with all: four or a quarter, of a screen or a command, which take
    long, three or an eighth. There the tests of some rooms take turns as a whole, too, but those marked ``always``."""
    asked = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(asked, cwd=_HERE, capture_output=True, check=False).stdout
    chance = Random(commit)
    tried: dict[str, list[pytest.Item]] = {}
    for item in items:
        if not item.get_closest_marker("slow"):
            tried.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for each in tried.values():
        for item in chance.sample(each, max(0, len(each) - _always(each, chance))):
            item.add_marker(pytest.mark.slow)
    slow = [item for item in items if item.get_closest_marker("slow")]
    chance.shuffle(slow)
    items[:] = [item for item in items if not item.get_closest_marker("slow")] + slow


def _always(each: list[pytest.Item], chance: Random) -> int:
    """How many of these, all of one test, are tried whatever time there is."""
    mark = each[0].get_closest_marker("once")
    if isinf(_UNTIL):
        return len(each) if mark is None else _so_many(mark)
    room = each[0].path.relative_to(_HERE).parts[0]
    if chance.randrange(_TURNS.get(room, 1)) and not each[0].get_closest_marker("always"):
        return 0
    if mark is not None:
        return _so_many(mark)
    return max(3, len(each) // 8) if room in _LONG else max(4, len(each) // 4)


def _so_many(mark: pytest.Mark) -> int:
    return int(mark.args[0]) if mark.args else 1


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leaves out what is slow once the check has no time for it; how many these are is said at its end."""
    if item.get_closest_marker("slow") and time.time() > _UNTIL:
        pytest.skip("the check had no time left for it")


STATEMENTS = os.environ.get("RINGFENCE_TESTS_STATEMENTS", "")
"""A folder into which each process of tests writes its statements (`support.tenancy`)."""


@pytest.fixture(scope="session", autouse=True)
def few_collections() -> None:
    """Keeps what is imported out of the collections, which Textual asks for whenever an application begins and ends,
    and collects seldom: most of what a test makes is gone without."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 10)


_kept = [0]
"""How many files stayed open when they were collected last."""


@pytest.fixture(autouse=True)
def few_files() -> None:
    """Collects what commands called in this process have left open, long before a terminal cannot be waited for: that
    takes file descriptors below 1,024 alone. Where much stays open all the same something holds it, and that is
    a fault: each test after it would take a second longer."""
    if len(os.listdir("/dev/fd")) > max(300, _kept[0] + 100):
        gc.collect()
        _kept[0] = len(os.listdir("/dev/fd"))
        assert _kept[0] < 600, "files stay open: something holds what opened them"


@pytest.fixture(scope="session", autouse=STATEMENTS != "")
def statements() -> Iterator[None]:
    """Writes down what statements are made on PostgreSQL, where somebody asks for them."""
    from support.tenancy import written_down

    with written_down():
        yield


@pytest.fixture(scope="session", autouse=True)
def programs() -> Iterator[None]:
    """Ends the server of programs with the tests."""
    yield
    stop_server()
    write_down()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of this test process, stopped at the end."""
    with server() as url:
        yield url


@pytest.fixture(scope="session")
def _postgres_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with the tables made once."""
    if SERVERS:
        database = shared_out(f"ringfence_{os.environ.get('PYTEST_XDIST_WORKER', 'tests')}")
    else:
        postgres_server: str = request.getfixturevalue("postgres_server")
        url = make_url(postgres_server).set(database="ringfence")
        _create(postgres_server, "ringfence")
        database = open_database(url.render_as_string(hide_password=False), create=True)
    yield database
    database.close()


def _create(postgres_server: str, name: str) -> None:
    """Makes a new, empty database on the server."""
    administration = Database(make_url(postgres_server))
    with administration.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    administration.close()


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The URL of a new PostgreSQL database without any table."""
    _create(postgres_server, "fresh")
    return make_url(postgres_server).set(database="fresh").render_as_string(hide_password=False)


@pytest.fixture
def postgres_database(_postgres_database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A PostgreSQL database with every table empty, for whoever is behind the second wall where that is to be."""
    empty(_postgres_database)
    if MODE:
        behind_the_wall(_postgres_database, MODE, monkeypatch)
    return _postgres_database


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """An SQLite database with every table empty."""
    database = made(tmp_path / "ringfence.db")
    yield database
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty database of each engine in turn."""
    name = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    found: Database = request.getfixturevalue(name)
    if request.param in MODES:
        behind_the_wall(found, request.param, request.getfixturevalue("monkeypatch"))
    return found
