"""The users of some tenants at one moment of a transaction, what they reach, and where everything is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, text

from ringfence.domain.device import DEVICES
from ringfence.domain.kind import StateKind
from ringfence.domain.registry import EDITED
from ringfence.storage.tables import Customer, Site, Tenant, User, table_of
from ringfence.visibility.intervals import Interval
from ringfence.visibility.reach import Reach, read_reaches
from ringfence.visibility.rule import Region

_NOTHING: Final = Region([], ())
Place = tuple[int | None, int | None]
"""Where a device belongs and stands: its customer and its site. (None, None) before it was there."""


class Moment:
    """The users of some tenants, named by key, with what they reach, and the tree that they reach it in.

    Two moments of one transaction can be compared when the first has ``keep`` for every device that moves between.
    """

    def __init__(self, connection: Connection, tenants: Iterable[str], at: datetime, *, keep: bool = False) -> None:
        self.connection = connection
        self.tenants = _called(connection, set(tenants))
        self.paths: dict[int, str] = {}
        self.keys: dict[int, str | None] = {}
        self.users: dict[int, tuple[str, int]] = {}
        self.reaches: dict[int, Reach] = {}
        for tenant in self.tenants:
            tree = select(Customer.id, Customer.key, Customer.path).where(Customer.tenant_id == tenant)
            for own, key, path in connection.execute(tree):
                self.paths[own], self.keys[own] = path, key
            people = select(User.id, User.login, User.home_id).where(User.tenant_id == tenant)
            users = {own: (login, home) for own, login, home in connection.execute(people)}
            self.users.update(users)
            self.reaches.update(read_reaches(connection, tenant, users, at))
        ordered = sorted((path, own) for own, path in self.paths.items())
        self._paths = [path for path, _ in ordered]
        self._ids = [own for _, own in ordered]
        self.at = at
        self.sites: dict[int, int] = {}
        self.owned: dict[StateKind, dict[int, int]] = {}
        for tenant in self.tenants:
            stands = select(Site.id, Site.customer_id).where(Site.tenant_id == tenant)
            self.sites.update(connection.execute(stands).all())
        for kind, of in EDITED.items():
            if of.movable and of is not DEVICES:  # of which there may be very many
                mapped = table_of(of)
                owners = select(mapped.id, getattr(mapped, of.owner))
                self.owned[kind] = {}
                for tenant in self.tenants:
                    self.owned[kind].update(connection.execute(owners.where(mapped.tenant_id == tenant)).all())
        self.kept = keep
        if keep:
            ending, theirs = "", ""
            if connection.dialect.name == "postgresql":  # SQLite goes through all of the table
                ending, theirs = " ON COMMIT DROP", " WHERE tenant_id = ANY(CAST(:tenants AS int[]))"
            columns = "id INTEGER PRIMARY KEY, customer_id INTEGER, site_id INTEGER"
            connection.execute(text(f"CREATE TEMPORARY TABLE kept_place ({columns}){ending}"))
            places = f"SELECT id, customer_id, site_id FROM device{theirs} ORDER BY id"
            binds = {"tenants": self.tenants} if theirs else {}
            connection.execute(text(f"INSERT INTO kept_place {places}"), binds)

    def within(self, nodes: Sequence[Interval]) -> Iterator[int]:
        """The ids of the customers in these nodes, roots included."""
        for low, high in nodes:
            yield from self._ids[bisect_left(self._paths, low) : bisect_left(self._paths, high)]

    def region(self, user: int, permission: str) -> Region:
        """What a user's permission reaches; nothing for somebody who is not there."""
        reach: Reach | None = self.reaches.get(user)
        return _NOTHING if reach is None else reach.region(permission)


def _called(connection: Connection, keys: Collection[str]) -> list[int]:
    """The tenants with these keys."""
    return [own for own, key in connection.execute(select(Tenant.id, Tenant.key)) if key in keys]


class Places:
    """Which places of devices a region holds."""

    def __init__(self, moment: Moment, region: Region) -> None:
        self.paths = moment.paths
        self.region = region
        self.sites = frozenset(region.standing)
        self._known: dict[Place, bool] = {}

    def hold(self, place: Place) -> bool:
        """Whether the region reaches a device there."""
        found = self._known.get(place)
        if found is None:
            node, stands = place
            path = None if node is None else self.paths.get(node)
            found = self._known[place] = path is not None and self.region.reaches(path, stands)
        return found
