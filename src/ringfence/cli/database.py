"""``db``: the schema and the health of a database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli.audit import verified
from ringfence.cli.options import Db, Group
from ringfence.cli.settings import Faults, settings
from ringfence.domain.errors import RingfenceError

app = typer.Typer(cls=Group, help="The database itself: upgrade, check, backup.", rich_markup_mode=None)


@app.command()
def upgrade(context: typer.Context, db: Db = None) -> None:
    """Bring the schema to this program's revision. An SQLite file is backed up first."""
    from ringfence.cli.settings import say
    from ringfence.storage.maintenance import upgrade as bring_up

    typer.echo(bring_up(settings(context.obj, db, None).database, say))


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
