"""``profile``: what everybody may see and change of themselves, whatever they may otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import Call

NOBODY = "p.nowak"
"""Whose only customer group is inactive: nothing at all is theirs but their profile."""


@pytest.mark.parametrize("login", ["h.devries", "olga", "g.moreau", "r.dekker", "d.ionescu", NOBODY])
def test_everybody_active_changes_their_own_name_and_address(call: Call, own_db: Path, login: str) -> None:
    before = json.loads(call("profile", "show", "--as", login, "--format", "json").out)
    whole = call("dump").out
    said = call("profile", "edit", "--as", login, "--name", "Somebody Else", "--email", "else@harbor.example")
    assert said.status == 0, said
    assert said.lines[0] == f"edited user “{before['name']}”"
    after = json.loads(call("profile", "show", "--as", login, "--format", "json").out)
    assert after == {**before, "name": "Somebody Else", "email": "else@harbor.example"}
    users = json.loads(whole)["users"]
    for one in users:
        if one["login"] == login:
            one.update(name="Somebody Else", email=after["email"])
    assert json.loads(call("dump").out) == {**json.loads(whole), "users": users}, "and nothing else"
    assert call("undo", "--as", login).status == 0
    assert call("dump").out == whole
    assert call("audit", "verify").status == 0


def test_only_looked_at(call: Call, own_db: Path) -> None:
    before = call("dump").out
    said = call("profile", "edit", "--as", NOBODY, "--name", "Other", "--dry-run")
    assert said.lines[0].startswith("would edit user “")
    assert call("dump").out == before


@pytest.mark.parametrize("words", [("show",), ("edit", "--name", "Here Again"), ("edit", "--name", "H", "--dry-run")])
def test_an_inactive_user_has_none(call: Call, own_db: Path, words: tuple[str, ...]) -> None:
    before = call("dump").out
    assert "inactive" in call("profile", *words, "--as", "b.janssens").refused()
    assert call("dump").out == before


def test_what_is_not_to_be_listed_is_not_named(call: Call, own_db: Path) -> None:
    """Whoever may list no customer is not told the name of their home."""
    assert json.loads(call("profile", "show", "--as", NOBODY, "--format", "json").out)["home"] is None
    assert "home" not in call("profile", "show", "--as", NOBODY).out
    assert call("profile", "show", "--as", "r.dekker").lines[-1] == "home    Dekker Security Installers"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--name", " "), "name: this must not be empty"),
        (("--email", "nowhere"), "e-mail: this is no e-mail address"),
    ],
)
def test_the_fields_are_checked_as_elsewhere(call: Call, own_db: Path, words: tuple[str, ...], said: str) -> None:
    assert said in call("profile", "edit", "--as", NOBODY, *words).refused()


def test_nothing_to_change_is_wrong_usage(call: Call, own_db: Path) -> None:
    assert call("profile", "edit", "--as", "olga").status == 2
    assert call("profile", "show").status == 2
    assert call("profile", "edit", "--name", "X").status == 2


@pytest.mark.usefixtures("no_past")
def test_seen_in_the_audit(call: Call, own_db: Path) -> None:
    call("profile", "edit", "--as", NOBODY, "--email", "own@harbor.example")
    (entry,) = json.loads(call("list", "audit", "--as", "h.devries", "--format", "json", "--limit", "1").out)
    assert (entry["actor"], entry["action"], entry["kind"]) == (NOBODY, "edit", "user"), entry
