"""How alarms follow what people change: alarms themselves, rules, test modes, and where devices and customers stand.

Each is called within the transaction of the change, which holds the tenant's turn, once it is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select, update

from ringfence.domain import clock
from ringfence.domain.alarm import TEST
from ringfence.domain.alarm_rule import ALARM_RULES, kind_of_alarm
from ringfence.domain.clock import milliseconds
from ringfence.signals import queue, rules, suppression
from ringfence.signals.alarms import ESCALATION, Ledger
from ringfence.signals.happening import no_longer
from ringfence.signals.units import by_id
from ringfence.storage.bulk import any_of, records_of, upsert_rows
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.signal_tables import Escalation, RuleState
from ringfence.storage.tables import Alarm, Customer, Device, table_of


def follow(connection: Connection, tenant_id: int, alarms: Collection[int]) -> None:
    """Brings the queues in line with alarms that somebody has changed, created or deleted, and raises the tenant's
    number of changes. One that nobody has acknowledged any more becomes more severe after a while again."""
    if not alarms:
        return
    queue.put_anew(connection, tenant_id, alarms)
    waiting = (Alarm.cleared_at.is_(None), Alarm.acked_at.is_(None), Alarm.severity != "critical")
    known = exists().where(leads_to(Escalation.alarm_id, Alarm))
    mine = records_of(connection, Alarm, tenant_id, sorted(alarms))
    query = select(Alarm.id, Alarm.rule_id).where(mine, *waiting, ~known)
    found: dict[int, int] = dict(connection.execute(query.where(Alarm.rule_id.is_not(None))).all())
    after = rules.escalations(connection, tenant_id, set(found.values()))
    now = milliseconds(clock.now())
    rows = [(tenant_id, own, now, now + after[rule]) for own, rule in sorted(found.items()) if rule in after]
    upsert_rows(connection, Escalation.__tablename__, ESCALATION, 2, rows)
    queue.count_on(connection, tenant_id)


def customers_moved(connection: Connection, tenant_id: int, customers: Collection[int], at: int) -> None:
    """The alarms at and below customers that stand elsewhere now are in other queues, and other rules look at their
    devices from ``at`` on, in milliseconds since 1970."""
    if not customers:
        return
    if alarms := queue.below(connection, tenant_id, customers):
        queue.put_anew(connection, tenant_id, alarms)
        queue.count_on(connection, tenant_id)
    paths = select(Customer.path).where(records_of(connection, Customer, tenant_id, sorted(customers)))
    for path in connection.execute(paths).scalars():
        below = select(Device.id).join(Customer, leads_to(Device.customer_id, Customer))
        below = below.where(Customer.tenant_id == tenant_id, Customer.path >= path, Customer.path < path + "~")
        _look_again(connection, tenant_id, RuleState.device_id.in_(below), at)
    suppression.look_again(connection, tenant_id, at)


def hand_over(connection: Connection, tenant_id: int, devices: Iterable[int], at: int) -> None:
    """Devices came to stand elsewhere: what is known of rules is forgotten, their alarms are cleared as handed over,
    and what they said of alarms and is not over is raised anew where they stand now, bare."""
    left = sorted(set(devices))
    if not left:
        return
    theirs = any_of(connection, RuleState.device_id, left)
    connection.execute(delete(RuleState).where(RuleState.tenant_id == tenant_id, theirs))
    ledger = Ledger(connection, tenant_id, left, at, at)
    if ledger.entries:
        ledger.hand_over(by_id(connection, tenant_id, {one.device for one in ledger.entries}).values(), at)
        ledger.write()


def rules_changed(connection: Connection, tenant_id: int, changed: Mapping[int, tuple[str, str]], at: int) -> None:
    """Rules were created, changed or are about to go: of each the kind of alarm that it raised and raises, empty for
    none. What it has raised is over where that is another one now. At whatever else it may mean to devices the clocks
    look, from ``at`` on."""
    if not changed:
        return
    over = [own for own, (was, now) in sorted(changed.items()) if was and was != now]
    if over:
        _end(connection, tenant_id, over, at)
    kinds = {kind for both in changed.values() for kind in both if kind}
    rule = table_of(ALARM_RULES)
    rows = connection.execute(select(rule.id, rule.alarm, rule.name).where(rule.tenant_id == tenant_id))
    alike = [own for own, kind, name in rows if (kind or kind_of_alarm(name)) in kinds]
    _look_again(connection, tenant_id, any_of(connection, RuleState.alarm_rule_id, alike), at)
    theirs = any_of(connection, Alarm.rule_id, sorted(changed)) & of_tenant(Alarm, tenant_id)
    waiting = select(Alarm.id).where(theirs, Alarm.cleared_at.is_(None))
    later = (Escalation.tenant_id == tenant_id) & (Escalation.due_at > at) & Escalation.alarm_id.in_(waiting)
    connection.execute(update(Escalation).where(later).values(due_at=at))
    _escalate_newly(connection, tenant_id, sorted(changed))


def _escalate_newly(connection: Connection, tenant_id: int, changed: Collection[int]) -> None:
    """Alarms of rules that escalate by now, and did not before, wait since they began."""
    after = rules.escalations(connection, tenant_id, changed)
    if not after:
        return
    known = exists().where(leads_to(Escalation.alarm_id, Alarm))
    theirs = any_of(connection, Alarm.rule_id, sorted(after)) & of_tenant(Alarm, tenant_id)
    query = select(Alarm.id, Alarm.rule_id, Alarm.started_at).where(
        theirs, Alarm.cleared_at.is_(None), Alarm.acked_at.is_(None), ~known
    )
    begun = [(own, milliseconds(started), after[rule]) for own, rule, started in connection.execute(query)]
    rows = [(tenant_id, own, since, since + after_) for own, since, after_ in sorted(begun)]
    upsert_rows(connection, Escalation.__tablename__, ESCALATION, 2, rows)


def _end(connection: Connection, tenant_id: int, gone: Collection[int], at: int) -> None:
    """What these rules have raised is over."""
    of_rules = any_of(connection, RuleState.alarm_rule_id, gone)
    connection.execute(delete(RuleState).where(RuleState.tenant_id == tenant_id, of_rules))
    theirs = any_of(connection, Alarm.rule_id, gone) & of_tenant(Alarm, tenant_id)
    mine = (theirs, Alarm.ended_at.is_(None), Alarm.device_id.is_not(None))
    holding = or_(Alarm.cleared_at.is_(None), Alarm.outcome == TEST)
    found = connection.execute(select(Alarm.device_id, Alarm.rule_id).where(*mine, holding).distinct()).all()
    if not found:
        return
    devices = {device for device, _ in found}
    units = by_id(connection, tenant_id, devices)
    ledger = Ledger(connection, tenant_id, devices, at, at)
    ledger.tell(no_longer(units[device], rule, at) for device, rule in sorted(found))
    ledger.write()


def look_again(connection: Connection, tenant_id: int, devices: Collection[int], at: int) -> None:
    """Has the clocks look, from ``at`` on, at how far rules are with these devices."""
    if devices:
        _look_again(connection, tenant_id, any_of(connection, RuleState.device_id, sorted(devices)), at)


def test_modes_changed(connection: Connection, tenant_id: int, at: int) -> None:
    """Test modes were created, changed or are about to go: the clocks look, from ``at`` on, at what is suppressed."""
    suppression.look_again(connection, tenant_id, at)


def _look_again(connection: Connection, tenant_id: int, where: ColumnElement[bool], at: int) -> None:
    connection.execute(update(RuleState).where(RuleState.tenant_id == tenant_id, where).values(due_at=at))
