"""Why a user reaches a record, or does not: the rule at one point, gate by gate.

A record has few customers above it. Whether a group names it is asked of the entries of those, and never of all that a
group names: no group is read whole, and no scope is made. `ringfence.visibility.rule` says the same of all records at
once; the two are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from sqlalchemy import Connection

from ringfence.domain.kind import Kind
from ringfence.domain.permission import AT_SITES, EVERYWHERE, PERMISSIONS, POLICY_EDIT
from ringfence.domain.role import SITE
from ringfence.visibility.grants import Entries, read_entries
from ringfence.visibility.intervals import Interval, contains, intersect, nested, union
from ringfence.visibility.point import look_up
from ringfence.visibility.reach import Reach
from ringfence.visibility.rule import Grants, GroupGrant, reaches_nothing
from ringfence.visibility.viewer import Sight

ACTIVE, HOME, FILTER, WINDOW = "user active", "home", "filter", "window"
ROLE, SCOPE, LEVEL, EVERYWHERE_GATE = "role", "scope", "level", "everywhere"
GATES: Final = (ACTIVE, HOME, FILTER, WINDOW, ROLE, SCOPE, LEVEL, EVERYWHERE_GATE)
"""What has to be open on a path, in the order of the rule; the last where a permission cannot be scoped."""


def gates_of(permission: str) -> tuple[str, ...]:
    """The gates on each path to a record under the permission."""
    return GATES if permission in EVERYWHERE else GATES[:-1]


class Target(NamedTuple):
    """A record as the rule sees it: where it belongs in the tree, and the site that it is or stands on, if any."""

    kind: Kind
    id: int
    key: str
    name: str
    path: str
    stands: int | None

    @property
    def ancestors(self) -> tuple[int, ...]:
        """The customers down to its own, the tenant's root first."""
        return _ids_of(self.path)

    @property
    def node(self) -> int:
        """Its own customer."""
        return self.ancestors[-1]

    @property
    def root(self) -> int:
        """The tenant's root."""
        return self.ancestors[0]

    def path_of(self, ancestor: int) -> str:
        """The path of one of the customers down to its own."""
        parts = self.path.strip("/").split("/")
        return f"/{'/'.join(parts[: self.ancestors.index(ancestor) + 1])}/"

    def on_sites(self, permission: str) -> bool:
        """Whether the permission can reach it by a site alone."""
        return permission in AT_SITES and (self.kind.is_customer or self.stands is not None)


@lru_cache(maxsize=64)
def _ids_of(path: str) -> tuple[int, ...]:
    return tuple(int(part, 36) for part in path.strip("/").split("/"))


def find_target(sight: Sight, kind: Kind, column: str, value: str | int) -> Target | None:
    """The record of that key or id, where the viewer may list it; None when hidden or missing."""
    stands = "NULL" if kind.standing is None or kind.is_customer else f"k.{kind.standing}"
    columns = ("k.id", "k.key", "k.name", "c.path AS path", f"{stands} AS stands")
    row = look_up(sight, kind.permission, kind, column, value, columns)
    return None if row is None else Target(kind, row.id, row.key, row.name, row.path, row.stands)


class Filter(NamedTuple):
    """A customer group that was given to a user: whether it ``names`` the record, and whether ``everything``."""

    id: int
    active: bool
    names: bool
    everything: bool


class Stance(NamedTuple):
    """What of a user decides on each of their paths to a record. ``on_site``: the record is at one of their sites, and
    that counts for the permission. ``rest``: they hold every other permission over everything."""

    active: bool
    home_path: str
    at_root: bool
    filters: tuple[Filter, ...]
    on_site: bool
    rest: bool = False

    @property
    def passes(self) -> bool:
        """Whether the filters let the record through."""
        return not self.filters or any(one.active and one.names for one in self.filters)

    @property
    def unbounded(self) -> bool:
        """Whether neither home nor filters keep anything away."""
        return self.at_root and (not self.filters or any(one.active and one.everything for one in self.filters))


