"""``devices create``, ``edit`` and ``delete``."""

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
from ringfence.cli.options import Db
from ringfence.cli.settings import WrongUsage
from ringfence.domain.device import DEVICES, DeviceState

Keys = Annotated[list[str], typer.Argument(metavar="KEY...", help="The devices' keys.")]
Customer = Annotated[str | None, typer.Option("--customer", metavar="CUSTOMER-KEY", help="Whose they are.")]
Site = Annotated[str | None, typer.Option("--site", metavar="SITE-KEY", help="The site that it stands on.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("create")(create)
    app.command("edit")(edit)
    app.command("delete")(delete)


@typed(DEVICES, "unit_id", "kind", "site", "notes")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
    login: Editor = None,
    customer: Annotated[
        str | None,
        typer.Option("--customer", metavar="CUSTOMER-KEY", help="Whose it is; by default the topmost where you may."),
    ] = None,
    site: Site = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
    **fields: Any,
) -> None:
    """Create a device, and print its key."""
    from ringfence.services import naming
    from ringfence.services.editing import Edit

    working = work(context, db, login, dry_run=dry_run, output=output)
    owner, whose = place(working.viewer, "device", customer, "--customer")
    stands = None if site is None else naming.record_id(working.viewer, "sites", site)
    edits = [Edit("device", -1, None, DeviceState(owner, name, site=stands, **values(DEVICES, fields)))]
    working.make(Change("create", "device", edits, f"device “{name}”", f"of “{whose}”", new=-1))


@typed(
    DEVICES,
    *("name", "unit_id", "kind", "customer", "site", "no_site", "notes"),
    name="Its name; of one device.",
    unit_id="Its unit id; of one device.",
)
def edit(
    context: typer.Context,
    keys: Keys,
    login: Editor = None,
    customer: Annotated[
        str | None,
        typer.Option(
            "--customer",
            metavar="CUSTOMER-KEY",
            help="Whose they become; they go to the site of the same name there, or none.",
        ),
    ] = None,
    site: Site = None,
    no_site: Annotated[bool, typer.Option("--no-site", help="They stand on no site.")] = False,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
    **fields: Any,
) -> None:
    """Edit devices, all alike. What is not named stays as it is; an empty text is taken away."""
    from ringfence.services import naming

    if site is not None and no_site:
        raise WrongUsage("say one of --site and --no-site")
    placed = {"site": None} if site is not None or no_site else {}
    said = given({**placed, **values(DEVICES, fields)}, customer=customer)
    if len(set(keys)) > 1 and not said.keys().isdisjoint(("name", "unit_id")):
        raise WrongUsage("a name and a unit id are one device's own: name one device")
    working = work(context, db, login, dry_run=dry_run, output=output)
    opened = find(working.viewer, "device", keys)
    verb, to = "edit", ""
    if customer is not None:
        said["customer"], whose = place(working.viewer, "device", customer, "--customer")
        verb, to = "assign", f"to “{whose}”"
    if site is not None:
        said["site"] = naming.record_id(working.viewer, "sites", site)
    working.make(Change(verb, "device", edited(opened, said), named("device", opened), to, keys=keys_of(opened)))


def delete(
    context: typer.Context,
    keys: Keys,
    login: Editor = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Delete devices; asks first."""
    working = work(context, db, login, dry_run=dry_run, output=output, yes=yes)
    working.make(deletion("device", find(working.viewer, "device", keys)))
