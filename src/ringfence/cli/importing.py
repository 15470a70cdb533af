"""``import``: records from a sheet, all of them or, when told to, those of the good rows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ringfence.cli import files
from ringfence.cli.changing import DryRun, Editor, Format, work
from ringfence.cli.differences import data, people
from ringfence.cli.options import Db, known
from ringfence.cli.settings import Faults
from ringfence.cli.watching import watched
from ringfence.domain.errors import RingfenceError
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED, kind_named
from ringfence.domain.text import as_json

if TYPE_CHECKING:
    from ringfence.services.importing import Import

_KINDS: Final = f"One of {', '.join(kind.name for kind in EDITED.values() if kind.imported)}."


def command_of(kind: Kind) -> Callable[..., int | None]:
    """The command for a kind that was named before it: ``users import`` is ``import users``."""
    plural = kind.several
    file = typer.Argument(
        metavar="FILE",
        help=f"CSV in UTF-8, or JSON, as 'ringfence list {kind.name} --format csv' or json writes it: columns "
        f"{', '.join(kind.exported)}, or some of them; - is standard input.",
    )
    whose = f"Whose new {plural} are" if kind.node.name == kind.node.refers else f"Where new {plural} belong"
    customer = typer.Option("--customer", metavar="CUSTOMER-KEY", help=f"{whose} where their row does not say.")
    made = known(import_records, kind, file=Annotated[Path, file], customer=Annotated[str | None, customer])
    unique = f", or else with its {kind.label(kind.unique)}" if kind.unique else ""
    made.__doc__ = f"""Make and edit {plural} from CSV or JSON: all of it, or nothing and every fault by line.

    A row is about the {kind.said} with its key{unique}; otherwise it makes a new one. Columns that are not there stay
    as they are.
    """
    return made


def import_records(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=_KINDS)],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV in UTF-8, or JSON, as 'ringfence list KIND --format csv' or json writes it; - is standard input.",
        ),
    ],
    login: Editor = None,
    customer: Annotated[
        str | None,
        typer.Option("--customer", metavar="CUSTOMER-KEY", help="Where new ones belong where their row does not say."),
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out bad rows, and load the others.")] = False,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Make and edit records of a kind from CSV or JSON: all of it, or nothing and every fault by line."""
    of = kind_named(kind)
    if not of.imported:
        raise RingfenceError(f"{of.several} come from no sheet: it would not hold what makes them")
    from ringfence.services import editing, importing, naming
    from ringfence.text import literal

    working = work(context, db, login, dry_run=dry_run, output=output)
    source = files.read(files.source(context.obj, file), importing.MOST_BYTES)
    whose = None if customer is None else naming.record_id(working.viewer, "customers", customer)
    change = None
    with watched() as progress:
        found = importing.read(working.viewer, source, whose, progress, kind=of.noun)
        refused = bool(found.faults) and not (skip_bad and found.good)
        _report(found, None, dry_run, output).encode(sys.stdout.encoding or "utf-8")  # or it is not done either
        if found.edits and not (refused or dry_run):
            change = editing.save(working.viewer, found.edits, working.origin, progress=progress).change
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
        working.tell_undo(change)


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
