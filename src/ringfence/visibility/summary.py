"""What a user stands on, in a few words."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Boolean, text

from ringfence.storage.columns import UtcDateTime
from ringfence.visibility.viewer import Sight, Viewer

# In plain text: the first data wait for this, and putting it together would take longer than asking.
_USER: Final = text(
    "SELECT u.login, u.name, u.active, h.name AS home, h.parent_id FROM user_account u "
    "JOIN customer h ON h.id = u.home_id AND h.tenant_id = u.tenant_id WHERE u.id = :user AND u.tenant_id = :tenant"
).columns(active=Boolean())
_GROUPS: Final = text(
    "SELECT r.name, m.valid_from, m.valid_until FROM membership m "
    "JOIN security_group g ON g.id = m.group_id AND g.tenant_id = m.tenant_id "
    "JOIN role r ON r.id = g.role_id AND r.tenant_id = g.tenant_id "
    "WHERE m.user_id = :user AND m.tenant_id = :tenant ORDER BY r.name"
).columns(valid_from=UtcDateTime(), valid_until=UtcDateTime())
_GIVEN: Final = text(
    "SELECT f.name, f.active FROM user_customer_group o "
    "JOIN customer_group f ON f.id = o.group_id AND f.tenant_id = o.tenant_id "
    "WHERE o.user_id = :user AND o.tenant_id = :tenant ORDER BY f.name"
).columns(active=Boolean())


class UserSummary(NamedTuple):
    """A user, and by what they see what they see: the names of the roles in force and of the customer groups given."""

    login: str
    name: str
    active: bool
    home: str
    home_is_root: bool
    roles: tuple[str, ...]
    filters: tuple[str, ...]


def summary(viewer: Viewer, sight: Sight, at: datetime) -> UserSummary:
    """Reads it in the sight's transaction."""
    asked = {"user": viewer.user_id, "tenant": viewer.tenant_id}
    user = sight.connection.execute(_USER, asked).one()
    groups = sight.connection.execute(_GROUPS, asked).all()
    given = sight.connection.execute(_GIVEN, asked).all()
    in_force = [
        group
        for group in groups
        if (group.valid_from is None or group.valid_from <= at)
        and (group.valid_until is None or at < group.valid_until)
    ]
    return UserSummary(
        user.login,
        user.name,
        user.active,
        user.home,
        user.parent_id is None,
        tuple(dict.fromkeys(group.name for group in in_force)),
        tuple(group.name if group.active else f"{group.name} (inactive)" for group in given),
    )
