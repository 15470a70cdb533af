"""``alarm-rules test``: what it says of a rule that looks at stored history, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import Call, small

from ringfence.domain.text import as_json

NOW = "2026-11-28T12:00:00+00:00"
TEST = ("alarm-rules", "test", "--as", "ada", "--at", NOW)


@pytest.fixture
def filled(call: Call, tmp_path: Path) -> Path:
    """A database with a device ``d`` that was too warm twice, and a rule that wants ten minutes."""
    own = {"tenant": "t", "customer": "c"}
    rule = {"key": "r", **own, "name": "Too warm", "raise_when": "temperature > 8", "held_for": "10m", "active": False}
    document = small(edges=[{"key": "gate", **own, "name": "Gate", "kind": "pipe"}], alarm_rules=[rule])
    (tmp_path / "small.json").write_text(as_json(document), encoding="utf-8")
    database = tmp_path / "own.db"
    call("--db", str(database), "load", str(tmp_path / "small.json"))
    lines = [
        {"unit": "U-1", "ts": f"2026-11-28T10:{minute:02}:00Z", "values": {"temperature": value}}
        for minute, value in ((0, 9), (5, 9), (15, 4), (20, 9), (25, 3))
    ]
    (tmp_path / "signals").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert call("--db", str(database), "ingest", str(tmp_path / "signals"), "--edge", "gate", "--at", NOW).status == 0
    return database


def test_it_says_how_often_when_and_for_how_long(call: Call, filled: Path) -> None:
    said = call("--db", str(filled), *TEST, "temperature > 8")
    assert (said.status, said.err) == (0, "")
    assert said.lines == [
        "d  2 times      2026-11-28T10:00:00+00:00 to 2026-11-28T10:20:00+00:00, 20m",
        "2 alarms of 1 of 1 devices, 20m in all: 5 values",
    ]
    assert call("--db", str(filled), *TEST, "--rule", "r").lines == [
        "d  once         2026-11-28T10:10:00+00:00, 5m",
        "1 alarm of 1 of 1 devices, 5m in all: 5 values",
    ]
    assert call("--db", str(filled), *TEST, "--rule", "r", "--for", "20m", "--device", "d").lines == [
        "0 alarms of 0 of 1 devices: 5 values"
    ]
    found = json.loads(call("--db", str(filled), *TEST, "temperature > 3", "--since", "2h", "--format", "json").out)
    (one,) = found.pop("raised")
    assert found == {
        "since": "2026-11-28T10:00:00+00:00",
        "until": NOW,
        "times": 1,
        "seconds": 1500,
        "devices": 1,
        "values": 5,
        "cut": False,
    }
    assert (one["key"], one["name"], one["times"], one["lasts"]) == ("d", "Device", 1, False)
    going_on = call("--db", str(filled), *TEST, "temperature > 2").lines
    assert going_on[0] == "d  once         2026-11-28T10:00:00+00:00, 2h and on"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("temperature >",), 1, "CONDITION: at column 14: "),
        (("t > 8", "--clear-when", "t <"), 1, "--clear-when: at column 4: "),
        (("t > 8", "--for", "soon"), 1, "--for: 'soon' is no duration"),
        (("t > 8", "--times", "0"), 1, "--times: once is the fewest"),
        (("t > 8", "--times", "few"), 2, "--times takes a number"),
        ((), 2, "say a CONDITION, --missing, or the key of a rule with --rule"),
        (("t > 8", "--under", "c", "--device", "d"), 2, "say one of --under and --device"),
        (("t > 8", "--since", "soon"), 1, "'soon' is no duration"),
        (("--rule", "no-such"), 1, "there is no alarm rule 'no-such'"),
        (("t > 8", "--under", "no-such"), 1, "there is no customer 'no-such'"),
        (("t > 8", "--device", "no-such"), 1, "there is no device 'no-such'"),
    ],
)
def test_what_is_refused(call: Call, filled: Path, words: tuple[str, ...], status: int, said: str) -> None:
    assert said in call("--db", str(filled), *TEST, *words).refused(status)
