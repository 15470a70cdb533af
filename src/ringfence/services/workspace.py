"""One open database and everything that can be asked of it: what the console is handed, and calls from its threads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ringfence.domain.errors import SessionEnded
from ringfence.services import accounts, customers, listing
from ringfence.services.records import (
    Account,
    ComparedCustomer,
    CustomerDetail,
    Listing,
    Part,
    Profile,
    Record,
    TreeCustomer,
)
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Pair, Viewer

__all__ = ["Pair", "Viewer", "Workspace"]


class Workspace:
    """The services over one database. Every call is a transaction of its own; errors are RingfenceError.

    With ``at``, everybody who signs in looks at the validity windows as of that moment.
    """

    def __init__(self, database: Database, at: datetime | None = None) -> None:
        self._database = database
        self._at = at

    def sign_in(self, login: str, at: datetime | None = None) -> Viewer:
        """The viewer behind a login; an inactive user's is refused."""
        return accounts.sign_in(self._database, login, at or self._at)

    def check(self, viewer: Viewer | Pair) -> None:
        """Raises SessionEnded for a deactivated user: their open sessions end at the next action. Neither of a pair is
        whoever is looking."""
        if isinstance(viewer, Pair):
            return
        with viewer.look() as sight:
            if not sight.active:
                raise SessionEnded("this user has been deactivated: sign in as somebody else")

    def profile(self, viewer: Viewer, *, totals: bool = False) -> Profile:
        """Who is looking, and how much they see."""
        return accounts.profile(viewer, totals=totals)

    def profile_of(self, login: str) -> Profile:
        """The same for any login, signed in or not, active or not: for the demo's summary."""
        return accounts.profile(Viewer.sign_in(self._database, login, self._at), totals=True)

    def accounts(self, search: str, part: Part) -> tuple[Account, ...]:
        """A part of everybody who could sign in."""
        return accounts.accounts(self._database, search, part)

    def account_count(self, search: str) -> int:
        """How many that are."""
        return accounts.account_count(self._database, search)

    def rows(self, viewer: Viewer, wanted: Listing, part: Part) -> tuple[Record, ...]:
        """A part of a list."""
        self.check(viewer)
        return listing.rows(viewer, wanted, part)

    def count(self, viewer: Viewer, wanted: Listing) -> int:
        """How many rows a list has."""
        self.check(viewer)
        return listing.count(viewer, wanted)

    def roots(self, viewer: Viewer | Pair) -> tuple[TreeCustomer, ...]:
        """The top of the tree."""
        self.check(viewer)
        return customers.roots(viewer)

    def children(self, viewer: Viewer | Pair, customer: int) -> tuple[TreeCustomer, ...]:
        """The next level of the tree."""
        self.check(viewer)
        return customers.children(viewer, customer)

    def matching(
        self, viewer: Viewer | Pair, search: str, limit: int = 500
    ) -> tuple[tuple[TreeCustomer, ...], frozenset[int]]:
        """The part of the tree that holds a text."""
        self.check(viewer)
        return customers.matching(viewer, search, limit)

    def trail(self, viewer: Viewer, customer: int) -> tuple[TreeCustomer, ...]:
        """The way to a customer."""
        self.check(viewer)
        return customers.trail(viewer, customer)

    def counts(self, viewer: Viewer, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Children and devices of the customers on screen."""
        self.check(viewer)
        return customers.counts(viewer, ids)

    def detail(self, viewer: Viewer, customer: int) -> CustomerDetail:
        """A customer opened."""
        self.check(viewer)
        return customers.detail(viewer, customer)

    def pair(self, left: Viewer, right: Viewer) -> Pair:
        """Two users side by side."""
        return Pair(left, right)

    def compare(self, pair: Pair, ids: Sequence[int]) -> dict[int, ComparedCustomer]:
        """What each of the two sees of the customers on screen."""
        return customers.compare(pair, ids)
