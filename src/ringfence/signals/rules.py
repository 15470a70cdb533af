"""Alarm rules: which of them look at a device, and how far each is with it: what values and the time make of that.

A rule looks at the latest values of a device by name, and at its attributes. A value that is older than the latest of
its name is none that a rule looks at. Once a rule has raised an alarm, values upon which its condition goes on to hold
are no further signals of that alarm: it raises none anew before the condition was over once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, bindparam, select, text

from ringfence.domain import condition, duration
from ringfence.domain.alarm_rule import ALARM_RULES, AlarmRuleState
from ringfence.domain.condition import Condition
from ringfence.domain.signal import Value
from ringfence.domain.test_mode import kinds_in
from ringfence.domain.text import fold
from ringfence.signals.attributes import ATTRIBUTE
from ringfence.signals.units import customers_on
from ringfence.storage.bulk import Among, any_of, delete_rows, listed, prepared, records_of, upsert_rows
from ringfence.storage.columns import of_tenant
from ringfence.storage.signal_tables import RuleState
from ringfence.storage.tables import table_of

_FEW: Final = 500
_MOST: Final = 100_000
"""So many kinds of devices at customers are remembered with the rules that look at them."""
_STATE: Final = {
    **dict.fromkeys(("tenant_id", "device_id", "alarm_rule_id"), "int"),
    **dict.fromkeys(("heard_at", "since"), "bigint"),
    "count": "int",
    "raised": "boolean",
    "due_at": "bigint",
}
_STATE_KEY: Final = dict(list(_STATE.items())[:3])

Step = tuple[bool, int]
"""What comes of a rule: whether its alarm begins (or else is over), and when, in milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is looked at: durations are milliseconds (0: none). ``names`` are those of the values that its
    conditions ask for (None: of any value), ``attributes`` those of the attributes."""

    id: int
    key: str
    customer: int
    name: str
    raises: str
    severity: str
    raise_when: Condition | None
    clear_when: Condition | None
    held_for: int
    times: int
    quiet: int
    missing: int
    escalate_after: int
    fixed: bool
    device_kinds: frozenset[str]
    names: frozenset[str] | None
    attributes: frozenset[str]

    def asks(self, fresh: Set[str]) -> bool:
        """Whether it looks when the values of these names are new."""
        return bool(fresh) if self.names is None else not self.names.isdisjoint(fresh)


@dataclass(slots=True)
class State:
    """How far a rule is with a device, as `RuleState` keeps it. One that was raised and holds since no moment was
    raised by silence."""

    heard_at: int | None = None
    since: int | None = None
    count: int = 0
    raised: bool = False
    due_at: int | None = None

    @property
    def blank(self) -> bool:
        """Whether it says nothing but when something was heard."""
        return self.since is None and not self.count and not self.raised


def of_paths(connection: Connection, tenant_id: int, paths: Collection[str]) -> Rules:
    """The active rules of all customers on these paths, or a few more."""
    rule = table_of(ALARM_RULES)
    fields = [getattr(rule, field.column) for field in ALARM_RULES.stored.values()]
    query = select(rule.id, *fields).where(rule.tenant_id == tenant_id, rule.active)
    # There are few, mostly, and then all are read as quickly as those of a thousand customers are told.
    rows = connection.execute(query.limit(_FEW + 1)).all()
    few = len(rows) <= _FEW
    if not few:
        customers = {customer for path in paths for customer in customers_on(path)}
        rows = connection.execute(query.where(any_of(connection, rule.customer_id, sorted(customers)))).all()
    return _rules(tuple(map(tuple, rows)), few)


@lru_cache(maxsize=8)
def _rules(rows: tuple[tuple[Any, ...], ...], everywhere: bool) -> Rules:
    """The same rows are the same rules, whose devices are found already."""
    return Rules([_rule(*row) for row in rows], everywhere=everywhere)


def escalations(connection: Connection, tenant_id: int, rules: Collection[int]) -> dict[int, int]:
    """Of those of these rules that escalate, after how many milliseconds they do, by id."""
    if not rules:
        return {}
    rule = table_of(ALARM_RULES)
    query = select(rule.id, rule.escalate_after).where(rule.escalate_after != "", rule.active)
    rows = connection.execute(query.where(records_of(connection, rule, tenant_id, sorted(rules))))
    return {own: _milliseconds(after) for own, after in rows}


@lru_cache(maxsize=10_000)
def _rule(own: int, *values: Any) -> Rule:
    state = ALARM_RULES.state(*values)
    assert isinstance(state, AlarmRuleState)
    return rule_of(own, state)


def rule_of(own: int, state: AlarmRuleState) -> Rule:
    """A rule with that id, as it is looked at. Raises WrongCondition, and RingfenceError for what is no duration."""
    raise_when, clear_when = (condition.parse(one) if one else None for one in (state.raise_when, state.clear_when))
    asked = frozenset[str]().union(*(one.names for one in (raise_when, clear_when) if one is not None))
    attributes = frozenset(one.removeprefix(ATTRIBUTE) for one in asked if one.startswith(ATTRIBUTE))
    return Rule(
        id=own,
        key=state.key,
        customer=state.customer,
        name=state.name,
        raises=state.raises,
        severity=state.severity,
        raise_when=raise_when,
        clear_when=clear_when,
        held_for=_milliseconds(state.held_for),
        times=state.times,
        quiet=_milliseconds(state.quiet),
        missing=_milliseconds(state.missing),
        escalate_after=_milliseconds(state.escalate_after),
        fixed=state.fixed,
        device_kinds=frozenset(fold(one) for one in kinds_in(state.device_kinds)),
        names=frozenset(one for one in asked if not one.startswith(ATTRIBUTE)) if state.raise_when else None,
        attributes=attributes,
    )


def _milliseconds(said: str) -> int:
    return duration.read(said) * 1000 if said else 0


class Applying(NamedTuple):
    """The rules that look at a device, and all the names of values and of attributes that they ask for. ``any`` is
    unknown or holds where any of them makes something of values, all of which are new, at a device of which it knew
    nothing (None: that cannot be told so)."""

    rules: tuple[Rule, ...] = ()
    names: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    any: Condition | None = None


class Rules:
    """Rules of customers, among which those are found that look at a device; ``everywhere`` where those are all rules
    of the tenant. ``attributes`` are the names of those that any of them asks for."""

    def __init__(self, rules: Collection[Rule], *, everywhere: bool = True) -> None:
        self.everywhere = everywhere
        self.attributes = frozenset[str]().union(*(rule.attributes for rule in rules))
        self._of: defaultdict[int, list[Rule]] = defaultdict(list)
        for rule in sorted(rules, key=lambda one: (not one.fixed, one.key)):
            self._of[rule.customer].append(rule)
        self._known: dict[tuple[str, str], Applying] = {}

    def to(self, path: str, kind: str) -> Applying:
        """Those that look at a device of this kind (folded), of the customer with this path: of those that raise the
        same kind of alarm the topmost fixed one, or else the nearest; of one customer's the one with the first key."""
        applying = self._known.get((path, kind))
        if applying is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            applying = self._known[path, kind] = self._found(path, kind)
        return applying

    def _found(self, path: str, kind: str) -> Applying:
        found: dict[str, Rule] = {}
        for customer in customers_on(path):
            for rule in self._of.get(customer, ()):
                known = found.get(rule.raises)
                if rule.device_kinds and kind not in rule.device_kinds:
                    continue
                if known is None or not (known.fixed or known.customer == customer):
                    found[rule.raises] = rule
        rules = tuple(found.values())
        names = frozenset[str]().union(*(rule.names for rule in rules if rule.names))
        asking = tuple(rule.raise_when for rule in rules if rule.raise_when is not None and rule.names)
        quick = asking and not any(rule.missing for rule in rules)
        attributes = frozenset[str]().union(*(rule.attributes for rule in rules))
        return Applying(rules, names, attributes, condition.either(asking) if quick else None)


