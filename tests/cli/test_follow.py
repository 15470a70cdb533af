"""``list alarms --follow`` as a program of its own: what it prints as alarms come, and how it ends."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.command_line import AT, Call, small

from ringfence.domain.text import as_json

SECONDS = 30.0
FOLLOW = ("list", "alarms", "--follow", "--format", "json")


@pytest.fixture
def filled(call: Call, tmp_path: Path) -> Path:
    """A database with a device ``d``, an edge, and one alarm."""
    document = small(edges=[{"key": "gate", "tenant": "t", "customer": "c", "name": "Gate", "kind": "pipe"}])
    document["users"].append({"key": "bo", "tenant": "t", "login": "bo", "name": "Bo"})
    document["users"][-1]["security_groups"] = [{"group": "everywhere"}]
    (tmp_path / "small.json").write_text(as_json(document), encoding="utf-8")
    database = tmp_path / "own.db"
    call("--db", str(database), "load", str(tmp_path / "small.json"))
    rings(call, database, "water")
    return database


def rings(call: Call, database: Path, kind: str) -> None:
    """An alarm comes in."""
    file = database.with_name("signals")
    file.write_text(json.dumps({"unit": "U-1", "alarm": kind, "text": "a\x1b[31mb"}) + "\n", encoding="utf-8")
    assert call("--db", str(database), "ingest", str(file), "--edge", "gate").status == 0


@contextmanager
def following(database: Path, login: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The program, as it runs."""
    command = [sys.executable, "-m", "ringfence", "--db", str(database), *(words or FOLLOW), "--as", login]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1) as running:
        try:
            yield running
        finally:
            running.kill()


def line(running: subprocess.Popen[str]) -> dict[str, Any]:
    """The next line, which has to come."""
    assert running.stdout is not None
    assert select.select([running.stdout], [], [], SECONDS)[0], "nothing comes"
    found: dict[str, Any] = json.loads(running.stdout.readline())
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_goes_on_with_each_alarm_until_it_is_interrupted(call: Call, filled: Path, how: signal.Signals) -> None:
    with following(filled, "ada") as running:
        first = line(running)
        assert (first["name"], first["outcome"]) == ("water", "open")
        rings(call, filled, "fire")
        assert (line(running)["name"], first.keys() >= {"key", "severity", "device", "customer"}) == ("fire", True)
        call("--db", str(filled), "alarms", "clear", first["key"], "--outcome", "false", "--as", "bo")
        assert [(one["key"], one["outcome"]) for one in [line(running)]] == [(first["key"], "false")]
        running.send_signal(how)
        out, err = running.communicate(timeout=SECONDS)
    assert (running.returncode, out, err) == (0, "", "")


def test_it_ends_with_whoever_reads_it(filled: Path) -> None:
    """Though nothing comes any more that would tell it so."""
    with following(filled, "ada") as running:
        line(running)
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.wait(SECONDS) == 0
        assert running.stderr.read() == ""


def test_it_ends_for_whoever_is_deactivated(call: Call, filled: Path) -> None:
    with following(filled, "bo") as running:
        line(running)
        call("--db", str(filled), "users", "deactivate", "bo", "--as", "ada")
        out, err = running.communicate(timeout=SECONDS)
    assert (running.returncode, out) == (1, "")
    assert err == "ringfence: error: this user has been deactivated: nothing is told to them any more\n"


def test_a_database_that_is_gone_ends_it(filled: Path) -> None:
    with following(filled, "ada") as running:
        line(running)
        filled.unlink()
        out, err = running.communicate(timeout=SECONDS)
    assert (running.returncode, out, err.count("\n")) == (1, "", 1)
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "devices", "--follow", "--format", "json"), "--follow is for alarms: it means nothing to devices"),
        (("alarm-rules", "list", "--follow"), "--follow is for alarms: it means nothing to alarm-rules"),
        (("list", "alarms", "--follow"), "--follow is for --format json"),
        (("list", "alarms", "--follow", "--format", "csv"), "--follow is for --format json"),
        (("alarms", "list", "--follow", "--format", "keys"), "--follow is for --format json"),
        ((*FOLLOW, "--limit", "5"), "--limit is for a list that ends"),
        ((*FOLLOW, "--state", "all"), "--state all is for a list that ends"),
        ((*FOLLOW, "--at", AT), "--at is for a list that ends"),
    ],
)
def test_what_cannot_be_followed_is_wrong_usage(call: Call, filled: Path, words: tuple[str, ...], said: str) -> None:
    assert said in call("--db", str(filled), *words, "--as", "ada").refused(2)


def test_a_customer_that_is_hidden_is_none(call: Call, filled: Path) -> None:
    said = call("--db", str(filled), *FOLLOW, "--as", "ada", "--under", "no-such").refused()
    assert said == "there is no customer 'no-such': 'ringfence list customers' shows those there are"
