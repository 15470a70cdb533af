"""Several programs at once: each waits for its turn, says so once that is long, and then what came of it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest
from alembic import command as alembic
from support.command_line import PROGRAM, Call, Said
from support.programs import Program
from support.unwritable import held

from ringfence.snapshot.demo import shipped
from ringfence.snapshot.load import load_document
from ringfence.storage import schema
from ringfence.storage.engine import Database, locate, open_database, require_file

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
WAITING = "ringfence: waiting until another program has finished writing to "


def at_once(folder: Path, *commands: Sequence[str]) -> list[Said]:
    """What programs come to that are started together."""
    running = [Program(command, folder=folder) for command in commands]
    return [one.end(100) for one in running]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.db"
    shutil.copyfile(shipped(), path)
    return path


@pytest.fixture
def url(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> str:
    """A database that is not there yet, or has no tables."""
    return str(tmp_path / "new.db") if engine == "sqlite" else str(request.getfixturevalue("postgres_url"))


def test_imports_at_once_all_land(own: Path, tmp_path: Path, call: Call) -> None:
    sheets = []
    for number in range(4):
        sheets.append(tmp_path / f"{number}.csv")
        rows = "".join(f"Device {row},N-{number}-{row},polder\n" for row in range(200))
        sheets[-1].write_text("name,unit_id,customer\n" + rows, encoding="utf-8")
    found = at_once(
        tmp_path, *(["--db", str(own), "devices", "import", str(sheet), "--as", "h.devries"] for sheet in sheets)
    )
    assert [one.status for one in found] == [0] * 4, found
    assert call("--db", str(own), "count", "devices", "--as", "h.devries", "--search", "N-").lines == ["800"]


@pytest.mark.parametrize("engine", ENGINES)
def test_upgrades_at_once_are_one(engine: str, url: str, tmp_path: Path) -> None:
    require_file(locate(url), create=True)
    old = Database(locate(url))
    with old.engine.connect().execution_options(ringfence_writing=True) as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        alembic.upgrade(config, "0001")
        connection.commit()
    old.close()
    found = at_once(tmp_path, *([["--db", url, "db", "upgrade"]] * 4))
    assert [one.status for one in found] == [0] * 4, found
    said = sorted(one.out.partition(" is ")[2].partition(f"revision {schema.HEAD}")[0] for one in found)
    assert said == ["now of ", *["up to date ("] * 3]
    assert len(list(tmp_path.glob("*.backup"))) == (1 if engine == "sqlite" else 0)


@pytest.mark.parametrize("engine", ENGINES)
def test_first_loads_at_once_all_land(engine: str, url: str, tmp_path: Path, call: Call) -> None:
    """And one that is refused takes nothing away from the others."""
    files = []
    for number in range(5):
        files.append(tmp_path / f"{number}.json")
        device = {"key": "d", "tenant": f"t{number}", "name": "D"}
        document = {"ringfence": 1, "tenants": [{"key": f"t{number}", "name": "T"}], "devices": [device]}
        if number == 4:
            device["customer"] = "nowhere"
        files[-1].write_text(json.dumps(document), encoding="utf-8")
    found = at_once(tmp_path, *(["--db", url, "load", str(file)] for file in files))
    assert [one.status for one in found] == [0, 0, 0, 0, 1], found
    assert "nowhere" in found[-1].err
    tenants = json.loads(call("--db", url, "dump").out)["tenants"]
    assert [tenant["key"] for tenant in tenants] == ["t0", "t1", "t2", "t3"]


def test_a_load_that_is_refused_leaves_no_file(tmp_path: Path, call: Call) -> None:
    (tmp_path / "bad.json").write_text('{"ringfence": 1, "tenants": [{"key": ""}]}', encoding="utf-8")
    assert call("--db", str(tmp_path / "new.db"), "load", str(tmp_path / "bad.json")).status == 1
    assert [path.name for path in tmp_path.glob("new*")] == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_long_wait_is_said(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database: Database = request.getfixturevalue("sqlite_database" if engine == "sqlite" else "postgres_database")
    load_document(database, {"ringfence": 1, "tenants": [{"key": "t", "name": "T"}]})
    said = Event()
    lines: list[str] = []

    def heard(line: str) -> None:
        lines.append(line)
        said.set()

    database.patience.tell = heard

    def write() -> None:
        load_document(database, {"ringfence": 1, "customers": [{"key": "c", "tenant": "t", "name": "C"}]})

    with held(database):
        writing = Thread(target=write)
        writing.start()
        assert said.wait(20)
    writing.join(20)
    assert not writing.is_alive()
    assert [line.partition(" to ")[0] for line in lines] == ["waiting until another program has finished writing"]
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM customer WHERE key = 'c'").scalar() == 1


def test_the_command_line_says_it(own: Path, tmp_path: Path) -> None:
    command = [str(PROGRAM), "--db", str(own), "users", "edit", "olga", "--name", "O", "--as", "h.devries"]
    open_database(str(own)).close()
    with closing(sqlite3.connect(own, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        assert running.stderr is not None
        assert running.stderr.readline().decode().startswith(f"{WAITING}{own}")
        other.execute("ROLLBACK")
        assert running.wait(60) == 0
        running.communicate()


@pytest.mark.parametrize("mode", ["delete", "truncate", "persist"])
def test_an_open_reader_lets_others_write_to_a_copy(mode: str, own: Path, call: Call) -> None:
    """A file is in WAL from when it is opened, though its copy was not."""
    with closing(sqlite3.connect(own)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
    reader = open_database(str(own))
    with reader.reading() as connection:
        before = connection.exec_driver_sql("SELECT name FROM user_account WHERE login = 'olga'").scalar()
        assert call("--db", str(own), "users", "edit", "olga", "--name", "O", "--as", "h.devries").status == 0
        query = "SELECT name FROM user_account WHERE login = 'olga'"
        assert connection.exec_driver_sql(query).scalar() == before
    reader.close()


def test_somebody_elses_database_is_left_in_its_mode(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    before = path.read_bytes()
    assert "is not a Ringfence database" in call("--db", str(path), "count", "users", "--as", "x").refused()
    assert path.read_bytes() == before
