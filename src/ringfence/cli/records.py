"""``list``, ``count`` and ``can``: what a user sees, and may do; and either order of words."""

from __future__ import annotations

import sys
from codecs import lookup
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from ringfence.cli import importing
from ringfence.cli.options import AsUser, At, Db, Group, known, settings
from ringfence.cli.settings import WrongUsage
from ringfence.domain.kind import Kind as Declared

if TYPE_CHECKING:
    from ringfence.services.records import Listing, Record
    from ringfence.visibility.viewer import Viewer

Kind = Annotated[
    str,
    typer.Argument(
        metavar="KIND", help="customers, sites, devices, users, security-groups, customer-groups, roles or audit."
    ),
]
Under = Annotated[
    str | None, typer.Option("--under", metavar="CUSTOMER-KEY", help="Only this customer and those nested below it.")
]
Search = Annotated[
    str,
    typer.Option("--search", metavar="TEXT", help="Only records whose name (unit id, login, e-mail) holds the text."),
]
_MEASURED: Final = 1000
_WIDEST: Final = 60
_LONG: Final = ("notes",)
"""The fields that are no column of a table: they have lines of their own."""


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
    under: Under = None,
    search: Search = "",
    limit: Annotated[int | None, typer.Option("--limit", min=0, metavar="N", help="At most so many.")] = None,
    output: Annotated[
        Literal["table", "json", "csv", "keys"],
        typer.Option("--format", help="keys prints one key a line, sorted (for audit: the entries' numbers)."),
    ] = "table",
    no_bom: Annotated[
        bool, typer.Option("--no-bom", help="CSV without the byte order mark by which spreadsheets know UTF-8.")
    ] = False,
    db: Db = None,
    at: At = None,
) -> None:
    """List what a user sees of one kind of record."""
    from ringfence.services import exporting, listing

    if no_bom and output != "csv":
        raise WrongUsage("--no-bom is for --format csv: nothing else begins with a byte order mark")
    viewer = settings(context.obj, db, at, login).viewer()
    wanted = _listing(viewer, kind, under, search)
    if output == "keys":
        # Entries of the audit have the keys of what they tell of: their own are their numbers.
        audited = kind == "audit"
        keys = _numbers(listing.export(viewer, wanted, limit)) if audited else listing.keys(viewer, wanted, limit)
        _print(f"{key}\n" for key in keys)
        return
    found = listing.export(viewer, wanted, limit)
    if output == "table":
        _print(_table(found))
    else:
        # A terminal would draw the mark, and what is no UTF-8 has none.
        marked = not (no_bom or sys.stdout.isatty()) and lookup(sys.stdout.encoding or "utf-8").name == "utf-8"
        exporting.write(sys.stdout, found, output, mark=marked)


def count_records(
    context: typer.Context,
    kind: Kind,
    login: AsUser = None,
    under: Under = None,
    search: Search = "",
    db: Db = None,
    at: At = None,
) -> None:
    """Count what a user sees of one kind of record."""
    from ringfence.services import listing

    viewer = settings(context.obj, db, at, login).viewer()
    typer.echo(listing.count(viewer, _listing(viewer, kind, under, search)))


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
) -> None:
    """Say whether a user holds a permission: yes and exit status 0, or no and 1."""
    from ringfence.services import access

    allowed = access.can(settings(context.obj, db, at).viewer(login), permission, record)
    typer.echo("yes" if allowed else "no")
    raise typer.Exit(0 if allowed else 1)


def _listing(viewer: Viewer, kind: str, under: str | None, search: str) -> Listing:
    from ringfence.services.listing import customer_id
    from ringfence.services.records import Listing

    return Listing(kind, search, under=customer_id(viewer, under) if under is not None else None)


def _numbers(found: Iterable[Record]) -> Iterator[str]:
    return (str(record.fields()["number"]) for record in found)


def _print(pieces: Iterable[str]) -> None:
    for piece in pieces:
        sys.stdout.write(piece)


def _table(found: Iterator[Record]) -> Iterator[str]:
    from ringfence.text import fit, literal

    def cells(record: Record) -> list[str]:
        return [_cell(value) for name, value in record.fields().items() if name not in _LONG]

    def line(values: Iterable[str]) -> str:
        return "  ".join(fit(value, width) for value, width in zip(values, widths, strict=True)).rstrip() + "\n"

    first = list(islice(found, _MEASURED))
    if not first:
        return
    titles = [title.replace("_", " ") for title in first[0].fields() if title not in _LONG]
    from rich.cells import cell_len

    columns = zip(titles, *map(cells, first), strict=True)
    widths = [min(_WIDEST, max(cell_len(literal(value)) for value in column)) for column in columns]
    yield line(titles)
    for record in chain(first, found):
        yield line(cells(record))


def _cell(value: object) -> str:
    return "" if value is None else "yes" if value is True else "no" if value is False else str(value)
