"""What the audit says of how people prove who they are: never a secret, and never what was typed for a login."""

from __future__ import annotations

from sqlalchemy import Connection, select

from ringfence.changes.audit import Event
from ringfence.domain.user import USERS
from ringfence.storage.tables import User


def about(connection: Connection, user_id: int, action: str, **said: object) -> Event:
    """An entry about a user, with what else it says."""
    row = connection.execute(select(User.key, User.name, User.home_id).where(User.id == user_id)).one()
    detail: dict[str, object] = {name: ["", value] for name, value in said.items()}
    return Event(action, USERS.noun, row.key, row.name, row.home_id, {action.replace(" ", "_"): detail})
