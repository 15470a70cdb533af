"""Inviting users: a first way in, or a new one where a password was forgotten. The owner of the database gives it to
anybody; a user gives it to those whom they may edit, and who may do no more than they."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from ringfence.changes.audit import Actor, append
from ringfence.changes.entrusted import demand_entrusted
from ringfence.domain import clock
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.identity import invitations
from ringfence.services.identity_events import about
from ringfence.storage import logins
from ringfence.storage.columns import of_tenant
from ringfence.storage.engine import Database
from ringfence.storage.tables import User
from ringfence.visibility.viewer import Viewer


class Invited(NamedTuple):
    """What is shown once, to be handed to its user, and until when it lasts."""

    text: str
    until: datetime


def invite(viewer: Viewer, user: int, origin: str) -> Invited:
    """Invites a user of the viewer's tenant, in the place of any earlier invitation. Raises Refused, and RingfenceError
    alike for one who is hidden and one who is not there."""
    with viewer.database.writing() as connection:
        demand_other(connection, viewer, user)
        return _invite(connection, viewer.tenant_id, user, Actor(viewer.user_id, origin))


def revoke(viewer: Viewer, user: int, origin: str) -> None:
    """Takes a user's invitation back. Raises as `invite` does, and where there is none."""
    with viewer.database.writing() as connection:
        demand_other(connection, viewer, user)
        _revoke(connection, viewer.tenant_id, user, Actor(viewer.user_id, origin))


def invite_as_owner(database: Database, login: str, origin: str) -> Invited:
    """Invites whoever has a login. Raises RingfenceError for one that nobody has."""
    with database.writing() as connection:
        user, tenant_id = named(connection, login)
        return _invite(connection, tenant_id, user, Actor(None, origin))


def revoke_as_owner(database: Database, login: str, origin: str) -> None:
    """Takes the invitation of whoever has a login back."""
    with database.writing() as connection:
        user, tenant_id = named(connection, login)
        _revoke(connection, tenant_id, user, Actor(None, origin))


def demand_other(connection: Connection, viewer: Viewer, user: int) -> None:
    """Raises Refused unless the viewer, in person, may look after how another user signs in; RingfenceError alike for
    one who is hidden and one who is not there."""
    viewer.demand_in_person()
    if user == viewer.user_id:
        raise Refused("this is you: your password and your second factor are in your profile")
    left = viewer.narrowing(connection)
    demand_entrusted(connection, viewer.tenant_id, viewer.user_id, user, clock.now(), left)


def named(connection: Connection, login: str) -> tuple[int, int]:
    """The id and the tenant of whomever a login means. Raises RingfenceError where that is nobody."""
    found = logins.find(connection, login)
    if found is None:
        raise RingfenceError(f"the login {login!r} is nobody's alone: 'ringfence dump' shows those there are")
    return found.id, found.tenant_id


def _invite(connection: Connection, tenant_id: int, user: int, actor: Actor) -> Invited:
    active = select(User.active).where(User.id == user, of_tenant(User, tenant_id))
    if not connection.execute(active).scalar_one():
        raise Refused("an inactive user cannot sign in: activate them first")
    append(connection, tenant_id, actor, [about(connection, tenant_id, user, "invite")])
    return Invited(*invitations.make(connection, tenant_id, user, clock.now()))


def _revoke(connection: Connection, tenant_id: int, user: int, actor: Actor) -> None:
    append(connection, tenant_id, actor, [about(connection, tenant_id, user, "revoke invitation")])
    if not invitations.revoke(connection, tenant_id, user):
        raise Refused("there is no invitation of this user: it was used, or taken back, or never made")