# How far a rule is with a device.


def heed(rule: Rule, state: State, values: Mapping[str, Value], at: int, now: int) -> Step | None:
    """What a signal of that moment makes of it, with the latest values after it; ``now`` is when it came. An alarm
    whose condition held so often, and lacked only time, began when that was over."""
    state.heard_at = now if state.heard_at is None else max(state.heard_at, now)
    holds = None if rule.raise_when is None else rule.raise_when.holds(values)
    if state.raised:
        if rule.clear_when is not None:
            over = rule.clear_when.holds(values)
        else:
            over = rule.raise_when is None or holds is False
        if over:
            _lower(state)
            return False, at
        if holds and state.since is None:
            state.since = at
        return None
    if holds is None:
        return None
    if not holds:
        state.since, state.count = None, 0
        return None
    waited = state.count >= rule.times
    state.since = at if state.since is None else state.since
    state.count = min(state.count + 1, rule.times)
    due = state.since + rule.held_for
    if state.count < rule.times or at < due:
        return None
    state.raised = True
    return True, due if waited else at


def elapse(rule: Rule, state: State, now: int) -> Iterator[Step]:
    """What the time makes of it up to ``now``, in the order in which it comes to pass."""
    while (moment := due(rule, state)) is not None and moment <= now:
        if state.raised:
            _lower(state)
            yield False, moment
            continue
        state.raised = True
        if _held_until(rule, state) != moment:  # it was silent for so long
            state.since, state.count = None, 0
        yield True, moment


