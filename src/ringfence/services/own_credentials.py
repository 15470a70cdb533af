"""By what a user proves who they are, as far as they change it themselves: their password, and their second factor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from ringfence.changes.audit import Actor, append
from ringfence.domain import clock
from ringfence.domain.errors import Refused, SessionEnded
from ringfence.identity import attempts, codes, credentials, passwords, sessions
from ringfence.identity.attempts import Key
from ringfence.identity.credentials import Person
from ringfence.services.identity_events import about
from ringfence.services.signing_in import NotProven, code_key
from ringfence.visibility.demands import read_demands
from ringfence.visibility.viewer import Viewer

_WRONG: Final = "this is not your password: try again"
_NO_CODE: Final = "this is not the code, or it was taken before: wait for the next one"
_TOO_MANY: Final = "too many tries: wait a while, then try again"


class Standing(NamedTuple):
    """How a user proves who they are: whether by a password, and since when they have it; whether by a second factor
    too, and how many recovery codes are left of it."""

    password: bool
    since: datetime | None
    second_factor: bool
    recovery: int


def standing(viewer: Viewer) -> Standing:
    """How the viewer does."""
    with viewer.look() as sight:
        person = _person(viewer, sight.connection)
        left = codes.recovery_left(sight.connection, viewer.tenant_id, viewer.own_id)
        since = credentials.password_since(sight.connection, viewer.tenant_id, viewer.own_id)
    return Standing(person.password is not None, since, person.code_secret is not None, left)


def has_password(viewer: Viewer) -> bool:
    """Whether they do so by a password."""
    with viewer.look() as sight:
        return _person(viewer, sight.connection).password is not None


def change_password(viewer: Viewer, old: str, new: str, origin: str, sign_in: int | None) -> None:
    """Gives the viewer another password, for the one that they have; every session of theirs ends but ``sign_in``.

    Raises NotProven where the old one is wrong, and Refused where the new one will not do, which says why.
    """
    viewer.demand_in_person()
    person = _now(viewer)
    if person.password is not None:
        with _tried(viewer, "login", _WRONG) as proven:
            proven(passwords.fits(person.password, old))
    passwords.demand_good(new, person.known_by)
    if passwords.fits(person.password, new):
        raise Refused("this is the password that you have: choose another one", "password")
    fresh = passwords.hashed(new)
    with viewer.database.writing() as connection:
        _note(viewer, connection, origin, "change password")
        if _person(viewer, connection).password != person.password:
            raise Refused("your password was changed meanwhile: begin anew")
        credentials.set_password(connection, viewer.tenant_id, viewer.own_id, fresh, clock.now())
        sessions.end_others(connection, viewer.tenant_id, viewer.own_id, but=sign_in)


def begin_second_factor(viewer: Viewer) -> tuple[str, str]:
    """What codes are to be made of, and the same as a URI for a picture: nothing is kept of it until a code proves that
    it has come through."""
    viewer.demand_in_person()
    person = _now(viewer)
    if person.code_secret is not None:
        raise Refused("your second factor is set up already: turn it off first")
    secret = codes.new_secret()
    return secret, codes.uri(secret, person.login, person.provider)


def set_up_second_factor(viewer: Viewer, secret: str, code: str, origin: str) -> tuple[str, ...]:
    """Sets up the viewer's second factor by its first code. Returns recovery codes, of which nobody can be told again.
    Raises NotProven for what is no code of it."""
    viewer.demand_in_person()
    step = codes.step_of(secret, code, clock.now(), None)
    if step is None:
        raise NotProven(_NO_CODE)
    with viewer.database.writing() as connection:
        _note(viewer, connection, origin, "set up second factor")
        if _person(viewer, connection).code_secret is not None:
            raise Refused("your second factor was set up meanwhile: turn it off first")
        credentials.set_code_secret(connection, viewer.tenant_id, viewer.own_id, secret, step)
        return codes.renew_recovery(connection, viewer.tenant_id, viewer.own_id)


def turn_off_second_factor(viewer: Viewer, code: str, origin: str) -> None:
    """Turns the viewer's second factor off, for a code of it or a recovery code. Raises NotProven for another code, and
    Refused where a role demands one."""
    viewer.demand_in_person()
    with _by_code(viewer, code, origin, "turn off second factor") as connection:
        if read_demands(connection, viewer.tenant_id, viewer.own_id, clock.now()).second_factor:
            raise Refused("a role of yours demands a second factor: it stays on")
        credentials.set_code_secret(connection, viewer.tenant_id, viewer.own_id, None)
        codes.forget_recovery(connection, viewer.tenant_id, viewer.own_id)


def new_recovery_codes(viewer: Viewer, code: str, origin: str) -> tuple[str, ...]:
    """New recovery codes in the place of those before, for a code of the second factor. Raises NotProven for another
    one."""
    viewer.demand_in_person()
    with _by_code(viewer, code, origin, "make recovery codes") as connection:
        return codes.renew_recovery(connection, viewer.tenant_id, viewer.own_id)


def _now(viewer: Viewer) -> Person:
    with viewer.database.reading() as connection:
        return _person(viewer, connection)


def _person(viewer: Viewer, connection: Connection) -> Person:
    person = credentials.read(connection, viewer.tenant_id, viewer.own_id)
    if person is None or not person.active:
        raise SessionEnded("this user is not there any more: sign in as somebody else")
    return person


def _note(viewer: Viewer, connection: Connection, origin: str, action: str) -> None:
    """Writes down what is done; of all that is locked, the tenant comes first so."""
    event = about(connection, viewer.tenant_id, viewer.own_id, action)
    append(connection, viewer.tenant_id, Actor(viewer.user_id, origin), [event])


@contextmanager
def _by_code(viewer: Viewer, code: str, origin: str, action: str) -> Iterator[Connection]:
    """A transaction in which a code of the second factor was taken."""
    with _tried(viewer, "code", _NO_CODE) as proven:
        if _now(viewer).code_secret is None:
            raise Refused("your second factor is not set up")
        own, now = (viewer.tenant_id, viewer.own_id), clock.now()
        with viewer.database.writing() as connection:
            _note(viewer, connection, origin, action)
            proven(codes.take(connection, *own, code, now) or codes.take_recovery(connection, *own, code))
            yield connection


@contextmanager
def _tried(viewer: Viewer, pace: str, wrong: str) -> Iterator[Callable[[bool], None]]:
    """Counts a try as a failure until what it gives is told that it was none; raises NotProven where it comes too
    early, or was one."""
    own = viewer.tenant_id, viewer.own_id
    # No login that is typed holds the first character: nobody makes another wait here.
    key = code_key(*own) if pace == "code" else Key(pace, "\x00{} {}".format(*own))
    now = clock.now()
    with viewer.database.writing() as connection:
        attempts.take_turn(connection)
        if wait := attempts.wait(connection, [key], now):
            raise NotProven(_TOO_MANY, wait)
        counted = attempts.count(connection, [key], now)[key]

    def proven(fits: bool) -> None:
        if not fits:
            raise NotProven(wrong, counted.wait)

    yield proven
    with viewer.database.writing() as connection:
        attempts.clear(connection, [key])
