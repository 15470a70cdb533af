"""Why not, and what would open it: the smallest sets of edits that open a record to a user.

The language of edits is closed, so that nothing smaller can be said and checked. One edit is one item of one field of
one record, as the audit words it. What is looked for is a hitting set: on each path the first gate that is closed has
to be opened by one of few edits, or led there. What a set costs is `ringfence.changes.collateral`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any, Final, NamedTuple

from ringfence.domain.permission import EVERYWHERE
from ringfence.domain.role import CUSTOMER, LEVELS, SITE
from ringfence.visibility import explain
from ringfence.visibility.explain import Filter, Stance, Step, Target, closed

MOST: Final = 3
"""No set of more edits is looked for."""
FAMILY: Final = 24
"""Of edits that are alike no more are looked at: which are the smallest among those, is known; that there is no better
one, is not."""

ACTIVATE, OPEN_WINDOW, JOIN, GIVE_SITE = "activate", "open-window", "join", "give-site"
GIVE_FILTER, TAKE_FILTER, HOME, ACTIVATE_FILTER = "give-filter", "take-filter", "home", "activate-filter"
FILTER_ADD, GROUP_ADD, GROUP_ALL = "filter-add", "group-add", "group-all"
ROLE_ADD, ROLE_LEVEL = "role-add", "role-level"


class Change(NamedTuple):
    """One edit of the language: what is done, ``of`` which record (its id), and the ``value``: of another record the
    id, a permission, an access level, or which of the user's memberships it is. ``nested``: an entry with all that is
    nested in its customer."""

    edit: str
    of: int
    value: int | str | None = None
    nested: bool = False


class State(NamedTuple):
    """What decides whether the user reaches the record: their own part, and that of each of their memberships."""

    stance: Stance
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Offered:
    """What may be named in an edit: customers down to the record's, the roles, groups and ``filters`` of the user's own
    paths, and, of what the user has not, the security groups (as steps that they would be), customer groups and sites
    at the record. Of groups those that name the fewest customers come first."""

    nodes: frozenset[int]
    roles: frozenset[int]
    groups: frozenset[int]
    filters: frozenset[int]
    joins: tuple[Step, ...]
    gives: tuple[Filter, ...]
    sites: tuple[int, ...]


@dataclass
class Search:
    """Looks for the sets of one question. ``cut`` becomes true where not all were looked at."""

    user: int
    target: Target
    permission: str
    state: State
    offered: Offered
    cut: bool = False
    _filters: dict[int, Filter] = field(default_factory=dict)
    _steps: dict[int, Step] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._filters = {one.id: one for one in self.offered.gives}
        self._steps = {one.group: one for one in self.offered.joins}

    def sets(self, size: int) -> list[frozenset[Change]]:
        """All sets of so many edits that open the record, whether or not a part of one does (``minimal``)."""
        found: set[frozenset[Change]] = set()
        if self.permission not in EVERYWHERE:
            for place in range(len(self.state.steps)):
                self._go(self.state, place, frozenset(), size, found)
            for step in self._joins(size):
                joined = self.state._replace(steps=(*self.state.steps, step))
                own = frozenset({Change(JOIN, self.user, step.group)})
                self._go(joined, len(self.state.steps), own, size - 1, found)
        elif size == 1:  # what cannot be scoped is given by a group that gives it, or not at all
            found.update(
                frozenset({Change(JOIN, self.user, step.group)})
                for step in self.offered.joins
                if not closed(self.permission, self.target.path, self._whole(step), step)
            )
        return sorted(found, key=sorted_words)

    def _whole(self, step: Step) -> Stance:
        """The user's part beside a group of which the role may hold everything."""
        return self.state.stance._replace(rest=self.state.stance.rest or step.whole)

    def _walls(self, state: State, place: int) -> tuple[str, ...]:
        return closed(self.permission, self.target.path, state.stance, state.steps[place])

    def opens(self, changes: Iterable[Change]) -> bool:
        """Whether the record is open to the user once these edits are made."""
        state = self.after(changes)
        return any(not self._walls(state, place) for place in range(len(state.steps)))

    def minimal(self, changes: frozenset[Change]) -> bool:
        """Whether no part of a set opens the record."""
        parts = (part for size in range(1, len(changes)) for part in combinations(changes, size))
        return not any(self.opens(part) for part in parts)

    def after(self, changes: Iterable[Change]) -> State:
        """How the user stands once these edits are made, in any order."""
        state = self.state
        for change in sorted(changes, key=lambda one: one.edit not in (JOIN, GIVE_FILTER)):
            state = self._made(state, change)
        return state

    def _go(self, state: State, place: int, made: frozenset[Change], left: int, found: set[frozenset[Change]]) -> None:
        walls = self._walls(state, place)
        if not walls:
            if left == 0:
                found.add(made)
            return
        if left == 0 or len(walls) - _led(walls) > left:
            return
        for change in self._options(walls[0], state, place, left):
            if change not in made:
                self._go(self._made(state, change), place, made | {change}, left - 1, found)

    def _joins(self, size: int) -> list[Step]:
        """The groups that are worth joining where so many edits are made."""
        ranked = [(walls, step) for walls, least, step in self._ranks if least < size]
        if len(ranked) <= FAMILY:
            return [step for _, step in ranked]
        self.cut = True
        ranked.sort(key=lambda one: one[0])
        seen: set[tuple[str, bool]] = set()
        first, rest = [], []
        for lack, step in ranked:  # those over all customers are alike for this user, but for their level
            alike = step.level, step.holds
            if step.selects or lack or alike in seen:
                rest.append(step)
            else:
                seen.add(alike)
                first.append(step)
        return [*first, *rest[: FAMILY if size < MOST else FAMILY // 3]]

    @cached_property
    def _ranks(self) -> list[tuple[int, int, Step]]:
        """Of each group that might be joined how many gates would be closed on the path, and how few edits may open
        them. Of thousands of groups most are alike."""
        known: dict[tuple[Any, ...], tuple[int, int]] = {}
        found = []
        for step in self.offered.joins:
            alike = step[2:]
            if alike not in known:
                walls = closed(self.permission, self.target.path, self.state.stance, step)
                known[alike] = len(walls), len(walls) - _led(walls)
            found.append((*known[alike], step))
        return found

    def _options(self, gate: str, state: State, place: int, left: int) -> Iterator[Change]:
        """The edits that open a gate or, with more of them left, lead there: of those that may be offered."""
        step, stance, offered = state.steps[place], state.stance, self.offered
        named = gate == explain.LEVEL and step.level == CUSTOMER  # somebody has to name it for the user
        match gate:
            case explain.ACTIVE:
                yield Change(ACTIVATE, self.user)
            case explain.WINDOW if step.group in offered.groups:
                yield Change(OPEN_WINDOW, self.user, place)
            case explain.ROLE if step.role in offered.roles:
                yield Change(ROLE_ADD, step.role or 0, self.permission)
            case explain.SCOPE if step.group in offered.groups:
                if self.target.node in offered.nodes:
                    yield Change(GROUP_ADD, step.group, self.target.node)
                yield Change(GROUP_ALL, step.group)
            case explain.LEVEL:
                if step.role in offered.roles:
                    yield from (Change(ROLE_LEVEL, step.role or 0, one) for one in LEVELS if one != step.level)
                if step.level == SITE and self.target.on_sites(self.permission):
                    yield from (Change(GIVE_SITE, self.user, one) for one in offered.sites)
            case explain.FILTER:
                yield from self._filtering(stance, left)
            case _:
                pass
        if gate == explain.HOME or named:
            for ancestor in self.target.ancestors:
                if ancestor in offered.nodes and self.target.path_of(ancestor) != stance.home_path:
                    yield Change(HOME, self.user, ancestor)
        if gate == explain.FILTER or named:
            given = {one.id for one in stance.filters}
            for one in self._some(given, left):
                yield Change(GIVE_FILTER, self.user, one.id)

    def _filtering(self, stance: Stance, left: int) -> Iterator[Change]:
        for one in stance.filters:
            if one.id not in self.offered.filters and one.id not in self._filters:
                continue
            if not one.active and (one.names or left > 1):
                yield Change(ACTIVATE_FILTER, one.id)
            if not one.names and (one.active or left > 1) and self.target.node in self.offered.nodes:
                yield Change(FILTER_ADD, one.id, self.target.node)
            if len(stance.filters) <= left:
                yield Change(TAKE_FILTER, self.user, one.id)

    @cached_property
    def _gives(self) -> tuple[list[Filter], list[Filter]]:
        """The customer groups that would let the record through, and the others."""
        passing = [one for one in self.offered.gives if one.active and one.names]
        return passing, [one for one in self.offered.gives if not (one.active and one.names)]

    def _some(self, given: set[int], left: int) -> list[Filter]:
        """Those worth giving: what lets the record through at once, and others where there is an edit left for that."""
        found: list[Filter] = []
        for some in self._gives if left > 1 else self._gives[:1]:
            new = [one for one in some[: FAMILY + len(given) + 1] if one.id not in given]
            self.cut = self.cut or len(new) > FAMILY
            found += new[:FAMILY]
        return found

    def _made(self, state: State, change: Change) -> State:
        stance, value = state.stance, change.value

        def steps(matches: Callable[[int, Step], bool], **values: Any) -> State:
            found = (one._replace(**values) if matches(i, one) else one for i, one in enumerate(state.steps))
            return state._replace(steps=tuple(found))

        def filters(**values: Any) -> State:
            found = (one._replace(**values) if one.id == change.of else one for one in stance.filters)
            return state._replace(stance=stance._replace(filters=tuple(found)))

        match change.edit:
            case "activate":
                return state._replace(stance=stance._replace(active=True))
            case "home":
                assert isinstance(value, int)
                path = self.target.path_of(value)
                return state._replace(stance=stance._replace(home_path=path, at_root=value == self.target.root))
            case "give-filter":
                assert isinstance(value, int)
                return state._replace(stance=stance._replace(filters=(*stance.filters, self._filters[value])))
            case "take-filter":
                left = tuple(one for one in stance.filters if one.id != value)
                return state._replace(stance=stance._replace(filters=left))
            case "give-site":
                return state._replace(stance=stance._replace(on_site=True))
            case "join":
                assert isinstance(value, int)
                return state._replace(steps=(*state.steps, self._steps[value]))
            case "open-window":
                return steps(lambda place, _: place == value, in_force=True)
            case "role-add":
                return steps(lambda _, one: one.role == change.of, holds=True)
            case "role-level":
                return steps(lambda _, one: one.role == change.of, level=value)
            case "group-add":
                return steps(lambda _, one: one.group == change.of, named=True)
            case "group-all":
                return steps(lambda _, one: one.group == change.of, selects=False)
            case "activate-filter":
                return filters(active=True)
            case "filter-add":
                return filters(names=True)
            case _:
                raise AssertionError(change.edit)

    def wider(self, changes: frozenset[Change]) -> Iterator[frozenset[Change]]:
        """The same with an entry of a customer further up, with all that is nested in it, in the place of the record's
        own: what that gives besides may make up for what another of the edits takes."""
        for change in changes:
            if change.edit in (GROUP_ADD, FILTER_ADD):
                for ancestor in self.target.ancestors:
                    if ancestor in self.offered.nodes:
                        yield (changes - {change}) | {change._replace(value=ancestor, nested=True)}


def _led(walls: tuple[str, ...]) -> bool:
    """Whether one edit may open two of these."""
    return explain.LEVEL in walls and (explain.FILTER in walls or explain.HOME in walls)


def sorted_words(changes: Iterable[Change]) -> list[tuple[str, int, int, str]]:
    """By which sets are put into an order that is always the same: numbers as numbers, so that how many memberships
    there are in all tells nothing."""
    return sorted(
        (one.edit, one.of, one.value if isinstance(one.value, int) else -1, str(one.value or "")) for one in changes
    )
