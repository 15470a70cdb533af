"""``audit verify`` and ``undo``: whether the audit is whole, and taking a change back."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli.changing import told
from ringfence.cli.options import AsUser, Db, Group
from ringfence.cli.settings import Faults, WrongUsage, origin, settings
from ringfence.domain.errors import Damaged, Refused

if TYPE_CHECKING:
    from ringfence.storage.engine import Database

app = typer.Typer(
    cls=Group,
    help="The audit: every change of access, each entry chained to the one before. "
    "'ringfence list audit --as LOGIN' lists it.",
    rich_markup_mode=None,
)


@app.command()
def verify(
    context: typer.Context,
    db: Db = None,
    expect: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER:HASH", help="An end that was printed once: it must still be there. Repeatable."),
    ] = None,
) -> None:
    """Check every tenant's chain: finds entries that were changed, removed, added or put in another order.

    Keep the end that it prints, number and hash, elsewhere: with --expect it also finds that the last entries were cut
    off, or that the whole chain was written anew. Without, whoever may write the database can do either.
    """
    from ringfence.text import literal

    expected = [_end(one) for one in expect or ()]
    chains, wrong = verified(settings(context.obj, db, None).open(), expected)
    for tenant, entries, end in chains:
        if not any(fault.startswith(f"{tenant}: ") for fault in wrong):
            said = f"{literal(tenant)}: {entries:,} {'entry' if entries == 1 else 'entries'}, whole"
            typer.echo(f"{said}, ends in {entries}:{end}" if entries else said)
    if wrong:
        raise Faults(wrong)


def _end(said: str) -> tuple[int, str]:
    found = re.fullmatch(r"([1-9][0-9]{0,17}):([0-9a-f]{64})", said.strip(), re.ASCII)
    if found is None:
        raise WrongUsage(f"--expect {said!r} is no NUMBER:HASH as 'ringfence audit verify' prints it")
    return int(found[1]), found[2]


def verified(
    database: Database, expected: Sequence[tuple[int, str]] = ()
) -> tuple[list[tuple[str, int, str]], list[str]]:
    """(tenant, entries, hash of the last) of each chain, and what is wrong, if anything."""
    from ringfence.services import audit

    try:
        return audit.verify(database, expected)
    except (TypeError, ValueError, Damaged):
        # SQLite takes any value in any column: what cannot even be read was not written by this program.
        return [], ["an entry holds what no entry can hold: the audit was changed"]


def undo(
    context: typer.Context,
    number: Annotated[
        int | None,
        typer.Argument(metavar="[NUMBER]", min=1, help="The change, as 'ringfence list audit' numbers it."),
    ] = None,
    login: AsUser = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    db: Db = None,
) -> None:
    """Take back a user's last change, or the one named, by the same rules as a fresh edit."""
    from ringfence.services import audit
    from ringfence.text import literal

    chosen = settings(context.obj, db, None, login)
    viewer = chosen.viewer()
    change, said, preview = audit.preview_undo(viewer, number)
    if preview.refusal:
        raise Refused(preview.refusal, lacking=preview.lacking)
    lines = [f"{'would take back' if dry_run else 'took back'} change {change}: {literal(said)}"]
    lines += told(preview)
    text = "\n".join(lines)
    text.encode(sys.stdout.encoding or "utf-8")  # where it cannot be said, it is not done either
    if not dry_run:
        audit.undo(viewer, change, origin("command line", chosen.proven))
    typer.echo(text)
