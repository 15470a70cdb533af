"""A viewer: one user looking at the database, and what each permission reaches for them right now."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, Final, Protocol

from sqlalchemy import Connection, text

from ringfence.domain import clock
from ringfence.domain.errors import Refused, RingfenceError, SessionEnded
from ringfence.domain.permission import demand_known
from ringfence.storage import logins
from ringfence.storage.engine import Database
from ringfence.visibility.grants import read_grants
from ringfence.visibility.reach import Reach, Regions, read_reach
from ringfence.visibility.rule import Grants, Narrowing
from ringfence.visibility.scopes import (
    NOTHING,
    Made,
    Scope,
    find,
    keep,
    read,
    scope_of,
    standing_before,
    unite,
    work_out,
)

_AGAIN_SECONDS: Final = 1.0
"""A scope that could not be stored is worked out in memory, and stored a little later if that can be done then."""
_STAMP: Final = text("SELECT audit_count FROM tenant WHERE id = :tenant")
_SIGNALS: Final = text("SELECT number FROM alarm_count WHERE tenant_id = :tenant")
_VERSION: Final = text("SELECT version FROM tenant WHERE id = :tenant")


def nobody(login: str) -> RingfenceError:
    """What is said of a login that nobody has, or somebody who is hidden."""
    return RingfenceError(f"nobody has the login {login!r}: 'ringfence list users --as LOGIN' shows those there are")


class Held(Protocol):
    """What a viewer goes by: the grants of a user, or of more than one together."""

    @property
    def active(self) -> bool:
        """Whether they give anything at all."""

    def signature(self, permission: str, at: datetime) -> str:
        """Equal exactly where the same grants decide what is seen under the permission."""

    def changes_at(self, at: datetime) -> datetime | None:
        """The next moment at which they give something else."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Holding:
    """A user's grants at one version of the tenant, in force until the next membership begins or ends.

    ``scopes`` are the stored ones that were found, by permission, each with the moment by which it was; ``made`` those
    that are not stored, by signature.
    """

    version: int
    grants: Held | None
    since: datetime
    until: datetime | None
    scopes: dict[str, tuple[Scope, float]] = field(default_factory=dict)
    made: dict[str, list[Made]] = field(default_factory=dict)
    memo: dict[object, object] = field(default_factory=dict)

    def holds(self, version: int, at: datetime) -> bool:
        """Whether nothing has changed since."""
        return version == self.version and self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sight:
    """One transaction of a viewer: a moment of the database, and the scopes that were asked for.

    ``memo`` keeps what was worked out for this version of the tenant (the size of a subtree within a scope),
    ``answers`` what was asked in this transaction.
    """

    connection: Connection
    tenant_id: int
    postgresql: bool
    scopes: dict[str, Scope]
    memo: dict[object, object]
    active: bool
    answers: dict[object, Sequence[Any]] = field(default_factory=dict)

    def stamp(self, *, signals: bool = False) -> tuple[int, int]:
        """Equal as long as nobody has changed anything of the tenant; with ``signals``, and as long as these have
        changed no alarm of it."""
        return self._number("stamp", _STAMP), self.signals if signals else 0

    @property
    def signals(self) -> int:
        """Rises with every change of an alarm of the tenant, by whomever."""
        return self._number("signals", _SIGNALS)

    def _number(self, name: str, query: Any) -> int:
        if name not in self.answers:
            self.answers[name] = [self.connection.execute(query, {"tenant": self.tenant_id}).scalar() or 0]
        return int(self.answers[name][0])

    def scope(self, permission: str) -> Scope:
        """What the permission reaches; it must be among those that the look was opened for."""
        return self.scopes[permission]


