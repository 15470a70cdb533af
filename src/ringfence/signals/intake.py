"""Taking signals in: whose they are, which are known, and what they leave behind, a batch a transaction.

An edge speaks for the devices of its customer and of those nested in it. A unit id that belongs to another device and
one that no device has are the same to it: unmatched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from ringfence.domain.alarm_rule import ALARM_RULES
from ringfence.domain.edge import EDGES
from ringfence.domain.errors import RingfenceError
from ringfence.domain.signal import AHEAD, Signal, Value, WrongSignal
from ringfence.signals import events, late, latest, rules, telemetry
from ringfence.signals.alarms import take_turn
from ringfence.signals.events import Said
from ringfence.signals.memory import Memory, keep, recalled, written_by
from ringfence.signals.telemetry import KEPT_DAYS, Key
from ringfence.signals.units import Unit, by_unit_id
from ringfence.signals.values import Values
from ringfence.signals.watching import watch
from ringfence.storage.bulk import Among, any_of, prepared, uncollected
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.engine import Database
from ringfence.storage.signal_tables import DAY, EdgeHeard, KnownSignal, RuleState, Unmatched
from ringfence.storage.tables import Customer, Tenant, table_of

BATCH: Final = 1000
"""So many signals at most are one transaction."""
MOST_UNMATCHED: Final = 1000
"""So many unit ids that an edge may not speak for are kept, the last ones heard."""
OBJECTS: Final = 5
"""That a line makes, or a few more."""
_SAMPLE: Final = 500
_MINUTE: Final = 60_000
_FIRST_HEARD: Final = text(
    "INSERT INTO edge_heard (tenant_id, edge_id, at, lines, allowance) VALUES (:tenant, :edge, :at, 0, :allowance) "
    "ON CONFLICT DO NOTHING"
)


_HEARD: Final = text(
    "UPDATE edge_heard SET at = :at, lines = lines + :lines, allowance = :allowance "
    "WHERE tenant_id = :tenant AND edge_id = :edge"
)


def _edge(_among: Among) -> Select[Any]:
    edge, rule = table_of(EDGES), table_of(ALARM_RULES)
    active = exists().where(rule.tenant_id == bindparam("tenant"), rule.active)
    ruled = or_(active, exists().where(RuleState.tenant_id == bindparam("tenant")))
    columns = (Customer.path, edge.lines_a_minute, edge.active, ruled.label("ruled"))
    query = select(*columns).join(edge, leads_to(edge.customer_id, Customer))
    this = edge.id == bindparam("edge"), of_tenant(edge, bindparam("tenant"))
    return query.where(*this, edge.key == bindparam("key"))


def _edge_heard(_among: Among) -> Select[Any]:
    query = select(EdgeHeard.at, EdgeHeard.allowance, EdgeHeard.lines)
    this = EdgeHeard.tenant_id == bindparam("tenant"), EdgeHeard.edge_id == bindparam("edge")
    return query.where(*this).with_for_update()


@dataclass(frozen=True, slots=True)
class Source:
    """An edge as signals come from it: its id, its tenant's, and its key."""

    id: int
    tenant_id: int
    key: str


class Taken(NamedTuple):
    """What came of signals: how many lines were taken and values in them, how many alarms were raised that operators
    see, and how many of theirs were cleared; how many lines named a unit that the edge may not speak for, how many were
    there before, and how many were refused for being too many a minute; and how many values were refused of devices
    that report under too many names already."""

    lines: int = 0
    values: int = 0
    raised: int = 0
    cleared: int = 0
    unmatched: int = 0
    repeated: int = 0
    over: int = 0
    refused: int = 0

    def __add__(self, other: Any) -> Taken:
        return Taken(*(one + more for one, more in zip(self, other, strict=True)))


Heard = tuple[Signal, str | bytes]
"""A signal, and the line that it stood in."""


def source(connection: Connection, key: str, tenant: str = "") -> Source:
    """The edge of that key, of that tenant where one is named. Raises RingfenceError where there is none, or more than
    one."""
    edge = table_of(EDGES)
    query = select(edge.id, edge.tenant_id, edge.key).join(Tenant, Tenant.id == edge.tenant_id).where(edge.key == key)
    found = connection.execute(query.where(Tenant.key == tenant) if tenant else query).all()
    if not found:
        raise RingfenceError(f"there is no edge {key!r}: 'ringfence list edges --as LOGIN' shows those there are")
    if len(found) > 1:
        raise RingfenceError(f"several tenants have an edge {key!r}: name one with --tenant")
    return Source(*found[0])


def timely(signal: Signal, now: int) -> Signal:
    """The signal with its moment: ``now`` where it says none. Raises WrongSignal for one that is yet to come, or of
    which no history is kept."""
    at = signal.at
    if at is None:
        return signal._replace(at=now)
    first, last = times_taken(now)
    if at > last:
        raise WrongSignal("ts: this is more than 5 minutes ahead of the clock here")
    if at < first:
        raise WrongSignal(f"ts: this is more than {KEPT_DAYS} days ago, and no history is kept of that")
    return signal


