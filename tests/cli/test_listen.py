"""``listen dc09`` as alarm panels see it, over a real connection: what it acknowledges is kept."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.command_line import Call, small

from ringfence.domain.text import as_json

BODY = b'"ADM-CID"%04dL0#1234[#1234|1130 01 015]'


@contextmanager
def listening(database: Path, *options: str) -> Iterator[int]:
    """A server in a process of its own; its port."""
    words = ["--db", str(database), "listen", "dc09", "--port", "0", "--edge", "panels", *options]
    command = [sys.executable, "-m", "ringfence", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            said = running.stdout.readline()
            found = re.fullmatch(r"listening at 127\.0\.0\.1:(\d+)\n", said)
            assert found, said
            yield int(found[1])
        finally:
            running.terminate()  # an interrupt means nothing to what was started in the background
            try:
                _, err = running.communicate(timeout=30)
            finally:
                running.kill()
    assert "Traceback" not in err


def frame(sequence: int) -> bytes:
    """An intact frame: a burglary in zone 15 of the panel 1234."""
    body = BODY % sequence
    crc = 0
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return b"\n%04X0%03X%s\r" % (crc, len(body), body)


def answers(port: int, *frames: bytes, seconds: float = 20) -> list[bytes]:
    """What is answered to frames, one after the other; empty for what gets no answer in time."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as panel:
        found = []
        for one in frames:
            panel.sendall(one)
            try:
                found.append(panel.recv(4096))
            except TimeoutError:
                found.append(b"")
        return found


@pytest.fixture
def panels(call: Call, tmp_path: Path) -> Path:
    """A database with a panel, ``1234``, and an edge at its customer."""
    panel = {"key": "panel", "tenant": "t", "customer": "c", "name": "Panel", "unit_id": "1234"}
    edge = {"key": "panels", "tenant": "t", "customer": "c", "name": "Panels", "kind": "dc09"}
    (tmp_path / "small.json").write_text(as_json(small(devices=[panel], edges=[edge])), encoding="utf-8")
    database = tmp_path / "own.db"
    assert call("--db", str(database), "load", str(tmp_path / "small.json")).status == 0
    return database


def events(call: Call, database: Path) -> list[tuple[str, str]]:
    said = call("--db", str(database), "telemetry", "events", "panel", "--as", "ada", "--format", "json").out
    return [(one["kind"], one["name"]) for one in json.loads(said)]


def test_what_is_acknowledged_is_kept_and_a_repeat_adds_nothing(call: Call, panels: Path) -> None:
    with listening(panels) as port:
        for ack in answers(port, frame(7), frame(7)):
            assert b'"ACK"0007' in ack
        assert events(call, panels) == [("on", "intrusion")]
    with listening(panels) as port:  # which has no memory of it but the database
        assert b'"ACK"0007' in answers(port, frame(7))[0]
        assert b'"ACK"0008' in answers(port, frame(8))[0]
    assert events(call, panels) == [("on", "intrusion")] * 2


def test_a_damaged_frame_gets_no_answer(call: Call, panels: Path) -> None:
    with listening(panels) as port:
        assert answers(port, frame(7).replace(b"015", b"016"), seconds=1) == [b""]
    assert events(call, panels) == []


def test_without_an_edge_it_does_not_listen(call: Call, panels: Path) -> None:
    said = call("--db", str(panels), "listen", "dc09", "--port", "0", "--edge", "none").refused(1)
    assert said.startswith("there is no edge 'none'")