class Viewer:
    """One user looking at the database. Opens a fresh transaction for every look; safe to share between threads.

    Raises RingfenceError from ``sign_in`` for a login that nobody has. ``read_only`` is why nothing may be changed,
    whatever the viewer may do; it is empty where that is not so. ``in_person`` says that it is the user themselves, and
    not what stands in for them.
    """

    read_only: str = ""
    in_person: bool = True

    def __init__(self, database: Database, user_id: int, tenant_id: int, at: datetime | None = None) -> None:
        self.database = database
        self.user_id = user_id
        self.tenant_id = tenant_id
        self.at = at
        self._holding: Holding | None = None
        self._keep_after = 0.0
        self.reading = Lock()
        """Held while something large is read for the memo: whoever asks meanwhile waits, and finds it there."""

    @classmethod
    def sign_in(cls, database: Database, login: str, at: datetime | None = None) -> Viewer:
        """The viewer of whomever a login means, in whichever tenant; ``at`` asks as of another moment."""
        with database.asking() as connection:
            user = logins.find(connection, login)
        if user is None:
            raise nobody(login)
        return cls(database, user.id, user.tenant_id, at)

    @property
    def own_id(self) -> int:
        """The user whose own things this viewer sees and changes by being that user, whatever else they may; 0 for
        nobody's."""
        return self.user_id

    def demand_in_person(self) -> None:
        """Raises Refused for whoever only looks, or stands in for a user: what proves who somebody is, nobody else
        changes for them, and makes none of it."""
        if self.read_only:
            raise Refused(self.read_only)
        if not self.in_person:
            raise Refused("with a token nothing is changed by which people prove who they are: sign in yourself")

    def narrowing(self, connection: Connection) -> Narrowing | None:
        """What is left of the user's rights in this transaction, where it is not all; it is asked for in each. Raises
        SessionEnded where the viewer stands for them no more."""
        del connection
        return None

    def reach(self, connection: Connection, at: datetime | None = None) -> Reach:
        """What the viewer's user reaches in this transaction, now or at a moment, as far as it is theirs: what their
        changes are judged by. Raises Refused for whoever only looks, SessionEnded for a user who is not there."""
        if self.read_only:
            raise Refused(self.read_only)
        with beyond_reach(connection):
            found = read_reach(connection, self.tenant_id, self.user_id, at or clock.now(), self.narrowing(connection))
        if found is None:
            raise SessionEnded("this user is not there any more: sign in as somebody else")
        return found

    def regions(self, connection: Connection, at: datetime) -> Regions:
        """What the viewer sees at a moment by each permission, in this transaction: as it would be, in a rehearsal.
        Raises SessionEnded where there is nobody any more."""
        return self.reach(connection, at)

    @contextmanager
    def look(self, *permissions: str) -> Iterator[Sight]:
        """A transaction with the scopes of these permissions. Raises RingfenceError for an unknown permission."""
        demand_known(*permissions)
        for last in (False, True):
            at, began = self.at or clock.now(), time.monotonic()
            with self.database.looking(self.tenant_id) as connection:
                holding = self.stand(connection, at)
                scopes, made = self.scopes(connection, holding, permissions, at, began)
                if not made or last or time.monotonic() < self._keep_after:
                    with standing_before(
                        connection, self.tenant_id, _all(connection, self.tenant_id, scopes.values(), made)
                    ):
                        sight = self.sight(connection, holding, scopes)
                        _keep_to(sight)
                        yield sight
                    return
            self.keep(holding.version, made)

    def keep(self, version: int, made: Sequence[Made]) -> None:
        """Stores what was worked out, unless that takes waiting; then the next time is a little later."""
        if not keep(self.database, self.tenant_id, version, made):
            self._keep_after = time.monotonic() + _AGAIN_SECONDS

    def sight(self, connection: Connection, holding: Holding, scopes: dict[str, Scope]) -> Sight:
        """What a transaction shows of these scopes."""
        active = holding.grants is not None and holding.grants.active
        return Sight(connection, self.tenant_id, self.database.postgresql, scopes, holding.memo, active)

    def stand(self, connection: Connection, at: datetime) -> Holding:
        """The grants as of this transaction: those known before, where nothing has changed."""
        left = self.narrowing(connection)
        holding = self._holding
        if holding is not None and holding.holds(self.version(connection), at):
            return holding
        version, held = self.held(connection, at, left)
        self._holding = holding = Holding(version, held, at, held.changes_at(at) if held else None)
        return holding

    def version(self, connection: Connection) -> int:
        """The version of the tenant in this transaction."""
        return connection.execute(_VERSION, {"tenant": self.tenant_id}).scalar() or 0

    def held(self, connection: Connection, at: datetime, left: Narrowing | None) -> tuple[int, Held | None]:
        """The version of the tenant in this transaction, and what the viewer goes by, of whose rights so much is
        ``left``; None for a user who is not there any more."""
        del at
        version, grants = read_grants(connection, self.tenant_id, self.user_id)
        return version, grants.narrowed(left) if grants is not None and left is not None else grants

    def work_out(
        self, connection: Connection, held: Held, permissions: Iterable[str], at: datetime
    ) -> dict[str, list[Made]]:
        """What permissions reach by what ``held`` gave, by signature."""
        assert isinstance(held, Grants)
        return work_out(connection, held, permissions, at)

    def scopes(
        self, connection: Connection, holding: Holding, permissions: Sequence[str], at: datetime, began: float
    ) -> tuple[dict[str, Scope], list[Made]]:
        """What each of the permissions reaches, and what of that is not stored, in a transaction that had not begun at
        ``began``."""
        grants = holding.grants
        if grants is None:
            return dict.fromkeys(permissions, NOTHING), []
        before = {one: holding.scopes.get(one) for one in permissions}
        # What another thread found later than this transaction began may have been stored later, too.
        scopes = {one: known[0] for one, known in before.items() if known is not None and known[1] <= began}
        unknown = {one: grants.signature(one, at) for one in permissions if one not in scopes}
        if unknown:
            found = find(connection, self.tenant_id, holding.version, set(unknown.values()))
            now = time.monotonic()
            for one, signature in unknown.items():
                if signature in found:
                    scopes[one] = found[signature]
                    holding.scopes[one] = found[signature], now
        missing = {one: signature for one, signature in unknown.items() if one not in scopes}
        new = [one for one, signature in missing.items() if signature not in holding.made]
        if new:
            holding.made.update(self.work_out(connection, grants, new, at))
        made = {signature: holding.made[signature] for signature in missing.values()}
        scopes.update({one: scope_of(made[signature]) for one, signature in missing.items()})
        return scopes, [part for parts in made.values() for part in parts]


