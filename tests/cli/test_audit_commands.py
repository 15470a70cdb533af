"""``list audit``, ``audit verify``, ``undo`` and ``db check`` through the command line."""

from __future__ import annotations

import csv
import io
import json
import os
import pwd
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Call, Save

from ringfence.cli import start
from ringfence.cli.changing import told
from ringfence.cli.settings import Settings, origin
from ringfence.console.opening import Awaited
from ringfence.domain.kind import StateKind
from ringfence.services import audit, editing
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.snapshot.story import story
from ringfence.storage.engine import open_database
from ringfence.visibility.viewer import Viewer

pytestmark = pytest.mark.usefixtures("no_past")

Change = Callable[..., int]


def change(database: str, login: str, kind: StateKind, name: str, /, **fields: Any) -> int:
    """Changes a record of that name as the console does; returns the change's number."""
    opened = open_database(database)
    workspace = Workspace(opened)
    session = workspace.sign_in(login)
    listed = Listing(f"{kind.replace('_', '-')}s", search=name)
    (found,) = (row for row in session.rows(listed, Part()) if row.name == name)
    state = session.open_record(kind, found.id)
    edit = editing.Edit(kind, found.id, state.state, replace(state.state, **fields), state.revision)
    number = session.save([edit]).change
    opened.close()
    return number


@pytest.fixture
def switched(own_db: Path) -> int:
    """Hanna has switched “Production only” off, so that Olga sees nothing."""
    return change(str(own_db), "h.devries", "customer_group", "Production only", active=False)


class TestListing:
    def test_every_format(self, call: Call, save: Save, switched: int, own_db: Path) -> None:
        assert call("load", save(SAME)).status == 0
        as_json = json.loads(call("list", "audit", "--as", "h.devries", "--format", "json").out)
        assert [
            (one["number"], one["change"], one["undoes"], one["actor"], one["origin"], one["action"]) for one in as_json
        ] == [(1, 1, None, "h.devries", "console", "edit"), (2, 2, None, "", "command line", "load")]
        assert [(one["kind"], one["record"], one["name"]) for one in as_json] == [
            ("customer_group", "production-only", "Production only"),
            ("snapshot", "harbor", "Harbor Monitoring"),
        ]
        assert as_json[0]["at"] < as_json[1]["at"]
        sheet = call("list", "audit", "--as", "h.devries", "--format", "csv", "--no-bom").out
        as_csv = list(csv.DictReader(io.StringIO(sheet)))
        assert as_csv == [{name: "" if v is None else str(v) for name, v in one.items()} for one in as_json]
        table = call("list", "audit", "--as", "h.devries").lines
        assert table[0].split() == [*["number", "change", "undoes", "at", "actor", "origin", "os", "user"], *_LAST]
        assert len(table) == 3
        assert call("list", "audit", "--as", "h.devries", "--format", "keys").lines == ["1", "2"]
        assert call("list", "audit", "--as", "h.devries", "--format", "keys", "--limit", "1").lines == ["1"]
        assert call("count", "audit", "--as", "h.devries").out == "2\n"
        assert call("list", "audit", "--as", "h.devries", "--search", "load", "--format", "keys").lines == ["2"]

    @pytest.mark.parametrize("login", ["olga", "r.dekker", "astrid", "p.nowak"])
    def test_it_is_scoped_like_everything(self, call: Call, switched: int, login: str) -> None:
        assert call("list", "audit", "--as", login).out == ""
        assert call("count", "audit", "--as", login).out == "0\n"

    def test_numbers_are_sorted_as_numbers(self, call: Call, own_db: Path) -> None:
        for number in range(11):
            change(str(own_db), "h.devries", "customer_group", "Production only", description=str(number))
        listed = call("list", "audit", "--as", "h.devries", "--format", "keys").lines
        assert listed == [str(number) for number in range(1, 12)]


SAME = {"ringfence": 1, "tenants": [{"key": "harbor", "name": "Harbor Monitoring"}]}
"""A snapshot that changes nothing."""
_LAST = ("action", "kind", "record", "name")


