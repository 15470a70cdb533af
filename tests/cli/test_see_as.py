"""``--see-as``: what another sees, as far as one sees the same oneself, at every command that looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.command_line import AT, HANNA, Call, Save
from support.tokens import token_of

from ringfence.storage.engine import open_database

OLGA = ("--see-as", "olga")
LOOKS = [
    ("list", "devices", "--format", "json"),
    ("customers", "list", "--format", "csv"),
    ("count", "devices", "--under", "northwind"),
    ("now",),
    ("coverage", "alarm.manage", "--at-least", "9"),
    ("dump",),
    ("attributes", "list", "customer:northwind"),
    ("alarm-rules", "test", "temperature > 8"),
    ("list", "alarms", "--state", "all", "--format", "keys"),
]


def seen(call: Call) -> list[tuple[str, str, str]]:
    """Who looked through whose eyes from where, as the audit has it."""
    found: list[dict[str, Any]] = json.loads(call("list", "audit", "--format", "json", *HANNA).out)
    return [(one["actor"], one["name"], one["origin"]) for one in found if one["action"] == "see as"]


@pytest.mark.parametrize("words", LOOKS, ids=lambda words: " ".join(words[:2]))
def test_whoever_sees_all_sees_what_they_see(call: Call, own_db: Path, words: tuple[str, ...]) -> None:
    """Before the command and behind it; each time it is audited, and once."""
    theirs = call("--at", AT, *words, "--as", "olga")
    behind = call("--at", AT, *words, *HANNA, *OLGA)
    assert (behind.status, behind.out) == (theirs.status, theirs.out), behind.err
    assert call("--at", AT, *HANNA, *OLGA, *words).out == theirs.out
    assert seen(call) == [("h.devries", "Olga Brandt", "command line")] * 2


def test_one_sees_no_more_than_oneself(call: Call, own_db: Path) -> None:
    for login in ("h.devries", "nobody"):
        said = call("count", "devices", "--as", "olga", "--see-as", login).refused()
        assert said.startswith(f"nobody has the login {login!r}")
    assert (
        call("count", "devices", "--as", "olga", "--see-as", "OLGA").out == call("count", "devices", "--as", "olga").out
    )
    assert "empty" in call("count", "devices", *HANNA, "--see-as", "").refused(2)
    assert "--as LOGIN" in call("dump", *OLGA).refused(2)
    assert seen(call) == []


def test_nothing_is_changed_through_it(call: Call, own_db: Path) -> None:
    said = call("profile", "edit", "--name", "x", *HANNA, *OLGA).refused(2)
    assert said == "--see-as only looks: it means nothing to 'ringfence profile edit'"
    assert call(*OLGA, *HANNA, "undo").refused(2) == "--see-as only looks: it means nothing to 'ringfence undo'"
    assert "F2 does it" in call(*HANNA, *OLGA).refused(2)


def test_with_a_token_it_is_no_more_than_that_leaves(call: Call, own_db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = open_database(str(own_db))
    keys = ["user.list", "user.impersonate", "device.list", "customer.list"]
    secret, below = (
        token_of(database, "h.devries", keys),
        token_of(database, "h.devries", keys, "northwind", name="two"),
    )
    database.close()
    whole = call("count", "devices", "--as", "olga").out
    monkeypatch.setenv("RINGFENCE_TOKEN", secret)
    assert call("count", "devices", *OLGA).out == whole
    assert call("count", "sites", *OLGA).out == call("count", "roles").out == "0\n"
    monkeypatch.setenv("RINGFENCE_TOKEN", below)
    assert int(call("count", "devices").out) > 0
    assert "nobody has the login" in call("count", "devices", *OLGA).refused(), "she is not at home there"
    monkeypatch.delenv("RINGFENCE_TOKEN")
    assert seen(call)[0] == ("h.devries", "Olga Brandt", "command line by token “one”")


def test_what_a_file_would_change_is_told_as_far_as_both_see_it(call: Call, own_db: Path, save: Save) -> None:
    whole, hers = json.loads(call("dump").out), call("list", "customers", "--as", "olga", "--format", "keys").lines
    customers = [one for one in whole["customers"] if one["key"] in hers]
    tenants = [one for one in whole["tenants"] if one["key"] == customers[0]["tenant"]]
    document = {"ringfence": 1, "tenants": tenants, "customers": [{**one, "parent": None} for one in customers]}
    file = save(document)
    theirs, through = call("what-if", file, "--as", "olga"), call("what-if", file, *HANNA, *OLGA)
    assert (through.status, through.out, through.err) == (theirs.status, theirs.out, theirs.err)
    assert theirs.status == 0, theirs.err[:300]
    assert theirs.out != "Nobody gains or loses anything.\n"
