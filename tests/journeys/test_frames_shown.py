"""What the terminal shows is what was drawn, whatever of it was sent: on a pseudo-terminal, after each of many keys."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyte
import pytest
from support.terminal import Terminal

from ringfence.console.driver import driver_class
from ringfence.snapshot.demo import shipped

pytestmark = pytest.mark.skipif(driver_class() is None, reason="another driver is used here")

DRAWN = """
import asyncio, os, re, signal, sys
from rich.color import ColorSystem
from textual._compositor import LayoutUpdate
from textual._context import visible_screen_stack
from ringfence.console.depth import Depth
from ringfence.console.start import _OnTerminal
from ringfence.console.xterm import number_of

PATH = sys.argv.pop()

def tell(app):
    visible_screen_stack.set(app._background_screens)
    compositor = app.screen._compositor
    region = compositor.size.region
    chops = compositor._render_chops(region, lambda y: True)
    if app.depth is Depth.INDEXED:
        app.console._color_system = ColorSystem.TRUECOLOR
    frame = LayoutUpdate([chop.values() for chop in chops], region).render_segments(app.console)
    if app.depth is Depth.INDEXED:  # Textual's own way is the nearest by another measure
        def number(found):
            return f"{found[1]};5;{number_of(tuple(map(int, found.groups()[1:])))}"
        frame = re.sub("([34]8);2;([0-9]+);([0-9]+);([0-9]+)", number, frame)
    x, y = app.screen.outer_size.clamp_offset(app.cursor_position)
    with open(PATH + ".new", "w") as out:
        out.write(f"{frame}\\x1b[{y + 1};{x + 1}H")
    os.rename(PATH + ".new", PATH)

load = _OnTerminal.on_load

def on_load(self):
    load(self)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, tell, self)

