"""Who can sign in, who is signed in, and what they see in all."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from ringfence.domain import clock
from ringfence.domain.account import STAFF
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.user import USERS
from ringfence.services.records import Account, Listing, Part, Profile
from ringfence.storage import logins
from ringfence.storage.engine import Database
from ringfence.storage.tables import User
from ringfence.visibility import directory, tree
from ringfence.visibility.counting import count
from ringfence.visibility.page import Query
from ringfence.visibility.point import among, find_user
from ringfence.visibility.shared_view import IMPERSONATE, SharedView, Subjects
from ringfence.visibility.summary import summary
from ringfence.visibility.viewer import Viewer, nobody

if TYPE_CHECKING:
    from ringfence.services.edited import Opened


def sign_in(database: Database, login: str, at: datetime | None = None) -> Viewer:
    """The viewer behind a login. Raises RingfenceError for one that nobody has, or an inactive user's."""
    viewer = Viewer.sign_in(database, login, at)
    with viewer.look() as sight:
        if not sight.active:
            raise RingfenceError(f"{login} is inactive and cannot sign in: sign in as somebody else")
    return viewer


def is_own(viewer: Viewer, login: str) -> bool:
    """Whether a login means whoever looks."""
    with viewer.database.asking() as connection:
        named = logins.find(connection, login, viewer.tenant_id)
    return named is not None and named.id == viewer.user_id


def own_record(viewer: Viewer) -> Opened:
    """The viewer's own record as a user: everybody who is active sees it, and may change their profile, whatever else
    they may; without a name of what they may not list. Raises RingfenceError for an inactive user's."""
    from ringfence.services import editing  # the first data, which come from here, wait for nothing of it

    found = editing.open_records(viewer, "user", [viewer.user_id])
    if not found:
        raise RingfenceError("an inactive user has no profile to look at: ask an administrator")
    return found[0]


def accounts(database: Database, search: str, part: Part) -> tuple[Account, ...]:
    """A part of everybody who is known, by login: for whoever holds the database itself. Raises WrongFilter."""
    key = part.before or part.after
    backwards = part.from_end or part.before is not None
    after = None if key is None else (str(key[0]), int(key[1]))
    found = directory.accounts(database, search, part.limit, after, backwards, part.skip)
    rows = found[::-1] if backwards else found
    return tuple(
        Account(
            row.id,
            row.login,
            row.name,
            row.tenant,
            STAFF if row.parent_id is None else row.home,
            bool(row.active),
            (row.sort_value, row.id),
            row.login if row.provider is None else f"{row.login}@{row.provider}",
        )
        for row in rows
    )


def subjects(viewer: Viewer, search: str, part: Part) -> tuple[Account, ...]:
    """A part of those through whose eyes a viewer may look, by name."""
    from ringfence.services import listing  # as above

    found = listing.rows(Subjects(viewer), Listing(USERS.name, search), part)
    return tuple(
        Account(
            *(one.id, one.shown("login"), one.name, "", one.owner),
            *(one.shown("active"), one.sort_key, one.shown("login")),
        )
        for one in found
    )


def subject_count(viewer: Viewer, search: str) -> int:
    """How many there are."""
    from ringfence.services import listing

    return listing.count(Subjects(viewer), Listing(USERS.name, search))


