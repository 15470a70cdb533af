"""The devices that signals are of, with where they stand."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, func, select

from ringfence.storage.bulk import Among, listed, prepared, records_of
from ringfence.storage.columns import leads_to
from ringfence.storage.signal_tables import Tenure
from ringfence.storage.tables import Customer, Device


class Unit(NamedTuple):
    """A device: its unit id, the customer whose it is with that one's path, its site, its kind as it is compared; and
    since when it stands there, in milliseconds since 1970 (0: ever since)."""

    id: int
    unit_id: str
    customer: int
    path: str
    site: int | None
    kind: str
    since: int

    @property
    def places(self) -> tuple[int, ...]:
        """The site, if it stands on one."""
        return () if self.site is None else (self.site,)


def by_unit_id(connection: Connection, tenant_id: int, unit_ids: Collection[str]) -> dict[str, Unit]:
    """The devices of a tenant with these unit ids, by those."""
    if not unit_ids:
        return {}
    given = {"tenant": tenant_id, "unit_ids": listed(connection, unit_ids)}
    rows = connection.execute(prepared(connection, _called), given)
    return {row[1]: _unit(row) for row in rows.all()}


def _called(among: Among) -> Select[Any]:
    return _query().where(Device.tenant_id == bindparam("tenant"), among(Device.unit_id, "unit_ids", str))


def by_id(connection: Connection, tenant_id: int, devices: Collection[int]) -> dict[int, Unit]:
    """Those of these devices of a tenant that are there, by id."""
    if not devices:
        return {}
    rows = connection.execute(_query().where(records_of(connection, Device, tenant_id, sorted(devices))))
    return {row[0]: _unit(row) for row in rows.all()}


@lru_cache(maxsize=100_000)
def customers_on(path: str) -> tuple[int, ...]:
    """The customers on a path, from the root down."""
    return tuple(int(step, 36) for step in path.strip("/").split("/"))


def _query() -> Select[Any]:
    stood = select(func.max(Tenure.until)).where(Tenure.tenant_id == Device.tenant_id, Tenure.device_id == Device.id)
    columns = (Device.id, Device.unit_id, Device.customer_id, Customer.path, Device.site_id, Device.kind_key)
    query = select(*columns, stood.correlate(Device.__table__).scalar_subquery())
    return query.join(Customer, leads_to(Device.customer_id, Customer))


def _unit(row: Any) -> Unit:
    own, unit_id, customer, path, site, kind, since = row
    return Unit(own, unit_id, customer, path, site, kind, since or 0)
