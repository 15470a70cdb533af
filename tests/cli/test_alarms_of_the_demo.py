"""Alarms of the demo, as its sixteen users list and count them: those that a slow statement of the rule gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import Call
from support.oracle import Oracle
from support.story_rule import NOON

from ringfence.domain.signal import SEVERITIES
from ringfence.snapshot.story import WHO_SHOWS_WHAT, story

STORY = story()
ORACLE = Oracle(STORY, NOON)
KNOWN = {one["key"]: one for one in STORY["alarms"]}
BELOW = ("northwind", "north-rotterdam", "dekker", "internal", "staging", "havsbris")


@pytest.mark.parametrize("login", [login for login, _ in WHO_SHOWS_WHAT])
def test_what_is_listed_is_counted_and_is_theirs(call: Call, demo_db: Path, login: str) -> None:
    def theirs(state: str, severity: str = "", under: str | None = None) -> list[str]:
        keys = ORACLE.listed(login, "alarms", under=under)
        return sorted(
            key
            for key in keys
            if (state == "all" or KNOWN[key].get("outcome", "open") == "open")
            and severity in ("", KNOWN[key]["severity"])
        )

    def told(command: str, *options: str) -> list[str]:
        said = call(command, "alarms", "--as", login, "--at", NOON.isoformat(), *options)
        assert said.status == 0, said
        return said.lines

    asked = [((), theirs("active")), (("--state", "active"), theirs("active")), (("--state", "all"), theirs("all"))]
    asked += [(("--state", "all", "--severity", one), theirs("all", one)) for one in SEVERITIES]
    asked += [(("--under", one), theirs("active", "", one)) for one in BELOW if one in ORACLE.forest(login)]
    for options, expected in asked:
        assert told("list", *options, "--format", "keys") == expected, options
        assert told("count", *options) == [str(len(expected))], options


def test_what_each_is_to_see_of_them() -> None:
    """Nobody's test sites ring at an operator's, and whoever looks after these sees no others."""
    test_sites = {key for key, one in KNOWN.items() if one["customer"] in {"internal", "lab-rack-1", "lab-rack-2"}}
    test_sites |= {key for key, one in KNOWN.items() if (one["customer"] or "").startswith("staging")}
    assert len(test_sites) > 4
    assert ORACLE.listed("olga", "alarms").isdisjoint(test_sites)
    assert ORACLE.listed("j.peeters", "alarms") == test_sites
    assert len(ORACLE.listed("olga", "alarms")) > 20
    assert not ORACLE.listed("p.nowak", "alarms")
