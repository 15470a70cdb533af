"""``customers``: moving customers, beside what is done to any record."""

from __future__ import annotations

from typing import Annotated

import typer

from ringfence.cli.changing import Change, DryRun, Editor, Format, Yes, edited, find, keys_of, named, place, work
from ringfence.cli.nouns import commands_of
from ringfence.cli.options import Db
from ringfence.cli.settings import WrongUsage
from ringfence.domain.customer import CUSTOMERS


def move(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The customer's key.")],
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


app = commands_of(CUSTOMERS, move, under="--under")
