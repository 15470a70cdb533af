"""``devices assign``: many devices to another customer, from a list of their ids."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from ringfence.cli.changing import DryRun, Editor, work
from ringfence.cli.differences import data, people
from ringfence.cli.files import read, source
from ringfence.cli.nouns import commands_of
from ringfence.cli.options import Db
from ringfence.cli.settings import Faults, WrongUsage
from ringfence.cli.watching import watched
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.text import as_json

if TYPE_CHECKING:
    from ringfence.services.assigning import Matched, SiteFates
    from ringfence.services.edited import Preview

_MOST: Final = 100_000_000
_MARKS: Final[Mapping[bytes, str]] = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""What "Unicode text" begins with as spreadsheets save it."""


def assign(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Unit ids or keys of devices, in lines or with commas, tabs or spaces; - is standard input.",
        ),
    ],
    to: Annotated[str, typer.Option("--to", metavar="CUSTOMER-KEY", help="The customer that they go to.")],
    login: Editor = None,
    site: Annotated[
        str | None, typer.Option("--site", metavar="SITE-KEY", help="The customer's site that they go onto.")
    ] = None,
    no_site: Annotated[bool, typer.Option("--no-site", help="They go onto no site.")] = False,
    skip_unknown: Annotated[
        bool,
        typer.Option("--skip-unknown", help="Leave out what is unknown, ambiguous or not that user's to assign."),
    ] = False,
    dry_run: DryRun = False,
    output: Annotated[
        Literal["text", "json"], typer.Option("--format", help="json has what becomes of each id besides.")
    ] = "text",
    db: Db = None,
) -> None:
    """Assign devices to another customer: all of them, or none.

    Without --site and --no-site, a device goes onto the customer's site of the same name as its own, where there is
    just one; otherwise onto none.
    """
    from ringfence.services import assigning, editing, naming, previewing

    if site is not None and no_site:
        raise WrongUsage("choose between --site and --no-site")
    working = work(context, db, login, dry_run=dry_run, output=output)
    viewer = working.viewer
    typed = assigning.parse(_text(source(context.obj, file)))
    if not typed:
        raise RingfenceError(f"{'standard input' if str(file) == '-' else file}: there is no id in it")
    customer = naming.record_id(viewer, "customers", to)
    where: assigning.Where = None if no_site else assigning.BY_NAME
    if site is not None:
        where = naming.record_id(viewer, "sites", site)
    matched = assigning.match(viewer, typed, customer)
    _demand_known(matched, skip_unknown)
    edits, fates = assigning.edits(viewer, matched.move, customer, where)
    preview, change = None, None
    if edits:
        with watched() as progress:
            preview = previewing.preview(viewer, edits, progress)
            if preview.refusal:
                raise Refused(preview.refusal, lacking=preview.lacking)
            if not dry_run:
                change = editing.save(viewer, edits, working.origin, progress=progress).change
    if output == "json":
        typer.echo(as_json(_data(matched, fates, preview, change), indent=2))
    else:
        typer.echo("\n".join(_lines(matched, fates, preview, "would be moved" if dry_run else "moved")))
    if change is not None:
        working.tell_undo(change)


def _text(of: Path | IO[bytes]) -> str:
    name = str(of) if isinstance(of, Path) else "standard input"
    data = read(of, _MOST)
    if len(data) > _MOST:
        raise RingfenceError(f"{name}: more than {_MOST // 1_000_000} MB are no list of ids")
    try:
        return data.decode(_MARKS.get(data[:2], "utf-8"))
    except UnicodeDecodeError:
        raise RingfenceError(f"{name}: this is no text in UTF-8: save it as that") from None


def _demand_known(matched: Matched, skip: bool) -> None:
    """Tells of every id that does not go though it was meant to; raises Faults unless those are to be skipped."""
    from ringfence.services.assigning import said
    from ringfence.text import literal

    doubtful = [
        f"{why}: {literal(name)}"
        for why, names in matched.left_out.items()
        if why not in ("already there", "doubled")
        for name in names
    ]
    if doubtful and not skip:
        raise Faults([f"{said(matched)}: nothing was changed; --skip-unknown leaves these out", *doubtful])
    for line in doubtful:
        typer.echo(f"ringfence: left out, {line}", err=True)


def _lines(matched: Matched, fates: SiteFates, preview: Preview | None, verb: str) -> Iterator[str]:
    from ringfence.services.assigning import said, said_sites
    from ringfence.text import literal

    yield said(matched, verb)
    yield from map(literal, said_sites(fates))
    if preview is None:
        return
    yield from people(preview.users)


def _data(matched: Matched, fates: SiteFates, preview: Preview | None, change: int | None) -> dict[str, Any]:
    return {
        "change": change,
        "moved": matched.named,
        **{why.replace(" ", "_"): names for why, names in matched.left_out.items()},
        "sites": asdict(fates),
        "users": [] if preview is None else data(preview.users),
    }


app = commands_of(DEVICES, assign, customer="Whose they become; they go to the site of the same name there, or none.")
