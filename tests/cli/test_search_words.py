"""``--search``: the words of a filter, for every kind, wherever it is taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import Call

from ringfence.domain import display
from ringfence.domain.registry import KINDS


def shown(call: Call, kind: str, *words: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(call("list", kind, "--as", "h.devries", "--format", "json", *words).out)
    return found


def test_words_are_sought_in_every_column(call: Call, demo_db: Path) -> None:
    every = shown(call, "devices")
    names = {one["key"]: one["name"] for one in shown(call, "customers")}
    wanted = {
        one["key"] for one in every if one["kind"] == "camera" and "rotterdam" in names.get(one["customer"], "").lower()
    }
    assert wanted
    for words in ("kind:camera customer:rotterdam", '-"no such" customer:rotter kind:^cam', "k:CAMERA cu:Rotterdam"):
        listed = call("list", "devices", "--as", "h.devries", "--search", words, "--format", "keys").lines
        assert set(listed) == wanted
        assert call("count", "devices", "--as", "h.devries", "--search", words).out == f"{len(wanted)}\n"
    lone = call("list", "devices", "--as", "h.devries", "--search", 'site:""', "--format", "keys").lines
    assert set(lone) == {one["key"] for one in every if not one["site"]}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_takes_them(call: Call, demo_db: Path, kind: str) -> None:
    """A column of each is sought by its heading; all that has something there and all that has nothing are all."""
    every = int(call("count", kind, "--as", "h.devries").out)
    for column in display.sought(KINDS[kind]):
        name = display.column_heading(KINDS[kind], column).replace(" ", "-")
        parts = [call("count", kind, "--as", "h.devries", "--search", f'{sign}{name}:""').out for sign in ("", "-")]
        assert sum(map(int, parts)) == every, name


@pytest.mark.parametrize("command", [["list", "devices"], ["count", "devices"], ["devices", "list"]])
def test_what_cannot_be_understood_is_a_line(call: Call, demo_db: Path, command: list[str]) -> None:
    said = call(*command, "--as", "olga", "--search", "colour:red gate").refused(2)
    assert said == (
        "--search: there is no column 'colour' to search: take name, unit id, kind, site or customer, or seek the text "
        'as it stands, in quotes: "colour:red"'
    )
    said = call("list", "security-groups", "--as", "olga", "--search", "users:3").refused(2)
    assert said == "--search: 'users' is a number that is counted, and not searched: leave it out"
