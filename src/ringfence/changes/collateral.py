"""What edits that would open a record to a user open besides, and whether they take anything from anybody: worked out
from the grants as they would be, without making the change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import select

from ringfence.changes.rights import Classes
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.registry import PLACE
from ringfence.domain.user import USERS
from ringfence.storage.bulk import records_of
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.grants import Membership, UserCustomerGroup
from ringfence.storage.tables import Customer, CustomerGroup, SecurityGroup, User
from ringfence.visibility import fixes
from ringfence.visibility.explain import Target
from ringfence.visibility.fixes import Change
from ringfence.visibility.grants import read_filtered, read_joined, read_many, read_selected
from ringfence.visibility.intervals import Interval, contains, intersect, nested, single, subtract, union
from ringfence.visibility.reach import Grounds, Reach, Regions
from ringfence.visibility.rule import Grants, GroupGrant, SiteGrant
from ringfence.visibility.sums import Sums, records_beyond
from ringfence.visibility.viewer import Sight

_PEOPLE: Final = 12
"""Of others whom a set of edits touches, and the asker may list, so many are looked at: where there are more, it opens
at least so much."""
_OF_ROLES: Final = (fixes.ROLE_ADD, fixes.ROLE_LEVEL)
_SHARED: Final = (fixes.GROUP_ADD, fixes.GROUP_ALL, fixes.FILTER_ADD, fixes.ACTIVATE_FILTER, *_OF_ROLES)
"""What others have a part in."""
_TAKING: Final = (fixes.GROUP_ALL, fixes.ROLE_LEVEL)
"""What may take something from others than the user: of more people than are looked at it is not known."""


class Cost(NamedTuple):
    """What a set of edits opens besides what was asked for, as far as it is to be known: ``rights`` (each of a user, a
    permission and a customer or single site), ``records`` of the asked kind under the asked permission, each for a
    user, and ``users`` besides the one asked about. Not ``exact``: at least so much."""

    rights: int
    records: int
    users: int
    exact: bool


@dataclass
class Collateral:
    """Answers for one question: a user, a permission and a record, as of one transaction. ``bound`` is what whoever
    asks may list, ``self_id`` who they are: nothing else is counted."""

    sight: Sight
    target: Target
    permission: str
    user: int
    at: datetime
    bound: Regions
    self_id: int
    tree: Sums
    _grants: dict[int, Grants] = field(default_factory=dict)
    _groups: dict[int, GroupGrant] = field(default_factory=dict)
    _filters: dict[int, bool] = field(default_factory=dict)
    _selected: dict[int, list[Interval]] = field(default_factory=dict)
    _filtered: dict[int, list[Interval]] = field(default_factory=dict)
    _reaches: dict[int, Reach] = field(default_factory=dict)
    _ready: set[Change] = field(default_factory=set)
    _known: dict[frozenset[Change], tuple[Cost | None, bool]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._before = Grounds(self._selected, self._filtered)

    def prepare(self, sets: Iterable[frozenset[Change]]) -> None:
        """Reads at once what will be asked of these."""
        changes = {change for some in sets for change in some}
        self._learn(changes, [self.user])
        self._ready |= changes

    def of(self, changes: frozenset[Change], most: int | None = None) -> Cost | None:
        """What these edits open besides; None where they take something from somebody, as things are. Where they open
        more rights than the ``most`` that are of interest, only that much is worked out."""
        if not self._ready.issuperset(changes):
            self.prepare([changes])
        grants = self._grants[self.user]
        then = Reach(self._after(grants, changes), self.at, Grounds(*self._sets(changes)))
        found = self._difference(self._reach(self.user), then, Classes(), most)
        if found is None:
            return None
        rights = found[0]
        if most is None or rights <= most + 1:
            rights -= self._asked(then)
        if most is not None and rights > most:
            return Cost(rights, 0, 0, exact=False)
        shared = frozenset(one for one in changes if one.edit in _SHARED)
        others = self._of_others(shared, None if most is None else most - rights)
        if others is None:
            return None
        return Cost(rights + others.rights, found[1] + others.records - 1, others.users, others.exact)

    def _of_others(self, changes: frozenset[Change], most: int | None) -> Cost | None:
        """What edits of groups and roles open to others, whatever else is edited of the user; no more of it than is of
        interest, as above."""
        found, whole = self._known.get(changes, (None, False))
        if not whole and (found is None or most is None or found.rights <= most):
            found, whole = self._known[changes] = self._others(changes, most)
        return found

    def _others(self, changes: frozenset[Change], most: int | None) -> tuple[Cost | None, bool]:
        """That, and whether it is all of it."""
        listed, hidden = self._parted(self._touched(changes) - {self.user})
        taking = any(one.edit in _TAKING for one in changes)
        if len(listed) > _PEOPLE and taking:
            return None, True
        looked_at = listed[:_PEOPLE]
        self._learn(changes, looked_at)
        after = Grounds(*self._sets(changes))
        rights = records = users = 0
        classes = Classes()
        known: dict[Grants, tuple[int, int] | None] = {}
        for user in looked_at:
            grants = self._grants[user]
            alike = grants._replace(user_id=0)
            left = None if most is None else most - rights
            if alike not in known:
                then = Reach(self._after(grants, changes), self.at, after)
                known[alike] = self._difference(self._reach(user), then, classes, left)
            found = known[alike]
            if found is None:
                return None, True
            rights, records, users = rights + found[0], records + found[1], users + bool(found[0])
            if left is not None and found[0] > left:
                return Cost(rights, records, users, exact=False), False
        if taking and hidden and self._takes_from(hidden, changes):
            return None, True
        return Cost(rights, records, users, len(listed) <= _PEOPLE), True

    def _parted(self, users: set[int]) -> tuple[list[int], list[int]]:
        """Those of the users whom the asker may list, and the others, who count for nothing."""
        if not users:
            return [], []
        theirs = records_of(self.sight.connection, User, self.sight.tenant_id, sorted(users))
        query = select(User.id, Customer.path).join(Customer, leads_to(User.home_id, Customer)).where(theirs)
        region = self.bound.region(USERS.permission).customers
        rows = self.sight.connection.execute(query).all()
        listed = sorted(own for own, path in rows if own == self.self_id or contains(region, path))
        return listed, sorted(users.difference(listed))

    def _takes_from(self, users: list[int], changes: Iterable[Change]) -> bool:
        """Whether the edits take anything from any of these, however many they are."""
        self._learn(changes, users)
        after, classes = Grounds(*self._sets(changes)), Classes()
        people = {self._grants[user]._replace(user_id=0): user for user in users}
        return any(
            self._difference(
                self._reach(user), Reach(self._after(self._grants[user], changes), self.at, after), classes
            )
            is None
            for user in people.values()
        )

    def _reach(self, user: int) -> Reach:
        """What somebody reaches, as things are."""
        found = self._reaches.get(user)
        if found is None:
            found = self._reaches[user] = Reach(self._grants[user], self.at, self._before)
        return found

    def _asked(self, after: Reach) -> int:
        """1 where what was asked for is among the rights that are counted."""
        target = self.target
        old, new = self._reach(self.user).region(self.permission), after.region(self.permission)
        if contains(new.customers, target.path):
            return int(contains(self._places, target.path))
        sites = [one for one in new.beyond(old) if one.path == target.path]
        if not target.kind.is_customer:
            sites = [one for one in sites if one.site_id == target.stands]
        return int(any(self._knows(one) for one in sites))

    @property
    def _places(self) -> list[Interval]:
        return self.bound.region(CUSTOMERS.permission).nodes()

    def _knows(self, place: SiteGrant) -> bool:
        return self.bound.region(PLACE.permission).reaches(place.path, place.site_id)

    def _difference(
        self, before: Reach, after: Reach, classes: Classes, most: int | None = None
    ) -> tuple[int, int] | None:
        """The rights and the asked records that somebody gains; None where they lose anything. Once there are more
        rights than the ``most`` that are of interest, even without the one that was asked for, no more is worked
        out."""
        rights = 0
        for permissions in classes.of(before, after):
            old, new = before.region(permissions[0]), after.region(permissions[0])
            if old is new:
                continue
            if self.tree.of(subtract(old.customers, new.customers))[0] or old.beyond(new):
                return None
            gained = intersect(subtract(new.customers, old.customers), self._places)
            sites = sum(self._knows(one) for one in new.beyond(old))
            rights += (self.tree.of(gained)[0] + sites) * len(permissions)
            if most is not None and rights > most + 1:
                return rights, 0
        old, new = before.region(self.permission), after.region(self.permission)
        kind = self.target.kind
        wanted = new.shared(self.bound.region(kind.permission))
        records = records_beyond(self.sight.connection, self.sight.tenant_id, self.tree, kind, old, wanted)
        return rights, records

    # Whom it touches, and how they stand afterwards.

    def _touched(self, changes: Iterable[Change]) -> set[int]:
        found: set[int] = set()
        connection, tenant_id = self.sight.connection, self.sight.tenant_id
        for change in changes:
            query: Any
            if change.edit in (fixes.GROUP_ADD, fixes.GROUP_ALL):
                query = select(Membership.user_id).where(Membership.group_id == change.of)
                query = query.where(of_tenant(Membership, tenant_id))
            elif change.edit in (fixes.FILTER_ADD, fixes.ACTIVATE_FILTER):
                query = select(UserCustomerGroup.user_id).where(UserCustomerGroup.group_id == change.of)
                query = query.where(of_tenant(UserCustomerGroup, tenant_id))
            elif change.edit in _OF_ROLES:
                query = select(Membership.user_id).join(SecurityGroup, leads_to(Membership.group_id, SecurityGroup))
                query = query.where(SecurityGroup.role_id == change.of, of_tenant(SecurityGroup, tenant_id))
            else:
                continue
            found.update(connection.execute(query).scalars())
        return found

    def _learn(self, changes: Iterable[Change], users: list[int]) -> None:
        """Reads what is not known yet of these users, and of what the edits name."""
        connection = self.sight.connection
        self._grants.update(
            read_many(connection, self.sight.tenant_id, [one for one in users if one not in self._grants])
        )
        people = [self._grants[one] for one in users]
        joined = {one.value for one in changes if one.edit == fixes.JOIN and isinstance(one.value, int)}
        self._learn_groups(joined - self._groups.keys())
        given = {one.value for one in changes if one.edit == fixes.GIVE_FILTER and isinstance(one.value, int)}
        new = given - self._filters.keys()
        if new:
            theirs = records_of(connection, CustomerGroup, self.sight.tenant_id, sorted(new))
            query = select(CustomerGroup.id, CustomerGroup.active).where(theirs)
            self._filters.update(connection.execute(query).all())
        selecting = {group.group_id for grants in people for group in grants.groups if group.selects}
        selecting |= {group.group_id for group in self._groups.values() if group.selects}
        filtering = {one for grants in people for one in grants.given or ()} | given
        for known, wanted, read in (
            (self._selected, selecting, read_selected),
            (self._filtered, filtering, read_filtered),
        ):
            missing = sorted(wanted - known.keys())
            if missing:
                known.update({group: [] for group in missing})
                known.update(
                    {group: union(nodes) for group, nodes in read(connection, self.sight.tenant_id, missing).items()}
                )

    def _learn_groups(self, groups: set[int]) -> None:
        """Reads groups as memberships of somebody who would be in them for good."""
        if not groups:
            return
        self._groups.update(read_joined(self.sight.connection, self.sight.tenant_id, groups))

    def _sets(self, changes: Iterable[Change]) -> tuple[dict[int, list[Interval]], dict[int, list[Interval]]]:
        """What groups name afterwards."""
        selected, filtered = dict(self._selected), dict(self._filtered)
        for change in changes:
            if change.edit in (fixes.GROUP_ADD, fixes.FILTER_ADD):
                assert isinstance(change.value, int)
                path = self.target.path_of(change.value)
                sets = selected if change.edit == fixes.GROUP_ADD else filtered
                sets[change.of] = union([*sets.get(change.of, ()), nested(path) if change.nested else single(path)])
        return selected, filtered

    def _after(self, grants: Grants, changes: Iterable[Change]) -> Grants:
        """What a user's grants would be."""
        mine = grants.user_id == self.user
        for change in sorted(changes, key=lambda one: one.edit not in (fixes.JOIN, fixes.GIVE_FILTER)):
            grants = self._for_all(grants, change)
            if mine:
                grants = self._for_one(grants, change)
        return grants

    def _for_all(self, grants: Grants, change: Change) -> Grants:
        def groups(found: Iterable[GroupGrant]) -> Grants:
            return grants._replace(groups=tuple(found))

        match change.edit:
            case fixes.ROLE_ADD:
                return groups(
                    _holding(one, self.permission) if one.role_id == change.of else one for one in grants.groups
                )
            case fixes.ROLE_LEVEL:
                level = str(change.value)
                return groups(
                    one._replace(access_level=level) if one.role_id == change.of else one for one in grants.groups
                )
            case fixes.GROUP_ALL:
                return groups(
                    one._replace(selects=False) if one.group_id == change.of else one for one in grants.groups
                )
            case fixes.ACTIVATE_FILTER if change.of in (grants.given or ()):
                return grants._replace(filters=tuple(sorted({*(grants.filters or ()), change.of})))
            case _:
                return grants

    def _for_one(self, grants: Grants, change: Change) -> Grants:
        value = change.value
        match change.edit:
            case fixes.ACTIVATE:
                return grants._replace(active=True)
            case fixes.HOME:
                assert isinstance(value, int)
                path = self.target.path_of(value)
                return grants._replace(home_id=value, home_path=path, home_is_root=value == self.target.root)
            case fixes.JOIN:
                assert isinstance(value, int)
                return grants._replace(groups=(*grants.groups, self._groups[value]))
            case fixes.GIVE_SITE:
                assert isinstance(value, int)
                at_it = SiteGrant(value, self.target.node, self.target.path)  # it is at the record
                return grants._replace(sites=(*grants.sites, at_it))
            case fixes.GIVE_FILTER:
                assert isinstance(value, int)
                active = {value} if self._filters[value] else set()
                return grants._replace(
                    given=tuple(sorted({*(grants.given or ()), value})),
                    filters=tuple(sorted({*(grants.filters or ()), *active})),
                )
            case fixes.TAKE_FILTER:
                given = tuple(one for one in grants.given or () if one != value)
                left = tuple(one for one in grants.filters or () if one != value)
                return grants._replace(given=given or None, filters=left if given else None)
            case fixes.OPEN_WINDOW:
                memberships = (*grants.groups, *grants.idle)
                assert isinstance(value, int)
                opened = reopened(memberships[value], self.at)
                found = [opened if one is memberships[value] else one for one in grants.groups]
                return grants._replace(groups=tuple(found))
            case _:
                return grants


def _holding(group: GroupGrant, permission: str) -> GroupGrant:
    if group.permissions is None:
        return group
    return group._replace(permissions=group.permissions | {permission})


def reopened(group: GroupGrant, at: datetime) -> GroupGrant:
    """A membership with its window open at a moment: without the end of it that keeps it closed."""
    since, until = group.valid_from, group.valid_until
    return group._replace(
        valid_from=None if since is not None and since > at else since,
        valid_until=None if until is not None and until <= at else until,
    )
