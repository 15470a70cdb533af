"""Who gains and loses what by a change: exact, from the grants before and after it in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from ringfence.domain.device import Device
from ringfence.visibility.intervals import contains, intersect, subtract
from ringfence.visibility.reach import Reach, measure
from ringfence.visibility.rule import Region

_NOTHING: Final = Region([], ())


@dataclass(frozen=True, slots=True)
class Difference:
    """What one user gains and loses: numbers of customers and of devices."""

    customers_gained: int
    customers_lost: int
    devices_gained: int
    devices_lost: int

    def __bool__(self) -> bool:
        return any((self.customers_gained, self.customers_lost, self.devices_gained, self.devices_lost))


def differences(
    connection: Connection,
    tenant_id: int,
    before: Mapping[int, Reach],
    after: Mapping[int, Reach],
    users: Iterable[int],
) -> dict[int, Difference]:
    """What each user gains and loses; those for whom nothing changes are left out.

    The tree, the sites and the devices must be the same before and after.
    """
    measured: dict[object, Difference] = {}
    found: dict[int, Difference] = {}
    for user in users:
        one = [_regions(reaches.get(user)) for reaches in (before, after)]
        key = tuple(id(region) for pair in one for region in pair)  # equal grants share their regions
        if key not in measured:
            measured[key] = _difference(connection, tenant_id, *one[0], *one[1])
        if measured[key]:
            found[user] = measured[key]
    return found


def _regions(reach: Reach | None) -> tuple[Region, Region]:
    if reach is None:
        return _NOTHING, _NOTHING
    return reach.region("customer.list"), reach.region("device.list")


def _difference(
    connection: Connection,
    tenant_id: int,
    customers_before: Region,
    devices_before: Region,
    customers_after: Region,
    devices_after: Region,
) -> Difference:
    old, new = customers_before.nodes(), customers_after.nodes()
    return Difference(
        measure(connection, tenant_id, subtract(new, old))[0],
        measure(connection, tenant_id, subtract(old, new))[0],
        _devices_beyond(connection, tenant_id, devices_before, devices_after),
        _devices_beyond(connection, tenant_id, devices_after, devices_before),
    )


def _devices_beyond(connection: Connection, tenant_id: int, known: Region, wanted: Region) -> int:
    """How many devices the second region holds and the first does not."""
    count = measure(connection, tenant_id, subtract(wanted.customers, known.customers))[1]
    before = {site.site_id for site in known.sites}
    count -= _on_sites(connection, [s.site_id for s in known.sites if contains(wanted.customers, s.path)])
    fresh = [s.site_id for s in wanted.sites if s.site_id not in before and not contains(known.customers, s.path)]
    return count + _on_sites(connection, fresh)


def _on_sites(connection: Connection, sites: list[int]) -> int:
    if not sites:
        return 0
    return connection.execute(select(func.count()).where(Device.site_id.in_(sites))).scalar_one()


def shared(one: Region, other: Region) -> Region:
    """What both regions hold."""
    held = {site.site_id for site in other.sites}
    sites = [s for s in one.sites if s.site_id in held or contains(other.customers, s.path)]
    sites += [s for s in other.sites if contains(one.customers, s.path)]
    return Region(intersect(one.customers, other.customers), tuple(sites))


def devices_in(connection: Connection, tenant_id: int, region: Region) -> int:
    """How many devices a region of the permission to list them holds."""
    return _devices_beyond(connection, tenant_id, _NOTHING, region)
