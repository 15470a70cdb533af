"""Signing in: from a login, and what only its user knows, to a viewer.

It goes step by step: `begin` takes a login with a password or an invitation; then what else is asked for. Whoever
fails is told one line, whatever was wrong, and as late as everybody else.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple, NoReturn

from sqlalchemy import Connection, select

from ringfence.changes.audit import Actor, append, os_user
from ringfence.domain import clock
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.identity import attempts, codes, credentials, invitations, passwords, sessions
from ringfence.identity.attempts import PACES, UNKNOWN, Count, Key
from ringfence.identity.credentials import Person
from ringfence.services.identity_events import about, about_nobody
from ringfence.storage import logins
from ringfence.storage.engine import Database
from ringfence.storage.tables import Tenant, User
from ringfence.visibility.demands import read_demands
from ringfence.visibility.viewer import Viewer

_STEP_SECONDS: Final = 0.25
"""An answer comes at a multiple of this after its question: what it took says nothing of what was found."""
_LASTS: Final = timedelta(minutes=10)
_WRONG: Final = "this login and what was typed with it do not go together: try again"
_TOO_MANY: Final = "too many tries: wait a while, then try again"
_TOO_LATE: Final = "that took too long, or something was changed meanwhile: begin anew"
NOBODY_YET: Final = (
    "nobody can sign in to this database yet: its owner gives a first way in by 'ringfence users invite LOGIN', "
    "or opens it with --as LOGIN"
)
_HOW: Final = "password"


class NotProven(RingfenceError):  # noqa: N818 - named for what it says
    """Nobody was proven. It is the same whatever was wrong; ``wait`` are the seconds until the next try."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class Tries(NamedTuple):
    """By what the failures of a try are counted: what is forgotten once it proves to be none (``own``); where it comes
    from (``places``); and the login ``anywhere``, which says nothing of what was counted of it elsewhere but to whoever
    has failed with it here too. None of them goes by whether there is such a login: a delay says nothing of that, from
    however many places somebody looks."""

    own: Key
    places: tuple[Key, ...] = ()
    anywhere: Key | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Ticket:
    """What was proven so far. It lives in this process, for ten minutes."""

    database: Database
    tenant_id: int
    user_id: int
    tries: Tries
    origin: str
    at: datetime | None
    until: datetime
    password: str | None
    """The hash of the password, as long as it is that."""
    invitation: str | None = None
    code: bool = False
    """Whether a code of the second factor was taken."""
    secret: str = ""
    """What the codes are to be made of, until one of them proves that it has come through."""
    recovery: tuple[str, ...] = ()


class Proven(NamedTuple):
    """Somebody is who they say: ``sign_in`` is the id of their session, ``last`` says when and whence they signed in
    before, empty for never. ``recovery`` are the recovery codes of a second factor that was set up on the way: they are
    shown once."""

    viewer: Viewer
    sign_in: int
    last: str
    recovery: tuple[str, ...] = ()


class CodeWanted(NamedTuple):
    """A code of the second factor is asked for, or a recovery code."""

    ticket: Ticket


class CodeToSetUp(NamedTuple):
    """A role demands a second factor, and there is none yet: a code made by what ``uri`` says sets it up."""

    ticket: Ticket
    uri: str


class ChangeWanted(NamedTuple):
    """A password of their own is asked for; ``why`` says for what reason."""

    ticket: Ticket
    why: str


Asked = CodeWanted | CodeToSetUp | ChangeWanted
Step = Proven | Asked


def begin(
    database: Database,
    login: str,
    password: str,
    *,
    origin: str,
    address: str = "",
    account: str = "",
    at: datetime | None = None,
) -> Step:
    """Takes a login with a password, or with an invitation in its place. ``origin`` is what the audit says of whence it
    comes, ``address`` the network address, where the environment says one, ``account`` who tries, where that is not
    the user of the operating system; ``at`` has the viewer look as of another moment.

    Raises NotProven, alike for a login that nobody has; RingfenceError on a database to which nobody has a way in yet.
    """
    with _in_its_time():
        now = clock.now()
        with database.reading() as connection:
            person = credentials.find(connection, login)
        tries = _tries(logins.typed(login), account or os_user(), address)
        counted = _count(database, tries, now)
        known, invited = (person.password, person.invitation) if person is not None else (None, None)
        fits = passwords.fits(known, password)
        by_invitation = invitations.fits(invited, None if person is None else person.expires_at, password, now)
        if person is None or not person.active or not (fits or by_invitation):
            _fail(database, tries, counted, person, origin, _WRONG)
        if fits and passwords.outdated(person.password or ""):
            with database.writing() as connection:
                credentials.hash_anew(connection, person, fresh := passwords.hashed(password))
            person = person._replace(password=fresh)
        ticket = Ticket(
            database,
            person.tenant_id,
            person.id,
            tries,
            origin,
            at,
            now + _LASTS,
            person.password,
            None if fits else invited,
        )
        return _go_on(ticket, now)


