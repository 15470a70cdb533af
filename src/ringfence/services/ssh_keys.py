"""SSH keys: one's own, and those of users whom one may edit; and coming in with one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from ringfence.changes.audit import Actor, append, hold
from ringfence.domain import clock
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.identity import credentials, key_ring, keys, sessions
from ringfence.identity.key_ring import KeptKey
from ringfence.services import sign_ins
from ringfence.services.identity_events import about
from ringfence.services.whom import Whom, demand_may, whom
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

_HOW: Final = "key"
_MOST: Final = 50


class Entered(NamedTuple):
    """Somebody who came with a key: ``sign_in`` is the id of their session."""

    login: str
    viewer: Viewer
    sign_in: int


def keys_of(viewer: Viewer, login: str | None = None) -> Sequence[KeptKey]:
    """The viewer's keys, or those of the user of a login. Raises Refused, alike for one that nobody has, and for
    somebody whom the viewer may not edit."""
    user = whom(viewer, login)
    with viewer.look() as sight:
        return key_ring.of_user(sight.connection, viewer.tenant_id, user.id)


def add(viewer: Viewer, written: bytes, origin: str, login: str | None = None) -> str:
    """Adds a key, as it stands in a file that ends in .pub, to the viewer's or those of the user of a login; returns
    its fingerprint. Raises WrongKey for what is no key that is taken, and Refused for one that is known."""
    viewer.demand_in_person()
    key = keys.parse(written)
    user = whom(viewer, login)
    with viewer.database.writing() as connection:
        demand_may(connection, viewer, user.id)
        if key_ring.count(connection, viewer.tenant_id, user.id) >= _MOST:
            raise Refused(f"that would be more than {_MOST} keys of one user: remove one first")
        said = _said(key.kind, key.fingerprint, key.comment)
        events = [about(connection, viewer.tenant_id, user.id, "add key", **said)]
        append(connection, viewer.tenant_id, Actor(viewer.user_id, origin), events)
        if not key_ring.add(connection, viewer.tenant_id, user.id, key):
            raise Refused("this key stands for somebody already: make another one, with 'ssh-keygen -t ed25519'")
    return key.fingerprint


def remove(viewer: Viewer, fingerprint: str, origin: str, login: str | None = None) -> None:
    """Removes a key, by its fingerprint, and ends the sessions that came by it: whoever is in one is out at their next
    action. Raises Refused where there is no such key."""
    viewer.demand_in_person()
    user = whom(viewer, login)
    with viewer.database.writing() as connection:
        hold(connection, viewer.tenant_id)  # whoever comes in meanwhile by it is in before, or not at all
        demand_may(connection, viewer, user.id)
        own = key_ring.of_user(connection, viewer.tenant_id, user.id)
        found = next((one for one in own if one.fingerprint == fingerprint), None)
        if found is None:
            raise Refused(f"{_whose(viewer, user)} no key with that fingerprint: 'ringfence keys list' shows them")
        said = _said(found.kind, found.fingerprint, found.comment)
        lasting = sessions.lasting(connection, viewer.tenant_id, user.id)
        theirs = [one for one in lasting if (one.how, one.fingerprint) == (_HOW, fingerprint)]
        events = [
            about(connection, viewer.tenant_id, user.id, "remove key", **said),
            *sign_ins.ending(connection, viewer.tenant_id, theirs),
        ]
        append(connection, viewer.tenant_id, Actor(viewer.user_id, origin), events)
        key_ring.remove(connection, viewer.tenant_id, user.id, fingerprint)
        sessions.end(connection, viewer.tenant_id, [one.id for one in theirs])


def enter(database: Database, fingerprint: str, origin: str) -> Entered:
    """Begins the session of whoever came with a key, which sshd has seen them prove. Raises RingfenceError where it is
    nobody's, or its user has been deactivated."""
    with database.writing() as connection:
        owner = key_ring.owner(connection, fingerprint)
        if owner is not None:
            # Of all that is locked, the tenant first: whoever changes a user does so too.
            events = [about(connection, owner.tenant_id, owner.user_id, "sign in", how=_HOW, fingerprint=fingerprint)]
            append(connection, owner.tenant_id, Actor(owner.user_id, origin), events)
        if owner is None or owner != key_ring.owner(connection, fingerprint):
            raise RingfenceError("this key lets nobody in any more: ask whoever gave you your account")
        own = owner.tenant_id, owner.user_id
        key_ring.use(connection, owner)
        credentials.signed_in(connection, *own, clock.now(), origin, _HOW)
        sign_in = sessions.begin(connection, *own, how=_HOW, origin=origin, fingerprint=fingerprint)
    return Entered(owner.login, Viewer(database, owner.user_id, owner.tenant_id), sign_in)


def leave(viewer: Viewer, sign_in: int) -> None:
    """Ends such a session, unless that takes waiting."""
    with suppress(RingfenceError):
        sign_ins.leave(viewer, sign_in)


def _said(kind: str, fingerprint: str, comment: str) -> dict[str, str]:
    return {"type": kind, "fingerprint": fingerprint, **({"comment": comment} if comment else {})}


def _whose(viewer: Viewer, user: Whom) -> str:
    return "you have" if user.id == viewer.own_id else f"{user.login} has"
