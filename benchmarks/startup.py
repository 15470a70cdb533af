"""How soon the console is there: its first paint and its first data, against the smallest Textual program there is."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import Report
from benchmarks.terminal import Terminal

ROUNDS = 15
TARGETS = {"first paint": 1.2, "data shown": 2.6}
"""They may take so many times as long as the small program's first paint."""

_SIZE = (80, 24)
_HELLO = """
from textual.app import App
from textual.widgets import Static

class Hello(App):
    def compose(self):
        yield Static("HELLO")

Hello().run()
"""


def run() -> Report:
    """The table. Programs take turns, so that whatever else the machine does weighs on each alike."""
    ringfence = [str(Path(sys.executable).with_name("ringfence")), "demo"]
    hello = [sys.executable, "-c", _HELLO]
    _times(hello, "HELLO")  # once before, for bytecode and the disk's cache
    _times(ringfence, "ringfence", "Brandsma")
    hellos, paints, data = [], [], []
    for _ in range(ROUNDS):
        hellos += _times(hello, "HELLO")
        painted, shown = _times(ringfence, "ringfence", "Brandsma")
        paints.append(painted)
        data.append(shown)
    measured = dict(zip(TARGETS, (paints, data), strict=True))

    def row(name: str, seconds: Sequence[float]) -> str:
        return f"  {name:<34} {milliseconds(seconds)} {ratio(seconds, hellos):>6.2f}   {spread(seconds, hellos)}"

    report = Report(
        (
            f"  pseudo-terminal of {_SIZE[0]}×{_SIZE[1]}, median of {ROUNDS} alternating runs",
            f"  {'':<34} {'ms':>6} {'ratio':>6}   quartiles of the ratio",
            f"  {'a Textual program of one line':<34} {milliseconds(hellos)} {1:>6.2f}",
            row("ringfence demo, first paint", paints),
            row("ringfence demo, data shown", data),
        )
    )
    for name, seconds in measured.items():
        report.judge(f"{name}, against the small program", ratio(seconds, hellos), TARGETS[name], "times")
    return report


def milliseconds(seconds: Sequence[float]) -> str:
    """The median, as a cell of a table."""
    return f"{1000 * statistics.median(seconds):>6.0f}"


def _ratios(these: Sequence[float], those: Sequence[float]) -> list[float]:
    return [this / that for this, that in zip(these, those, strict=True)]


def ratio(these: Sequence[float], those: Sequence[float]) -> float:
    """The median of how many times as long these took as those beside them."""
    return statistics.median(_ratios(these, those))


def spread(these: Sequence[float], those: Sequence[float]) -> str:
    """The quartiles of that."""
    low, _, high = statistics.quantiles(_ratios(these, those), n=4)
    return f"{low:.2f} to {high:.2f}"


def _times(command: Sequence[str], *texts: str) -> list[float]:
    """Seconds from the start of a program until each of these texts is on its screen. The program is then ended."""
    with Terminal(command, _SIZE) as terminal:
        return terminal.shows(*texts)
