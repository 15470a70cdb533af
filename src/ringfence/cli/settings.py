"""What a command line says before its command: the database, the moment, whose view."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, NoReturn

from ringfence.domain.errors import RingfenceError

if TYPE_CHECKING:
    from datetime import datetime

    from ringfence.cli.bearing import Bearing
    from ringfence.preferences.configuration import Configuration
    from ringfence.storage.engine import Database
    from ringfence.visibility.viewer import Viewer


ASKED: Final = "_RINGFENCE_COMPLETE"
"""The variable by which a shell asks what a command line may go on with."""


class WrongUsage(RingfenceError):  # noqa: N818 - named for what it says
    """The command line itself is wrong: exit status 2."""


class Faults(RingfenceError):  # noqa: N818 - likewise
    """Several things are wrong; each is said in a line of its own."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def checked(login: str) -> str:
    """A login as it was typed. Raises WrongUsage for an empty one, RingfenceError for one that nobody can have."""
    if not login:
        raise WrongUsage("the login is empty: say whose view it is")
    try:
        login.encode()
    except UnicodeEncodeError:
        raise RingfenceError("nobody has that login") from None
    return login


class Identity(NamedTuple):
    """Somebody who was proven to be who they are before the command line is read: it is theirs alone."""

    login: str
    viewer: Viewer
    how: Literal["key", "token"]
    fingerprint: str = ""
    """Of the key that they came with."""
    sign_in: int | None = None
    """The id of their session."""

    @property
    def confined(self) -> bool:
        """Whether they came over SSH, to an account that they share with others: nothing of it is theirs, no file of
        it, nor the shell that may be behind it."""
        return self.how == "key"

    def demand_none(self, **given: object) -> None:
        """Raises WrongUsage where one of these options was given that are for the owner of a database."""
        theirs = ("db", "replica", "at", "login") if self.confined else ("at", "login")
        for name in theirs:
            if given.get(name) is not None:
                option = "--as" if name == "login" else f"--{name}"
                raise WrongUsage(f"{option} is for the owner of the database: you are {self.login}, by a {self.how}")

    def proven(self, chosen: Settings) -> Identity:
        """It is known already who they are, in whichever database is meant."""
        del chosen
        return self

    def viewer_of(self, login: str | None) -> Viewer:
        """Who they are. Raises RingfenceError where another's view is asked for."""
        from ringfence.services.accounts import is_own

        if login is not None and not is_own(self.viewer, login):
            self.demand_owner()
        return self.viewer

    def demand_owner(self) -> NoReturn:
        """Raises RingfenceError: this is the owner's."""
        raise RingfenceError(f"this is for the owner of the database: you are {self.login}, by a {self.how}")


def origin(what: str, identity: Identity | None = None) -> str:
    """Where a change comes from, as the audit says it: ``what``, and whence over SSH if that is how, by which key."""
    said = _whence(what)
    return f"{said} by {identity.fingerprint}" if identity is not None and identity.fingerprint else said


def _whence(what: str) -> str:
    if not os.environ.get("SSH_CONNECTION"):
        return what
    known = ssh_address()
    return f"{what} over ssh from {known}" if known else f"{what} over ssh"


def ssh_address() -> str:
    """The address that the environment says somebody comes from over SSH; empty where it says none, or what is no
    address: whoever sets the variable by hand writes nothing else into the audit."""
    connection = os.environ.get("SSH_CONNECTION", "").split()
    if not connection:
        return ""
    from ipaddress import ip_address

    try:
        return str(ip_address(connection[0]))
    except ValueError:
        return ""


def say(line: str) -> None:
    """Tells whoever waits why, beside what the command says."""
    sys.stderr.write(f"ringfence: {line}\n")
    sys.stderr.flush()


