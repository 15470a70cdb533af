"""``ringfence now``: what it counts is what ``count alarms`` counts, for each of the demo's users."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.command_line import AT, Call
from support.oracle import Oracle
from support.story_rule import NOON

from ringfence.domain.clock import milliseconds
from ringfence.domain.signal import SEVERITIES
from ringfence.signals.working import Worker
from ringfence.snapshot.story import WHO_SHOWS_WHAT, story
from ringfence.storage.engine import open_database

STORY = story()
ORACLE = Oracle(STORY, NOON)
STORY_ALARMS = {one["key"]: one for one in STORY["alarms"]}


def is_active(alarm: dict[str, Any]) -> bool:
    return bool(alarm.get("outcome", "open") == "open")


def holds(call: Call, login: str, permission: str) -> bool:
    """Whether a user holds a permission anywhere."""
    return call("can", login, permission, "--at", AT).status == 0


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
    theirs = [STORY_ALARMS[key] for key in ORACLE.listed(login, "alarms") if is_active(STORY_ALARMS[key])]
    new = [one for one in theirs if not one.get("acked_at")]
    assert found["new"] == len(new)
    began = [datetime.fromisoformat(one["started_at"]) for one in new]
    assert found["oldest_new"] == (min(began).isoformat() if began else None)
    named = ORACLE.listed(login, "customers")
    burning = {one["key"]: one["alarms"] for one in found["customers"]}
    assert burning == {
        key: {
            severity: many
            for severity in SEVERITIES
            if (many := sum(one["customer"] == key and one["severity"] == severity for one in theirs))
        }
        for key in {one["customer"] for one in theirs} & named
    }
    ranks = [[-one["alarms"].get(severity, 0) for severity in SEVERITIES] for one in found["customers"]]
    assert ranks == sorted(ranks)
    edges = ORACLE.listed(login, "edges")
    assert ("edges" in found) is bool(ORACLE.visible(login, "edge.list", "edges") or holds(call, login, "edge.list"))
    if "edges" in found:
        with sqlite3.connect(demo_db) as connection:
            heard = dict(connection.execute("SELECT e.key, h.at FROM edge e JOIN edge_heard h ON h.edge_id = e.id"))
            vain = [key for (key,) in connection.execute("SELECT key FROM edge JOIN unmatched ON edge_id = id")]
        assert found["edges"] == {
            "active": len(edges),
            "heard": sum(heard.get(key, 0) >= milliseconds(NOON) - 300_000 for key in edges),
            "unmatched": sum(key in edges for key in vain),
        }
    assert (found["worker"] is None) is not holds(call, login, "alarm.list")
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
