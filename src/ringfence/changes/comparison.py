"""Who sees what at two moments of one transaction, key by key, whatever lies between: the tree may move, and devices.

A load deletes nothing and every record keeps its id, so that the two moments are compared by ids. Equal grants share
their regions: the work is done once for each pair of regions, however many users have it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select, text

from ringfence.changes.difference import NO_RIGHTS, Difference, Later, Rights
from ringfence.changes.moment import Moment, Place, Places
from ringfence.changes.rights import Classes, Tally, at_moment, moments, over, standing
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.kind import StateKind
from ringfence.domain.registry import EDITED, PLACE
from ringfence.domain.user import USERS
from ringfence.storage.bulk import any_of
from ringfence.storage.tables import Device
from ringfence.visibility.intervals import Interval, contains, subtract
from ringfence.visibility.reach import Reach, Regions
from ringfence.visibility.rule import Region

_NOTHING: Final = Region([], ())
_CHUNK: Final = 500

_Placed = tuple[Place, Place]
"""Where a device was, and is."""
_Keys = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]
_Flip = tuple[tuple[set[int], set[int]], tuple[set[int], set[int]]]
"""The customers and the sites that are gained, and that are lost."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one user gains and loses: keys, sorted; rights; and how much of all that from ``later`` moments on."""

    login: str
    customers_gained: tuple[str, ...] = ()
    customers_lost: tuple[str, ...] = ()
    devices_gained: tuple[str, ...] = ()
    devices_lost: tuple[str, ...] = ()
    rights_gained: Rights = NO_RIGHTS
    rights_lost: Rights = NO_RIGHTS
    later: Later = ()

    def __bool__(self) -> bool:
        return bool(self.now or self.later)

    @property
    def now(self) -> Difference:
        """How much it is."""
        keys = (self.customers_gained, self.customers_lost, self.devices_gained, self.devices_lost)
        customers_gained, customers_lost, devices_gained, devices_lost = map(len, keys)
        return Difference(
            customers_gained, customers_lost, devices_gained, devices_lost, self.rights_gained, self.rights_lost
        )

    def unnamed(self) -> Comparison:
        """The same without the names of permissions."""
        return replace(
            self,
            rights_gained=self.rights_gained.unnamed(),
            rights_lost=self.rights_lost.unnamed(),
            later=tuple((moment, then.unnamed()) for moment, then in self.later),
        )


class Eyes(NamedTuple):
    """Through whose eyes two moments are compared: what they reach at each, and which user they are (0 for none)."""

    before: Regions
    after: Regions
    own: int


def compare(before: Moment, after: Moment, eyes: Eyes | None = None) -> list[Comparison]:
    """What each user gains and loses between two moments, sorted by login; those for whom nothing changes left out.

    Through somebody's eyes only the users, customers, devices and sites that they list: of what is there at the
    first moment, what they list then; of what is new, what they list at the second. Names of permissions they are told
    of the users whom they may view.
    """
    return list(_Comparing(before, after, eyes).run())


