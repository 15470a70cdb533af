"""Who gains and loses what by a change: exact, from the grants before and after it in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, func, select

from ringfence.domain.device import Device
from ringfence.storage.bulk import any_of
from ringfence.visibility.intervals import contains, intersect, nested, subtract, union, within
from ringfence.visibility.reach import Reach, measure
from ringfence.visibility.rule import Region
from ringfence.visibility.states import DeviceState, Edit, SiteState

_NOTHING: Final = Region([], ())

Place = tuple[str, int | None] | None
"""Where a device is: its customer's path and its site. None before it was there, and when it is gone."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What one user gains and loses: numbers of customers and of devices."""

    customers_gained: int
    customers_lost: int
    devices_gained: int
    devices_lost: int

    def __bool__(self) -> bool:
        return any((self.customers_gained, self.customers_lost, self.devices_gained, self.devices_lost))


class Flow:
    """What comes, goes and moves in a change, beside what it does to grants.

    Made before the change is written, with the paths as they are; ``settle`` is told of it afterwards.
    """

    def __init__(self, edits: Sequence[Edit], paths: Mapping[int, str]) -> None:
        self._edits = edits
        self._before = [_place(edit, edit.before, paths) for edit in edits]
        self._leaving = _standing(edits, "before")
        self._where = dict(paths)
        self.gone = [paths[edit.id] for edit in edits if edit.kind == "customer" and edit.after is None]
        self.come: list[str] = []
        self.shifts: Sequence[tuple[str, str]] = ()
        self.devices: Counter[tuple[Place, Place]] = Counter()

    def __bool__(self) -> bool:
        """Whether anything is where it was not, or will be."""
        return any(
            (edit.kind in ("customer", "site", "device") and (edit.before is None or edit.after is None))
            or "move" in edit.actions
            or (
                isinstance(edit.before, DeviceState)
                and isinstance(edit.after, DeviceState)
                and (edit.before.customer, edit.before.site) != (edit.after.customer, edit.after.site)
            )
            for edit in self._edits
        )

    def settle(self, edits: Sequence[Edit], paths: Mapping[int, str], shifts: Sequence[tuple[str, str]]) -> None:
        """The same edits once they are written, the paths then, and which paths became which."""
        self.shifts = shifts
        self.come = [paths[edit.id] for edit in edits if edit.kind == "customer" and edit.before is None]
        for edit, before in zip(edits, self._before, strict=True):
            after = _place(edit, edit.after, paths)
            if before != after and (before is None or after is None or self.moved(before) != after):
                self.devices[before, after] += 1
        for (customer, site), count in self._leaving.items():
            path = self._where[customer]
            self.devices[(path, site), (self.path(path), None)] += count
        for (customer, site), count in _standing(edits, "after").items():
            self.devices[(self._where.get(customer, ""), None), (paths[customer], site)] += count

    def path(self, path: str) -> str:
        """Where a path has gone."""
        for old, new in self.shifts:
            if path.startswith(old):
                path = new + path[len(old) :]
        return path

    def moved(self, place: tuple[str, int | None]) -> Place:
        """Where a place has gone."""
        return self.path(place[0]), place[1]

    def region(self, region: Region) -> Region:
        """A region of before, where its customers are now: what was to come there was not in it yet."""
        if not self.shifts:
            return region
        nodes = region.customers
        for old, new in self.shifts:
            inside = [(new + low[len(old) :], new + high[len(old) :]) for low, high in within(nodes, old)]
            nodes = union([*subtract(subtract(nodes, [nested(old)]), [nested(new)]), *inside])
        return Region(nodes, tuple(replace(site, path=self.path(site.path)) for site in region.sites))


def _place(edit: Edit, state: object, paths: Mapping[int, str]) -> Place:
    if edit.kind != "device" or not isinstance(state, DeviceState) or state.customer not in paths:
        return None
    return paths[state.customer], state.site


def _standing(edits: Sequence[Edit], side: str) -> Counter[tuple[int, int]]:
    """How many devices stand on sites that are deleted (``before``) or brought back (``after``), and stay, by customer
    and site: what leaves a site by an edit of its own does not count here."""
    found: Counter[tuple[int, int]] = Counter()
    going = {edit.id for edit in edits if isinstance(edit.before, DeviceState) and _leaves(edit.before, edit.after)}
    for edit in edits:
        state, other = (edit.before, edit.after) if side == "before" else (edit.after, edit.before)
        if isinstance(state, SiteState) and other is None:
            found[state.customer, edit.id] += len(state.devices - going)
    return found


def _leaves(before: DeviceState, after: object) -> bool:
    return not isinstance(after, DeviceState) or (before.customer, before.site) != (after.customer, after.site)


def differences(
    connection: Connection,
    tenant_id: int,
    before: Mapping[int, Reach],
    after: Mapping[int, Reach],
    users: Iterable[int],
    flow: Flow,
) -> dict[int, Difference]:
    """What each user gains and loses; those for whom nothing changes are left out."""
    measured: dict[object, Difference] = {}
    found: dict[int, Difference] = {}
    for user in users:
        one = [_regions(reaches.get(user)) for reaches in (before, after)]
        key = tuple(id(region) for pair in one for region in pair)  # equal grants share their regions
        if key not in measured:
            measured[key] = _difference(connection, tenant_id, *one[0], *one[1], flow)
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
    flow: Flow,
) -> Difference:
    """What stays is counted by where it is now: what comes into reach of the region, and what goes out of it. What
    itself comes, goes or moves is counted apart, and taken out of those counts."""
    old, new = flow.region(customers_before).nodes(), customers_after.nodes()
    come, gone = subtract(new, old), subtract(old, new)
    customers_gained = measure(connection, tenant_id, come)[0]
    customers_gained += sum(contains(new, path) and not contains(come, path) for path in flow.come)
    customers_lost = measure(connection, tenant_id, gone)[0]
    customers_lost -= sum(contains(gone, path) for path in flow.come)
    nodes = customers_before.nodes()
    customers_lost += sum(contains(nodes, path) for path in flow.gone)
    here = flow.region(devices_before)
    devices_gained = _devices_beyond(connection, tenant_id, here, devices_after)
    devices_lost = _devices_beyond(connection, tenant_id, devices_after, here)
    if flow.devices:
        was, would, now = _Holding(devices_before), _Holding(here), _Holding(devices_after)
        for (start, end), count in flow.devices.items():
            had, stayed, has = was.hold(start), would.hold(end), now.hold(end)
            devices_gained += count * ((has and not had) - (has and not stayed))
            devices_lost += count * ((had and not has) - (stayed and not has))
    return Difference(customers_gained, customers_lost, devices_gained, devices_lost)


class _Holding:
    """Which places of devices a region holds."""

    def __init__(self, region: Region) -> None:
        self.customers = region.customers
        self.sites = frozenset(site.site_id for site in region.sites)

    def hold(self, place: Place) -> bool:
        return place is not None and (place[1] in self.sites or contains(self.customers, place[0]))


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
    return connection.execute(select(func.count()).where(any_of(connection, Device.site_id, sites))).scalar_one()


def shared(one: Region, other: Region) -> Region:
    """What both regions hold."""
    held = {site.site_id for site in other.sites}
    sites = [s for s in one.sites if s.site_id in held or contains(other.customers, s.path)]
    sites += [s for s in other.sites if contains(one.customers, s.path)]
    return Region(intersect(one.customers, other.customers), tuple(sites))


def devices_in(connection: Connection, tenant_id: int, region: Region) -> int:
    """How many devices a region of the permission to list them holds."""
    return _devices_beyond(connection, tenant_id, _NOTHING, region)
