"""What a device reported, as far as a viewer sees it: of before a hand-over only what they reach of where it stood
then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from ringfence.domain.clock import LAST, milliseconds, moment_of
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import RingfenceError
from ringfence.domain.event import EVENTS
from ringfence.domain.signal import Value
from ringfence.signals import telemetry
from ringfence.signals.latest import latest_of
from ringfence.signals.telemetry import Point
from ringfence.signals.tenure import stays
from ringfence.visibility.column_values import permissions
from ringfence.visibility.page import Query, Window, page
from ringfence.visibility.places import reached
from ringfence.visibility.point import find
from ringfence.visibility.viewer import Sight, Viewer

_VIEW: Final = DEVICES.right("view")


class Measured(NamedTuple):
    """The latest value that a device reported under a name, and when."""

    name: str
    value: Value
    at: datetime


class Reading(NamedTuple):
    """A number at a moment."""

    at: datetime
    number: float


class Happened(NamedTuple):
    """What a device said once: an alarm that began (``on``) or ended (``off``), by its kind, or a text that
    ``changed``, by the name of its series."""

    at: datetime
    kind: str
    name: str
    severity: str
    text: str


class Span(NamedTuple):
    """A time from a moment (0: always) up to, but not at, another, in milliseconds since 1970."""

    since: int
    until: int


def latest(viewer: Viewer, key: str) -> list[Measured]:
    """The latest values of a device that the viewer may view, by name. Raises RingfenceError alike where it is hidden,
    or not there."""
    with viewer.look(_VIEW) as sight:
        device = _device(sight, key)
        seen = seen_spans(sight, device)
        found = latest_of(sight.connection, sight.tenant_id, device)
    told = (one for one in found if covers(seen, one.at))
    return sorted(Measured(one.name, one.value, moment_of(one.at)) for one in told)


def history(viewer: Viewer, key: str, name: str, since: datetime, until: datetime) -> list[Reading]:
    """The numbers that a device reported under a name from a moment up to, but not at, another, in their order. Raises
    RingfenceError as ``latest`` does, and where the viewer sees nothing of that name."""
    with viewer.look(_VIEW) as sight:
        device = _device(sight, key)
        seen = seen_spans(sight, device)
        every = latest_of(sight.connection, sight.tenant_id, device)
        series = next((one for one in every if one.name == name), None)
        if series is None:
            raise _unknown(key, name)
        points: list[Point] = []
        begin, end = milliseconds(since), milliseconds(until)
        for span in seen:
            low, high = max(begin, span.since), min(end, span.until)
            if low < high:
                points += telemetry.history(sight.connection, sight.tenant_id, series.series, low, high)
        if not points and not covers(seen, series.at) and not _reported_within(sight, series.series, seen):
            raise _unknown(key, name)  # it was reported where they do not look: as good as never
    return [Reading(moment_of(at), number) for at, number in points]


def happened(viewer: Viewer, key: str, most: int = 100) -> list[Happened]:
    """What a device said once, the newest first, and no more than so many. Raises RingfenceError as ``latest`` does."""
    with viewer.look(*permissions(EVENTS)) as sight:
        about = ("device", _device(sight, key))
        found = page(sight, Query(EVENTS, descending=True, about=about), Window(limit=most))
    return [Happened(moment_of(one.at), one.kind, one.name, one.severity, one.text) for one in found]


def _reported_within(sight: Sight, series: int, seen: Sequence[Span]) -> bool:
    return any(telemetry.history(sight.connection, sight.tenant_id, series, *span) for span in seen)


def _unknown(key: str, name: str) -> RingfenceError:
    return RingfenceError(
        f"the device {key!r} reports no {name!r}: 'ringfence telemetry latest {key} --as LOGIN' shows what it does"
    )


def _device(sight: Sight, key: str) -> int:
    found = find(sight, _VIEW, DEVICES, "key", key)
    if found is None:
        raise RingfenceError(f"there is no device {key!r}: 'ringfence list devices' shows those there are")
    return found


def seen_spans(sight: Sight, device: int) -> list[Span]:
    """The times of which the viewer sees what the device reported: where it is now they see it."""
    before = stays(sight.connection, sight.tenant_id, device)
    places = reached(sight, _VIEW, {one.place for one in before})
    spans, since = [], 0
    for stay in before:
        if stay.place in places:
            spans.append(Span(since, stay.until))
        since = stay.until
    return [*spans, Span(since, LAST)]


def covers(spans: Sequence[Span], at: int) -> bool:
    """Whether one of them holds a moment."""
    return any(span.since <= at < span.until for span in spans)
