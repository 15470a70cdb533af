"""Validity windows as people type and read them, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

HELP: Final = "2026-11-30, 2026-11-30 18:00 or +3d (in UTC); empty is open"
_AHEAD: Final = re.compile(r"\+(\d{1,4})\s*([hdw])")
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def read_moment(text: str, now: datetime, *, until: bool) -> datetime | None:
    """A moment from what was typed; None for nothing. A bare day begins at midnight, and as an end it counts whole.

    Raises ValueError, with a line for people.
    """
    text = text.strip()
    if not text:
        return None
    ahead = _AHEAD.fullmatch(text)
    try:
        if ahead:
            return (now + int(ahead[1]) * _UNITS[ahead[2]]).replace(second=0, microsecond=0)
        if len(text) == 10:
            day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
            return day + timedelta(days=1) if until else day
        return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"write it as {HELP}") from None


def typed(moment: datetime | None, *, until: bool) -> str:
    """A moment as one would type it."""
    if moment is None:
        return ""
    moment = moment.astimezone(UTC)
    if (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0):
        return f"{moment - timedelta(days=1) if until else moment:%Y-%m-%d}"
    return f"{moment:%Y-%m-%d %H:%M}"


def window(since: datetime | None, until: datetime | None) -> str:
    """A window in a few words; empty for one that is open on both sides."""
    parts = []
    if since is not None:
        parts.append(f"from {typed(since, until=False)}")
    if until is not None:
        parts.append(f"until {typed(until, until=True)}")
    return " ".join(parts)
