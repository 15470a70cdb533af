"""What a key sends over the line to a terminal, and the processor time it takes, against Textual's own way."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from benchmarks.report import Report
from benchmarks.terminal import Answer, Terminal, console

_SIZE = (80, 24)
_ESCAPE = b"\x1b"
_OWN = """
from textual._compositor import Compositor
from textual.app import App
from textual.screen import Screen
from ringfence.console import painting
from ringfence.console.painting import OneFrame, Painting
painting._Compositor = Compositor
Painting._display = App._display
for name in ("_on_timer_update", "_compositor_refresh"):
    setattr(OneFrame, name, getattr(Screen, name))
"""
"""The console as Textual itself would draw it: all that may have changed, as often as anything has."""

TARGETS = {"Down": 350, "PgDn": 3700, "filter": 6000}
"""Bytes that a key may send, at the most."""


def run() -> Report:
    """A table. Both consoles are given each key in turn: what else the machine does weighs on each alike."""
    quiet = ("demo", "--quiet")
    with Terminal(console(*quiet), _SIZE) as ours, Terminal(console(*quiet, changed=_OWN), _SIZE) as textual:
        for terminal in (ours, textual):
            terminal.shows("Brandsma")
            terminal.settle()
            terminal.press(b"2", 1.0)
        pairs = {
            "Down": _pairs(ours, textual, b"\x1b[B", 13),
            "PgDn": _pairs(ours, textual, b"\x1b[6~", 12),
            "filter": _pairs(ours, textual, b"/", 8, lambda terminal: terminal.press(_ESCAPE, 0.4)),
        }
    report = Report(
        (
            f"  the list of devices in a pseudo-terminal of {_SIZE[0]}×{_SIZE[1]}: most bytes, the medians",
            "  of frames and of milliseconds of processor time; at the right what Textual's own way of drawing takes",
            f"  {'':<8} {'bytes':>7} {'frames':>7} {'ms':>6}   {'bytes':>7} {'frames':>7} {'ms':>6}   {'time':>6}",
        )
    )
    for name, answers in pairs.items():
        here, there = [one for one, _ in answers], [other for _, other in answers]
        ratio = statistics.median(one.cpu / other.cpu for one, other in answers)
        report.lines.append(f"  {name:<8} {_figures(here)}   {_figures(there)}   {ratio:>6.2f}")
    ratio = statistics.median(one.cpu / other.cpu for answers in pairs.values() for one, other in answers)
    for name, answers in pairs.items():
        report.judge(f"{name} over the line", _most([one for one, _ in answers]), TARGETS[name], "bytes")
    report.judge("processor time of a key, against Textual's own way", ratio, 1, "times")
    return report


def _pairs(
    one: Terminal, other: Terminal, key: bytes, times: int, back: Callable[[Terminal], object] = lambda _: None
) -> list[tuple[Answer, Answer]]:
    pairs = []
    for number in range(times):
        order = (one, other) if number % 2 else (other, one)
        answers = {terminal: terminal.press(key) for terminal in order}
        pairs.append((answers[one], answers[other]))
        back(one)
        back(other)
    return pairs


def _most(answers: Sequence[Answer]) -> int:
    return max(len(answer.sent) for answer in answers)


def _figures(answers: Sequence[Answer]) -> str:
    frames = statistics.median(answer.sent.count(b"\x1b[?2026h") for answer in answers)
    return f"{_most(answers):>7,} {frames:>7.0f} {1000 * statistics.median(one.cpu for one in answers):>6.1f}"