class TestVerifying:
    def test_whole(self, call: Call, switched: int, own_db: Path) -> None:
        said = call("audit", "verify")
        with sqlite3.connect(own_db) as connection:
            (end,) = connection.execute("SELECT hash FROM audit_entry").fetchone()
        assert (said.status, said.err) == (0, "")
        assert said.lines == [f"harbor: 1 entry, whole, ends in 1:{end}", "lindqvist: 0 entries, whole"]
        assert len(end) == 64

    @pytest.mark.parametrize(
        ("statement", "fault"),
        [
            ("UPDATE audit_entry SET name = 'Other' WHERE number = 2", "harbor: entry 2 was changed"),
            ("DELETE FROM audit_entry WHERE number = 2", "harbor: entry 2 missing"),
            ("DELETE FROM audit_entry WHERE number = 3", "harbor: it ends at entry 2 and should at 3"),
            ("UPDATE audit_entry SET number = -1 WHERE number = 1", "harbor: "),
            ("UPDATE audit_entry SET number = 4 - number WHERE number <> 2", "harbor: "),
            ("UPDATE tenant SET audit_hash = 'x' WHERE key = 'harbor'", "harbor: its end is not what was written last"),
        ],
    )
    def test_damage(self, call: Call, own_db: Path, statement: str, fault: str) -> None:
        for text in ("one", "two", "three"):
            change(str(own_db), "h.devries", "customer_group", "Production only", description=text)
        assert call("db", "check").status == 0
        with sqlite3.connect(own_db) as connection:
            if "4 - number" in statement:
                connection.execute("UPDATE audit_entry SET number = 9 WHERE number = 1")
                connection.execute("UPDATE audit_entry SET number = 1 WHERE number = 3")
                connection.execute("UPDATE audit_entry SET number = 3 WHERE number = 9")
            else:
                connection.execute(statement)
        said = call("audit", "verify")
        assert said.status == 1
        assert said.out == "lindqvist: 0 entries, whole\n"
        lines = said.err.splitlines()
        assert all(line.startswith("ringfence: error: harbor: ") for line in lines)
        assert any(line.startswith(f"ringfence: error: {fault}") for line in lines)
        assert "the audit is not whole" in call("db", "check").err

    def test_an_end_that_was_noted(self, call: Call, own_db: Path) -> None:
        """A tail that was cut, with the tenant told so, is found by the end that was noted, and by that alone."""
        for text in ("one", "two", "three"):
            change(str(own_db), "h.devries", "customer_group", "Production only", description=text)
        end = call("audit", "verify").lines[0].rpartition(" ")[2]
        assert end.startswith("3:")
        assert call("audit", "verify", "--expect", end).status == 0
        change(str(own_db), "h.devries", "customer_group", "Production only", description="four")
        later = call("audit", "verify").lines[0].rpartition(" ")[2]
        assert call("audit", "verify", "--expect", end, "--expect", later).status == 0
        with sqlite3.connect(own_db) as connection:
            connection.execute("DELETE FROM audit_entry WHERE number > 2")
            (hashed,) = connection.execute("SELECT hash FROM audit_entry WHERE number = 2").fetchone()
            connection.execute("UPDATE tenant SET audit_count = 2, audit_hash = ? WHERE key = 'harbor'", (hashed,))
        assert call("audit", "verify").lines[0] == f"harbor: 2 entries, whole, ends in 2:{hashed}"
        for noted in (end, later):
            said = call("audit", "verify", "--expect", noted, "--expect", f"2:{hashed}")
            assert said.status == 1
            assert said.err == (
                f"ringfence: error: no entry {noted[0]} has that hash: what came last was cut off, or all was written "
                "anew\n"
            )

    @pytest.mark.parametrize("end", ["", "3", "3:", ":" + "a" * 64, "0:" + "a" * 64, "3:" + "g" * 64, "x:" + "a" * 64])
    def test_an_end_that_is_none(self, call: Call, end: str) -> None:
        assert "is no NUMBER:HASH" in call("audit", "verify", "--expect", end).refused(2)

    @pytest.mark.parametrize("value", ["'nonsense'", "5", "x'ff'"])
    @pytest.mark.parametrize("column", ["at", "name", "detail"])
    def test_values_that_no_entry_can_hold(
        self, call: Call, switched: int, own_db: Path, column: str, value: str
    ) -> None:
        with sqlite3.connect(own_db) as connection:
            connection.execute(f"UPDATE audit_entry SET {column} = {value}")
        assert "was changed" in call("audit", "verify").err
        assert "Traceback" not in call("audit", "verify").err
        assert "the audit is not whole" in call("db", "check").err


