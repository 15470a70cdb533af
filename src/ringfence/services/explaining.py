"""Why somebody may, or may not; who all may; and all that one user may: told as far as whoever asks may know it.

About a user asks whoever may list and view them, and everybody about themselves; about a record, whoever may list it.
What is hidden and what is missing is refused alike, before anything of a path is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import select

from ringfence.domain import clock
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.errors import RingfenceError
from ringfence.domain.kind import Kind
from ringfence.domain.permission import CATALOGUE, demand_known
from ringfence.domain.registry import EDITED, PLACE, kind_of_noun
from ringfence.domain.user import USERS
from ringfence.services.explained import Holder, Path, Right, Rights, Why
from ringfence.services.naming import missing
from ringfence.services.paths import NAMED, Person, Telling, as_named, listed_by
from ringfence.storage import logins
from ringfence.storage.columns import of_tenant
from ringfence.storage.engine import Database
from ringfence.storage.tables import User, table_of
from ringfence.visibility import explain, holders
from ringfence.visibility.explain import Anywhere, Facts, Target
from ringfence.visibility.grants import read_many
from ringfence.visibility.intervals import intersect
from ringfence.visibility.owner import Owner
from ringfence.visibility.point import among, can_be_key, find_user
from ringfence.visibility.reach import Reach, measure, read_grounds
from ringfence.visibility.rule import Grants
from ringfence.visibility.strict import let_go
from ringfence.visibility.viewer import Sight, Viewer

_VIEW: Final = USERS.right("view")


class Asked(NamedTuple):
    """What is asked about, as the viewer may know it: a user's row, a record, all that the rule has of the two, and the
    moment at which windows are judged."""

    sight: Sight
    user: Any
    target: Target
    facts: Facts
    at: datetime


@contextmanager
def asked(viewer: Viewer, login: str, record: str) -> Iterator[Asked]:
    """A user and a record named as in ``device:KEY``. Raises RingfenceError for an unknown kind of record, and alike
    for what is hidden and what is missing."""
    kind, key = named_record(record)
    at = viewer.at or clock.now()
    with looking(viewer, kind) as sight:
        user = user_of(sight, viewer, login)
        target = target_of(sight, kind, key)
        yield Asked(sight, user, target, facts_of(sight, user.id, target, at), at)


def why(viewer: Viewer, login: str, permission: str, record: str) -> Why:
    """Whether a user holds a permission on a record named as in ``device:KEY``, and by which paths. Raises
    RingfenceError for an unknown permission or kind of record, and alike for what is hidden and what is missing."""
    demand_known(permission)
    with asked(viewer, login, record) as (sight, user, target, facts, at):
        told = Telling(listed_by(sight), target, permission)
        ways = facts.ways(permission)
        paths = told.paths(_person(facts), ways)
        allowed = any(not one.walls for one in ways)
        return Why(
            allowed, user.login, as_named(user), permission, record, target.name, clock.iso(at), paths, told.hidden
        )


def who(viewer: Viewer, permission: str, record: str, limit: int | None = None) -> tuple[Holder, ...]:
    """The users who hold a permission on a record, of those whom the viewer may list, by login: the first ``limit``.
    How, is told of those whom they may view. Raises RingfenceError as ``why`` does."""
    demand_known(permission)
    kind, key = named_record(record)
    at = viewer.at or clock.now()
    with looking(viewer, kind) as sight:
        target = target_of(sight, kind, key)
        let_go(sight)
        found = {one.user: one for one in holders.holders(sight.connection, sight.tenant_id, target, permission, at)}
        columns = ("id", "key", "login", "login_key", "name")
        listed = sorted(among(sight, USERS.permission, USERS, sorted(found), columns), key=lambda row: row.login_key)
        listed = listed[:limit]
        viewed = {row.id for row in among(sight, _VIEW, USERS, [row.id for row in listed])}
        if sight.active and viewer.own_id:
            viewed.add(viewer.own_id)
        told = Telling(listed_by(sight), target, permission)
        ways = {
            row.id: (Person(True, one.home, one.filters), one.ways if row.id in viewed else ())
            for row in listed
            for one in (found[row.id],)
        }
        told.learn(ways.values())
        people = []
        for row in listed:
            paths = told.paths(*ways[row.id])
            # What gives it may be told: else it would tell of a hidden group, or of what is in a hidden role.
            giving = {one.group.group_id for one in ways[row.id][1] if holders.gives_everything(one.group)}
            named = any(one.role is not None and one.group.id in giving for one in paths)
            everything = found[row.id].everything and named
            people.append(Holder(as_named(row), row.login, paths, everything))
        return tuple(people)


def rights(viewer: Viewer, login: str, record: str | None = None) -> Rights:
    """Every permission of the catalogue: whether a user holds it on a record or, without one, over how many customers
    of those that the viewer may list. Raises RingfenceError as ``why`` does."""
    if record is None:
        return _rights_anywhere(viewer, login)
    with asked(viewer, login, record) as (sight, user, target, facts, _):
        person, hidden, found = _person(facts), False, []
        telling = Telling(listed_by(sight), target, "")
        for one in CATALOGUE:
            told = telling.of(one.key)
            ways = [way for way in facts.ways(one.key) if not way.walls]
            paths = told.paths(person, ways)
            hidden = hidden or told.hidden
            found.append(Right(one.key, one.section, one.label, bool(ways), paths[0] if paths else None))
        return Rights(user.login, as_named(user), record, target.name, tuple(found), hidden)


def _rights_anywhere(viewer: Viewer, login: str) -> Rights:
    at = viewer.at or clock.now()
    with looking(viewer, CUSTOMERS) as sight:
        user = user_of(sight, viewer, login)
        let_go(sight)
        grants = _grants(sight, user.id)
        grounds = read_grounds(sight.connection, sight.tenant_id, [grants])
        anywhere = Anywhere(Reach(grants, at, grounds))
        bound = viewer.regions(sight.connection, at).region(CUSTOMERS.permission).nodes()
        telling = Telling(listed_by(sight), None, "")
        known: dict[str, tuple[bool, int, Path | None]] = {}
        found, hidden = [], False
        for one in CATALOGUE:
            signature = grants.signature(one.key, at)
            if signature not in known:
                reached = grounds.region(grants, one.key, at)
                told = telling.of(one.key)
                giving = [way for way in anywhere.ways(one.key) if not way.walls]
                paths = told.paths(Person(grants.active, grants.home_id, ()), giving)
                hidden = hidden or told.hidden
                customers = measure(sight.connection, sight.tenant_id, intersect(reached.nodes(), bound))[0]
                known[signature] = bool(reached.nodes()), customers, paths[0] if paths else None
            allowed, customers, path = known[signature]
            found.append(Right(one.key, one.section, one.label, allowed, path, customers))
        return Rights(user.login, as_named(user), None, "", tuple(found), hidden)


# Of whom, and of what.


def named_record(record: str) -> tuple[Kind, str]:
    noun, separator, key = record.partition(":")
    if not separator:
        raise RingfenceError(f"name the record as KIND:KEY, such as customer:KEY or device:KEY, not {record!r}")
    kind = kind_of_noun(noun)
    if kind.noun not in EDITED:
        raise RingfenceError(f"{kind.indefinite} is no record to ask about: ask about the record that it tells of")
    return kind, key


@contextmanager
def looking(viewer: Viewer, kind: Kind) -> Iterator[Sight]:
    with viewer.look(kind.permission, USERS.permission, _VIEW, *(one.permission for one in (*NAMED, PLACE))) as sight:
        yield sight


def _person(facts: Facts) -> Person:
    return Person(facts.grants.active, facts.grants.home_id, facts.filters)


def user_of(sight: Sight, viewer: Viewer, login: str) -> Any:
    """The user whom a login means: one whom the viewer may list and view, or themselves."""
    found = find_user(sight, (USERS.permission, _VIEW), login)
    if found is None and viewer.own_id and sight.active:
        named = logins.find(sight.connection, login, sight.tenant_id)
        found = viewer.own_id if named is not None and named.id == viewer.own_id else None
    if found is None:
        raise missing(USERS, login)
    columns = select(User.id, User.key, User.login, User.name)
    return sight.connection.execute(columns.where(User.id == found, of_tenant(User, sight.tenant_id))).one()


def target_of(sight: Sight, kind: Kind, key: str) -> Target:
    """The record of a key that the viewer may list."""
    found = explain.find_target(sight, kind, "key", key)
    if found is None:
        raise missing(kind, key)
    return found


def _grants(sight: Sight, user: int) -> Grants:
    return read_many(sight.connection, sight.tenant_id, [user])[user]


def facts_of(sight: Sight, user: int, target: Target, at: datetime) -> Facts:
    let_go(sight)
    return explain.read_facts(sight.connection, _grants(sight, user), target, at)


# For whoever owns the database.


def owner(database: Database, login: str, at: datetime | None = None) -> Viewer:
    """Who asks about a user by nobody's rights: for the owner of the database. Raises RingfenceError for a login that
    nobody has."""
    return Owner(database, Viewer.sign_in(database, login, at).tenant_id, at)


def owner_of(database: Database, record: str, at: datetime | None = None) -> Viewer:
    """The same for a record. Raises RingfenceError where there is none, or more than one in different tenants."""
    kind, key = named_record(record)
    found: Sequence[int] = ()
    if can_be_key(key):
        table = table_of(kind)
        with database.asking() as connection:
            found = connection.execute(select(table.tenant_id).where(table.key == key).limit(2)).scalars().all()
    if not found:
        raise missing(kind, key)
    if len(found) > 1:
        raise RingfenceError(f"{record!r} is the name of several: say whose view it is with --as LOGIN")
    return Owner(database, found[0], at)
