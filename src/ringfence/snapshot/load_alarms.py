"""What a load means to where devices stood, to alarms, to the rules that look at devices, and to test modes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ringfence.domain import clock
from ringfence.domain.alarm import ALARMS
from ringfence.domain.alarm_rule import ALARM_RULES, kind_of_alarm
from ringfence.domain.clock import milliseconds
from ringfence.domain.device import DEVICES
from ringfence.domain.kind import Kind
from ringfence.domain.test_mode import TEST_MODES
from ringfence.signals import following, tenure
from ringfence.signals.tenure import Place
from ringfence.snapshot.resolve import Resolver
from ringfence.storage.bulk import any_of
from ringfence.storage.rehearsal import rehearsed
from ringfence.storage.tables import Alarm, Customer, Device, table_of


def demand_one_open(connection: Connection, to: Resolver) -> None:
    """Notes alarms of the file that would be open beside another of their device and kind, there or in the file."""
    entries = list(to.entries(ALARMS.plural))
    known = {own for _, _, _, own in entries}
    about = {own: to.ids[DEVICES.plural].get((tenant, entry.device)) for _, entry, tenant, own in entries}
    devices = sorted({device for device in about.values() if device})
    query = select(Alarm.id, Alarm.device_id, Alarm.kind).where(any_of(connection, Alarm.device_id, devices))
    rows = connection.execute(query.where(Alarm.cleared_at.is_(None), Alarm.kind != "")).all() if devices else []
    taken = {(device, kind) for own, device, kind in rows if own not in known}
    for index, entry, _, own in entries:
        key = about[own], entry.kind
        if entry.cleared_at is None and entry.kind and about[own]:
            if key in taken:
                said = "cannot be open: another alarm of this kind and device is"
                to.fault(ALARMS.plural, index, entry.key, "cleared_at", said)
            taken.add(key)


class Following:
    """Notes what a load changes that others follow, and has them follow in the end."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._records: dict[str, defaultdict[int, set[int]]] = {
            kind.noun: defaultdict(set) for kind in (ALARMS, ALARM_RULES, TEST_MODES)
        }
        self._raised: dict[int, str] = {}
        self._left: defaultdict[int, set[int]] = defaultdict(set)
        self._others: defaultdict[int, set[int]] = defaultdict(set)
        self._moved: set[int] = set()

    def records(self, kind: Kind, rows: Sequence[tuple[Any, ...]]) -> None:
        """Records of a kind, by their ids and tenants, that are about to be written."""
        if kind.noun in self._records:
            for own, tenant, *_ in rows:
                self._records[kind.noun][tenant].add(own)
        if kind is ALARM_RULES and rows:
            self._raised = self._raises({row[0] for row in rows})

    def moved(self, customers: Collection[int]) -> None:
        """Customers that stand elsewhere."""
        self._moved |= set(customers)

    def devices(self, known: Sequence[Mapping[str, Any]]) -> None:
        """Devices that are about to be written: of those that will stand elsewhere it is written down where they
        stood."""
        if rehearsed(self.connection):
            return
        stand = {row["own_id"]: (Place(row["customer_id"], row["site_id"]), row["kind"]) for row in known}
        stood = select(Device.tenant_id, Device.id, Device.kind, Device.customer_id, Device.site_id)
        stood = stood.where(any_of(self.connection, Device.id, list(stand)))
        left: defaultdict[int, list[tuple[int, Place]]] = defaultdict(list)
        for tenant, own, kind, *place in self.connection.execute(stood):
            if stand[own][0] != tuple(place):
                left[tenant].append((own, Place(*place)))
                self._left[tenant].add(own)
            elif stand[own][1] != kind:
                self._others[tenant].add(own)
        for tenant, places in left.items():
            tenure.hand_over(self.connection, tenant, places, milliseconds(clock.now()))

    def settle(self) -> None:
        """Brings alarms in line with all of that, which is written."""
        if rehearsed(self.connection):
            return
        at = milliseconds(clock.now())
        for tenant, alarms in sorted(self._records[ALARMS.noun].items()):
            following.follow(self.connection, tenant, alarms)
        if self._moved:
            theirs = any_of(self.connection, Customer.id, sorted(self._moved))
            by_tenant: defaultdict[int, list[int]] = defaultdict(list)
            for tenant, own in self.connection.execute(select(Customer.tenant_id, Customer.id).where(theirs)):
                by_tenant[tenant].append(own)
            for tenant, customers in sorted(by_tenant.items()):
                following.customers_moved(self.connection, tenant, customers, at)
        for tenant, devices in sorted(self._left.items()):
            following.hand_over(self.connection, tenant, devices, at)
        for tenant, devices in sorted(self._others.items()):
            following.look_again(self.connection, tenant, devices, at)
        for tenant, rules in sorted(self._records[ALARM_RULES.noun].items()):
            now = self._raises(rules)
            changed = {own: (self._raised.get(own, ""), now.get(own, "")) for own in rules}
            following.rules_changed(self.connection, tenant, changed, at)
        for tenant in sorted(self._records[TEST_MODES.noun]):
            following.test_modes_changed(self.connection, tenant, at)

    def _raises(self, rules: Collection[int]) -> dict[int, str]:
        """The kinds of alarm that those of the rules raise that are active."""
        rule = table_of(ALARM_RULES)
        query = select(rule.id, rule.alarm, rule.name).where(any_of(self.connection, rule.id, sorted(rules)))
        rows = self.connection.execute(query.where(rule.active))
        return {own: kind or kind_of_alarm(name) for own, kind, name in rows}
