"""``profile``: what everybody may see and change of themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli import files
from ringfence.cli.changing import Change, DryRun, Editor, Format, given, keys_of, named, work
from ringfence.cli.options import Db, Group
from ringfence.cli.settings import Faults, settings
from ringfence.domain.errors import RingfenceError
from ringfence.domain.text import as_json

if TYPE_CHECKING:
    from ringfence.services.edited import Opened
    from ringfence.visibility.viewer import Viewer

app = typer.Typer(
    cls=Group,
    help="Yourself: your name and e-mail address, and your settings of the console over SSH, which you may change "
    "without any permission.",
    rich_markup_mode=None,
)


@app.command()
def show(
    context: typer.Context,
    login: Editor = None,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Show who the user of --as is."""
    viewer = settings(context.obj, db, None, login).viewer()
    typer.echo(_text(viewer) if output == "text" else as_json(_data(viewer), indent=2))


@app.command()
def edit(
    context: typer.Context,
    login: Editor = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Another name.")] = None,
    email: Annotated[str | None, typer.Option("--email", metavar="ADDRESS", help="Another e-mail address.")] = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Change the name or e-mail address of the user of --as, and nothing else of them."""
    from ringfence.services import accounts
    from ringfence.services.editing import Edit

    fields = given({}, name=name, email=email)
    working = work(context, db, login, dry_run=dry_run, output=output)
    own = accounts.own_record(working.viewer)
    edits = [Edit("user", own.id, own.state, replace(own.state, **fields), own.revision)]
    working.make(Change("edit", "user", edits, named("user", [own]), keys=keys_of([own])))


@app.command("settings")
def own_settings(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Set what it says; - is standard input. Empty sets nothing.")
    ] = None,
    login: Editor = None,
    db: Db = None,
) -> None:
    """Print what the user of --as has set for the console over SSH, as config.toml would have it; or set it."""
    from ringfence.services import own_console

    viewer = settings(context.obj, db, None, login).viewer()
    if file is None:
        typer.echo(own_console.settings(viewer), nl=False)
        return
    from ringfence.cli.config import faults_of
    from ringfence.preferences.configuration import parse

    data = files.read(files.source(context.obj, file), own_console.LONGEST)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise RingfenceError("this is no text in UTF-8") from None
    found = parse(data)
    faults = [str(one) for one in faults_of(found)]
    if found.database:
        faults.append("database: over ssh it is always the one that one comes to")
    if faults:
        raise Faults(faults)
    own_console.take_settings(viewer, text)


def _opened(viewer: Viewer) -> tuple[Opened, str, str | None]:
    """The own record, with name and key of its home where the user may list that."""
    from ringfence.services import accounts, naming

    own = accounts.own_record(viewer)
    home = own.names["home"].get(own.state.home, "")
    return own, home, naming.key_of(viewer, "customers", own.state.home)


def _text(viewer: Viewer) -> str:
    from ringfence.text import literal

    own, home, _ = _opened(viewer)
    lines = [("name", own.state.name), ("login", own.state.login), ("e-mail", own.state.email)]
    lines += [("home", home)] if home else []
    return "\n".join(f"{label:<8}{literal(value)}".rstrip() for label, value in lines)


def _data(viewer: Viewer) -> dict[str, str | None]:
    own, _, home = _opened(viewer)
    state = own.state
    return {"key": state.key, "home": home, "login": state.login, "name": state.name, "email": state.email}
