"""Coverage: of which customers too few people hold a permission, now and whenever a membership begins or ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import select

from ringfence.domain import clock
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.permission import demand_known
from ringfence.domain.user import USERS
from ringfence.services.listing import customer_id
from ringfence.storage.tables import Customer
from ringfence.visibility import duty, overview, page
from ringfence.visibility.intervals import contains, within
from ringfence.visibility.point import among
from ringfence.visibility.viewer import Viewer

if TYPE_CHECKING:
    from datetime import datetime

AHEAD: Final = timedelta(days=14)
"""So far ahead it is looked."""


class Lacking(NamedTuple):
    """A customer over whom a permission is held by so many people."""

    key: str
    name: str
    people: int


class Gap(NamedTuple):
    """From a moment on: the customers over whom a permission is held by too few, by the tree. None: there are none."""

    since: datetime
    customers: tuple[Lacking, ...]


def gaps(viewer: Viewer, permission: str, at_least: int = 1, under: str | None = None) -> Iterator[Gap]:
    """Of the customers that the viewer sees (or of one, and those nested in it) those over whom fewer than so many of
    the people that the viewer may open hold a permission: now, and from each moment of the next 14 days on at which
    those are others. Raises RingfenceError for an unknown permission, and alike for a customer that is hidden and one
    that is not there."""
    demand_known(permission)
    top = None if under is None else customer_id(viewer, under)
    view = USERS.right("view")
    with viewer.look(CUSTOMERS.permission, USERS.permission, view) as sight:
        nodes = overview.record_nodes(sight, CUSTOMERS.permission)
        if top is not None:
            nodes = within(nodes, overview.path_of(sight, top))
        own = select(Customer.path, Customer.key, Customer.name).where(
            Customer.tenant_id == sight.tenant_id, Customer.key.is_not(None)
        )
        tree = [row for row in sight.connection.execute(own.order_by(Customer.path)) if contains(nodes, row.path)]
        users = page.naming(sight, page.Query(USERS))
        opened = [row.id for row in among(sight, view, USERS, users)]
        at = viewer.at or clock.now()
        known: set[str] = set()
        paths = [row.path for row in tree]
        for since, numbers in duty.held(sight, permission, opened, paths, at, at + AHEAD):
            few = tuple(
                Lacking(row.key, row.name, people)
                for row, people in zip(tree, numbers, strict=True)
                if people < at_least
            )
            keys = {one.key for one in few}
            if keys != known:
                yield Gap(since, few)
            known = keys
