"""One open database, and what whoever signed in can ask of it: what the console is handed, and calls from threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Concatenate, Final, NamedTuple, ParamSpec, Protocol, TypeVar

from sqlalchemy import text

from ringfence.domain.errors import Refused, SessionEnded
from ringfence.services import accounts, customers
from ringfence.services.customers import SideBySide
from ringfence.services.records import Account, Part, Profile
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Pair, Sight, Viewer

_LATER: Final = (
    "alarm_story",
    "alarms",
    "api_tokens",
    "assigning",
    "attributes",
    "audit",
    "choices",
    "courses",
    "editing",
    "explaining",
    "exporting",
    "fixing",
    "importing",
    "invitations",
    "listing",
    "now",
    "own_console",
    "own_credentials",
    "previewing",
    "second_factors",
    "sign_ins",
    "signing_in",
    "ssh_keys",
)
if TYPE_CHECKING:
    from ringfence.services import (
        alarm_story,
        alarms,
        api_tokens,
        assigning,
        attributes,
        audit,
        choices,
        courses,
        editing,
        explaining,
        exporting,
        fixing,
        importing,
        invitations,
        listing,
        now,
        own_console,
        own_credentials,
        previewing,
        second_factors,
        sign_ins,
        signing_in,
        ssh_keys,
    )
    from ringfence.services.edited import Saved
else:

    class _Later:
        """A module of the services that is imported once something of it is asked for: the first data wait for none of
        what changes records."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, name: str) -> Any:
            return getattr(_module(self._name), name)

    globals().update((name, _Later(name)) for name in _LATER)


def _module(name: str) -> Any:
    return import_module(f"ringfence.services.{name}")


Rest = ParamSpec("Rest")
Found = TypeVar("Found")
Given = TypeVar("Given")


class Workspace:
    """One open database. With ``at``, everybody who signs in looks at the validity windows as of that moment.
    ``origin`` is what the audit says of where changes come from, ``address`` the network address behind that, if any.
    ``proven`` is the one who alone can sign in, where that was found out before, and ``sign_in`` the session that began
    with it."""

    def __init__(
        self,
        database: Database,
        at: datetime | None = None,
        origin: str = "console",
        proven: Viewer | None = None,
        sign_in: int | None = None,
        address: str = "",
    ) -> None:
        self._database = database
        self._at = at
        self._origin = origin
        self.proven = proven
        self._sign_in = sign_in
        self._address = address

    @property
    def gone(self) -> bool:
        """Whether the file of the database is not the one that was opened any more: nothing can be asked of it."""
        return self._database.gone

    def get_ready(self) -> None:
        """Imports what the first data do without, so that the first change need not wait for it."""
        for name in _LATER:
            _module(name)

    @property
    def identity(self) -> str:
        """What tells the database from every other: its file's whole path, or its URL without any password."""
        return self._database.identity

    def listen(self, session: Session, told: Callable[[], object]) -> Listens | None:
        """Has ``told`` called, from another thread, whenever the stamp of a session may be another, which needs no
        asking then; None where nothing can be heard, and it has to be looked for."""
        if not self._database.postgresql:
            return None
        from ringfence.storage.listening import Listening

        return Listening(self._database, session.viewer.tenant_id, told)

    def tell_waits(self, tell: Callable[[str], object]) -> None:
        """Has ``tell`` called, from any thread, with a line that says what a change waits for once that is long."""
        self._database.patience.tell = tell

    def sign_in(self, login: str, at: datetime | None = None) -> Session:
        """The session of a login; an inactive user's is refused. Of whoever was proven to be somebody it is theirs,
        whatever the login."""
        if self.proven is not None:
            session = self.session(self.proven, self._sign_in)
            session.check()
            return session
        return self.session(accounts.sign_in(self._database, login, at or self._at))

    def session(self, viewer: Viewer, sign_in: int | None = None) -> Session:
        """What a viewer can ask, in the session that began as they signed in, if they did."""
        return Session(viewer, self._origin, sign_in)

    def begin(self, login: str, password: str) -> SignedIn | signing_in.Asked:
        """The session of whoever has that login and password, or what is asked for besides; an invitation may stand for
        the password. Raises NotProven."""
        return self._signed_in(
            signing_in.begin(self._database, login, password, origin=self._origin, address=self._address, at=self._at)
        )

    def with_code(self, ticket: signing_in.Ticket, code: str) -> SignedIn | signing_in.Asked:
        """The same, once a code that was asked for is given. Raises NotProven."""
        return self._signed_in(signing_in.with_code(self._database, ticket, code))

    def with_new_password(self, ticket: signing_in.Ticket, password: str) -> SignedIn | signing_in.Asked:
        """The same, once a password of their own is given. Raises NotProven, and Refused for one that will not do."""
        return self._signed_in(signing_in.with_new_password(self._database, ticket, password))

    def _signed_in(self, step: signing_in.Step) -> SignedIn | signing_in.Asked:
        if isinstance(step, signing_in.Proven):
            return SignedIn(self.session(step.viewer, step.sign_in), step.last, step.recovery)
        return step

    def profile_of(self, login: str) -> Profile:
        """Who has a login and how much they see, signed in or not, active or not: for the demo's summary."""
        self._demand_owner()
        return accounts.profile(Viewer.sign_in(self._database, login, self._at), totals=True)

    def accounts(self, search: str, part: Part) -> tuple[Account, ...]:
        """A part of everybody who could sign in: for the owner of the database."""
        self._demand_owner()
        return accounts.accounts(self._database, search, part)

    def account_count(self, search: str) -> int:
        """How many that are."""
        self._demand_owner()
        return accounts.account_count(self._database, search)

    def _demand_owner(self) -> None:
        """Raises Refused for whoever was proven to be somebody: there is nobody else for them."""
        if self.proven is not None:
            raise Refused("who there is besides you, only the owner of the database is told here")


