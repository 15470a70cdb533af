"""``now``: what there is to do."""

from __future__ import annotations

import typer

from ringfence.cli.options import AsUser, At, Counted, Db, SeeAs, Under
from ringfence.cli.settings import settings
from ringfence.domain import clock, duration
from ringfence.domain.text import as_json


def now(
    context: typer.Context,
    under: Under = None,
    login: AsUser = None,
    see_as: SeeAs = None,
    output: Counted = "text",
    db: Db = None,
    at: At = None,
) -> int:
    """Say what there is to do: alarms that nobody has cleared, by severity and by customer, test modes that last, and
    whether edges and a worker are heard."""
    from ringfence.services.now import HEARD
    from ringfence.services.now import now as now_of
    from ringfence.text import literal

    found = now_of(settings(context.obj, db, at, login, see_as).viewer(), under)
    if output == "json":
        typer.echo(as_json(found.fields(), indent=2))
        return 0
    for severity, many in found.alarms.counts.items():
        typer.echo(f"{severity:<10}{many:>7,}")
    if found.alarms.oldest is not None:
        typer.echo(f"{found.alarms.new:,} new, the oldest since {clock.iso(found.alarms.oldest)}")
    for customer in found.burning:
        counts = ", ".join(f"{many:,} {severity}" for severity, many in customer.counts.items())
        typer.echo(f"{literal(customer.name)}: {counts}")
    for mode in found.test_modes:
        told = mode.record
        typer.echo(f"in test mode until {told.fields()['until']}: {literal(told.owner)}: {literal(told.name)}")
    if found.edges is not None:
        many, quiet, _, unmatched = found.edges
        within = duration.said(int(HEARD.total_seconds()))
        typer.echo(f"{many - len(quiet):,} of {many:,} edges heard within {within}")
        if unmatched:
            typer.echo(f"{unmatched:,} unit {'id' if unmatched == 1 else 'ids'} named in vain")
    if found.worker is False:
        typer.echo("no worker runs: run 'ringfence worker', or nothing comes of time alone")
    return 0