def see_as(viewer: Viewer, login: str, origin: str) -> Viewer:
    """The view of whoever has the login, as far as the viewer sees the same: nothing is changed through it. Their own
    login gives the viewer itself. It is audited under the viewer's own name, with ``origin``.

    Raises RingfenceError, alike for a login that nobody has, and for somebody whom the viewer may not list or through
    whose eyes they may not look; Refused for whoever looks through another's eyes already.
    """
    if viewer.read_only:
        raise Refused(viewer.read_only)
    with viewer.look(USERS.permission, IMPERSONATE) as sight:
        named = logins.find(sight.connection, login, viewer.tenant_id)
        if named is not None and named.id == viewer.user_id:
            return viewer
        listed = find_user(sight, (USERS.permission, IMPERSONATE), login)
        if listed is None:
            raise nobody(login)
        (row,) = among(sight, USERS.permission, USERS, [listed], ("id", "login", "active"))
    if not row.active:
        raise RingfenceError(f"{row.login} is inactive and sees nothing: look through somebody else's eyes")
    view = SharedView(viewer, Viewer(viewer.database, row.id, viewer.tenant_id, viewer.at), row.login)
    from ringfence.changes.audit import Actor, looked

    with viewer.database.writing() as connection:
        looked(connection, viewer.tenant_id, Actor(viewer.user_id, origin), row.id)
    return view


def come_back(view: Viewer, origin: str, *, at_once: bool = False) -> None:
    """Writes down that whoever looks through another's eyes does so no more: ``at_once``, or else not at all. It is
    nothing for whoever looks with their own."""
    if not isinstance(view, SharedView):
        return
    from ringfence.changes.audit import Actor, looked

    with view.database.writing_at_once() if at_once else view.database.writing() as connection:
        looked(connection, view.tenant_id, Actor(view.real.user_id, origin), view.subject.user_id, over=True)


def account_count(database: Database, search: str) -> int:
    """How many there are."""
    return directory.account_count(database, search)


def why_nothing(viewer: Viewer, permission: str = CUSTOMERS.permission) -> str:
    """Where the path of a viewer ends that comes nearest to anything under a permission, which reaches nothing of
    theirs: without a name, for what is on it they may list no more than the rest."""
    if isinstance(viewer, SharedView):
        return "there is nothing that you both see"
    from ringfence.services.explained import NO_GROUP  # the first data of whoever sees something wait for none of it
    from ringfence.services.paths import Person, nearest_wall
    from ringfence.visibility.explain import Anywhere

    with viewer.database.reading() as connection:
        anywhere = Anywhere(viewer.reach(connection, viewer.at))
    grants = anywhere.grants
    person = Person(grants.active, grants.home_id, anywhere.filters)
    ways = anywhere.ways(permission)
    if any(not one.walls for one in ways):
        return "there is nothing there yet"
    wall = nearest_wall(person, ways, permission)
    return NO_GROUP if wall is None else wall.wall


def profile(viewer: Viewer, *, totals: bool = False) -> Profile:
    """Who is looking, by what, and how many customers and devices they see (of how many, with ``totals``)."""
    with viewer.look(CUSTOMERS.permission, DEVICES.permission) as sight:
        view = viewer if isinstance(viewer, SharedView) else None
        user = view.subject if view is not None else viewer
        own = summary(user, sight, viewer.at or clock.now())
        # By what others see what they see is not for everybody who looks through their eyes.
        parts, seen_by = [", ".join(own.roles), ", ".join(own.filters)], ""
        if view is not None:
            real = select(User.login).where(User.id == view.real.user_id)
            seen_by = sight.connection.execute(real).scalar_one()
            parts = [f"seen by {seen_by}"]
        customers = count(sight, Query(CUSTOMERS))
        devices = count(sight, Query(DEVICES))
        top = tree.roots(sight)
        whole = sight.scope(CUSTOMERS.permission).nodes.whole
    reason = ""
    if not (customers or devices):
        reason = "there is no customer yet" if whole else why_nothing(viewer)
    place = ""
    if any(row.parent_id is None for row in top):
        place = next(row.name for row in top if row.parent_id is None)
    elif not own.home_is_root and any(row.name == own.home for row in top):
        place = own.home
    total = directory.totals(viewer.database, viewer.tenant_id) if totals else (0, 0)
    return Profile(
        user.user_id,
        own.login,
        own.name,
        place,
        " · ".join(part for part in parts if part),
        own.active,
        customers,
        devices,
        *total,
        reason=reason,
        seen_by=seen_by,
    )
