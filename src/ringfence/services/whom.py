"""For whom something is done by which they prove who they are: oneself, or somebody whom one may edit."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from ringfence.changes.entrusted import demand_entrusted
from ringfence.changes.lacking import lacked_by
from ringfence.domain import clock
from ringfence.domain.errors import Refused, lacks
from ringfence.domain.user import USERS
from ringfence.storage import logins
from ringfence.storage.columns import of_tenant
from ringfence.storage.tables import User
from ringfence.visibility.point import among, find_user
from ringfence.visibility.viewer import Viewer

_EDIT: Final = USERS.right("edit")


class Whom(NamedTuple):
    """A user."""

    id: int
    login: str
    name: str


def whom(viewer: Viewer, login: str | None) -> Whom:
    """The user of a login, or without one the viewer. Raises Refused, alike for a login that nobody has, and for
    somebody whom the viewer may not edit; for nobody's own where it is not the viewer in person."""
    with viewer.look(USERS.permission, _EDIT) as sight:
        if login is None:
            own = viewer.own_id
        else:
            named = logins.find(sight.connection, login, viewer.tenant_id)
            own = viewer.own_id if named is not None and named.id == viewer.own_id else 0
        if own:
            columns = select(User.id, User.login, User.name).where(User.id == own, of_tenant(User, viewer.tenant_id))
            return Whom(*sight.connection.execute(columns).one())
        rights = USERS.permission, _EDIT
        found = None if login is None else find_user(sight, rights, login)
        if found is None:
            if login is None:
                raise Refused("say whose with --login LOGIN")
            with lacked_by(sight.connection, sight.tenant_id, viewer.user_id):
                raise lacks(_EDIT, "nobody whom you may edit has that login")
        (row,) = among(sight, _EDIT, USERS, [found], ("id", "login", "name"))
        return Whom(row.id, row.login, row.name)


def demand_may(connection: Connection, viewer: Viewer, user: int) -> None:
    """Raises Refused unless the viewer, in person, may change by what a user proves who they are: their own, and that
    of whomever they may edit. Whoever holds more than the viewer is not among those: nobody lets themselves in as
    somebody who may do what they may not."""
    viewer.demand_in_person()
    if user != viewer.user_id:
        demand_entrusted(connection, viewer.tenant_id, viewer.user_id, user, clock.now())
    elif not viewer.reach(connection).grants.active:
        raise Refused("you have been deactivated: nothing was changed")
