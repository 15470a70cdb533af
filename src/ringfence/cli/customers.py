"""``customers``: creating, editing, moving and deleting customers."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final

import typer

from ringfence.cli.changing import (
    Change,
    DryRun,
    Editor,
    Format,
    Yes,
    deletion,
    given,
    keys_of,
    named,
    place,
    session,
)
from ringfence.cli.options import Db, Group
from ringfence.cli.settings import WrongUsage

app = typer.Typer(
    cls=Group,
    help="Customers: create, edit, move, delete. 'ringfence list customers' lists them.",
    rich_markup_mode=None,
)

Key = Annotated[str, typer.Argument(metavar="KEY", help="The customer's key.")]
Email = Annotated[str | None, typer.Option("--email", metavar="ADDRESS", help="Its e-mail address.")]
Phone = Annotated[str | None, typer.Option("--phone", metavar="NUMBER", help="Its telephone number, with +.")]
Address = Annotated[str | None, typer.Option("--address", metavar="TEXT", help="Its postal address.")]
MaxUsers = Annotated[
    str | None,
    typer.Option("--max-users", metavar="N", help="So many users at most, with those nested in it; none: no limit."),
]
MaxDevices = Annotated[
    str | None,
    typer.Option("--max-devices", metavar="N", help="So many devices at most, likewise; none: no limit."),
]
MaxCustomers = Annotated[
    str | None,
    typer.Option("--max-customers", metavar="N", help="So many customers nested in it at most; none: no limit."),
]
_MOST_DIGITS: Final = 12


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
    login: Editor = None,
    under: Annotated[
        str | None,
        typer.Option("--under", metavar="CUSTOMER-KEY", help="In this customer; by default the topmost where you may."),
    ] = None,
    email: Email = None,
    phone: Phone = None,
    address: Address = None,
    max_users: MaxUsers = None,
    max_devices: MaxDevices = None,
    max_customers: MaxCustomers = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Create a customer, and print its key."""
    from ringfence.services.editing import CustomerState, Edit

    limits = _limits(max_users=max_users, max_devices=max_devices, max_customers=max_customers)
    working = session(context, db, login, dry_run=dry_run, output=output)
    parent, above = place(working.viewer, "customer", under, "--under")
    state = replace(CustomerState(parent, name, email or "", phone or "", address or ""), **limits)
    edits = [Edit("customer", -1, None, state)]
    working.make(Change("create", "customer", edits, f"customer “{name}”", f"in “{above}”", new=-1))


@app.command()
def edit(
    context: typer.Context,
    key: Key,
    login: Editor = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Its name.")] = None,
    email: Email = None,
    phone: Phone = None,
    address: Address = None,
    max_users: MaxUsers = None,
    max_devices: MaxDevices = None,
    max_customers: MaxCustomers = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Edit a customer. What is not named stays as it is; an empty text is taken away."""
    from ringfence.services import naming
    from ringfence.services.editing import Edit

    limits = _limits(max_users=max_users, max_devices=max_devices, max_customers=max_customers)
    fields = given(limits, name=name, email=email, phone=phone, address=address)
    working = session(context, db, login, dry_run=dry_run, output=output)
    opened = naming.open_all(working.viewer, "customer", [naming.record_id(working.viewer, "customers", key)])
    edits = [Edit("customer", one.id, one.state, replace(one.state, **fields), one.revision) for one in opened]
    working.make(Change("edit", "customer", edits, named("customer", opened), keys=keys_of(opened)))


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
    from ringfence.services import naming
    from ringfence.services.editing import Edit

    if (to is not None) is to_top:
        raise WrongUsage("say where to: either --to CUSTOMER-KEY or --to-top")
    working = session(context, db, login, dry_run=dry_run, output=output, yes=yes)
    opened = naming.open_all(working.viewer, "customer", [naming.record_id(working.viewer, "customers", key)])
    parent, above = place(working.viewer, "customer", to, "--to", "move")
    edits = [Edit("customer", one.id, one.state, replace(one.state, parent=parent), one.revision) for one in opened]
    what = named("customer", opened)
    name = opened[0].state.name
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
    from ringfence.services import naming

    working = session(context, db, login, dry_run=dry_run, output=output, yes=yes)
    opened = naming.open_all(working.viewer, "customer", [naming.record_id(working.viewer, "customers", key)])
    working.make(deletion("customer", opened))


def _limits(**typed: str | None) -> dict[str, Any]:
    """The limits that were given. Raises WrongUsage for what is neither a number nor ``none``."""
    found: dict[str, Any] = {}
    for name, text in typed.items():
        if text is None:
            continue
        if text != "none" and not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
            raise WrongUsage(f"--{name.replace('_', '-')} takes a number or none, not {text!r}")
        found[name] = None if text == "none" else int(text)
    return found
