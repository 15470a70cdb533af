"""``sites``: creating, editing and deleting sites."""

from __future__ import annotations

from typing import Annotated

import typer

from ringfence.cli.changing import (
    Change,
    DryRun,
    Editor,
    Format,
    Yes,
    deletion,
    edited,
    find,
    keys_of,
    named,
    place,
    work,
)
from ringfence.cli.options import Db, Group

app = typer.Typer(
    cls=Group, help="Sites: create, edit, delete. 'ringfence list sites' lists them.", rich_markup_mode=None
)

Key = Annotated[str, typer.Argument(metavar="KEY", help="The site's key.")]


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
    customer: Annotated[str, typer.Option("--customer", metavar="CUSTOMER-KEY", help="Whose it is, for good.")],
    login: Editor = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Create a site of a customer, and print its key."""
    from ringfence.services.editing import Edit, SiteState

    working = work(context, db, login, dry_run=dry_run, output=output)
    owner, whose = place(working.viewer, "site", customer, "--customer")
    edits = [Edit("site", -1, None, SiteState(owner, name))]
    working.make(Change("create", "site", edits, f"site “{name}”", f"of “{whose}”", new=-1))


@app.command()
def edit(
    context: typer.Context,
    key: Key,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Its new name.")],
    login: Editor = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Give a site another name."""
    working = work(context, db, login, dry_run=dry_run, output=output)
    opened = find(working.viewer, "site", [key])
    working.make(Change("edit", "site", edited(opened, {"name": name}), named("site", opened), keys=keys_of(opened)))


@app.command()
def delete(
    context: typer.Context,
    key: Key,
    login: Editor = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Delete a site; what stands on it stays with the customer, on none. Asks first."""
    working = work(context, db, login, dry_run=dry_run, output=output, yes=yes)
    working.make(deletion("site", find(working.viewer, "site", [key])))
