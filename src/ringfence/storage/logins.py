"""Whose a login is that somebody typed. It is unique in its provider: what follows the last @ may say in which."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from ringfence.domain.text import fold

_LONGEST: Final = 1000
"""Of what is typed for a login no more is looked at: none is as long."""


class Owner(NamedTuple):
    """The user whose login it is."""

    id: int
    tenant_id: int


def typed(login: str) -> str:
    """A login that was typed, as it is compared. Empty, which nobody's is, for what no login can be."""
    return fold(_possible(login))


def _possible(said: str) -> str:
    cut = said[:_LONGEST]
    try:
        cut.encode()
    except UnicodeEncodeError:
        return ""
    return "" if "\x00" in cut else cut


def find(connection: Connection, login: str, tenant_id: int | None = None) -> Owner | None:
    """The user, of one tenant or of any, whose login it is exactly, without regard to case; where nobody's is, the one
    whose login is what stands before the last @, in the provider whose key follows it.

    None for a login that nobody has, and alike for one that users of two providers have: neither of them is meant by it
    alone.
    """
    own, _, provider = _possible(login).rpartition("@")
    binds = {"login": typed(login), "own": fold(own), "provider": provider}
    if connection.info.get("ringfence_walled"):
        return _behind_the_wall(connection, binds, tenant_id)
    if tenant_id is None:
        rows = connection.execute(_ANYWHERE, binds).all()
    else:
        rows = connection.execute(_IN_TENANT, {**binds, "tenant": tenant_id}).all()
    if not rows or sum(row.exact for row in rows) > 1:
        return None
    return Owner(rows[0].id, rows[0].tenant_id)


def _behind_the_wall(connection: Connection, binds: dict[str, str], tenant_id: int | None) -> Owner | None:
    """The same for a provider's role, which is told of its own users alone, by the one function that says who signs
    in."""
    row = connection.execute(_OF_OURS, binds).one_or_none()
    return None if row is None or tenant_id not in (None, row.tenant_id) else Owner(row.id, row.tenant_id)


# In plain text, since every start waits for it: putting them together and compiling them takes longer than to ask.
_ASKED: Final = """
    SELECT u.id, u.tenant_id, TRUE AS exact FROM user_account u WHERE u.login_key = :login{here}
    UNION ALL
    SELECT u.id, u.tenant_id, FALSE AS exact FROM user_account u JOIN tenant t ON t.id = u.tenant_id
    WHERE u.login_key = :own AND t.key = :provider{here}
    ORDER BY 3 DESC LIMIT 2
"""
"""Whose login it is exactly, of any number of providers, comes first."""
_ANYWHERE: Final = text(_ASKED.format(here=""))
_IN_TENANT: Final = text(_ASKED.format(here=" AND u.tenant_id = :tenant"))
_OF_OURS: Final = text(
    "SELECT u.id, u.tenant_id FROM user_account u WHERE u.id = COALESCE("
    "ringfence_whose(current_user, 'login', :login), "
    "(SELECT ringfence_whose(current_user, 'login', :own) FROM tenant t WHERE t.key = :provider))"
)
