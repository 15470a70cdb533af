"""Waiting for one's turn to write: how long, and what is said of it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final

WAIT_SECONDS: Final = 30.0
"""So long a transaction waits for others that write."""
TELL_SECONDS: Final = 2.0
"""After so long it says what it waits for."""
_FIRST, _LONGEST, _GROWTH = 0.001, 0.025, 1.3


class Patience:
    """How long a database waits for other writers. ``tell`` is called with a line for people once a wait is long; it
    may be called from any thread."""

    def __init__(self, seconds: float, name: str) -> None:
        self.seconds = seconds
        self.name = name
        self.tell: Callable[[str], object] | None = None

    def say(self) -> None:
        """Says what is waited for."""
        if self.tell is not None:
            self.tell(f"waiting until another program has finished writing to {self.name}")

    def until(self, attempt: Callable[[], bool], seconds: float | None = None) -> bool:
        """Tries until the attempt succeeds; returns False once it has not for so long.

        The pauses stay short and are left to chance: so those who wait take turns, and no one of them waits for
        another's long pause.
        """
        limit = self.seconds if seconds is None else seconds
        began = time.monotonic()
        pause, told = _FIRST, False
        while not attempt():
            waited = time.monotonic() - began
            if waited >= limit:
                return False
            if not told and waited >= TELL_SECONDS:
                told = True
                self.say()
            time.sleep(min(random.uniform(0.5, 1.5) * pause, max(0.0, limit - waited)))  # noqa: S311 - no secret
            pause = min(pause * _GROWTH, _LONGEST)
        return True
