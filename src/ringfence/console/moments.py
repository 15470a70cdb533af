"""Validity windows as people type and read them, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from ringfence.domain import duration
from ringfence.domain.errors import RingfenceError

HELP: Final = "2026-11-30, 2026-11-30 18:00 or +3d (in UTC); empty is open"
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("m", 60))
_AHEAD: Final = 9999 * duration.SECONDS["w"]
"""So many seconds ahead a moment may be, where it is typed as a duration."""


def read_moment(text: str, now: datetime, *, until: bool) -> datetime | None:
    """A moment from what was typed; None for nothing. A bare day begins at midnight, and as an end it counts whole.

    Raises ValueError, with a line for people.
    """
    text = text.strip()
    if not text:
        return None
    try:
        if text.startswith("+"):
            return (now + timedelta(seconds=duration.read(text[1:], _AHEAD))).replace(second=0, microsecond=0)
        if len(text) == 10:
            day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
            return day + timedelta(days=1) if until else day
        return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    except (RingfenceError, ValueError, OverflowError):
        raise ValueError(f"write it as {HELP}") from None


def typed(moment: datetime | None, *, until: bool) -> str:
    """A moment as one would type it."""
    if moment is None:
        return ""
    moment = moment.astimezone(UTC)
    if (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0):
        return f"{moment - timedelta(days=1) if until else moment:%Y-%m-%d}"
    return f"{moment:%Y-%m-%d %H:%M}"


def age(moment: datetime, now: datetime) -> str:
    """How long ago a moment was, by the greatest unit of which there is one: 12 s, 4 m, 3 h, 2 d."""
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{seconds // size:,} {unit}"
    return f"{seconds} s"


def window(since: datetime | None, until: datetime | None) -> str:
    """A window in a few words; empty for one that is open on both sides."""
    parts = []
    if since is not None:
        parts.append(f"from {typed(since, until=False)}")
    if until is not None:
        parts.append(f"until {typed(until, until=True)}")
    return " ".join(parts)
