"""Lengths of time as people type and read them: ``90s``, ``5m``, ``1h30m``, ``2d``."""

from __future__ import annotations

import re
from typing import Final

from ringfence.domain.errors import RingfenceError

SECONDS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
"""The units, from the longest to the shortest, with the seconds that each has."""
MOST: Final = 366 * SECONDS["d"]
"""Seconds that a duration has at most, unless more are asked for."""

_PART: Final = re.compile("([0-9]{1,9}) ?([a-z])(?: (?=[0-9]))?")
_BRIEF: Final = 20
_SAID: Final = ("d", "h", "m", "s")
"""The units in which durations are said: weeks can be typed, but 30 days are no shorter as four weeks and two days."""


def read(text: str, most: int = MOST) -> int:
    """The whole seconds of a duration: numbers with the units w, d, h, m and s, the longer before the shorter, each at
    most once; a space may stand between them. ``0s`` is one. Raises RingfenceError for anything else, and for more
    than ``most`` seconds."""
    seconds, at, left = 0, 0, list(SECONDS)
    while at < len(text) or not at:
        part = _PART.match(text, at)
        if part is None or part[2] not in left:
            shown = text if len(text) <= _BRIEF else f"{text[: _BRIEF - 1]}…"
            raise RingfenceError(f"{shown!r} is no duration: write one like 90s, 5m, 1h30m or 2d")
        left = left[left.index(part[2]) + 1 :]
        seconds += int(part[1]) * SECONDS[part[2]]
        at = part.end()
    if seconds > most:
        raise RingfenceError(f"a duration is at most {said(most)}: type a shorter one")
    return seconds


def said(seconds: int) -> str:
    """A duration of so many whole seconds, none of them negative, in days, hours, minutes and seconds: ``1h30m``. What
    would be zero is left out. ``read`` understands it."""
    parts = []
    for unit in _SAID:
        count, seconds = divmod(seconds, SECONDS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
