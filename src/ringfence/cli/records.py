"""``list``, ``count`` and ``can``, as Typer knows them; and either order of words."""

from __future__ import annotations

from typing import Annotated

import typer

from ringfence.cli import importing, reading
from ringfence.cli.options import AsUser, At, Db, Group, SeeAs, Under, known
from ringfence.cli.settings import settings
from ringfence.domain.kind import Kind as Declared
from ringfence.domain.registry import LISTED
from ringfence.domain.signal import Severity

Kind = Annotated[
    str,
    typer.Argument(metavar="KIND", help=f"{', '.join(LISTED)}."),
]
Search = Annotated[
    str,
    typer.Option(
        "--search",
        metavar="WORDS",
        help='Only records that show all the words: "a phrase", -without, ^beginning, COLUMN:word.',
    ),
]

OfDevice = Annotated[
    str | None, typer.Option("--device", metavar="DEVICE-KEY", help="Of alarms and events: only those of this device.")
]
OfState = Annotated[
    reading.State | None,
    typer.Option("--state", help="Of alarms: those that are not cleared (so by default), or all."),
]
OfSeverity = Annotated[Severity | None, typer.Option("--severity", help="Of alarms: only these.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("list")(list_records)
    app.command("count")(count_records)
    app.command("can")(can)
    app.command("import")(importing.import_records)


def commands_of(kind: Declared) -> typer.Typer:
    """The same commands for a kind that was named before them: ``users list`` is ``list users``."""
    app = typer.Typer(cls=Group, rich_markup_mode=None)
    plural = kind.several
    app.command("list", help=f"List the {plural} that a user sees.")(known(list_records, kind))
    app.command("count", help=f"Count the {plural} that a user sees.")(known(count_records, kind))
    if kind.imported:
        app.command("import")(importing.command_of(kind))
    return app


def list_records(
    context: typer.Context,
    kind: Kind,
    login: AsUser = None,
    see_as: SeeAs = None,
    under: Under = None,
    device: OfDevice = None,
    search: Search = "",
    state: OfState = None,
    severity: OfSeverity = None,
    sort: Annotated[
        str,
        typer.Option("--sort", metavar="COLUMN", help="In the order of a column, such as name; by what it shows."),
    ] = "",
    descending: Annotated[bool, typer.Option("--descending", help="The other way round: the last ones first.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", min=0, metavar="N", help="At most so many.")] = None,
    output: Annotated[
        reading.Format,
        typer.Option(
            "--format",
            help="keys prints one key a line (for audit: the entries' numbers), sorted unless --sort or --descending "
            "says how.",
        ),
    ] = "table",
    no_bom: Annotated[
        bool, typer.Option("--no-bom", help="CSV without the byte order mark by which spreadsheets know UTF-8.")
    ] = False,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            help="Of alarms, with --format json: go on with each that is new or has changed, an object a line, until "
            "it is interrupted.",
        ),
    ] = False,
    db: Db = None,
    at: At = None,
) -> int:
    """List what a user sees of one kind of record."""
    chosen = settings(context.obj, db, at, login, see_as)
    return reading.list_records(
        chosen,
        kind,
        under=under,
        device=device,
        search=search,
        state=state,
        severity=severity,
        sort=sort,
        descending=descending,
        limit=limit,
        output=output,
        no_bom=no_bom,
        follow=follow,
    )


def count_records(
    context: typer.Context,
    kind: Kind,
    login: AsUser = None,
    see_as: SeeAs = None,
    under: Under = None,
    device: OfDevice = None,
    search: Search = "",
    state: OfState = None,
    severity: OfSeverity = None,
    db: Db = None,
    at: At = None,
) -> int:
    """Count what a user sees of one kind of record."""
    chosen = settings(context.obj, db, at, login, see_as)
    return reading.count_records(
        chosen, kind, under=under, device=device, search=search, state=state, severity=severity
    )


def can(
    context: typer.Context,
    login: Annotated[str, typer.Argument(metavar="LOGIN")],
    permission: Annotated[str, typer.Argument(metavar="PERMISSION", help="A key such as device.list.")],
    record: Annotated[
        str | None,
        typer.Argument(
            metavar="[customer:KEY|site:KEY|device:KEY|user:KEY]", help="Without a record: anywhere at all."
        ),
    ] = None,
    db: Db = None,
    at: At = None,
) -> int:
    """Say whether a user holds a permission: yes and exit status 0, or no and 1."""
    return reading.can(settings(context.obj, db, at), login, permission, record)
