"""Who sees what at two moments of one transaction, key by key, whatever lies between: the tree may move, and devices.

A load deletes nothing and every record keeps its id, so that the two moments are compared by ids. Equal grants share
their regions: the work is done once for each pair of regions, however many users have it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, text

from ringfence.domain.customer import Customer
from ringfence.domain.device import Device
from ringfence.domain.tenant import Tenant
from ringfence.domain.user import User
from ringfence.visibility.intervals import Interval, contains, subtract
from ringfence.visibility.kinds import CUSTOMERS, DEVICES, USERS
from ringfence.visibility.reach import Reach, read_reaches
from ringfence.visibility.rule import Region

_NOTHING: Final = Region([], ())
_CHUNK: Final = 500

Place = tuple[int | None, int | None]
"""Where a device is: its customer and its site. (None, None) before it was there."""
_Placed = tuple[Place, Place]
"""Where a device was, and is."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one user gains and loses: keys, sorted."""

    login: str
    customers_gained: tuple[str, ...]
    customers_lost: tuple[str, ...]
    devices_gained: tuple[str, ...]
    devices_lost: tuple[str, ...]

    def __bool__(self) -> bool:
        return any((self.customers_gained, self.customers_lost, self.devices_gained, self.devices_lost))


class Moment:
    """The users of some tenants, named by key, with what they reach, and the tree that they reach it in.

    Two moments of one transaction can be compared when the first has ``keep`` for every device that moves between.
    """

    def __init__(self, connection: Connection, tenants: Iterable[str], at: datetime, *, keep: bool = False) -> None:
        self.connection = connection
        wanted = set(tenants)
        ids = [own for own, key in connection.execute(select(Tenant.id, Tenant.key)) if key in wanted]
        self.paths: dict[int, str] = {}
        self.keys: dict[int, str | None] = {}
        self.users: dict[int, tuple[str, int]] = {}
        for tenant in ids:
            tree = select(Customer.id, Customer.key, Customer.path).where(Customer.tenant_id == tenant)
            for own, key, path in connection.execute(tree):
                self.paths[own], self.keys[own] = path, key
            people = select(User.id, User.login, User.home_id).where(User.tenant_id == tenant)
            self.users.update((own, (login, home)) for own, login, home in connection.execute(people))
        ordered = sorted((path, own) for own, path in self.paths.items())
        self._paths = [path for path, _ in ordered]
        self._ids = [own for _, own in ordered]
        self.reaches = read_reaches(connection, self.users, at)
        self.kept = keep
        if keep:
            ending = " ON COMMIT DROP" if connection.dialect.name == "postgresql" else ""
            columns = "id INTEGER PRIMARY KEY, customer_id INTEGER, site_id INTEGER"
            connection.execute(text(f"CREATE TEMPORARY TABLE kept_place ({columns}){ending}"))
            connection.execute(text("INSERT INTO kept_place SELECT id, customer_id, site_id FROM device ORDER BY id"))

    def within(self, nodes: Sequence[Interval]) -> Iterator[int]:
        """The ids of the customers in these nodes, roots included."""
        for low, high in nodes:
            yield from self._ids[bisect_left(self._paths, low) : bisect_left(self._paths, high)]

    def region(self, user: int, permission: str) -> Region:
        """What a user's permission reaches; nothing for somebody who is not there."""
        reach: Reach | None = self.reaches.get(user)
        return _NOTHING if reach is None else reach.region(permission)


def compare(before: Moment, after: Moment, viewer: int | None = None) -> list[Comparison]:
    """What each user gains and loses between two moments, sorted by login; those for whom nothing changes left out.

    With a viewer (a user's id) only the users whom they may list, and the customers and devices that they see: in
    either of the two moments.
    """
    return list(_Comparing(before, after, viewer).run())


