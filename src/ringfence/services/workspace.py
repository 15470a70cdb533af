"""One open database and everything that can be asked of it: what the console is handed, and calls from its threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from ringfence.domain.errors import Refused, SessionEnded
from ringfence.services import (
    accounts,
    assigning,
    audit,
    choices,
    customers,
    editing,
    exporting,
    importing,
    listing,
    previewing,
)
from ringfence.services.records import (
    Account,
    AuditDetail,
    ComparedCustomer,
    CustomerDetail,
    Listing,
    Opened,
    Part,
    Preview,
    Profile,
    Prospect,
    Record,
    Saved,
    TreeCustomer,
)
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Pair, Viewer

__all__ = ["Pair", "Viewer", "Workspace"]


class Workspace:
    """The services over one database. Every call is a transaction of its own; errors are RingfenceError.

    With ``at``, everybody who signs in looks at the validity windows as of that moment. ``origin`` is what the audit
    says of where changes come from.
    """

    def __init__(self, database: Database, at: datetime | None = None, origin: str = "console") -> None:
        self._database = database
        self._at = at
        self._origin = origin

    @property
    def gone(self) -> bool:
        """Whether the file of the database is not the one that was opened any more: nothing can be asked of it."""
        return self._database.gone

    def tell_waits(self, tell: Callable[[str], object]) -> None:
        """Has ``tell`` called, from any thread, with a line that says what a change waits for once that is long."""
        self._database.patience.tell = tell

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

    def check_changing(self, viewer: Viewer) -> None:
        """Raises Refused too for whoever only looks, whatever is to be changed or made ready for that."""
        self.check(viewer)
        if viewer.read_only:
            raise Refused(viewer.read_only)

    def profile(self, viewer: Viewer, *, totals: bool = False) -> Profile:
        """Who is looking, and how much they see."""
        return accounts.profile(viewer, totals=totals)

    def profile_of(self, login: str) -> Profile:
        """The same for any login, signed in or not, active or not: for the demo's summary."""
        return accounts.profile(Viewer.sign_in(self._database, login, self._at), totals=True)

    def accounts(self, search: str, part: Part, viewer: Viewer | None = None) -> tuple[Account, ...]:
        """A part of everybody who could sign in; with a viewer, of those through whose eyes they may look."""
        if viewer is None:
            return accounts.accounts(self._database, search, part)
        self.check(viewer)
        return accounts.subjects(viewer, search, part)

    def account_count(self, search: str, viewer: Viewer | None = None) -> int:
        """How many that are."""
        if viewer is None:
            return accounts.account_count(self._database, search)
        self.check(viewer)
        return accounts.subject_count(viewer, search)

    def see_as(self, viewer: Viewer, login: str) -> Viewer:
        """A user's view as far as the viewer sees the same, which is audited; the viewer itself for their own login."""
        self.check(viewer)
        return accounts.see_as(viewer, login, self._origin)

    def rows(self, viewer: Viewer, wanted: Listing, part: Part) -> tuple[Record, ...]:
        """A part of a list."""
        self.check(viewer)
        return listing.rows(viewer, wanted, part)

    def count(self, viewer: Viewer, wanted: Listing) -> int:
        """How many rows a list has."""
        self.check(viewer)
        return listing.count(viewer, wanted)

    def place(self, viewer: Viewer, wanted: Listing, record: int) -> int | None:
        """How many rows of a list come before a record."""
        self.check(viewer)
        return listing.place(viewer, wanted, record)

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

    def stamp(self, viewer: Viewer) -> tuple[int, int]:
        """Differs from an earlier one when anything of the tenant has changed since; cheap to ask for."""
        with viewer.look() as sight:
            row = sight.connection.execute(_STAMP, {"tenant": viewer.tenant_id}).one()
            return row.version, row.audit_count

    def may(self, viewer: Viewer, *permissions: str) -> frozenset[str]:
        """Those of the permissions that the viewer holds anywhere."""
        with viewer.look(*permissions) as sight:
            return frozenset(one for one in permissions if not sight.scope(one).empty)

    def open_record(self, viewer: Viewer, kind: editing.StateKind, record: int) -> Opened:
        """A role, group or user in a form."""
        self.check(viewer)
        return editing.open_record(viewer, kind, record)

    def own_record(self, viewer: Viewer) -> Opened:
        """The viewer's own record as a user."""
        self.check_changing(viewer)
        return accounts.own_record(viewer)

    def open_records(self, viewer: Viewer, kind: editing.StateKind, records: Sequence[int]) -> tuple[Opened, ...]:
        """Many of them at once."""
        self.check(viewer)
        return editing.open_records(viewer, kind, records)

    def names_of(self, viewer: Viewer, kind: str, ids: Iterable[int]) -> dict[int, str]:
        """Names of records that the viewer may list."""
        return editing.names_of(viewer, kind, ids)

    def preview(
        self, viewer: Viewer, edits: Sequence[editing.Edit], progress: editing.Progress | None = None
    ) -> Preview:
        """What a change would do; why it would be refused."""
        self.check_changing(viewer)
        return previewing.preview(viewer, edits, progress)

    def count_along(self, viewer: Viewer, edits: Sequence[editing.Edit]) -> tuple[tuple[str, int], ...]:
        """How much goes along with customers that a change deletes or moves: quick, whatever the change."""
        self.check_changing(viewer)
        return previewing.count_along(viewer, edits)

    def prospect(
        self, viewer: Viewer, edits: Sequence[editing.Edit], user: int, progress: editing.Progress | None = None
    ) -> Prospect:
        """What a user's settings would come to."""
        self.check_changing(viewer)
        return previewing.prospect(viewer, edits, user, progress)

    def save(self, viewer: Viewer, edits: Sequence[editing.Edit], progress: editing.Progress | None = None) -> Saved:
        """Makes a change, whole or not at all; Refused, Conflict or Cancelled otherwise."""
        self.check_changing(viewer)
        return editing.save(viewer, edits, self._origin, progress=progress)

    def match_devices(
        self, viewer: Viewer, typed: str | assigning.Typed | Sequence[int], customer: int
    ) -> assigning.Matched:
        """What becomes of devices that were typed, or marked (by id), when they go to a customer."""
        self.check_changing(viewer)
        return assigning.match(viewer, typed, customer)

    def assignment(
        self, viewer: Viewer, devices: Sequence[int], customer: int, site: assigning.Where = assigning.BY_NAME
    ) -> tuple[tuple[editing.Edit, ...], assigning.SiteFates]:
        """The edits that move devices to a customer, and what becomes of the sites that they stand on."""
        self.check_changing(viewer)
        return assigning.edits(viewer, devices, customer, site)

    def read_import(
        self,
        viewer: Viewer,
        source: bytes,
        customer: int | None = None,
        progress: editing.Progress | None = None,
    ) -> importing.Import:
        """What importing a sheet of devices would do; its edits are to be saved."""
        self.check_changing(viewer)
        return importing.read(viewer, source, customer, progress)

    def export(
        self,
        viewer: Viewer,
        wanted: Listing,
        path: Path,
        form: exporting.Format,
        *,
        replace: bool = False,
        progress: editing.Progress | None = None,
    ) -> int:
        """Writes a list into a file; how many rows it has."""
        self.check(viewer)
        return exporting.export(viewer, wanted, path, form, replace=replace, progress=progress)

    def weight_of_change(self, viewer: Viewer, change: int | None = None) -> int:
        """How many entries the audit has of a change (the viewer's own last one): how long taking it back takes."""
        self.check_changing(viewer)
        return audit.weight(viewer, change)

    def preview_undo(
        self, viewer: Viewer, change: int | None = None, progress: editing.Progress | None = None
    ) -> tuple[int, str, Preview]:
        """The number of a change (the viewer's own last one), what it was, and what taking it back would do."""
        self.check_changing(viewer)
        return audit.preview_undo(viewer, change, progress)

    def undo(self, viewer: Viewer, change: int, progress: editing.Progress | None = None) -> Saved:
        """Takes a change back."""
        self.check_changing(viewer)
        return audit.undo(viewer, change, self._origin, progress)

    def audit_detail(self, viewer: Viewer, entry: int) -> AuditDetail:
        """An entry of the audit opened."""
        self.check(viewer)
        return audit.detail(viewer, entry)

    def customer_choices(self, viewer: Viewer, include: Sequence[int] = ()) -> choices.CustomerChoices:
        """Every customer to choose from."""
        self.check(viewer)
        return choices.customers(viewer, include)

    def record_choices(self, viewer: Viewer, kind: str) -> choices.RecordChoices:
        """Every record of a kind to choose from."""
        self.check(viewer)
        return choices.records(viewer, kind)

    def permission_choices(
        self, viewer: Viewer, *, everywhere: bool, made_for: bool = False
    ) -> tuple[choices.PermissionChoice, ...]:
        """The catalogue of permissions, with why each cannot be given."""
        self.check(viewer)
        return choices.permissions(viewer, everywhere=everywhere, made_for=made_for)

    def role_templates(self) -> tuple[choices.RoleTemplate, ...]:
        """The roles that come with Ringfence."""
        return choices.templates()

    def home_of_new(self, viewer: Viewer, permission: str) -> tuple[int, str] | None:
        """Where the viewer may create something: id and name of the topmost such customer."""
        self.check(viewer)
        return choices.home_of_new(viewer, permission)

    def group_for_customer(
        self, viewer: Viewer, customer: int, temporary: int = -1
    ) -> tuple[int, str, tuple[editing.Edit, ...]]:
        """The security group for the single-customer users of a customer, made or found."""
        self.check_changing(viewer)
        return choices.group_for_customer(viewer, customer, temporary)

    def administrators_of(
        self, viewer: Viewer, customer: int, temporary: int = -1
    ) -> tuple[int, str, tuple[editing.Edit, ...]] | None:
        """The security group for the account administrators of a customer, made or found."""
        self.check_changing(viewer)
        return choices.administrators_of(viewer, customer, temporary)

    def groups_naming(self, viewer: Viewer, kind: str, customer: int) -> dict[int, bool]:
        """The groups of a kind that name a customer, with whether those nested in it come along."""
        self.check(viewer)
        return choices.groups_naming(viewer, kind, customer)

    def group_notes(self, viewer: Viewer, kind: str, ids: Sequence[int]) -> dict[int, choices.GroupNote]:
        """Words on each of these security or customer groups."""
        self.check(viewer)
        return choices.group_notes(viewer, kind, ids)

    def used_by(self, viewer: Viewer, kind: str, record: int) -> tuple[list[str], list[str]]:
        """Names of the security groups (of a role) and logins of the users that stand on a role or group."""
        self.check(viewer)
        return choices.used_by(viewer, kind, record)


_STAMP = text("SELECT version, audit_count FROM tenant WHERE id = :tenant")
