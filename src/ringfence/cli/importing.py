"""``devices import``: devices from a sheet, all of them or, when told to, those of the good rows."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli.changing import DryRun, Editor, Format, work
from ringfence.cli.differences import data, people
from ringfence.cli.options import Db
from ringfence.cli.settings import Faults, origin
from ringfence.domain.text import as_json

if TYPE_CHECKING:
    from ringfence.services.importing import Import


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("import")(import_devices)


def import_devices(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV in UTF-8 with columns key, customer, site, name, unit_id, kind, notes, or some of them, as "
            "'ringfence list devices --format csv' writes it; - is standard input.",
        ),
    ],
    login: Editor = None,
    customer: Annotated[
        str | None,
        typer.Option("--customer", metavar="CUSTOMER-KEY", help="Whose new devices are where their row does not say."),
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out bad rows, and load the others.")] = False,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Make and edit devices from CSV: all of it, or nothing and every fault by line.

    A row is about the device with its key, or else with its unit id; otherwise it makes a new one. Columns that are not
    there stay as they are.
    """
    from ringfence.cli.devices import watched
    from ringfence.services import editing, importing, naming
    from ringfence.text import literal

    working = work(context, db, login, dry_run=dry_run, output=output)
    source = _read(file, importing.MOST_BYTES)
    whose = None if customer is None else naming.record_id(working.viewer, "customers", customer)
    change = None
    with watched() as progress:
        found = importing.read(working.viewer, source, whose, progress)
        refused = bool(found.faults) and not (skip_bad and found.good)
        _report(found, None, dry_run, output).encode(sys.stdout.encoding or "utf-8")  # or it is not done either
        if found.edits and not (refused or dry_run):
            change = editing.save(working.viewer, found.edits, origin("command line"), progress=progress).change
    if dry_run or not refused or output == "json":
        typer.echo(_report(found, change, dry_run, output))
    for warning in found.warnings:
        typer.echo(f"ringfence: warning, {literal(warning)}", err=True)
    if refused:
        said = f"{importing.said(found)}: nothing was loaded"
        raise Faults([said + ("; --skip-bad loads the others" if found.good else ""), *found.faults])
    for fault in found.faults:
        typer.echo(f"ringfence: left out, {literal(fault)}", err=True)
    if change is not None:
        typer.echo(f"change {change}: undo it with 'ringfence undo --as {literal(working.login)} {change}'", err=True)


def _read(file: Path, most: int) -> bytes:
    """The file, or enough of it to see that it is too large."""
    if str(file) == "-":
        return sys.stdin.buffer.read(most + 1)
    with file.open("rb") as opened:
        return opened.read(most + 1)


def _report(found: Import, change: int | None, dry_run: bool, output: str) -> str:
    from ringfence.services.importing import said, said_where
    from ringfence.text import literal

    if output == "json":
        report: dict[str, Any] = asdict(replace(found, edits=(), users=None))
        del report["edits"]
        report["users"] = None if found.users is None else data(found.users)
        return as_json({"change": change, **report}, indent=2)
    lines = [f"{'would load' if dry_run else 'loaded'} {len(found.edits):,} of {said(found)}"]
    lines += map(literal, said_where(found))
    lines += people(found.users) if found.users else ()
    return "\n".join(lines)
