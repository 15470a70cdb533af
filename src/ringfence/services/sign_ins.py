"""Sessions that have not ended, for those who may end them: one's own, and those of users that one may edit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from ringfence.changes.audit import Actor, Event, append, hold
from ringfence.changes.entrusted import editable
from ringfence.domain import clock
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.user import USERS
from ringfence.identity import sessions
from ringfence.identity.sessions import Kept
from ringfence.services.identity_events import about
from ringfence.storage import logins
from ringfence.storage.columns import of_tenant
from ringfence.storage.tables import User
from ringfence.visibility.demands import read_demands
from ringfence.visibility.point import among, find_by_all
from ringfence.visibility.shared_view import SharedView
from ringfence.visibility.viewer import Sight, Viewer

_EDIT: Final = USERS.right("edit")


class OpenSession(NamedTuple):
    """A session of a user: since when, how they proved who they are (password, key or token; ``fingerprint`` says by
    which key or token), whence, and when they were last known to be there."""

    id: int
    user_id: int
    login: str
    name: str
    how: str
    origin: str
    fingerprint: str
    began: datetime
    seen: datetime


def own(viewer: Viewer) -> tuple[OpenSession, ...]:
    """The viewer's own sessions, the newest first."""
    with viewer.look() as sight:
        found = sessions.lasting(sight.connection, viewer.tenant_id, viewer.own_id)
        return _of(viewer, sight, found)


def of_user(viewer: Viewer, user: int) -> tuple[OpenSession, ...]:
    """Those of a user. Raises RingfenceError, alike for one who is not there and one whom the viewer may not edit."""
    with viewer.look(USERS.permission, _EDIT) as sight:
        if user != viewer.own_id and find_by_all(sight, (USERS.permission, _EDIT), USERS, "id", user) is None:
            raise RingfenceError("this user is not there any more, or you may not edit them")
        return _of(viewer, sight, sessions.lasting(sight.connection, viewer.tenant_id, user))


def all_of(viewer: Viewer, login: str | None = None) -> tuple[OpenSession, ...]:
    """The viewer's own, and those of all users whom they may edit; or those among them of whomever a login means."""
    with viewer.look(USERS.permission, _EDIT) as sight:
        found = _of(viewer, sight, sessions.lasting(sight.connection, viewer.tenant_id))
        if login is None:
            return found
        named = logins.find(sight.connection, login, viewer.tenant_id)
        return tuple(one for one in found if named is not None and one.user_id == named.id)


def end(viewer: Viewer, ids: Collection[int], origin: str) -> None:
    """Ends sessions, all or none of them. Raises Refused, alike for one that has ended, one that there never was, and
    one of a user whom the viewer may not edit; and for whoever only looks."""
    viewer.demand_in_person()
    actor = Actor(viewer.user_id, origin)
    with viewer.database.writing() as connection:
        hold(connection, viewer.tenant_id)
        lasting = sessions.find(connection, viewer.tenant_id, ids)
        theirs = editable(connection, viewer.tenant_id, viewer.reach(connection), {one.user_id for one in lasting})
        found = [one for one in lasting if one.user_id in theirs]
        missing = set(ids) - {one.id for one in found}
        if missing:
            raise Refused(f"there is no session {min(missing)}: 'ringfence sign-ins list' shows those there are")
        append(connection, viewer.tenant_id, actor, ending(connection, viewer.tenant_id, found))
        sessions.end(connection, viewer.tenant_id, ids)


def ending(connection: Connection, tenant_id: int, found: Sequence[Kept]) -> list[Event]:
    """What the audit says of sessions that are ended."""
    return [about(connection, tenant_id, one.user_id, "end session", how=one.how, whence=one.origin) for one in found]


def leave(viewer: Viewer, sign_in: int) -> None:
    """Ends the viewer's own session as they leave, unless that takes waiting: it ends by itself in the end."""
    with viewer.database.writing_at_once() as connection:
        sessions.end(connection, viewer.tenant_id, [sign_in])


def idle(viewer: Viewer) -> timedelta:
    """How long nobody may have pressed a key before a console of the viewer's user is locked."""
    user = viewer.real.user_id if isinstance(viewer, SharedView) else viewer.user_id
    with viewer.database.asking() as connection:
        return timedelta(minutes=read_demands(connection, viewer.tenant_id, user, clock.now()).idle_minutes)


def see(viewer: Viewer, sign_in: int) -> None:
    """Writes down that the viewer is there, unless that takes waiting."""
    with viewer.database.writing_at_once() as connection:
        sessions.see(connection, viewer.tenant_id, sign_in)


def _of(viewer: Viewer, sight: Sight, found: Sequence[Kept]) -> tuple[OpenSession, ...]:
    """The sessions among these that are the viewer's own, or of a user whom they may edit."""
    users = sorted({one.user_id for one in found} - {viewer.own_id})
    known = {}
    if any(one.user_id == viewer.own_id for one in found):
        mine = select(User.id, User.login, User.name).where(User.id == viewer.own_id, of_tenant(User, sight.tenant_id))
        known = {row.id: (row.login, row.name) for row in sight.connection.execute(mine)}
    if users:
        listed = [row.id for row in among(sight, USERS.permission, USERS, users, ("id",))]
        reached = among(sight, _EDIT, USERS, listed, ("id", "login", "name"))
        known |= {row.id: (row.login, row.name) for row in reached}
    return tuple(
        OpenSession(one.id, one.user_id, *known[one.user_id], one.how, one.origin, one.fingerprint, one.began, one.seen)
        for one in found
        if one.user_id in known
    )
