"""``telemetry latest``, ``history`` and ``events``: what devices reported."""

from __future__ import annotations

import csv
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from ringfence.cli.options import AsUser, At, Db, Group, SeeAs
from ringfence.cli.settings import settings
from ringfence.domain import clock
from ringfence.domain.text import as_json

if TYPE_CHECKING:
    from ringfence.domain.signal import Value

app = typer.Typer(cls=Group, help="What devices reported: latest values, history and events.", rich_markup_mode=None)
_PRECISE: Final = "milliseconds"
Device = Annotated[str, typer.Argument(metavar="DEVICE-KEY", help="The device's key.")]


@app.command()
def latest(
    context: typer.Context,
    device: Device,
    login: AsUser = None,
    see_as: SeeAs = None,
    output: Annotated[
        Literal["text", "json"], typer.Option("--format", help="json has moments and plain values.")
    ] = "text",
    db: Db = None,
    at: At = None,
) -> None:
    """Show the latest values of a device, since it is where it is now or as far as the user sees where it was."""
    from ringfence.services import telemetry
    from ringfence.text import literal

    found = telemetry.latest(settings(context.obj, db, at, login, see_as).viewer(), device)
    if output == "json":
        typer.echo(
            as_json(
                [{"name": one.name, "value": one.value, "at": clock.iso(one.at, _PRECISE)} for one in found], indent=2
            )
        )
        return
    widest = max((len(one.name) for one in found), default=0)
    for one in found:
        typer.echo(f"{one.name:<{widest}}  {clock.iso(one.at, _PRECISE)}  {literal(said(one.value))}")


@app.command()
def history(
    context: typer.Context,
    device: Device,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What was reported, such as temperature.")],
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="From a time on, or from so long ago: 90s, 1h30m, 2d.")
    ] = "1d",
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help="Up to a time, or up to so long ago; now.")
    ] = "0s",
    login: AsUser = None,
    see_as: SeeAs = None,
    output: Annotated[Literal["text", "csv", "json"], typer.Option("--format", help="How it is written.")] = "text",
    db: Db = None,
    at: At = None,
) -> None:
    """Show the numbers that a device reported under a name."""
    from ringfence.services import telemetry

    chosen = settings(context.obj, db, at, login, see_as)
    now = chosen.at or clock.now()
    found = telemetry.history(chosen.viewer(), device, name, ago(since, now), ago(until, now))
    if output == "json":
        typer.echo(as_json([{"at": clock.iso(one.at, _PRECISE), "number": one.number} for one in found], indent=2))
    elif output == "csv":
        rows = csv.writer(sys.stdout, lineterminator="\n")
        rows.writerow(("at", "number"))
        rows.writerows((clock.iso(one.at, _PRECISE), said(one.number)) for one in found)
    else:
        for one in found:
            typer.echo(f"{clock.iso(one.at, _PRECISE)}  {said(one.number)}")


@app.command()
def events(
    context: typer.Context,
    device: Device,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="No more than so many.")] = 100,
    login: AsUser = None,
    see_as: SeeAs = None,
    output: Annotated[Literal["text", "json"], typer.Option("--format", help="json has moments.")] = "text",
    db: Db = None,
    at: At = None,
) -> None:
    """Show what a device said once, the newest first: alarms that began and ended, and texts that changed."""
    from ringfence.services import telemetry
    from ringfence.text import literal

    found = telemetry.happened(settings(context.obj, db, at, login, see_as).viewer(), device, limit)
    if output == "json":
        typer.echo(as_json([{**one._asdict(), "at": clock.iso(one.at, _PRECISE)} for one in found], indent=2))
        return
    for one in found:
        words = " ".join(filter(None, (one.kind, one.name, one.severity, one.text)))
        typer.echo(f"{clock.iso(one.at, _PRECISE)}  {literal(words)}")


def ago(text: str, now: datetime) -> datetime:
    """A moment as it is typed: a time, or how long ago."""
    from ringfence.domain import duration

    return clock.moment(text) or now - timedelta(seconds=duration.read(text))


def said(value: Value) -> str:
    """A value for people: whole numbers without a fraction."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.15g}" if isinstance(value, float) else value
