"""Reading waits for nobody and needs no room: ``list``, ``count`` and ``can`` answer as ever, whoever writes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from support.command_line import AT, Call
from support.powerless import on_a_full_disk

from ringfence.domain.registry import KINDS
from ringfence.snapshot.demo import shipped
from ringfence.storage.engine import open_database

pytestmark = pytest.mark.always

QUESTIONS = (
    *(("list", kind, "--as", "olga", "--at", AT) for kind in (*KINDS, "audit")),
    ("list", "devices", "--as", "g.moreau", "--at", AT),
    ("count", "devices", "--as", "g.moreau", "--at", AT, "--search", "a"),
    ("count", "devices", "--as", "t.okafor", "--at", AT),
    ("count", "customers", "--as", "p.nowak", "--at", AT),
    ("can", "k.adeyemi", "device.delete", "customer:northwind", "--at", AT),
    ("can", "k.adeyemi", "device.delete", "customer:polder", "--at", AT),
)
"""Each of somebody whose scope nobody has stored yet."""

Obstacle = tuple[Callable[[Path], ExitStack], str]
"""What stands in the way, and the fixture by which is asked: what is held by another program can be asked about in this
one; permissions and a full disk bind a new one only."""


def _held(path: Path) -> ExitStack:
    """Another program in the midst of a change."""
    stack = ExitStack()
    other = stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE device SET name = 'not yet' WHERE id = 1")
    return stack


def _read(path: Path) -> ExitStack:
    """Another program that reads, so that what SQLite keeps beside the file is there."""
    stack = ExitStack()
    other = stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM device").fetchone()
    return stack


def _permissions(mode: int, folder: int) -> Callable[[Path], ExitStack]:
    def take(path: Path) -> ExitStack:
        path.chmod(mode)
        path.parent.chmod(folder)
        return ExitStack()

    return take


OBSTACLES: dict[str, Obstacle] = {
    "somebody writes": (_held, "call"),
    "a full disk": (_read, "program"),
    "a read-only file": (_permissions(0o444, 0o755), "bound"),
    "a read-only folder": (_permissions(0o644, 0o555), "bound"),
    "both read-only": (_permissions(0o444, 0o555), "bound"),
}


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "own.db"
    shutil.copyfile(shipped(), path)
    yield path
    folder.chmod(0o755)


# A file that is not in WAL yet is brought into it, or read as it is: on a full disk as where it is read-only.
@pytest.mark.parametrize(
    ("obstacle", "wal"),
    [
        pytest.param(obstacle, wal, id=f"{obstacle}, {'in WAL' if wal else 'as copied'}")
        for obstacle in OBSTACLES
        for wal in (True, False)
        if wal or obstacle != "a full disk"
    ],
)
def test_every_question_is_answered_as_ever(
    obstacle: str, wal: bool, path: Path, call: Call, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    free = tmp_path / "free.db"
    shutil.copyfile(path, free)
    if wal:
        open_database(str(path)).close()
    hold, asked_by = OBSTACLES[obstacle]
    asked: Call = request.getfixturevalue(asked_by)
    with hold(path):
        for question in QUESTIONS if asked_by == "call" else QUESTIONS[7:9] + QUESTIONS[-1:]:
            expected = call("--db", str(free), *question)
            more = {"first": on_a_full_disk()} if asked_by == "program" else {}
            assert asked("--db", str(path), *question, **more) == expected, question
        if obstacle == "somebody writes":
            with closing(sqlite3.connect(path)) as other:
                assert other.execute("SELECT count(*) FROM scope").fetchone() == (0,)


def test_what_is_still_to_be_applied_is_told_where_it_cannot_be(path: Path, bound: Call, tmp_path: Path) -> None:
    """A reader that may not write beside the file must not answer without what was written last."""
    database = open_database(str(path))
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE device SET name = 'last'")
    left = tmp_path / "left"
    left.mkdir()
    for name in ("own.db", "own.db-wal"):  # as after a crash
        shutil.copyfile(path.parent / name, left / name)
    database.close()
    left.chmod(0o555)
    said = bound("--db", str(left / "own.db"), *QUESTIONS[0]).refused()
    left.chmod(0o755)
    assert said == (
        f"{left / 'own.db'} has changes that are still to be applied, and its folder cannot be written: "
        "open it once as somebody who may write there"
    )


def test_changing_a_file_that_may_only_be_read_is_refused(path: Path, bound: Call) -> None:
    path.chmod(0o444)
    for folder in (0o755, 0o555):
        path.parent.chmod(folder)
        said = bound("--db", str(path), "users", "edit", "olga", "--name", "O", "--as", "h.devries").refused()
        assert "cannot be written: allow writing to the file and its folder" in said
