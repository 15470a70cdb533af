"""Invitations: a user's first way in, or a new one where a password was forgotten. A user has one at most."""

from __future__ import annotations

from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, delete, insert

from ringfence.domain import clock
from ringfence.identity import secrets
from ringfence.storage.identity_tables import Invitation

LASTS: Final = timedelta(days=7)


def make(connection: Connection, tenant_id: int, user_id: int, at: datetime) -> tuple[str, datetime]:
    """A user's new invitation, in the place of any before, and until when it lasts. Nobody can be told of it again."""
    revoke(connection, tenant_id, user_id)
    made, until = secrets.made(secrets.INVITATION), at + LASTS
    row = {
        "tenant_id": tenant_id,
        "user_id": user_id,
        "digest": secrets.digest(made),
        "made_at": clock.milliseconds(at),
        "expires_at": clock.milliseconds(until),
    }
    connection.execute(insert(Invitation.__table__), row)
    return made, until


def revoke(connection: Connection, tenant_id: int, user_id: int) -> bool:
    """Takes a user's invitation away; returns whether there was one."""
    return connection.execute(delete(Invitation.__table__).where(_of(tenant_id, user_id))).rowcount > 0


def fits(kept: str | None, expires_at: int | None, typed: str, at: datetime) -> bool:
    """Whether that was typed of which a digest is kept, and it has not expired."""
    same = compare_digest((kept or "").encode(), secrets.digest(typed).encode())
    return same and expires_at is not None and clock.milliseconds(at) < expires_at


def use(connection: Connection, tenant_id: int, user_id: int, digest: str) -> bool:
    """Takes the invitation of that digest away, with its use; returns whether it was still there."""
    this = delete(Invitation.__table__).where(_of(tenant_id, user_id), Invitation.digest == digest)
    return connection.execute(this).rowcount > 0


def _of(tenant_id: int, user_id: int) -> ColumnElement[bool]:
    return and_(Invitation.tenant_id == tenant_id, Invitation.user_id == user_id)
