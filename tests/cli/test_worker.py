"""The worker by the command line: what is due, one at a time, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.command_line import Call, small

from ringfence.domain.text import as_json

AT = "2026-11-28T10:00:00+00:00"


@pytest.fixture
def filled(call: Call, tmp_path: Path) -> Path:
    """A database with a device ``d``, an edge, and a rule that wants five minutes."""
    own = {"tenant": "t", "customer": "c"}
    rule = {"key": "r", **own, "name": "Too warm", "raise_when": "temperature > 8", "held_for": "5m"}
    document = small(edges=[{"key": "gate", **own, "name": "Gate", "kind": "pipe"}], alarm_rules=[rule])
    (tmp_path / "small.json").write_text(as_json(document), encoding="utf-8")
    database = tmp_path / "own.db"
    call("--db", str(database), "load", str(tmp_path / "small.json"))
    line = {"unit": "U-1", "values": {"temperature": 9}}
    (tmp_path / "signals").write_text(json.dumps(line) + "\n", encoding="utf-8")
    return database


def warm(call: Call, filled: Path, *options: str) -> None:
    """It is too warm."""
    call("--db", str(filled), "ingest", str(filled.with_name("signals")), "--edge", "gate", *options)


@contextmanager
def working(filled: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker as a process of its own, once it works."""
    command = [sys.executable, "-m", "ringfence", "--db", str(filled), "worker"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == f"working on {filled}\n"
            yield running
        finally:
            running.kill()


def test_once_does_what_is_due_by_then_and_ends(call: Call, filled: Path) -> None:
    warm(call, filled, "--at", AT)
    said = [
        call("--db", str(filled), "worker", "--once", "--at", f"2026-11-28T10:0{minute}+00:00")
        for minute in ("4:59", "5:00", "5:01")
    ]
    assert [(one.status, one.out, one.err) for one in said] == [
        (0, f"{many} raised, 0 cleared\n", "") for many in (0, 1, 0)
    ]


def test_at_is_for_one_that_ends(call: Call, filled: Path) -> None:
    assert "--once" in call("--db", str(filled), "worker", "--at", AT).refused(2)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_goes_on_until_it_is_interrupted_and_ends_well(call: Call, filled: Path, how: signal.Signals) -> None:
    with working(filled) as running:
        running.send_signal(how)
        out, err = running.communicate(timeout=30)
    assert (running.returncode, out, err) == (0, "", "")
    assert call("--db", str(filled), "worker", "--once").status == 0


def test_there_is_one_at_a_time_and_another_once_it_is_gone_however_that_came(call: Call, filled: Path) -> None:
    with working(filled) as running:
        told = call("--db", str(filled), "worker", "--once").refused()
        assert told == f"another worker is at {filled} already"
        running.send_signal(signal.SIGKILL)
        running.wait(30)
        assert call("--db", str(filled), "worker", "--once").status == 0


def test_what_is_due_comes_while_it_works(call: Call, filled: Path) -> None:
    with working(filled):
        warm(call, filled, "--at", AT)  # long ago: it is due at once
        until = time.monotonic() + 30
        found = ""
        while "Too warm" not in found and time.monotonic() < until:
            time.sleep(0.2)
            found = call("--db", str(filled), "list", "alarms", "--as", "ada", "--format", "csv").out
        assert "Too warm" in found