class Step(NamedTuple):
    """What of a security group decides on a path through it: whether its role ``holds`` the permission, or all of them
    (``whole``), whether it is ``in_force`` for the user, whether it names the record (``named``) and ``everything``."""

    group: int
    role: int | None
    level: str
    selects: bool
    holds: bool
    in_force: bool
    named: bool
    everything: bool
    whole: bool = False

    def over_all(self, stance: Stance) -> bool:
        """Whether it reaches all of the tenant, now and later."""
        if self.level == SITE or reaches_nothing_of(self, stance):
            return False
        return stance.unbounded and (not self.selects or self.everything)


def reaches_nothing_of(step: Step, stance: Stance) -> bool:
    """Whether the level of a group over all customers finds nobody named for the user."""
    return not step.selects and reaches_nothing(step.level, filtered=bool(stance.filters), at_root=stance.at_root)


def closed(permission: str, path: str, stance: Stance, step: Step) -> tuple[str, ...]:
    """The gates that are closed on a path to a record at a node, by its ``path``; none: the path alone opens it."""
    found = []
    if not stance.active:
        found.append(ACTIVE)
    if not path.startswith(stance.home_path):
        found.append(HOME)
    if not stance.passes:
        found.append(FILTER)
    if not step.in_force:
        found.append(WINDOW)
    if not step.holds:
        found.append(ROLE)
    if step.selects and not step.named:
        found.append(SCOPE)
    if (step.level == SITE and not stance.on_site) or reaches_nothing_of(step, stance):
        found.append(LEVEL)
    if permission in EVERYWHERE and not (step.over_all(stance) and (permission != POLICY_EDIT or stance.rest)):
        found.append(EVERYWHERE_GATE)
    return tuple(found)


class Way(NamedTuple):
    """A path: a membership, the entry of its group that names the record (the nearest customer, and whether those
    nested in it come along), and the gates that are closed."""

    group: GroupGrant
    entry: tuple[int, bool] | None
    walls: tuple[str, ...]


class Facts:
    """All that decides whether one user reaches one record, whatever the permission, at a moment: their grants, and
    what of the record's customers their groups name (``selected`` and ``filtered``)."""

    def __init__(self, grants: Grants, target: Target, at: datetime, selected: Entries, filtered: Entries) -> None:
        self.grants, self.target, self.at = grants, target, at
        self._selected, self._filtered = selected, filtered
        self.memberships: tuple[GroupGrant, ...] = (*grants.groups, *grants.idle)
        active = frozenset(grants.filters or ())
        self.filters = tuple(
            Filter(
                one, one in active, names(filtered.get(one, {}), target), filtered.get(one, {}).get(target.root, False)
            )
            for one in grants.given or ()
        )

    def entry(self, group: int) -> tuple[int, bool] | None:
        """The entry of a security group that names the record."""
        return nearest(self._selected.get(group, {}), self.target)

    def stance(self, permission: str) -> Stance:
        """The user's part."""
        grants, target = self.grants, self.target
        held = any(
            site.path == target.path if target.kind.is_customer else site.site_id == target.stands
            for site in grants.sites
        )
        on_site = held and target.on_sites(permission)
        found = Stance(grants.active, grants.home_path, grants.home_is_root, self.filters, on_site)
        return found._replace(rest=self._rest(found)) if permission == POLICY_EDIT else found

    def _rest(self, stance: Stance) -> bool:
        whole = [
            one for one in self.memberships if one.in_force(self.at) and self.step(one, POLICY_EDIT).over_all(stance)
        ]
        return all(any(group.holds(one) for group in whole) for one in PERMISSIONS - {POLICY_EDIT})

    def step(self, group: GroupGrant, permission: str) -> Step:
        """The part of one of the memberships."""
        named = self._selected.get(group.group_id, {})
        return Step(
            group.group_id,
            group.role_id,
            group.access_level,
            group.selects,
            group.role_id is not None and group.holds(permission),
            group.in_force(self.at),
            names(named, self.target),
            named.get(self.target.root, False),
        )

    def ways(self, permission: str) -> list[Way]:
        """Each path, with the gates that are closed on it."""
        stance, path = self.stance(permission), self.target.path
        return [
            Way(one, self.entry(one.group_id), closed(permission, path, stance, self.step(one, permission)))
            for one in self.memberships
        ]


