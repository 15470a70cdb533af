"""What the roles of a user ask of how they sign in and stay so."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, or_, select

from ringfence.domain.role import IDLE_MINUTES, LONGEST_IDLE
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.grants import Membership
from ringfence.storage.tables import Role, SecurityGroup


class Demands(NamedTuple):
    """Whether they sign in with a code of a second factor besides the password, and after how many minutes without a
    key the console locks."""

    second_factor: bool
    idle_minutes: int


def read_demands(connection: Connection, tenant_id: int, user_id: int, at: datetime) -> Demands:
    """What the roles ask that a user of a tenant has by the groups in force at a moment: of several, the strictest."""
    rows = connection.execute(_ASKED, {"user": user_id, "tenant": tenant_id, "at": at}).all()
    idle = min((row.idle_minutes for row in rows if row.idle_minutes is not None), default=IDLE_MINUTES)
    return Demands(any(row.second_factor for row in rows), min(max(idle, 1), LONGEST_IDLE))


_AT: Final = bindparam("at", type_=Membership.__table__.c.valid_from.type)
_ASKED: Final = (
    select(Role.second_factor, Role.idle_minutes)
    .join(SecurityGroup, leads_to(SecurityGroup.role_id, Role))
    .join(Membership, leads_to(Membership.group_id, SecurityGroup))
    .where(
        Membership.user_id == bindparam("user"),
        of_tenant(Membership, bindparam("tenant")),
        or_(Membership.valid_from.is_(None), Membership.valid_from <= _AT),
        or_(Membership.valid_until.is_(None), Membership.valid_until > _AT),
    )
)