class _Comparing:
    def __init__(self, before: Moment, after: Moment, eyes: Eyes | None) -> None:
        self.before = before
        self.after = after
        self.eyes = eyes
        self.moments = before, after
        self.same_tree = before.paths == after.paths
        self.moved: dict[_Placed, list[str]] = {}
        self.moved_ids: set[int] = set()
        self.settled: dict[int, list[tuple[str, int | None]]] = {}
        self._read_moved()
        self.classes = Classes()
        self._known: dict[object, _Found] = {}
        self._pairs: dict[tuple[str, int, int], Any] = {}
        if eyes is not None:
            seeing = (before, eyes.before), (after, eyes.after)
            self.bounds = {
                kind: tuple(Places(m, one.region(EDITED[kind].permission)) for m, one in seeing)
                for kind in (DEVICES.noun, PLACE.noun, *before.owned)
            }
            was, now = (set(m.within(one.region(CUSTOMERS.permission).nodes())) for m, one in seeing)
            self.seen_customers = was | {customer for customer in now if customer not in before.paths}
        self.handed = self._handed()

    def run(self) -> Iterator[Comparison]:
        for user, (login, _) in sorted(self.after.users.items(), key=lambda item: item[1]):
            if not self._may(user, USERS.permission):
                continue
            one = self._of(login, self.before.reaches.get(user), self.after.reaches[user])
            if one:
                yield one if (self.eyes and user == self.eyes.own) or self._may(user, "user.view") else one.unnamed()

    def _of(self, login: str, old: Reach | None, new: Reach) -> Comparison:
        found = self._difference(old, new)
        later = []
        last = found
        for moment in moments(self.before.at, (old, new)):
            then = self._difference(at_moment(old, moment), at_moment(new, moment))
            if then.exact != last.exact:
                later.append((moment.isoformat(), Comparison("", *then.keys, *then.rights).now))
                last = then
        return Comparison(login, *found.keys, *found.rights, tuple(later))

    def _difference(self, old: Reach | None, new: Reach | None) -> _Found:
        """What somebody gains and loses at one moment of time; once for all who reach the same."""
        key = standing(old), standing(new)
        found = self._known.get(key)
        if found is None:
            customers, devices = (
                self._pair(kind.name, *_regions(old, new, kind.permission), work)
                for kind, work in ((CUSTOMERS, self._customers), (DEVICES, self._devices))
            )
            gained, lost, exact = self._rights(old, new)
            keys: _Keys = (*customers, *devices)
            found = self._known[key] = _Found(keys, (gained, lost), (keys, exact))
        return found

    def _pair(self, name: str, old: Region, new: Region, work: Callable[[Region, Region], Any]) -> Any:
        """What is worked out of two regions, once for each pair: the moments keep them, so that no id is used again."""
        key = name, id(old), id(new)
        if key not in self._pairs:
            self._pairs[key] = work(old, new)
        return self._pairs[key]

    def _may(self, user: int, permission: str) -> bool:
        """Whether the viewer holds a permission over a user: at the first moment, of a new one at the second."""
        if self.eyes is None:
            return True
        there = user in self.before.users
        moment, seeing = (self.before, self.eyes.before) if there else (self.after, self.eyes.after)
        return contains(seeing.region(permission).customers, moment.paths[moment.users[user][1]])

    # Rights.

    def _rights(self, old: Reach | None, new: Reach | None) -> tuple[Rights, Rights, object]:
        lost, gained = sides = Tally(), Tally()
        customers: tuple[set[int], set[int]] = (set(), set())
        sites: tuple[set[int], set[int]] = (set(), set())
        exact: dict[object, object] = {}
        kept = [Places(m, r) for m, r in zip(self.moments, _regions(old, new, DEVICES.permission), strict=True)]
        for permissions in self.classes.of(old, new):
            regions = _regions(old, new, permissions[0])
            flip: _Flip = self._pair("rights", *regions, self._flip)
            for place, (side, (come, stands)) in enumerate(zip((gained, lost), flip, strict=True)):
                side.add(permissions, len(come) + len(stands))
                customers[place].update(come)
                sites[place].update(stands)
            if any(come or stands for come, stands in flip):
                exact.update(dict.fromkeys(permissions, flip))
            places = [Places(m, r) for m, r in zip(self.moments, regions, strict=True)] if self.handed else []
            for (kind, start, end), count in self.handed.items():
                some = [one for one in permissions if one in over(kind)]
                if not some or (kind == DEVICES.noun and not (kept[0].hold(start) and kept[1].hold(end))):
                    continue  # a device that appears or goes is told as that
                had, has = places[0].hold(start), places[1].hold(end)
                if had is not has:
                    sides[has].hand(kind, some, start, end, count)
                    exact.update(((kind, start, end, one), has) for one in some)
        told = [
            side.told(
                sum(self.after.keys[one] is not None for one in customers[place]),
                any(self.after.keys[one] is None for one in customers[place]),
                len(sites[place]),
            )
            for place, side in enumerate((gained, lost))
        ]
        return told[0], told[1], exact

    def _flip(self, old: Region, new: Region) -> _Flip:
        """The customers and the single sites that the second region holds and the first did not, and the other way."""
        gained, lost = self._flips(old.customers, new.customers)
        if self.eyes is not None:
            gained, lost = gained & self.seen_customers, lost & self.seen_customers
        had, has = Places(self.before, old), Places(self.after, new)
        come = {one for one in has.sites if not had.hold((self.before.sites.get(one), one))}
        gone = {one for one in had.sites if not has.hold((self.after.sites.get(one), one))}
        return (gained, set(filter(self._seen_site, come))), (lost, set(filter(self._seen_site, gone)))

    def _seen_site(self, own: int) -> bool:
        if self.eyes is None:
            return True
        was, now = self.bounds[PLACE.noun]
        known = own in self.before.sites
        return was.hold((self.before.sites[own], own)) if known else now.hold((self.after.sites[own], own))

    def _handed(self) -> dict[tuple[StateKind, Place, Place], int]:
        """The records that are at another place and were there before, of those that the viewer lists."""
        found: Counter[tuple[StateKind, Place, Place]] = Counter()
        for (start, end), keys in self.moved.items():
            if start[0] is not None:
                found[DEVICES.noun, start, end] += len(keys)
        for kind, owners in self.before.owned.items():
            for own, node in owners.items():
                to = self.after.owned[kind].get(own)
                if to is not None and to != node:
                    found[kind, (node, None), (to, None)] += 1
        if self.eyes is None:
            return found
        return {one: count for one, count in found.items() if self.bounds[one[0]][0].hold(one[1])}

    # Customers and devices.

    def _flips(self, old: Sequence[Interval], new: Sequence[Interval]) -> tuple[set[int], set[int]]:
        """The customers that the second nodes hold and the first did not, and the other way round."""
        if self.same_tree:
            come, gone = subtract(new, old), subtract(old, new)
            return set(self.after.within(come)), set(self.before.within(gone))
        had, has = set(self.before.within(old)), set(self.after.within(new))
        return has - had, had - has

    def _customers(self, old: Region, new: Region) -> tuple[tuple[str, ...], tuple[str, ...]]:
        gained, lost = self._flips(old.nodes(), new.nodes())
        if self.eyes is not None:
            gained &= self.seen_customers
            lost &= self.seen_customers
        return self._named(gained), self._named(lost)

    def _named(self, customers: Iterable[int]) -> tuple[str, ...]:
        keys = (self.after.keys[customer] for customer in customers)
        return tuple(sorted(key for key in keys if key is not None))

    def _devices(self, old: Region, new: Region) -> tuple[tuple[str, ...], tuple[str, ...]]:
        gained, lost = self._flips(old.customers, new.customers)
        had, has = Places(self.before, old), Places(self.after, new)
        come = self._settled(gained, had.sites, has.sites - had.sites, had)
        gone = self._settled(lost, has.sites, had.sites - has.sites, has)
        if self.moved:
            were = {placed for placed in self.moved if had.hold(placed[0])}
            are = {placed for placed in self.moved if has.hold(placed[1])}
            come += [(key, placed) for placed in are - were for key in self.moved[placed]]
            gone += [(key, placed) for placed in were - are for key in self.moved[placed]]
        return self._shown(come), self._shown(gone)

    def _settled(
        self, customers: set[int], but: frozenset[int], sites: frozenset[int], other: Places
    ) -> list[tuple[str, _Placed]]:
        """The devices that stay where they are: those of ``customers`` but for those on some sites, and those on
        ``sites``, but for those that the other moment holds anyway."""
        self._read(customers)
        found: list[tuple[str, _Placed]] = []
        for customer in customers:
            for key, stands in self.settled[customer]:
                if stands is None or stands not in but:
                    found.append((key, ((customer, stands), (customer, stands))))
        for start in range(0, len(sites), _CHUNK):
            part = sorted(sites)[start : start + _CHUNK]
            for own, key, *at in self._at(Device.site_id, part):
                place: Place = (at[0], at[1])
                if own not in self.moved_ids and not other.hold(place):
                    found.append((key, (place, place)))
        return found

    def _read(self, customers: Iterable[int]) -> None:
        """Reads the devices of these customers that stay where they are."""
        wanted = sorted(customer for customer in customers if customer not in self.settled)
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            self.settled.update((customer, []) for customer in part)
            for own, key, customer, stands in self._at(Device.customer_id, part):
                if own not in self.moved_ids:
                    self.settled[customer].append((key, stands))

    def _at(self, column: Any, places: Collection[int]) -> Iterable[Any]:
        query = select(Device.id, Device.key, Device.customer_id, Device.site_id).where(column.in_(places))
        if self._told:
            query = query.where(any_of(self.connection, Device.tenant_id, self.after.tenants))
        return self.connection.execute(query)

    @property
    def _told(self) -> bool:
        """Whether statements say whose devices they mean, though these are found otherwise."""
        return self.connection.dialect.name == "postgresql"

    def _read_moved(self) -> None:
        """Reads the devices that are new or elsewhere, by where they were and are."""
        if not self.before.kept:
            return
        moved: defaultdict[_Placed, list[str]] = defaultdict(list)
        theirs, binds = (_THEIRS, {"tenants": self.after.tenants}) if self._told else ("", {})
        for own, key, was_at, was_on, is_at, is_on in self.connection.execute(text(_MOVED + theirs), binds):
            moved[(was_at, was_on), (is_at, is_on)].append(key)
            self.moved_ids.add(own)
        self.moved = dict(moved)

    @property
    def connection(self) -> Connection:
        return self.after.connection

    def _shown(self, devices: list[tuple[str, _Placed]]) -> tuple[str, ...]:
        if self.eyes is not None:
            was, now = self.bounds[DEVICES.noun]
            devices = [
                (key, (start, end))
                for key, (start, end) in devices
                if (was.hold(start) if start[0] is not None else now.hold(end))
            ]
        return tuple(sorted(key for key, _ in devices))


@dataclass(frozen=True, slots=True)
class _Found:
    """Keys of customers and devices gained and lost, rights gained and lost, and what exactly that is."""

    keys: _Keys
    rights: tuple[Rights, Rights]
    exact: object


def _regions(old: Reach | None, new: Reach | None, permission: str) -> tuple[Region, Region]:
    before, after = (_NOTHING if reach is None else reach.region(permission) for reach in (old, new))
    return before, after


_MOVED: Final = (
    "SELECT d.id, d.key, k.customer_id, k.site_id, d.customer_id, d.site_id "
    "FROM device d LEFT JOIN kept_place k ON k.id = d.id "
    "WHERE (k.id IS NULL OR k.customer_id <> d.customer_id OR COALESCE(k.site_id, 0) <> COALESCE(d.site_id, 0))"
)
_THEIRS: Final = " AND d.tenant_id = ANY(CAST(:tenants AS int[]))"
