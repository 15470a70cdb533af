"""Files that only their owner may read: every file that Ringfence writes is made here."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

OWNER_ONLY: Final = 0o600


def make(path: Path) -> bool:
    """Makes an empty file for its owner alone; returns whether it is new. Follows no link; raises OSError."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError:
        if not path.exists():  # a link that leads nowhere, where a file would have been made for whoever laid it
            raise
        return False
    # Nobody has it open yet: closing it lets go of no lock.
    os.close(handle)
    return True


@contextmanager
def whole(path: Path, *, replace: bool = False, mode: int = OWNER_ONLY) -> Iterator[Path]:
    """A file beside ``path``, to be filled, which takes its name once it is whole: nobody meets half of it.

    It is its owner's alone, and opens no further than ``mode`` says. What is there already (be it a link that leads
    nowhere) is left alone, unless it is to be replaced; no link is followed. Raises FileExistsError, IsADirectoryError
    and OSError; then nothing is left behind.
    """
    if path.is_dir():
        raise IsADirectoryError(21, "this is a folder")
    if not replace and os.path.lexists(path):
        raise FileExistsError(17, "it is there already")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".ringfence-", suffix=".part")
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.chmod(OWNER_ONLY & mode)
        if replace:
            partial.replace(path)
        else:
            _name(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _name(partial: Path, path: Path) -> None:
    """Gives a file its name unless somebody has it by now. Raises FileExistsError then."""
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        raise
    except OSError:  # a file system without such links, where there is a moment between the two
        if os.path.lexists(path):
            raise FileExistsError(17, "it is there already") from None
        partial.rename(path)


def remove(path: Path) -> None:
    """Takes a database's file away, with what SQLite keeps beside it."""
    for companion in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            Path(f"{path}{companion}").unlink(missing_ok=True)
