"""Looking for garbage while nobody waits. By itself, Python looks through all that there is whenever much has come into
being: now and then a key would wait for that, for up to a tenth of a second."""

from __future__ import annotations

import asyncio
import gc
from typing import Final

from textual._styles_cache import StylesCache

_PAUSE_SECONDS: Final = 0.5
"""After so long without a key, the next one is not about to come."""
_RARELY: Final = 200
"""Where no pause comes, all is looked through after twenty times as much as by Python's own measure: so memory is kept
within bounds all the same."""


class Garbage:
    """What the process of a console has left over, and when that is looked for."""

    def __init__(self) -> None:
        self._due: asyncio.TimerHandle | None = None
        self._begun = self._kept = False

    def resume(self) -> None:
        """The first data are there: from now on Python looks for it by itself, too, among what comes after them."""
        gc.freeze()
        gc.enable()

    def begin(self) -> None:
        """All that is needed at first is there: from now on it is looked for in pauses. What is there in the first of
        them is taken to stay, and never looked through again."""
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, _RARELY)
        self._begun = True
        self.put_off()

    def put_off(self) -> None:
        """Somebody has pressed a key: not before the next pause."""
        if self._due is not None:
            self._due.cancel()
        if self._begun:
            self._due = asyncio.get_running_loop().call_later(_PAUSE_SECONDS, self._look)

    def _look(self) -> None:
        self._due = None
        # Textual remembers two colours by the widget that asked, and so keeps a thousand of those that have gone, with
        # every line that they had drawn.
        StylesCache.get_inner_outer.cache_clear()
        if not self._kept or gc.get_count()[2]:  # what is younger is looked through soon anyway, and costs little
            gc.collect()
        if not self._kept:
            self._kept = True
            gc.freeze()
