"""The command line of whoever came over SSH: theirs by their own rights, and nothing of the machine that it runs on."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command_line import AT, Call, Said, small
from support.every_command import COMMANDS, words

from ringfence.cli.commands import _OVER_SSH
from ringfence.cli.main import run
from ringfence.cli.settings import Identity
from ringfence.storage.engine import open_database
from ringfence.visibility.viewer import Viewer

OWNERS = ("load", "ingest", "worker", "listen", "demo", "config", "db", "ssh", "init")
"""What nobody is to have over SSH, whether there is such a command already or not."""
FILES = [name for name, one in COMMANDS.items() if any("FILE" in (each.metavar or "") for each in one.params)]
KEY = "SHA256:abc"


@pytest.fixture
def over_ssh(own_db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Call]:
    """Runs a command line of the demo's administrator, who came by a key; nothing says which database that is."""
    monkeypatch.delenv("RINGFENCE_DB")
    database = open_database(str(own_db))
    identity = Identity("h.devries", Viewer.sign_in(database, "h.devries"), "key", KEY)

    def calling(*arguments: str) -> Said:
        capsys.readouterr()
        status = run(arguments, identity)
        captured = capsys.readouterr()
        return Said(status, captured.out, captured.err)

    yield calling
    database.close()


def files_in(folder: Path) -> dict[str, bytes]:
    """Whatever lies there, but for the database itself."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("own.db"))
    return {str(path): path.read_bytes() for path in found}


@pytest.mark.parametrize("name", [name for name in COMMANDS if name.split()[0] not in _OVER_SSH])
def test_what_is_the_owners_is_not_there(over_ssh: Call, tmp_path: Path, name: str) -> None:
    before = files_in(tmp_path)
    assert over_ssh(*words(name)).refused(2) == f"{name.split()[0]} is for the owner of the database, and not over ssh"
    assert files_in(tmp_path) == before


def test_nothing_of_the_owners_slips_in() -> None:
    assert _OVER_SSH.isdisjoint(OWNERS)
    assert {name.split()[0] for name in COMMANDS} > _OVER_SSH


@pytest.mark.parametrize("name", [name for name in FILES if name.split()[0] in _OVER_SSH])
def test_no_file_is_read_or_written(over_ssh: Call, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("name\nTHE SECRET\n")
    before = files_in(tmp_path)
    given = {one.name: str(secret) for one in COMMANDS[name].params if "FILE" in (one.metavar or "")}
    said = over_ssh(*words(name, kind="devices", to="northwind", **given))
    assert said.refused() == "over ssh no file of this machine is read: say -, and send it over standard input"
    assert files_in(tmp_path) == before


@pytest.mark.parametrize("option", [("--db", "other.db"), ("--as", "olga"), ("--at", AT)], ids=lambda one: one[0])
@pytest.mark.parametrize("name", ["count", "coverage", "what-if", "telemetry latest"])
def test_nobody_is_anybody_else(over_ssh: Call, tmp_path: Path, option: tuple[str, str], name: str) -> None:
    """Nor elsewhere, nor at another time: windows that are over would open again."""
    call = words(name, kind="devices", file="-")
    expected = f"{option[0]} is for the owner of the database: you are h.devries, by a key"
    assert over_ssh(*option, *call).refused(2) == expected
    assert over_ssh(*call, *option).refused(2) == expected
    assert not (tmp_path / "other.db").exists()


def test_installing_completions_writes_no_file(over_ssh: Call, tmp_path: Path) -> None:
    before = files_in(tmp_path)
    assert "not over ssh" in over_ssh("--install-completion").refused(2)
    assert files_in(tmp_path) == before


@pytest.mark.parametrize(
    "call",
    [
        ("list", "devices", "--format", "json"),
        ("customers", "count"),
        ("dump",),
        ("profile", "show", "--format", "json"),
        ("help", "devices"),
    ],
    ids=" ".join,
)
def test_it_says_what_the_user_sees(
    over_ssh: Call, call: tuple[str, ...], capsys: pytest.CaptureFixture[str], own_db: Path
) -> None:
    found = over_ssh(*call)
    assert found.status == 0, found.err
    behind = () if call[0] == "help" else ("--as", "h.devries")
    before = () if call[0] == "help" else ("--db", str(own_db))
    assert run((*before, *call, *behind)) == 0
    assert found.out == capsys.readouterr().out


def test_whether_one_may_is_told_of_oneself_alone(over_ssh: Call) -> None:
    assert over_ssh("can", "H.DeVries", "device.list").out == "yes\n"
    assert "by a key" in over_ssh("can", "olga", "device.list").refused()


def test_the_audit_is_verified_by_the_owner(over_ssh: Call) -> None:
    assert over_ssh("audit", "verify").refused() == "this is for the owner of the database: you are h.devries, by a key"


def test_what_is_changed_says_by_which_key_and_how_it_is_taken_back(over_ssh: Call, monkeypatch: Any) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 40000 192.0.2.1 22")
    changed = over_ssh("profile", "edit", "--name", "Hanna")
    assert changed.status == 0, changed.err
    number = changed.err.split()[1].rstrip(":")
    assert changed.err == f"change {number}: undo it with 'ringfence undo {number}'\n"
    entries = json.loads(over_ssh("list", "audit", "--format", "json").out)
    (entry,) = (one for one in entries if one["number"] == int(number))
    assert entry["origin"] == f"command line over ssh from 192.0.2.7 by {KEY}"
    assert over_ssh("undo", number).status == 0


def test_settings_are_ones_own_and_sound(over_ssh: Call, monkeypatch: Any) -> None:
    def take(data: bytes) -> Said:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return over_ssh("profile", "settings", "-")

    sound = "mouse = true\n"
    assert take(sound.encode()) == Said(0, "", "")
    wrong = take(b'theme = "none such"\ndatabase = "/etc/x"\ncolors = 7\n')
    assert (wrong.status, wrong.out, wrong.err.count("\n")) == (1, "", 3)
    assert "this is no text" in take(b"\xff").refused()
    assert over_ssh("profile", "settings").out == sound


def test_what_is_imported_comes_over_standard_input(over_ssh: Call, monkeypatch: Any) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"name,customer\nNew camera,northwind\n")))
    said = over_ssh("devices", "import", "-", "--dry-run")
    assert said.status == 0, said.err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(small()).encode())))
    assert over_ssh("what-if", "-").status == 0
