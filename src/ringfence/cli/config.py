"""``config``: what the user has set, edited and checked."""

from __future__ import annotations

import os
import shlex
import subprocess

import typer

from ringfence.cli.options import Group
from ringfence.cli.settings import Faults
from ringfence.domain.errors import RingfenceError
from ringfence.preferences import configuration

app = typer.Typer(cls=Group, help="Your configuration of the console: edit, check.", rich_markup_mode=None)


@app.command()
def edit() -> None:
    """Open config.toml in $VISUAL or $EDITOR, made with every setting and its default where there is none yet; then
    check what was saved."""
    from ringfence.storage import files

    path = configuration.path()
    if not os.path.lexists(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with files.whole(path) as new:
            new.write_text(_template(), encoding="utf-8")
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        words = [*shlex.split(editor), str(path)]
        status = subprocess.run(words, check=False).returncode  # noqa: S603 - the editor that the user has named
    except (OSError, ValueError, IndexError) as error:
        raise RingfenceError(f"the editor {editor!r} cannot be run: set EDITOR to one, or edit {path}") from error
    if status:
        raise RingfenceError(f"the editor {editor!r} ended with status {status}: {path} is as it left it")
    check()


@app.command()
def check() -> None:
    """Look for what is wrong in config.toml. Every fault is a line, with the number of its own."""
    path = configuration.path()
    if not os.path.lexists(path):
        typer.echo(f"there is no {path}: 'ringfence config edit' makes it")
        return
    if faults := faults_of(configuration.load()):
        raise Faults([f"{path} has faults: the rest of it counts", *map(str, faults)])
    typer.echo(f"{path} is sound")


def faults_of(found: configuration.Configuration) -> list[configuration.Fault]:
    """What is wrong with what was read, with what only the console knows: its commands and its themes."""
    from ringfence.console.keymap import heard
    from ringfence.console.rooms import together
    from ringfence.console.themes import load_themes, no_theme

    themes = {theme.name for theme in load_themes()[0]}
    named = [configuration.Placed(found.theme, found.lines["theme"])] if found.theme else []
    unknown = [no_theme(one.value, one.line) for one in (*named, *found.themes.values()) if one.value not in themes]
    return sorted([*found.faults, *unknown, *heard(found.keys, together())[1]])


def _template() -> str:
    from ringfence.console.keymap import every_command
    from ringfence.console.rooms import together
    from ringfence.console.themes import load_themes

    return configuration.template(every_command(together()), [theme.name for theme in load_themes()[0]])
