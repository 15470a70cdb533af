"""Taking turns where memory is dear: hashing a password takes 64 MB, and many at once would take all there is."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final

from ringfence.domain.errors import RingfenceError
from ringfence.storage import files, folders

AT_ONCE: Final = 2
"""So many passwords are hashed at once, of all programs that one user of the operating system runs here."""
_WAIT_SECONDS: Final = 60.0
_PAUSE: Final = 0.01
_own = BoundedSemaphore(AT_ONCE)
"""Of the threads of this program: they share the files' locks."""


@contextmanager
def turn() -> Iterator[None]:
    """Waits for one of the turns, and holds it. Raises RingfenceError where none comes in a minute."""
    until = time.monotonic() + _WAIT_SECONDS
    if not _own.acquire(timeout=_WAIT_SECONDS):
        raise RingfenceError(_CROWDED)
    try:
        held = _take(until)
        try:
            yield
        finally:
            if held is not None:
                os.close(held)
    finally:
        _own.release()


_CROWDED: Final = "too many people sign in at this moment: try again in a minute"


def _take(until: float) -> int | None:
    """Locks one of the files that stand for turns, whichever is free first; None where there is no place for them: then
    the threads alone take turns."""
    folder = folders.state()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = [_open(str(folder / f"turn-{number}")) for number in range(AT_ONCE)]
    except OSError:
        return None
    held = None
    try:
        while held is None:
            held = next((one for one in opened if _locks(one)), None)
            if held is None:
                if time.monotonic() > until:
                    raise RingfenceError(_CROWDED)
                time.sleep(_PAUSE)
    finally:
        for one in opened:
            if one != held:
                os.close(one)
    return held


def _open(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, files.OWNER_ONLY)


def _locks(opened: int) -> bool:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
