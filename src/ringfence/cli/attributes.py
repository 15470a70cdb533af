"""``attributes``: what people set on customers, sites and devices, and what devices reported of themselves."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import typer

from ringfence.cli import places
from ringfence.cli.changing import Change, DryRun, Editor, Format, edited, keys_of, named, work
from ringfence.cli.options import AsUser, At, Db, Group, SeeAs
from ringfence.cli.settings import WrongUsage, settings
from ringfence.domain.text import as_json

app = typer.Typer(
    cls=Group,
    help="Attributes of customers, sites and devices, for which rules ask as attr.NAME: set, list.",
    rich_markup_mode=None,
)
Where = Annotated[str, typer.Argument(metavar=places.WHERE, help="Whose attributes.")]
_GAP: Final = "  "


@app.command("set")
def set_(
    context: typer.Context,
    where: Where,
    given: Annotated[
        list[str], typer.Argument(metavar="NAME=VALUE...", help="What is set; NAME= takes it away.", show_default=False)
    ],
    login: Editor = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Set attributes. A rule looks at those of the device, its site, its customer and those above: the nearest counts.
    Numbers, true and false are what they look like, anything else is text, and so is what stands in double quotes."""
    from ringfence.domain.attributes import changed

    values = {}
    for one in given:
        name, sign, value = one.partition("=")
        name = name.strip()
        if not sign:
            raise WrongUsage(f"{one!r} sets nothing: write NAME=VALUE, or NAME= to take it away")
        if name in values:
            raise WrongUsage(f"{name!r} is given twice")
        values[name] = value
    working = work(context, db, login, dry_run=dry_run, output=output)
    opened = [places.opened(working.viewer, where)]
    state: Any = opened[0].state
    edits = edited(opened, {"attributes": changed(state.attributes, values)})
    working.make(Change("edit", opened[0].kind, edits, named(opened[0].kind, opened), keys=keys_of(opened)))


@app.command("list")
def list_(
    context: typer.Context,
    where: Where,
    login: AsUser = None,
    see_as: SeeAs = None,
    output: Annotated[Literal["text", "json"], typer.Option("--format", help="json has plain values.")] = "text",
    db: Db = None,
    at: At = None,
) -> None:
    """List the attributes of a customer, site or device, and those that come to it from above: of one name the nearest
    first. What stands on a record that the user may not view is left out."""
    from ringfence.cli.telemetry import said
    from ringfence.services.attributes import attributes
    from ringfence.text import fit, literal

    found = attributes(settings(context.obj, db, at, login, see_as).viewer(), *places.named(where))
    if output == "json":
        typer.echo(as_json([one._asdict() for one in found], indent=2))
        return
    rows = [(one.name, literal(said(one.value)), one.scope, f"{one.kind} “{literal(one.record)}”") for one in found]
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo(_GAP.join(fit(text, width) for text, width in zip(row, widths, strict=True)).rstrip())
