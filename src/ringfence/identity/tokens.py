"""API tokens: what stands for a user in programs. What is shown of one is shown once; its hash is kept.

Nothing here asks who may make, list or revoke one: ``ringfence.services.api_tokens`` does.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, update

from ringfence.domain import clock
from ringfence.identity import secrets
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.identity_tables import ApiToken
from ringfence.storage.tables import User
from ringfence.storage.wall_functions import known_by

SEEN_SECONDS: Final = 60.0
"""So often at most it is written down that a token was used."""


class Token(NamedTuple):
    """A token as it is kept: whose it is and who made it, for which permissions (None: all) and below which customer
    (by id; None: any) it stands for them, until when (None: until it is revoked), and when it was used last."""

    id: int
    user_id: int
    made_by: int
    name: str
    permissions: frozenset[str] | None
    customer_id: int | None
    made: datetime
    expires: datetime | None
    used: datetime | None

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= clock.now()


class Bearer(NamedTuple):
    """Whose token it is, and whether it takes anything away from what they may."""

    token: int
    tenant_id: int
    user_id: int
    login: str
    name: str
    narrowed: bool


def make(
    connection: Connection,
    tenant_id: int,
    user_id: int,
    *,
    by: int,
    name: str,
    permissions: Collection[str] | None = None,
    customer: int | None = None,
    expires: datetime | None = None,
) -> str:
    """Keeps a new token of a user, whose name no other of theirs has. Returns it: it is not to be had again."""
    text = secrets.made(secrets.TOKEN)
    row = {
        "tenant_id": tenant_id,
        "user_id": user_id,
        "made_by": by,
        "name": name,
        "digest": secrets.digest(text),
        "permissions": None if permissions is None else json.dumps(sorted(permissions)),
        "customer_id": customer,
        "made_at": clock.milliseconds(clock.now()),
        "expires_at": None if expires is None else clock.milliseconds(expires),
    }
    connection.execute(insert(ApiToken.__table__), row)
    return text


def of_user(connection: Connection, tenant_id: int, user_id: int) -> Sequence[Token]:
    """A user's tokens by name, those that have expired too."""
    own = ApiToken.tenant_id == tenant_id, ApiToken.user_id == user_id
    return [_token(row) for row in connection.execute(select(*_COLUMNS).where(*own).order_by(ApiToken.name))]


def revoke(connection: Connection, tenant_id: int, token: int) -> None:
    """Takes a token away."""
    connection.execute(delete(ApiToken.__table__).where(ApiToken.tenant_id == tenant_id, ApiToken.id == token))


def bearer(connection: Connection, text: str) -> Bearer | None:
    """Whose token a text is; None for one that is none, that has expired, and a deactivated user's."""
    own = known_by(connection, ApiToken.digest, "token", secrets.digest(text))
    row = connection.execute(_BEARER.where(own)).one_or_none()
    if row is None or (row.expires_at is not None and row.expires_at <= clock.milliseconds(clock.now())):
        return None
    narrowed = row.permissions is not None or row.customer_id is not None
    return Bearer(row.id, row.tenant_id, row.user_id, row.login, row.name, narrowed)


def see(connection: Connection, tenant_id: int, token: int) -> None:
    """Writes down that a token is used, unless that was done a short while ago."""
    now = clock.milliseconds(clock.now())
    since = now - round(SEEN_SECONDS * 1000)
    seldom = or_(ApiToken.used_at.is_(None), ApiToken.used_at <= since)
    this = ApiToken.id == token, of_tenant(ApiToken, tenant_id)
    connection.execute(update(ApiToken.__table__).where(*this, seldom).values(used_at=now))


def lately(connection: Connection, tenant_id: int, token: int) -> bool:
    """Whether it was written down a short while ago that a token was used."""
    query = select(ApiToken.used_at).where(ApiToken.id == token, of_tenant(ApiToken, tenant_id))
    used = connection.execute(query).scalar_one_or_none()
    return used is not None and used > clock.milliseconds(clock.now()) - round(SEEN_SECONDS * 1000)


def _token(row: Any) -> Token:
    return Token(
        row.id,
        row.user_id,
        row.made_by,
        row.name,
        None if row.permissions is None else frozenset(json.loads(row.permissions)),
        row.customer_id,
        clock.moment_of(row.made_at),
        None if row.expires_at is None else clock.moment_of(row.expires_at),
        None if row.used_at is None else clock.moment_of(row.used_at),
    )


_COLUMNS: Final = (
    ApiToken.id,
    ApiToken.user_id,
    ApiToken.made_by,
    ApiToken.name,
    ApiToken.permissions,
    ApiToken.customer_id,
    ApiToken.made_at,
    ApiToken.expires_at,
    ApiToken.used_at,
)
_BEARER: Final = (
    select(
        ApiToken.id,
        ApiToken.tenant_id,
        ApiToken.user_id,
        ApiToken.name,
        ApiToken.permissions,
        ApiToken.customer_id,
        ApiToken.expires_at,
        User.login,
    )
    .join(User, leads_to(ApiToken.user_id, User))
    .where(User.active)
)
