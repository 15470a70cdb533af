"""``ringfence coverage``: what it says, and its exit status."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from support.command_line import Call
from support.documents import AT
from support.edits import provider

from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database

TOMORROW = AT + timedelta(days=1)


def windowed() -> dict[str, Any]:
    """The small provider: besides boss, somebody manages alarms of beta from tomorrow on."""
    made, t = provider(), {"tenant": "t"}
    level = {"owner": None, "access_level": "service_provider"}
    made["roles"].append({"key": "desk", **t, "name": "Desk", "permissions": ["alarm.manage"], **level})
    group = {"key": "desks", **t, "name": "Desks", "role": "desk", "scope": "selected"}
    made["security_groups"].append({**group, "customers": [{"customer": "beta"}]})
    staff = next(one for one in made["users"] if one["key"] == "staff")
    staff["security_groups"] = [{"group": "desks", "valid_from": TOMORROW.isoformat()}]
    made["users"] = [one for one in made["users"] if one["key"] != "boss2"]
    return made


@pytest.fixture
def ask(sqlite_database: Database, call: Call) -> Call:
    """Asks of the coverage of alarms at beta, as of the moment of the tests."""
    load_document(sqlite_database, windowed())

    def asking(*arguments: str) -> Any:
        command = ("--db", sqlite_database.name, "coverage", "alarm.manage", "--as", "boss", "--at", AT.isoformat())
        return call(*command, *arguments)

    return asking


def test_it_says_from_when_on_and_whose(ask: Call) -> None:
    said = ask("--at-least", "2", "--under", "beta")
    assert said.status == 1
    assert said.lines == [
        f"from {AT.isoformat()}: 1 customer with fewer than 2",
        "  beta  Beta  1",
        f"from {TOMORROW.isoformat()}: none",
    ]
    told = json.loads(ask("--at-least", "2", "--under", "beta", "--format", "json").out)
    assert told == [
        {"since": AT.isoformat(), "customers": [{"key": "beta", "name": "Beta", "people": 1}]},
        {"since": TOMORROW.isoformat(), "customers": []},
    ]


def test_where_there_are_enough_nothing_is_said(ask: Call) -> None:
    said = ask("--under", "beta")
    assert (said.status, said.out, said.err) == (0, "", "")


def test_what_is_not_there_is_refused_in_a_line(ask: Call, call: Call, sqlite_database: Database) -> None:
    assert "none-such" in ask("--under", "none-such").refused()
    said = call("--db", sqlite_database.name, "coverage", "alarm.mange", "--as", "boss")
    assert said.refused() == "there is no permission 'alarm.mange': 'ringfence schema' lists them"
    assert ask("--at-least", "0").status == 2
