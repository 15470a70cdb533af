"""Rights that come and go: which permissions do so together (those that the same security groups give), and how many
rights that makes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from ringfence.changes.difference import NO_RIGHTS, Rights
from ringfence.domain.kind import StateKind
from ringfence.domain.permission import AT_SITES, EVERYWHERE, PERMISSIONS
from ringfence.domain.registry import EDITED
from ringfence.visibility.reach import Reach

Class = tuple[str, ...]
"""Permissions that one computation answers for, in order."""


@cache
def over(kind: StateKind) -> frozenset[str]:
    """The permissions over records of a kind that can be handed from place to place."""
    return frozenset(one for one in PERMISSIONS if one.startswith(EDITED[kind].right("")))


class Classes:
    """The classes of permissions of two moments, worked out once for each pair of sets of groups in force."""

    def __init__(self) -> None:
        self._known: dict[object, tuple[Class, ...]] = {}

    def of(self, before: Reach | None, after: Reach | None) -> tuple[Class, ...]:
        """The permissions that somebody holds at either moment, by the groups that give them."""
        sides = [[] if reach is None else reach.grants.groups_in_force(reach.at) for reach in (before, after)]
        key = tuple(tuple(sorted({group.group_id for group in side})) for side in sides)
        found = self._known.get(key)
        if found is None:
            by: defaultdict[object, list[str]] = defaultdict(list)
            given: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
            for side, groups in enumerate(sides):
                for group in groups:
                    for permission in PERMISSIONS if group.permissions is None else group.permissions:
                        given[permission].add((side, group.group_id))
            for permission in sorted(PERMISSIONS & given.keys()):
                # What cannot be scoped has a rule of its own, and so a class of its own.
                own = permission if permission in EVERYWHERE else ""
                by[frozenset(given[permission]), own, permission in AT_SITES].append(permission)
            found = self._known[key] = tuple(map(tuple, by.values()))
        return found


def standing(reach: Reach | None) -> object:
    """Equal for users who reach the same with every permission, at one moment of a transaction and one of time."""
    return None if reach is None else reach.grants.posture(reach.at)


def moments(at: datetime, reaches: Iterable[Reach | None]) -> list[datetime]:
    """The moments after ``at`` at which a membership of one of these begins or ends, in order."""
    windows = (group for reach in reaches if reach is not None for group in reach.grants.groups)
    found = {moment for group in windows for moment in (group.valid_from, group.valid_until)}
    return sorted(moment for moment in found if moment is not None and moment > at)


def at_moment(reach: Reach | None, moment: datetime) -> Reach | None:
    """What the same grants reach at another moment of time."""
    return None if reach is None else Reach(reach.grants, moment, reach.grounds)


class Tally:
    """Rights that are gained, or lost, class by class."""

    def __init__(self) -> None:
        self._handed: dict[tuple[StateKind, Any, Any], int] = {}
        self._permissions: Counter[str] = Counter()

    def add(self, permissions: Sequence[str], places: int) -> None:
        """Some permissions, over so many customers and sites each."""
        if places:
            self._permissions.update(dict.fromkeys(permissions, places))

    def hand(self, kind: StateKind, permissions: Sequence[str], start: Any, end: Any, count: int) -> None:
        """Some permissions over records that are at another place now."""
        self._handed[kind, start, end] = count
        self._permissions.update(dict.fromkeys(permissions, count))

    def told(self, customers: int, provider: bool, sites: int) -> Rights:
        """All of them together, and over how many customers and sites."""
        if not self._permissions:
            return NO_RIGHTS
        records: Counter[str] = Counter()
        for (kind, _, _), moved in self._handed.items():
            records[kind] += moved
        held, handed = sorted(self._permissions.items()), sorted(records.items())
        return Rights(sum(self._permissions.values()), customers, provider, sites, tuple(handed), tuple(held))
