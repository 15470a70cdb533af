"""What the audit says of how people prove who they are: never a secret, and never what was typed for a login."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, select

from ringfence.changes.audit import Event
from ringfence.domain.user import USERS
from ringfence.storage.columns import of_tenant
from ringfence.storage.tables import Customer, User, is_root

_NOBODY: Final = "(nobody's login)"


def about(connection: Connection, tenant_id: int, user_id: int, action: str, **said: object) -> Event:
    """An entry about a user of a tenant, with what else it says."""
    query = select(User.key, User.name, User.home_id).where(User.id == user_id, of_tenant(User, tenant_id))
    row = connection.execute(query).one()
    return _event(action, row.key, row.name, row.home_id, said)


def about_nobody(connection: Connection, tenant_id: int, action: str, **said: object) -> Event:
    """An entry about nobody, at the root of a tenant."""
    root = connection.execute(select(Customer.id).where(is_root(tenant_id))).scalar_one()
    return _event(action, "", _NOBODY, root, said)


def _event(action: str, key: str, name: str, node: int, said: Mapping[str, object]) -> Event:
    detail: dict[str, object] = {one: ["", value] for one, value in said.items()}
    return Event(action, USERS.noun, key, name, node, {action.replace(" ", "_"): detail})
