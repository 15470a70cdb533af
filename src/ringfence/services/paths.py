"""Paths by which users reach records, told as far as whoever asks may list what is on them, in the words for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from ringfence.domain import clock
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.kind import Kind
from ringfence.domain.permission import BY_KEY
from ringfence.domain.registry import EDITED
from ringfence.domain.role import LEVELS, ROLES, SITE
from ringfence.domain.security_group import ALL, SECURITY_GROUPS, SELECTED
from ringfence.domain.user import USERS
from ringfence.services.explained import ABOVE, Entry, Gate, Named, Path
from ringfence.visibility import explain
from ringfence.visibility.explain import Filter, Target, Way
from ringfence.visibility.point import among
from ringfence.visibility.viewer import Sight

NAMED: Final = tuple(kind for kind in EDITED.values() if kind.is_customer or kind.grants)
"""What is named on a path, as far as it may be listed."""
FILTERS: Final = EDITED[USERS.refs["customer_groups"]]
"""What users are filtered by."""
_LEVELS: Final = tuple(LEVELS)


class Person(NamedTuple):
    """What of a user stands on each path: where they are at home, and their customer groups."""

    active: bool
    home: int
    filters: tuple[Filter, ...]


def as_named(row: Any) -> Named:
    return Named(row.id, row.key or "", row.name)


def exactly(at: datetime | None) -> str | None:
    """A moment of a window as commands print it, to the microsecond where it has any; None for none."""
    return None if at is None else clock.iso(at, "auto")


Listed = Callable[[Kind, list[int]], Iterable[Any]]
"""Of records of a kind with these ids id, key and name, of those that whoever asks may list."""


def listed_by(sight: Sight) -> Listed:
    """What a sight lists."""
    return lambda kind, ids: among(sight, kind.permission, kind, ids, ("id", "key", "name"))


class Telling:
    """Tells paths of users to a record (None: to anything), as far as what is on them is ``listed``. ``hidden`` becomes
    true where something is left out. Of paths to anything only the gates are told at which they end."""

    def __init__(self, listed: Listed, target: Target | None, permission: str) -> None:
        self._listed, self._target, self._permission = listed, target, permission
        self._names: dict[str, dict[int, Named | None]] = {kind.noun: {} for kind in NAMED}
        self.hidden = False

    def of(self, permission: str) -> Telling:
        """The same for another permission."""
        other = copy(self)
        other._permission, other.hidden = permission, False
        return other

    def learn(self, people: Iterable[tuple[Person, Collection[Way]]]) -> None:
        """Looks up at once what is on the paths of several."""
        wanted: defaultdict[str, set[int]] = defaultdict(set)
        for person, ways in people:
            for way in ways:
                wanted[SECURITY_GROUPS.noun].add(way.group.group_id)
                wanted[ROLES.noun].update(() if way.group.role_id is None else (way.group.role_id,))
                wanted[CUSTOMERS.noun].update(way.entry[:1] if way.entry else ())
            if ways:
                wanted[CUSTOMERS.noun].add(person.home)
                wanted[FILTERS.noun].update(one.id for one in person.filters)
        if self._target is not None and wanted:
            wanted[CUSTOMERS.noun].add(self._target.node)
        for kind in NAMED:
            known = self._names[kind.noun]
            new = sorted(wanted[kind.noun] - known.keys())
            if new:
                known.update(dict.fromkeys(new))
                known.update((row.id, as_named(row)) for row in self._listed(kind, new))

    def _name(self, kind: Kind, record: int | None) -> Named | None:
        """What is told of a record; that it is hidden, is noted."""
        if record is None:
            return None
        found = self._names[kind.noun][record]
        self.hidden = self.hidden or found is None
        return found

    def paths(self, person: Person, ways: Collection[Way]) -> tuple[Path, ...]:
        """The paths of a user, in the order in which they are told."""
        self.learn([(person, ways)])
        told = [found for way in ways if (found := self._path(person, way)) is not None]
        told.sort(key=_order)
        if not told or not told[0].open:
            return tuple(told)
        only = None if len(told) < len(ways) else sum(one.open for one in told) == 1
        told = [replace(one, only=only) if one.open else one for one in told]
        return (replace(told[0], deciding=True), *told[1:])

    def _path(self, person: Person, way: Way) -> Path | None:
        group = self._name(SECURITY_GROUPS, way.group.group_id)
        if group is None:
            return None
        role = self._name(ROLES, way.group.role_id)
        entry = Entry(self._name(CUSTOMERS, way.entry[0]), way.entry[1]) if way.entry and way.group.selects else None
        home = self._name(CUSTOMERS, person.home)
        filters = [(one, self._name(FILTERS, one.id)) for one in person.filters]
        passing = sorted(named.key for one, named in filters if named is not None and one.active and one.names)
        through = next((named for _, named in filters if named and passing and named.key == passing[0]), None)
        said = _Said(self._permission, self._name_of_it(), home, role, entry, through)
        gates = tuple(
            Gate(name, name not in way.walls, said.of(name, way, person, filters))
            for name in (way.walls if self._target is None else explain.gates_of(self._permission))
        )
        since, until = way.group.valid_from, way.group.valid_until
        return Path(
            group,
            role,
            None if role is None else way.group.access_level,
            SELECTED if way.group.selects else ALL,
            entry,
            home if home is not None and home.key else None,
            through,
            exactly(since),
            exactly(until),
            open=not way.walls,
            deciding=False,
            only=False,
            gates=gates,
        )

    def _name_of_it(self) -> str:
        if self._target is None:
            return "anything in reach"
        named = self._names[CUSTOMERS.noun][self._target.node]
        return "it" if named is None else named.name


def nearest_wall(person: Person, ways: Collection[Way], permission: str) -> Gate | None:
    """Where the path of a user to anything ends that comes furthest, for themselves: nothing is named. None where there
    is no path; none of them is open."""
    if not ways:
        return None
    way = min(ways, key=lambda one: _nearest(one.walls))
    said = _Said(permission, "anything in reach", None, None, None, None)
    unnamed = [(one, None) for one in person.filters]
    if way.walls[0] == explain.FILTER and not any(one.active for one in person.filters):
        return Gate(explain.FILTER, False, "every customer group given to them is inactive")
    if way.walls[0] == explain.LEVEL:
        return Gate(explain.LEVEL, False, _level(way.group.access_level, is_open=False))
    if way.walls[0] == explain.WINDOW:
        return Gate(explain.WINDOW, False, _window(way, lambda at: f"{at.day} {at:%b %Y %H:%M} UTC"))
    return Gate(way.walls[0], False, said.of(way.walls[0], way, person, unnamed))


def _nearest(walls: Sequence[str]) -> tuple[int, int]:
    """Fewest closed gates first, and of these what comes furthest."""
    return len(walls), -explain.GATES.index(walls[0])


def _order(path: Path) -> tuple[Any, ...]:
    """Open paths first: by level, all customers before selected ones, without a window before with one, and by key;
    then those that are closed, fewest gates first, and of these what comes furthest."""
    window = path.valid_from or "", path.valid_until or ""
    if path.open:
        level = _LEVELS.index(path.level) if path.level in _LEVELS else len(_LEVELS)
        return 0, level, path.scope != ALL, window != ("", ""), path.group.key, *window
    return 1, *_nearest(path.walls), False, path.group.key, *window


class _Said(NamedTuple):
    """What gates of a path are about, for people."""

    permission: str
    it: str
    home: Named | None
    role: Named | None
    entry: Entry | None
    through: Named | None

    def of(self, gate: str, way: Way, person: Person, filters: Sequence[tuple[Filter, Named | None]]) -> str:
        """One of them."""
        is_open = gate not in way.walls
        match gate:
            case explain.ACTIVE:
                return "active" if is_open else "inactive: sees nothing"
            case explain.HOME:
                return self._home(is_open=is_open)
            case explain.FILTER:
                return self._filter(filters, is_open=is_open)
            case explain.WINDOW:
                return _window(way)
            case explain.ROLE:
                if way.group.role_id is None:
                    return "the group has no role"
                called = "the role" if self.role is None else self.role.name
                return f"{called}, {'holds' if is_open else 'lacks'} {self.permission}"
            case explain.SCOPE:
                return self._scope(way)
            case explain.LEVEL:
                return "" if self.role is None else _level(way.group.access_level, is_open=is_open)
            case _:
                return BY_KEY[self.permission].everywhere

    def _home(self, *, is_open: bool) -> str:
        if is_open and self.home is None:
            return ABOVE
        called = "another customer" if self.home is None else self.home.name
        if is_open and self.it == called:
            return called
        return f"{called}, which {'holds' if is_open else 'does not hold'} {self.it}"

    def _filter(self, filters: Sequence[tuple[Filter, Named | None]], *, is_open: bool) -> str:
        if not filters:
            return "none given"
        if is_open:
            return f"{'a customer group' if self.through is None else self.through.name} names {self.it}"
        told = [
            f"{named.name} is inactive" if not one.active else f"{named.name} does not name {self.it}"
            for one, named in filters
            if named is not None
        ]
        return "; ".join(told) or f"no customer group of theirs lets {self.it} through"

    def _scope(self, way: Way) -> str:
        if not way.group.selects:
            return "all customers"
        if self.entry is None:
            return f"does not name {self.it}"
        called = ABOVE if self.entry.customer is None else self.entry.customer.name
        return f"selected: {called}, {'with' if self.entry.nested else 'without'} those nested"


def _window(way: Way, said: Callable[[datetime], str | None] = exactly) -> str:
    since, until = way.group.valid_from, way.group.valid_until
    parts = [f"{word} {said(at)}" for word, at in (("from", since), ("until", until)) if at is not None]
    return " ".join(parts) or "always"


def _level(level: str, *, is_open: bool) -> str:
    said = level.replace("_", " ")
    if is_open:
        return said
    return f"{said}: at none of their sites" if level == SITE else f"{said}: nothing is named for them"