def _all(connection: Connection, tenant_id: int, scopes: Iterable[Scope], made: Sequence[Made]) -> list[Made]:
    """What has to stand before the stored scopes, those of them included that are asked for; nothing where all are."""
    if not made:
        return []
    stored = {extent.id: extent for scope in scopes for extent in (scope.records, scope.nodes) if extent.id > 0}
    return [*made, *(read(connection, tenant_id, extent) for extent in stored.values())]


def _keep_to(*sights: Sight) -> None:
    """Has the server keep to what these sights reach, where it is to."""
    if sights[0].connection.info.get("ringfence_strict"):
        from ringfence.visibility.strict import keep_to  # of which nobody else has any need

        keep_to(*sights)


@contextmanager
def beyond_reach(connection: Connection) -> Iterator[None]:
    """Keeps the server to nothing meanwhile, where it is kept to what is in reach of whoever looks."""
    if not connection.info.get("ringfence_strict"):
        yield
        return
    from ringfence.visibility.strict import beyond  # likewise

    with beyond(connection):
        yield


class Pair:
    """Two users of one tenant, looked at together: a customer is in reach when either of them sees it."""

    def __init__(self, left: Viewer, right: Viewer) -> None:
        if left.tenant_id != right.tenant_id:
            raise RingfenceError("these two users belong to different tenants: nothing is common to both")
        self.left, self.right = left, right

    @contextmanager
    def look(self, *permissions: str) -> Iterator[tuple[Sight, Sight, Sight]]:
        """One transaction: the left one's sight, the right one's, and that of both together."""
        viewers, tenant = (self.left, self.right), self.left.tenant_id
        for last in (False, False, True):  # first those of each are stored, and then those of both
            now, began = clock.now(), time.monotonic()
            with self.left.database.looking(tenant) as connection:
                made: list[Made] = []
                sights = []
                for viewer in viewers:
                    at = viewer.at or now
                    holding = viewer.stand(connection, at)
                    scopes, more = viewer.scopes(connection, holding, permissions, at, began)
                    sights.append(viewer.sight(connection, holding, scopes))
                    made.extend(more)
                left, right = sights
                together, more = self._together(left, right, permissions, holding.version, made)
                if not (made or more) or last:
                    both = [
                        scope for scopes in (left.scopes, right.scopes, together.scopes) for scope in scopes.values()
                    ]
                    with standing_before(connection, tenant, _all(connection, tenant, both, [*made, *more])):
                        _keep_to(left, right)
                        yield left, right, together
                    return
            # What belongs to both goes by the ids of its parts, which have none before they are stored.
            self.left.keep(holding.version, made or more)

    def _together(
        self, left: Sight, right: Sight, permissions: Sequence[str], version: int, made: Sequence[Made]
    ) -> tuple[Sight, list[Made]]:
        parts = {
            permission: {extent.id: extent for extent in (left.scope(permission).nodes, right.scope(permission).nodes)}
            for permission in permissions
        }
        signatures = {one: f"either:{','.join(map(str, sorted(extents)))}" for one, extents in parts.items()}
        found = find(left.connection, left.tenant_id, version, set(signatures.values()))
        known = {one.extent.id: one for one in made}
        new: dict[str, Made] = {}
        for permission, signature in signatures.items():
            if signature not in found and signature not in new:
                new[signature] = unite(
                    left.connection,
                    left.tenant_id,
                    signature,
                    [
                        known.get(own) or read(left.connection, left.tenant_id, extent)
                        for own, extent in parts[permission].items()
                    ],
                )
        scopes = {
            one: found[signature] if signature in found else scope_of([new[signature]])
            for one, signature in signatures.items()
        }
        sight = Sight(left.connection, left.tenant_id, left.postgresql, scopes, {}, True)
        return sight, list(new.values())
