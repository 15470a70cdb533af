"""API tokens for those who may make and revoke them: one's own, and those of users for whom one holds that right.

Nobody gives what they do not hold: a token for somebody else gives no more than its maker has, from then on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from ringfence.changes.audit import Actor, append, hold
from ringfence.changes.escalation import demand_users
from ringfence.changes.validity import demand_name
from ringfence.domain import clock
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.text import fold
from ringfence.domain.user import USERS
from ringfence.identity import tokens
from ringfence.identity.tokens import Token
from ringfence.services.identity_events import about
from ringfence.storage import logins
from ringfence.storage.tables import Customer
from ringfence.visibility.overview import names
from ringfence.visibility.point import among, find_by_all
from ringfence.visibility.reach import read_reach
from ringfence.visibility.rule import Narrowing
from ringfence.visibility.viewer import Sight, Viewer

MANAGE: Final = "api_token.manage"
_MOST: Final = 100
"""So many tokens a user has at most."""


class Listed(NamedTuple):
    """A token for people: for which permissions (None: all of its user's), below which customer (``under``: its name;
    "" for any), and whether that is hidden from whoever lists it. ``by`` is the login of whoever made it, empty for its
    user, and where they may not be listed."""

    id: int
    name: str
    permissions: Sequence[str] | None
    under: str
    hidden: bool
    by: str
    made: datetime
    expires: datetime | None
    used: datetime | None
    expired: bool


def of_user(viewer: Viewer, login: str | None = None) -> tuple[Listed, ...]:
    """The tokens of a user by name, or the viewer's own. Raises RingfenceError, alike for a login that nobody has and
    for somebody whose tokens the viewer may not manage."""
    with viewer.look(MANAGE, CUSTOMERS.permission, USERS.permission) as sight:
        user = _whose(viewer, sight, login)
        found = tokens.of_user(sight.connection, viewer.tenant_id, user)
        under = names(sight, CUSTOMERS, {one.customer_id for one in found if one.customer_id is not None})
        makers = among(sight, USERS.permission, USERS, sorted({one.made_by for one in found} - {user}), ("id", "login"))
        by = {row.id: str(row.login) for row in makers}
        return tuple(_listed(one, under, by) for one in found)


def _listed(one: Token, under: dict[int, str], by: dict[int, str]) -> Listed:
    return Listed(
        one.id,
        one.name,
        None if one.permissions is None else sorted(one.permissions),
        under.get(one.customer_id or 0, ""),
        one.customer_id is not None and one.customer_id not in under,
        by.get(one.made_by, ""),
        one.made,
        one.expires,
        one.used,
        one.expired,
    )


def make(
    viewer: Viewer,
    name: str,
    origin: str,
    *,
    login: str | None = None,
    permissions: Collection[str] | None = None,
    under: int | None = None,
    lasts: timedelta | None = None,
) -> str:
    """Makes a token of a user, or of the viewer's own, that stands for them with some permissions alone, below a
    customer (by id) alone, for so long. Returns it, which is not to be had again.

    Raises Refused, with the field that it is about, for what cannot be, for whoever only looks or has no more than a
    token themselves, and where it would give somebody else's rights to a viewer who does not hold them; RingfenceError
    as ``of_user`` does.
    """
    viewer.demand_in_person()
    name = demand_name(name)
    unknown = sorted(set(permissions or ()) - PERMISSIONS)
    if unknown:
        raise Refused(f"there is no permission {unknown[0]!r}: 'ringfence schema' lists them", "permissions")
    if permissions is not None and not permissions:
        raise Refused("a token without any permission opens nothing: say which it is for", "permissions")
    if lasts is not None and lasts <= timedelta(0):
        raise Refused("it would hold for no time at all: let it expire later", "expires")
    with viewer.look(MANAGE, CUSTOMERS.permission, USERS.permission) as sight:
        user = _whose(viewer, sight, login)
        if under is not None and not among(sight, CUSTOMERS.permission, CUSTOMERS, [under]):
            raise Refused("this customer is not there any more", "customer")
    now = clock.now()
    expires = None if lasts is None else now + lasts
    with viewer.database.writing() as connection:
        hold(connection, viewer.tenant_id)  # of two that would have one name, the second sees the first
        known = tokens.of_user(connection, viewer.tenant_id, user)
        if any(fold(one.name) == fold(name) for one in known):
            raise Refused("there is a token of that name already: choose another, or revoke that one", "name")
        if len(known) >= _MOST:
            raise Refused(f"a user has {_MOST} tokens at most: revoke one first")
        left = Narrowing(None if permissions is None else frozenset(permissions), _path(connection, viewer, under))
        _demand_held(connection, viewer, user, left, now)
        secret = tokens.make(
            connection,
            viewer.tenant_id,
            user,
            by=viewer.user_id,
            name=name,
            permissions=permissions,
            customer=under,
            expires=expires,
        )
        said = {"token": name, "stands_for": _leaves(left)}
        if expires is not None:
            said["until"] = clock.iso(expires)
        event = about(connection, viewer.tenant_id, user, "make token", **said)
        append(connection, viewer.tenant_id, Actor(viewer.user_id, origin), [event])
    return secret


def revoke(viewer: Viewer, wanted: Collection[str], origin: str, *, login: str | None = None) -> None:
    """Revokes tokens of a user, or of the viewer's own, by name: all of them or none. Whoever has one is out at its
    next use. Raises Refused for one that is not there, and as ``make`` does."""
    viewer.demand_in_person()
    with viewer.look(MANAGE, USERS.permission) as sight:
        user = _whose(viewer, sight, login)
    with viewer.database.writing() as connection:
        known = {fold(one.name): one for one in tokens.of_user(connection, viewer.tenant_id, user)}
        gone = {fold(name): known.get(fold(name)) for name in wanted}
        missing = next((name for name in wanted if gone[fold(name)] is None), None)
        if missing is not None:
            raise Refused(f"there is no token {missing!r}: 'ringfence tokens list' shows those there are")
        events = []
        for one in gone.values():
            assert one is not None
            tokens.revoke(connection, viewer.tenant_id, one.id)
            events.append(about(connection, viewer.tenant_id, user, "revoke token", token=one.name))
        append(connection, viewer.tenant_id, Actor(viewer.user_id, origin), events)


def _whose(viewer: Viewer, sight: Sight, login: str | None) -> int:
    """The user meant: the viewer's own where that is said, or nothing. Raises RingfenceError for all others but those
    whose tokens the viewer may manage."""
    user = viewer.user_id
    if login is not None:
        named = logins.find(sight.connection, login, viewer.tenant_id)
        user = 0 if named is None else named.id
    if user == viewer.own_id and user and sight.active:
        return user
    found = find_by_all(sight, (USERS.permission, MANAGE), USERS, "id", user)
    if found is None:
        raise RingfenceError("there is no such user, or their tokens are not yours to manage")
    return found


def _path(connection: Connection, viewer: Viewer, customer: int | None) -> str | None:
    if customer is None:
        return None
    query = select(Customer.path).where(Customer.id == customer, Customer.tenant_id == viewer.tenant_id)
    path = connection.execute(query).scalar_one_or_none()
    if path is None:
        raise Refused("this customer is not there any more", "customer")
    return str(path)


def _demand_held(connection: Connection, viewer: Viewer, user: int, left: Narrowing, at: datetime) -> None:
    """Raises Refused where a token for somebody else would give what the viewer does not hold, now or later."""
    own = viewer.reach(connection, at)
    if not own.grants.active:
        raise Refused("you have been deactivated: nothing was changed")
    if user == viewer.user_id:
        return
    given = read_reach(connection, viewer.tenant_id, user, at, left)
    if given is None:
        raise Refused("this user is not there any more")
    demand_users(own, [given], "this token would have")


def _leaves(left: Narrowing) -> str:
    """What a token stands for, without a name of what not everybody sees who sees its user."""
    held = "all that its user may" if left.permissions is None else f"{len(left.permissions)} permissions"
    return held if left.path is None else f"{held}, below one customer"
