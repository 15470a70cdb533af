"""A new database: a provider, its administrator, and no password that nobody chose."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Call
from support.terminal import Terminal

from ringfence.services import signing_in
from ringfence.services.signing_in import ChangeWanted, Proven
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import open_database

PASSWORD = "seven green bicycles"


@pytest.fixture
def password(tmp_path: Path) -> str:
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\nand what else there is\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_new_database_has_an_administrator_who_signs_in_and_may_do_everything(
    call: Call, tmp_path: Path, password: str, request: pytest.FixtureRequest, engine: str
) -> None:
    db = str(tmp_path / "new.db") if engine == "sqlite" else request.getfixturevalue("postgres_url")
    begun = ("--db", db, "init", "--tenant", "Käse & Söhne", "--login", "anna", "--password-file", password)
    said = call(*begun)
    assert (said.status, said.err) == (0, "")
    assert "is ready: sign in as anna" in said.out
    assert PASSWORD not in said.out
    if engine == "sqlite":
        assert stat.S_IMODE(os.stat(db).st_mode) == 0o600
    assert call("--db", db, "count", "users", "--as", "anna").out == "1\n"
    empty = open_database(db)
    assert Workspace(empty).sign_in("anna").profile().reason == "there is no customer yet"
    empty.close()
    assert call("--db", db, "customers", "create", "Acme", "--as", "anna").status == 0
    assert "there is a provider here already" in call(*begun).refused()
    assert call("--db", db, "audit", "verify").status == 0
    database = open_database(db)
    assert Workspace(database).sign_in("anna").profile().customers == 1
    step = signing_in.begin(database, "Anna", PASSWORD, origin="console")
    assert isinstance(step, ChangeWanted), "whoever wrote the file knows it"
    assert isinstance(signing_in.with_new_password(database, step.ticket, "a lamp under nine stairs"), Proven)
    database.close()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"--tenant": ""}, "--tenant: this must not be empty"),
        ({"--login": "o k"}, "--login: a login has no spaces"),
        ({"--login": "x\x00"}, "--login: a login does not hold U+0000"),
        ({"--name": "A\u202e"}, "--name: this holds U+202E"),
        ({"--name": "A\nB"}, "--name: "),
        ({"--tenant": "x" * 401}, "--tenant: "),
        ({"--password-file": "nowhere"}, "nowhere: No such file"),
        ({"--password-file": "short"}, "--password-file: a password has at least 12"),
        ({"--password-file": "bytes"}, "is no text"),
        ({"--password-file": "long"}, "is too long"),
    ],
)
def test_what_nothing_can_begin_with_leaves_nothing_behind(
    call: Call, tmp_path: Path, password: str, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in (("short", b"green"), ("bytes", b"\xff" * 20), ("long", b"x" * 5000)):
        Path(name).write_bytes(content)
    options = {"--tenant": "Acme", "--login": "anna", "--name": "Anna", "--password-file": password, **changed}
    assert said in call("--db", "new.db", "init", *(word for pair in options.items() for word in pair)).refused()
    assert not Path("new.db").exists()


def test_a_file_is_not_shared_out_over_servers(
    call: Call, tmp_path: Path, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["init", "--tenant", "Acme", "--login", "anna", "--password-file", password, "--distributed"]
    assert "only PostgreSQL shares tables out over servers" in call("--db", "new.db", *words).refused()
    assert not Path("new.db").exists()


def asked(terminal: Terminal) -> None:
    """Answers what is asked first."""
    for question, answer in (
        ("The provider's name:", b"Acme"),
        ("Its administrator's login:", b"anna"),
        ("Their name:", b"Anna Berg"),
    ):
        terminal.shows(question)
        terminal.send(answer + b"\r")


def test_what_is_not_said_is_asked(tmp_path: Path) -> None:
    db = str(tmp_path / "new.db")
    terminal = Terminal(["--db", db, "init"])
    try:
        asked(terminal)
        for first, second, said in (
            ("short", "short", "at least 12 characters"),
            ("anna berg and more", "anna berg and more", "your login, your name"),
            (PASSWORD, "another one altogether", "do not match"),
            (PASSWORD, PASSWORD, "is ready:"),
        ):
            for asked_for, typed in (("A password for them:", first), ("Repeat for confirmation:", second)):
                terminal.until(lambda lines, wanted=asked_for: "".join(lines).rstrip().endswith(wanted))  # type: ignore[misc]
                terminal.send(f"{typed}\r".encode())
                terminal.until(lambda lines, wanted=asked_for: not "".join(lines).rstrip().endswith(wanted))  # type: ignore[misc]
            terminal.shows(said)
        assert terminal.end() == 0
        assert PASSWORD.encode() not in terminal.output, "what is typed for a password is not shown"
    finally:
        terminal.close()
    database = open_database(db)
    assert isinstance(signing_in.begin(database, "anna", PASSWORD, origin="console"), Proven), "nobody else knows it"
    database.close()


def test_whoever_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    terminal = Terminal(["--db", str(tmp_path / "new.db"), "init"])
    try:
        asked(terminal)
        terminal.shows("A password for them:")
        terminal.send(b"\x04")
        assert terminal.end() != 0
        assert b"Traceback" not in terminal.output
        assert not (tmp_path / "new.db").exists()
    finally:
        terminal.close()


def test_nobody_is_asked_where_nobody_is(call: Call, tmp_path: Path) -> None:
    said = call("--db", str(tmp_path / "new.db"), "init", "--login", "anna").refused(2)
    assert said == "nobody can be asked here: say --tenant, --password-file"
