"""``load``, ``dump`` and ``schema``: the snapshot document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli.options import AsUser, At, Db, settings

if TYPE_CHECKING:
    from ringfence.snapshot.collect import Progress


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("load")(load)
    app.command("dump")(dump)
    app.command("schema")(schema)


def load(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A snapshot, JSON or YAML; - reads standard input.")],
    db: Db = None,
) -> None:
    """Load a snapshot into an empty or an existing database: upsert by key, all or nothing."""
    from ringfence.snapshot.collect import collect
    from ringfence.snapshot.load import load_contents

    chosen = settings(context.obj, db, None)
    with _progress() as progress:
        # Read before the database is opened: nobody waits for a lock that a reader of a long file holds.
        contents = collect(sys.stdin.buffer if str(file) == "-" else file, progress)
        with chosen.open_or_make() as database:
            counts = load_contents(database, contents, progress)
    said = ", ".join(_said(name.replace("_", " "), number) for name, number in counts.items() if number)
    typer.echo(f"loaded {said or 'nothing'}")


def _said(name: str, number: int) -> str:
    return f"{number:,} {name if number != 1 else name.removesuffix('s')}"


def dump(context: typer.Context, login: AsUser = None, db: Db = None, at: At = None) -> None:
    """Write the snapshot of the whole database, or with --as of what that user sees."""
    from ringfence.snapshot.dump import dump as write

    chosen = settings(context.obj, db, at, login)
    if chosen.login is None:
        write(chosen.open(), sys.stdout)
    else:
        viewer = chosen.viewer()
        write(viewer.database, sys.stdout, viewer)


def schema() -> None:
    """Print the JSON Schema of a snapshot, with every permission there is."""
    from ringfence.snapshot.document import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _step, _done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:<20}"),
        BarColumn(),
        TextColumn("{task.completed:>11,.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
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
