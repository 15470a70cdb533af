"""Sessions: whoever has proved who they are stays signed in until that is ended, or for as long as it may last.

Nothing here asks who may end or see one: ``ringfence.services.sign_ins`` does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, insert, select, update

from ringfence.domain import clock
from ringfence.domain.errors import SessionEnded
from ringfence.storage.columns import of_tenant
from ringfence.storage.identity_tables import SignIn

LONGEST: Final = timedelta(hours=12)
"""So long a session lasts at most, whatever is done in it."""
SEEN_SECONDS: Final = 60.0
"""So often at most it is written down that somebody is there."""
_KEPT: Final = timedelta(days=90)
"""So long it is known of one that it was there."""
_ENDED: Final = "this session has been ended: sign in again"
_TOO_LONG: Final = f"a session lasts {LONGEST // timedelta(hours=1)} hours at most: sign in again"


class Kept(NamedTuple):
    """A session: ``how`` it was proved who it is of (password, key or token), and by which key or token
    (``fingerprint``); ``seen`` is when its user was last known to be there."""

    id: int
    user_id: int
    how: str
    origin: str
    fingerprint: str
    began: datetime
    seen: datetime


def begin(connection: Connection, tenant_id: int, user_id: int, *, how: str, origin: str, fingerprint: str = "") -> int:
    """Begins a session of a user, and forgets those of theirs that were long ago. Returns its id."""
    now = clock.milliseconds(clock.now())
    own = and_(SignIn.user_id == user_id, SignIn.tenant_id == tenant_id)
    connection.execute(delete(SignIn.__table__).where(own, SignIn.began_at < now - _milliseconds(_KEPT)))
    row = {
        "tenant_id": tenant_id,
        "user_id": user_id,
        "began_at": now,
        "seen_at": now,
        "how": how,
        "origin": origin,
        "fingerprint": fingerprint,
    }
    return int(connection.execute(insert(SignIn.__table__), row).inserted_primary_key[0])  # type: ignore[index]


def demand_lasting(connection: Connection, tenant_id: int, sign_in: int) -> None:
    """Raises SessionEnded where a session of a tenant was ended, or has lasted as long as it may."""
    row = connection.execute(_LASTING, {"tenant": tenant_id, "sign_in": sign_in}).one_or_none()
    if row is None or row.ended_at is not None:
        raise SessionEnded(_ENDED)
    if clock.milliseconds(clock.now()) - row.began_at >= _milliseconds(LONGEST):
        raise SessionEnded(_TOO_LONG)


def see(connection: Connection, tenant_id: int, sign_in: int) -> None:
    """Writes down that the user of a session is there, unless that was done a short while ago."""
    now = clock.milliseconds(clock.now())
    since = now - round(SEEN_SECONDS * 1000)
    this = SignIn.id == sign_in, of_tenant(SignIn, tenant_id)
    connection.execute(update(SignIn.__table__).where(*this, SignIn.seen_at <= since).values(seen_at=now))


def end(connection: Connection, tenant_id: int, ids: Collection[int]) -> None:
    """Ends sessions of a tenant; those that have ended stay as they are."""
    connection.execute(
        update(SignIn.__table__)
        .where(SignIn.tenant_id == tenant_id, SignIn.id.in_(list(ids)), SignIn.ended_at.is_(None))
        .values(ended_at=clock.milliseconds(clock.now()))
    )


def end_others(connection: Connection, tenant_id: int, user_id: int, but: int | None = None) -> None:
    """Ends all sessions of a user, but for one."""
    found = lasting(connection, tenant_id, user_id)
    end(connection, tenant_id, [one.id for one in found if one.id != but])


def lasting(connection: Connection, tenant_id: int, user_id: int | None = None) -> Sequence[Kept]:
    """The sessions of a tenant, or of a user of it, that have not ended, the newest first."""
    where = [SignIn.tenant_id == tenant_id, *([SignIn.user_id == user_id] if user_id is not None else [])]
    query = select(*_COLUMNS).where(*where, _lasts()).order_by(SignIn.began_at.desc(), SignIn.id.desc())
    return [_kept(row) for row in connection.execute(query)]


def find(connection: Connection, tenant_id: int, ids: Collection[int]) -> Sequence[Kept]:
    """Those of the sessions that have not ended."""
    query = select(*_COLUMNS).where(SignIn.tenant_id == tenant_id, SignIn.id.in_(list(ids)), _lasts())
    return [_kept(row) for row in connection.execute(query)]


def _lasts() -> ColumnElement[bool]:
    oldest = clock.milliseconds(clock.now() - LONGEST)
    return and_(SignIn.ended_at.is_(None), SignIn.began_at > oldest)


def _kept(row: Any) -> Kept:
    began, seen = clock.moment_of(row.began_at), clock.moment_of(row.seen_at)
    return Kept(row.id, row.user_id, row.how, row.origin, row.fingerprint, began, seen)


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


_COLUMNS: Final = (
    SignIn.id,
    SignIn.user_id,
    SignIn.how,
    SignIn.origin,
    SignIn.fingerprint,
    SignIn.began_at,
    SignIn.seen_at,
)
_LASTING: Final = select(SignIn.began_at, SignIn.ended_at).where(
    SignIn.id == bindparam("sign_in"), of_tenant(SignIn, bindparam("tenant"))
)
