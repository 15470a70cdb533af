"""What comes, goes and moves in a change, beside what it does to grants."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from ringfence.changes.cascade import Herd
from ringfence.changes.edits import Edit
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.kind import State, StateKind
from ringfence.domain.registry import PLACE, node_of, site_of, standing_on
from ringfence.visibility.intervals import Interval, contains, nested, subtract, union, within
from ringfence.visibility.rule import Region

Place = tuple[str, int | None]
"""Where a record is: its customer's path and the site that it stands on."""

_WATCHED: Final = (CUSTOMERS, PLACE, DEVICES)
"""The kinds of which it is told for whom they appear and go."""


class Paths:
    """Paths in order, counted by intervals."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._paths = sorted(paths)

    def within(self, nodes: Sequence[Interval]) -> int:
        """How many of them the nodes hold."""
        if len(nodes) > len(self._paths):
            return sum(contains(nodes, path) for path in self._paths)
        return sum(bisect_left(self._paths, high) - bisect_left(self._paths, low) for low, high in nodes)


class Placed:
    """Numbers of records by where they are, counted by regions."""

    def __init__(self, counts: Mapping[Place, int]) -> None:
        ordered = sorted(counts.items(), key=lambda one: one[0][0])
        self._paths = [path for (path, _), _ in ordered]
        self._sums = [0]
        self._on: dict[int, int] = {}
        for (_, stands), count in ordered:
            self._sums.append(self._sums[-1] + count)
            if stands is not None:
                self._on[stands] = self._on.get(stands, 0) + count

    def within(self, region: Region) -> int:
        """How many of them the region holds: its sites are none of its customers'."""
        if not self._paths:
            return 0
        found = sum(self._on.get(stands, 0) for stands in region.standing)
        for low, high in region.customers:
            found += self._sums[bisect_left(self._paths, high)] - self._sums[bisect_left(self._paths, low)]
        return found


class Flow:
    """What comes, goes and moves in a change.

    Made before the change is written, with the paths as they are; ``settle`` is told of it afterwards. ``come`` and
    ``gone`` are the customers that are new and deleted, ``sites_come`` the new sites, ``sites_gone`` those deleted;
    ``devices_come``, ``devices_gone`` and ``devices`` (from, to) count devices by place; ``handed`` the records of
    every kind, devices too, that are at another place and were there before.
    """

    def __init__(self, edits: Sequence[Edit], paths: Mapping[int, str], herd: Herd) -> None:
        self._edits = edits
        self._before = [_place(edit, edit.before, paths) for edit in edits]
        self._herd = {(paths[customer], stands): count for (customer, stands), count in herd.places.items()}
        self._leaving = _standing(edits, "before", herd.customers)
        self._where = dict(paths)
        self.gone = Paths(paths[edit.id] for edit in edits if edit.kind == "customer" and edit.after is None)
        self.come = Paths()
        self.sites_gone = frozenset(edit.id for edit in edits if edit.of is PLACE and edit.after is None)
        self.sites_come: frozenset[int] = frozenset()
        self.users_come: frozenset[int] = frozenset()
        self.shifts: Sequence[tuple[str, str]] = ()
        self.devices_come: Mapping[Place, int] = {}
        self.devices_gone = Placed({})
        self.devices: Mapping[tuple[Place, Place], int] = {}
        self.handed: Mapping[tuple[StateKind, Place, Place], int] = {}

    def __bool__(self) -> bool:
        """Whether anything is where it was not, or will be."""
        return any(
            edit.of in _WATCHED if edit.before is None or edit.after is None else _elsewhere(edit.before, edit.after)
            for edit in self._edits
        )

    def settle(self, edits: Sequence[Edit], paths: Mapping[int, str], shifts: Sequence[tuple[str, str]]) -> None:
        """The same edits once they are written, the paths then, and which paths became which."""
        self.shifts = shifts
        self.come = Paths(paths[edit.id] for edit in edits if edit.kind == "customer" and edit.before is None)
        self.sites_come = frozenset(edit.id for edit in edits if edit.of is PLACE and edit.before is None)
        self.users_come = frozenset(edit.id for edit in edits if edit.kind == "user" and edit.before is None)
        come: Counter[Place] = Counter()
        gone: Counter[Place] = Counter(self._herd)
        handed: Counter[tuple[StateKind, Place, Place]] = Counter()
        for edit, before in zip(edits, self._before, strict=True):
            after = _place(edit, edit.after, paths)
            if before is None and after is not None and edit.kind == "device":
                come[after] += 1
            elif before is not None and after is None and edit.kind == "device":
                gone[before] += 1
            elif before is not None and after is not None and self.moved(before) != after:
                handed[edit.kind, before, after] += 1
        for (kind, customer, place), count in self._leaving.items():
            path = self._where[customer]
            handed[kind, (path, place), (self.path(path), None)] += count
        for (kind, customer, place), count in _standing(edits, "after").items():
            handed[kind, (self._where.get(customer, ""), None), (paths[customer], place)] += count
        self.devices_come, self.devices_gone, self.handed = come, Placed(gone), handed
        self.devices = {(start, end): count for (kind, start, end), count in handed.items() if kind == "device"}

    def path(self, path: str) -> str:
        """Where a path has gone."""
        return _shifted(path, self.shifts)

    def moved(self, place: Place) -> Place:
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
        return region.shifted(nodes, self.path)

    def areas(self) -> tuple[list[Interval], list[Interval]]:
        """Where the customers that were moved are now, with all that is nested in them; and the places that they left,
        where those would be now."""
        come, left = [], []
        for place, (old, new) in enumerate(self.shifts):
            later = self.shifts[place + 1 :]
            come.append(nested(_shifted(new, later)))
            left.append(nested(_shifted(old, later)))
        return union(come), union(left)


def _shifted(path: str, shifts: Sequence[tuple[str, str]]) -> str:
    for old, new in shifts:
        if path.startswith(old):
            path = new + path[len(old) :]
    return path


def _elsewhere(before: State, after: State) -> bool:
    return (node_of(before), site_of(before)) != (node_of(after), site_of(after))


def _place(edit: Edit, state: State | None, paths: Mapping[int, str]) -> Place | None:
    if state is None or not edit.of.movable:
        return None
    path = paths.get(node_of(state))
    if path is None:
        return None
    return path, site_of(state)


def _standing(edits: Sequence[Edit], side: str, leaving: Collection[int] = ()) -> Counter[tuple[StateKind, int, int]]:
    """How many records of each kind stand on sites that are deleted (``before``) or brought back (``after``), and stay,
    by kind, customer and site: what leaves a site by an edit of its own, or with a customer that is ``leaving``, does
    not count here."""
    found: Counter[tuple[StateKind, int, int]] = Counter()
    if not any(edit.of is PLACE for edit in edits):
        return found
    upon = standing_on(PLACE)
    going = {kind: {edit.id for edit in edits if edit.kind == kind and _leaves(edit)} for kind in upon.values()}
    for edit in edits:
        state, other = (edit.before, edit.after) if side == "before" else (edit.after, edit.before)
        if edit.of is PLACE and state is not None and other is None and node_of(state) not in leaving:
            for name, kind in upon.items():
                found[kind, node_of(state), edit.id] += len(getattr(state, name) - going[kind])
    return +found


def _leaves(edit: Edit) -> bool:
    if edit.before is None:
        return False
    return edit.after is None or _elsewhere(edit.before, edit.after)
