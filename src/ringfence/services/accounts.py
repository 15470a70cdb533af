"""Who can sign in, who is signed in, and what they see in all."""

from __future__ import annotations

from datetime import datetime

from ringfence.domain import clock
from ringfence.domain.errors import RingfenceError
from ringfence.services import editing
from ringfence.services.records import Account, Opened, Part, Profile
from ringfence.storage.engine import Database
from ringfence.visibility import directory, tree
from ringfence.visibility.kinds import CUSTOMERS, DEVICES
from ringfence.visibility.page import Query, count
from ringfence.visibility.standing import standing
from ringfence.visibility.viewer import Viewer


def sign_in(database: Database, login: str, at: datetime | None = None) -> Viewer:
    """The viewer behind a login. Raises RingfenceError for one that nobody has, or an inactive user's."""
    viewer = Viewer.sign_in(database, login, at)
    with viewer.look() as sight:
        if not sight.active:
            raise RingfenceError(f"{login} is inactive and cannot sign in: sign in as somebody else")
    return viewer


def own_record(viewer: Viewer) -> Opened:
    """The viewer's own record as a user: everybody who is active sees it, and may change their profile, whatever else
    they may; without a name of what they may not list. Raises RingfenceError for an inactive user's."""
    found = editing.open_records(viewer, "user", [viewer.user_id])
    if not found:
        raise RingfenceError("an inactive user has no profile to look at: ask an administrator")
    return found[0]


def accounts(database: Database, search: str, part: Part) -> tuple[Account, ...]:
    """A part of everybody who is known, by login: for whoever holds the database itself."""
    key = part.before or part.after
    backwards = part.from_end or part.before is not None
    found = directory.accounts(database, search, part.limit, key[0] if key else None, backwards, part.skip)
    rows = found[::-1] if backwards else found
    return tuple(
        Account(
            row.id,
            row.login,
            row.name,
            row.tenant,
            "staff" if row.parent_id is None else row.home,
            bool(row.active),
            (row.sort_value, row.id),
        )
        for row in rows
    )


def account_count(database: Database, search: str) -> int:
    """How many there are."""
    return directory.account_count(database, search)


def profile(viewer: Viewer, *, totals: bool = False) -> Profile:
    """Who is looking, by what, and how many customers and devices they see (of how many, with ``totals``)."""
    with viewer.look(CUSTOMERS.permission, DEVICES.permission) as sight:
        own = standing(viewer, sight, viewer.at or clock.now())
        customers = count(sight, Query(CUSTOMERS))
        devices = count(sight, Query(DEVICES))
        top = tree.roots(sight)
    place = ""
    if any(row.parent_id is None for row in top):
        place = next(row.name for row in top if row.parent_id is None)
    elif not own.home_is_root and any(row.name == own.home for row in top):
        place = own.home
    parts = [", ".join(own.roles), ", ".join(own.filters)]
    total = directory.totals(viewer.database, viewer.tenant_id) if totals else (0, 0)
    return Profile(
        viewer.user_id,
        own.login,
        own.name,
        place,
        " · ".join(part for part in parts if part),
        own.active,
        customers,
        devices,
        *total,
        reason="" if customers or devices else own.nothing,
    )
