"""Alarm panels for tests: frames by hand, and a receiver on a port of its own with what it took."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ringfence.domain.signal import Signal
from ringfence.signals.dc09 import serve

BURGLARY = '"ADM-CID"0007L0#1234[#1234|1130 01 015]'


def crc(body: bytes) -> int:
    found = 0
    for byte in body:
        found ^= byte
        for _ in range(8):
            found = found >> 1 ^ 0xA001 if found & 1 else found >> 1
    return found


def frame(body: str | bytes) -> bytes:
    body = body.encode() if isinstance(body, str) else body
    return b"\n%04X0%03X%b\r" % (crc(body), len(body), body)


class Kept:
    """What was taken; ``refuses`` is raised instead, where there is one, and ``waits`` holds it up until it is set."""

    def __init__(self) -> None:
        self.signals: list[Signal] = []
        self.batches = 0
        self.refuses: Exception | None = None
        self.waits = asyncio.Event()
        self.waits.set()

    async def take(self, signals: Sequence[Signal]) -> None:
        await self.waits.wait()
        if self.refuses:
            raise self.refuses
        self.signals += signals
        self.batches += 1

    @property
    def units(self) -> list[str]:
        return [one.unit for one in self.signals]


class Panel:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(b"\r"), 5)

    async def silent(self) -> bool:
        """Whether no answer comes, and the connection stays."""
        try:
            await asyncio.wait_for(self.reader.readuntil(b"\r"), 0.2)
        except TimeoutError:
            return True
        return False

    async def gone(self) -> bool:
        """Whether it is closed without another word."""
        try:
            return await asyncio.wait_for(self.reader.read(), 5) == b""
        except ConnectionError:
            return True


class Receiver:
    def __init__(self, port: int, task: asyncio.Task[None]) -> None:
        self.port, self.task = port, task

    async def panel(self) -> Panel:
        return Panel(*await asyncio.open_connection("127.0.0.1", self.port))


@asynccontextmanager
async def receiving(kept: Kept, **bounds: Any) -> AsyncIterator[Receiver]:
    """A receiver on a port of its own, which ends without a word."""
    loop = asyncio.get_running_loop()
    faults: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: faults.append(context))
    port: asyncio.Future[int] = loop.create_future()
    task = asyncio.create_task(serve("127.0.0.1", 0, kept.take, opened=port.set_result, **bounds))
    try:
        yield Receiver(await asyncio.wait_for(port, 5), task)
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=5)
        assert task.done()
        await asyncio.sleep(0)
        assert faults == []
