"""What a change would do, and to whom: from a rehearsal of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, select

from ringfence.changes.applying import Outcome, Progress
from ringfence.changes.edits import Edit
from ringfence.changes.impact import devices_in
from ringfence.domain import clock
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.customer_group import CUSTOMER_GROUPS
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import Conflict, Refused, RingfenceError
from ringfence.domain.kind import Kind
from ringfence.domain.permission import CATALOGUE, EVERYWHERE, PERMISSIONS
from ringfence.domain.security_group import SECURITY_GROUPS
from ringfence.domain.text import fold
from ringfence.services import consequences
from ringfence.services.edited import CustomerShare, Preview, Prospect, UserDifference
from ringfence.services.editing import apply_as, conflicts_as_seen
from ringfence.services.explained import Named, Why
from ringfence.services.paths import Person, Telling
from ringfence.storage.bulk import records_of
from ringfence.storage.columns import leads_to
from ringfence.storage.tables import Customer, User, table_of
from ringfence.visibility.explain import Anywhere
from ringfence.visibility.intervals import contains, intersect, nested, within
from ringfence.visibility.reach import Reach, measure, read_reaches
from ringfence.visibility.rule import Grants
from ringfence.visibility.viewer import Viewer

_SOON: Final = timedelta(days=3)
_TOPS: Final = 200
_CHUNK: Final = 500


def preview(
    viewer: Viewer, edits: Sequence[Edit], progress: Progress | None = None, undoes: int | None = None
) -> Preview:
    """What a change would do, from a rehearsal of it. Raises Conflict where somebody was faster, and what ``progress``
    raises."""
    told = _Told(progress)

    def rehearsed(connection: Connection) -> Preview:
        outcome = apply_as(connection, viewer, edits, "", measuring=True, undoes=undoes, progress=told)
        return _preview(connection, viewer, outcome)

    try:
        with conflicts_as_seen(viewer):
            return viewer.database.rehearse(rehearsed, told.still)
    except Refused as refused:
        return Preview((), str(refused), refused.field, lacking=refused.lacking)


def refusal(viewer: Viewer, edits: Sequence[Edit]) -> str:
    """Why a change would be refused; empty where it would be made. Nothing is measured."""

    def rehearsed(connection: Connection) -> str:
        apply_as(connection, viewer, edits, "", measuring=False)
        return ""

    try:
        return viewer.database.rehearse(rehearsed)
    except (Refused, Conflict) as refused:
        return str(refused)


def prospect(viewer: Viewer, edits: Sequence[Edit], user: int, progress: Progress | None = None) -> Prospect:
    """What a user's settings come to once the edits are saved (without any: as they are), and what saving changes.

    ``user`` is an id, or the negative one that stands for a user whom the edits create. Where saving would be refused,
    the preview says so and the numbers are those before.
    """
    refused = Preview(())
    told = _Told(progress)

    def rehearsed(connection: Connection) -> Prospect:
        if not edits:
            return _prospect(connection, viewer, user, Preview(()))
        outcome = apply_as(connection, viewer, edits, "", measuring=True, progress=told)
        return _prospect(connection, viewer, outcome.created.get(user, user), _preview(connection, viewer, outcome))

    try:
        with conflicts_as_seen(viewer):
            return viewer.database.rehearse(rehearsed, told.still)
    except Refused as error:
        refused = Preview((), str(error), error.field, lacking=error.lacking)
    if user < 0:
        return Prospect(0, 0, (), (), 0, (), None, refused)
    return replace(prospect(viewer, (), user, progress), preview=refused)


def count_along(viewer: Viewer, edits: Sequence[Edit]) -> tuple[tuple[str, int], ...]:
    """How much goes along with the customers that a change deletes or moves, by kind, of what the viewer may list: as
    it is now, and quick whatever the change."""
    with viewer.database.reading() as connection:
        return consequences.below(connection, viewer.tenant_id, _own(connection, viewer), edits)


class _Told:
    """Tells how far a rehearsal is; asked whether it is still wanted, it tells the last step again."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._last = ("Checking", 0, 0)

    def __call__(self, step: str, done: int, of: int) -> None:
        self._last = (step, done, of)
        self.still()

    def still(self) -> None:
        """Raises what cancels it."""
        if self._progress is not None:
            self._progress(*self._last)


