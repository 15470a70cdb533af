"""``coverage``: which customers too few people look after."""

from __future__ import annotations

from typing import Annotated

import typer

from ringfence.cli.options import AsUser, At, Counted, Db, SeeAs, Under
from ringfence.cli.settings import settings
from ringfence.domain import clock
from ringfence.domain.text import as_json


def coverage(
    context: typer.Context,
    permission: Annotated[str, typer.Argument(metavar="PERMISSION", help="A key such as alarm.manage.")],
    at_least: Annotated[int, typer.Option("--at-least", metavar="N", min=1, help="So many people there shall be.")] = 1,
    under: Under = None,
    login: AsUser = None,
    see_as: SeeAs = None,
    output: Counted = "text",
    db: Db = None,
    at: At = None,
) -> int:
    """Say over which customers too few people hold a permission, now and in the next 14 days.

    Counted are the people whom the user may open, and who reach all of the customer. Exit status 1 where any is told.
    """
    from ringfence.services.coverage import gaps
    from ringfence.text import literal

    found = list(gaps(settings(context.obj, db, at, login, see_as).viewer(), permission, at_least, under))
    if output == "json":
        data = [
            {"since": clock.iso(one.since), "customers": [customer._asdict() for customer in one.customers]}
            for one in found
        ]
        typer.echo(as_json(data, indent=2))
        return 1 if found else 0
    for since, customers in found:
        many = f"{len(customers):,} {'customer' if len(customers) == 1 else 'customers'}"
        fewer = "nobody" if at_least == 1 else f"fewer than {at_least:,}"
        typer.echo(f"from {clock.iso(since)}: {many} with {fewer}" if customers else f"from {clock.iso(since)}: none")
        for one in customers:
            typer.echo(f"  {literal(one.key)}  {literal(one.name)}{'' if at_least == 1 else f'  {one.people:,}'}")
    return 1 if found else 0
