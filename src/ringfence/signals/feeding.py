"""Lines as they pour in, made into batches: a thousand, or what came within a second, is one transaction."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from threading import Event, Thread
from typing import BinaryIO, Final, NamedTuple

from ringfence.domain.signal import MOSQUITTO_BYTES, Signal, WrongSignal
from ringfence.signals.intake import BATCH, Heard, Source, Taken, take, timely
from ringfence.storage.bulk import uncollected
from ringfence.storage.engine import Database

SECONDS: Final = 1.0
"""What came is taken after so long at the latest."""
_AHEAD: Final = 4
"""So many batches are read ahead of what is taken; whoever sends more waits."""
_PAUSE: Final = 0.04
"""So long others get to write between two batches where more is waiting already: they try a little more often."""

_OBJECTS: Final = 5
"""That a line makes, or a few more."""

Read = Callable[[bytes], Signal]


class Line(NamedTuple):
    """A line by its number, from 1 on; without its end."""

    number: int
    said: bytes


class Fault(NamedTuple):
    """A line that is no signal, by its number, and why."""

    number: int
    why: str

    def __str__(self) -> str:
        return f"line {self.number:,}: {self.why}"


def lines_of(stream: BinaryIO) -> Iterator[Line]:
    """The lines of a stream but the empty ones. Of one that is far too long only the beginning is kept, which is no
    signal either."""
    number = 0
    while said := stream.readline(MOSQUITTO_BYTES + 2):
        number += 1
        rest = said
        while len(rest) > MOSQUITTO_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(MOSQUITTO_BYTES + 2)
        if said.strip():
            yield Line(number, said.rstrip(b"\r\n"))


def batches(lines: Iterable[Line], size: int = BATCH, seconds: float = SECONDS) -> Iterator[tuple[list[Line], bool]]:
    """The lines in batches, each with whether more is waiting: so many, or what came within so many seconds. They are
    read in a thread, which ends with them. Raises what reading them raises."""
    waiting: deque[Line | BaseException | None] = deque()
    come = Event()

    def put(one: Line | BaseException | None) -> None:
        waiting.append(one)
        if not come.is_set():
            come.set()

    def read() -> None:
        try:
            for line in lines:
                put(line)
                while len(waiting) > _AHEAD * size:
                    time.sleep(_PAUSE / 4)
            put(None)
        except BaseException as error:  # noqa: BLE001 - told where the lines are taken
            put(error)

    Thread(target=read, daemon=True).start()
    ended = False
    while not ended:
        batch: list[Line] = []
        until = 0.0
        while len(batch) < size:
            if not waiting:
                come.clear()
                if not waiting and not come.wait(max(until - time.monotonic(), 0) if batch else None):
                    break
                continue
            found = waiting.popleft()
            if isinstance(found, BaseException):
                raise found
            if ended := found is None:
                break
            assert found is not None
            until = until or time.monotonic() + seconds
            batch.append(found)
        if batch:
            yield batch, bool(waiting)


def feed(
    database: Database,
    edge: Source,
    lines: Iterable[Line],
    read: Read,
    now: Callable[[], int],
    wrong: Callable[[Fault], None],
) -> Iterator[Taken]:
    """Takes lines of an edge, a batch at a time, and says what came of each. ``wrong`` is told of every line that is no
    signal; the others are taken. ``now`` says the milliseconds since 1970. Raises RingfenceError where the edge is not
    heard any more: what was taken before stays."""
    for batch, more in batches(lines):
        at = now()
        with uncollected(_OBJECTS * len(batch)):
            heard = _read(batch, read, at, wrong)
            taken = take(database, edge, heard, at) if heard else None
        if taken is not None:
            yield taken
        if more:
            time.sleep(_PAUSE)


def checked(lines: Iterable[Line], read: Read, now: int) -> tuple[list[Line], list[Fault]]:
    """All of the lines, and what is wrong with them."""
    every, faults = list(lines), list[Fault]()
    _read(every, read, now, faults.append)
    return every, faults


def _read(batch: Iterable[Line], read: Read, now: int, wrong: Callable[[Fault], None]) -> list[Heard]:
    heard = []
    for number, said in batch:
        try:
            heard.append(Heard(timely(read(said), now), said))
        except WrongSignal as error:
            wrong(Fault(number, str(error)))
    return heard