def with_code(database: Database, ticket: Ticket, code: str) -> Step:
    """Takes a code of the second factor, or a recovery code in its place; of one that is set up, its first. Raises
    NotProven."""
    with _in_its_time():
        now = clock.now()
        with database.reading() as connection:
            person = _person(connection, ticket, now)
        if bool(ticket.secret) == bool(person.code_secret):  # it was set up, or taken away, by another way meanwhile
            raise NotProven(_TOO_LATE)
        tries = Tries(code_key(ticket.tenant_id, ticket.user_id))
        counted = _count(database, tries, now)
        with database.writing() as connection:
            taken = _take_code(connection, ticket, code, now)
            if taken is not None:
                attempts.clear(connection, [tries.own])
        if taken is None:
            clocks = f"it is {now:%H:%M:%S} UTC here"
            said = f"this is not the code, or it was taken before: wait for the next one ({clocks})"
            _fail(database, tries, counted, person, ticket.origin, said)
        return _go_on(taken, now)


def with_new_password(database: Database, ticket: Ticket, password: str) -> Step:
    """Takes the password that somebody is to have from now on; every other session of theirs ends. Raises NotProven,
    and Refused for a password that will not do, which says why."""
    now = clock.now()
    with database.reading() as connection:
        person = _person(connection, ticket, now)
    if not _must_change(ticket, person) or (person.code_secret and not ticket.code):
        raise NotProven(_TOO_LATE)
    passwords.demand_good(password, person.known_by)
    if passwords.fits(person.password, password):
        raise Refused("this is the password that you have: choose another one", "password")
    fresh = passwords.hashed(password)
    with database.writing() as connection:
        events = [about(connection, person.tenant_id, person.id, "change password")]
        if ticket.invitation:
            events.insert(0, about(connection, person.tenant_id, person.id, "accept invitation"))
        append(connection, ticket.tenant_id, Actor(person.id, ticket.origin), events)
        again = _person(connection, ticket, now)
        if ticket.invitation and not invitations.use(connection, again.tenant_id, again.id, ticket.invitation):
            raise NotProven(_TOO_LATE)
        credentials.set_password(connection, again.tenant_id, again.id, fresh, now)
        sessions.end_others(connection, again.tenant_id, again.id)
    return _go_on(replace(ticket, password=fresh, invitation=None), now)


def _go_on(ticket: Ticket, now: datetime) -> Step:
    """What is asked for next; where nothing is, somebody is proven."""
    with ticket.database.reading() as connection:
        person = _person(connection, ticket, now)
        asked = read_demands(connection, person.tenant_id, ticket.user_id, now)
    if person.code_secret and not ticket.code:
        return CodeWanted(ticket)
    if _must_change(ticket, person):
        why = "you were invited: choose a password of your own"
        return ChangeWanted(ticket, why if ticket.invitation else "others know this password: choose one of your own")
    if asked.second_factor and not person.code_secret:
        ticket = replace(ticket, secret=codes.new_secret())
        return CodeToSetUp(ticket, codes.uri(ticket.secret, person.login, person.provider))
    return _prove(ticket, now)


def _prove(ticket: Ticket, now: datetime) -> Proven:
    with ticket.database.writing() as connection:
        # Of all that is locked, the tenant first: whoever changes a user does so too.
        signing = about(connection, ticket.tenant_id, ticket.user_id, "sign in", how=_HOW)
        append(connection, ticket.tenant_id, Actor(ticket.user_id, ticket.origin), [signing])
        person = _person(connection, ticket, now)
        attempts.clear(connection, [ticket.tries.own])
        attempts.take_back(connection, ticket.tries.places, now)
        own = ticket.tenant_id, ticket.user_id
        sign_in = sessions.begin(connection, *own, how=_HOW, origin=ticket.origin)
        credentials.signed_in(connection, *own, now, ticket.origin, _HOW)
    viewer = Viewer(ticket.database, ticket.user_id, ticket.tenant_id, ticket.at)
    return Proven(viewer, sign_in, _last(person), ticket.recovery)


def _last(person: Person) -> str:
    if person.last_at is None:
        return ""
    return f"{clock.moment_of(person.last_at):%Y-%m-%d %H:%M} UTC, {person.last_from}"


def _person(connection: Connection, ticket: Ticket, now: datetime) -> Person:
    """The user of a ticket, as they are now. Raises NotProven where it does not hold any more."""
    person = credentials.read(connection, ticket.tenant_id, ticket.user_id)
    if now >= ticket.until or person is None or not person.active or person.password != ticket.password:
        raise NotProven(_TOO_LATE)
    return person


