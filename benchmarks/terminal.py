"""A program on a pseudo-terminal: its keys, what it writes for each, how soon, and the processor time it takes."""

from __future__ import annotations

import atexit
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

TIMEOUT = 60.0
QUIET = 0.12
"""Seconds without output after which a program has nothing more to say to a key."""

SEQUENCES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[P_X^][^\x1b]*\x1b\\|[()][0-9A-B]|.)"
)


Parts = Sequence[tuple[float, bytes]]
"""What was written, each piece with the seconds from the key until it came."""
Done = Callable[[Parts, float], bool]
"""Whether what came for a key is known to be all; told what came since it was asked last, and the seconds from the key
on."""


class Answer(NamedTuple):
    """What a key brought about."""

    parts: Parts
    """What was written for it, each piece with the seconds from the key until it came."""
    cpu: float
    """Seconds of processor time that the program took from the key to the end of the quiet."""

    @property
    def sent(self) -> bytes:
        """All that was written for it."""
        return b"".join(part for _, part in self.parts)


def environment(**more: str) -> dict[str, str]:
    """The same for every program: a colourful terminal, UTF-8, bytecode allowed, and nothing configured or
    remembered but by these programs."""
    own = {f"RINGFENCE_{name}" for name in ("DB", "THEME", "COLORS", "MOUSE")}
    left_out = {"PYTHONDONTWRITEBYTECODE", "NO_COLOR", "COLORFGBG", "STY", "TMUX", "LINES", "COLUMNS", *own}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    folders = {f"XDG_{what}_HOME": str(_home() / what.lower()) for what in ("CONFIG", "STATE", "DATA")}
    return {**kept, **folders, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", **more}


@cache
def _home() -> Path:
    made = Path(tempfile.mkdtemp(prefix="ringfence-benchmark-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


class Terminal:
    """A program on a pseudo-terminal that knows of synchronized output; ended when left."""

    def __init__(
        self, command: Sequence[str], size: tuple[int, int] = (80, 24), given: Mapping[str, str] | None = None
    ) -> None:
        """Starts it.

        Args:
            command: The program and its arguments.
            size: Columns and lines.
            given: Its environment, else `environment()`.
        """
        self.started = time.perf_counter()
        self.process, self.file = pty.fork()
        if self.process == 0:
            try:
                os.execvpe(command[0], list(command), dict(environment() if given is None else given))
            finally:
                os._exit(127)
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.sent = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, seconds: float) -> bytes:
        """What the program writes next; empty when that is nothing for so long."""
        if not select.select([self.file], [], [], max(0.0, seconds))[0]:
            return b""
        chunk = os.read(self.file, 65536)
        if b"\x1b[?2026$p" in chunk:
            os.write(self.file, b"\x1b[?2026;2$y")  # as a terminal that knows of synchronized output would
        self.sent += chunk
        return chunk

    def shows(self, *texts: str) -> list[float]:
        """Seconds from the start until each of the texts, in turn, was written. Raises TimeoutError if one is not."""
        found: list[float] = []
        wanted = [text.encode() for text in texts]
        while len(found) < len(wanted):
            if not self.read(self.started + TIMEOUT - time.perf_counter()):
                raise TimeoutError(f"{texts[len(found)]!r} did not show within {TIMEOUT:.0f} seconds")
            moment = time.perf_counter()
            text = SEQUENCES.sub(b"", bytes(self.sent))
            while len(found) < len(wanted) and wanted[len(found)] in text:
                found.append(moment - self.started)
        return found

    def settle(self, quiet: float = 1.0) -> None:
        """Reads on until nothing has come for so long."""
        while self.read(quiet):
            pass

    def press(
        self,
        keys: bytes,
        quiet: float = QUIET,
        *,
        soon: float = 0.0,
        done: Done | None = None,
    ) -> Answer:
        """Sends keys, and reads until nothing more comes.

        Args:
            keys: What is sent.
            quiet: Seconds without output after which nothing more comes.
            soon: Seconds without output after which ``done`` is asked.
            done: Whether that is all. It is told all that came in any case.
        """
        parts: list[tuple[float, bytes]] = []
        asked = 0
        cpu = self.cpu()
        begun = heard = time.perf_counter()
        os.write(self.file, keys)
        while (left := heard + quiet - time.perf_counter()) > 0:
            if chunk := self.read(left if done is None else min(left, soon)):
                heard = time.perf_counter()
                parts.append((heard - begun, chunk))
            elif done is not None:
                new, asked = parts[asked:], len(parts)
                if done(new, time.perf_counter() - begun):
                    break
        if done is not None:
            done(parts[asked:], time.perf_counter() - begun)
        return Answer(parts, self.cpu() - cpu)

    def cpu(self) -> float:
        """Seconds of processor time that the program has taken so far; nan where the system does not tell."""
        try:
            return time.clock_gettime((~self.process << 3) | 2)  # Linux: the processor clock of a process
        except (OSError, AttributeError):
            return float("nan")

    def close(self) -> None:
        """Ends the program by its own key, reading on so that it need not wait for its last words to be read."""
        os.write(self.file, b"\x11")  # ctrl+q
        ends = time.perf_counter() + 5
        while os.waitpid(self.process, os.WNOHANG)[0] == 0:
            if time.perf_counter() > ends:
                os.kill(self.process, signal.SIGKILL)
                os.waitpid(self.process, 0)
                break
            try:
                if select.select([self.file], [], [], 0.02)[0]:
                    os.read(self.file, 65536)
            except OSError:
                time.sleep(0.005)
        os.close(self.file)


def console(*arguments: str, changed: str = "") -> list[str]:
    """The command line of the console; ``changed`` is Python that is run before it."""
    if changed:
        return [sys.executable, "-c", f"{changed}\nfrom ringfence.__main__ import main\nmain()", *arguments]
    return [sys.executable, "-m", "ringfence", *arguments]
