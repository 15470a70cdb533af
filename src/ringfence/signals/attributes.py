"""The attributes that conditions ask for: what people set, and what devices reported of themselves.

They are read anew with each batch, and count from the next value on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, select

from ringfence.domain.attributes import read
from ringfence.domain.signal import Value
from ringfence.signals.telemetry import unsaid
from ringfence.signals.units import Unit, customers_on
from ringfence.storage.bulk import any_of, records_of
from ringfence.storage.signal_tables import Reported
from ringfence.storage.tables import Customer, Device, Site

ATTRIBUTE: Final = "attr."
"""How the names of attributes begin in conditions."""


def attributes_of(
    connection: Connection, tenant_id: int, units: Collection[Unit], names: frozenset[str]
) -> dict[int, dict[str, Value]]:
    """The attributes of devices by those of these names that they have, as conditions ask for them. What was set on the
    device itself counts before what it reported; then come its site, its customer, and those above, the nearest
    first. Whoever may see what does not matter: a rule is nobody's eyes."""
    if not units or not names:
        return {}
    on_devices = _set(connection, tenant_id, Device, {unit.id for unit in units})
    reported = reported_of(connection, tenant_id, {unit.id for unit in units}, names)
    on_sites = _set(connection, tenant_id, Site, {place for unit in units for place in unit.places})
    customers = {customer for unit in units for customer in customers_on(unit.path)}
    on_customers = _set(connection, tenant_id, Customer, customers)
    found: defaultdict[int, dict[str, Value]] = defaultdict(dict)
    for unit in units:
        nearest = (on_devices.get(unit.id), reported.get(unit.id), *map(on_sites.get, unit.places))
        above = (on_customers.get(customer) for customer in reversed(customers_on(unit.path)))
        for place in filter(None, (*nearest, *above)):
            for name in place.keys() & names:
                found[unit.id].setdefault(ATTRIBUTE + name, place[name])
    return found


def reported_of(
    connection: Connection, tenant_id: int, devices: Iterable[int], names: Collection[str] | None = None
) -> dict[int, dict[str, Value]]:
    """What each of these devices reported of itself: attributes of these names, or else all."""
    theirs = any_of(connection, Reported.device_id, sorted(devices))
    query = select(Reported.device_id, Reported.name, Reported.said).where(Reported.tenant_id == tenant_id, theirs)
    if names is not None:
        query = query.where(any_of(connection, Reported.name, sorted(names)))
    found: defaultdict[int, dict[str, Value]] = defaultdict(dict)
    for device, name, said in connection.execute(query):
        found[device][name] = unsaid(said)
    return found


def _set(connection: Connection, tenant_id: int, mapped: Any, ids: Collection[int]) -> dict[int, Mapping[str, Value]]:
    """What people set on those of these records on which they set anything."""
    if not ids:
        return {}
    query = select(mapped.id, mapped.attributes).where(records_of(connection, mapped, tenant_id, sorted(ids)))
    rows = connection.execute(query.where(mapped.attributes != ""))
    return {own: read(text) for own, text in rows}
