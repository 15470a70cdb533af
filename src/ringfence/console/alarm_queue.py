"""What is said of a queue of alarms beside its rows: how bad it is, how many nobody has seen, and what has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from ringfence.console.tallies import MOST, tallied, tally
from ringfence.console.text import Cell, number
from ringfence.domain.alarm import ALARMS, LASTING, NEW
from ringfence.domain.signal import SEVERITIES

if TYPE_CHECKING:
    from ringfence.services.records import Listing
    from ringfence.services.workspace import Session

_LATEST: Final = 100
"""Of so many that began last it is looked which have come."""
_APART: Final = tuple(one for one in SEVERITIES if one in LASTING)
"""The severities that are counted apart, the most severe first."""
_STYLES: Final = next(one.style for one in ALARMS.display.columns if one.field == "severity")


class Queue(NamedTuple):
    """The alarms of a ``listing`` that nobody has cleared, as its viewer sees them: how many they are, of each severity
    that counts most, and how many nobody has acknowledged; each one more than is counted where there are more.
    ``latest`` are the ids of those that began last; ``tested`` is how many test modes last."""

    listing: Listing
    active: int
    severe: tuple[int, ...]
    new: int
    latest: tuple[int, ...]
    tested: int

    def come(self, known: int) -> int:
        """How many of the latest have come since the one with the greatest id was ``known``."""
        return sum(one > known for one in self.latest)

    def above(self, known: int) -> list[Cell]:
        """What stands above the list, the most important first."""
        come, apart = self.come(known), sum(self.severe)
        said = [Cell(f"▲{number(come)}{'+' if come == _LATEST else ''} new, Home", "accent")] if come else []
        for severity, found in zip(_APART, self.severe, strict=True):
            if found:
                said.append(Cell(f"{tallied(found)} {severity}", _style(severity)))
        if self.active > apart:
            said.append(Cell(f"{tallied(self.active - apart, capped=self.active > MOST)} below", "quiet"))
        return said

    def below(self) -> tuple[str, ...]:
        """What stands in its border."""
        new = f" of which {tallied(self.new)} new" if self.new else ""
        return (
            f"{tallied(self.active)} active{new}" if self.active else "",
            f"{number(self.tested)} in test mode" if self.tested else "",
        )


def read(session: Session, listing: Listing, busy: Callable[[], bool]) -> Queue:
    """The queue of a list of alarms, in a question's thread; it gives way to rows that are asked for (``busy``)."""
    from ringfence.services.records import Part

    current = ALARMS.display.current
    assert current is not None
    active = listing._replace(only=current[1])

    def of(term: str) -> int:
        return tally(session, active._replace(only=f"{active.only} {term}"), busy)

    severe = tuple(of(f"severity:{one}") for one in _APART)
    latest = session.rows(active._replace(sort="started_at", descending=True), Part(_LATEST))
    modes = session.lasting_modes()
    return Queue(
        listing,
        tally(session, active, busy),
        severe,
        of(f"state:{NEW}"),
        tuple(one.id for one in latest),
        len(modes),
    )


def _style(severity: str) -> str:
    return "" if isinstance(_STYLES, str) else _STYLES.get(severity, "")
