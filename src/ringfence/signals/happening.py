"""What happens to alarms, and the alarms that it happens to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, bindparam, select

from ringfence.domain import duration, limits
from ringfence.domain.alarm import LIFE_SAFETY, OPEN
from ringfence.domain.clock import milliseconds
from ringfence.domain.signal import Signal, Value
from ringfence.signals.rules import Rule, Step
from ringfence.signals.units import Unit
from ringfence.storage.bulk import Among, listed, prepared
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.signal_tables import Suppressed
from ringfence.storage.tables import Alarm, Customer

_SEVERE: Final = LIFE_SAFETY | {"intrusion"}
"""Kinds of alarm that are critical where a signal does not say how severe they are."""


class Happening(NamedTuple):
    """That an alarm of a device begins (``on``) or is over, at a moment in milliseconds since 1970; by a rule, or else
    as a signal of an edge said. What an end is of, its kind says; where it has none, the rule."""

    unit: Unit
    at: int
    on: bool
    kind: str = ""
    name: str = ""
    severity: str = ""
    text: str = ""
    rule: int | None = None
    edge: int | None = None
    escalate_after: int = 0


def said(unit: Unit, signal: Signal, edge: int) -> Happening:
    """What a signal says of an alarm; of what happened before the device stood where it does, only that it is so."""
    assert signal.at is not None
    severity = signal.severity or ("critical" if signal.alarm in _SEVERE else "warning")
    text = _drawable(signal.text) if signal.at >= unit.since else ""
    return Happening(
        unit, signal.at, signal.on, signal.alarm, signal.alarm.replace("_", " "), severity, text, None, edge
    )


def of_rule(
    unit: Unit, rule: Rule, step: Step, values: Mapping[str, Value] | None, *, silent: bool = False
) -> Happening:
    """What came of a rule, by these latest values or else by the time alone: by how long the device was ``silent``, or
    the condition has held."""
    on, at = step
    if not on:
        return Happening(unit, at, False, rule.raises, rule=rule.id)
    if values is not None:
        text = ", ".join(f"{name} {_shown(values[name])}" for name in sorted(rule.names or ()) if name in values)
    elif not silent and rule.raise_when is not None:
        # Not the condition: it may say a limit of somebody above, whom those who see the alarm do not see.
        text = ", ".join((*sorted(rule.names or ()), f"for {duration.said(rule.held_for // 1000)}"))
    else:
        text = f"no value for {duration.said(rule.missing // 1000)}"
    return Happening(
        *(unit, at, True, rule.raises, rule.name, rule.severity, _drawable(text), rule.id, None, rule.escalate_after)
    )


def no_longer(unit: Unit, rule: int, at: int) -> Happening:
    """That a rule does not look at a device any more."""
    return Happening(unit, at, False, rule=rule)


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{value:.12g}"


def _drawable(text: str) -> str:
    """Text of a device as it can be kept and drawn: what is no printable character is a space."""
    if not text.isprintable():
        text = "".join(one if one.isprintable() else " " for one in text)
    return text[: limits.LONG_TEXT]


@dataclass(slots=True)
class Entry:
    """An alarm as the engine changes it; moments are in milliseconds since 1970. ``rule`` and ``edge`` are its sources
    that are not over yet, while it is not. ``queued`` is the severity by which it is in the queues, empty where it is
    not in them; ``due_at``, of one under test, is when its test mode ends."""

    id: int
    customer: int
    path: str
    device: int
    site: int | None
    unit_id: str
    kind: str
    name: str
    severity: str
    text: str
    rule: int | None
    edge: int | None
    started_at: int
    last_at: int
    count: int = 1
    ended_at: int | None = None
    acked: bool = False
    runaway: bool = False
    cleared_at: int | None = None
    outcome: str = OPEN
    queued: str = ""
    due_at: int | None = None
    fresh: bool = False
    changed: bool = False
    revised: bool = False
    unacked: bool = False

    @staticmethod
    def of(one: Happening, at: int) -> Entry:
        """A new alarm, of what happened at a moment."""
        unit = one.unit
        return Entry(
            *(
                0,
                unit.customer,
                unit.path,
                unit.id,
                unit.site,
                unit.unit_id,
                one.kind,
                one.name,
                one.severity,
                one.text,
            ),
            *(one.rule, one.edge, at, at),
            fresh=True,
        )

    @property
    def wanted(self) -> str:
        """The severity by which it belongs into the queues; empty where it does not."""
        return self.severity if self.cleared_at is None else ""

    def count_on(self, one: Happening, at: int) -> None:
        """Takes a further signal. One that was over is active again."""
        if self.ended_at is not None:
            self.ended_at, self.rule, self.edge = None, None, None
        if one.rule is not None:
            self.rule = one.rule
        if one.edge is not None or one.rule is None:
            self.edge = one.edge
        self.count += 1
        if at >= self.last_at:
            self.last_at, self.text = at, one.text
        self.changed = True

    def set_severity(self, severity: str) -> None:
        """Makes it more severe, by which it counts as new."""
        self.severity, self.revised, self.changed = severity, True, True
        self.unacked, self.acked = self.unacked or self.acked, False

    def leave(self, one: Happening) -> bool:
        """Takes a source away that says no more; returns whether there is none left. The last one stays written."""
        if one.rule is None:
            if self.rule is not None:
                self.changed |= self.edge is not None
                self.edge = None
                return False
            return True
        if self.rule != one.rule:
            return False
        if self.edge is not None:
            self.rule, self.changed = None, True
            return False
        return True


def open_at(connection: Connection, tenant_id: int, devices: Collection[int]) -> Iterator[Entry]:
    """The alarms of devices that are open."""
    given = {"tenant": tenant_id, "devices": listed(connection, devices)}
    return (_entry(row) for row in connection.execute(prepared(connection, _open_at), given))


def under_test(connection: Connection, tenant_id: int, devices: Collection[int]) -> Iterator[Entry]:
    """Those that a test mode keeps from the operators."""
    given = {"tenant": tenant_id, "devices": listed(connection, devices)}
    for row in connection.execute(prepared(connection, _under_test), given):
        entry = _entry(row)
        entry.due_at = row[20]
        yield entry


def open_among(connection: Connection, tenant_id: int, alarms: Collection[int]) -> Iterator[Entry]:
    """Those of these alarms that are open."""
    given = {"tenant": tenant_id, "alarms": listed(connection, alarms)}
    return (_entry(row) for row in connection.execute(prepared(connection, _open_among), given))


def _open_at(among: Among) -> Select[Any]:
    theirs = (among(Alarm.device_id, "devices"), Alarm.tenant_id == bindparam("tenant"))
    return _entries().where(*theirs, Alarm.cleared_at.is_(None), Alarm.kind != "")


def _under_test(among: Among) -> Select[Any]:
    query = _entries().add_columns(Suppressed.due_at).join(Suppressed, leads_to(Suppressed.alarm_id, Alarm))
    return query.where(among(Suppressed.device_id, "devices"), Suppressed.tenant_id == bindparam("tenant"))


def _open_among(among: Among) -> Select[Any]:
    these = (among(Alarm.id, "alarms"), of_tenant(Alarm, bindparam("tenant")))
    return _entries().where(*these, Alarm.cleared_at.is_(None))


def _entries() -> Select[Any]:
    columns = (Alarm.id, Alarm.customer_id, Customer.path, Alarm.device_id, Alarm.site_id, Alarm.unit_id, Alarm.kind)
    more = (Alarm.name, Alarm.severity, Alarm.text, Alarm.rule_id, Alarm.edge_id, Alarm.started_at, Alarm.last_at)
    rest = (Alarm.count, Alarm.ended_at, Alarm.acked_at, Alarm.runaway, Alarm.cleared_at, Alarm.outcome)
    query = select(*columns, *more, *rest).join(Customer, leads_to(Alarm.customer_id, Customer))
    return query.order_by(Alarm.id)


def _entry(row: Any) -> Entry:
    begun, last, count, ended, acked, runaway, cleared, outcome = row[12:20]
    # What was loaded from a file may say no moment.
    own: Any = (*row[:12], *(0 if at is None else milliseconds(at) for at in (begun, last)), count)
    entry = Entry(*own)
    entry.ended_at = None if ended is None else milliseconds(ended)
    entry.cleared_at = None if cleared is None else milliseconds(cleared)
    entry.acked, entry.runaway, entry.outcome = acked is not None, runaway, outcome
    entry.queued = entry.wanted
    return entry
