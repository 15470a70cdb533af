"""What there is to do at the moment, as far as somebody sees it: what an operator begins a shift with."""

from __future__ import annotations

from typing import Any, NamedTuple

from ringfence.domain import clock
from ringfence.domain.alarm import ALARMS, OPEN
from ringfence.domain.signal import SEVERITIES
from ringfence.services import listing
from ringfence.services.alarms import lasting_modes
from ringfence.services.records import Listing, Record
from ringfence.signals import working
from ringfence.storage.signal_tables import milliseconds
from ringfence.visibility.viewer import Viewer


class Now(NamedTuple):
    """``alarms`` that nobody has cleared, by severity, the most severe first; the ``test_modes`` that last, the one
    that ends first before the others; and whether a ``worker`` does what comes of time alone."""

    alarms: dict[str, int]
    test_modes: tuple[Record, ...]
    worker: bool

    def fields(self) -> dict[str, Any]:
        """The same for programs, with moments as ISO 8601."""
        return {
            "active": sum(self.alarms.values()),
            "alarms": self.alarms,
            "test_modes": [one.fields() for one in self.test_modes],
            "worker": self.worker,
        }


def now(viewer: Viewer, under: str | None = None) -> Now:
    """What there is to do at the viewer's moment, of all that they see or of one customer and what is nested in it.
    Raises RingfenceError alike for a customer that is hidden and one that is not there."""
    top = None if under is None else listing.customer_id(viewer, under)
    at = viewer.at or clock.now()
    alarms: dict[str, int] = {
        severity: listing.count(viewer, Listing(ALARMS.name, f"outcome:{OPEN} severity:{severity}", under=top))
        for severity in SEVERITIES
    }
    with viewer.look() as sight:
        absent = working.absent(sight.connection, milliseconds(at))
    return Now(alarms, lasting_modes(viewer, top), not absent)