def _must_change(ticket: Ticket, person: Person) -> bool:
    return ticket.invitation is not None or person.must_change


def _take_code(connection: Connection, ticket: Ticket, code: str, now: datetime) -> Ticket | None:
    """The ticket with the code taken; None where it is none."""
    own = ticket.tenant_id, ticket.user_id
    actor = Actor(ticket.user_id, ticket.origin)
    if ticket.secret:
        step = codes.step_of(ticket.secret, code, now, None)
        if step is None:
            return None
        append(connection, ticket.tenant_id, actor, [about(connection, *own, "set up second factor")])
        credentials.set_code_secret(connection, *own, ticket.secret, step)
        return replace(ticket, code=True, secret="", recovery=codes.renew_recovery(connection, *own))
    if codes.take(connection, *own, code, now):
        return replace(ticket, code=True)
    if codes.take_recovery(connection, *own, code):
        append(connection, ticket.tenant_id, actor, [about(connection, *own, "take recovery code")])
        return replace(ticket, code=True)
    return None


def is_barred(database: Database) -> bool:
    """Whether there are users in a database, and none of them has a way in: as in one from before there were any."""
    with database.reading() as connection:
        someone = connection.execute(select(User.id).limit(1)).first() is not None
        return someone and not credentials.anybody(connection)


def code_key(tenant_id: int, user_id: int) -> Key:
    """By what wrong codes of a user's second factor are counted."""
    return Key("code", f"{tenant_id} {user_id}")


def _tries(login: str, account: str, address: str) -> Tries:
    """By what a try is counted. Whoever runs this program can say any address: that counts besides who they are."""
    places = [Key("address", f"here {account}"), *([Key("address", address)] if address else [])]
    return Tries(Key("login here", f"{login}\n{account}"), tuple(places), Key("login", login))


def _wait(connection: Connection, tries: Tries, now: datetime) -> float:
    """How many seconds a try must wait."""
    every = [tries.own, *tries.places, *([tries.anywhere] if tries.anywhere is not None else [])]
    known = attempts.known(connection, every, now)
    here = known.get(tries.own)
    if here is None or here.failures <= PACES[tries.own.pace].free:
        # The tries of others elsewhere keep nobody out who has not failed here as often.
        known = {key: one for key, one in known.items() if key != tries.anywhere}
    return max((one.wait for one in known.values()), default=0.0)


def _count(database: Database, tries: Tries, now: datetime) -> Count:
    """Counts a try as a failure until it proves to be none. Raises NotProven where it comes too early."""
    with database.reading() as connection:
        wait = _wait(connection, tries, now)
    if not wait:
        with database.writing() as connection:
            attempts.take_turn(connection)
            wait = _wait(connection, tries, now)
            if not wait:
                return attempts.count(connection, [tries.own, *tries.places], now)[tries.own]
    raise NotProven(_TOO_MANY, wait)


def _fail(database: Database, tries: Tries, counted: Count, person: Person | None, origin: str, said: str) -> NoReturn:
    """Writes down that a try failed, and raises NotProven."""
    now = clock.now()
    with database.writing() as connection:
        attempts.take_turn(connection)
        if tries.anywhere is not None:  # only now: that somebody came in says nothing to whoever tries elsewhere
            attempts.count(connection, [tries.anywhere], now)
        events = []
        if person is not None:
            own = person.tenant_id, person.id
            if _anew(counted, now):
                events.append(about(connection, *own, "fail to sign in", failures=counted.failures))
            if counted.begins_delay(tries.own):
                events.append(about(connection, *own, "delay sign-in", failures=counted.failures))
            if events:
                append(connection, person.tenant_id, Actor(None, origin), events)
        else:
            of_nobody = attempts.count(connection, [UNKNOWN], now)[UNKNOWN]
            if _anew(of_nobody, now):
                # Whose login it was to be, nobody knows: each provider is told that somebody tries.
                for tenant in connection.execute(select(Tenant.id).order_by(Tenant.id)).scalars().all():
                    event = about_nobody(connection, tenant, "fail to sign in", failures=of_nobody.failures)
                    append(connection, tenant, Actor(None, origin), [event])
        if not credentials.anybody(connection):
            raise RingfenceError(NOBODY_YET)
        wait = _wait(connection, tries, now)
    raise NotProven(said, wait)


def _anew(counted: Count, now: datetime) -> bool:
    """Whether a failure is the first in an hour: of many there is one entry, which says how many there were."""
    return counted.before is None or f"{counted.before:%Y%m%d%H}" != f"{now:%Y%m%d%H}"


@contextmanager
def _in_its_time() -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    finally:
        time.sleep((began - time.monotonic()) % _STEP_SECONDS)
