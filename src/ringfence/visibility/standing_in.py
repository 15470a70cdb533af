"""What stands in for a user in programs: a token's view, which is never more than the user's own.

Of their rights are left those of some permissions, below one customer, where the token says so; what goes by being that
user, and by no right, is left only where nothing was taken away.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from ringfence.domain import clock
from ringfence.domain.errors import SessionEnded
from ringfence.domain.permission import PERMISSIONS
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.engine import Database
from ringfence.storage.identity_tables import ApiToken
from ringfence.storage.tables import Customer, User
from ringfence.visibility.intervals import subtract
from ringfence.visibility.reach import Reach, read_reaches
from ringfence.visibility.rule import Narrowing
from ringfence.visibility.viewer import Viewer

ENDED: Final = "this token holds no more: it was revoked, it has expired, or there never was one like it"
"""What is said of a token that is none, or a deactivated user's, whatever the reason."""
_STANDING: Final = (
    select(ApiToken.permissions, ApiToken.customer_id, ApiToken.expires_at, ApiToken.made_by, Customer.path)
    .join(User, leads_to(ApiToken.user_id, User))
    .outerjoin(Customer, leads_to(ApiToken.customer_id, Customer))
    .where(ApiToken.id == bindparam("token"), of_tenant(ApiToken, bindparam("tenant")))
    .where(ApiToken.user_id == bindparam("user"), User.active)
)


class StandIn(Viewer):
    """A user's view by one of their tokens, by its id. It ends with the token, at the next look or change; one that
    somebody else made for them holds as long as its maker holds all that it gives.

    ``narrowed`` says whether the token takes anything away.
    """

    in_person = False

    def __init__(
        self,
        database: Database,
        user_id: int,
        tenant_id: int,
        token: int,
        *,
        narrowed: bool,
        at: datetime | None = None,
    ) -> None:
        super().__init__(database, user_id, tenant_id, at)
        self.token = token
        self._narrowed = narrowed

    @property
    def own_id(self) -> int:
        """Nobody's, where something is taken away."""
        return 0 if self._narrowed else self.user_id

    def narrowing(self, connection: Connection) -> Narrowing:
        """What the token leaves. Raises SessionEnded where it is there no more, has expired, its user was deactivated,
        or it gives what its maker does not hold."""
        with self.database.current(connection) as here:
            row = here.execute(
                _STANDING, {"token": self.token, "tenant": self.tenant_id, "user": self.user_id}
            ).one_or_none()
        now = clock.now()
        if row is None or (row.expires_at is not None and row.expires_at <= clock.milliseconds(now)):
            raise SessionEnded(ENDED)
        left = left_by(row.permissions, row.path)
        if row.made_by != self.user_id:
            self._demand_held(connection, row.made_by, left, now)
        return left

    def _demand_held(self, connection: Connection, maker: int, left: Narrowing, now: datetime) -> None:
        reaches = read_reaches(connection, self.tenant_id, [self.user_id, maker], now)
        if self.user_id not in reaches:
            return  # there is nobody to stand in for
        own = reaches[self.user_id]
        given = Reach(own.grants.narrowed(left), now, own.grounds)
        if maker not in reaches or not reaches[maker].grants.active or not within(given, reaches[maker]):
            raise SessionEnded("whoever made this token does not hold any more what it gives: have another one made")


def left_by(permissions: str | None, path: str | None) -> Narrowing:
    """What a token leaves, by its permissions as they are kept (JSON; None for all) and the path of its customer."""
    held: Any = None if permissions is None else json.loads(permissions)
    return Narrowing(None if held is None else PERMISSIONS.intersection(held), path)


def within(given: Reach, held: Reach) -> bool:
    """Whether all that one reaches now, another does too, permission by permission."""
    done: set[tuple[int, int]] = set()
    for permission in PERMISSIONS:
        one, other = given.region(permission), held.region(permission)
        alike = id(one), id(other)  # permissions that stand on the same groups share a region
        if alike not in done:
            done.add(alike)
            if subtract(one.customers, other.customers) or one.beyond(other):
                return False
    return True