class Settings(NamedTuple):
    """What stands before a command, and may stand behind it too."""

    db: str | None = None
    replica: str | None = None
    at: datetime | None = None
    login: str | None = None
    see_as: str | None = None
    theme: str | None = None
    mouse: bool | None = None
    fresh: bool | None = None
    configuration: Configuration | None = None
    """What the user has set, where that was read already and its faults are told elsewhere."""
    identity: Identity | Bearing | None = None
    """Who is behind it, where that was proven, or is by a token: everything is theirs, by their rights, and nothing is
    the owner's."""

    @property
    def database(self) -> str | None:
        """The database that is named: by the option, else by the environment, else in the configuration; None for the
        user's own. Raises RingfenceError where the configuration may name one and cannot be understood: no command
        goes to another database than is meant."""
        if self.db or os.environ.get("RINGFENCE_DB"):
            return self.db
        if self.configuration is not None:
            return self.configuration.named_database
        from ringfence.preferences.configuration import load

        found = load()
        if found.database_faults:
            raise RingfenceError(f"{found.database_faults[0]} (or name the database with --db)")
        return found.named_database

    @property
    def whose(self) -> str:
        """The login of the user meant; empty where none is said, and the owner is meant where that makes sense."""
        return self.proven.login if self.proven is not None else self.login or ""

    @property
    def proven(self) -> Identity | None:
        """Whoever was proven to be somebody; None for the owner. Raises RingfenceError for a token that is nobody's."""
        return None if self.identity is None else self.identity.proven(self)

    def open(self, *, create: bool = False) -> Database:
        """The database meant, for its owner. Raises RingfenceError, with the advice, where it cannot be used, for
        whoever does not own it, and for whoever was proven to be somebody: they look through ``viewer``."""
        if self.identity is not None:
            self.identity.demand_owner()
        from ringfence.cli.ownership import demand_owner

        database = self.opened(create=create)
        demand_owner(database)
        return database

    def opened(self, *, create: bool = False) -> Database:
        """The same for what has asked already who is to have it."""
        from ringfence.storage.engine import open_database

        database = open_database(self.database, create=create)
        database.patience.tell = say
        replica = self.replica or (os.environ.get("RINGFENCE_REPLICA") if database.postgresql else None)
        if replica:
            from ringfence.storage.standby import look_at

            look_at(database, replica)
        return database

    @contextmanager
    def open_or_make(self) -> Iterator[Database]:
        """The database meant, made where there is none; one that was made for nothing is taken away again."""
        database = self.open(create=True)
        try:
            yield database
        except BaseException:
            database.discard()
            raise

    @property
    def somebody(self) -> bool:
        """Whether it is said whose view is meant: not all that there is, for its owner."""
        return bool(self.whose) or self.see_as is not None

    def viewer(self, login: str | None = None) -> Viewer:
        """The user of that login, or else the one meant by ``--as``, whether active or not; whoever was proven to be
        somebody, and nobody else. With ``--see-as`` it is through another's eyes, which is audited each time: it is
        asked for once a command."""
        own = self._viewer(login)
        if self.see_as is None:
            return own
        from ringfence.services.accounts import see_as

        return see_as(own, self.see_as, origin("command line", self.proven))

    def _viewer(self, login: str | None) -> Viewer:
        if self.proven is not None:
            return self.proven.viewer_of(login)
        from ringfence.visibility.viewer import Viewer

        wanted = self.login if login is None else login
        if wanted is None:
            raise WrongUsage("say whose view it is with --as LOGIN")
        return Viewer.sign_in(self.open(), checked(wanted), self.at)


def settings(
    outer: object,
    db: str | None,
    at: str | None,
    login: str | None = None,
    see_as: str | None = None,
    replica: str | None = None,
) -> Settings:
    """The outer settings, with what was given behind the command put over them.

    An option that is given empty is wrong usage: it comes from a variable that was never set, and must not mean "the
    default database", "now" or "everybody". So is one that is not for whoever was proven to be somebody.
    """
    base = outer if isinstance(outer, Settings) else Settings()
    if base.identity is not None:
        base.identity.demand_none(db=db, replica=replica, at=at, login=login)
    if db == "":
        raise WrongUsage("--db is empty: name a database")
    if replica == "":
        raise WrongUsage("--replica is empty: name a standby")
    return base._replace(
        db=base.db if db is None else db,
        replica=base.replica if replica is None else replica,
        at=base.at if at is None else moment(at),
        login=base.login if login is None else checked(login),
        see_as=base.see_as if see_as is None else checked(see_as),
    )


def moment(text: str) -> datetime:
    """A moment as it is typed. Raises WrongUsage for anything else."""
    from ringfence.domain import clock

    found = clock.moment(text)
    if found is None:
        raise WrongUsage(f"--at takes a time such as 2026-11-22T08:00:00+00:00, not {text!r}")
    return found
