"""``ringfence now``: what it counts is what ``count alarms`` counts, for each of the demo's users."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.command_line import AT, Call
from support.story_rule import NOON

from ringfence.domain.signal import SEVERITIES
from ringfence.signals.working import Worker
from ringfence.snapshot.story import WHO_SHOWS_WHAT
from ringfence.storage.engine import open_database
from ringfence.storage.signal_tables import milliseconds


def told(call: Call, login: str, *options: str) -> dict[str, Any]:
    said = call("now", "--as", login, "--at", AT, "--format", "json", *options)
    assert said.status == 0, said
    found: dict[str, Any] = json.loads(said.out)
    return found


@pytest.mark.parametrize("login", [login for login, _ in WHO_SHOWS_WHAT])
def test_it_counts_what_count_counts(call: Call, demo_db: Path, login: str) -> None:
    def count(*options: str) -> int:
        return int(call("count", "alarms", "--as", login, "--at", AT, *options).out)

    found = told(call, login)
    assert found["active"] == count()
    assert list(found["alarms"]) == list(SEVERITIES)
    assert found["alarms"] == {one: count("--severity", one) for one in SEVERITIES}
    modes = call("list", "test-modes", "--as", login, "--at", AT, "--format", "keys").lines
    assert sorted(one["key"] for one in found["test_modes"]) == modes


def test_below_a_customer_and_in_words(call: Call, demo_db: Path) -> None:
    found = told(call, "olga", "--under", "northwind")
    assert found["active"] == int(call("count", "alarms", "--as", "olga", "--at", AT, "--under", "northwind").out)
    assert 0 < found["active"] < told(call, "olga")["active"]
    hidden = call("now", "--as", "olga", "--at", AT, "--under", "staging").refused()
    missing = call("now", "--as", "olga", "--at", AT, "--under", "stagink").refused()
    assert hidden == missing.replace("stagink", "staging")
    said = call("now", "--as", "olga", "--at", AT).lines
    assert said[0].split() == ["critical", "4"]
    assert "in test mode until 2026-11-16T13:30:00+00:00: Breda bakery: Ovens are serviced" in said
    assert len([line for line in said if line.startswith("in test mode")]) == 1, "the others are hidden from her"


def test_what_has_ended_is_no_test_mode(call: Call, demo_db: Path) -> None:
    assert told(call, "h.devries")["test_modes"]
    later = call("now", "--as", "h.devries", "--at", "2026-11-17T12:00:00+00:00", "--format", "json")
    assert json.loads(later.out)["test_modes"] == []


def test_whether_a_worker_runs(call: Call, demo_db: Path) -> None:
    assert told(call, "olga")["worker"] is False
    assert "no worker runs" in call("now", "--as", "olga", "--at", AT).out
    database = open_database(str(demo_db))
    Worker(database).work(milliseconds(NOON))
    database.close()
    assert told(call, "olga")["worker"] is True
    assert "no worker runs" not in call("now", "--as", "olga", "--at", AT).out
