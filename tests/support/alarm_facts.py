"""What the slow statement of alarms speaks of: rules, test modes, devices, alarms, signals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

Values = Mapping[str, Any]
SEVERITIES = ["critical", "major", "minor", "warning", "info"]
SPARED = {"fire", "panic", "hold_up", "medical"}
GRAVE = SPARED | {"intrusion"}
TOKEN = 180_000
"""Milliseconds in which a device may raise one more alarm of a kind; it has twenty at most."""


@dataclass(frozen=True)
class Rule:
    """A rule. Conditions are functions that give None where something is missing."""

    key: str
    customer: str
    raises: str
    name: str
    when: Callable[[Values], bool | None] | None = None
    asks: frozenset[str] = frozenset()
    text: str = ""
    clear: Callable[[Values], bool | None] | None = None
    kinds: frozenset[str] = frozenset()
    severity: str = "warning"
    held: int = 0
    times: int = 1
    quiet: int = 0
    missing: int = 0
    escalate: int = 0
    fixed: bool = False
    active: bool = True


@dataclass
class Mode:
    """A test mode."""

    customer: str
    since: int
    until: int
    site: str | None = None
    device: str | None = None
    alarms: frozenset[str] = frozenset()


@dataclass
class Device:
    """A device: where it stands, since when, and all that it has said there and before."""

    key: str
    customer: str
    site: str | None = None
    kind: str = ""
    since: int = 0
    said: list[tuple[int, str, Any]] = field(default_factory=list)
    attributes: dict[str, tuple[int, Any]] = field(default_factory=dict)
    spoke: int | None = None
    """The last moment of a value or an alarm that it has said."""


@dataclass
class Progress:
    """How far a rule is with a device."""

    heard: int
    since: int | None = None
    count: int = 0
    raised: bool = False


@dataclass
class Alarm:
    """An alarm. ``sources`` are those that say that it is not over."""

    device: str
    kind: str
    customer: str
    site: str | None
    name: str
    severity: str
    text: str
    started: int
    last: int
    rule: str | None
    edge: bool
    count: int = 1
    ended: int | None = None
    acked: bool = False
    cleared: int | None = None
    outcome: str = "open"
    runaway: bool = False
    calm: int | None = None
    """When it may be cleared, of one that is over and came too often."""
    mode: int | None = None
    """When its test mode ends, of one under test that is not over."""
    waits: int | None = None
    """Since when nobody has acknowledged it, of one that becomes more severe."""


@dataclass(frozen=True)
class Line:
    """A signal as it came in."""

    device: str
    at: int
    values: Values
    attributes: Values
    alarm: str = ""
    on: bool = True
    severity: str = ""
    text: str = ""


def looking(rules: Collection[Rule], above: list[str], device: Device) -> dict[str, Rule]:
    """Those of the rules that look at a device, by the kind of alarm; ``above`` are its customer and those above that,
    from the root down."""
    found: dict[str, Rule] = {}
    for raises in {rule.raises for rule in rules}:
        alike = [
            rule
            for rule in rules
            if rule.active and rule.raises == raises and rule.customer in above
            if not rule.kinds or device.kind in rule.kinds
        ]
        fixed = [rule for rule in alike if rule.fixed]
        if fixed:
            found[raises] = min(fixed, key=lambda rule: (above.index(rule.customer), rule.key))
        elif alike:
            found[raises] = min(alike, key=lambda rule: (-above.index(rule.customer), rule.key))
    return found


def count_on(alarm: Alarm, more: Alarm) -> None:
    """A further signal of an alarm."""
    if alarm.ended is not None:
        alarm.ended, alarm.rule, alarm.edge = None, None, False
    alarm.rule = more.rule or alarm.rule
    alarm.edge = alarm.edge or more.edge
    alarm.count += 1
    if more.started >= alarm.last:
        alarm.last, alarm.text = more.started, more.text


def close(alarm: Alarm, at: int) -> None:
    """One under test is over, or is told from now on."""
    alarm.ended, alarm.mode = max(at, alarm.started), None


def shown_as(value: Any) -> str:
    """A value as alarms say it."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else f"{value:g}"


def minutes(milliseconds: int) -> str:
    """A duration as alarms say it, of less than an hour."""
    whole, seconds = divmod(milliseconds // 1000, 60)
    return f"{whole}m" * bool(whole) + f"{seconds}s" * (bool(seconds) or not whole)
