"""What one user's grants reach, permission by permission, worked out in memory: for changes, before they are kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import Connection, text

from ringfence.visibility.grants import read_filtered, read_many, read_selected
from ringfence.visibility.intervals import Interval, contains, subtract, union
from ringfence.visibility.rule import Grants, Narrowing, Region, region


class Regions(Protocol):
    """What somebody reaches, permission by permission."""

    def region(self, permission: str) -> Region:
        """What one permission reaches."""


class Reach:
    """The regions of one user; equal grants share them. ``grounds`` holds what the groups name."""

    def __init__(self, grants: Grants, at: datetime, grounds: Grounds) -> None:
        self.grants = grants
        self.at = at
        self.grounds = grounds
        self._known: dict[str, Region] = {}
        """By permission: to see whose grants are equal takes longer than to look here."""

    def region(self, permission: str) -> Region:
        """visible(u, p)."""
        found = self._known.get(permission)
        if found is None:
            found = self._known[permission] = self.grounds.region(self.grants, permission, self.at)
        return found

    def covers(self, permission: str, nodes: Sequence[Interval]) -> bool:
        """Whether the permission reaches all records of these nodes."""
        return not subtract(nodes, self.region(permission).customers)

    def contains(self, permission: str, path: str) -> bool:
        """Whether the permission reaches all records of the node."""
        return contains(self.region(permission).customers, path)

    def sees(self, permission: str, path: str) -> bool:
        """Whether the permission reaches the node itself, if only for a site of it."""
        return contains(self.region(permission).nodes(), path)


class Common:
    """What two people both reach."""

    def __init__(self, one: Regions, other: Regions) -> None:
        self._both = one, other
        self._known: dict[str, Region] = {}

    def region(self, permission: str) -> Region:
        """What both reach."""
        if permission not in self._known:
            one, other = (each.region(permission) for each in self._both)
            self._known[permission] = one.shared(other)
        return self._known[permission]


class _Nobody:
    def region(self, permission: str) -> Region:
        del permission
        return Region([], ())


NOBODY: Final = _Nobody()
"""Who reaches nothing."""


class Grounds:
    """The customers that groups name at one moment of a transaction, ``selected`` by security groups and ``filtered``
    by customer groups, and the regions made of them."""

    def __init__(self, selected: Mapping[int, list[Interval]], filtered: Mapping[int, list[Interval]]) -> None:
        self.selected, self.filtered = selected, filtered
        self._regions: dict[object, Region] = {}

    def region(self, grants: Grants, permission: str, at: datetime) -> Region:
        """The region of a permission, worked out once for equal grants."""
        signature = grants.signature(permission, at)
        found = self._regions.get(signature)
        if found is None:
            found = self._regions[signature] = region(grants, permission, at, self.selected, self.filtered)
        return found


def read_grounds(connection: Connection, tenant_id: int, users: Iterable[Grants]) -> Grounds:
    """The customers that the groups of these users of a tenant name."""
    selecting: set[int] = set()
    filtering: set[int] = set()
    for grants in users:
        selecting.update(group.group_id for group in grants.groups if group.selects)
        filtering.update(grants.given or ())
    selected = {group: union(nodes) for group, nodes in read_selected(connection, tenant_id, selecting).items()}
    filtered = {group: union(nodes) for group, nodes in read_filtered(connection, tenant_id, filtering).items()}
    return Grounds(selected, filtered)


def read_reaches(connection: Connection, tenant_id: int, users: Iterable[int], at: datetime) -> dict[int, Reach]:
    """What each of these users of a tenant reaches in this transaction; whoever is not there is left out."""
    found = read_many(connection, tenant_id, users)
    grounds = read_grounds(connection, tenant_id, found.values())
    return {user: Reach(grants, at, grounds) for user, grants in found.items()}


def read_reach(
    connection: Connection, tenant_id: int, user: int, at: datetime, narrowing: Narrowing | None = None
) -> Reach | None:
    """What one user reaches in this transaction, or what is left of it to whoever stands in for them; None for one who
    is not there."""
    grants = read_many(connection, tenant_id, [user]).get(user)
    if grants is None:
        return None
    if narrowing is not None:
        grants = grants.narrowed(narrowing)
    return Reach(grants, at, read_grounds(connection, tenant_id, [grants]))


def measure(connection: Connection, tenant_id: int, nodes: Sequence[Interval]) -> tuple[int, int]:
    """How many customers (the tenant's root is none) and devices of their own lie in the nodes."""
    if not nodes:
        return 0, 0
    if connection.dialect.name == "postgresql":
        binds = {"tenant": tenant_id, "low": [low for low, _ in nodes], "high": [high for _, high in nodes]}
        row = connection.execute(_MEASURE_POSTGRESQL, binds).one()
    else:
        row = connection.execute(_MEASURE_SQLITE, {"tenant": tenant_id, "nodes": json.dumps(nodes)}).one()
    return int(row.customers), int(row.devices)


# The plus keeps SQLite from the tenant's index: of all nodes, few have no parent.
_MEASURE_SQLITE = text(
    "SELECT count(*) - COALESCE(sum(c.path = (SELECT r.path FROM customer r WHERE +r.tenant_id = :tenant AND "
    "r.parent_id IS NULL)), 0) AS customers, COALESCE(sum(c.device_count), 0) AS devices FROM json_each(:nodes) n "
    "CROSS JOIN customer c WHERE c.tenant_id = :tenant "
    "AND c.path >= json_extract(n.value, '$[0]') AND c.path < json_extract(n.value, '$[1]')"
)
_MEASURE_POSTGRESQL = text(
    "SELECT COALESCE(sum(m.customers), 0) AS customers, COALESCE(sum(m.devices), 0) AS devices "
    "FROM unnest(CAST(:low AS text[]), CAST(:high AS text[])) n(low, high) CROSS JOIN LATERAL ("
    "SELECT count(*) FILTER (WHERE c.path <> (SELECT r.path FROM customer r WHERE r.tenant_id = :tenant "
    "AND r.parent_id IS NULL)) AS customers, sum(c.device_count) AS devices FROM customer c "
    'WHERE c.tenant_id = :tenant AND c.path >= n.low COLLATE "C" AND c.path < n.high COLLATE "C" OFFSET 0) m'
)