def _asks(
    question: Callable[[], Callable[Concatenate[Viewer, Rest], Found]], *, changing: bool = False
) -> Callable[Concatenate[Session, Rest], Found]:
    """A question to the services (what gives it, once it is asked) as one of a session's; ``changing`` for one that
    changes something, or makes that ready."""

    def asked(session: Session, /, *rest: Rest.args, **named: Rest.kwargs) -> Found:
        session.check(changing=changing)
        return question()(session.viewer, *rest, **named)

    return asked


def _does(change: Callable[[], Callable[[Viewer, Given, str], Found]]) -> Callable[[Session, Given], Found]:
    """A change that the services make of something given (what makes it, once it is asked for), as one of a session's:
    where it comes from is the session's."""

    def done(session: Session, given: Given, /) -> Found:
        session.check(changing=True)
        return change()(session.viewer, given, session._origin)

    return done


class Session:
    """Somebody who signed in, and what they can ask. Every question is a transaction of its own, and raises
    SessionEnded for a deactivated user, and where the session ``sign_in`` was ended or has lasted as long as it may:
    their open sessions end at the next action. Whatever changes something, or makes it ready, is Refused for whoever
    only looks. ``sign_in`` is None for whoever owns the database, who proves nothing, and in the demo."""

    def __init__(self, viewer: Viewer, origin: str, sign_in: int | None = None) -> None:
        self.viewer = viewer
        self.sign_in = sign_in
        self._origin = origin

    @property
    def read_only(self) -> str:
        """Why nothing can be changed in this session, whatever the user may do; empty where something can."""
        return self.viewer.read_only

    def check(self, *, changing: bool = False) -> None:
        """Raises SessionEnded for a deactivated user and a session that is over; where something is to be changed,
        Refused for whoever only looks."""
        with self.viewer.look() as sight:
            if not sight.active:
                raise SessionEnded("this user has been deactivated: sign in as somebody else")
            self._demand_lasting(sight)
        if changing and self.read_only:
            raise Refused(self.read_only)

    def _demand_lasting(self, sight: Sight) -> None:
        if self.sign_in is not None:
            from ringfence.identity.sessions import demand_lasting  # for those alone who signed in

            with self.viewer.database.current(sight.connection) as connection:
                demand_lasting(connection, self.viewer.tenant_id, self.sign_in)

    def stamp(self, *, signals: bool = False) -> tuple[int, int, int]:
        """Differs from an earlier one when anybody has changed anything of the tenant since or, with ``signals``, these
        have changed an alarm of it; cheap to ask for. Raises SessionEnded for a session that is over."""
        with self.viewer.look() as sight:
            self._demand_lasting(sight)
            row = sight.connection.execute(_STAMP, {"tenant": self.viewer.tenant_id}).one()
            return row.version, row.audit_count, sight.signals if signals else 0

    def may(self, *permissions: str) -> frozenset[str]:
        """Those of the permissions that the user holds anywhere."""
        with self.viewer.look(*permissions) as sight:
            return frozenset(one for one in permissions if not sight.scope(one).empty)

    def profile(self, *, totals: bool = False) -> Profile:
        """Who is looking, and how much they see."""
        return accounts.profile(self.viewer, totals=totals)

    def see_as(self, login: str) -> Session:
        """Another user's view as far as this one sees the same, which is audited; this one for their own login."""
        self.check()
        seen = accounts.see_as(self.viewer, login, self._origin)
        return self if seen is self.viewer else Session(seen, self._origin, self.sign_in)

    def come_back(self, *, at_once: bool = False) -> None:
        """Writes down that one looks through another's eyes no more, or ``at_once`` else not at all."""
        accounts.come_back(self.viewer, self._origin, at_once=at_once)

    def beside(self, other: Session) -> SideBySide:
        """The two over one tree."""
        return SideBySide(Pair(self.viewer, other.viewer))

    why_nothing = _asks(lambda: accounts.why_nothing)
    subjects = _asks(lambda: accounts.subjects)
    subject_count = _asks(lambda: accounts.subject_count)

    rows = _asks(lambda: listing.rows)
    count = _asks(lambda: listing.count)
    place = _asks(lambda: listing.place)
    export = _asks(lambda: exporting.export)
    exported = _asks(lambda: exporting.text)
    names_of = _asks(lambda: editing.names_of)

    roots = _asks(lambda: customers.roots)
    children = _asks(lambda: customers.children)
    matching = _asks(lambda: customers.matching)
    trail = _asks(lambda: customers.trail)
    counts = _asks(lambda: customers.counts)
    detail = _asks(lambda: customers.detail)

    open_record = _asks(lambda: editing.open_record)
    open_records = _asks(lambda: editing.open_records)
    own_record = _asks(lambda: accounts.own_record, changing=True)

    now = _asks(lambda: now.now)
    attributes = _asks(lambda: attributes.attributes)
    signals = _asks(lambda: courses.signals)
    signals_stamp = _asks(lambda: courses.stamp)
    around_alarm = _asks(lambda: alarms.around)
    alarm_story = _asks(lambda: alarm_story.story)
    lasting_modes = _asks(lambda: alarms.lasting_modes)

    customer_choices = _asks(lambda: choices.customers)
    record_choices = _asks(lambda: choices.records)
    permission_choices = _asks(lambda: choices.permissions)
    role_templates = staticmethod(lambda: choices.templates())
    home_of_new = _asks(lambda: choices.home_of_new)
    group_for_customer = _asks(lambda: choices.group_for_customer, changing=True)
    administrators_of = _asks(lambda: choices.administrators_of, changing=True)
    groups_naming = _asks(lambda: choices.groups_naming)
    group_notes = _asks(lambda: choices.group_notes)
    group_members = _asks(lambda: choices.group_members)
    used_by = _asks(lambda: choices.used_by)

    why = _asks(lambda: explaining.why)
    fixes = _asks(lambda: fixing.fixes)
    last_resort = _asks(lambda: fixing.last_resort, changing=True)
    who = _asks(lambda: explaining.who)
    rights = _asks(lambda: explaining.rights)

    preview = _asks(lambda: previewing.preview, changing=True)
    count_along = _asks(lambda: previewing.count_along, changing=True)
    prospect = _asks(lambda: previewing.prospect, changing=True)

    match_devices = _asks(lambda: assigning.match, changing=True)
    assignment = _asks(lambda: assigning.edits, changing=True)
    read_import = _asks(lambda: importing.read, changing=True)

    audit_detail = _asks(lambda: audit.detail)
    weight_of_change = _asks(lambda: audit.weight, changing=True)
    preview_undo = _asks(lambda: audit.preview_undo, changing=True)

    ssh_keys = _asks(lambda: ssh_keys.keys_of)

    def add_ssh_key(self, line: str) -> str:
        """Adds an SSH key, as it stands in a file that ends in .pub, to the user's own; returns its fingerprint."""
        self.check(changing=True)
        return ssh_keys.add(self.viewer, line.encode(errors="replace"), self._origin)

    remove_ssh_key = _does(lambda: ssh_keys.remove)

    own_sign_ins = _asks(lambda: sign_ins.own)
    sign_ins_of = _asks(lambda: sign_ins.of_user)

    own_tokens = _asks(lambda: api_tokens.of_user)

    def make_token(self, name: str, lasts: timedelta | None = None) -> str:
        """Makes a token that stands for the user, for so long; it is shown this once."""
        self.check(changing=True)
        return api_tokens.make(self.viewer, name, self._origin, lasts=lasts)

    revoke_tokens = _does(lambda: api_tokens.revoke)

    end_sign_ins = _does(lambda: sign_ins.end)

    credentials = _asks(lambda: own_credentials.standing, changing=True)
    has_password = _asks(lambda: own_credentials.has_password)
    begin_second_factor = _asks(lambda: own_credentials.begin_second_factor, changing=True)

    def change_password(self, old: str, new: str) -> None:
        """Gives the user another password, for the one that they have, if any; their other sessions end."""
        self.check(changing=True)
        own_credentials.change_password(self.viewer, old, new, self._origin, self.sign_in)

    def set_up_second_factor(self, secret: str, code: str) -> tuple[str, ...]:
        """Sets up the user's second factor by its first code; returns recovery codes."""
        self.check(changing=True)
        return own_credentials.set_up_second_factor(self.viewer, secret, code, self._origin)

    turn_off_second_factor = _does(lambda: own_credentials.turn_off_second_factor)
    new_recovery_codes = _does(lambda: own_credentials.new_recovery_codes)

    invite = _does(lambda: invitations.invite)
    reset_second_factor = _does(lambda: second_factors.reset)

    layout = _asks(lambda: own_console.layout)

    def keep_layout(self, data: str) -> None:
        """Keeps where the console is left, unless that takes waiting."""
        own_console.keep_layout(self.viewer, data)

    def idle(self) -> float | None:
        """After so many seconds without a key a console is locked; None for whoever did not sign in to be there."""
        return None if self.sign_in is None else sign_ins.idle(self.viewer).total_seconds()

    def see(self) -> None:
        """Writes down that the user is there, unless that takes waiting."""
        if self.sign_in is not None:
            sign_ins.see(self.viewer, self.sign_in)

    def leave(self) -> None:
        """Ends this session as its user leaves, unless that takes waiting."""
        if self.sign_in is not None:
            sign_ins.leave(self.viewer, self.sign_in)

    def save(self, edits: Sequence[editing.Edit], progress: editing.Progress | None = None) -> Saved:
        """Makes a change, whole or not at all; Refused, Conflict or Cancelled otherwise."""
        self.check(changing=True)
        return editing.save(self.viewer, edits, self._origin, progress=progress)

    def undo(self, change: int, progress: editing.Progress | None = None) -> Saved:
        """Takes a change back."""
        self.check(changing=True)
        return audit.undo(self.viewer, change, self._origin, progress)


class Listens(Protocol):
    """What hears of changes, as long as it is ``alive``."""

    alive: bool

    def close(self) -> None:
        """Hears nothing any more."""


class SignedIn(NamedTuple):
    """Somebody has proved who they are: ``last`` says when and whence they signed in before, empty for never;
    ``recovery`` are the codes of a second factor that was set up on the way, to be shown once."""

    session: Session
    last: str
    recovery: tuple[str, ...] = ()


_STAMP = text("SELECT version, audit_count FROM tenant WHERE id = :tenant")
