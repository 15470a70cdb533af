"""Lines as they pour in: batches, a pipe that goes on, and a process that is killed in the middle."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text
from support.databases import made
from support.signals import NOW

from ringfence.domain.signal import MOSQUITTO_BYTES, read
from ringfence.signals.feeding import Fault, Line, batches, feed, lines_of
from ringfence.signals.intake import Taken, source
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database

DOCUMENT = {
    "ringfence": 1,
    "tenants": [{"key": "t", "name": "T"}],
    "customers": [{"key": "c", "tenant": "t", "name": "C"}],
    "devices": [{"key": "d", "tenant": "t", "customer": "c", "name": "D", "unit_id": "U"}],
    "edges": [{"key": "e", "tenant": "t", "customer": "c", "name": "E", "kind": "pipe"}],
}


class TestBatches:
    def test_lines_come_in_batches_in_their_order(self) -> None:
        lines = [Line(number, b"x") for number in range(1, 11)]
        found = [batch for batch, _ in batches(lines, size=4)]
        assert [one for batch in found for one in batch] == lines
        assert [len(batch) for batch in found] == [4, 4, 2]

    def test_what_came_is_taken_though_more_may_follow(self) -> None:
        def lines() -> Iterator[Line]:
            yield Line(1, b"first")
            time.sleep(0.6)
            yield Line(2, b"second")

        found = [batch for batch, _ in batches(lines(), seconds=0.2)]
        assert found == [[Line(1, b"first")], [Line(2, b"second")]]

    def test_what_fails_while_it_is_read_is_raised(self) -> None:
        def lines() -> Iterator[Line]:
            yield Line(1, b"first")
            raise OSError("the pipe broke")

        with pytest.raises(OSError, match="the pipe broke"):
            list(batches(lines()))

    def test_lines_are_numbered_and_those_too_long_are_cut(self) -> None:
        long = b"x" * (3 * MOSQUITTO_BYTES)
        found = list(lines_of(BytesIO(b"one\r\n\n  \n" + long + b"\nlast")))
        assert [one.number for one in found] == [1, 4, 5]
        assert (found[0].said, found[2].said) == (b"one", b"last")
        assert MOSQUITTO_BYTES < len(found[1].said) < MOSQUITTO_BYTES + 4


def test_each_line_that_is_no_signal_is_told_and_the_others_are_taken(database: Database) -> None:
    load_document(database, DOCUMENT)
    said = [b'{"unit":"U","values":{"x":1}}', b"\xff", b'{"unit":"U"}', b'{"unit":"U","values":{"x":2}}']
    faults: list[Fault] = []
    with database.reading() as connection:
        own = source(connection, "e")
    lines = [Line(number, one) for number, one in enumerate(said, 1)]
    taken = sum(feed(database, own, lines, read, lambda: NOW, faults.append), Taken())
    assert (taken.lines, taken.values) == (2, 2)
    assert [one.number for one in faults] == [2, 3]


@pytest.mark.slow
def test_killed_at_any_moment_and_sent_again_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    database = made(tmp_path / "own.db")
    load_document(database, DOCUMENT)
    lines = [{"unit": "U", "alarm": "intrusion", "text": str(place), "id": str(place)} for place in range(6000)]
    file = tmp_path / "lines.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    command = [sys.executable, "-m", "ringfence", "--db", str(tmp_path / "own.db"), "ingest", str(file), "--edge", "e"]
    chance = Random(3)
    killed = 0
    for _ in range(8):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            before = texts(database)
            deadline = time.monotonic() + 60
            while len(texts(database)) == len(before) and running.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01 + chance.random() / 20)
            running.send_signal(signal.SIGKILL)
            running.communicate()
        killed += running.returncode == -signal.SIGKILL
        found = texts(database)
        assert len(found) == len(set(found)), "nothing twice"
        assert found[: len(before)] == before, "nothing that was there is lost"
        assert len(found) % 1000 == 0, "a batch is there whole, or not at all"
    assert killed
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.startswith("6,000 lines")
    assert texts(database) == [str(place) for place in range(6000)]
    database.close()


def texts(database: Database) -> list[str]:
    """What was said, in the order in which it was written."""
    with database.reading() as connection:
        return list(connection.execute(text("SELECT text FROM event ORDER BY id")).scalars())
