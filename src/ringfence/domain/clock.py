"""The clock: by it writing is judged, and looking where no other moment was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

LAST: Final = 253_402_300_799_999
"""The last moment that a calendar of ours has, the end of the year 9999, in milliseconds since 1970."""
_stopped: datetime | None = None


def now() -> datetime:
    """This moment, in UTC. Asked for by way of the module, so that whoever tries it out can stop the clock."""
    return _stopped or datetime.now(UTC)


@contextmanager
def stopped(at: datetime) -> Iterator[None]:
    """Stops the clock for the whole process, for whoever tells what was done at that moment."""
    global _stopped
    before, _stopped = _stopped, at
    try:
        yield
    finally:
        _stopped = before


def moment(text: str) -> datetime | None:
    """A moment from ISO 8601 text with an offset, in UTC; None for any other text, and for what no calendar has."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def iso(at: datetime, timespec: str = "seconds") -> str:
    """A moment as commands print it: ISO 8601, in UTC."""
    return at.astimezone(UTC).isoformat(timespec=timespec)


def in_order(at: datetime | None) -> str:
    """A moment as text that sorts as moments do; none comes before all."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def kept(value: datetime | str) -> datetime:
    """A moment as a statement gives it: SQLite keeps it as text without a zone, which is UTC."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


def milliseconds(moment: datetime) -> int:
    """A moment as tables keep it that hold very many: whole milliseconds since 1970, in UTC."""
    return round(moment.timestamp() * 1000)


def moment_of(milliseconds: int) -> datetime:
    """The moment that they keep so."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
