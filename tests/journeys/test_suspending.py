"""Ctrl+Z and ``fg``, in a shell on a real pseudo-terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from termios import ECHO, ICANON, tcgetattr
from typing import Final

import pytest
from support.terminal import Terminal

SHELL: Final = """
import fcntl, os, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
"""
ALONE: Final = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "ringfence", "demo"])
"""


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal([], program=("-c", SHELL), TMPDIR=str(tmp_path), PS1="> ", PS2="")
    yield terminal
    terminal.close()


@pytest.mark.parametrize("through", ["{}", "sh -c '{}; exit 0'"], ids=["by the shell", "through another program"])
def test_it_is_left_to_the_shell_and_comes_back_drawn(through: str, shell: Terminal) -> None:
    shell.shows("> ")
    shell.send(through.format(f"{sys.executable} -m ringfence demo --quiet").encode() + b"\r")
    shell.shows("Harbor Monitoring", "h.devries", "46 in all", "Devices 498")
    shell.send(b"2")
    shell.shows("1–17 of 498", "e edit")
    while shell.read(0.6):  # all is drawn, and what is told anew once the demo is open
        pass
    before = list(shell.lines)
    shell.send(b"\x1a")
    shell.shows("Stopped")
    shell.send(b"echo in the shell\r")
    shell.until(lambda lines: any(line.startswith("in the shell") for line in lines))
    shell.send(b"fg\r")
    shell.until(lambda lines: lines == before)
    assert not tcgetattr(shell.slave)[3] & (ECHO | ICANON)
    shell.send(b"j")
    shell.until(lambda lines: "▌" in lines[6])
    shell.send(b"\x1bOQ\x1a")  # over a dialog too
    shell.shows("Stopped")
    shell.send(b"fg\r")
    shell.shows("Whose view?", "Olga Brandt")
    shell.send(b"\x11")
    shell.until(lambda lines: any(line.lstrip().startswith("> ") for line in lines))
    shell.send(b"exit\r")
    assert shell.end() == 0


def test_it_stays_where_no_shell_would_wake_it(tmp_path: Path) -> None:
    terminal = Terminal([], program=("-c", ALONE), TMPDIR=str(tmp_path))
    try:
        terminal.shows("46 in all", "Devices 498")
        terminal.send(b"\x1a")
        terminal.shows("Not suspended: no shell is there to come back from")
        terminal.send(b"\x11")
        assert terminal.end() == 0
    finally:
        terminal.close()
