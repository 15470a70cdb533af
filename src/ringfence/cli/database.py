"""``db``: the schema and the health of a database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli.audit import verified
from ringfence.cli.options import Db, Group
from ringfence.cli.settings import Faults, WrongUsage, settings
from ringfence.domain.errors import RingfenceError

app = typer.Typer(cls=Group, help="The database itself: upgrade, check, backup, roles.", rich_markup_mode=None)


@app.command()
def upgrade(context: typer.Context, db: Db = None) -> None:
    """Bring the schema to this program's revision. An SQLite file is backed up first."""
    from ringfence.cli.settings import say
    from ringfence.services.signing_in import NOBODY_YET, is_barred
    from ringfence.storage.maintenance import upgrade as bring_up

    chosen = settings(context.obj, db, None)
    typer.echo(bring_up(chosen.database, say))
    if is_barred(chosen.opened()):
        say(NOBODY_YET)


@app.command()
def check(context: typer.Context, db: Db = None) -> None:
    """Look for damage: the file, the tables, every value and reference, the tree, the counts, the search index and the
    audit. Every fault is a line, with table, id and what is wrong."""
    from ringfence.storage.maintenance import check as look

    database = settings(context.obj, db, None).open()
    problems = look(database)
    try:
        _, wrong = verified(database)
    except RingfenceError as error:  # of what was told of already
        problems.append(f"the audit cannot be read: {error}")
    else:
        problems += ["the audit is not whole ('ringfence audit verify' says where)"] if wrong else []
    if problems:
        raise Faults([f"{database.name} is not sound: restore a backup, or load a dump", *problems])
    typer.echo(f"{database.name} is sound")


@app.command()
def backup(
    context: typer.Context,
    target: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Where to; by default beside it.")] = None,
    db: Db = None,
) -> None:
    """Copy an SQLite database, whole and consistent, while others work on it."""
    from ringfence.storage.schema import backup as copy

    typer.echo(copy(settings(context.obj, db, None).open().engine, target))


@app.command()
def roles(
    context: typer.Context,
    tenant: Annotated[
        str | None, typer.Option("--tenant", metavar="KEY", help="Only the role of this provider; without it, of each.")
    ] = None,
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="NAME", help="What the provider's role is called; else DATABASE_KEY."),
    ] = None,
    password_file: Annotated[
        Path | None,
        typer.Option("--password-file", metavar="FILE", help="Give it the password that is the file's first line."),
    ] = None,
    strict: Annotated[
        bool | None,
        typer.Option(
            "--strict/--by-tenant",
            help="Whether the server keeps a look to the customers in its viewer's reach, too, or to the tenant alone.",
        ),
    ] = None,
    db: Db = None,
) -> None:
    """Make each provider's login role on PostgreSQL, or bring it up to this program, and raise the wall behind which it
    has its own rows alone. As the owner of the tables."""
    from ringfence.storage import roles as storage
    from ringfence.text import literal

    if tenant is None and (role or password_file):
        raise WrongUsage("--role and --password-file are of one provider: name it with --tenant")
    password = _password(password_file)
    database = settings(context.obj, db, None).open()
    for one in storage.make_roles(database, tenant, role, password, strict=strict):
        typer.echo(f"{literal(one.name)}: the role of {literal(one.tenant)}{', made now' if one.made else ''}")


def _password(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RingfenceError(f"{file} cannot be read as text") from error
    if not lines or not lines[0]:
        raise RingfenceError(f"{file} has no password in its first line")
    return lines[0]
