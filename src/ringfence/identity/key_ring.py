"""The SSH keys that are kept. Nothing here asks who may add or remove one: ``ringfence.services.ssh_keys`` does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, delete, func, select, text, update

from ringfence.domain import clock
from ringfence.identity.keys import PublicKey
from ringfence.storage.identity_tables import SshKey
from ringfence.storage.tables import User
from ringfence.storage.wall_functions import known_by


class KeptKey(NamedTuple):
    """A key as it is kept: its type (``kind``), and when it was ``added`` and last ``used``, None for never."""

    kind: str
    fingerprint: str
    comment: str
    added: datetime
    used: datetime | None


class Owner(NamedTuple):
    """Whose a key is."""

    key_id: int
    tenant_id: int
    user_id: int
    login: str


def of_user(connection: Connection, tenant_id: int, user_id: int) -> Sequence[KeptKey]:
    """A user's keys, in the order in which they were added."""
    query = select(SshKey.kind, SshKey.fingerprint, SshKey.comment, SshKey.added_at, SshKey.used_at)
    own = query.where(SshKey.tenant_id == tenant_id, SshKey.user_id == user_id).order_by(SshKey.added_at, SshKey.id)
    return [_kept(row) for row in connection.execute(own)]


def count(connection: Connection, tenant_id: int, user_id: int) -> int:
    """How many a user has."""
    own = select(func.count()).where(SshKey.tenant_id == tenant_id, SshKey.user_id == user_id)
    return int(connection.execute(own).scalar_one())


def add(connection: Connection, tenant_id: int, user_id: int, key: PublicKey) -> bool:
    """Keeps a key; returns whether it could be: it stands for one user of the provider alone."""
    values = {
        "tenant": tenant_id,
        "user": user_id,
        "kind": key.kind,
        "blob": key.blob,
        "fingerprint": key.fingerprint,
        "comment": key.comment,
        "at": clock.milliseconds(clock.now()),
    }
    return connection.execute(_ADD, values).rowcount == 1


def remove(connection: Connection, tenant_id: int, user_id: int, fingerprint: str) -> bool:
    """Forgets a key of a user; returns whether there was one."""
    own = (SshKey.tenant_id == tenant_id, SshKey.user_id == user_id, SshKey.fingerprint == fingerprint)
    return connection.execute(delete(SshKey.__table__).where(*own)).rowcount == 1


def owner(connection: Connection, fingerprint: str) -> Owner | None:
    """The active user whose key that is; None where there is none, or where users of several providers have it."""
    own = known_by(connection, SshKey.fingerprint, "fingerprint", fingerprint)
    rows = connection.execute(_OWNER.where(own)).all()
    return Owner(*rows[0]) if len(rows) == 1 else None


def use(connection: Connection, owner: Owner) -> None:
    """Writes down that a key was used."""
    own = (SshKey.tenant_id == owner.tenant_id, SshKey.id == owner.key_id)
    connection.execute(update(SshKey.__table__).where(*own).values(used_at=clock.milliseconds(clock.now())))


def _kept(row: Any) -> KeptKey:
    used = None if row.used_at is None else clock.moment_of(row.used_at)
    return KeptKey(row.kind, row.fingerprint, row.comment, clock.moment_of(row.added_at), used)


_ADD: Final = text(
    "INSERT INTO ssh_key (tenant_id, user_id, kind, blob, fingerprint, comment, added_at) "
    "VALUES (:tenant, :user, :kind, :blob, :fingerprint, :comment, :at) ON CONFLICT DO NOTHING"
)
_OWNER: Final = (
    select(SshKey.id, SshKey.tenant_id, SshKey.user_id, User.login)
    .join(User, (User.tenant_id == SshKey.tenant_id) & (User.id == SshKey.user_id))
    .where(User.active)
)