def _preview(connection: Connection, viewer: Viewer, outcome: Outcome) -> Preview:
    people = _people(connection, viewer.tenant_id, outcome.impacts)
    people.update({user: (state.login, state.name) for user, state in outcome.gone.items()})
    listed = [UserDifference(user, *people[user], one.now, one.later) for user, one in outcome.impacts.items()]
    listed.sort(key=lambda one: (fold(one.login), one.user_id))
    carried, hidden = consequences.along(connection, viewer.tenant_id, outcome)
    notes = consequences.notes(connection, outcome)
    return Preview(tuple(listed), along=carried, notes=notes, hidden=hidden)


def _own(connection: Connection, viewer: Viewer) -> Reach:
    return viewer.reach(connection)


def _people(connection: Connection, tenant_id: int, ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Login and name of each of these users, of those who are there."""
    query = select(User.id, User.login, User.name).where(records_of(connection, User, tenant_id, list(ids)))
    return {user: (login, name) for user, login, name in connection.execute(query)}


def _prospect(connection: Connection, viewer: Viewer, user: int, shown: Preview) -> Prospect:
    """What a user sees in this transaction, as far as the viewer sees it too."""
    at = clock.now()
    reach = read_reaches(connection, viewer.tenant_id, [user], at).get(user)
    if reach is None:
        raise RingfenceError("this user is not there any more")
    own = _own(connection, viewer)
    if user != viewer.own_id and not own.contains("user.view", reach.grants.home_path):
        raise RingfenceError("this user is not there any more")
    customers, devices = _size(connection, viewer, own, reach)
    tops, count = _tops(connection, viewer, own, reach)
    # Of a group that is hidden from the viewer, no more is told than of one that is not there.
    names = _names(
        connection, own, SECURITY_GROUPS, [group.group_id for group in (*reach.grants.groups, *reach.grants.idle)]
    )
    given = reach.grants.given
    if given is not None:
        given = tuple(_names(connection, own, CUSTOMER_GROUPS, given))
    groups = tuple(one for one in reach.grants.groups if one.group_id in names)
    told = reach.grants._replace(groups=groups, given=given)
    in_force = (group for group in told.groups if told.active and group.in_force(at))
    levels = tuple(dict.fromkeys(group.access_level for group in in_force))
    nothing = None if reach.region(CUSTOMERS.permission).nodes() else _nothing(connection, own, reach, names)
    later = None
    moment = told.changes_at(at)
    if moment is not None:
        then = Reach(reach.grants, moment, reach.grounds)
        later = (moment.isoformat(), *_size(connection, viewer, own, then))
    return Prospect(customers, devices, levels, tops, count, _warnings(reach, told, names), later, shown, nothing)


def _size(connection: Connection, viewer: Viewer, own: Reach, reach: Reach) -> tuple[int, int]:
    nodes = intersect(own.region(CUSTOMERS.permission).nodes(), reach.region(CUSTOMERS.permission).nodes())
    devices = own.region(DEVICES.permission).shared(reach.region(DEVICES.permission))
    return measure(connection, viewer.tenant_id, nodes)[0], devices_in(connection, viewer.tenant_id, devices)


def _tops(connection: Connection, viewer: Viewer, own: Reach, reach: Reach) -> tuple[tuple[CustomerShare, ...], int]:
    """The first of the customers at the top of what a user sees, by name, and how many there are."""
    nodes = intersect(own.region(CUSTOMERS.permission).nodes(), reach.region(CUSTOMERS.permission).nodes())
    devices = own.region(DEVICES.permission).shared(reach.region(DEVICES.permission))
    starts = [low for low, _ in nodes]
    found: list[Any] = []
    for start in range(0, len(starts), _CHUNK):
        query = select(Customer.id, Customer.name, Customer.path, Customer.search_key).where(
            Customer.tenant_id == viewer.tenant_id, Customer.path.in_(starts[start : start + _CHUNK])
        )
        found.extend(connection.execute(query))
    found.sort(key=lambda row: (row.search_key, row.id))
    shares = []
    regions = {permission: reach.region(permission).nodes() for permission in PERMISSIONS}
    for row in found[:_TOPS]:
        count = devices_in(connection, viewer.tenant_id, devices.within([nested(row.path)]))
        customers = measure(connection, viewer.tenant_id, within(nodes, row.path))[0]
        held = frozenset(permission for permission, there in regions.items() if contains(there, row.path))
        shares.append(CustomerShare(row.id, row.name, customers, count, held))
    return tuple(shares), len(found)


def _nothing(connection: Connection, own: Reach, reach: Reach, names: Collection[int]) -> Why:
    """Why a user sees no customer: told as far as the viewer may list what is on the paths by the groups that they may
    list (``names``), as if there were no others."""
    anywhere, permission = Anywhere(reach), CUSTOMERS.permission
    told = Telling(partial(_listed, connection, own), None, permission)
    person = Person(reach.grants.active, reach.grants.home_id, anywhere.filters)
    paths = told.paths(person, [way for way in anywhere.ways(permission) if way.group.group_id in names])
    return Why(False, "", Named(0, "", ""), permission, "", "", clock.iso(reach.at), paths, told.hidden)


def _names(connection: Connection, own: Reach, kind: Kind, groups: Collection[int]) -> dict[int, str]:
    """The names of groups of a kind by id, of those that the viewer may list."""
    return {one.id: one.name for one in _listed(connection, own, kind, groups)}


def _listed(connection: Connection, own: Reach, kind: Kind, ids: Collection[int]) -> list[Named]:
    """The records of a kind that the viewer may list."""
    mapped, reaches = table_of(kind), own.sees if kind.is_customer else own.contains
    query = select(mapped.id, mapped.key, mapped.name, Customer.path)
    if not kind.is_customer:
        query = query.join(Customer, leads_to(getattr(mapped, kind.owner), Customer))
    rows = connection.execute(query.where(records_of(connection, mapped, own.grants.tenant_id, ids)))
    return [Named(one, key or "", name) for one, key, name, path in rows if reaches(kind.permission, path)]


def _warnings(reach: Reach, told: Grants, names: Mapping[int, str]) -> tuple[str, ...]:
    """Sentences for people; ``told`` are the grants without the groups that are hidden from the viewer."""
    at, said = reach.at, list[str]()
    for group in told.groups:
        name = names[group.group_id]
        if group.valid_until is not None and group.valid_until <= at:
            said.append(f"{name} ended on {group.valid_until:%d %b %Y %H:%M} UTC.")
        elif group.valid_from is not None and group.valid_from > at:
            said.append(f"{name} begins on {group.valid_from:%d %b %Y %H:%M} UTC.")
        elif group.valid_until is not None and group.valid_until - at <= _SOON:
            said.append(f"{name} ends on {group.valid_until:%d %b %Y %H:%M} UTC.")
    if told.active and len(told.groups) > 1:
        said.extend(_idle(Reach(told, at, reach.grounds), names, at))
    if any(group.permissions is not None and group.permissions & EVERYWHERE for group in told.groups):
        idle = [one for one in sorted(EVERYWHERE) if told.groups_with(one, at) and not reach.region(one).customers]
        labels = {one.key: f"{one.section}: {one.label}" for one in CATALOGUE}
        said.extend(f"“{labels[one]}” counts only with all customers: it has no effect here." for one in idle)
    return tuple(said)


def _idle(reach: Reach, names: Mapping[int, str], at: datetime) -> list[str]:
    """Groups in force without which the user would see and do just the same."""
    said = []
    grants = reach.grants
    for group in grants.groups_in_force(at):
        rest = tuple(other for other in grants.groups if other is not group)
        without = Reach(grants._replace(groups=rest), at, reach.grounds)
        if all(reach.region(one) == without.region(one) for one in PERMISSIONS if group.holds(one)):
            said.append(f"{names[group.group_id]} has no effect: the others give all of it.")
    return said