_OnTerminal.on_load = on_load
from ringfence.__main__ import main
main()
"""
"""The console, which at a signal tells the whole frame as Textual would have sent it."""

DOWN, UP, RIGHT, PAGE, END, HOME = (b"\x1b[B", b"\x1b[A", b"\x1b[C", b"\x1b[6~", b"\x1b[F", b"\x1b[H")
F2, F3 = b"\x1bOQ", b"\x1bOR"
KEYS = (
    *(DOWN, DOWN, DOWN, UP, DOWN, DOWN, DOWN, RIGHT, DOWN, END, HOME, b"\t", DOWN, b"\x1b[Z"),
    *(b"2", DOWN, DOWN, PAGE, PAGE, UP, END, UP, HOME, b" ", b" ", b"V", DOWN, DOWN, b"\x1b"),
    *(b"/", b"c", b"a", b"m", b"\r", DOWN, b"/", b"\x1b", b"N", b"N"),
    *(b"?", DOWN, b"\x1b", b"\x10", b"the", DOWN, b"\x1b", F2, DOWN, b"\x1b", F3, b"o", b"\x1b"),
    *(b"3", DOWN, b"4", DOWN, b"1", b"e", b"x", b"\t", b"\x1b", b"\r", b"\x12"),
)
HOSTILE = (
    "Crèmerie \u65e5\u672c\u8a9e \uc11c\uc6b8",
    "e\u0301le\u0300ve A\u030a",
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
    "[/bold] \x1b[31mred\x1b]52;c;aGk=\x07",
    "\u202egnp.exe\u200b",
    "\U0001f4f7 camera \U0001f512",
    "\uff21\uff22\uff23 \u30ab\u30e1\u30e9",
    "x" * 60,
    "\u2588\u2588 \u2502 \u250c",
)


def frame(screen: pyte.Screen) -> tuple[list[list[Any]], tuple[int, int]]:
    """Every cell as it is seen, and where the cursor is: a blank shows neither colour nor weight of a text."""

    def seen(cell: Any) -> Any:
        return cell._replace(fg="", bold=False, italics=False) if cell.data == " " and not cell.reverse else cell

    columns = range(screen.columns)
    cells = [[seen(screen.buffer[y][x]) for x in columns] for y in range(screen.lines)]
    return cells, (screen.cursor.x, screen.cursor.y)


class Watched(Terminal):
    """The console, and what it has drawn."""

    def __init__(self, arguments: list[str], told: Path, size: tuple[int, int], environment: dict[str, str]) -> None:
        super().__init__([*arguments, str(told)], ("-c", DRAWN), size, **environment)
        self.told = told

    def whole(self) -> pyte.Screen:
        """A terminal that the whole frame was sent to."""
        self.told.unlink(missing_ok=True)
        os.kill(self.process.pid, signal.SIGUSR1)
        deadline = time.monotonic() + 10
        while not self.told.exists():
            self.read(0.01)
            assert time.monotonic() < deadline
        screen = pyte.Screen(self.screen.columns, self.screen.lines)
        screen.reset_mode(7, private=True)
        pyte.Stream(screen).feed(self.told.read_text().replace("\n", "\r\n"))
        return screen

    def settle(self) -> None:
        while self.read(0.08):
            pass

    def agrees(self, after: object) -> None:
        """Raises AssertionError where the terminal shows another frame than was drawn, and goes on doing so."""
        deadline = time.monotonic() + 4
        while True:
            self.settle()
            whole = self.whole()
            shown, drawn = frame(self.screen), frame(whole)
            if shown == drawn:
                return
            if time.monotonic() > deadline:
                break
        there, here = self.lines, list(whole.display)
        lines = [(y, a, b) for y, (a, b) in enumerate(zip(there, here, strict=True)) if a != b]
        cells = [
            (y, x, a, b)
            for y, (row, other) in enumerate(zip(shown[0], drawn[0], strict=True))
            for x, (a, b) in enumerate(zip(row, other, strict=True))
            if a != b
        ]
        raise AssertionError(f"after {after!r}: {lines[:4]} {cells[:4]} {shown[1]} {drawn[1]}")


@contextmanager
def console(tmp_path: Path, size: tuple[int, int], **environment: str) -> Iterator[Watched]:
    """The console over a demo with hostile names, with all that it shows shown."""
    path = tmp_path / "hostile.db"
    shutil.copyfile(shipped(), path)
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in ("customer", "device"):
            ids = [one for (one,) in connection.execute(f"SELECT id FROM {table} ORDER BY id")]
            for number, one in enumerate(ids[3:60:2]):
                name = f"{HOSTILE[number % len(HOSTILE)]} {number}"
                connection.execute(f"UPDATE {table} SET name = ? WHERE id = ?", (name, one))
    arguments = ["--db", str(path), "--as", "h.devries"]
    terminal = Watched(arguments, tmp_path / "told", size, {"TMPDIR": str(tmp_path), **environment})
    try:
        terminal.shows("Harbor Monitoring", "h.devries", "46 in all")
        yield terminal
    finally:
        terminal.close()


@pytest.mark.parametrize(
    ("size", "environment"),
    [
        ((80, 24), {"COLORTERM": "truecolor"}),
        ((120, 40), {}),
        pytest.param((80, 24), {}, marks=pytest.mark.slow),
        pytest.param((120, 40), {"COLORTERM": "truecolor"}, marks=pytest.mark.slow),
        pytest.param((80, 24), {"TERM": "linux", "NO_COLOR": "1"}, marks=pytest.mark.slow),
    ],
    ids=["80-true", "120-256", "80-256", "120-true", "80-none"],
)
@pytest.mark.once
def test_the_terminal_shows_what_was_drawn(size: tuple[int, int], environment: dict[str, str], tmp_path: Path) -> None:
    with console(tmp_path, size, **environment) as terminal:
        terminal.agrees("the beginning")
        for number, key in enumerate(KEYS):
            terminal.send(key)
            if key == b"\x1b":
                time.sleep(0.12)  # a lone Escape is one only after a while
            terminal.agrees((number, key))


def test_whoever_loses_track_draws_anew(tmp_path: Path) -> None:
    """Another size, another size and back, a screen that somebody else wrote on, and the program suspended."""
    with console(tmp_path, (80, 24), COLORTERM="truecolor") as terminal:
        terminal.agrees("the beginning")
        for size in ((100, 30), (60, 20), (80, 24)):
            terminal.resize(*size)
            os.kill(terminal.process.pid, signal.SIGWINCH)
            terminal.agrees(size)
            terminal.send(DOWN)
            terminal.agrees((size, DOWN))
        terminal.resize(70, 20)
        terminal.resize(80, 24)
        terminal.screen.erase_in_display(2)
        os.kill(terminal.process.pid, signal.SIGWINCH)
        terminal.agrees("another size and back")
        terminal.stream.feed(b"\x1b[2;2H\x1b[31;1;4;44mBroadcast message\x1b[5;5Hfrom root\x1b[0m")
        terminal.send(b"\x12")
        terminal.agrees("Ctrl+R")
        os.kill(terminal.process.pid, signal.SIGTSTP)
        deadline = time.monotonic() + 10
        while os.waitid(os.P_PID, terminal.process.pid, os.WSTOPPED | os.WNOHANG) is None:
            terminal.read(0.05)
            assert time.monotonic() < deadline
        terminal.settle()
        terminal.stream.feed(b"$ ls\x1b[0;35m one two\x1b[H\x1b[2J")
        os.kill(terminal.process.pid, signal.SIGCONT)
        terminal.agrees("coming back")
        terminal.send(DOWN)
        terminal.agrees("coming back, and Down")


def test_a_key_sends_little(tmp_path: Path) -> None:
    """What a slow line is promised, at 80×24 in true colour: so many bytes at most, and one frame."""
    terminal = Terminal(["demo", "--quiet"], COLORTERM="truecolor", TMPDIR=str(tmp_path))
    try:
        terminal.shows("46 in all", "Devices 498")
        terminal.send(b"\x1b[?2026;2$y2")  # it knows of whole frames
        terminal.shows("1–17 of 498", "Customer ")
        for key, most in ((DOWN, 350), (DOWN, 350), (PAGE, 3700), (PAGE, 3700), (b"/", 6000)):
            while terminal.read(0.5):
                pass
            before = len(terminal.output)
            terminal.send(key)
            assert terminal.read(10)
            while terminal.read(0.5):
                pass
            sent = terminal.output[before:]
            assert len(sent) <= most, key
            assert sent.count(b"\x1b[?2026h") == 1, key
    finally:
        terminal.close()