def due(rule: Rule, state: State) -> int | None:
    """When the time makes something of it next. Where a rule raises an alarm upon silence, silence of at least that
    length ends none."""
    if state.raised:
        ends = rule.quiet and (not rule.missing or rule.quiet < rule.missing)
        return state.heard_at + rule.quiet if ends and state.since is not None and state.heard_at is not None else None
    held = _held_until(rule, state)
    silent = state.heard_at + rule.missing if rule.missing and state.heard_at is not None else None
    return min((one for one in (held, silent) if one is not None), default=None)


def _held_until(rule: Rule, state: State) -> int | None:
    return state.since + rule.held_for if state.since is not None and state.count >= rule.times else None


def _lower(state: State) -> None:
    state.since, state.count, state.raised = None, 0, False


# As it is kept.


def states_of(connection: Connection, tenant_id: int, devices: Collection[int]) -> dict[int, dict[int, State]]:
    """How far rules are with these devices, by the ids of devices and of rules."""
    found: defaultdict[int, dict[int, State]] = defaultdict(dict)
    given = {"tenant": tenant_id, "devices": listed(connection, devices)}
    for device, rule, *values in connection.execute(prepared(connection, _states), given):
        found[device][rule] = State(*values)
    return found


def _states(among: Among) -> Select[Any]:
    columns = (RuleState.heard_at, RuleState.since, RuleState.count, RuleState.raised, RuleState.due_at)
    query = select(RuleState.device_id, RuleState.alarm_rule_id, *columns)
    return query.where(RuleState.tenant_id == bindparam("tenant"), among(RuleState.device_id, "devices"))


def states_due(connection: Connection, tenant_id: int, now: int, most: int) -> dict[int, dict[int, State]]:
    """The same of those whose clock has to be looked at by now, so many at most."""
    due = select(RuleState.device_id, RuleState.alarm_rule_id).where(
        of_tenant(RuleState, tenant_id), RuleState.due_at <= now
    )
    keys = connection.execute(due.order_by(RuleState.due_at).limit(most)).all()
    found = states_of(connection, tenant_id, {device for device, _ in keys}) if keys else {}
    wanted: defaultdict[int, dict[int, State]] = defaultdict(dict)
    for device, rule in keys:
        wanted[device][rule] = found[device][rule]
    return wanted


Key = tuple[int, int]
"""The ids of a device and of a rule."""


def keep(connection: Connection, tenant_id: int, states: Mapping[Key, State | None]) -> None:
    """Keeps how far rules are with devices (None: not at all)."""
    gone = [(tenant_id, *key) for key in sorted(states) if states[key] is None]
    rows = [
        (tenant_id, *key, state.heard_at, state.since, state.count, state.raised, state.due_at)
        for key, state in sorted(states.items(), key=lambda one: one[0])
        if state is not None
    ]
    delete_rows(connection, RuleState.__tablename__, _STATE_KEY, gone)
    upsert_rows(connection, RuleState.__tablename__, _STATE, 3, rows)


def hear(connection: Connection, tenant_id: int, now: int, keys: Collection[Key]) -> None:
    """Keeps of rules and devices of which nothing else has changed that a value came."""
    if not keys:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_HEAR, [(now, tenant_id, *key, now) for key in sorted(keys)])
        return
    devices, rules = map(list, zip(*sorted(keys), strict=True))
    connection.execute(_HEAR_POSTGRESQL, {"now": now, "tenant": tenant_id, "devices": devices, "rules": rules})


_HEAR: Final = (
    "UPDATE rule_state SET heard_at = ? WHERE tenant_id = ? AND device_id = ? AND alarm_rule_id = ? AND heard_at < ?"
)
_HEAR_POSTGRESQL: Final = text(
    "UPDATE rule_state SET heard_at = :now FROM (SELECT * FROM unnest(CAST(:devices AS int[]), CAST(:rules AS int[])) "
    "AS heard(device, rule)) heard WHERE rule_state.tenant_id = :tenant AND device_id = heard.device AND "
    "alarm_rule_id = heard.rule AND heard_at < :now"
)
