"""How often an alarm rule would have raised an alarm, over what devices reported. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple

from ringfence.changes.validity import demand_possible
from ringfence.domain import kind
from ringfence.domain.alarm_rule import ALARM_RULES, AlarmRuleState
from ringfence.domain.clock import milliseconds, moment_of
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import RingfenceError
from ringfence.domain.signal import Value
from ringfence.services import attributes, editing, naming
from ringfence.signals import rules, telemetry
from ringfence.signals.attributes import ATTRIBUTE
from ringfence.signals.backtest import Episode, History, replay
from ringfence.signals.latest import Latest, known_of
from ringfence.signals.rules import Rule
from ringfence.signals.units import Unit, by_id
from ringfence.visibility import page
from ringfence.visibility.overview import path_of
from ringfence.visibility.point import among, find
from ringfence.visibility.viewer import Sight, Viewer

MOST_VALUES: Final = 500_000
"""So many values are looked at, all in all."""
MOST_DEVICES: Final = 5_000
"""So many devices are looked at."""
_CHUNK: Final = 500
_VIEW: Final = DEVICES.right("view")
_ALL: Final = "/"


class Raised(NamedTuple):
    """How often there would have been an alarm of a device, when the first and the last one began, for how many seconds
    all in all, and whether the last one goes on."""

    key: str
    name: str
    times: int
    first: datetime
    last: datetime
    seconds: int
    lasts: bool

    def fields(self) -> dict[str, Any]:
        """The same for programs, with moments as ISO 8601."""
        return self._asdict() | {"first": self.first.isoformat(), "last": self.last.isoformat()}


class Backtest(NamedTuple):
    """What came of it, by device, in the order of their names: of those that a rule would have raised an alarm of.
    So many ``devices`` and ``values`` were looked at. ``cut`` says that there is more, which was not."""

    raised: Sequence[Raised]
    devices: int
    values: int
    cut: bool

    def fields(self) -> dict[str, Any]:
        """The same for programs, with sums."""
        return {
            "times": sum(one.times for one in self.raised),
            "seconds": sum(one.seconds for one in self.raised),
            "devices": self.devices,
            "values": self.values,
            "cut": self.cut,
            "raised": [one.fields() for one in self.raised],
        }


class Places(NamedTuple):
    """Whose devices are looked at: of one customer and those nested in it, or one device, by their keys; else of all
    in sight."""

    under: str | None = None
    device: str | None = None


def stored(viewer: Viewer, key: str) -> AlarmRuleState:
    """A rule that the viewer may list, by its key. Raises RingfenceError alike for one that is hidden and one that is
    not there."""
    rule = editing.open_record(viewer, ALARM_RULES.noun, naming.record_id(viewer, ALARM_RULES.name, key)).state
    assert isinstance(rule, AlarmRuleState)
    return rule


def altered(state: AlarmRuleState, fields: Mapping[str, Any]) -> AlarmRuleState:
    """A rule with other values in some fields. Raises Refused for what no rule may be, with the column where a
    condition cannot be understood."""
    found = kind.altered(state, **fields)
    demand_possible(state, found)
    return found


def backtest(
    viewer: Viewer, state: AlarmRuleState, places: Places, since: datetime, until: datetime, most: int = MOST_VALUES
) -> Backtest:
    """Has a rule look at what devices of its customer (0: of any), and of those nested in it, reported from a moment on
    and up to another, as if it had been made at the first: whatever other rules there are, and whether it is active.

    A device's values count since it stands where it is, as they do for rules, and attributes as they are now; both as
    far as the viewer sees them. Raises RingfenceError alike for a customer or a device that is hidden and one that is
    not there; WrongCondition, and RingfenceError for what is no duration.
    """
    rule = rules.rule_of(0, state)
    with viewer.look(CUSTOMERS.permission, DEVICES.permission, *attributes.RIGHTS) as sight:
        connection, tenant = sight.connection, sight.tenant_id
        top = path_of(sight, state.customer) if state.customer else _ALL
        days = telemetry.days_of(connection)
        history = History(connection, tenant, days, milliseconds(since), milliseconds(until))
        raised, devices, left, cut = list[Raised](), 0, most, False
        for unit, key, name, series in _devices(sight, rule, places, top, milliseconds(since)):
            if devices == MOST_DEVICES or left <= 0:
                cut = True
                break
            devices += 1
            reported = history.of(unit.id, unit.since, series, left)
            left -= reported.many
            cut = cut or reported.until < milliseconds(until)
            episodes = replay(rule, _attributes(sight, rule, unit.id), reported)
            if episodes:
                raised.append(_told(key, name, episodes, reported.until))
            if cut:
                break
    return Backtest(raised, devices, most - left, cut)


def _told(key: str, name: str, episodes: Sequence[Episode], until: int) -> Raised:
    spent = sum((until if one.ended is None else one.ended) - one.began for one in episodes)
    first, last = (moment_of(one.began) for one in (episodes[0], episodes[-1]))
    return Raised(key, name, len(episodes), first, last, spent // 1000, episodes[-1].ended is None)


def _devices(
    sight: Sight, rule: Rule, places: Places, top: str, since: int
) -> Iterator[tuple[Unit, str, str, Mapping[str, Latest]]]:
    """The devices that a rule looks at, as far as the viewer views what they report, with their keys and names, and
    what they report that it asks for; without those that said nothing of it since."""
    for rows in _parts(_rows(sight, places, top)):
        units = by_id(sight.connection, sight.tenant_id, [row.id for row in rows])
        looking = [
            (units[row.id], row.key, row.name)
            for row in rows
            if units[row.id].path.startswith(top) and (not rule.device_kinds or units[row.id].kind in rule.device_kinds)
        ]
        known = known_of(sight.connection, sight.tenant_id, [unit.id for unit, _, _ in looking])
        for unit, key, name in looking:
            series = {one.name: one for one in known[unit.id].each() if rule.names is None or one.name in rule.names}
            if any(one.at >= max(since, unit.since) for one in series.values()):
                yield unit, key, name, series


def _rows(sight: Sight, places: Places, top: str) -> Iterator[Any]:
    if places.device is not None:
        own = find(sight, _VIEW, DEVICES, "key", places.device)
        if own is None:
            raise RingfenceError(
                f"there is no device {places.device!r}: 'ringfence list devices' shows those there are"
            )
        yield from among(sight, _VIEW, DEVICES, [own])
        return
    under = None if top == _ALL else top
    if places.under is not None:
        own = find(sight, CUSTOMERS.permission, CUSTOMERS, "key", places.under)
        if own is None:
            said = f"there is no customer {places.under!r}: 'ringfence list customers' shows those there are"
            raise RingfenceError(said)
        below = path_of(sight, own)
        under = below if below.startswith(top) else top if top.startswith(below) else None
        if under is None:
            return
    for rows in _parts(page.every(sight, page.Query(DEVICES, under=under))):
        viewed = {row.id for row in among(sight, _VIEW, DEVICES, [row.id for row in rows])}
        yield from (row for row in rows if row.id in viewed)


def _parts(rows: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(rows)
    while part := list(islice(left, _CHUNK)):
        yield part


def _attributes(sight: Sight, rule: Rule, device: int) -> dict[str, Value]:
    """The attributes that the rule asks for, the nearest that the viewer sees of each."""
    found: dict[str, Value] = {}
    for one in (attributes.of_record(sight, DEVICES, device) or ()) if rule.attributes else ():
        if one.name in rule.attributes:
            found.setdefault(ATTRIBUTE + one.name, one.value)
    return found
