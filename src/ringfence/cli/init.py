"""``init``: a new database, with its first provider and that one's administrator."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from ringfence.cli import files
from ringfence.cli.options import Db
from ringfence.cli.settings import WrongUsage, origin, settings
from ringfence.domain.errors import Refused, RingfenceError

_MOST_BYTES: Final = 4096
_OPTIONS: Final = {"provider": "--tenant", "login": "--login", "name": "--name", "password": "--password-file"}


def init(
    context: typer.Context,
    tenant: Annotated[str | None, typer.Option("--tenant", metavar="NAME", help="The provider's name.")] = None,
    login: Annotated[
        str | None, typer.Option("--login", metavar="LOGIN", help="What its administrator signs in with.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The administrator's name; without it, the login.")
    ] = None,
    password_file: Annotated[
        Path | None,
        typer.Option(
            "--password-file",
            metavar="FILE",
            help="Its first line is the password until the administrator first signs in; - reads standard input.",
        ),
    ] = None,
    distributed: Annotated[
        bool,
        typer.Option(
            "--distributed",
            help="Share the tables out over the servers of a cluster, by provider: it takes the extension Citus.",
        ),
    ] = False,
    db: Db = None,
) -> None:
    """Begin a new database: its tables, the first provider, and an administrator who may do everything.

    Asks for what is not said. There is no password that nobody chose.
    """
    from ringfence.snapshot.founding import Beginning, begin, demand_empty, demand_sound
    from ringfence.storage import spreading

    given = {"--tenant": tenant, "--login": login, "--password-file": password_file}
    missing = [option for option, value in given.items() if value is None]
    if missing and not sys.stdin.isatty():
        raise WrongUsage(f"nobody can be asked here: say {', '.join(missing)}")
    password = None if password_file is None else _first_line(context, password_file)
    chosen = settings(context.obj, db, None)
    try:
        with chosen.open_or_make() as database:
            demand_empty(database)
            if distributed:
                with database.reading() as connection:
                    spreading.demand_cluster(connection)
            provider = _asked("The provider's name") if tenant is None else tenant
            who = _asked("Its administrator's login") if login is None else login
            called = name or (_asked("Their name") if login is None else who)
            beginning = Beginning(provider, who, called)
            demand_sound(beginning)
            text = _chosen(beginning) if password is None else password
            if distributed:
                with database.writing() as connection:
                    spreading.spread(connection)
            begin(database, beginning, text, origin("command line"), must_change=password is not None)
    except Refused as error:
        raise RingfenceError(f"{_OPTIONS[error.field]}: {error}" if error.field in _OPTIONS else str(error)) from error
    typer.echo(f"{database.name} is ready: sign in as {who} with 'ringfence --db {database.name}'")


def _first_line(context: typer.Context, file: Path) -> str:
    found = files.read(files.source(context.obj, file), _MOST_BYTES)
    if len(found) > _MOST_BYTES:
        raise RingfenceError(f"{file} is too long for a password: it is its first line")
    try:
        return found.decode().partition("\n")[0].removesuffix("\r")
    except UnicodeDecodeError:
        raise RingfenceError(f"{file} is no text: a password is its first line, in UTF-8") from None


def _asked(what: str) -> str:
    return str(typer.prompt(what, err=True)).strip()


def _chosen(beginning: tuple[str, str, str]) -> str:
    """A password that is typed twice, and cannot be guessed."""
    from ringfence.identity import passwords

    while True:
        typed = str(typer.prompt("A password for them", hide_input=True, confirmation_prompt=True, err=True))
        try:
            passwords.demand_good(typed, beginning)
        except Refused as error:
            typer.echo(str(error), err=True)
        else:
            return typed
