"""Alarms that are open, by the customers that they are at or below: what queues of alarms are read by."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from sqlalchemy import Connection, Delete, bindparam, delete, select

from ringfence.domain.alarm import OPEN
from ringfence.domain.signal import SEVERITIES
from ringfence.signals.units import customers_on
from ringfence.storage.bulk import Among, any_of, insert_rows, listed, prepared, records_of, upsert_rows
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.listening import announce
from ringfence.storage.signal_tables import AlarmAbove, AlarmCount
from ringfence.storage.tables import Alarm, Customer

_ABOVE: Final = ("tenant_id", "ancestor_id", "started_key", "alarm_id", "customer_id", "rank")
_FIRST: Final = {"tenant_id": "int", "number": "bigint"}


class Open(NamedTuple):
    """An alarm that is open: its severity, its place in the order in which alarms began, and the path of its
    customer."""

    id: int
    severity: str
    started_key: str
    path: str


def put(connection: Connection, tenant_id: int, alarms: Iterable[Open]) -> None:
    """Puts alarms into the queues of all the customers above them, in which they must not be."""
    rows = sorted(
        (tenant_id, customer, one.started_key, one.id, above[-1], SEVERITIES.index(one.severity))
        for one in alarms
        for above in (customers_on(one.path),)
        for customer in above
    )
    if rows:
        insert_rows(connection, AlarmAbove.__table__, _ABOVE, rows)


def take_out(connection: Connection, tenant_id: int, alarms: Collection[int]) -> None:
    """Takes alarms out of all queues."""
    if alarms:
        binds = {"tenant": tenant_id, "alarms": listed(connection, alarms)}
        connection.execute(prepared(connection, _of_alarms), binds)


def _of_alarms(among: Among) -> Delete:
    mine = of_tenant(AlarmAbove, bindparam("tenant"))
    return delete(AlarmAbove).where(among(AlarmAbove.alarm_id, "alarms"), mine)


def put_anew(connection: Connection, tenant_id: int, alarms: Collection[int]) -> None:
    """Brings the queues in line with what these alarms are now."""
    take_out(connection, tenant_id, alarms)
    query = select(Alarm.id, Alarm.severity, Alarm.started_key, Customer.path).join(
        Customer, leads_to(Alarm.customer_id, Customer)
    )
    mine = records_of(connection, Alarm, tenant_id, sorted(alarms))
    put(connection, tenant_id, [Open(*row) for row in connection.execute(query.where(mine, Alarm.outcome == OPEN))])


def below(connection: Connection, tenant_id: int, customers: Collection[int]) -> list[int]:
    """The alarms that are in the queues of these customers."""
    theirs = any_of(connection, AlarmAbove.ancestor_id, sorted(customers))
    query = select(AlarmAbove.alarm_id).distinct().where(AlarmAbove.tenant_id == tenant_id, theirs)
    return list(connection.execute(query).scalars())


def count_on(connection: Connection, tenant_id: int) -> None:
    """Raises the number that tells whoever looks that alarms of a tenant have changed."""
    upsert_rows(connection, AlarmCount.__tablename__, _FIRST, 1, [(tenant_id, 1)], add="number")
    announce(connection, tenant_id)
