"""The clocks: what comes of time alone, of rules, test modes and alarms.

Whatever is due is written down with its moment. It is looked at a few hundred at a time, in a transaction each: whoever
is killed has done some of it whole, and the next one does the rest. What had been due long ago comes out as if it had
been looked at then.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select, union

from ringfence.signals import rules
from ringfence.signals.alarms import ESCALATION, Key, Ledger, take_turn
from ringfence.signals.happening import Happening, no_longer, of_rule
from ringfence.signals.rules import State
from ringfence.signals.units import Unit, by_id
from ringfence.storage.bulk import delete_rows
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.engine import Database
from ringfence.storage.signal_tables import Escalation, RuleState, Runaway, Suppressed
from ringfence.storage.tables import Alarm

MOST: Final = 500
"""So many of a kind are looked at in one transaction at most."""
_ESCALATION_KEY: Final = dict(list(ESCALATION.items())[:2])


class Done(NamedTuple):
    """How many alarms were raised that operators see, and how many of theirs were cleared."""

    raised: int = 0
    cleared: int = 0

    def __add__(self, other: Any) -> Done:
        return Done(*(one + more for one, more in zip(self, other, strict=True)))


def run(database: Database, now: int) -> Done:
    """Does all that is due by ``now``, in milliseconds since 1970."""
    done = Done()
    while tenants := _due(database, now):
        for tenant in tenants:
            with database.writing() as connection:
                done += _Turn(connection, tenant, now).run()
    return done


def _due(database: Database, now: int) -> list[int]:
    """The tenants of which something is due."""
    kept = (RuleState, Suppressed, Runaway, Escalation)
    query = union(*(select(one.tenant_id).where(one.due_at <= now) for one in kept))
    with database.asking() as connection:
        return sorted(connection.execute(query).scalars())


class _Turn:
    def __init__(self, connection: Connection, tenant_id: int, now: int) -> None:
        self.connection = connection
        self.tenant = tenant_id
        self.now = now

    def run(self) -> Done:
        take_turn(self.connection, self.tenant)
        states = rules.states_due(self.connection, self.tenant, self.now, MOST)
        tests = self._keys(Suppressed)
        runaways = self._keys(Runaway)
        waiting, places = self._escalations()
        devices = {*states, *(device for device, _ in (*tests, *runaways)), *(one for one in places.values() if one)}
        units = by_id(self.connection, self.tenant, devices)
        apart = [alarm for alarm, device in places.items() if device is None]
        happened = self._elapsed(states, units)
        ledger = Ledger(self.connection, self.tenant, devices, self.now, self.now, apart)
        ledger.tell(happened, self.now)
        self._release(ledger, tests, units)
        for key in runaways:
            ledger.calm(key, self.now)
        self._escalate(ledger, waiting)
        return Done(*ledger.write())

    def _keys(self, of: Any) -> list[Key]:
        query = select(of.device_id, of.kind).where(of_tenant(of, self.tenant), of.due_at <= self.now)
        return [(device, kind) for device, kind in self.connection.execute(query.order_by(of.due_at).limit(MOST))]

    def _elapsed(self, states: dict[int, dict[int, State]], units: dict[int, Unit]) -> list[Happening]:
        """What the time makes of rules, or of that they look at a device no longer; how far they are is written."""
        looking = rules.of_paths(self.connection, self.tenant, {units[device].path for device in states})
        kept: dict[rules.Key, State | None] = {}
        gone: list[Happening] = []
        happened: list[Happening] = []
        for device, theirs in states.items():
            unit = units[device]
            applying = {rule.id: rule for rule in looking.to(unit.path, unit.kind).rules}
            for own, state in theirs.items():
                rule = applying.get(own)
                if rule is None:
                    kept[device, own] = None
                    gone.append(no_longer(unit, own, self.now))
                    continue
                steps = rules.elapse(rule, state, self.now)
                happened.extend(of_rule(unit, rule, step, None, silent=state.since is None) for step in steps)
                state.due_at = rules.due(rule, state)
                kept[device, own] = None if state.blank and not rule.missing else state
        rules.keep(self.connection, self.tenant, kept)
        return gone + happened

    def _release(self, ledger: Ledger, tests: list[Key], units: dict[int, Unit]) -> None:
        there = [key for key in tests if key in ledger.tests]
        asked = {rule for key in there if (rule := ledger.tests[key].rule) is not None}
        after = rules.escalations(self.connection, self.tenant, asked)
        for key in there:
            ledger.release(key, units[key[0]], self.now, after.get(ledger.tests[key].rule or 0, 0))

    def _escalations(self) -> tuple[dict[int, int], dict[int, int | None]]:
        """The alarms that may become more severe: since when they wait, and the device of each."""
        query = select(Escalation.alarm_id, Escalation.since, Alarm.device_id)
        query = query.join(Alarm, leads_to(Escalation.alarm_id, Alarm))
        query = query.where(of_tenant(Escalation, self.tenant), Escalation.due_at <= self.now)
        rows = self.connection.execute(query.order_by(Escalation.due_at).limit(MOST)).all()
        return {alarm: since for alarm, since, _ in rows}, {alarm: device for alarm, _, device in rows}

    def _escalate(self, ledger: Ledger, waiting: dict[int, int]) -> None:
        asked = {one.rule for one in ledger.entries if one.id in waiting and one.rule is not None}
        after = rules.escalations(self.connection, self.tenant, asked)
        over = [alarm for alarm, since in waiting.items() if not ledger.escalate(alarm, since, self.now, after)]
        keys = [(self.tenant, alarm) for alarm in over]
        delete_rows(self.connection, Escalation.__tablename__, _ESCALATION_KEY, keys)
