"""What a user stands on, in a few words."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from ringfence.storage.columns import leads_to
from ringfence.storage.grants import Membership, UserCustomerGroup
from ringfence.storage.tables import Customer, CustomerGroup, Role, SecurityGroup, User
from ringfence.visibility.viewer import Sight, Viewer


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
    connection = sight.connection
    user = connection.execute(
        select(User.login, User.name, User.active, Customer.name.label("home"), Customer.parent_id)
        .join(Customer, leads_to(User.home_id, Customer))
        .where(User.id == viewer.user_id)
    ).one()
    groups = connection.execute(
        select(Role.name, Membership.valid_from, Membership.valid_until)
        .select_from(Membership)
        .join(SecurityGroup, leads_to(Membership.group_id, SecurityGroup))
        .join(Role, leads_to(SecurityGroup.role_id, Role))
        .where(Membership.user_id == viewer.user_id)
        .order_by(Role.name)
    ).all()
    given = connection.execute(
        select(CustomerGroup.name, CustomerGroup.active)
        .join(UserCustomerGroup, leads_to(UserCustomerGroup.group_id, CustomerGroup))
        .where(UserCustomerGroup.user_id == viewer.user_id)
        .order_by(CustomerGroup.name)
    ).all()
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
