"""``devices create``, ``edit`` and ``delete``."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

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
from ringfence.cli.options import Db
from ringfence.cli.settings import WrongUsage

Keys = Annotated[list[str], typer.Argument(metavar="KEY...", help="The devices' keys.")]
Customer = Annotated[str | None, typer.Option("--customer", metavar="CUSTOMER-KEY", help="Whose they are.")]
UnitId = Annotated[str | None, typer.Option("--unit-id", metavar="TEXT", help="Its unit id.")]
DeviceKind = Annotated[str | None, typer.Option("--kind", metavar="TEXT", help="What it is, such as camera.")]
Site = Annotated[str | None, typer.Option("--site", metavar="SITE-KEY", help="The site that it stands on.")]
Notes = Annotated[str | None, typer.Option("--notes", metavar="TEXT", help="What else there is to know.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("create")(create)
    app.command("edit")(edit)
    app.command("delete")(delete)


def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
    login: Editor = None,
    customer: Annotated[
        str | None,
        typer.Option("--customer", metavar="CUSTOMER-KEY", help="Whose it is; by default the topmost where you may."),
    ] = None,
    unit_id: UnitId = None,
    kind: DeviceKind = None,
    site: Site = None,
    notes: Notes = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Create a device, and print its key."""
    from ringfence.services import naming
    from ringfence.services.editing import DeviceState, Edit

    working = session(context, db, login, dry_run=dry_run, output=output)
    owner, whose = place(working.viewer, "device", customer, "--customer")
    stands = None if site is None else naming.record_id(working.viewer, "sites", site)
    state = DeviceState(owner, name, unit_id or "", kind or "", stands, notes or "")
    edits = [Edit("device", -1, None, state)]
    working.make(Change("create", "device", edits, f"device “{name}”", f"of “{whose}”", new=-1))


def edit(
    context: typer.Context,
    keys: Keys,
    login: Editor = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Its name; of one device.")] = None,
    unit_id: Annotated[
        str | None, typer.Option("--unit-id", metavar="TEXT", help="Its unit id; of one device.")
    ] = None,
    kind: DeviceKind = None,
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
    notes: Notes = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Edit devices, all alike. What is not named stays as it is; an empty text is taken away."""
    from ringfence.services import naming
    from ringfence.services.editing import Edit

    if site is not None and no_site:
        raise WrongUsage("say one of --site and --no-site")
    placed = {"site": None} if site is not None or no_site else {}
    fields = given(placed, name=name, unit_id=unit_id, kind=kind, notes=notes, customer=customer)
    if len(set(keys)) > 1 and (name is not None or unit_id is not None):
        raise WrongUsage("a name and a unit id are one device's own: name one device")
    working = session(context, db, login, dry_run=dry_run, output=output)
    opened = naming.open_all(working.viewer, "device", naming.record_ids(working.viewer, "devices", keys))
    verb, to = "edit", ""
    if customer is not None:
        fields["customer"], whose = place(working.viewer, "device", customer, "--customer")
        verb, to = "assign", f"to “{whose}”"
    if site is not None:
        fields["site"] = naming.record_id(working.viewer, "sites", site)
    edits = [Edit("device", one.id, one.state, replace(one.state, **fields), one.revision) for one in opened]
    working.make(Change(verb, "device", edits, named("device", opened), to, keys=keys_of(opened)))


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
    from ringfence.services import naming

    working = session(context, db, login, dry_run=dry_run, output=output, yes=yes)
    opened = naming.open_all(working.viewer, "device", naming.record_ids(working.viewer, "devices", keys))
    working.make(deletion("device", opened))
