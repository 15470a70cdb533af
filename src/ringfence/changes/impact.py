"""Who gains and loses what by a change: exact, from the grants before and after it in one transaction, and as far as
whoever makes the change may know: of what was there before, what they list then; of what is new, what they list now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, func, select

from ringfence.changes.difference import Difference, Later, Rights
from ringfence.changes.flow import Flow, Place
from ringfence.changes.rights import Classes, Tally, at_moment, moments, over, standing
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.kind import StateKind
from ringfence.domain.registry import EDITED, PLACE
from ringfence.domain.user import USERS
from ringfence.storage.bulk import any_of
from ringfence.storage.columns import of_tenant
from ringfence.storage.tables import Customer, Device, is_root
from ringfence.visibility.intervals import Interval, contains, intersect, subtract, union
from ringfence.visibility.reach import Reach, measure
from ringfence.visibility.rule import Region

_NOTHING: Final = Region([], ())


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change does to one user: now, and from later moments on."""

    now: Difference
    later: Later = ()

    def __bool__(self) -> bool:
        return bool(self.now or self.later)

    def unnamed(self) -> Impact:
        """The same without the names of permissions."""
        return Impact(self.now.unnamed(), tuple((moment, then.unnamed()) for moment, then in self.later))


def impacts(
    connection: Connection,
    tenant_id: int,
    own: tuple[Reach, Reach],
    before: Mapping[int, Reach],
    after: Mapping[int, Reach],
    flow: Flow,
) -> dict[int, Impact]:
    """What each user gains and loses, of those whom the editor may list; those for whom nothing changes are left out.

    ``own`` is what the editor reaches before and after. Rights are told by name of users whom they may view.
    """
    measuring = _Measuring(connection, tenant_id, own, flow)
    found: dict[int, Impact] = {}
    for user in sorted(before.keys() | after.keys()):
        if not _may(USERS.permission, own, user, before, after):
            continue
        impact = measuring.impact(before.get(user), after.get(user))
        if impact:
            found[user] = impact if _may("user.view", own, user, before, after) else impact.unnamed()
    return found


def _may(
    permission: str, own: tuple[Reach, Reach], user: int, before: Mapping[int, Reach], after: Mapping[int, Reach]
) -> bool:
    """Whether the editor holds a permission over a user: over a new one afterwards, over any other before. Of
    themselves they know in person."""
    if user == own[0].grants.user_id and own[0].grants.narrowing is None:
        return True
    there, reach = (before[user], own[0]) if user in before else (after[user], own[1])
    return reach.contains(permission, there.grants.home_path)


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """Customers that are gained, or lost: those of ``nodes`` but for the new ones, and the new ones of ``fresh``
    (of what is lost: those deleted)."""

    nodes: list[Interval]
    fresh: list[Interval]


_Part = tuple[_Side, int, frozenset[int]]
"""Customers, how many they are (the provider among them), and sites."""


@dataclass(frozen=True, slots=True, eq=False)
class _Mark:
    """What exactly is gained and lost: customers that appear and go, how many devices, the customers and sites by
    permission, and what of records at another place."""

    customers: tuple[_Side, _Side] = (_Side([], []), _Side([], []))
    devices: tuple[int, int] = (0, 0)
    rights: Mapping[str, tuple[_Part, _Part]] = field(default_factory=dict)
    handed: frozenset[object] = frozenset()


class _Bound:
    """What the editor lists of a kind, before; the same where it is now; and after."""

    def __init__(self, own: tuple[Reach, Reach], flow: Flow, permission: str) -> None:
        self.before = own[0].region(permission)
        self.here = flow.region(self.before)
        self.after = own[1].region(permission)