class _Comparing:
    def __init__(self, before: Moment, after: Moment, viewer: int | None) -> None:
        self.before = before
        self.after = after
        self.viewer = viewer
        self.same_tree = before.paths == after.paths
        self.moved: dict[_Placed, list[str]] = {}
        self.moved_ids: set[int] = set()
        self.settled: dict[int, list[tuple[str, int | None]]] = {}
        self._read_moved()
        if viewer is not None:
            self.seen_customers = {
                customer
                for moment in (before, after)
                for customer in moment.within(moment.region(viewer, CUSTOMERS.permission).nodes())
            }
            self.seen_places = tuple(_Places(m, m.region(viewer, DEVICES.permission)) for m in (before, after))

    def run(self) -> Iterator[Comparison]:
        done: dict[object, tuple[tuple[str, ...], ...]] = {}
        for user, (login, _) in sorted(self.after.users.items(), key=lambda item: item[1]):
            if not self._listed(user):
                continue
            regions = [
                moment.region(user, kind.permission)
                for kind in (CUSTOMERS, DEVICES)
                for moment in (self.before, self.after)
            ]
            pair = tuple(id(region) for region in regions)  # the moments keep them, so that no id is used again
            if pair not in done:
                done[pair] = (*self._customers(*regions[:2]), *self._devices(*regions[2:]))
            found = Comparison(login, *done[pair])
            if found:
                yield found

    def _listed(self, user: int) -> bool:
        if self.viewer is None:
            return True
        return any(
            user in moment.users
            and contains(moment.region(self.viewer, USERS.permission).customers, moment.paths[moment.users[user][1]])
            for moment in (self.before, self.after)
        )

    def _flips(self, old: Sequence[Interval], new: Sequence[Interval]) -> tuple[set[int], set[int]]:
        """The customers that the second nodes hold and the first did not, and the other way round."""
        if self.same_tree:
            come, gone = subtract(new, old), subtract(old, new)
            return set(self.after.within(come)), set(self.before.within(gone))
        had, has = set(self.before.within(old)), set(self.after.within(new))
        return has - had, had - has

    def _customers(self, old: Region, new: Region) -> tuple[tuple[str, ...], tuple[str, ...]]:
        gained, lost = self._flips(old.nodes(), new.nodes())
        if self.viewer is not None:
            gained &= self.seen_customers
            lost &= self.seen_customers
        return self._named(gained), self._named(lost)

    def _named(self, customers: Iterable[int]) -> tuple[str, ...]:
        keys = (self.after.keys[customer] for customer in customers)
        return tuple(sorted(key for key in keys if key is not None))

    def _devices(self, old: Region, new: Region) -> tuple[tuple[str, ...], tuple[str, ...]]:
        gained, lost = self._flips(old.customers, new.customers)
        had, has = _Places(self.before, old), _Places(self.after, new)
        come = self._settled(gained, had.sites, has.sites - had.sites, had)
        gone = self._settled(lost, has.sites, had.sites - has.sites, has)
        if self.moved:
            were = {placed for placed in self.moved if had.hold(placed[0])}
            are = {placed for placed in self.moved if has.hold(placed[1])}
            come += [(key, placed) for placed in are - were for key in self.moved[placed]]
            gone += [(key, placed) for placed in were - are for key in self.moved[placed]]
        return self._shown(come), self._shown(gone)

    def _settled(
        self, customers: set[int], but: frozenset[int], sites: frozenset[int], other: _Places
    ) -> list[tuple[str, _Placed]]:
        """The devices that stay where they are: those of ``customers`` but for those on some sites, and those on
        ``sites``, but for those that the other moment holds anyway."""
        self._read(customers)
        found: list[tuple[str, _Placed]] = []
        for customer in customers:
            for key, site in self.settled[customer]:
                if site is None or site not in but:
                    found.append((key, ((customer, site), (customer, site))))
        for start in range(0, len(sites), _CHUNK):
            part = sorted(sites)[start : start + _CHUNK]
            query = select(Device.id, Device.key, Device.customer_id, Device.site_id).where(Device.site_id.in_(part))
            for own, key, customer, site in self.connection.execute(query):
                place = (customer, site)
                if own not in self.moved_ids and not other.hold(place):
                    found.append((key, (place, place)))
        return found

    def _read(self, customers: Iterable[int]) -> None:
        """Reads the devices of these customers that stay where they are."""
        wanted = sorted(customer for customer in customers if customer not in self.settled)
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            self.settled.update((customer, []) for customer in part)
            query = select(Device.id, Device.key, Device.customer_id, Device.site_id)
            for own, key, customer, site in self.connection.execute(query.where(Device.customer_id.in_(part))):
                if own not in self.moved_ids:
                    self.settled[customer].append((key, site))

    def _read_moved(self) -> None:
        """Reads the devices that are new or elsewhere, by where they were and are."""
        if not self.before.kept:
            return
        moved: defaultdict[_Placed, list[str]] = defaultdict(list)
        for own, key, was_at, was_on, is_at, is_on in self.connection.execute(_MOVED):
            moved[(was_at, was_on), (is_at, is_on)].append(key)
            self.moved_ids.add(own)
        self.moved = dict(moved)

    @property
    def connection(self) -> Connection:
        return self.after.connection

    def _shown(self, devices: list[tuple[str, _Placed]]) -> tuple[str, ...]:
        if self.viewer is not None:
            was, now = self.seen_places
            devices = [(key, placed) for key, placed in devices if was.hold(placed[0]) or now.hold(placed[1])]
        return tuple(sorted(key for key, _ in devices))


class _Places:
    """Which places of devices a region holds."""

    def __init__(self, moment: Moment, region: Region) -> None:
        self.paths = moment.paths
        self.customers = region.customers
        self.sites = frozenset(site.site_id for site in region.sites)
        self._known: dict[Place, bool] = {}

    def hold(self, place: Place) -> bool:
        """Whether the region reaches a device there."""
        found = self._known.get(place)
        if found is None:
            customer, site = place
            found = site in self.sites or (customer in self.paths and contains(self.customers, self.paths[customer]))
            self._known[place] = found
        return found


_MOVED: Final = text(
    "SELECT d.id, d.key, k.customer_id, k.site_id, d.customer_id, d.site_id "
    "FROM device d LEFT JOIN kept_place k ON k.id = d.id "
    "WHERE k.id IS NULL OR k.customer_id <> d.customer_id OR COALESCE(k.site_id, 0) <> COALESCE(d.site_id, 0)"
)