def names(entries: Mapping[int, bool], target: Target) -> bool:
    """Whether these entries, of the customers down to a record's own, name the record."""
    return any(is_nested or customer == target.node for customer, is_nested in entries.items())


def nearest(entries: Mapping[int, bool], target: Target) -> tuple[int, bool] | None:
    """Of these entries the one of the nearest customer that names the record."""
    for customer in target.ancestors[::-1]:
        if customer in entries and (entries[customer] or customer == target.node):
            return customer, entries[customer]
    return None


def read_facts(connection: Connection, grants: Grants, target: Target, at: datetime) -> Facts:
    """What decides whether a user reaches a record, as of this transaction."""
    selecting: Iterable[int] = (one.group_id for one in (*grants.groups, *grants.idle) if one.selects)
    selected, filtered = read_entries(connection, grants.tenant_id, selecting, grants.given or (), target.ancestors)
    return Facts(grants, target, at, selected, filtered)


class Anywhere:
    """The same of anything at all: the gates at which whatever there is ends, each as if those before it were open."""

    def __init__(self, reach: Reach) -> None:
        self.reach = reach
        self.grants = reach.grants
        within = self.grants.narrowing.path if self.grants.narrowing is not None else None
        self._home = [nested(self.grants.home_path)]
        self._own = self._home if within is None else intersect(self._home, [nested(within)])
        named = {one: reach.grounds.filtered.get(one, []) for one in self.grants.given or ()}
        active = frozenset(self.grants.filters or ())
        passing = union(node for one in active for node in named[one])
        self._through = self._own if self.grants.given is None else intersect(self._own or self._home, passing)
        self.filters = tuple(
            Filter(one, one in active, bool(intersect(self._own or self._home, nodes)), nodes == self._home)
            for one, nodes in named.items()
        )

    def ways(self, permission: str) -> list[Way]:
        """Each path, with the gates that are closed on it wherever it leads."""
        return [Way(one, None, self._closed(one, permission)) for one in (*self.grants.groups, *self.grants.idle)]

    def _closed(self, group: GroupGrant, permission: str) -> tuple[str, ...]:
        grants, at = self.grants, self.reach.at
        found = [] if grants.active else [ACTIVE]
        if not self._own:
            found.append(HOME)
        if not self._through:
            found.append(FILTER)
        if not group.in_force(at):
            found.append(WINDOW)
        if group.role_id is None or not group.holds(permission):
            found.append(ROLE)
        nodes = reached = self._through or self._own or self._home
        if group.selects:
            nodes = intersect(reached, self.reach.grounds.selected.get(group.group_id, []))
            if not nodes:
                found.append(SCOPE)
        if not self._leveled(group, permission, nodes or reached):
            found.append(LEVEL)
        if permission in EVERYWHERE and not found and not self._over_all(group, permission):
            found.append(EVERYWHERE_GATE)
        return tuple(found)

    def _leveled(self, group: GroupGrant, permission: str, nodes: Sequence[Interval]) -> bool:
        if group.access_level == SITE:
            return permission in AT_SITES and any(contains(nodes, site.path) for site in self.grants.sites)
        filtered, at_root = self.grants.given is not None, self.grants.home_is_root
        return group.selects or not reaches_nothing(group.access_level, filtered=filtered, at_root=at_root)

    def _over_all(self, group: GroupGrant, permission: str) -> bool:
        rest = [one for one in self.grants.groups if not one.holds(permission)]
        alone = self.grants._replace(groups=(group, *rest))
        return bool(self.reach.grounds.region(alone, permission, self.reach.at).nodes())
