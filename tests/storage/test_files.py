"""Files are their owner's alone, follow no link, and take nobody's place: all that Ringfence writes."""

from __future__ import annotations

import ast
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import ringfence
from ringfence.domain.errors import RingfenceError
from ringfence.services import exporting
from ringfence.services.records import Listing
from ringfence.snapshot.demo import shipped
from ringfence.storage import files, schema
from ringfence.storage.engine import Database, open_database
from ringfence.visibility.viewer import Viewer

Maker = Callable[[Database, Path], object]


def _export(form: exporting.Format) -> Maker:
    def make(database: Database, path: Path) -> object:
        return exporting.export(Viewer.sign_in(database, "h.devries"), Listing("devices"), path, form)

    return make


MAKERS: dict[str, Maker] = {
    "a database": lambda _, path: open_database(str(path), create=True).close(),
    "a backup": lambda database, path: schema.backup(database.engine, path),
    "CSV": _export("csv"),
    "JSON": _export("json"),
}
ALLOWED = {
    "storage/files.py": "makes them",
    "snapshot/demo.py": "a copy in a folder of its own, which is its owner's alone",
    "snapshot/story.py": "the makers' own document",
    "services/exporting.py": "fills one that was made there",
    "cli/config.py": "fills one that was made there",
    "preferences/layout.py": "fills one that was made there",
    "cli/main.py": "what goes nowhere",
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copyfile(shipped(), folder / "own.db")
    opened = open_database(str(folder / "own.db"))
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _no_mask() -> Iterator[None]:
    """What is private must be so by itself."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("maker", MAKERS)
def test_what_is_made_is_its_owners_alone(maker: str, database: Database, tmp_path: Path) -> None:
    MAKERS[maker](database, tmp_path / "made")
    assert mode(tmp_path / "made") == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "made"]


def test_what_stands_beside_a_database_is_no_more_open(tmp_path: Path) -> None:
    database = open_database(str(tmp_path / "new.db"), create=True)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE tenant SET version = version")
        found = {path.name: mode(path) for path in tmp_path.iterdir()}
    database.close()
    assert found == dict.fromkeys(("new.db", "new.db-wal", "new.db-shm"), 0o600)


@pytest.mark.parametrize("own", [0o600, 0o400, 0o644, 0o640])
def test_a_backup_is_no_more_open_than_its_source(own: int, database: Database) -> None:
    path = Path(str(database.url.database))
    path.chmod(own)
    assert mode(schema.backup(database.engine)) == own & 0o600
    assert mode(schema.backup(database.engine)) == own & 0o600  # within the same second


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("leads", [True, False], ids=["to a file", "nowhere"])
def test_no_link_is_followed(maker: str, leads: bool, database: Database, tmp_path: Path) -> None:
    other, link = tmp_path / "other", tmp_path / "link"
    if leads:
        other.write_bytes(b"somebody else's")
    link.symlink_to(other)
    with pytest.raises(RingfenceError) as caught:
        MAKERS[maker](database, link)
    assert "\n" not in str(caught.value)
    assert link.is_symlink()
    assert other.exists() == leads
    if leads:
        assert other.read_bytes() == b"somebody else's"
    assert not list(tmp_path.glob(".ringfence-*"))


def test_a_list_takes_the_place_of_a_link_where_it_is_to(database: Database, tmp_path: Path) -> None:
    other, link = tmp_path / "other", tmp_path / "link"
    other.write_bytes(b"somebody else's")
    link.symlink_to(other)
    exporting.export(Viewer.sign_in(database, "h.devries"), Listing("devices"), link, "csv", replace=True)
    assert other.read_bytes() == b"somebody else's"
    assert not link.is_symlink()
    assert mode(link) == 0o600


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def stop() -> None:
        with files.whole(tmp_path / "file") as partial:
            partial.write_text("half", encoding="utf-8")
            assert mode(partial) == 0o600
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        stop()
    assert list(tmp_path.iterdir()) == []


def test_nothing_else_writes_files() -> None:
    """Whoever adds another way finds it here: files are made in one place."""
    root = Path(ringfence.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _writes(node):
                found.add(path.relative_to(root).as_posix())
    assert found <= set(ALLOWED)


def _writes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in {"write_text", "write_bytes", "touch", "copyfile", "copy", "copy2", "copytree", "mkstemp"}:
        return name != "copy" or (
            isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "shutil"
        )
    if "TemporaryFile" in name:
        return True
    words = [
        one.value for one in (*call.args, *(word.value for word in call.keywords)) if isinstance(one, ast.Constant)
    ]
    return name == "open" and any(
        isinstance(word, str) and set(word) & set("wax+") and set(word) <= set("rwaxbt+") for word in words
    )


def test_what_is_cut_off_while_it_is_read_ends_in_words(tmp_path: Path) -> None:
    """Not in a signal: a memory map of what is not there any more would."""
    path = tmp_path / "short.db"
    shutil.copy(shipped(), path)
    program = """
import os, sys
from ringfence.domain.errors import RingfenceError
from ringfence.storage.engine import open_database
database = open_database(sys.argv[1])
try:
    with database.reading() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM tenant").scalar()
        os.truncate(sys.argv[1], 8192)
        for table in ("device", "audit_entry", "customer", "user_account"):
            connection.exec_driver_sql(f"SELECT * FROM {table}").all()
except RingfenceError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "is damaged: restore a backup" in done.stdout
