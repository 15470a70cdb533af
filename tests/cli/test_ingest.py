"""``ingest``, ``telemetry`` and ``edges status`` through the command line, as a pipe would use them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Call, Said, small

from ringfence.domain.text import as_json

HERE = ("--as", "ada")


@pytest.fixture
def filled(call: Call, tmp_path: Path) -> Path:
    """A database with a device ``d`` of ``c``, another of ``other``, and an edge at ``c``."""
    other = {"key": "other", "tenant": "t", "name": "Other"}
    device = {"key": "o", "tenant": "t", "customer": "other", "name": "Far", "unit_id": "U-2"}
    edge = {"key": "gate", "tenant": "t", "customer": "c", "name": "Gate", "kind": "pipe"}
    document = small(customers=[other], devices=[device], edges=[edge])
    (tmp_path / "small.json").write_text(as_json(document), encoding="utf-8")
    database = tmp_path / "own.db"
    call("--db", str(database), "load", str(tmp_path / "small.json"))
    return database


def ingested(call: Call, database: Path, *lines: Any, options: tuple[str, ...] = ()) -> Said:
    """What is said where these lines come in."""
    file = database.with_name("signals.jsonl")
    file.write_text("".join(one if isinstance(one, str) else json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    return call("--db", str(database), "ingest", str(file), "--edge", "gate", *options)


def test_a_value_comes_in_and_is_shown(call: Call, filled: Path) -> None:
    said = ingested(call, filled, {"unit": "U-1", "values": {"temperature": 9.1}})
    assert (said.status, said.out, said.err) == (0, "1 line, 1 value, 0 raised, 0 cleared, 0 unmatched\n", "")
    shown = call("--db", str(filled), "telemetry", "latest", "d", *HERE).lines
    assert [line.split()[0] for line in shown] == ["temperature"]
    assert shown[0].endswith("  9.1")
    data = json.loads(call("--db", str(filled), "telemetry", "latest", "d", *HERE, "--format", "json").out)
    assert [(one["name"], one["value"]) for one in data] == [("temperature", 9.1)]
    sheet = call(
        "--db", str(filled), "telemetry", "history", "d", "temperature", "--since", "1h", *HERE, "--format", "csv"
    )
    assert sheet.lines[0] == "at,number"
    assert [line.split(",")[1] for line in sheet.lines[1:]] == ["9.1"]


def test_a_unit_of_somebody_else_and_none_at_all_are_told_alike(call: Call, filled: Path) -> None:
    said = [ingested(call, filled, {"unit": unit, "values": {"x": 1}}) for unit in ("U-2", "U-3")]
    assert said[0] == said[1]
    assert (said[0].status, said[0].out) == (0, "1 line, 0 values, 0 raised, 0 cleared, 1 unmatched\n")
    status = call("--db", str(filled), "edges", "status", "gate", *HERE).out
    lines = [line for line in status.splitlines() if line.startswith("unmatched")]
    assert sorted(line.split(": ")[0] for line in lines) == ["unmatched U-2", "unmatched U-3"]
    alike = {line.replace("U-3", "U-2").partition(", last ")[0] for line in lines}
    assert alike == {"unmatched U-2: once"}


def test_a_broken_line_is_named_and_the_others_are_kept(call: Call, filled: Path) -> None:
    good = {"unit": "U-1", "values": {"x": 1}}
    said = ingested(call, filled, good, "broken\n", "\n", {**good, "nonsense": 1}, good)
    assert (said.status, said.out) == (1, "2 lines, 2 values, 0 raised, 0 cleared, 0 unmatched\n")
    told = said.err.splitlines()
    assert told[0].startswith("ringfence: error: line 2: this is no JSON")
    assert told[1].startswith("ringfence: error: line 4: there is no field 'nonsense'")
    assert len(told) == 2


def test_strictly_none_is_kept_where_one_is_broken(call: Call, filled: Path) -> None:
    good = {"unit": "U-1", "values": {"x": 1}}
    said = ingested(call, filled, good, "broken\n", good, options=("--strict",))
    assert (said.status, said.out) == (1, "")
    assert "line 2" in said.err
    assert said.err.endswith("nothing was taken\n")
    assert call("--db", str(filled), "telemetry", "latest", "d", *HERE).out == ""
    assert ingested(call, filled, good, good, options=("--strict",)).status == 0


def test_of_very_many_broken_lines_the_first_are_named(call: Call, filled: Path) -> None:
    said = ingested(call, filled, *["broken\n"] * 50)
    assert said.err.splitlines()[-1] == "ringfence: error: and 30 more lines"
    assert len(said.err.splitlines()) == 21


def test_what_a_broker_sends_comes_in_too(call: Call, filled: Path) -> None:
    line = {"tst": 1_780_000_000, "topic": "rf/U-1", "qos": 1, "payload": '{"values":{"x":2}}'}
    at = ("--at", "2026-06-01T00:00:00+00:00")
    said = ingested(call, filled, line, options=("--format", "mosquitto", *at))
    assert (said.status, said.out) == (0, "1 line, 1 value, 0 raised, 0 cleared, 0 unmatched\n")


def test_what_is_wrong_is_one_line(call: Call, filled: Path, tmp_path: Path) -> None:
    db = ("--db", str(filled))
    assert "there is no edge 'none'" in call(*db, "ingest", str(tmp_path / "small.json"), "--edge", "none").refused(1)
    assert "none.jsonl" in call(*db, "ingest", str(tmp_path / "none.jsonl"), "--edge", "gate").refused(1)
    assert call(*db, "ingest", str(tmp_path / "small.json")).refused(2)
    assert "there is no device 'none'" in call(*db, "telemetry", "latest", "none", *HERE).refused(1)
    assert "reports no 'x'" in call(*db, "telemetry", "history", "d", "x", *HERE).refused(1)


def test_nothing_that_came_in_reaches_the_terminal_as_it_is(call: Call, filled: Path) -> None:
    hostile = "\x1b]0;owned\x07 \x9b31m \u202e [b]x[/b]\r\nnext"
    ingested(call, filled, {"unit": "U-1", "values": {"said": hostile}}, {"unit": "U-9", "values": {"said": hostile}})
    for words in (("telemetry", "latest", "d"), ("edges", "status", "gate")):
        said = call("--db", str(filled), *words, *HERE).out
        assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(said)
