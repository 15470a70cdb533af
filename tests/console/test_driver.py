"""The driver on a real pseudo-terminal."""

import os
import pty
import select
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from fcntl import ioctl
from struct import pack
from termios import TIOCSWINSZ

import pyte
import pytest

from ringfence.console.driver import driver_class

pytestmark = pytest.mark.skipif(driver_class() is None, reason="another driver is used here")

PROGRAM = textwrap.dedent("""
    from textual.app import App
    from textual.binding import Binding
    from textual.containers import Vertical
    from textual.screen import Screen
    from textual.widgets import Input, Static
    from ringfence.console.driver import driver_class
    from ringfence.console.widgets.filter_bar import FilterBar

    class Focusable(Static, can_focus=True): ...

    class Form(Screen):
        BINDINGS = [Binding("escape", "dismiss")]
        def compose(self):
            yield Input(placeholder="form")

    class Program(App):
        BINDINGS = [Binding("slash", "filter"), Binding("n", "form")]
        def compose(self):
            yield FilterBar()
            with Vertical():
                yield Focusable("ready")
        def on_mount(self):
            self.query_one(Focusable).focus()
        def action_filter(self):
            self.query_one(FilterBar).open()
        def action_form(self):
            self.push_screen(Form())

    Program(driver_class=driver_class()).run(mouse=False)
""")


class Terminal:
    """A program on a pseudo-terminal that is nobody's controlling terminal: closing it sends no signal."""

    def __init__(self, program: str) -> None:
        self.master, slave = pty.openpty()
        ioctl(slave, TIOCSWINSZ, pack("HHHH", 24, 80, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "PYTHONDONTWRITEBYTECODE": "", "PYTHONUTF8": "1"}
        environment.pop("ESCDELAY", None)
        self.process = subprocess.Popen(
            [sys.executable, "-c", program], stdin=slave, stdout=slave, stderr=slave, env=environment
        )
        os.close(slave)
        self.screen = pyte.Screen(80, 24)
        self.stream = pyte.ByteStream(self.screen)

    def shows(self, text: str, seconds: float = 20) -> bool:
        """Reads until `text` is on screen; False if that takes too long."""
        deadline = time.monotonic() + seconds
        while not any(text in line for line in self.screen.display):
            if not select.select([self.master], [], [], max(0, deadline - time.monotonic()))[0]:
                return False
            # pyte takes the kitty keyboard protocol's "CSI > 25 u" and "CSI < u" for a restored cursor
            data = os.read(self.master, 65536)
            self.stream.feed(data.replace(b"\x1b[>25u", b"").replace(b"\x1b[<u", b""))
        return True

    def send(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def close(self) -> None:
        if self.master >= 0:
            os.close(self.master)
            self.master = -1


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal(PROGRAM)
    yield terminal
    terminal.close()
    terminal.process.kill()
    terminal.process.wait()


def test_keys_typed_ahead_are_not_lost(terminal: Terminal) -> None:
    assert terminal.shows("ready")
    terminal.send(b"/abc")
    assert terminal.shows("abc")
    terminal.send(b"\x1b")
    assert terminal.shows("ready")
    terminal.send("nd\N{LATIN SMALL LETTER E WITH ACUTE}f".encode())
    assert terminal.shows("d\N{LATIN SMALL LETTER E WITH ACUTE}f")


def test_an_escape_is_one(terminal: Terminal) -> None:
    assert terminal.shows("ready")
    terminal.send(b"n")
    assert terminal.shows("form")
    terminal.send(b"\x1b")
    assert terminal.shows("ready")


def test_it_ends_with_the_terminal(terminal: Terminal) -> None:
    assert terminal.shows("ready")
    terminal.close()
    assert terminal.process.wait(timeout=5) is not None


def test_elsewhere_textual_decides() -> None:
    assert driver_class("win32") is None
