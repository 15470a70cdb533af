"""``keys``: the SSH keys by which users come in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from ringfence.cli import files
from ringfence.cli.changing import Editor, Format
from ringfence.cli.columns import in_columns
from ringfence.cli.options import AsUser, Db, Group, OfLogin
from ringfence.cli.settings import checked, origin, settings
from ringfence.domain import clock
from ringfence.domain.text import as_json

app = typer.Typer(
    cls=Group,
    help="SSH keys: add, list, remove. One's own, and those of users whom one may edit.",
    rich_markup_mode=None,
)
_HEADINGS: Final = ("fingerprint", "type", "comment", "added", "last used")


@app.command()
def add(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A public key, as ssh-keygen writes it; - is standard input.")
    ],
    login: Editor = None,
    user: OfLogin = None,
    db: Db = None,
) -> None:
    """Add a key: of ed25519, ECDSA, RSA from 3072 bits, or a security key. Prints its fingerprint."""
    from ringfence.identity.keys import MOST_BYTES
    from ringfence.services import ssh_keys

    written = files.read(files.source(context.obj, file), MOST_BYTES)
    chosen = settings(context.obj, db, None, login)
    whence = origin("command line", chosen.proven)
    typer.echo(ssh_keys.add(chosen.viewer(), written, whence, None if user is None else checked(user)))


@app.command("list")
def list_(
    context: typer.Context,
    login: AsUser = None,
    user: OfLogin = None,
    output: Format = "text",
    db: Db = None,
) -> None:
    """List the keys, and when each was last used."""
    from ringfence.services import ssh_keys

    viewer = settings(context.obj, db, None, login).viewer()
    found = ssh_keys.keys_of(viewer, None if user is None else checked(user))
    rows = [
        (one.fingerprint, one.kind, one.comment, clock.iso(one.added), "" if one.used is None else clock.iso(one.used))
        for one in found
    ]
    if output == "json":
        names = ("fingerprint", "type", "comment", "added", "used")
        typer.echo(as_json([{**dict(zip(names, row, strict=True)), "used": row[-1] or None} for row in rows], indent=2))
        return
    for line in in_columns([_HEADINGS, *rows]) if rows else ():
        typer.echo(line)


@app.command()
def remove(
    context: typer.Context,
    fingerprint: Annotated[str, typer.Argument(metavar="FINGERPRINT", help="As it is listed: SHA256:…")],
    login: Editor = None,
    user: OfLogin = None,
    db: Db = None,
) -> None:
    """Remove a key: it lets nobody in from now on, and whoever is in by it is out at their next action."""
    from ringfence.services import ssh_keys

    chosen = settings(context.obj, db, None, login)
    whence = origin("command line", chosen.proven)
    ssh_keys.remove(chosen.viewer(), fingerprint, whence, None if user is None else checked(user))
    typer.echo(f"removed {fingerprint}")
