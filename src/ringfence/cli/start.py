"""``ringfence`` and ``ringfence demo``: opening the console."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from ringfence.cli.options import AsUser, Settings
from ringfence.domain.errors import RingfenceError

if TYPE_CHECKING:
    from ringfence.services.workspace import Workspace


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("demo")(demo)


def console(chosen: Settings, login: str | None) -> None:
    """The console on the database of ``--db``, which asks who you are unless ``--as`` says so."""
    if not _on_terminal():
        raise RingfenceError(
            "the console needs a terminal: use 'ringfence list' and its like, or see 'ringfence --help'"
        )

    def connect() -> Workspace:
        from ringfence.services.workspace import Workspace

        return Workspace(chosen.open())

    _run(connect, login, demo=False)


def demo(context: typer.Context, login: AsUser = None) -> None:
    """Open the console on a scratch copy of demo data, free to switch between its users with F2.

    Where output is no terminal: print who sees what, and exit.
    """
    del context
    if not _on_terminal():
        _print_story()
        return
    from contextlib import ExitStack

    with ExitStack() as stack:

        def connect() -> Workspace:
            from ringfence.services.workspace import Workspace
            from ringfence.snapshot.demo import scratch_copy

            return Workspace(stack.enter_context(scratch_copy()))

        from ringfence.console.start import DEMO_LOGIN

        _run(connect, login or DEMO_LOGIN, demo=True)


def _run(connect: Callable[[], Workspace], login: str | None, *, demo: bool) -> None:
    if os.environ.get("TERM") in (None, "", "dumb"):
        raise RingfenceError(
            "this terminal cannot place a cursor (TERM is dumb or unset): set TERM, such as xterm-256color"
        )
    from ringfence.console.start import run_console

    run_console(connect, login, demo=demo)


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _print_story() -> None:
    from ringfence.services.workspace import Workspace
    from ringfence.snapshot.demo import scratch_copy
    from ringfence.snapshot.story import WHO_SHOWS_WHAT

    with scratch_copy() as database:
        workspace = Workspace(database)
        typer.echo("Who sees what in the demo:\n")
        for login, situation in WHO_SHOWS_WHAT:
            profile = workspace.profile_of(login)
            seen = (
                f"{profile.customers} of {profile.total_customers} customers, "
                f"{profile.devices} of {profile.total_devices} devices"
            )
            typer.echo(f"{login:<14} {profile.name:<20} {seen}")
            typer.echo(f"{'':<14} {situation}")
            if profile.reason:
                typer.echo(f"{'':<14} Sees nothing: {profile.reason}.")
