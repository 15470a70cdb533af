"""The rule of visibility, and nothing else: from a user's grants to the customers that a permission reaches.

No query lives here. docs/visibility.md states the rule for people; the oracle under tests/ states it a second time,
slowly, and the two are compared.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple

from ringfence.domain.permission import AT_SITES, EVERYWHERE, PERMISSIONS, POLICY_EDIT
from ringfence.domain.role import CUSTOMER, SITE
from ringfence.visibility.intervals import Interval, contains, intersect, nested, single, union


class GroupGrant(NamedTuple):
    """A user's membership in a security group, with what its role says. ``permissions`` None is all of them; there is
    no ``role_id`` where the group has no role."""

    group_id: int
    access_level: str
    selects: bool
    permissions: frozenset[str] | None
    valid_from: datetime | None
    valid_until: datetime | None
    role_id: int | None = None

    def holds(self, permission: str) -> bool:
        """Whether the role holds the permission."""
        return self.permissions is None or permission in self.permissions

    def in_force(self, at: datetime) -> bool:
        """Whether the membership gives anything at that moment."""
        began = self.valid_from is None or self.valid_from <= at
        return began and (self.valid_until is None or at < self.valid_until)


class SiteGrant(NamedTuple):
    """A site given to a user, and the customer that owns it."""

    site_id: int
    customer_id: int
    path: str


class Narrowing(NamedTuple):
    """What is left of a user's rights to whoever stands in for them: those of some ``permissions`` (None: of all), and
    within a customer alone, with what is nested in it, by its ``path`` (None: wherever they hold them)."""

    permissions: frozenset[str] | None = None
    path: str | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is taken away."""
        return self.permissions is None and self.path is None


class Grants(NamedTuple):
    """Everything that decides what one user sees. ``filters`` None: no customer group was ever given; an empty tuple:
    those given are all inactive. ``given`` holds the inactive ones too. ``idle`` are memberships in groups without a
    role, which give nothing. ``narrowing`` is what has been taken away from all that, None where nothing was: what goes
    by who somebody is, and by no right, is taken away with it."""

    user_id: int
    tenant_id: int
    active: bool
    home_id: int
    home_path: str
    home_is_root: bool
    groups: tuple[GroupGrant, ...]
    filters: tuple[int, ...] | None
    sites: tuple[SiteGrant, ...]
    given: tuple[int, ...] | None = None
    narrowing: Narrowing | None = None
    idle: tuple[GroupGrant, ...] = ()

    def narrowed(self, narrowing: Narrowing) -> Grants:
        """What is left of them to whoever stands in for the user."""
        if narrowing.whole:
            return self
        groups = self.groups
        if narrowing.permissions is not None:
            held = narrowing.permissions
            groups = tuple(
                group._replace(permissions=held if group.permissions is None else group.permissions & held)
                for group in groups
            )
        return self._replace(groups=groups, narrowing=narrowing)

    def groups_with(self, permission: str, at: datetime) -> list[GroupGrant]:
        """The security groups that give the permission at that moment; none for an inactive user."""
        return [group for group in self.groups_in_force(at) if group.holds(permission)]

    def groups_in_force(self, at: datetime) -> list[GroupGrant]:
        """The security groups that give anything at that moment; none for an inactive user."""
        if not self.active or self.filters == ():
            return []
        return [group for group in self.groups if group.in_force(at)]

    def groups_behind(self, permission: str, at: datetime) -> list[GroupGrant]:
        """The security groups that decide what the permission reaches: for editing policies, all of them."""
        groups = self.groups_with(permission, at)
        return self.groups_in_force(at) if groups and permission == POLICY_EDIT else groups

    def potential(self) -> Grants:
        """What they would be with every window open and everything of theirs active: what was handed to them."""
        groups = tuple(group._replace(valid_from=None, valid_until=None) for group in self.groups)
        return self._replace(active=True, groups=groups, filters=self.given)

    def alike(self) -> object:
        """Equal for users who are given the same, whatever the permission."""
        groups = tuple(sorted({group.group_id for group in self.groups}))
        sites = tuple(sorted(site.site_id for site in self.sites))
        return self.home_id, groups, self.filters, sites, self.narrowing

    def posture(self, at: datetime) -> object:
        """Equal for users who reach the same with every permission at that moment; None where they reach nothing."""
        groups = self.groups_in_force(at)
        if not groups:
            return None
        sites = tuple(sorted(site.site_id for site in self.sites))
        return self.home_id, tuple(sorted({group.group_id for group in groups})), self.filters, sites, self.narrowing

    def signature(self, permission: str, at: datetime) -> str:
        """Equal for two users exactly when the same grants decide what each of them sees under the permission."""
        groups = self.groups_behind(permission, at)
        if not groups:
            return "nothing"
        sites: tuple[int, ...] = ()
        if permission in AT_SITES and any(group.access_level == SITE for group in groups):
            sites = tuple(sorted(site.site_id for site in self.sites))
        own = permission if permission in EVERYWHERE else ""
        parts: tuple[object, ...]
        parts = self.home_id, sorted({group.group_id for group in groups}), self.filters, sites, own
        if self.narrowing is not None and (self.narrowing.path is not None or permission == POLICY_EDIT):
            # Which permissions are left, the groups behind one say; policies need all of them.
            held = sorted(self.narrowing.permissions or ()) if permission == POLICY_EDIT else ()
            parts = *parts, self.narrowing.path, held
        return blake2b(repr(parts).encode(), digest_size=16).hexdigest()

    def changes_at(self, at: datetime) -> datetime | None:
        """The next moment after ``at`` at which a membership begins or ends."""
        moments = (moment for group in self.groups for moment in (group.valid_from, group.valid_until))
        return min((moment for moment in moments if moment is not None and moment > at), default=None)