class _Measuring:
    def __init__(self, connection: Connection, tenant_id: int, own: tuple[Reach, Reach], flow: Flow) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.own = own
        self.flow = flow
        self.classes = Classes()
        self._here: dict[int, Region] = {}
        self.root = connection.execute(select(Customer.path).where(is_root(tenant_id))).scalar_one()
        customers = _Bound(own, flow, CUSTOMERS.permission)
        self.nodes = customers.before.nodes(), customers.here.nodes(), customers.after.nodes()
        self.devices = _Bound(own, flow, DEVICES.permission)
        self.sites = _Bound(own, flow, PLACE.permission)
        self.handed: defaultdict[StateKind, list[tuple[Place, Place, int]]] = defaultdict(list)
        for (kind, start, end), count in flow.handed.items():
            if own[0].region(EDITED[kind].permission).reaches(*start):
                self.handed[kind].append((start, end, count))
        self._flips: dict[tuple[int, int], tuple[_Part, _Part]] = {}
        self._known: dict[object, tuple[Difference, _Mark]] = {}

    def impact(self, before: Reach | None, after: Reach | None) -> Impact:
        """What a change does to one user."""
        at = self.own[0].at
        now, mark = self.difference(before, after)
        later = []
        for moment in moments(at, (before, after)):
            then, other = self.difference(at_moment(before, moment), at_moment(after, moment))
            if not self._alike(mark, other):
                later.append((moment.isoformat(), then))
                mark = other
        return Impact(now, tuple(later))

    def difference(self, before: Reach | None, after: Reach | None) -> tuple[Difference, _Mark]:
        """The same at one moment; once for all who reach the same."""
        key = standing(before), standing(after)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._difference(before, after)
        return found

    def _difference(self, before: Reach | None, after: Reach | None) -> tuple[Difference, _Mark]:
        if not (_anything(before) or _anything(after)):
            return Difference(), _Mark()
        customers = self._customers(*_regions(CUSTOMERS.permission, before, after))
        devices = self._devices(*_regions(DEVICES.permission, before, after))
        gained, lost, flips, handed = self._rights(before, after)
        found = Difference(
            self.count(customers[0], gone=False),
            self.count(customers[1], gone=True),
            *devices,
            gained,
            lost,
        )
        return found, _Mark(customers, devices, flips, handed) if found else _Mark()

    def _alike(self, one: _Mark, other: _Mark) -> bool:
        """Whether the very same is gained and lost at two moments."""
        if (one.devices, one.handed, one.rights.keys()) != (other.devices, other.handed, other.rights.keys()):
            return False
        pairs = {(id(one.customers), id(other.customers)): (one.customers, other.customers)}
        for permission, parts in one.rights.items():
            others = other.rights[permission]
            if [part[2] for part in parts] != [part[2] for part in others]:
                return False
            pairs[id(parts), id(others)] = (parts[0][0], parts[1][0]), (others[0][0], others[1][0])
        return all(
            self._equal(side, like, gone=gone)
            for sides, likes in pairs.values()
            for gone, side, like in zip((False, True), sides, likes, strict=True)
        )

    def _equal(self, one: _Side, other: _Side, *, gone: bool) -> bool:
        """Whether two sides hold the same customers, however these are written."""
        for some, rest in ((one, other), (other, one)):
            beyond = _Side(subtract(some.nodes, rest.nodes), subtract(some.fresh, rest.fresh))
            if self.provider(beyond) or self.count(beyond, gone=gone):
                return False
        return True

    # Customers.

    def _at_present(self, region: Region) -> Region:
        """The region of before, where it is now."""
        found = self._here.get(id(region))  # the reaches keep their regions: no id is used again
        if found is None:
            found = self._here[id(region)] = self.flow.region(region)
        return found

    def _customers(self, old: Region, new: Region) -> tuple[_Side, _Side]:
        """The customers whose own records appear and go."""
        return self._sides(old.nodes(), self._at_present(old).nodes(), new.nodes())

    def _sides(self, old: list[Interval], here: list[Interval], new: list[Interval]) -> tuple[_Side, _Side]:
        before, bound, after = self.nodes
        come, gone = intersect(subtract(new, here), bound), intersect(subtract(here, new), bound)
        return _Side(come, intersect(new, after)), _Side(gone, intersect(old, before))

    def count(self, side: _Side, *, gone: bool) -> int:
        """How many customers it is. What itself comes or goes is counted apart."""
        found = measure(self.connection, self.tenant_id, side.nodes)[0] - self.flow.come.within(side.nodes)
        return found + (self.flow.gone if gone else self.flow.come).within(side.fresh)

    # Devices.

    def _devices(self, old: Region, new: Region) -> tuple[int, int]:
        """How many devices appear and go: what stays is counted by where it is now, and what itself comes, goes or
        moves is counted apart, and taken out of those counts."""
        flow, bound, here = self.flow, self.devices, self._at_present(old)
        gained = self._beyond(here, new.shared(bound.here))
        lost = self._beyond(new, here.shared(bound.here))
        lost += flow.devices_gone.within(old.shared(bound.before))
        for end, count in flow.devices_come.items():
            stayed, has, counted = here.reaches(*end), new.reaches(*end), bound.here.reaches(*end)
            gained += count * ((has and bound.after.reaches(*end)) - (has and not stayed and counted))
            lost -= count * (stayed and counted and not has)
        for (start, end), count in flow.devices.items():
            had, stayed, has = old.reaches(*start), here.reaches(*end), new.reaches(*end)
            known, counted = bound.before.reaches(*start), bound.here.reaches(*end)
            gained += count * ((has and not had and known) - (has and not stayed and counted))
            lost += count * ((had and not has and known) - (stayed and not has and counted))
        return gained, lost

    def _beyond(self, known: Region, wanted: Region) -> int:
        return _devices_beyond(self.connection, self.tenant_id, known, wanted)

    # Rights.

    def _rights(
        self, before: Reach | None, after: Reach | None
    ) -> tuple[Rights, Rights, Mapping[str, tuple[_Part, _Part]], frozenset[object]]:
        lost, gained = sides = _Rights(self, gone=True), _Rights(self, gone=False)
        flips: dict[str, tuple[_Part, _Part]] = {}
        handed: set[object] = set()
        kept = _regions(DEVICES.permission, before, after)
        for permissions in self.classes.of(before, after):
            old, new = _regions(permissions[0], before, after)
            flip = self._flip(old, new)
            for side, part in zip((gained, lost), flip, strict=True):
                side.over(permissions, part)
            if any(part[1] or part[2] for part in flip):
                flips.update(dict.fromkeys(permissions, flip))
            for kind, moved in self.handed.items():
                some = [one for one in permissions if one in over(kind)]
                for start, end, count in moved if some else ():
                    if kind == DEVICES.noun and not (kept[0].reaches(*start) and kept[1].reaches(*end)):
                        continue  # it appears or goes, and is told as that
                    had, has = old.reaches(*start), new.reaches(*end)
                    if had is not has:
                        sides[has].hand(kind, some, start, end, count)
                        handed.update((kind, start, end, has, permission) for permission in some)
        return gained.all(), lost.all(), flips, frozenset(handed)

    def _flip(self, old: Region, new: Region) -> tuple[_Part, _Part]:
        """What is gained and what is lost between two regions of a permission."""
        key = id(old), id(new)
        found = self._flips.get(key)
        if found is None:
            here = self._at_present(old)
            come, gone = self._sides(old.customers, here.customers, new.customers)
            found = self._flips[key] = (
                (come, self.count(come, gone=False) + self.provider(come), self._sites_come(here, new)),
                (gone, self.count(gone, gone=True) + self.provider(gone), self._sites_gone(old, new)),
            )
        return found

    def provider(self, side: _Side) -> bool:
        """Whether the tenant's root is among them."""
        return contains(side.nodes, self.root)

    def _sites_come(self, here: Region, new: Region) -> frozenset[int]:
        bound, come = self.sites, self.flow.sites_come
        return frozenset(
            one.site_id
            for one in new.beyond(here)
            if (bound.after if one.site_id in come else bound.here).reaches(one.path, one.site_id)
        )

    def _sites_gone(self, old: Region, new: Region) -> frozenset[int]:
        gone = self.flow.sites_gone.union(one.site_id for one in self._at_present(old).beyond(new))
        return frozenset(
            one.site_id for one in old.sites if one.site_id in gone and self.sites.before.reaches(one.path, one.site_id)
        )


