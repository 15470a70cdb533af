"""Where devices stood: what one reported is for those who reach the place where it stood then."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select

from ringfence.signals import late
from ringfence.storage.bulk import any_of, insert_rows, records_of
from ringfence.storage.columns import leads_to
from ringfence.storage.signal_tables import DeviceLatest, Event, Tenure
from ringfence.storage.tables import Device

_COLUMNS: Final = ("tenant_id", "device_id", "until", "customer_id", "site_id")


class Place(NamedTuple):
    """A customer, which may be gone by now, and a site of theirs or none."""

    customer: int
    stands: int | None


class Stay(NamedTuple):
    """A place where a device stood, up to but not at a moment in milliseconds since 1970."""

    until: int
    place: Place


def hand_over(connection: Connection, tenant_id: int, left: Iterable[tuple[int, Place]], at: int) -> None:
    """Writes down where devices stood that now stand elsewhere, of those that have said anything: up to ``at``, in
    milliseconds since 1970, and what they have said by then in any case. Their clocks may be a little ahead of ours."""
    places = dict(left)
    if not places:
        return
    late.settle(connection)
    said: dict[int, int] = {}
    for table in (DeviceLatest, Event):
        last_of = select(func.max(table.at)).where(leads_to(table.device_id, Device)).scalar_subquery()
        query = select(Device.id, last_of).where(records_of(connection, Device, tenant_id, list(places)))
        for device, moment in connection.execute(query):
            if moment is not None:
                said[device] = max(moment, said.get(device, moment))
    if not said:
        return  # of what nobody has heard there is nothing to keep apart
    stood = select(Tenure.device_id, func.max(Tenure.until)).where(
        Tenure.tenant_id == tenant_id, any_of(connection, Tenure.device_id, list(said))
    )
    last: dict[int, int] = dict(connection.execute(stood.group_by(Tenure.device_id)).all())
    # Where a clock was put back, or somebody was very quick, it stood there for no time at all.
    rows = [
        (tenant_id, device, max(at, moment + 1, last.get(device, 0) + 1), *places[device])
        for device, moment in sorted(said.items())
    ]
    insert_rows(connection, Tenure.__table__, _COLUMNS, rows)


def stays(connection: Connection, tenant_id: int, device: int) -> list[Stay]:
    """Where a device stood before, the first one first; since the last of them it is where it is."""
    query = select(Tenure.until, Tenure.customer_id, Tenure.site_id).where(
        Tenure.tenant_id == tenant_id, Tenure.device_id == device
    )
    return [Stay(until, Place(*place)) for until, *place in connection.execute(query.order_by(Tenure.until))]
