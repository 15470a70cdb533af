"""What two users both see: the view of one through the eyes of the other, which is never more than either has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from ringfence.domain.errors import SessionEnded
from ringfence.domain.user import USERS
from ringfence.visibility.grants import read_grants, read_many
from ringfence.visibility.intervals import intersect
from ringfence.visibility.reach import Common, Reach, Regions, read_grounds
from ringfence.visibility.rule import Grants, Narrowing
from ringfence.visibility.scopes import Made, made_of
from ringfence.visibility.viewer import Held, Viewer

IMPERSONATE: Final = "user.impersonate"
_NOTHING: Final = "nothing"


class Meeting(NamedTuple):
    """Two grants, of which only what both give counts. With ``also``, the second is asked for that permission whatever
    the first is asked for."""

    first: Grants
    second: Grants
    also: str = ""

    @property
    def active(self) -> bool:
        """Whether both give anything at all."""
        return self.first.active and self.second.active

    def signature(self, permission: str, at: datetime) -> str:
        """Of both; of one of them where they are the same."""
        both = {self.first.signature(permission, at), self.second.signature(self.also or permission, at)}
        if _NOTHING in both:
            return _NOTHING
        return next(iter(both)) if len(both) == 1 else f"both:{','.join(sorted(both))}"

    def changes_at(self, at: datetime) -> datetime | None:
        """When either of them changes."""
        moments = (grants.changes_at(at) for grants in (self.first, self.second))
        return min((moment for moment in moments if moment is not None), default=None)


class _Meet(Viewer):
    """A viewer of what two grants both give. No user is behind it: whatever asks for one's own finds nothing."""

    def __init__(self, real: Viewer) -> None:
        super().__init__(real.database, 0, real.tenant_id, real.at)
        self.real = real
        self.in_person = real.in_person

    def narrowing(self, connection: Connection) -> Narrowing | None:
        """Of the rights of whoever looks."""
        return self.real.narrowing(connection)

    def work_out(
        self, connection: Connection, held: Held, permissions: Iterable[str], at: datetime
    ) -> dict[str, list[Made]]:
        assert isinstance(held, Meeting)
        grounds = read_grounds(connection, self.tenant_id, [held.first, held.second])
        found: dict[str, list[Made]] = {}
        for permission in permissions:
            signature = held.signature(permission, at)
            one = grounds.region(held.first, permission, at)
            other = grounds.region(held.second, held.also or permission, at)
            # Whoever sees a customer for one site of it, and whoever sees it for another, both see the customer.
            nodes = intersect(one.nodes(), other.nodes())
            found[signature] = made_of(connection, self.tenant_id, signature, one.shared(other), nodes)
        return found


class SharedView(_Meet):
    """The view of ``subject``, as far as ``real``, who looks, sees the same: to whoever sees all, the subject's own.
    Nothing is changed through it.

    A look raises SessionEnded once the real viewer may not look through the subject's eyes any more.
    """

    def __init__(self, real: Viewer, subject: Viewer, login: str) -> None:
        super().__init__(real)
        self.subject = subject
        self.login = login
        self.read_only = f"you look through {login}'s eyes"

    def held(self, connection: Connection, at: datetime, left: Narrowing | None) -> tuple[int, Meeting | None]:
        """Raises SessionEnded where that is not allowed."""
        return self.version(connection), self._meeting(connection, at, left)

    def regions(self, connection: Connection, at: datetime) -> Regions:
        """What both reach. Raises SessionEnded where that is not allowed."""
        met = self._meeting(connection, at, self.narrowing(connection))
        grounds = read_grounds(connection, self.tenant_id, met[:2])
        return Common(Reach(met.first, at, grounds), Reach(met.second, at, grounds))

    def _meeting(self, connection: Connection, at: datetime, left: Narrowing | None) -> Meeting:
        found = read_many(connection, self.tenant_id, [self.real.user_id, self.subject.user_id])
        real, subject = found.get(self.real.user_id), found.get(self.subject.user_id)
        if real is not None and left is not None:
            real = real.narrowed(left)
        if real is None or subject is None or not may_look(connection, real, subject, at):
            raise SessionEnded(f"you may not look through {self.login}'s eyes any more")
        return Meeting(subject, real)


class Subjects(_Meet):
    """A viewer to whom the only users are those through whose eyes ``real`` may look."""

    def held(self, connection: Connection, at: datetime, left: Narrowing | None) -> tuple[int, Meeting | None]:
        del at
        version, grants = read_grants(connection, self.tenant_id, self.real.user_id)
        if grants is not None and left is not None:
            grants = grants.narrowed(left)
        return version, Meeting(grants, grants, IMPERSONATE) if grants is not None else None


def may_look(connection: Connection, real: Grants, subject: Grants, at: datetime) -> bool:
    """Whether somebody may look through a user's eyes: both are active, and they may list the user and impersonate
    them."""
    reach = Reach(real, at, read_grounds(connection, real.tenant_id, [real]))
    rights = (USERS.permission, IMPERSONATE)
    return real.active and subject.active and all(reach.contains(one, subject.home_path) for one in rights)
