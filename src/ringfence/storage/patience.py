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
_PAUSE: Final = 0.02
_CROWDED_SECONDS: Final = 2.0


class Patience:
    """How long a database waits for other writers. ``tell`` is called with a line for people once a wait is long; it
    may be called from any thread."""

    def __init__(self, seconds: float, name: str) -> None:
        self.seconds = seconds
        self.name = name
        self.tell: Callable[[str], object] | None = None
        self._crowded_until = 0.0

    def say(self) -> None:
        """Says what is waited for."""
        if self.tell is not None:
            self.tell(f"waiting until another program has finished writing to {self.name}")

    def until(self, attempt: Callable[[], bool], seconds: float | None = None) -> bool:
        """Tries until the attempt succeeds; returns False once it has not for so long.

        Whoever has waited longer tries more often, and whoever had to wait a moment ago lets others try first: nobody
        waits for ever while others come and go.
        """
        limit = self.seconds if seconds is None else seconds
        began = time.monotonic()
        waited, told = 0.0, False
        if limit and began < self._crowded_until:
            time.sleep(min(_PAUSE, limit))
        while not attempt():
            waited = time.monotonic() - began
            if waited >= limit:
                return False
            if not told and waited >= TELL_SECONDS:
                told = True
                self.say()
            pause = random.uniform(0.5, 1.5) * _PAUSE / (1 + waited / 2)  # noqa: S311 - no secret
            time.sleep(min(pause, max(0.0, limit - waited)))
            self._crowded_until = time.monotonic() + _CROWDED_SECONDS
        return True
