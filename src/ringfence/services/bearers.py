"""Whoever comes by a token: whose view that is, and that it is used."""

from __future__ import annotations

from typing import NamedTuple

from ringfence.domain.errors import RingfenceError
from ringfence.identity import tokens
from ringfence.storage.engine import Database
from ringfence.visibility.standing_in import ENDED, StandIn


class Bearer(NamedTuple):
    """Somebody by a token of theirs, which is called ``token``."""

    login: str
    viewer: StandIn
    token: str


def bearer(database: Database, secret: str) -> Bearer:
    """Whose token it is. Raises RingfenceError in the same words for one that there never was, that was revoked or has
    expired, and for a deactivated user's. That it is used is written down, unless that takes waiting."""
    with database.reading() as connection:
        found = tokens.bearer(connection, secret)
        if found is None:
            raise RingfenceError(ENDED)
        lately = tokens.lately(connection, found.tenant_id, found.token)
    if not lately:
        _see(database, found.tenant_id, found.token)
    viewer = StandIn(database, found.user_id, found.tenant_id, found.token, narrowed=found.narrowed)
    return Bearer(found.login, viewer, found.name)


def _see(database: Database, tenant_id: int, token: int) -> None:
    try:
        with database.writing_at_once() as connection:
            tokens.see(connection, tenant_id, token)
    except RingfenceError:
        pass  # somebody else writes, or nobody can: it is known at the next use
