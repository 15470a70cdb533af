"""Whatever a database or a snapshot holds, a command answers in lines for people, and no process dies of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from damage import Tally, try_files, try_mutants
from support.command_line import Call

HANNA = ("--as", "h.devries")


@pytest.fixture(autouse=True)
def _nobody_debugs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RINGFENCE_DEBUG")


def test_a_few_damaged_databases(tmp_path: Path) -> None:
    """``python tests/damage.py`` tries two thousand."""
    tally = Tally()
    try_files(range(8), tmp_path, tally)
    assert tally.failures == []
    assert tally.statuses[0] > 2 < tally.statuses[1]


def test_a_few_mutants_of_a_snapshot(tmp_path: Path) -> None:
    """``python tests/damage.py`` tries three thousand."""
    tally = Tally()
    try_mutants(range(24), tmp_path, tally)
    assert tally.failures == []
    assert tally.statuses[0] > 2 < tally.statuses[1]


def spoil(path: Path, statement: str) -> None:
    """Changes a database as whoever opens the file may."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


KNOWN = [
    ("UPDATE device SET name = CAST(x'c328' AS TEXT)", ["list", "devices", *HANNA]),
    ("UPDATE membership SET valid_from = 'yesterday'", ["dump"]),
    ("UPDATE membership SET valid_until = x'00ff'", ["dump"]),
    ("UPDATE device SET name = x'00ff'", ["list", "devices", *HANNA]),
    ("UPDATE customer SET device_count = x'01'", ["list", "customers", *HANNA]),
    ("DROP TABLE user_site", ["list", "devices", *HANNA]),
    ("ALTER TABLE device DROP COLUMN kind", ["list", "devices", *HANNA]),
]


@pytest.mark.parametrize(("statement", "words"), KNOWN, ids=[statement for statement, _ in KNOWN])
def test_what_is_known_to_go_wrong_says_what_to_do(statement: str, words: list[str], own_db: Path, call: Call) -> None:
    assert call("users", "edit", "m.claes", "--name", "Other", *HANNA).status == 0
    spoil(own_db, statement)
    said = call(*words)  # a list may have begun
    assert said.status == 1
    assert said.err.startswith("ringfence: error: ")
    assert said.err.endswith("is damaged: restore a backup, or see 'ringfence db check'\n")
    assert said.err.count("\n") == 1


def test_a_message_of_sqlite_that_is_no_text(own_db: Path, call: Call) -> None:
    """It quotes the name of an index that is none."""
    with closing(sqlite3.connect(own_db)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET name = CAST(x'c328fe' AS TEXT), sql = 'CREATE TABLE' WHERE rowid = 3"
        )
    for words in (["list", "devices", *HANNA], ["db", "check"], ["db", "backup", "x.backup"]):
        assert "is damaged" in call(*words).refused()


@pytest.mark.parametrize(
    "words",
    [["count", "devices", *HANNA], ["db", "check"], ["dump"], ["users", "edit", "m.claes", "--name", "X", *HANNA]],
)
def test_what_nobody_foresaw_is_one_line(
    words: list[str], own_db: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault that this program has none of yet, at the bottom of every command."""

    def broken(*_: object, **__: object) -> None:
        raise KeyError("what must not be seen")

    monkeypatch.setattr("ringfence.storage.engine.open_database", broken)
    said = call(*words).refused()
    assert said.startswith("this should not happen (KeyError): 'ringfence db check' says")
    assert "seen" not in said
    monkeypatch.setenv("RINGFENCE_DEBUG", "1")
    debugged = call(*words)
    assert debugged.status == 1
    assert debugged.err.startswith("Traceback")
    assert "in broken" in debugged.err


def test_an_interrupt_is_no_fault(own_db: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ringfence.storage.engine.open_database", interrupted)
    said = call("count", "devices", *HANNA)
    assert (said.status, said.out, said.err) == (130, "", "")


def test_whoever_reads_no_further_is_no_fault(own_db: Path, program: Call) -> None:
    said = program("list", "devices", *HANNA, shell='set -o pipefail; "$@" | head -n 1')
    assert (said.status, said.err) == (0, "")
    assert said.lines[0].startswith("key")
