"""Whose refusal it is: a refusal says how to ask on, and for that it takes a login."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, select

from ringfence.domain.errors import Refused
from ringfence.storage.columns import of_tenant
from ringfence.storage.tables import User


@contextmanager
def lacked_by(connection: Connection, tenant_id: int, user: int) -> Iterator[None]:
    """Puts the login of a user of the tenant into whatever is refused them for the lack of a permission."""
    try:
        yield
    except Refused as refused:
        if refused.lacking is not None and not refused.lacking.login:
            login = select(User.login).where(User.id == user, of_tenant(User, tenant_id))
            refused.lacking = refused.lacking._replace(login=str(connection.execute(login).scalar_one()))
        raise
