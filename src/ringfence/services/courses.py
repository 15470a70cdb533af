"""What a device reports, at a glance: its latest values, with their course of late, as far as a viewer sees them."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, func, select

from ringfence.domain.clock import milliseconds, moment_of
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import RingfenceError
from ringfence.domain.signal import Value
from ringfence.services.telemetry import Span, covers, seen_spans
from ringfence.signals import telemetry
from ringfence.signals.latest import last_at, latest_of
from ringfence.signals.telemetry import Part as Part
from ringfence.storage.columns import of_tenant
from ringfence.storage.signal_tables import Event, Reported, Series
from ringfence.visibility.point import find
from ringfence.visibility.viewer import Sight, Viewer

_VIEW: Final = DEVICES.right("view")


class Wanted(NamedTuple):
    """The course of numbers that is asked for: over how long, in how many parts; of one series, or of each (empty)."""

    span: timedelta
    parts: int
    name: str = ""


class Course(NamedTuple):
    """A series with its latest value, and its numbers of late."""

    name: str
    value: Value
    at: datetime
    parts: tuple[Part, ...]


class Signals(NamedTuple):
    """What a device reports: its series by name, and the numbers of the one that was ``shown``. They are told since
    ``since``: before that it stood where the viewer does not look. None: of all its time."""

    since: datetime | None
    series: tuple[Course, ...]
    shown: tuple[Part, ...]


def signals(viewer: Viewer, device: int, now: datetime, lately: Wanted, shown: Wanted) -> Signals:
    """What a device (its id) reports, with the course of each of its series, and another one of a single series. Raises
    RingfenceError alike where it is hidden, or not there."""
    with viewer.look(_VIEW) as sight:
        if find(sight, _VIEW, DEVICES, "id", device) is None:
            raise RingfenceError("this device is not there any more, or you may not open it")
        seen = seen_spans(sight, device)
        every = latest_of(sight.connection, sight.tenant_id, device)
        told = sorted((one for one in every if covers(seen, one.at)), key=lambda one: one.name)
        ids = {one.name: one.series for one in every}
        courses = _courses(sight, [one.series for one in told], seen, now, lately)
        wanted = [ids[shown.name]] if shown.name in ids else []
        whole = _courses(sight, wanted, seen, now, shown)
    series = (Course(one.name, one.value, moment_of(one.at), tuple(courses[one.series])) for one in told)
    return Signals(_since(seen), tuple(series), tuple(one for theirs in whole.values() for one in theirs))


def stamp(viewer: Viewer, device: int) -> tuple[int | None, ...]:
    """Differs from an earlier one when a device has reported anything since, or is in sight and was not, or the other
    way round; cheap to ask for."""
    with viewer.look(_VIEW) as sight:
        if find(sight, _VIEW, DEVICES, "id", device) is None:
            return ()
        last = (
            select(func.max(table.at)).where(*_of(sight, table, device)).scalar_subquery()
            for table in (Reported, Event)
        )
        count = select(func.count()).where(*_of(sight, Series, device)).scalar_subquery()
        said = sight.connection.execute(select(count, *last)).one()
        return last_at(sight.connection, sight.tenant_id, device), *said


def _of(sight: Sight, table: Any, device: int) -> tuple[ColumnElement[bool], ...]:
    return table.device_id == device, of_tenant(table, sight.tenant_id)


def _courses(
    sight: Sight, series: list[int], seen: list[Span], now: datetime, wanted: Wanted
) -> defaultdict[int, list[Part]]:
    found: defaultdict[int, list[Part]] = defaultdict(list)
    end = milliseconds(now) + 1
    begin = end - round(wanted.span.total_seconds() * 1000)
    for span in seen:
        low, high = max(begin, span.since), min(end, span.until)
        if low < high:
            # As fine as over all of the time, however little of it is seen.
            parts = max(1, wanted.parts * (high - low) // (end - begin))
            told = telemetry.courses(sight.connection, sight.tenant_id, series, low, high, parts)
            for own, theirs in told.items():
                found[own] += theirs
    return found


def _since(seen: list[Span]) -> datetime | None:
    """From when on all is seen."""
    since = seen[-1].since
    for span in reversed(seen[:-1]):
        if span.until < since:
            break
        since = span.since
    return moment_of(since) if since else None
