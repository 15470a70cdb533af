"""``ssh``: the door that sshd opens for whoever has a key."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from ringfence.cli import door
from ringfence.cli.options import Db, Group
from ringfence.cli.settings import Faults, settings

app = typer.Typer(
    cls=Group,
    help="Coming in over SSH, by OpenSSH's sshd: setup, check; and what sshd runs: authorized-keys, session.",
    rich_markup_mode=None,
)
Account = Annotated[
    str, typer.Option("--account", metavar="NAME", help="The account of the machine that everybody comes to.")
]
_ACCOUNT = "ringfence"


@app.command("authorized-keys")
def authorized_keys(
    context: typer.Context,
    account: Annotated[str, typer.Argument(metavar="USER", help="The account that somebody comes to: %u.")],
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="The type of their key: %t.")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key in base 64: %k.")],
    db: Db = None,
) -> None:
    """For sshd's AuthorizedKeysCommand: print one line for a key of an active user, and nothing for any other.

    Whatever is wrong, it prints nothing and exits with 0: whoever asks is nobody yet.
    """
    door.authorized_keys(settings(context.obj, db, None), (account, kind, key))


@app.command()
def session(
    context: typer.Context,
    fingerprint: Annotated[str, typer.Argument(metavar="FINGERPRINT", help="Of the key that somebody came with.")],
    db: Db = None,
) -> int:
    """What sshd runs for whoever came with a key: the console, or the command line that they sent, as that user.

    No shell, and no file of this machine: commands that take a FILE take - alone.
    """
    return door.session(settings(context.obj, db, None), fingerprint)


@app.command()
def setup(context: typer.Context, account: Account = _ACCOUNT, db: Db = None) -> None:
    """Print what sets sshd up: the account, the modes of files, and the lines of sshd_config."""
    from ringfence.cli.ssh_host import demand_account, steps

    demand_account(account)
    words = [*door.program(), *door.named(settings(context.obj, db, None).db)]
    typer.echo("\n".join(steps(account, shlex.join(words))))


@app.command()
def check(
    context: typer.Context,
    account: Account = _ACCOUNT,
    config: Annotated[
        str | None, typer.Option("--sshd-config", metavar="PATH", help="By default that of the system's sshd.")
    ] = None,
    db: Db = None,
) -> None:
    """Find what is wrong with the door on this machine, a line each. Run it as root: sshd's keys are root's."""
    from ringfence.cli.ssh_host import demand_account, faults

    demand_account(account)
    if found := faults(account, settings(context.obj, db, None).db, config):
        raise Faults(found)
    typer.echo(f"whoever has a key comes in as {account}: nothing is wrong")
