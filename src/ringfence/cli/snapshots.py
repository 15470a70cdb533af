"""``load``, ``what-if``, ``dump`` and ``schema``: the snapshot document."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from ringfence.cli.differences import later, numbers, person
from ringfence.cli.files import source
from ringfence.cli.options import AsUser, At, Db, SeeAs
from ringfence.cli.settings import WrongUsage, origin, settings
from ringfence.domain.text import as_json

if TYPE_CHECKING:
    from ringfence.changes.comparison import Comparison
    from ringfence.snapshot.collect import Contents, Progress

File = Annotated[Path, typer.Argument(metavar="FILE", help="A snapshot, JSON or YAML; - reads standard input.")]
_SHOWN: Final = 10


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("load")(load)
    app.command("what-if")(what_if)
    app.command("dump")(dump)
    app.command("schema")(schema)


def load(context: typer.Context, file: File, db: Db = None) -> None:
    """Load a snapshot into an empty or an existing database: upsert by key, all or nothing."""
    from ringfence.snapshot.collect import collect
    from ringfence.snapshot.load import COMMAND_LINE, load_contents

    chosen = settings(context.obj, db, None)
    with _progress() as progress:
        # Read before the database is opened: nobody waits for a lock that a reader of a long file holds.
        contents = collect(source(context.obj, file), progress)
        with chosen.open_or_make() as database:
            counts = load_contents(database, contents, progress, origin(COMMAND_LINE))
    said = ", ".join(_said(name.replace("_", " "), number) for name, number in counts.items() if number)
    typer.echo(f"loaded {said or 'nothing'}")
    _tell_oddities(contents)


def what_if(
    context: typer.Context,
    file: File,
    login: AsUser = None,
    see_as: SeeAs = None,
    output: Annotated[
        Literal["text", "json"], typer.Option("--format", help="json has every key; text the first ten of each.")
    ] = "text",
    db: Db = None,
    at: At = None,
) -> None:
    """Say what loading a file would change: who gains and loses which customers and devices. Changes nothing.

    With --as, as far as that user may know.
    """
    from ringfence.snapshot.collect import collect
    from ringfence.snapshot.what_if import what_if as compare

    chosen = settings(context.obj, db, at, login, see_as)
    with _progress() as progress:
        contents = collect(source(context.obj, file), progress)
        viewer = chosen.viewer() if chosen.somebody else None
        database = chosen.open() if viewer is None else viewer.database
        found = compare(database, contents, progress, chosen.at, viewer)
    if output == "json":
        typer.echo(as_json({"users": [_data(one) for one in found]}, indent=2))
    else:
        for line in _text(found):
            typer.echo(line)
    _tell_oddities(contents)


def _tell_oddities(contents: Contents) -> None:
    """Says on standard error what is loaded as it is, and could not be typed."""
    from ringfence.text import literal

    for line in contents.oddities:
        typer.echo(f"ringfence: warning: {literal(line)}", err=True)
    if contents.odd > len(contents.oddities):
        typer.echo(f"ringfence: warning: and {contents.odd - len(contents.oddities):,} more like these", err=True)


def _text(found: Sequence[Comparison]) -> Iterator[str]:
    from rich.cells import cell_len

    from ringfence.text import literal

    if not found:
        yield "Nobody gains or loses anything."
    width = max((cell_len(literal(one.login)) for one in found), default=0)
    for one in found:
        yield from person(one.login, width, one.now, one.later)
        for sign, noun, keys in (
            ("+", "customers", one.customers_gained),
            ("−", "customers", one.customers_lost),
            ("+", "devices", one.devices_gained),
            ("−", "devices", one.devices_lost),
        ):
            if keys:
                more = f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
                yield f"  {sign} {noun}: {', '.join(map(literal, keys[:_SHOWN]))}{more}"


def _data(one: Comparison) -> dict[str, Any]:
    keys = {
        "customers_gained": one.customers_gained,
        "customers_lost": one.customers_lost,
        "devices_gained": one.devices_gained,
        "devices_lost": one.devices_lost,
    }
    return {"login": one.login, **numbers(one.now), **keys, "later": later(one.later)}


def _said(name: str, number: int) -> str:
    return f"{number:,} {name if number != 1 else name.removesuffix('s')}"


def dump(context: typer.Context, login: AsUser = None, see_as: SeeAs = None, db: Db = None, at: At = None) -> None:
    """Write the snapshot of the whole database, or with --as of what that user sees."""
    from ringfence.snapshot.dump import dump as write

    chosen = settings(context.obj, db, at, login, see_as)
    if not chosen.somebody and chosen.at is not None:
        raise WrongUsage("--at is for what somebody sees: say who with --as LOGIN")
    if not chosen.somebody:
        write(chosen.open(), sys.stdout)
    else:
        viewer = chosen.viewer()
        write(viewer.database, sys.stdout, viewer)


def schema() -> None:
    """Print the JSON Schema of a snapshot, with every permission there is."""
    from ringfence.snapshot.document import json_schema

    typer.echo(as_json(json_schema(), indent=2))


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _step, _done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from ringfence.cli.terminal import bare

    columns = (
        TextColumn("{task.description:<20}"),
        BarColumn(),
        TextColumn("{task.completed:>11,.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(file=bare(sys.stderr)), transient=True) as bar:
        tasks: dict[str, tuple[object, int]] = {}
        current = ""

        def told(step: str, done: int) -> None:
            nonlocal current
            if step != current and current:
                task, last = tasks[current]
                bar.update(task, total=last, completed=last)  # type: ignore[arg-type]
            current = step
            if step not in tasks:
                tasks[step] = (bar.add_task(step, total=None), 0)
            tasks[step] = (tasks[step][0], done)
            bar.update(tasks[step][0], completed=done)  # type: ignore[arg-type]

        yield told
