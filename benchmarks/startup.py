"""How soon the console is there: its first paint and its first data, against the smallest Textual program there is."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROUNDS = 15
TARGETS = {"first paint": 1.2, "data shown": 2.6}
"""They may take so many times as long as the small program's first paint."""

_SIZE = (24, 80)
_TIMEOUT = 30.0
_HELLO = """
from textual.app import App
from textual.widgets import Static

class Hello(App):
    def compose(self):
        yield Static("HELLO")

Hello().run()
"""
_SEQUENCES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[P_X^][^\x1b]*\x1b\\|[()][0-9A-B]|.)"
)


def run() -> list[str]:
    """The table's lines. Programs take turns, so that whatever else the machine does weighs on each alike."""
    ringfence = [str(Path(sys.executable).with_name("ringfence")), "demo"]
    hello = [sys.executable, "-c", _HELLO]
    environment = _environment()
    _times(hello, (b"HELLO",), environment)  # once before, for bytecode and the disk's cache
    _times(ringfence, (b"ringfence", b"Brandsma"), environment)
    hellos, paints, data = [], [], []
    for _ in range(ROUNDS):
        hellos += _times(hello, (b"HELLO",), environment)
        painted, shown = _times(ringfence, (b"ringfence", b"Brandsma"), environment)
        paints.append(painted)
        data.append(shown)
    measured = dict(zip(TARGETS, (paints, data), strict=True))

    def row(name: str, seconds: Sequence[float]) -> str:
        return f"  {name:<34} {milliseconds(seconds)} {ratio(seconds, hellos):>6.2f}   {spread(seconds, hellos)}"

    return [
        f"  pseudo-terminal of {_SIZE[1]}×{_SIZE[0]}, median of {ROUNDS} alternating runs",
        f"  {'':<34} {'ms':>6} {'ratio':>6}   quartiles of the ratio",
        f"  {'a Textual program of one line':<34} {milliseconds(hellos)} {1:>6.2f}",
        row("ringfence demo, first paint", paints),
        row("ringfence demo, data shown", data),
        *(_verdict(name, ratio(seconds, hellos)) for name, seconds in measured.items()),
    ]


def _verdict(name: str, found: float) -> str:
    verdict = "met" if found <= TARGETS[name] else "missed"
    return f"  target: {name} within {TARGETS[name]} times the small program: {verdict}"


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


def _environment() -> dict[str, str]:
    """The same for every program: a colourful terminal, UTF-8, and bytecode allowed."""
    left_out = {"PYTHONDONTWRITEBYTECODE", "NO_COLOR", "TMUX", "LINES", "COLUMNS", "RINGFENCE_DB"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}


def _times(command: Sequence[str], markers: Sequence[bytes], environment: Mapping[str, str]) -> list[float]:
    """Seconds from the start of a program until each of these texts is on its screen. The program is then killed."""
    started = time.perf_counter()
    process, terminal = pty.fork()
    if process == 0:
        try:
            os.execvpe(command[0], list(command), dict(environment))
        finally:
            os._exit(127)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *_SIZE, 0, 0))
    try:
        return list(_wait(terminal, markers, started))
    finally:
        _leave(terminal, process)
        os.close(terminal)


def _wait(terminal: int, markers: Sequence[bytes], started: float) -> list[float]:
    seen = bytearray()
    found: list[float] = []
    while len(found) < len(markers):
        left = started + _TIMEOUT - time.perf_counter()
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            raise TimeoutError(f"{markers[len(found)]!r} did not show within {_TIMEOUT:.0f} seconds")
        chunk = os.read(terminal, 65536)
        moment = time.perf_counter()
        if b"\x1b[?2026$p" in chunk:
            os.write(terminal, b"\x1b[?2026;2$y")  # as a terminal that knows of synchronized output would
        seen += chunk
        text = _SEQUENCES.sub(b"", bytes(seen))
        while len(found) < len(markers) and markers[len(found)] in text:
            found.append(moment - started)
    return found


def _leave(terminal: int, process: int) -> None:
    """Ends the program by its own key, reading on so that it need not wait for its last words to be read."""
    os.write(terminal, b"\x11")  # ctrl+q
    ends = time.perf_counter() + 5
    while os.waitpid(process, os.WNOHANG)[0] == 0:
        if time.perf_counter() > ends:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            return
        try:
            if select.select([terminal], [], [], 0.02)[0]:
                os.read(terminal, 65536)
        except OSError:
            time.sleep(0.005)
