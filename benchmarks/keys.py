"""From key to paint at a million, against the same key on the demo: two consoles on pseudo-terminals, key by key."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pyte

from benchmarks.report import Report
from benchmarks.terminal import Parts, Terminal, console

TARGET = 1.2
"""A key may take so many times as long as on the demo, at the 95th percentile."""

_SIZE = (80, 24)
_ROWS = range(5, 21)
_COLUMNS = range(_SIZE[0] - 2)
"""The rows of the list: what a key is for is painted once these are as they stay. What is counted beside stands above
and below and in the scrollbar, and nobody waits for it."""

_DOWN, _UP, _PAGE, _END, _HOME = (b"\x1b[B", b"\x1b[A", b"\x1b[6~", b"\x1b[F", b"\x1b[H")
_ESCAPE, _F2 = b"\x1b", b"\x1bOQ"
_SOON, _STOOD, _LATER = 0.05, 0.15, 0.35
"""Seconds after which a key has been answered: without output where the rows are as the same key has left them before
(or one only moves on), since the rows have become others, and without any output."""
_IDLE = 0.25
"""Seconds that a console may still work beside before the other one is given its key."""
_WORDS = (
    *("cam", "no", "ga", "es", "ma", "st", "hall", "port", "ba"),
    *("ri", "we", "de", "ko", "su", "ti", "lo", "pu", "an"),
)


class _Step(NamedTuple):
    """A key that is measured under a name, or pressed only to come back."""

    name: str
    key: bytes
    quiet: float = _LATER


def _steps() -> Iterator[_Step]:
    """The keys, in the list of devices but for the areas; each kind thirty times at least."""
    back, home = _Step("", _ESCAPE), _Step("", _HOME)
    yield from (
        _Step("", key, 2 * _LATER) for key in (b"1", b"3", b"2")
    )  # what is seen for the first time is made then
    for _ in range(4):
        yield from [_Step("arrows", _DOWN, _SOON)] * 10
        yield from [_Step("arrows", _UP, _SOON)] * 5
        yield from [_Step("PgDn", _PAGE, _SOON)] * 10
        yield home
    for _ in range(32):
        yield from (_Step("End", _END), home)
    for word in _WORDS:
        yield _Step("", b"/")
        yield from (_Step("filter letters", letter.encode()) for letter in word)
        yield back
    for _ in range(16):
        yield from (_Step("sort", key) for key in (b"U", b"N"))
    for _ in range(32):
        yield from (_Step("F2", _F2), back)
    for _ in range(11):
        yield from (_Step("area keys", key) for key in (b"1", b"3", b"2"))


_Rows = tuple[tuple[object, ...], ...]


class _Watched:
    """A console, and an emulator that draws what it writes."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.screen = pyte.Screen(*_SIZE)
        self.stream = pyte.ByteStream(self.screen)
        self._known: dict[bytes, dict[_Rows, _Rows]] = defaultdict(dict)
        """By key, what it has made of which rows."""
        terminal.shows("in all")
        terminal.settle()
        self._draw(bytes(terminal.sent))

    def press(self, step: _Step) -> float:
        """Seconds from the key until the rows are as they stay; where these do not change, until
        anything is written."""
        before = rows = self._rows()
        known, painted = self._known[step.key], float("nan")

        def done(parts: Parts, now: float) -> bool:
            nonlocal rows, painted
            for moment, part in parts:
                self._draw(part)
                if painted != painted or self._rows() != rows:
                    rows, painted = self._rows(), moment
            if rows == before:
                return known.get(before) == before and painted == painted
            return rows in known.values() or now - painted > _STOOD

        self.terminal.press(step.key, step.quiet, soon=_SOON, done=done)
        known[before] = rows
        return painted

    def idle(self) -> None:
        """Waits until the console has nothing more to do, but no longer than that may weigh on the other one."""
        ends = time.perf_counter() + _IDLE
        spent = self.terminal.cpu()
        while time.perf_counter() < ends:
            time.sleep(0.01)
            before, spent = spent, self.terminal.cpu()
            if spent - before < 0.001:
                break

    def _draw(self, part: bytes) -> None:
        # pyte takes the kitty keyboard protocol's "CSI > 25 u" and "CSI < u" for a restored cursor
        self.stream.feed(part.replace(b"\x1b[>25u", b"").replace(b"\x1b[<u", b""))

    def _rows(self) -> _Rows:
        return tuple(tuple(self.screen.buffer[y][x] for x in _COLUMNS) for y in _ROWS)


def run(path: Path) -> Report:
    """A table, for the database at that place, of which a copy is opened. Both consoles are given each key in
    turn, so that whatever else the machine does weighs on each alike."""
    figures: list[tuple[str, float, float]] = []
    with ExitStack() as stack:
        copy = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "big.db"
        shutil.copyfile(path, copy)
        large = stack.enter_context(Terminal(console("--db", str(copy), "--as", "all"), _SIZE))
        small = stack.enter_context(Terminal(console("demo", "--quiet"), _SIZE))
        million, demo = _Watched(large), _Watched(small)
        for number, step in enumerate(_steps()):
            if number % 2:
                here = million.press(step)
                million.idle()
                there = demo.press(step)
            else:
                there = demo.press(step)
                here = million.press(step)
            if step.name:
                figures.append((step.name, here, there))
    report = Report(
        (
            f"  pseudo-terminals of {_SIZE[0]}×{_SIZE[1]}; milliseconds until the rows are painted",
            f"  {'':<16} {'keys':>5} {'demo':>6} {'95 %':>6} {'million':>8} {'95 %':>6} {'ratio':>6} {'95 %':>6}",
        )
    )
    lates = {}
    for name, group in groupby(sorted(figures, key=lambda one: one[0]), key=lambda one: one[0]):
        pairs = [(here, there) for _, here, there in group if here == here and there == there]
        large_ones, small_ones = [one for one, _ in pairs], [other for _, other in pairs]
        late = lates[name] = _late(large_ones) / _late(small_ones)
        middle = statistics.median(large_ones) / statistics.median(small_ones)
        figures_of = f"{_figures(small_ones)}   {_figures(large_ones)}"
        report.lines.append(f"  {name:<16} {len(pairs):>5} {figures_of} {middle:>6.2f} {late:>6.2f}")
    for name, late in lates.items():
        report.judge(f"{name} at a million, against the demo, 95th percentile", late, TARGET, "times")
    return report


def _late(seconds: Sequence[float]) -> float:
    """The 95th percentile of what was measured: never beyond the slowest."""
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]


def _figures(seconds: Sequence[float]) -> str:
    return f"{1000 * statistics.median(seconds):>6.1f} {1000 * _late(seconds):>6.1f}"