class TestUndoing:
    def test_the_last_change(self, call: Call, switched: int) -> None:
        assert call("count", "customers", "--as", "olga").out == "0\n"
        would = call("undo", "--as", "h.devries", "--dry-run")
        assert would.lines == [
            "would take back change 1: edit customer group “Production only”",
            "olga  +40 customers  +437 devices  +1,040 rights over 40 customers",
        ]
        assert call("count", "customers", "--as", "olga").out == "0\n"
        assert call("count", "audit", "--as", "h.devries").out == "1\n"
        did = call("undo", "--as", "h.devries")
        assert did.out == would.out.replace("would take back", "took back")
        assert call("count", "customers", "--as", "olga").out == "40\n"
        entries = json.loads(call("list", "audit", "--as", "h.devries", "--format", "json").out)
        assert [(one["number"], one["undoes"], one["origin"]) for one in entries] == [
            (1, None, "console"),
            (2, 1, "command line"),
        ]
        assert "there is nothing of yours to undo" in call("undo", "--as", "h.devries").refused()
        assert call("audit", "verify").status == 0

    def test_what_comes_back_along_is_told(self, call: Call, own_db: Path) -> None:
        """Whatever the console shows of an undo: the command line is the same preview."""
        hanna = ("--as", "h.devries")
        assert call("customers", "move", "dekker-marina", "--to", "polder", "--yes", *hanna).status == 0
        opened = open_database(str(own_db))
        _, _, preview = audit.preview_undo(Viewer.sign_in(opened, "h.devries"))
        opened.close()
        assert preview.along or preview.notes
        lines = call("undo", "--dry-run", *hanna).lines
        assert lines[1:] == list(told(preview))
        assert call("undo", *hanna).lines[1:] == lines[1:]

    def test_one_that_is_named(self, call: Call, own_db: Path) -> None:
        first = change(str(own_db), "h.devries", "customer_group", "Production only", description="one")
        change(str(own_db), "h.devries", "role", "Read only", name="Reader")
        said = call("undo", str(first), "--as", "h.devries")
        assert said.lines == [
            "took back change 1: edit customer group “Production only”",
            "Nobody gains or loses anything.",
        ]
        assert "taken back already" in call("undo", str(first), "--as", "h.devries").refused()

    def test_refusals(self, call: Call, switched: int, own_db: Path) -> None:
        for login in ("olga", "astrid", "r.dekker"):
            hidden, missing = call("undo", "1", "--as", login), call("undo", "77", "--as", login)
            assert hidden.refused() == missing.refused() == "this entry is not there"
        change(str(own_db), "h.devries", "customer_group", "Production only", active=True)
        for words in (["--dry-run"], []):
            assert call("undo", "1", "--as", "h.devries", *words).refused()
        assert call("undo", "0", "--as", "h.devries").status == 2
        assert "--as" in call("undo").refused(2)

    def test_a_load_is_not_taken_back(self, call: Call, save: Save, own_db: Path) -> None:
        assert call("load", save(SAME)).status == 0
        assert call("undo", "1", "--as", "h.devries").refused() == "a load is not taken back: load what was before"

    def test_names_are_shown_literally(self, call: Call, own_db: Path) -> None:
        change(str(own_db), "h.devries", "role", "Read only", name="a\u200cb")
        said = call("undo", "--as", "h.devries")
        assert "a⟨U+200C⟩b" in said.lines[0]

    def test_a_locale_that_cannot_say_it(self, call: Call, program: Call, switched: int) -> None:
        """Nothing is done that is not said."""
        said = program("undo", "--as", "h.devries", env={"PYTHONIOENCODING": "ascii"})
        assert "use a UTF-8 locale" in said.refused()
        assert call("count", "audit", "--as", "h.devries").out == "1\n"


