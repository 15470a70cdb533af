"""What rules and operators are told of the signals of a batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from typing import Final

from sqlalchemy import Connection

from ringfence.domain.signal import Signal, Value
from ringfence.signals import rules
from ringfence.signals.alarms import Ledger, Tally
from ringfence.signals.attributes import attributes_of
from ringfence.signals.happening import Happening, no_longer, of_rule, said
from ringfence.signals.rules import Applying, Rules, State
from ringfence.signals.units import Unit
from ringfence.signals.values import Values

Heard = Mapping[int, tuple[Unit, list[Signal]]]
"""By devices what they are, and signals of them, which have their moments."""


def watch(
    connection: Connection,
    tenant_id: int,
    edge: int,
    now: int,
    heard: Heard,
    values: Values,
    states: dict[int, dict[int, State]],
    known: Rules | None,
) -> Tally:
    """Takes the values of signals, has the rules of their tenant look at them, if it has any (``known``), and raises
    and ends alarms by what those say, and by what the edge's signals do. ``states`` is how far rules are with the
    devices, and is so in the end.

    The signals of a device are taken in the order of their moments. What was so before it came to stand where it is is
    no value to the rules there.
    """
    watching = _Watch(edge, now, values, states, known)
    attributes: Mapping[int, Mapping[str, Value]] = {}
    if known is not None and known.attributes:
        asked = [unit for unit, _ in heard.values() if watching.applying(unit.path, unit.kind).attributes]
        names = frozenset[str]().union(*(watching.applying(unit.path, unit.kind).attributes for unit in asked))
        attributes = attributes_of(connection, tenant_id, asked, names)
    for unit, signals in heard.values():
        if len(signals) > 1:
            signals.sort(key=_moment)
        watching.look(unit, signals, attributes.get(unit.id) if attributes else None)
    rules.keep(connection, tenant_id, watching.changed)
    rules.hear(connection, tenant_id, now, watching.heard - watching.changed.keys())
    happened = watching.happened
    if not happened:
        return Tally()
    moments = [max(one.at, one.unit.since) for one in happened]
    ledger = Ledger(connection, tenant_id, {one.unit.id for one in happened}, min(moments), max(moments))
    ledger.tell(happened)
    return ledger.write()


def _moment(signal: Signal) -> int:
    assert signal.at is not None
    return signal.at


_NO_RULES: Final = Applying()


def _none(_path: str, _kind: str) -> Applying:
    return _NO_RULES


_Was = tuple[int | None, int, bool]
_NOTHING: Final[Mapping[int, _Was]] = {}


class _Watch:
    def __init__(
        self, edge: int, now: int, values: Values, states: dict[int, dict[int, State]], known: Rules | None
    ) -> None:
        self.edge = edge
        self.now = now
        self.values = values
        self.states = states
        self.applying = _none if known is None else known.to
        """The rules that look at a device, by the path of its customer and its kind."""
        self.changed: dict[rules.Key, State | None] = {}
        self.heard: set[rules.Key] = set()
        self.happened: list[Happening] = []

    def look(self, unit: Unit, signals: Collection[Signal], attributes: Mapping[str, Value] | None) -> None:
        """Looks at the signals of a device."""
        device = unit.id
        applying = self.applying(unit.path, unit.kind)
        states = self.states.get(device) or {}
        was: Mapping[int, _Was] = _NOTHING
        if states:
            self._drop(unit, applying, states)
            was = {rule: (state.since, state.count, state.raised) for rule, state in states.items()}
        rules, names, _, any_of_them = applying
        for signal in signals:
            older = self.values.take(device, signal)
            if rules and (values := signal.values) and (signal.at or 0) >= unit.since:
                if older or not values.keys() >= names:
                    self._look_at_latest(unit, signal, older, applying, states, attributes)
                elif attributes:
                    self._evaluate(unit, signal, applying, states, {**attributes, **values}, values.keys())
                # It says all that the rules ask for, as nearly all do, and mostly nothing comes of it.
                elif states or any_of_them is None or any_of_them.holds(values) is not False:
                    self._evaluate(unit, signal, applying, states, values, values.keys())
            if signal.alarm:
                self.happened.append(said(unit, signal, self.edge))
        if states:
            self._note(device, applying, states, was)

    def _drop(self, unit: Unit, applying: Applying, states: dict[int, State]) -> None:
        """Drops what is known of rules that do not look at the device any more."""
        gone = states.keys() - {rule.id for rule in applying.rules}
        for rule in sorted(gone):
            del states[rule]
            self.changed[unit.id, rule] = None
            self.happened.append(no_longer(unit, rule, self.now))

    def _look_at_latest(
        self,
        unit: Unit,
        signal: Signal,
        older: Collection[str],
        applying: Applying,
        states: dict[int, State],
        attributes: Mapping[str, Value] | None,
    ) -> None:
        """Has rules look at the latest values upon a signal, some of whose values are ``older`` than those."""
        known = self.values.known[unit.id]
        latest = known.values
        seen = {name: latest[name] for name in applying.names if name in latest and known.moment(name) >= unit.since}
        self._evaluate(
            unit, signal, applying, states, {**(attributes or {}), **seen}, signal.values.keys() - set(older)
        )

    def _evaluate(
        self,
        unit: Unit,
        signal: Signal,
        applying: Applying,
        states: dict[int, State],
        values: Mapping[str, Value],
        fresh: Set[str],
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
                self.happened.append(of_rule(unit, rule, step, values))

    def _note(self, device: int, applying: Applying, states: dict[int, State], was: Mapping[int, _Was]) -> None:
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
            else:
                del states[rule.id]
                if before is not None:
                    self.changed[device, rule.id] = None
        self.states[device] = states
