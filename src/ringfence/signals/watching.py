"""What rules and operators are told of the signals of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Final

from sqlalchemy import Connection

from ringfence.domain.signal import Signal, Value
from ringfence.signals import rules
from ringfence.signals.alarms import Ledger, Tally
from ringfence.signals.attributes import attributes_of
from ringfence.signals.happening import Happening, no_longer, of_rule, said
from ringfence.signals.rules import Applying, State
from ringfence.signals.telemetry import Key, Row, value_of
from ringfence.signals.units import Unit


def watch(
    connection: Connection,
    tenant_id: int,
    edge: int,
    now: int,
    signals: Sequence[tuple[Unit, Signal]],
    before: Mapping[Key, Row],
    *,
    ruled: bool,
) -> Tally:
    """Looks at the signals of a batch of an edge: what rules make of their values, and what they say of alarms.
    ``before`` are the latest values before it; ``ruled`` says whether the tenant has any rule. Those of a device are
    looked at in the order of their moments.

    What was so before a device came to stand where it is is no value to the rules there.
    """
    heard: dict[int, tuple[Unit, list[Signal]]] = {}
    for unit, signal in signals:
        if signal.alarm or (ruled and signal.values):
            known = heard.get(unit.id)
            if known is None:
                heard[unit.id] = unit, [signal]
            else:
                known[1].append(signal)
    happened: list[Happening] = []
    if ruled and heard:
        happened += _Watch(connection, tenant_id, edge, now, before).look(heard)
    else:
        for unit, theirs in heard.values():
            happened += [said(unit, one, edge) for one in sorted(theirs, key=_moment)]
    if not happened:
        return Tally()
    moments = [max(one.at, one.unit.since) for one in happened]
    ledger = Ledger(connection, tenant_id, {one.unit.id for one in happened}, min(moments), max(moments))
    ledger.tell(happened)
    return ledger.write()


def _moment(signal: Signal) -> int:
    assert signal.at is not None
    return signal.at


_NONE: Final[Mapping[int, tuple[int | None, int, bool]]] = {}


class _Watch:
    def __init__(self, connection: Connection, tenant_id: int, edge: int, now: int, before: Mapping[Key, Row]) -> None:
        self.connection = connection
        self.tenant = tenant_id
        self.edge = edge
        self.now = now
        self.before = before
        self.changed: dict[rules.Key, State | None] = {}
        self.heard: set[rules.Key] = set()

    def look(self, heard: Mapping[int, tuple[Unit, list[Signal]]]) -> list[Happening]:
        paths = {unit.path for unit, _ in heard.values()}
        known = rules.of_paths(self.connection, self.tenant, paths)
        states = rules.states_of(self.connection, self.tenant, heard)
        asked = frozenset[str]()
        looking: list[tuple[Unit, list[Signal], Applying]] = []
        for unit, signals in heard.values():
            applying = known.to(unit.path, unit.kind)
            looking.append((unit, signals, applying))
            if applying.attributes:
                asked |= applying.attributes
        units = [unit for unit, _, applying in looking if applying.attributes]
        attributes = attributes_of(self.connection, self.tenant, units, asked)
        happened: list[Happening] = []
        for unit, signals, applying in looking:
            device = unit.id
            if len(signals) > 1:
                signals.sort(key=_moment)
            theirs = states.get(device)
            if theirs:
                happened += self._drop(unit, applying, theirs)
            if applying.rules:
                self._look_at(unit, signals, applying, theirs or {}, attributes.get(device), happened)
            else:
                happened += [said(unit, one, self.edge) for one in signals if one.alarm]
        rules.keep(self.connection, self.tenant, self.changed)
        rules.hear(self.connection, self.tenant, self.now, self.heard - self.changed.keys())
        return happened

    def _drop(self, unit: Unit, applying: Applying, states: dict[int, State]) -> list[Happening]:
        """Drops what is known of rules that do not look at the device any more."""
        gone = states.keys() - {rule.id for rule in applying.rules}
        for rule in gone:
            del states[rule]
            self.changed[unit.id, rule] = None
        return [no_longer(unit, rule, self.now) for rule in sorted(gone)]

    def _look_at(
        self,
        unit: Unit,
        signals: Sequence[Signal],
        applying: Applying,
        states: dict[int, State],
        attributes: Mapping[str, Value] | None,
        happened: list[Happening],
    ) -> None:
        device, before, since = unit.id, self.before, unit.since
        if len(signals) == 1 and not states and not attributes and self._newest(unit, signals[0], applying):
            signal = signals[0]  # as nearly all come
            self._evaluate(unit, signal, applying, states, signal.values, signal.values.keys(), happened)
            if signal.alarm:
                happened.append(said(unit, signal, self.edge))
            if states:
                self._note(device, applying, states, _NONE)
            return
        values: dict[str, Value] = dict(attributes) if attributes else {}
        moments: dict[str, int] = {}
        for name in applying.names:
            row = before.get((device, name))
            if row is not None and row[1] >= since:
                values[name], moments[name] = value_of(row[2], row[3]), row[1]
        was = {rule: (state.since, state.count, state.raised) for rule, state in states.items()}
        for signal in signals:
            at = _moment(signal)
            if signal.values and at >= since:
                fresh = set()
                for name, value in signal.values.items():
                    known = moments.get(name)
                    if known is None:
                        row = before.get((device, name))
                        known = at if row is None else row[1]
                    if at >= known:
                        values[name], moments[name] = value, at
                        fresh.add(name)
                self._evaluate(unit, signal, applying, states, values, fresh, happened)
            if signal.alarm:
                happened.append(said(unit, signal, self.edge))
        self._note(device, applying, states, was)

    def _newest(self, unit: Unit, signal: Signal, applying: Applying) -> bool:
        """Whether a signal says all that the rules ask for, none of it older than what is known."""
        at, said_ = _moment(signal), signal.values
        if at < unit.since or not applying.names <= said_.keys():
            return False
        device, before = unit.id, self.before
        for name in said_:
            row = before.get((device, name))
            if row is not None and row[1] > at:
                return False
        return True

    def _evaluate(
        self,
        unit: Unit,
        signal: Signal,
        applying: Applying,
        states: dict[int, State],
        values: Mapping[str, Value],
        fresh: Set[str],
        happened: list[Happening],
    ) -> None:
        """Has those rules look at the latest values that ask for any that is ``fresh``."""
        for rule in applying.rules:
            if not rule.asks(fresh):
                continue
            state = states.get(rule.id)
            if state is None:
                if not rule.missing and (rule.raise_when is None or not rule.raise_when.holds(values)):
                    continue
                state = states[rule.id] = State()
            step = rules.heed(rule, state, values, _moment(signal), self.now)
            if step is not None:
                happened.append(of_rule(unit, rule, step, values))

    def _note(
        self,
        device: int,
        applying: Applying,
        states: Mapping[int, State],
        was: Mapping[int, tuple[int | None, int, bool]],
    ) -> None:
        """Notes what has to be written. When a clock is due need not be, where it is due only later than is known."""
        for rule in applying.rules:
            state = states.get(rule.id)
            if state is None:
                continue
            before = was.get(rule.id)
            if before == (state.since, state.count, state.raised):
                if (rule.quiet or rule.missing) and state.heard_at == self.now:
                    self.heard.add((device, rule.id))
            elif not state.blank or rule.missing:
                state.due_at = rules.due(rule, state)
                self.changed[device, rule.id] = state
            elif before is not None:
                self.changed[device, rule.id] = None