class TestOrigins:
    @pytest.mark.parametrize(
        ("connection", "said"),
        [
            ("", "x"),
            ("10.0.0.7 50022 10.0.0.1 22", "x over ssh from 10.0.0.7"),
            ("fe80::1%eth0 50022 fe80::2%eth0 22", "x over ssh from fe80::1%eth0"),
            ("\x1b[2J 1 2 3", "x over ssh"),
            (" ", "x over ssh"),
            ("10.0.0.7;rm 1 2 3", "x over ssh"),
        ],
    )
    def test_where_from(self, monkeypatch: pytest.MonkeyPatch, connection: str, said: str) -> None:
        monkeypatch.setenv("SSH_CONNECTION", connection)
        assert origin("x") == said

    def test_a_load_and_an_undo_over_ssh(
        self, call: Call, save: Save, switched: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSH_CONNECTION", "10.0.0.7 50022 10.0.0.1 22")
        call("undo", "--as", "h.devries")
        call("load", save(SAME))
        entries = json.loads(call("list", "audit", "--as", "h.devries", "--format", "json").out)
        assert [one["origin"] for one in entries[1:]] == ["command line over ssh from 10.0.0.7"] * 2

    def test_the_user_of_the_operating_system(self, call: Call, program: Call, save: Save, own_db: Path) -> None:
        """As that knows, whatever the environment says."""
        name = pwd.getpwuid(os.getuid()).pw_name
        lies = dict.fromkeys(("USER", "LOGNAME", "LNAME", "USERNAME", "SUDO_USER"), "mallory")
        as_ = ("--as", "h.devries")
        document = save(SAME)
        for words in (
            ("users", "edit", "r.dekker", "--name", "Ruben", *as_),
            ("undo", *as_),
            ("load", document),
            ("customers", "edit", "dekker", "--email", "x@dekker.example", *as_),
        ):
            assert program(*words, env=lies).status == 0
        entries = json.loads(call("list", "audit", *as_, "--format", "json").out)
        assert {one["os_user"] for one in entries} == {name}
        assert call("audit", "verify").status == 0

    @pytest.mark.parametrize("demo", [False, True])
    def test_the_console_is_told(self, own_db: Path, monkeypatch: pytest.MonkeyPatch, demo: bool) -> None:
        made: list[Any] = []
        monkeypatch.setattr(start, "_on_terminal", lambda: True)
        monkeypatch.setattr(start, "_run", lambda connect, _login, **_rest: made.append(connect(Awaited())))
        for connection in ("", "10.0.0.7 50022 10.0.0.1 22"):
            monkeypatch.setenv("SSH_CONNECTION", connection)
            start.demo(Settings()) if demo else start.console(Settings())
        assert [workspace._origin for workspace in made] == ["console", "console over ssh from 10.0.0.7"]


class TestChecking:
    def test_a_private_role_of_two_groups(self, call: Call, own_db: Path) -> None:
        with sqlite3.connect(own_db) as connection:
            connection.execute("UPDATE role SET private = 1 WHERE key = 'technician'")
        assert "it is private, and 3 security groups use it" in call("db", "check").err


@pytest.mark.postgres
def test_on_postgresql(call: Call, save: Save, postgres_url: str) -> None:
    assert call("--db", postgres_url, "load", save(story())).status == 0
    change(postgres_url, "h.devries", "customer_group", "Production only", active=False)
    db = ("--db", postgres_url)
    assert call(*db, "list", "audit", "--as", "h.devries", "--format", "keys").lines == ["1", "2"]
    assert call(*db, "undo", "--as", "h.devries").lines[-1].startswith("olga  +40 customers  +437 devices")
    said = call(*db, "audit", "verify")
    assert said.lines[0].startswith("harbor: 3 entries, whole, ends in ")
    assert said.lines[1].startswith("lindqvist: 1 entry, whole, ends in ")
    assert call(*db, "db", "check").status == 0
    with open_database(postgres_url).engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_entry SET origin = 'elsewhere' WHERE number = 2")
    said = call(*db, "audit", "verify")
    assert (said.status, said.err) == (1, "ringfence: error: harbor: entry 2 was changed\n")
    assert "the audit is not whole" in call(*db, "db", "check").err