@dataclass(frozen=True)
class Region:
    """What a permission reaches: whole customers, and single sites of customers outside of those."""

    customers: list[Interval]
    sites: tuple[SiteGrant, ...]

    @cached_property
    def standing(self) -> Mapping[int, str]:
        """Its single sites, each with the path of its customer."""
        return {site.site_id: site.path for site in self.sites}

    @cached_property
    def _starts(self) -> list[str]:
        return [low for low, _ in self.customers]

    def reaches(self, path: str, stands: int | None = None) -> bool:
        """Whether it reaches a record at a node, which stands on a site there (or is one), or on none."""
        place = bisect_right(self._starts, path) - 1
        if place >= 0 and path < self.customers[place][1]:
            return True
        return stands is not None and self.standing.get(stands) == path

    def beyond(self, other: Region) -> list[SiteGrant]:
        """Its single sites that the other does not reach, wherever they are there."""
        held = other.standing
        return [one for one in self.sites if one.site_id not in held and not contains(other.customers, one.path)]

    def within(self, nodes: Sequence[Interval]) -> Region:
        """What it reaches in these nodes, which are as ``union`` returns them."""
        if not nodes:
            return Region([], ())
        first = max(0, bisect_right(self._starts, nodes[0][0]) - 1)
        near = self.customers[first : bisect_left(self._starts, nodes[-1][1])]
        return Region(intersect(near, nodes), tuple(site for site in self.sites if contains(nodes, site.path)))

    def shifted(self, nodes: list[Interval], path: Callable[[str], str]) -> Region:
        """The same of other ``nodes``, its single sites where their customers have gone to."""
        return Region(nodes, tuple(site._replace(path=path(site.path)) for site in self.sites))

    def nodes(self) -> list[Interval]:
        """The customers themselves, those included of which only a site is in reach."""
        if not self.sites:
            return self.customers
        return union([*self.customers, *(single(site.path) for site in self.sites)])

    def shared(self, other: Region) -> Region:
        """What both hold."""
        held = other.standing
        sites = [one for one in self.sites if one.site_id in held or contains(other.customers, one.path)]
        sites += [one for one in other.sites if contains(self.customers, one.path)]
        return Region(intersect(self.customers, other.customers), tuple(sites))


def region(
    grants: Grants,
    permission: str,
    at: datetime,
    selected: Mapping[int, Sequence[Interval]],
    filtered: Mapping[int, Sequence[Interval]],
) -> Region:
    """visible(u, p): the union over the user's security groups in force whose role holds the permission.

    ``selected`` gives the customers that each security group names (of those ``groups_behind`` the permission),
    ``filtered`` those of each customer group. What cannot be scoped reaches the whole tenant or nothing.
    """
    reached = _union(grants, permission, at, selected, filtered)
    if permission not in AT_SITES:
        reached = Region(reached.customers, ())
    if permission not in EVERYWHERE:
        return reached
    whole = [nested(grants.home_path)]
    needed = PERMISSIONS - {POLICY_EDIT} if permission == POLICY_EDIT else frozenset()
    if not grants.home_is_root or reached.customers != whole:
        return Region([], ())
    others = (_union(grants, other, at, selected, filtered).customers for other in needed)
    if any(customers != whole for customers in others):
        return Region([], ())
    return reached


def reaches_nothing(level: str, *, filtered: bool, at_root: bool) -> bool:
    """Whether a group over all customers gives nothing for its level: customer level reaches only customers that
    somebody named for the user, by customer groups or a home below the root, and nobody did."""
    return level == CUSTOMER and not filtered and at_root


def _union(
    grants: Grants,
    permission: str,
    at: datetime,
    selected: Mapping[int, Sequence[Interval]],
    filtered: Mapping[int, Sequence[Interval]],
) -> Region:
    groups = grants.groups_with(permission, at)
    boundary = [nested(grants.home_path)]
    if grants.filters is not None:
        named = union(interval for group in grants.filters for interval in filtered.get(group, ()))
        boundary = intersect(boundary, named)
    if grants.narrowing is not None and grants.narrowing.path is not None:
        boundary = intersect(boundary, [nested(grants.narrowing.path)])
    wide: list[Interval] = []
    narrow: list[Interval] = []
    for group in groups:
        if group.selects:
            nodes = intersect(boundary, union(selected.get(group.group_id, ())))
        elif reaches_nothing(group.access_level, filtered=grants.filters is not None, at_root=grants.home_is_root):
            continue
        else:
            nodes = boundary
        (narrow if group.access_level == SITE else wide).extend(nodes)
    whole, partial = union(wide), union(narrow)
    sites = tuple(site for site in grants.sites if contains(partial, site.path) and not contains(whole, site.path))
    return Region(whole, sites)
