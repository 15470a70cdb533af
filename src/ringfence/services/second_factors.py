"""Second factors of others: taken away where they were lost with the telephone. The owner of the database does so for
anybody; a user for those whom they may invite."""

from __future__ import annotations

from sqlalchemy import Connection

from ringfence.changes.audit import Actor, append
from ringfence.domain.errors import Refused
from ringfence.identity import attempts, codes, credentials, sessions
from ringfence.services.identity_events import about
from ringfence.services.invitations import demand_other, named
from ringfence.services.signing_in import code_key
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer


def reset(viewer: Viewer, user: int, origin: str) -> None:
    """Takes the second factor of a user of the viewer's tenant away, with their recovery codes, and ends all their
    sessions: they sign in by password alone, or set up another one where a role demands it. Raises Refused where there
    is none, and RingfenceError alike for one who is hidden and one who is not there."""
    with viewer.database.writing() as connection:
        demand_other(connection, viewer, user)
        _reset(connection, viewer.tenant_id, user, Actor(viewer.user_id, origin))


def reset_as_owner(database: Database, login: str, origin: str) -> None:
    """The same of whoever has a login. Raises RingfenceError for one that nobody has."""
    with database.writing() as connection:
        user, tenant_id = named(connection, login)
        _reset(connection, tenant_id, user, Actor(None, origin))


def _reset(connection: Connection, tenant_id: int, user: int, actor: Actor) -> None:
    append(connection, tenant_id, actor, [about(connection, tenant_id, user, "reset second factor")])
    person = credentials.read(connection, tenant_id, user)
    if person is None or person.code_secret is None:
        raise Refused("this user has no second factor: there is nothing to take away")
    credentials.set_code_secret(connection, tenant_id, user, None)
    codes.forget_recovery(connection, tenant_id, user)
    attempts.clear(connection, [code_key(tenant_id, user)])
    sessions.end_others(connection, tenant_id, user)
