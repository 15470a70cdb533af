"""``now``: what there is to do."""

from __future__ import annotations

import typer

from ringfence.cli.options import AsUser, At, Counted, Db, Under
from ringfence.cli.settings import settings
from ringfence.domain.text import as_json


def now(
    context: typer.Context,
    under: Under = None,
    login: AsUser = None,
    output: Counted = "text",
    db: Db = None,
    at: At = None,
) -> int:
    """Say what there is to do: alarms that nobody has cleared, by severity, and test modes that last."""
    from ringfence.services.now import now as now_of
    from ringfence.text import literal

    found = now_of(settings(context.obj, db, at, login).viewer(), under)
    if output == "json":
        typer.echo(as_json(found.fields(), indent=2))
        return 0
    for severity, many in found.alarms.items():
        typer.echo(f"{severity:<10}{many:>7,}")
    for one in found.test_modes:
        told = one.fields()
        typer.echo(f"in test mode until {told['until']}: {literal(one.owner)}: {literal(one.name)}")
    if not found.worker:
        typer.echo("no worker runs: run 'ringfence worker', or nothing comes of time alone")
    return 0
