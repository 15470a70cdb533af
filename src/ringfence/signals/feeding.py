"""Lines as they pour in, made into batches: a thousand, or what came within a second, is one transaction."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Event, Thread
from typing import BinaryIO, Final, NamedTuple

from ringfence.domain.signal import MOSQUITTO_BYTES, Signal, WrongSignal
from ringfence.signals import late
from ringfence.signals.intake import BATCH, OBJECTS, Heard, Source, Taken, take, timely, times_taken
from ringfence.storage.bulk import uncollected
from ringfence.storage.engine import Database

SECONDS: Final = 1.0
"""What came is taken after so long at the latest."""
_AHEAD: Final = 4
"""So many batches are read ahead of what is taken; whoever sends more waits."""
_PAUSE: Final = 0.04
"""So long others get to write where more is waiting already: they try a little more often."""
_AT_ONCE: Final = 0.25
"""Seconds after which they do, and be it between any two batches."""

Read = Callable[[bytes], Signal]
ReadAll = Callable[[Sequence[bytes]], list[Signal] | None]
"""Reads lines at once, as `Read` does each, unless any of them has to be read for itself."""


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
    waiting: deque[Line] = deque()
    ended: list[BaseException | None] = []  # once they are: with what
    come = Event()

    def read() -> None:
        try:
            for line in lines:
                waiting.append(line)
                if not come.is_set():
                    come.set()
                while len(waiting) > _AHEAD * size:
                    time.sleep(_PAUSE / 4)
            ended.append(None)
        except BaseException as error:  # noqa: BLE001 - told where the lines are taken
            ended.append(error)
        come.set()

    Thread(target=read, daemon=True).start()
    over = False
    while not over:
        batch: list[Line] = []
        until = 0.0
        while len(batch) < size:
            if waiting:
                until = until or time.monotonic() + seconds
                batch += [waiting.popleft() for _ in range(min(len(waiting), size - len(batch)))]
                continue
            come.clear()
            over = bool(ended)
            if waiting:  # they came while it was looked
                continue
            if over:
                if ended[0] is not None:
                    raise ended[0]
                break
            if not come.wait(max(until - time.monotonic(), 0) if batch else None):
                break
        if batch:
            yield batch, bool(waiting)


def feed(
    database: Database,
    edge: Source,
    lines: Iterable[Line],
    read: Read,
    now: Callable[[], int],
    wrong: Callable[[Fault], None],
    read_all: ReadAll = lambda _: None,
) -> Iterator[Taken]:
    """Takes lines of an edge, a batch at a time, and says what came of each. ``wrong`` is told of every line that is no
    signal; the others are taken. ``now`` says the milliseconds since 1970. Raises RingfenceError where the edge is not
    heard any more: what was taken before stays."""
    begun = time.monotonic()
    for batch, more in batches(lines):
        at = now()
        with uncollected(OBJECTS * len(batch)):
            heard = _read_all(batch, read_all, at) or _read(batch, read, at, wrong)
            taken = take(database, edge, heard, at, more=more) if heard else None
        if taken is not None:
            yield taken
        elif not more:
            late.finish(database)
        if time.monotonic() - begun > _AT_ONCE:
            if more:
                time.sleep(_PAUSE)
            begun = time.monotonic()


def checked(lines: Iterable[Line], read: Read, now: int) -> tuple[list[Line], list[Fault]]:
    """All of the lines, and what is wrong with them."""
    every, faults = list(lines), list[Fault]()
    _read(every, read, now, faults.append)
    return every, faults


def _read_all(batch: Sequence[Line], read_all: ReadAll, now: int) -> list[Heard]:
    """All of them; or none where any has to be read for itself."""
    lines = [line.said for line in batch]
    found = read_all(lines)
    if found is None:
        return []
    first, last = times_taken(now)
    if not all(one.at is not None and first <= one.at <= last for one in found):
        return []
    return list(zip(found, lines, strict=True))


def _read(batch: Iterable[Line], read: Read, now: int, wrong: Callable[[Fault], None]) -> list[Heard]:
    heard: list[Heard] = []
    first, last = times_taken(now)
    for number, said in batch:
        try:
            signal = read(said)
            if signal.at is None or not first <= signal.at <= last:
                signal = timely(signal, now)
            heard.append((signal, said))
        except WrongSignal as error:
            wrong(Fault(number, str(error)))
    return heard
