"""Killed at any moment and begun again, or done by several at once: each alarm is there once, at the right time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from support.databases import made
from support.signals import NOW, edge, send

from ringfence.domain.clock import moment_of
from ringfence.domain.errors import RingfenceError
from ringfence.signals import clocks
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.storage.only_one import only_one

MINUTE = 60_000


def document(devices: int) -> dict[str, Any]:
    """A provider with so many devices, of whose rules each has a clock."""
    own = {"tenant": "t", "customer": "c"}
    rules = [
        {"key": "held", "name": "Warm", "raise_when": "t > 8", "held_for": "2m", "severity": "minor", "quiet": "3m"},
        {"key": "missing", "name": "Silent", "missing": "4m", "severity": "major", "escalate_after": "1m"},
    ]
    numbers = range(devices)
    return {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "T"}],
        "customers": [{"key": "c", "tenant": "t", "name": "C"}],
        "devices": [{"key": f"d{one}", **own, "name": "D", "unit_id": f"U{one}"} for one in numbers],
        "edges": [{"key": key, **own, "name": "E", "kind": "pipe"} for key in ("e", "f", "g")],
        "alarm_rules": [{**own, **one} for one in rules],
    }


def alarms(database: Database) -> list[tuple[Any, ...]]:
    """What is so of all alarms, but for what is drawn by lot."""
    columns = "kind, severity, text, started_at, last_at, count, ended_at, cleared_at, outcome"
    whose = "d.id = a.device_id AND d.tenant_id = a.tenant_id"
    query = f"SELECT d.key AS device, {columns} FROM alarm a JOIN device d ON {whose}"
    query = query.replace(" kind,", " a.kind,")
    with database.reading() as connection:
        return sorted((tuple(map(str, row)) for row in connection.execute(text(query))), key=str)


def orphans(database: Database) -> int:
    """Rows of queues whose alarm is cleared, and open alarms that are in fewer queues than they are below."""
    its = "a.id = q.alarm_id AND a.tenant_id = q.tenant_id"
    cleared = f"SELECT count(*) FROM alarm_above q JOIN alarm a ON {its} WHERE a.cleared_at IS NOT NULL"
    hidden = (
        "SELECT count(*) FROM alarm a WHERE a.cleared_at IS NULL AND "
        f"(SELECT count(*) FROM alarm_above q WHERE {its}) <> 2"
    )
    with database.reading() as connection:
        return int(sum(connection.execute(text(query)).scalar_one() for query in (cleared, hidden)))


@pytest.mark.slow
def test_killed_over_and_over_it_comes_out_as_if_it_had_not_been(tmp_path: Path) -> None:
    chance = Random(5)
    names = ("whole", "killed")
    databases = {name: made(tmp_path / f"{name}.db") for name in names}
    for database in databases.values():
        load_document(database, document(1200))
    killed = 0
    for phase in range(4):
        at = NOW + phase * 3 * MINUTE
        lines = []
        for number in range(2500):
            line: dict[str, Any] = {"unit": f"U{chance.randrange(1200)}", "id": f"{phase}-{number}"}
            line["ts"] = at - 1000 + number // 10
            line |= chance.choice(({"values": {"t": chance.choice((1, 9))}}, {"alarm": "water"}))
            lines.append(json.dumps(line))
        file = tmp_path / f"{phase}.jsonl"
        file.write_text("\n".join(lines), encoding="utf-8")
        for name in names:
            command = [sys.executable, "-m", "ringfence", "--db", str(tmp_path / f"{name}.db")]
            for what, moment in (("ingest", at), ("worker", at + 150_000)):
                does = [what, str(file), "--edge", "e"] if what == "ingest" else [what, "--once"]
                does = [*command, *does, "--at", moment_of(moment).isoformat()]
                for _ in range(3 if name == "killed" else 0):
                    with subprocess.Popen(does, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
                        time.sleep(0.5 + chance.random())
                        running.send_signal(signal.SIGKILL)
                        running.communicate()
                        killed += running.returncode == -signal.SIGKILL
                subprocess.run(does, capture_output=True, timeout=120, check=True)
        assert alarms(databases["killed"]) == alarms(databases["whole"]), phase
        assert orphans(databases["killed"]) == 0
    assert killed
    kinds = {kind for _, kind, *_ in alarms(databases["whole"])}
    assert kinds == {"warm", "silent", "water"}
    for database in databases.values():
        database.close()


def test_several_who_feed_the_same_devices_while_the_clocks_run_raise_each_alarm_once(database: Database) -> None:
    load_document(database, document(12))

    def feed(key: str) -> int:
        chance, own, raised = Random(key), edge(database, key), 0
        for turn in range(8):
            lines: list[dict[str, Any]] = []
            for number in range(30):
                unit = f"U{chance.randrange(12)}"
                said = {"alarm": "water", "state": chance.choice(("on", "off"))} if number % 2 else {"values": {"t": 9}}
                lines.append({"unit": unit, **said})
            raised += send(database, own, *lines, now=NOW + turn * MINUTE).raised
        return raised

    def tick() -> int:
        return sum(clocks.run(database, NOW + turn * 20_000).raised for turn in range(24))

    with ThreadPoolExecutor(4) as together:
        ticking = together.submit(tick)
        raised = sum(together.map(feed, ("e", "f", "g"))) + ticking.result()
    assert raised == len(alarms(database)) > 12
    assert orphans(database) == 0


def test_there_is_one_worker_at_a_time(database: Database) -> None:
    with only_one(database, "worker") as held:
        held()
        with pytest.raises(RingfenceError, match="another worker is at"), only_one(database, "worker"):
            pass
    with only_one(database, "worker"):
        pass
