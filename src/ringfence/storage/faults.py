"""What the engines complain of, said as one line that tells what to do next."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, NoSuchModuleError, OperationalError, SQLAlchemyError

from ringfence.domain.errors import DAMAGED, RingfenceError, Unavailable


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turns an engine's exception into a RingfenceError about the database called ``name``."""
    try:
        yield
    except UnicodeDecodeError as error:  # of a message of SQLite that quotes what is no text
        raise RingfenceError(f"{name} {DAMAGED}") from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise (Unavailable if _for_now(error) else RingfenceError)(explain(error, name)) from error


_FOR_NOW: Final = ("08", "53", "57P", "57014", "55P03")
"""How the states of SQL begin that say of a server that it is not there, has no room, is being stopped, or let
something wait for too long."""


def _for_now(error: Exception) -> bool:
    """Whether PostgreSQL may do later what it does not do now."""
    cause: Any = getattr(error, "orig", None)
    if not hasattr(cause, "sqlstate"):
        return False
    state = cause.sqlstate
    lost = state is None and isinstance(
        error, OperationalError | InterfaceError
    )  # what ends before or within a word has no state
    return lost or str(state).startswith(_FOR_NOW)


def called(url: URL) -> str:
    """What to call a database in a line for people: its path, or its URL without any password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ":memory:"
    shown = url.set(drivername="postgresql").difference_update_query(["password", "sslpassword"])
    return shown.render_as_string()


def explain(error: SQLAlchemyError | sqlite3.Error, name: str) -> str:
    """One line for people. Statements and their values stay out of it: they may hold what the reader must not see."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    reason = type(error).__name__ if isinstance(cause, SQLAlchemyError) else str(cause).strip() or type(cause).__name__
    said = reason.lower()
    for sign, advice in _ADVICE:
        if sign in said:
            return advice.format(name=name)
    if isinstance(error, OperationalError | InterfaceError | NoSuchModuleError | sqlite3.Error):
        return f"{name} cannot be used: {reason.splitlines()[0]}"
    return f"{name} refused the change ({type(error).__name__}); nothing was changed"


_ADVICE = (
    (
        "database is locked",
        "{name} is locked by another program: wait until it has finished, or close it, and try again",
    ),
    ("lock timeout", "{name} is locked by another program: wait until it has finished, and try again"),
    ("statement timeout", "{name} took too long to answer: try again when less is going on, or ask for less"),
    (
        "permission denied to create temporary tables",
        "{name} needs TEMPORARY on the database: GRANT it to this role, for what a change would do is looked at first",
    ),
    *(
        (sign, "{name} does not let this role do that: ask whoever owns the database; nothing was changed")
        for sign in ("permission denied", "row-level security policy", "must be owner of")
    ),
    ("readonly database", "{name} cannot be written: allow writing to the file and its folder, or work on a copy"),
    ("read-only", "{name} cannot be written: connect to a server that accepts writes"),
    ("file is not a database", "{name} is not an SQLite database: name another file, or restore a backup"),
    *(
        (sign, f"{{name}} {DAMAGED}")
        for sign in ("malformed", "could not decode", "no such table", "no such column", "integer overflow", "too big")
    ),
    ("disk i/o error", "{name} cannot be read: check the disk it is on, or restore a backup"),
    ("unable to open database file", "{name} cannot be opened: check the path, and that you may read and write there"),
    *(
        (sign, "{name} is on a full disk: make room and try again; nothing was changed")
        for sign in ("disk is full", "no space left", "temp_file_limit")
    ),
    *(
        (sign, "{name} has no connection left: try again when fewer people are connected")
        for sign in ("too many clients", "too many connections", "connection slots")
    ),
    *(
        (sign, "{name} is being started or stopped: try again when the server is back")
        for sign in ("system is starting up", "system is shutting down", "in recovery mode", "not yet accepting")
    ),
    ("password authentication failed", "{name} does not accept that user and password"),
    ("does not exist", "{name} is not there: create the database or the user first, or correct the URL"),
    ("connection refused", "{name} does not answer: is the server running, and the host and port right?"),
    ("could not translate host name", "{name} does not answer: there is no such host"),
    ("failed to resolve host", "{name} does not answer: there is no such host"),
    ("timeout expired", "{name} does not answer in time: is the server running, and the host and port right?"),
    ("connection timeout", "{name} does not answer in time: is the server running, and the host and port right?"),
    ("server closed the connection", "{name} ended the connection: try again when the server is back"),
    ("terminating connection", "{name} ended the connection: try again when the server is back"),
    ("no such file or directory", "{name} does not answer: is the server running, and the host and port right?"),
)
