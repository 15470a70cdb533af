"""What devices said once, in the order of time: alarms that began and ended, and texts that changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from ringfence.domain.event import CHANGED, OFF, ON
from ringfence.domain.signal import Signal, Value
from ringfence.signals.telemetry import said
from ringfence.storage.bulk import insert_rows
from ringfence.storage.signal_tables import Event

_COLUMNS: Final = ("tenant_id", "device_id", "at", "kind", "name", "severity", "text")


class Said(NamedTuple):
    """Something that a device said at a moment, in milliseconds since 1970. ``kind`` is what happened (``on`` or
    ``off``, of an alarm; ``changed``), ``name`` that of the alarm's kind or of the series."""

    device: int
    at: int
    kind: str
    name: str
    severity: str
    text: str


def of_alarm(device: int, signal: Signal) -> Said:
    """What a signal says of an alarm."""
    assert signal.at is not None
    return Said(device, signal.at, ON if signal.on else OFF, signal.alarm, signal.severity, signal.text)


def of_change(device: int, at: int, name: str, value: Value) -> Said:
    """That what is no number changed to a value."""
    return Said(device, at, CHANGED, name, "", value if isinstance(value, str) else said(value))


def write(connection: Connection, tenant_id: int, events: Iterable[Said]) -> None:
    """Writes them down."""
    rows = [(tenant_id, *one) for one in sorted(events, key=lambda one: one.at)]
    if rows:
        insert_rows(connection, Event.__table__, _COLUMNS, rows)


def of_device(
    connection: Connection, tenant_id: int, device: int, since: int, until: int, most: int, alarm: str = ""
) -> list[Said]:
    """What a device said from a moment up to, but not at, another: the last so many, the newest first. Of an ``alarm``
    kind, only when that began and ended."""
    columns = (Event.device_id, Event.at, Event.kind, Event.name, Event.severity, Event.text)
    query = select(*columns).where(
        Event.device_id == device, Event.tenant_id == tenant_id, Event.at >= since, Event.at < until
    )
    if alarm:
        query = query.where(Event.kind.in_((ON, OFF)), Event.name == alarm)
    rows = connection.execute(query.order_by(Event.at.desc(), Event.id.desc()).limit(most))
    return [Said(*row) for row in rows]
