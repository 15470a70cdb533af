"""What is kept of how a user signs in, found by their login before anybody is signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from ringfence.domain import clock
from ringfence.storage import logins
from ringfence.storage.identity_tables import Credential, Invitation, SshKey
from ringfence.storage.tables import Customer, User, is_root


class Person(NamedTuple):
    """A user, and what is kept of how they sign in: the hash of their ``password``, whether they ``must_change`` it,
    what the codes of their second factor are made of (``code_secret``), the digest of their ``invitation`` and until
    when it lasts, and when, whence and how they last signed in."""

    id: int
    tenant_id: int
    login: str
    name: str
    email: str
    active: bool
    provider: str
    password: str | None
    must_change: bool
    code_secret: str | None
    invitation: str | None
    expires_at: int | None
    last_at: int | None
    last_from: str
    last_how: str

    @property
    def known_by(self) -> tuple[str, ...]:
        """The texts that others know of them, and would try."""
        return self.login, self.name, self.email, self.provider


def find(connection: Connection, login: str) -> Person | None:
    """The user whom a login means, in whichever tenant. It takes as long where it means nobody."""
    found = logins.find(connection, login)
    tenant_id, user_id = (0, 0) if found is None else (found.tenant_id, found.id)
    return read(connection, tenant_id, user_id)


def read(connection: Connection, tenant_id: int, user_id: int) -> Person | None:
    """A user of a tenant, as they are now; None for one who is not there any more."""
    return _one(connection, and_(User.tenant_id == tenant_id, User.id == user_id))


def password_since(connection: Connection, tenant_id: int, user_id: int) -> datetime | None:
    """Since when a user has their password; None for who has none."""
    at = connection.execute(select(Credential.password_at).where(_of(tenant_id, user_id))).scalar()
    return None if at is None else clock.moment_of(at)


def set_password(
    connection: Connection, tenant_id: int, user_id: int, password: str, at: datetime, *, must_change: bool = False
) -> None:
    """Keeps the hash of a user's new password."""
    values = {"password": password, "password_at": clock.milliseconds(at), "must_change": must_change}
    _set(connection, tenant_id, user_id, **values)


def hash_anew(connection: Connection, person: Person, password: str) -> None:
    """Keeps another hash of the password that a user has, unless they have another one by now."""
    own = and_(_of(person.tenant_id, person.id), Credential.password == person.password)
    connection.execute(update(Credential.__table__).where(own).values(password=password))


def set_code_secret(
    connection: Connection, tenant_id: int, user_id: int, secret: str | None, step: int | None = None
) -> None:
    """Keeps what codes are made of, and the step of the one that was taken to prove it; with None there is no second
    factor any more."""
    _set(connection, tenant_id, user_id, code_secret=secret, code_step=step)


def signed_in(connection: Connection, tenant_id: int, user_id: int, at: datetime, origin: str, how: str) -> None:
    """Keeps when, whence and how a user signed in."""
    _set(connection, tenant_id, user_id, last_at=clock.milliseconds(at), last_from=origin, last_how=how)


def anybody(connection: Connection) -> bool:
    """Whether anybody at all has a way in, or is invited to one."""
    ways = (
        select(Credential.user_id).where(Credential.password.is_not(None)),
        select(Invitation.user_id),
        select(SshKey.id),
    )
    return any(connection.execute(one.limit(1)).first() is not None for one in ways)


def _set(connection: Connection, tenant_id: int, user_id: int, **values: Any) -> None:
    changing = update(Credential.__table__).where(_of(tenant_id, user_id)).values(**values)
    if connection.execute(changing).rowcount == 0:
        row = {"tenant_id": tenant_id, "user_id": user_id, "must_change": False, **values}
        connection.execute(insert(Credential.__table__), row)


def _of(tenant_id: int, user_id: int) -> ColumnElement[bool]:
    return and_(Credential.tenant_id == tenant_id, Credential.user_id == user_id)


_COLUMNS: Final = (
    *(User.id, User.tenant_id, User.login, User.name, User.email, User.active, Customer.name.label("provider")),
    *(Credential.password, Credential.must_change, Credential.code_secret),
    *(Invitation.digest.label("invitation"), Invitation.expires_at),
    *(Credential.last_at, Credential.last_from, Credential.last_how),
)


def _one(connection: Connection, which: ColumnElement[bool]) -> Person | None:
    credential = and_(Credential.tenant_id == User.tenant_id, Credential.user_id == User.id)
    invitation = and_(Invitation.tenant_id == User.tenant_id, Invitation.user_id == User.id)
    root = is_root(User.tenant_id)
    query = (
        select(*_COLUMNS)
        .select_from(User.__table__)
        .join(Customer, root)
        .outerjoin(Credential, credential)
        .outerjoin(Invitation, invitation)
        .where(which)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    blank: dict[str, Any] = {"must_change": False, "last_from": "", "last_how": ""}  # of whoever never signed in
    found: dict[str, Any] = {name: blank.get(name) if value is None else value for name, value in row._mapping.items()}
    return Person(**found)