def times_taken(now: int) -> tuple[int, int]:
    """The first and the last moment of which signals are taken ``now``."""
    return now - KEPT_DAYS * DAY, now + AHEAD


def take(database: Database, edge: Source, heard: Sequence[Heard], now: int, *, more: bool = False) -> Taken:
    """Takes signals of an edge, each of which has its moment, in one transaction; ``now`` is in milliseconds since
    1970. ``more`` is waiting already. Raises RingfenceError where the edge is inactive or gone."""
    with uncollected(OBJECTS * len(heard)), database.writing() as connection:
        return _Batch(connection, edge, now).take(heard, more=more)


@dataclass(slots=True)
class _Said:
    """What signals say: by devices those with values or alarms, the alarms of which they say that they begin or end,
    the attributes of devices with their moments, how many values; and what named a unit in vain."""

    devices: dict[int, tuple[Unit, list[Signal]]] = field(default_factory=dict)
    alarms: list[Said] = field(default_factory=list)
    attributes: dict[Key, tuple[int, Value]] = field(default_factory=dict)
    values: int = 0
    unmatched: list[Heard] = field(default_factory=list)

    def take(self, heard: Iterable[Heard], units: Mapping[str, Unit], path: str) -> list[Heard]:
        """Takes what they say of those of these devices that are at or below a path. Returns those that name no unit
        among these."""
        unknown = []
        devices = self.devices
        count = 0
        for one in heard:
            signal = one[0]
            name, _, values, attributes, alarm, _, _, _, _ = signal
            unit = units.get(name)
            if unit is None:
                unknown.append(one)
                continue
            if not unit.path.startswith(path):
                self.unmatched.append(one)
                continue
            own = unit.id
            if attributes:
                self._attributes(own, signal)
            if alarm:
                self.alarms.append(events.of_alarm(own, signal))
            elif not values:
                continue
            count += len(values)
            known = devices.get(own)
            if known is None:
                devices[own] = unit, [signal]
            else:
                known[1].append(signal)
        self.values += count
        return unknown

    def _attributes(self, device: int, signal: Signal) -> None:
        at = signal.at
        assert at is not None
        for name, value in signal.attributes.items():
            key = device, name
            if key not in self.attributes or at >= self.attributes[key][0]:
                self.attributes[key] = at, value


