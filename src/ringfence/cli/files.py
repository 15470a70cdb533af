"""What a command reads that takes a file: it, or standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from ringfence.cli.settings import Settings
from ringfence.domain.errors import RingfenceError


def source(outer: object, file: Path) -> Path | IO[bytes]:
    """The file, or standard input for ``-``. Raises RingfenceError where ``outer``, the settings of the command line,
    are of whoever came over SSH: no file of this machine is theirs."""
    if str(file) == "-":
        return sys.stdin.buffer
    if isinstance(outer, Settings) and outer.identity is not None and outer.identity.confined:
        raise RingfenceError("over ssh no file of this machine is read: say -, and send it over standard input")
    return file


def read(source: Path | IO[bytes], most: int) -> bytes:
    """What is in it, or a byte more than ``most``: enough to see that it is too large."""
    if isinstance(source, Path):
        with source.open("rb") as opened:
            return opened.read(most + 1)
    return source.read(most + 1)
