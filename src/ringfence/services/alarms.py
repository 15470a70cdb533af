"""An alarm with what there is around it, as far as its viewer sees that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import select

from ringfence.domain import clock
from ringfence.domain.alarm import ALARMS, INSTRUCTIONS, OPEN, AlarmState
from ringfence.domain.clock import milliseconds, moment_of
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.errors import RingfenceError
from ringfence.domain.kind import StateKind
from ringfence.domain.registry import PLACE
from ringfence.domain.test_mode import TEST_MODES
from ringfence.services import listing
from ringfence.services.attributes import Attribute, attributes
from ringfence.services.edited import Opened
from ringfence.services.editing import open_record
from ringfence.services.records import Listing
from ringfence.services.rows import Record
from ringfence.signals import units
from ringfence.signals.suppression import Modes
from ringfence.storage.columns import of_tenant
from ringfence.storage.tables import Alarm
from ringfence.visibility.point import among
from ringfence.visibility.viewer import Sight, Viewer

_VIEW: Final = (PLACE.right("view"), CUSTOMERS.right("view"))
_LATELY: Final = timedelta(days=7)
"""So many alarms of a device are looked at."""


class Around(NamedTuple):
    """An alarm as the user ``me`` opened it. ``instructions`` are what is set as that on its site or customer, or on
    the nearest customer above; ``tested`` is up to when a test mode covers its device, if one does; ``outcomes`` is how
    many others of that device, of the last seven days, came to be what."""

    opened: Opened
    me: int
    instructions: Attribute | None
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
    now = viewer.at or clock.now()
    with viewer.look(ALARMS.permission, TEST_MODES.permission, *_VIEW) as sight:
        place, device = _place(sight, state), state.device  # each None where that is hidden, too
        tested = None if device is None else _tested(sight, state, device, now)
        outcomes = {} if device is None else _outcomes(sight, state, device, alarm, now)
    told = None if place is None else _instructions(viewer, *place)
    return Around(opened, viewer.user_id, told, tested, outcomes)


def _tested(sight: Sight, state: AlarmState, device: int, now: datetime) -> datetime | None:
    at = milliseconds(now)
    unit = units.by_id(sight.connection, sight.tenant_id, [device]).get(device)
    if unit is None:
        return None
    ends = Modes(sight.connection, sight.tenant_id, at, at).covering(unit, state.kind, at)
    seen = among(sight, TEST_MODES.permission, TEST_MODES, sorted(ends))
    return max((moment_of(ends[row.id]) for row in seen), default=None)


def _outcomes(sight: Sight, state: AlarmState, device: int, alarm: int, now: datetime) -> dict[str, int]:
    lately = Alarm.started_key >= clock.in_order(now - _LATELY)
    of = (Alarm.customer_id == state.customer, Alarm.device_id == device, lately, Alarm.outcome != OPEN)
    # All of them, before it is asked which are seen: a runaway is counted in its last one, so that these are few.
    others = select(Alarm.id).where(*of, Alarm.id != alarm, of_tenant(Alarm, sight.tenant_id))
    ids = sight.connection.execute(others).scalars()
    seen = among(sight, ALARMS.permission, ALARMS, sorted(ids), ("id", "outcome"))
    return dict(Counter(row.outcome for row in seen))


def _instructions(viewer: Viewer, noun: StateKind, key: str) -> Attribute | None:
    try:
        found = attributes(viewer, noun, key)
    except RingfenceError:  # of whom they know no more than the name
        return None
    return next((one for one in found if one.name == INSTRUCTIONS), None)


def _place(sight: Sight, state: AlarmState) -> tuple[StateKind, str] | None:
    """Where instructions are looked for, by kind and key: from its site upwards, or from its customer; from nowhere
    where the viewer may view neither."""
    for kind, record in ((PLACE, site_of(state)), (CUSTOMERS, state.customer)):
        rows: Sequence[Any] = among(sight, kind.right("view"), kind, [record]) if record is not None else ()
        if rows and rows[0].key:
            return kind.noun, rows[0].key
    return None


def site_of(state: AlarmState) -> int | None:
    """Where it happened, within its customer."""
    assert ALARMS.stands is not None
    stands: int | None = getattr(state, ALARMS.stands.name)
    return stands
