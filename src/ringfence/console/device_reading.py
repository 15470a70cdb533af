"""What the page of a device shows, as it is read in a thread."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from ringfence.console.cells.signals import LATELY, LATELY_PARTS
from ringfence.domain import clock
from ringfence.domain.alarm import ALARMS
from ringfence.domain.device import DEVICES

if TYPE_CHECKING:
    from ringfence.services.attributes import Attribute
    from ringfence.services.courses import Signals
    from ringfence.services.edited import Opened
    from ringfence.services.workspace import Session

_PARTS: Final = 320
"""A graph is drawn of so many parts of its time: few terminals have as many columns of dots."""


class Found(NamedTuple):
    """What was read of a device, with the course of the series that is ``shown``; how many ``alarms`` of it there are:
    None where the viewer may list none."""

    opened: Opened
    signals: Signals
    shown: str
    attributes: list[Attribute]
    alarms: int | None


def read(session: Session, device: int, shown: str, span: timedelta, *, alarms: bool) -> Found | None:
    """A device by its id, with the course of one of its series over a time (of the first of them, where it has none of
    that name for the viewer), and how many ``alarms`` it has, where that is asked for; None where it is hidden, or not
    there."""
    from ringfence.services.courses import Wanted
    from ringfence.services.records import Listing

    opened = session.open_records(DEVICES.noun, [device])
    if not opened:
        return None
    key, now = opened[0].state.key, clock.now()
    lately, wanted = Wanted(LATELY, LATELY_PARTS), Wanted(span, _PARTS, shown)
    told = session.signals(device, now, lately, wanted)
    if told.series and shown not in {one.name for one in told.series}:
        wanted = wanted._replace(name=told.series[0].name)
        told = session.signals(device, now, lately, wanted)
    count = session.count(Listing(ALARMS.name, record=(DEVICES.noun, key))) if alarms else None
    return Found(opened[0], told, wanted.name, session.attributes(DEVICES.noun, key), count)
