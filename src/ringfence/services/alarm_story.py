"""What happened about an alarm, what there is to do about it, and what else rings there: as far as its viewer sees each
of that."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import select

from ringfence.domain import display
from ringfence.domain.alarm import ALARMS, OPEN, AlarmState
from ringfence.domain.clock import milliseconds, moment_of
from ringfence.domain.device import DEVICES
from ringfence.domain.event import CHANGED, ON
from ringfence.services.alarms import Around, around, site_of
from ringfence.services.edited import Opened
from ringfence.services.telemetry import seen_spans
from ringfence.signals import events, telemetry
from ringfence.signals.latest import latest_of
from ringfence.storage.columns import of_tenant
from ringfence.storage.tables import Alarm, AuditEntry, User
from ringfence.visibility import history, overview
from ringfence.visibility.point import among, find
from ringfence.visibility.viewer import Sight, Viewer

_NEAR: Final = timedelta(minutes=10)
"""What a device said so long before an alarm began, and after it came last, is near it."""
_MOST_SIGNALS: Final = 50
_MOST_ALARMS: Final = 1000
"""So many other alarms of a site are looked at."""
_TWICE: Final = timedelta(seconds=2)
"""What the alarm itself and the audit tell within that is one."""
_VIEW: Final = DEVICES.right("view")
VALUE: Final = "value"
BEGAN: Final = "began"
OVER: Final = "over"


class Step(NamedTuple):
    """Something that happened at a moment. ``what`` is that in a word or two: a signal ``on`` or ``off``, a text that
    ``changed``, the ``value`` that was there, or what somebody did; ``text`` says more, and ``who`` did it: ``you``, a
    name or a login, and empty where nobody did or the viewer may not know."""

    at: datetime
    what: str
    text: str = ""
    who: str = ""


class Story(NamedTuple):
    """An alarm with what is ``around`` it. ``steps`` are what happened, in the order of time; ``others`` are other
    devices of its site of which an alarm is open, by name: None where it is at no site that the viewer may list.
    ``unnamed`` says whether alarms that they see are open there of devices that they may not list."""

    around: Around
    steps: tuple[Step, ...]
    others: tuple[str, ...] | None
    unnamed: bool


def story(viewer: Viewer, alarm: int) -> Story:
    """The story of an alarm by its id. Raises RingfenceError alike where it is hidden, or not there."""
    found = around(viewer, alarm)
    state = found.opened.state
    assert isinstance(state, AlarmState)
    with viewer.look(*overview.LISTING, _VIEW) as sight:
        steps = [*_said(sight, state), *_done(sight, viewer, found.opened)]
        others, unnamed = _others(sight, state, alarm)
    if any(one.what == ON and one.at == state.started_at for one in steps):
        steps = [one for one in steps if one.what != BEGAN]  # the signal says so
    return Story(found, tuple(sorted(steps, key=lambda one: one.at)), others, unnamed)


def _said(sight: Sight, state: AlarmState) -> Iterator[Step]:
    """What its device said around it, where the viewer may view that and sees the time."""
    device, began = state.device, state.started_at
    if device is None or began is None or find(sight, _VIEW, DEVICES, "id", device) is None:
        return
    first, last = milliseconds(began - _NEAR), milliseconds(max(began, state.last_at or began, state.ended_at or began))
    around = milliseconds(began + _NEAR)
    series = [one for one in latest_of(sight.connection, sight.tenant_id, device) if _is_number(one.value)]
    for span in seen_spans(sight, device):
        low, high = max(first, span.since), min(last + 1, span.until)
        # Each is read by itself: a device that says much else must not push out what the alarm is about.
        of = sight.connection, sight.tenant_id, device, low
        near = events.of_device(*of, min(around + 1, high), _MOST_SIGNALS)
        yield from (
            Step(moment_of(one.at), one.kind, f"{one.name} = {one.text}") for one in near if one.kind == CHANGED
        )
        if state.kind:
            ones = events.of_device(*of, high, _MOST_SIGNALS, state.kind)
            yield from (Step(moment_of(one.at), one.kind, one.text) for one in ones)
        for measured in series:
            end = min(milliseconds(began) + 1, high)
            if low < end and (
                points := telemetry.history(sight.connection, sight.tenant_id, measured.series, low, end)
            ):
                yield Step(moment_of(points[-1].at), VALUE, f"{measured.name} = {points[-1].number:g}")


def _is_number(value: Any) -> bool:
    return isinstance(value, float)


def _done(sight: Sight, viewer: Viewer, opened: Opened) -> list[Step]:
    """What people did about it, and what became of it by itself: as the alarm says, and the audit besides."""
    own = list(_of_itself(opened, viewer.user_id))
    told = [
        one
        for one in _of_audit(sight, viewer, opened.state.key)
        if not any(one.what == other.what and abs(one.at - other.at) <= _TWICE for other in own)
    ]
    return [*own, *told]


def _of_itself(opened: Opened, me: int) -> Iterator[Step]:
    state: AlarmState = opened.state

    def who(field: str) -> str:
        user = getattr(state, field)
        return "you" if user == me else opened.names[field].get(user, "")

    steps = (
        (state.started_at, BEGAN, ""),
        (state.acked_at, "acknowledged", who("acked_by")),
        (state.assigned_at, "taken", who("assignee")),
        (state.ended_at, OVER, ""),
        (state.cleared_at, f"cleared: {display.words(state.outcome)}", who("cleared_by")),
    )
    return (Step(at.astimezone(UTC), what, who=by) for at, what, by in steps if at is not None)


def _of_audit(sight: Sight, viewer: Viewer, key: str) -> Iterator[Step]:
    rows = history.entries(sight, (ALARMS.noun, key), descending=False)
    kept = select(AuditEntry.id, AuditEntry.detail).where(
        AuditEntry.id.in_([row.id for row in rows]), of_tenant(AuditEntry, sight.tenant_id)
    )
    details: dict[int, str] = dict(sight.connection.execute(kept).all())
    own = select(User.key).where(User.id == viewer.user_id, of_tenant(User, sight.tenant_id))
    mine = sight.connection.execute(own).scalar()
    seen = overview.actors_seen(sight, (row.actor_key for row in rows))
    for row in rows:
        who = "you" if row.actor_key == mine else row.actor_login if row.actor_key in seen else ""
        at = datetime.fromisoformat(row.sort_key.partition(" ")[0])
        for what in _words(json.loads(details[row.id]).get("edited", {})):
            yield Step(at, what, who=who)


def _words(fields: Mapping[str, Any]) -> Iterable[str]:
    """What a change of an alarm came to, by the fields that it changed."""
    for name, (word, back) in _CHANGED.items():
        if name in fields:
            yield word if fields[name][1] not in (None, "") else back
    if "outcome" in fields:
        after = str(fields["outcome"][1])
        yield "opened again" if after == OPEN else f"cleared: {display.words(after)}"


_CHANGED: Final = {
    "acked_at": ("acknowledged", "not acknowledged any more"),
    "assignee": ("taken", "given back"),
    "notes": ("noted", "notes removed"),
}


def _others(sight: Sight, state: AlarmState, alarm: int) -> tuple[tuple[str, ...] | None, bool]:
    stands = site_of(state)
    if stands is None:  # or that is hidden
        return None, False
    there = (Alarm.customer_id == state.customer, Alarm.site_id == stands, Alarm.outcome == OPEN)
    query = (
        select(Alarm.id)
        .where(*there, Alarm.id != alarm, of_tenant(Alarm, sight.tenant_id))
        .order_by(Alarm.started_key.desc())
        .limit(_MOST_ALARMS)
    )
    ids = sorted(sight.connection.execute(query).scalars())
    devices = {row.device_id for row in among(sight, ALARMS.permission, ALARMS, ids, ("id", "device_id"))}
    devices -= {None, state.device}
    named = overview.names(sight, DEVICES, devices)
    return tuple(sorted(named.values())), len(named) < len(devices)
