"""The commands of edges: those of every kind, and what has come of one."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ringfence.cli.nouns import commands_of
from ringfence.cli.options import AsUser, At, Db, SeeAs
from ringfence.cli.settings import settings
from ringfence.domain import clock
from ringfence.domain.edge import EDGES
from ringfence.domain.text import as_json


def status(
    context: typer.Context,
    edge: Annotated[str, typer.Argument(metavar="KEY", help="The edge's key.")],
    login: AsUser = None,
    see_as: SeeAs = None,
    output: Annotated[Literal["text", "json"], typer.Option("--format", help="json has everything.")] = "text",
    db: Db = None,
    at: At = None,
) -> None:
    """Show when an edge was last heard, and which unit ids it named in vain."""
    from ringfence.services import edges
    from ringfence.text import literal

    found = edges.status(settings(context.obj, db, at, login, see_as).viewer(), edge)
    if output == "json":
        units = [
            {**one._asdict(), "first_at": clock.iso(one.first_at), "last_at": clock.iso(one.last_at)}
            for one in found.unmatched
        ]
        heard = None if found.heard_at is None else clock.iso(found.heard_at)
        typer.echo(as_json({"heard_at": heard, "lines": found.lines, "unmatched": units}, indent=2))
        return
    if found.heard_at is None:
        typer.echo("never heard")
        return
    typer.echo(f"last heard {clock.iso(found.heard_at)}, {found.lines:,} {'line' if found.lines == 1 else 'lines'}")
    for one in found.unmatched:
        times = "once" if one.lines == 1 else f"{one.lines:,} times"
        typer.echo(f"unmatched {literal(one.unit_id)}: {times}, last {clock.iso(one.last_at)}: {literal(one.sample)}")


app = commands_of(EDGES, status)