class _Rights(Tally):
    """Rights that are gained, or lost (``gone``), with the customers and sites that they are over."""

    def __init__(self, measuring: _Measuring, *, gone: bool) -> None:
        super().__init__()
        self._measuring = measuring
        self._gone = gone
        self._parts: dict[int, _Part] = {}

    def over(self, permissions: Sequence[str], part: _Part) -> None:
        """Some permissions over the same customers and sites."""
        _, customers, sites = part
        if customers or sites:
            self._parts[id(part)] = part
            self.add(permissions, customers + len(sites))

    def all(self) -> Rights:
        """All of them together."""
        parts = [part for part in self._parts.values() if part[1]]
        side = _Side(
            union(interval for part in parts for interval in part[0].nodes),
            union(interval for part in parts for interval in part[0].fresh),
        )
        provider = self._measuring.provider(side)
        count = parts[0][1] - provider if len(parts) == 1 else self._measuring.count(side, gone=self._gone)
        sites = frozenset[int]().union(*(part[2] for part in self._parts.values()))
        return self.told(count, provider, len(sites))


def _anything(reach: Reach | None) -> bool:
    return reach is not None and bool(reach.grants.groups_in_force(reach.at))


def _regions(permission: str, before: Reach | None, after: Reach | None) -> tuple[Region, Region]:
    old, new = (_NOTHING if reach is None else reach.region(permission) for reach in (before, after))
    return old, new


def _devices_beyond(connection: Connection, tenant_id: int, known: Region, wanted: Region) -> int:
    """How many devices the second region holds and the first does not."""
    count = measure(connection, tenant_id, subtract(wanted.customers, known.customers))[1]
    count -= _on_sites(connection, tenant_id, list(known.within(wanted.customers).standing))
    return count + _on_sites(connection, tenant_id, [one.site_id for one in wanted.beyond(known)])


def _on_sites(connection: Connection, tenant_id: int, sites: list[int]) -> int:
    if not sites:
        return 0
    # Fenced: counted at once, SQLite would go through every device where a rehearsal has laid a view over them.
    theirs = any_of(connection, Device.site_id, sites) & of_tenant(Device, tenant_id)
    found = select(Device.id).where(theirs).offset(0).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def devices_in(connection: Connection, tenant_id: int, region: Region) -> int:
    """How many devices a region of the permission to list them holds."""
    return _devices_beyond(connection, tenant_id, _NOTHING, region)
