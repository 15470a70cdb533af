"""A viewer: one user looking at the database, and what each permission reaches for them right now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final

from sqlalchemy import Connection, bindparam, select

from ringfence.domain import clock
from ringfence.domain.errors import RingfenceError
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.tenant import Tenant
from ringfence.domain.text import fold
from ringfence.domain.user import User
from ringfence.storage.engine import Database
from ringfence.visibility.grants import read_grants
from ringfence.visibility.rule import Grants
from ringfence.visibility.scopes import NOTHING, Scope, find, store, store_union

_ATTEMPTS: Final = 8
_VERSION = select(Tenant.version).where(Tenant.id == bindparam("tenant"))


@dataclass(frozen=True, slots=True)
class Standing:
    """A user's grants at one version of the tenant, in force until the next membership begins or ends."""

    version: int
    grants: Grants | None
    since: datetime
    until: datetime | None
    scopes: dict[str, Scope] = field(default_factory=dict)
    memo: dict[object, object] = field(default_factory=dict)

    def holds(self, version: int, at: datetime) -> bool:
        """Whether nothing has changed since."""
        return version == self.version and self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Sight:
    """One transaction of a viewer: a moment of the database, and the scopes that were asked for.

    ``memo`` keeps what was worked out for this version of the tenant (the size of a subtree within a scope).
    """

    connection: Connection
    tenant_id: int
    postgresql: bool
    scopes: dict[str, Scope]
    memo: dict[object, object]
    active: bool

    def scope(self, permission: str) -> Scope:
        """What the permission reaches; it must be among those that the look was opened for."""
        return self.scopes[permission]


class Viewer:
    """One user looking at the database. Opens a fresh transaction for every look; safe to share between threads.

    Raises RingfenceError from ``sign_in`` for a login that nobody has.
    """

    def __init__(self, database: Database, user_id: int, tenant_id: int, at: datetime | None = None) -> None:
        self.database = database
        self.user_id = user_id
        self.tenant_id = tenant_id
        self.at = at
        self._standing: Standing | None = None
        self.reading = Lock()
        """Held while something large is read for the memo: whoever asks meanwhile waits, and finds it there."""

    @classmethod
    def sign_in(cls, database: Database, login: str, at: datetime | None = None) -> Viewer:
        """The viewer that a login stands for, without regard to case; ``at`` asks as of another moment."""
        query = select(User.id, User.tenant_id).where(User.login_key == fold(login))
        with database.reading() as connection:
            user = connection.execute(query).one_or_none()
        if user is None:
            raise RingfenceError(
                f"nobody has the login {login!r}: 'ringfence list users --as LOGIN' shows those there are"
            )
        return cls(database, user.id, user.tenant_id, at)

    @contextmanager
    def look(self, *permissions: str) -> Iterator[Sight]:
        """A transaction with the scopes of these permissions. Raises RingfenceError for an unknown permission."""
        unknown = [permission for permission in permissions if permission not in PERMISSIONS]
        if unknown:
            raise RingfenceError(f"there is no permission {unknown[0]!r}: 'ringfence schema' lists them")
        for _ in range(_ATTEMPTS):
            at = self.at or clock.now()
            with self.database.reading() as connection:
                standing = self._stand(connection, at)
                missing = self._missing(connection, standing, permissions, at)
                if not missing:
                    yield Sight(
                        connection,
                        self.tenant_id,
                        self.database.postgresql,
                        standing.scopes,
                        standing.memo,
                        standing.grants is not None and standing.grants.active,
                    )
                    return
            with self.database.writing() as connection:
                for permission in missing:
                    store(connection, self.user_id, permission, at)
        raise RingfenceError("access is being changed faster than it can be read: try again")

    def _stand(self, connection: Connection, at: datetime) -> Standing:
        version = connection.execute(_VERSION, {"tenant": self.tenant_id}).scalar() or 0
        standing = self._standing
        if standing is None or not standing.holds(version, at):
            grants = read_grants(connection, self.user_id)
            standing = Standing(version, grants, at, grants.changes_at(at) if grants else None)
            self._standing = standing
        return standing

    def _missing(
        self, connection: Connection, standing: Standing, permissions: tuple[str, ...], at: datetime
    ) -> list[str]:
        missing = []
        for permission in permissions:
            if permission in standing.scopes:
                continue
            scope = None
            if standing.grants is None:
                scope = NOTHING
            else:
                signature = standing.grants.signature(permission, at)
                scope = find(connection, self.tenant_id, standing.version, signature)
            if scope is None:
                missing.append(permission)
            else:
                standing.scopes[permission] = scope
        return missing


class Pair:
    """Two users of one tenant, looked at together: a customer is in reach when either of them sees it."""

    def __init__(self, left: Viewer, right: Viewer) -> None:
        if left.tenant_id != right.tenant_id:
            raise RingfenceError("these two users belong to different tenants: nothing is common to both")
        self.left, self.right = left, right

    @contextmanager
    def look(self, *permissions: str) -> Iterator[tuple[Sight, Sight, Sight]]:
        """One transaction: the left one's sight, the right one's, and that of both together."""
        for _ in range(_ATTEMPTS):
            with self.left.look(*permissions), self.right.look(*permissions):
                pass  # both have their scopes stored now
            with self.left.look(*permissions) as left:
                right_standing = self.right._stand(left.connection, self.right.at or clock.now())
                at = self.right.at or clock.now()
                if self.right._missing(left.connection, right_standing, permissions, at):
                    continue
                right = Sight(
                    left.connection, left.tenant_id, left.postgresql, right_standing.scopes, right_standing.memo, True
                )
                together = self._together(left, right, permissions)
                if together is not None:
                    yield left, right, together
                    return
                version = right_standing.version
            self._store(left, right, permissions, version)
        raise RingfenceError("access is being changed faster than it can be read: try again")

    def _signature(self, left: Sight, right: Sight, permission: str) -> str:
        ids = sorted({left.scope(permission).nodes.id, right.scope(permission).nodes.id})
        return "either:" + ",".join(map(str, ids))

    def _together(self, left: Sight, right: Sight, permissions: tuple[str, ...]) -> Sight | None:
        version = left.connection.execute(_VERSION, {"tenant": left.tenant_id}).scalar() or 0
        scopes = {}
        for permission in permissions:
            scope = find(left.connection, left.tenant_id, version, self._signature(left, right, permission))
            if scope is None:
                return None
            scopes[permission] = scope
        return Sight(left.connection, left.tenant_id, left.postgresql, scopes, {}, True)

    def _store(self, left: Sight, right: Sight, permissions: tuple[str, ...], version: int) -> None:
        with self.left.database.writing() as connection:
            current = connection.execute(_VERSION, {"tenant": left.tenant_id}).scalar()
            if current != version:
                return
            for permission in permissions:
                parts = [left.scope(permission).nodes, right.scope(permission).nodes]
                store_union(connection, left.tenant_id, self._signature(left, right, permission), parts)