class _Batch:
    def __init__(self, connection: Connection, edge: Source, now: int) -> None:
        self.connection = connection
        self.edge = edge
        self.tenant = edge.tenant_id
        self.now = now

    def take(self, heard: Sequence[Heard], *, more: bool) -> Taken:
        written = written_by(self.connection)
        path, most, ruled = self._path()
        take_turn(self.connection, self.tenant)
        allowed, sent = self._allow(len(heard), most)
        memory = recalled(self.connection, written, self.edge.id, sent)
        over, heard = len(heard) - allowed, heard[:allowed]
        fresh = self._fresh(heard)
        repeated = len(heard) - len(fresh)
        said = _Said()
        if unknown := said.take(fresh, memory.units, path):
            named = {signal.unit for signal, _ in unknown}
            memory.units.update(by_unit_id(self.connection, self.tenant, named))
            said.unmatched += said.take(unknown, memory.units, path)
        telemetry.report(self.connection, self.tenant, said.attributes)
        self._know_devices(said.devices, memory, ruled=ruled)
        values = Values(memory.latest)
        of_edge = self.connection, self.tenant, self.edge.id, self.now
        tally = watch(*of_edge, said.devices, values, memory.states, memory.rules)
        self._write(values, more=more)
        events.write(self.connection, self.tenant, (*said.alarms, *values.changes))
        self._keep_unmatched(said.unmatched)
        memory.many += len(values.fresh)
        keep(self.connection, memory, self.edge.id, sent + allowed)
        taken, refused = said.values - values.refused, values.refused
        return Taken(len(heard), taken, *tally, len(said.unmatched), repeated, over, refused)

    def _write(self, values: Values, *, more: bool) -> None:
        latest.add_series(self.connection, self.tenant, values.fresh)
        points = values.points
        for known, place, at, number in values.numbers:
            points += (known.ids[place], at, number)
        put_off = more and values.may_wait and late.make_way(self.connection, len(points) // 3)
        if not put_off:
            late.settle(self.connection)
        latest.write(self.connection, self.tenant, values.renewed, put_off=put_off)
        telemetry.write(self.connection, self.tenant, points, put_off=put_off)

    def _know_devices(self, devices: Mapping[int, tuple[Unit, Any]], memory: Memory, *, ruled: bool) -> None:
        """Has the memory know all that rules look at of these devices, if the tenant has any."""
        if unknown := [one for one in devices if one not in memory.latest]:
            known = latest.known_of(self.connection, self.tenant, unknown)
            memory.latest.update(known)
            memory.many += sum(len(one.shape) for one in known.values())
            if ruled:
                memory.states.update(rules.states_of(self.connection, self.tenant, unknown))
        if not ruled:
            memory.rules = None
        elif devices and (memory.rules is None or not memory.rules.everywhere):
            paths = {unit.path for unit, _ in devices.values()}
            memory.rules = rules.of_paths(self.connection, self.tenant, paths)

    def _path(self) -> tuple[str, int | None, bool]:
        """The path of the edge's customer, how many lines a minute it may send, and whether the tenant has any rule, or
        had one that is not forgotten yet."""
        given = {"tenant": self.tenant, "edge": self.edge.id, "key": self.edge.key}
        found = self.connection.execute(prepared(self.connection, _edge), given).one_or_none()
        if found is None:
            raise RingfenceError(f"the edge {self.edge.key!r} is not there any more: nothing more was taken")
        if not found.active:
            raise RingfenceError(f"the edge {self.edge.key!r} is inactive: activate it, and send again")
        return found.path, found.lines_a_minute, bool(found.ruled)

    def _allow(self, lines: int, most: int | None) -> tuple[int, int]:
        """How many of so many lines the edge may send now, and how many it had sent before; whoever else takes signals
        of it waits."""
        query, own = prepared(self.connection, _edge_heard), {"tenant": self.tenant, "edge": self.edge.id}
        known = self.connection.execute(query, own).one_or_none()
        if known is None:
            # Of two that hear it for the first time at once one waits, and finds what the other has made.
            self.connection.execute(_FIRST_HEARD, {**own, "at": self.now, "allowance": float(most or 0)})
            known = self.connection.execute(query, own).one()
        allowed, left = lines, 0.0
        if most is not None:
            filled = min(float(most), known.allowance + most * max(self.now - known.at, 0) / _MINUTE)
            allowed = min(lines, int(filled))
            left = filled - allowed
        at = max(self.now, known.at)
        self.connection.execute(_HEARD, {**own, "at": at, "lines": allowed, "allowance": left})
        return allowed, known.lines

    def _fresh(self, heard: Sequence[Heard]) -> list[Heard]:
        """Those that are not known yet, each once; they are known from now on."""
        named: dict[str, Heard] = {}
        for one in heard:
            if one[0].id:
                named.setdefault(one[0].id, one)
        if not named:
            return list(heard)
        own = KnownSignal.edge_id == self.edge.id
        query = select(KnownSignal.signal).where(
            KnownSignal.tenant_id == self.tenant, own, any_of(self.connection, KnownSignal.signal, list(named))
        )
        for known in self.connection.execute(query).scalars():
            del named[known]
        if named:
            row = {"tenant_id": self.tenant, "edge_id": self.edge.id, "at": self.now}
            self.connection.execute(insert(KnownSignal), [{**row, "signal": one} for one in named])
        return [one for one in heard if not one[0].id or named.get(one[0].id) is one]

    def _keep_unmatched(self, heard: Sequence[Heard]) -> None:
        """Keeps which unit ids the edge named in vain, how often, and the last line of each."""
        if not heard:
            return
        lines: dict[str, list[str | bytes]] = {}
        for signal, line in heard:
            lines.setdefault(signal.unit, []).append(line)
        own = self._unmatched
        query = select(Unmatched.unit_id).where(own, any_of(self.connection, Unmatched.unit_id, list(lines)))
        known = set(self.connection.execute(query).scalars())
        for unit in sorted(known):
            seen = {"last_at": self.now, "lines": Unmatched.lines + len(lines[unit]), "sample": _sample(lines[unit])}
            self.connection.execute(update(Unmatched).where(own, Unmatched.unit_id == unit).values(**seen))
        row = {"tenant_id": self.tenant, "edge_id": self.edge.id, "first_at": self.now, "last_at": self.now}
        if fresh := sorted(lines.keys() - known):
            new = [
                {**row, "unit_id": unit, "lines": len(lines[unit]), "sample": _sample(lines[unit])} for unit in fresh
            ]
            self.connection.execute(insert(Unmatched), new)
            self._forget_unmatched()

    @property
    def _unmatched(self) -> ColumnElement[bool]:
        return and_(Unmatched.tenant_id == self.tenant, Unmatched.edge_id == self.edge.id)

    def _forget_unmatched(self) -> None:
        own = self._unmatched
        many = self.connection.execute(select(func.count()).select_from(Unmatched).where(own)).scalar_one()
        if many > MOST_UNMATCHED:
            oldest = select(Unmatched.unit_id).where(own).order_by(Unmatched.last_at, Unmatched.unit_id)
            gone = self.connection.execute(oldest.limit(many - MOST_UNMATCHED)).scalars().all()
            self.connection.execute(delete(Unmatched).where(own, any_of(self.connection, Unmatched.unit_id, gone)))


def _sample(lines: Sequence[str | bytes]) -> str:
    line = lines[-1]
    text = line if isinstance(line, str) else line.decode(errors="replace")
    return text[:_SAMPLE].replace("\0", "\ufffd")
