"""An alarm with what there is around it, as far as its viewer sees that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import select

from ringfence.domain import clock
from ringfence.domain.alarm import ALARMS, OPEN, AlarmState
from ringfence.domain.test_mode import TEST_MODES
from ringfence.services import listing
from ringfence.services.edited import Opened
from ringfence.services.editing import open_record
from ringfence.services.records import Listing, Record
from ringfence.signals import units
from ringfence.signals.suppression import Modes
from ringfence.storage.signal_tables import milliseconds, moment_of
from ringfence.storage.tables import Alarm
from ringfence.visibility.point import among
from ringfence.visibility.viewer import Sight, Viewer

_LATELY: Final = timedelta(days=7)
"""So many alarms of a device are looked at."""


class Around(NamedTuple):
    """An alarm as the user ``me`` opened it. ``tested`` is up to when a test mode covers its device, if one does, and
    ``outcomes`` how many others of that device, of the last seven days, came to be what."""

    opened: Opened
    me: int
    tested: datetime | None
    outcomes: Mapping[str, int]


def lasting_modes(viewer: Viewer, under: int | None = None) -> tuple[Record, ...]:
    """The test modes that last, of all that the viewer sees or of one customer and what is nested in it: the one that
    ends first before the others. Raises RingfenceError where that customer is hidden, or not there."""
    at = viewer.at or clock.now()
    lasting = [
        (until, one)
        for one in listing.export(viewer, Listing(TEST_MODES.name, under=under))
        if (until := datetime.fromisoformat(one.fields()["until"])) > at
    ]
    return tuple(one for _, one in sorted(lasting, key=lambda one: (one[0], one[1].key)))


def around(viewer: Viewer, alarm: int) -> Around:
    """An alarm by its id, with what is around it. Raises RingfenceError alike where it is hidden, or not there."""
    opened = open_record(viewer, ALARMS.noun, alarm)
    state = opened.state
    assert isinstance(state, AlarmState)
    if state.device is None:  # or that is hidden
        return Around(opened, viewer.user_id, None, {})
    now = viewer.at or clock.now()
    with viewer.look(ALARMS.permission, TEST_MODES.permission) as sight:
        return Around(
            opened,
            viewer.user_id,
            _tested(sight, state, state.device, now),
            _outcomes(sight, state, alarm, now),
        )


def _tested(sight: Sight, state: AlarmState, device: int, now: datetime) -> datetime | None:
    at = milliseconds(now)
    unit = units.by_id(sight.connection, sight.tenant_id, [device]).get(device)
    if unit is None:
        return None
    ends = Modes(sight.connection, sight.tenant_id, at, at).covering(unit, state.kind, at)
    seen = among(sight, TEST_MODES.permission, TEST_MODES, sorted(ends))
    return max((moment_of(ends[row.id]) for row in seen), default=None)


def _outcomes(sight: Sight, state: AlarmState, alarm: int, now: datetime) -> dict[str, int]:
    lately = Alarm.started_key >= clock.in_order(now - _LATELY)
    of = (Alarm.customer_id == state.customer, Alarm.device_id == state.device, lately, Alarm.outcome != OPEN)
    # All of them, before it is asked which are seen: a runaway is counted in its last one, so that these are few.
    ids = sight.connection.execute(select(Alarm.id).where(*of, Alarm.id != alarm)).scalars()
    seen = among(sight, ALARMS.permission, ALARMS, sorted(ids), ("id", "outcome"))
    return dict(Counter(row.outcome for row in seen))
