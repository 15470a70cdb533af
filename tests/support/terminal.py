"""A program on a real pseudo-terminal, and an emulator that draws what it writes."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from fcntl import ioctl
from struct import pack
from termios import TIOCSWINSZ, tcgetattr

import pyte

SECONDS = 30.0
UNSET = {"NO_COLOR", "COLORTERM", "COLORFGBG", "STY", "RINGFENCE_COLORS", "ESCDELAY", "COLUMNS", "LINES"}


class Terminal:
    """A program on a terminal, and what it has drawn there."""

    def __init__(
        self,
        arguments: list[str],
        program: Sequence[str] = ("-m", "ringfence"),
        size: tuple[int, int] = (80, 24),
        **environment: str,
    ) -> None:
        self.master, self.slave = pty.openpty()
        self.screen = pyte.Screen(*size)
        self.resize(*size)
        self.before = tcgetattr(self.slave)
        plain = {key: value for key, value in os.environ.items() if key not in UNSET}
        self.process = subprocess.Popen(
            [sys.executable, *program, *arguments],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env={**plain, "TERM": "xterm-256color", "PYTHONUTF8": "1", **environment},
        )
        self.stream = pyte.ByteStream(self.screen)
        self.output = b""

    def resize(self, columns: int, lines: int) -> None:
        """Makes the terminal another size, as its window does: what it showed is not to be relied on."""
        ioctl(self.slave, TIOCSWINSZ, pack("HHHH", lines, columns, 0, 0))
        self.screen.resize(lines, columns)

    @property
    def lines(self) -> list[str]:
        return list(self.screen.display)

    def read(self, seconds: float) -> bool:
        """Takes what the program writes; False when it writes nothing for so long."""
        if not select.select([self.master], [], [], max(0.0, seconds))[0]:
            return False
        data = os.read(self.master, 65536)
        self.output += data
        # pyte takes the kitty keyboard protocol's "CSI > 25 u" and "CSI < u" for a restored cursor
        self.stream.feed(data.replace(b"\x1b[>25u", b"").replace(b"\x1b[<u", b""))
        return True

    def until(self, wanted: Callable[[list[str]], bool]) -> list[str]:
        """The lines once they are as wanted. Raises AssertionError if that never comes."""
        deadline = time.monotonic() + SECONDS
        while not wanted(self.lines):
            assert self.read(deadline - time.monotonic()), "\n".join(self.lines)
        return self.lines

    def shows(self, *texts: str) -> list[str]:
        return self.until(lambda lines: all(any(text in line for line in lines) for text in texts))

    def send(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def end(self) -> int:
        """Reads on until the program has ended; its exit status."""
        deadline = time.monotonic() + SECONDS
        while self.process.poll() is None:
            self.read(0.05)
            assert time.monotonic() < deadline, "\n".join(self.lines)
        while self.read(0.05):
            pass
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.slave)
        os.close(self.master)
