"""``tokens``, and a command line that has one: it is its user's, as far as the token leaves it, and nobody else's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import AT, HANNA, PROGRAM, Call
from support.every_command import COMMANDS, words

from ringfence.services.bearers import bearer
from ringfence.storage.engine import open_database

OWNERS = ("load", "ingest", "worker", "audit verify", "db check", "db backup", "db roles")


@pytest.fixture
def secret(call: Call, own_db: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A token of the demo's administrator for devices below one customer; the environment has it."""
    said = call(
        *("tokens", "create", "report", "--permissions", "device.list,device.edit", "--permissions", "device.view"),
        *("--permissions", "customer.list", "--under", "northwind", "--expires", "90d", *HANNA),
    )
    assert said.status == 0, said
    assert said.err == "ringfence: this token is not shown again: keep it where its program reads RINGFENCE_TOKEN\n"
    (secret,) = said.lines
    monkeypatch.setenv("RINGFENCE_TOKEN", secret)
    return secret


def without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RINGFENCE_TOKEN")


def test_it_is_listed_and_revoked(call: Call, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch)
    heading, row = call("tokens", "list", *HANNA).lines
    assert heading.split() == ["name", "stands", "for", "below", "made", "expires", "used", "made", "by"]
    assert row.startswith("report  customer.list, device.edit, device.list and 1 more  Northwind")
    (one,) = json.loads(call("tokens", "list", "--format", "json", *HANNA).out)
    assert one["permissions"] == ["customer.list", "device.edit", "device.list", "device.view"]
    assert one["used"] is None
    assert secret not in json.dumps(one)
    assert call("tokens", "list", "--as", "olga").out == ""
    assert "not yours to manage" in call("tokens", "list", "--login", "h.devries", "--as", "olga").refused()
    assert call("tokens", "list", "--login", "OLGA", *HANNA).out == ""
    assert call("tokens", "revoke", "report", *HANNA).out == "revoked 1 token\n"
    monkeypatch.setenv("RINGFENCE_TOKEN", secret)
    said = call("count", "devices").refused()
    assert said == "this token holds no more: it was revoked, it has expired, or there never was one like it"


def test_the_command_line_is_its_users_and_no_wider(call: Call, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    count = call("count", "devices")
    listed = call("devices", "list", "--format", "keys").lines
    whole = call("list", "devices", "--format", "json")
    assert call("can", "h.devries", "device.edit").out == "yes\n"
    assert call("can", "h.devries", "device.delete").out == "no\n"
    assert call("can", "h.devries", "device.list", "customer:polder").out == "no\n"
    assert "for the owner" in call("can", "olga", "device.list").refused()
    changed = call("devices", "edit", listed[0], "--name", "Other")
    assert changed.status == 0, changed
    number = changed.err.split()[1].rstrip(":")
    assert changed.err == f"change {number}: undo it with 'ringfence undo {number}'\n"
    for refused in (
        ("devices", "delete", listed[0], "--yes"),
        ("users", "edit", "h.devries", "--name", "x"),
        ("profile", "edit", "--name", "x"),
        ("tokens", "create", "more", "--permissions", "device.list"),
        ("tokens", "revoke", "report"),
    ):
        assert secret not in call(*refused).refused()
    without(monkeypatch)
    assert (count.out, set(listed)) == (f"{len(listed)}\n", {one["key"] for one in json.loads(whole.out)})
    assert len(listed) == int(call("count", "devices", "--under", "northwind", *HANNA).out)
    (entry,) = (
        one for one in json.loads(call("list", "audit", "--format", "json", *HANNA).out) if one["number"] == int(number)
    )
    assert (entry["actor"], entry["origin"]) == ("h.devries", "command line by token “report”")


@pytest.mark.parametrize("option", [("--as", "olga"), ("--at", AT)], ids=lambda one: one[0])
@pytest.mark.parametrize("name", ["count", "coverage", "undo", "telemetry latest"])
def test_one_is_nobody_else(call: Call, secret: str, option: tuple[str, str], name: str) -> None:
    if name == "undo" and option[0] == "--at":
        return
    expected = f"{option[0]} is for the owner of the database: RINGFENCE_TOKEN says who you are"
    assert call(*option, *words(name, kind="devices")).refused(2) == expected
    assert call(*words(name, kind="devices"), *option).refused(2) == expected


@pytest.mark.parametrize("name", [name for name in COMMANDS if name in OWNERS])
def test_what_is_the_owners_is_refused(call: Call, secret: str, tmp_path: Path, name: str) -> None:
    file = tmp_path / "lines"
    file.write_text('{"ringfence": 1}')
    said = call(*words(name, file=str(file))).refused()
    assert said == "this is for the owner of the database: RINGFENCE_TOKEN says who you are", name


def test_whatever_goes_wrong_it_is_not_said(
    call: Call, secret: str, own_db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by an error, nor where somebody asked for tracebacks, whatever holds it at the time."""
    assert secret not in call("count", "devices", "--search", "x:(").err
    assert "empty" in call("--db", "", "count", "devices").refused(2)
    monkeypatch.setattr("ringfence.identity.tokens.bearer", lambda *_: 1 / 0)
    said = call("count", "devices")
    assert said.status == 1
    assert "ZeroDivisionError" in said.err
    assert "Traceback" in said.err
    assert secret not in said.err
    monkeypatch.setenv("RINGFENCE_TOKEN", " ")
    assert call("count", "devices").refused(2) == "RINGFENCE_TOKEN is empty: set it to a token, or unset it"
    assert call("load", "x").status == 2


def test_the_console_is_for_people(secret: str, own_db: Path, call: Call) -> None:
    assert "unset RINGFENCE_TOKEN" in call().refused()


def test_it_stands_in_no_process_list(secret: str, own_db: Path) -> None:
    """The program as it is, with what is said of it while it runs."""
    line = [str(PROGRAM), "list", "alarms", "--follow", "--format", "json"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        try:
            said = Path(f"/proc/{running.pid}/cmdline").read_bytes() if sys.platform == "linux" else b""
        finally:
            running.terminate()
    assert secret.encode() not in said


def test_that_it_is_used_is_known(call: Call, secret: str, own_db: Path) -> None:
    assert call("count", "devices").status == 0
    database = open_database(str(own_db))
    found = bearer(database, secret)
    from ringfence.services import api_tokens
    from ringfence.visibility.viewer import Viewer

    (one,) = api_tokens.of_user(Viewer.sign_in(database, found.login))
    database.close()
    assert one.used is not None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--expires", "soon"), "--expires: 'soon' is no duration"),
        (("--expires", "0s"), "--expires: it would hold for no time"),
        (("--permissions", ","), "--permissions: a token without any permission"),
        (("--permissions", "device"), "--permissions: there is no permission 'device'"),
        (("--under", "nowhere"), "there is no customer 'nowhere'"),
        (("--login", "nobody"), "there is no such user, or their tokens are not yours"),
    ],
)
def test_bad_input_is_refused(call: Call, own_db: Path, given: tuple[str, ...], said: str) -> None:
    assert call("tokens", "create", "x", *given, *HANNA).refused().startswith(said)
    assert call("tokens", "list", *HANNA).out == ""
