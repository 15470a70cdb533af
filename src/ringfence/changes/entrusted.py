"""Who may look after how a user proves who they are: whoever gives somebody a way in could go it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from ringfence.changes.escalation import demand_users
from ringfence.changes.lacking import lacked_by
from ringfence.domain.errors import RingfenceError, lacks
from ringfence.domain.user import USERS
from ringfence.storage.tables import Customer, User
from ringfence.visibility.reach import Reach, read_reach
from ringfence.visibility.rule import Narrowing


def demand_entrusted(
    connection: Connection, tenant_id: int, editor: int, user: int, at: datetime, left: Narrowing | None = None
) -> None:
    """Raises Refused unless the editor, or what is left of their rights, may edit the user, and holds all that these
    may do; RingfenceError alike for one who is hidden and one who is not there."""
    own = read_reach(connection, tenant_id, editor, at, left)
    known = connection.execute(select(User.key).where(User.tenant_id == tenant_id, User.id == user)).first()
    theirs = read_reach(connection, tenant_id, user, at) if known is not None else None
    home = "" if theirs is None else theirs.grants.home_path
    if own is None or known is None or theirs is None or not own.contains(USERS.permission, home):
        raise RingfenceError("this user is not there any more, or you may not edit them")
    with lacked_by(connection, tenant_id, editor):
        if not own.contains(USERS.right("edit"), home):
            raise lacks(USERS.right("edit"), "you may not edit this user", record=f"{USERS.noun}:{known.key}")
        demand_users(own, [theirs], "this user already has")


def editable(connection: Connection, tenant_id: int, own: Reach, users: Collection[int]) -> set[int]:
    """Those of the users of a tenant whom somebody may edit by what they reach in this transaction, themselves among
    them; nobody where they have been deactivated."""
    if not own.grants.active:
        return set()
    homes = (
        select(User.id, Customer.path)
        .join(Customer, (Customer.tenant_id == User.tenant_id) & (Customer.id == User.home_id))
        .where(User.tenant_id == tenant_id, User.id.in_(list(users)))
    )
    rights = USERS.permission, USERS.right("edit")
    return {
        row.id
        for row in connection.execute(homes)
        if row.id == own.grants.user_id or all(own.contains(one, row.path) for one in rights)
    }
