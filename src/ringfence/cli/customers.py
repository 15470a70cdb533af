"""``customers``: creating, editing, moving and deleting customers."""

from __future__ import annotations

from typing import Annotated, Any

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
    given,
    keys_of,
    named,
    place,
    work,
)
from ringfence.cli.fields import typed, values
from ringfence.cli.options import Db, Group
from ringfence.cli.settings import WrongUsage
from ringfence.domain.customer import CUSTOMERS, LIMITS, CustomerState

app = typer.Typer(
    cls=Group,
    help="Customers: create, edit, move, delete. 'ringfence list customers' lists them.",
    rich_markup_mode=None,
)

Key = Annotated[str, typer.Argument(metavar="KEY", help="The customer's key.")]


@app.command()
@typed(CUSTOMERS, "email", "phone", "address", *LIMITS)
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
    login: Editor = None,
    under: Annotated[
        str | None,
        typer.Option("--under", metavar="CUSTOMER-KEY", help="In this customer; by default the topmost where you may."),
    ] = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
    **fields: Any,
) -> None:
    """Create a customer, and print its key."""
    from ringfence.services.editing import Edit

    said = values(CUSTOMERS, fields)
    working = work(context, db, login, dry_run=dry_run, output=output)
    parent, above = place(working.viewer, "customer", under, "--under")
    edits = [Edit("customer", -1, None, CustomerState(parent, name, **said))]
    working.make(Change("create", "customer", edits, f"customer “{name}”", f"in “{above}”", new=-1))


@app.command()
@typed(CUSTOMERS, "name", "email", "phone", "address", *LIMITS)
def edit(
    context: typer.Context,
    key: Key,
    login: Editor = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
    **fields: Any,
) -> None:
    """Edit a customer. What is not named stays as it is; an empty text is taken away."""
    said = given(values(CUSTOMERS, fields))
    working = work(context, db, login, dry_run=dry_run, output=output)
    opened = find(working.viewer, "customer", [key])
    working.make(Change("edit", "customer", edited(opened, said), named("customer", opened), keys=keys_of(opened)))


@app.command()
def move(
    context: typer.Context,
    key: Key,
    login: Editor = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="CUSTOMER-KEY", help="Into this customer, with all that is in it.")
    ] = None,
    to_top: Annotated[bool, typer.Option("--to-top", help="To the top of what you may move.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Move a customer into another one, with everything in it; asks first."""
    if (to is not None) is to_top:
        raise WrongUsage("say where to: either --to CUSTOMER-KEY or --to-top")
    working = work(context, db, login, dry_run=dry_run, output=output, yes=yes)
    opened = find(working.viewer, "customer", [key])
    parent, above = place(working.viewer, "customer", to, "--to", "move")
    edits, what, name = edited(opened, {"parent": parent}), named("customer", opened), opened[0].state.name
    working.make(Change("move", "customer", edits, what, f"into “{above}”", name=name, keys=keys_of(opened)))


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
    """Delete a customer with everything in it; asks first."""
    working = work(context, db, login, dry_run=dry_run, output=output, yes=yes)
    working.make(deletion("customer", find(working.viewer, "customer", [key])))
