"""The beginning of a database: the first provider, the roles that come with Ringfence, and its administrator."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, func, select

from ringfence.domain import clock, limits
from ringfence.domain.builtin_roles import BUILTIN_ROLES
from ringfence.domain.errors import Refused
from ringfence.domain.login import login_fault
from ringfence.domain.text import fold, has_control, name_fault, trimmed
from ringfence.identity import credentials, passwords
from ringfence.snapshot.collect import collect_from
from ringfence.snapshot.load import load_contents
from ringfence.storage.engine import Database
from ringfence.storage.tables import Tenant, User

_ADMINISTRATORS: Final = "administrators"
_KEY_LENGTH: Final = 40
_BEGUN: Final = "there is a provider here already: 'ringfence users invite LOGIN' gives its users a way in"


class Beginning(NamedTuple):
    """What a database begins with: the provider's name, and its administrator's login and name."""

    provider: str
    login: str
    name: str

    @property
    def key(self) -> str:
        """A key for the provider: its name in small letters and digits."""
        plain = "".join(one if one.isascii() and one.isalnum() else " " for one in fold(self.provider))
        return "-".join(plain.split())[:_KEY_LENGTH].strip("-") or "provider"


def demand_sound(beginning: Beginning) -> None:
    """Raises Refused, with the field, for what nothing can begin with."""
    for field, text in beginning._asdict().items():
        most = limits.SHORT_TEXT if field == "login" else limits.NAME
        said = (
            "this must not be empty"
            if not trimmed(text)
            else f"at most {most} characters"
            if len(text) > most
            else login_fault(text)
            if field == "login"
            else "this holds a control character: take it out"
            if has_control(text)
            else name_fault(text)
        )
        if said:
            raise Refused(said, field)


def demand_empty(database: Database) -> None:
    """Raises Refused where there is a provider already."""
    with database.reading() as connection:
        if connection.execute(select(Tenant.id).limit(1)).first() is not None:
            raise Refused(_BEGUN)


def begin(database: Database, beginning: Beginning, password: str, origin: str, *, must_change: bool) -> None:
    """Makes the beginning, with the administrator's password, which they ``must_change`` as they first sign in where
    others know it; all or nothing. Raises Refused."""
    demand_sound(beginning)
    passwords.demand_good(password, (beginning.provider, beginning.login, beginning.name))
    hashed = passwords.hashed(password)

    def last(connection: Connection) -> None:
        counts = [connection.execute(select(func.count()).select_from(of.__table__)).scalar() for of in (Tenant, User)]
        if counts != [1, 1]:  # somebody else began meanwhile
            raise Refused(_BEGUN)
        user, tenant = connection.execute(select(User.id, User.tenant_id)).one()
        credentials.set_password(connection, tenant, user, hashed, clock.now(), must_change=must_change)

    load_contents(database, collect_from(_document(beginning)), lambda _step, _done: None, origin, last)


def _document(beginning: Beginning) -> dict[str, Any]:
    tenant = beginning.key
    return {
        "ringfence": 1,
        "tenants": [{"key": tenant, "name": beginning.provider}],
        "roles": [
            {
                "key": role.key,
                "tenant": tenant,
                "name": role.name,
                "access_level": role.access_level,
                "permissions": "all" if role.permissions is None else sorted(role.permissions),
                "builtin": True,
            }
            for role in BUILTIN_ROLES
        ],
        "security_groups": [
            {
                "key": _ADMINISTRATORS,
                "tenant": tenant,
                "name": "Administrators",
                "role": BUILTIN_ROLES[0].key,
                "scope": "all",
            }
        ],
        "users": [
            {
                "key": "administrator",
                "tenant": tenant,
                "home": None,
                "login": beginning.login,
                "name": beginning.name,
                "security_groups": [{"group": _ADMINISTRATORS}],
            }
        ],
    }
