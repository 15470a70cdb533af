"""Why not, and the smallest changes that would make it a yes: with what else each of them would open, and whether
whoever asks may make it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final, NamedTuple

from ringfence.changes.collateral import Collateral, Cost, reopened
from ringfence.changes.edits import Edit
from ringfence.domain import limits
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.errors import RingfenceError
from ringfence.domain.kind import Kind, State, altered
from ringfence.domain.permission import BY_KEY, EVERYWHERE, demand_known
from ringfence.domain.registry import PLACE
from ringfence.domain.role import ROLES, RoleState
from ringfence.domain.security_group import ALL, SECURITY_GROUPS, SecurityGroupState
from ringfence.domain.user import USERS
from ringfence.services import editing, explained, previewing
from ringfence.services.explained import Fix, Fixes, Named
from ringfence.services.explaining import asked
from ringfence.services.paths import FILTERS, as_named, exactly
from ringfence.visibility import fixes as language
from ringfence.visibility import offers
from ringfence.visibility.explain import Facts
from ringfence.visibility.fixes import Change, Search, sorted_words
from ringfence.visibility.owner import Owner
from ringfence.visibility.point import among
from ringfence.visibility.sums import sums
from ringfence.visibility.viewer import Sight, Viewer

SHOWN: Final = 5
"""So many are shown at most."""
_NARROWER: Final = 2
_MEASURED: Final = 40
"""Of so many sets it is worked out what else they open."""
_CHEAP_FIRST: Final = (
    *(language.ACTIVATE, language.OPEN_WINDOW, language.GIVE_SITE, language.FILTER_ADD, language.GROUP_ADD),
    *(language.JOIN, language.GIVE_FILTER, language.ACTIVATE_FILTER, language.TAKE_FILTER, language.HOME),
    *(language.ROLE_ADD, language.ROLE_LEVEL, language.GROUP_ALL),
)
"""The edits by how much they open besides, as a rule: where there are more sets, those are measured that begin so."""
_ROLE, _GROUP = -2, -1
"""Stand for the two that the last resort makes."""
_OF: Final = {
    **dict.fromkeys((language.ACTIVATE, language.OPEN_WINDOW, language.JOIN, language.GIVE_SITE), USERS),
    **dict.fromkeys((language.GIVE_FILTER, language.TAKE_FILTER, language.HOME), USERS),
    **dict.fromkeys((language.ACTIVATE_FILTER, language.FILTER_ADD), FILTERS),
    **dict.fromkeys((language.GROUP_ADD, language.GROUP_ALL), SECURITY_GROUPS),
    **dict.fromkeys((language.ROLE_ADD, language.ROLE_LEVEL), ROLES),
}
"""Of which kind the record is that each of them edits."""
_NAMES: Final = {
    **dict.fromkeys((language.HOME, language.FILTER_ADD, language.GROUP_ADD), CUSTOMERS),
    **dict.fromkeys((language.GIVE_FILTER, language.TAKE_FILTER), FILTERS),
    language.JOIN: SECURITY_GROUPS,
    language.GIVE_SITE: PLACE,
}
"""Of which kind the record is that is the value of some."""


class _Ranked(NamedTuple):
    """A set of edits with what it costs, as they are put into order."""

    cost: Cost
    words: list[tuple[str, int, int, str]]
    changes: frozenset[Change]


def fixes(
    viewer: Viewer,
    login: str,
    permission: str,
    record: str,
    most: int = SHOWN,
    so_far: Callable[[Fixes], object] | None = None,
) -> Fixes | None:
    """The smallest changes that would let a user do something to a record, at most so many; None where they may
    already. Only what the viewer may list is named and counted. ``so_far`` is told of those of which it is known
    whether the viewer may make them, one after another, and ends it by raising Cancelled. Raises RingfenceError as
    ``why`` does."""
    demand_known(permission)
    with asked(viewer, login, record) as (sight, user, target, facts, at):
        if any(not way.walls for way in facts.ways(permission)):
            return None
        search = offers.search(sight, facts, permission)
        bound = viewer.regions(sight.connection, at)
        collateral = Collateral(sight, target, permission, user.id, at, bound, viewer.own_id, sums(sight))
        size, best, narrower = _found(search, collateral, most)
        shown, beside = best[:most], narrower[:_NARROWER]
        telling = _Telling(sight, facts, user, [*shown, *beside])
    stance = search.state.stance
    within = stance.active and target.path.startswith(stance.home_path) and stance.passes
    resort = size is None and within and permission not in EVERYWHERE
    found = Fixes(size, not search.cut, (), (), last_resort=resort)
    for place, one in enumerate((*shown, *beside)):
        made = telling.fix(viewer, one)
        if place < len(shown):
            found = replace(found, list=(*found.list, made))
        else:
            found = replace(found, narrower=(*found.narrower, made))
        if so_far is not None:
            so_far(found)
    return found


def last_resort(viewer: Viewer, login: str, permission: str, record: str) -> tuple[Edit, ...]:
    """The edits that make what opens a record where no small change does, and nothing besides: a security group for its
    customer alone, with a role of its own that holds just the permission, and the user in it. Raises RingfenceError as
    ``why`` does, and where the viewer may not open the user."""
    demand_known(permission)
    with asked(viewer, login, record) as (_, user, target, _, _):
        own, customer, name = user.id, target.node, f"{target.name}: {BY_KEY[permission].label}"[: limits.NAME]
    opened = editing.open_record(viewer, USERS.noun, own)
    state: Any = opened.state
    after = altered(state, security_groups=state.security_groups | {(_GROUP, (None, None))})
    role = RoleState(customer, name, permissions=frozenset({permission}), private=True)
    group = SecurityGroupState(customer, name, _ROLE, customers={customer: False})
    return (
        Edit(ROLES.noun, _ROLE, None, role),
        Edit(SECURITY_GROUPS.noun, _GROUP, None, group),
        Edit(USERS.noun, own, state, after, opened.revision),
    )


def _found(search: Search, collateral: Collateral, most: int) -> tuple[int | None, list[_Ranked], list[_Ranked]]:
    """How many edits are enough, the first sets of so many, and of those of one more what costs less; each in order."""
    best: list[_Ranked] = []
    for size in range(1, language.MOST + 1):
        shown, bound = (_NARROWER, best[0].cost.rights) if best else (most, None)
        found = _ranked(search, collateral, size, shown, bound)
        if best:
            return size - 1, best, [one for one in found if one.cost[:3] < best[0].cost[:3]]
        best = found
    return (language.MOST, best, []) if best else (None, [], [])


def _ranked(search: Search, collateral: Collateral, size: int, shown: int, bound: int | None) -> list[_Ranked]:
    """The sets of so many edits that open the record and take nothing from anybody, in order: the first that are to be
    shown, of those that open no more rights than the ``bound``."""
    found = search.sets(size)
    found.sort(key=lambda one: sum(_CHEAP_FIRST.index(change.edit) for change in one))
    collateral.prepare(found[:_MEASURED])
    ranked: list[_Ranked] = []
    measured = 0
    for changes in found:
        if not search.minimal(changes):
            continue
        if measured == _MEASURED:
            search.cut = True
            break
        measured += 1
        for tried in (changes, *search.wider(changes)):
            cost = collateral.of(tried, bound)
            if cost is None:
                continue  # where it takes something, what a wider entry gives may make up for that
            if bound is None or cost.rights <= bound:
                ranked.append(_Ranked(cost, sorted_words(tried), tried))
                ranked.sort(key=lambda one: (one.cost[:3], one.words))
                del ranked[shown:]
                if len(ranked) == shown:
                    bound = ranked[-1].cost.rights  # whatever opens more is not shown
            if tried is changes:
                break
    return ranked


class _Telling:
    """Tells sets of edits in words, and makes them into edits of records."""

    def __init__(self, sight: Sight, facts: Facts, user: Any, found: Iterable[_Ranked]) -> None:
        self._facts, self._user = facts, user
        wanted: dict[Kind, set[int]] = {}
        for change in (change for one in found for change in one.changes):
            if _OF[change.edit] is not USERS:
                wanted.setdefault(_OF[change.edit], set()).add(change.of)
            if change.edit in _NAMES and isinstance(change.value, int):
                wanted.setdefault(_NAMES[change.edit], set()).add(change.value)
            if change.edit == language.OPEN_WINDOW:
                wanted.setdefault(SECURITY_GROUPS, set()).add(self._membership(change).group_id)
        self._names = {
            (kind.noun, row.id): as_named(row)
            for kind, ids in wanted.items()
            for row in among(sight, kind.permission, kind, sorted(ids))
        }

    def _membership(self, change: Change) -> Any:
        assert isinstance(change.value, int)
        return self._facts.memberships[change.value]

    def _name(self, kind: Kind, own: object) -> Named:
        assert isinstance(own, int)
        return self._names[kind.noun, own]

    def fix(self, viewer: Viewer, found: _Ranked) -> Fix:
        """A set, with whether the viewer may make it."""
        changes = sorted(found.changes, key=_in_words)  # the first that is refused says why: always the same
        told = tuple(map(self._told, changes))
        rights, records, users, exact = found.cost
        edits, refusal = self._edits(viewer, changes)
        if edits and not refusal:
            refusal = previewing.refusal(viewer, edits)
        return Fix(told, records, users, rights, exact, not refusal, refusal, edits)

    def _told(self, change: Change) -> explained.Change:
        kind = _OF[change.edit]
        whose = as_named(self._user) if kind is USERS else self._name(kind, change.of)
        value: Any = change.value
        other = whose
        if change.edit in _NAMES:
            other = self._name(_NAMES[change.edit], change.value)
            value = {"customer": other.key or None, "nested": True} if change.nested else other.key or None
        elif change.edit == language.OPEN_WINDOW:
            group = self._membership(change)
            other = self._name(SECURITY_GROUPS, group.group_id)
            since, until = exactly(group.valid_from), exactly(group.valid_until)
            value = {"group": other.key, "valid_from": since, "valid_until": until}
        said = _WORDS[change.edit].format(
            whose=whose.name,
            other=other.name,
            kind=_NAMES[change.edit].said if change.edit in _NAMES else "",
            value=change.value if change.edit == language.ROLE_ADD else str(change.value).replace("_", " "),
        )
        if change.nested:
            said += " with all that is nested in it"
        return explained.Change(change.edit, f"{kind.noun.replace('_', '-')}:{whose.key}", value, said)

    def _edits(self, viewer: Viewer, changes: Iterable[Change]) -> tuple[tuple[Edit, ...], str]:
        """The edits of a set, and why they cannot be made, where the viewer may not even open what they change. Whoever
        owns the database is nobody who edits, and may do all."""
        if isinstance(viewer, Owner):
            return (), ""
        by_record: dict[tuple[str, int], list[Change]] = {}
        for change in changes:
            by_record.setdefault((_OF[change.edit].noun, change.of), []).append(change)
        edits = []
        for (noun, own), some in by_record.items():
            try:
                opened = editing.open_record(viewer, noun, own)
            except RingfenceError as refused:
                return (), str(refused)
            after: State = opened.state
            for change in some:
                after = self._made(after, change)
            edits.append(Edit(noun, own, opened.state, after, opened.revision))
        return tuple(edits), ""

    def _made(self, state: Any, change: Change) -> State:
        """A record with one edit made."""
        value: Any = change.value
        found: State
        match change.edit:
            case language.ACTIVATE | language.ACTIVATE_FILTER:
                found = altered(state, active=True)
            case language.HOME:
                found = altered(state, home=value)
            case language.JOIN:
                found = altered(state, security_groups=state.security_groups | {(value, (None, None))})
            case language.GIVE_SITE:
                found = altered(state, sites=state.sites | {value})
            case language.GIVE_FILTER:
                found = altered(state, customer_groups=state.customer_groups | {value})
            case language.TAKE_FILTER:
                found = altered(state, customer_groups=state.customer_groups - {value})
            case language.OPEN_WINDOW:
                was = self._membership(change)
                now = reopened(was, self._facts.at)
                old, new = ((was.group_id, (one.valid_from, one.valid_until)) for one in (was, now))
                found = altered(state, security_groups=(state.security_groups - {old}) | {new})
            case language.FILTER_ADD | language.GROUP_ADD:
                found = altered(state, customers={**state.customers, value: change.nested})
            case language.GROUP_ALL:
                found = altered(state, scope=ALL, customers={})
            case language.ROLE_LEVEL:
                found = altered(state, access_level=value)
            case _:
                held = state.permissions
                found = altered(state, permissions=None if held is None else held | {value})
        return found


def _in_words(change: Change) -> tuple[int, int, str]:
    return _CHEAP_FIRST.index(change.edit), change.of, str(change.value)


_WORDS: Final = {
    language.ACTIVATE: "activate {whose}",
    language.OPEN_WINDOW: "open the window of {whose} in {other}",
    language.JOIN: "put {whose} into {other}",
    language.GIVE_SITE: "give {whose} the {kind} {other}",
    language.GIVE_FILTER: "give {whose} the {kind} {other}",
    language.TAKE_FILTER: "take the {kind} {other} from {whose}",
    language.HOME: "have {whose} at home at {other}",
    language.ACTIVATE_FILTER: "activate {whose}",
    language.FILTER_ADD: "add {other} to {whose}",
    language.GROUP_ADD: "add {other} to {whose}",
    language.GROUP_ALL: "have {whose} reach all customers",
    language.ROLE_ADD: "add {value} to the role {whose}",
    language.ROLE_LEVEL: "give the role {whose} the level {value}",
}
"""What each edit does, for people."""
