"""The commands, as Typer knows them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.exceptions import TyperException
from typer.main import get_command, get_group

from ringfence import __version__
from ringfence.cli import audit, coverage, describing, explaining, ingest, init, now, records, snapshots, start, worker
from ringfence.cli.bearing import Bearing
from ringfence.cli.options import SHARED, AsUser, At, Db, Group, Mouse, Replica, SeeAs, Theme, looks, meaningless
from ringfence.cli.settings import ASKED, Identity, Settings, WrongUsage, settings
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED, KINDS, LISTED, PARTS

_HELP: Final = """Says who may see which customers and devices, and shows exactly that.

Without a command, opens the console on the database. To look around first:

\b
  ringfence demo                               the console on demo data
  ringfence --db my.db load FILE               fills a database of your own
  ringfence --db my.db list devices --as olga  what olga sees of it
"""

_OWN: Final = {
    "customers": "customers",
    "devices": "devices",
    "edges": "edges",
    "alarms": "alarms",
    "alarm-rules": "alarm_rules",
    "test-mode": "test_mode",
    "attributes": "attributes",
    "users": "users",
    "profile": "profile",
    "keys": "keys",
    "sign-ins": "sign_ins",
    "tokens": "tokens",
    "ssh": "ssh",
    "telemetry": "telemetry",
    "listen": "listen",
    "audit": "audit",
    "config": "config",
    "db": "database",
}
"""The groups of commands that have modules of their own; the other kinds' are made from their declarations."""


_OVER_SSH: Final = frozenset(
    {
        *(
            "list",
            "count",
            "can",
            "why",
            "who",
            "rights",
            "import",
            "coverage",
            "now",
            "what-if",
            "dump",
            "schema",
            "undo",
            "help",
        ),
        *("attributes", "profile", "keys", "sign-ins", "telemetry", "tokens"),
        *(kind.name for kind in (*KINDS.values(), *PARTS.values())),
    }
)
"""What there is for whoever comes over SSH: that which they do by their own rights, and no more."""


def _groups() -> dict[str, Callable[[], typer.Typer]]:
    """What makes each group of commands."""
    own = {name: partial(_own, module) for name, module in _OWN.items()}
    kinds = {kind.name: own.pop(kind.name, partial(_declared, kind)) for kind in KINDS.values() if kind.noun in EDITED}
    parts = {kind.name: partial(_part, kind) for kind in PARTS.values()}
    return {**kinds, **parts, **own}


def _own(module: str) -> typer.Typer:
    found: typer.Typer = import_module(f"ringfence.cli.{module}").app
    return found


def _declared(kind: Kind) -> typer.Typer:
    from ringfence.cli.nouns import commands_of

    return commands_of(kind)


def _part(kind: Kind) -> typer.Typer:
    return typer.Typer(
        cls=Group, help=f"{kind.several.capitalize()}, of the devices that a user may open: list, count."
    )


class _Commands(Group):
    """Makes the parsers of a group of commands only for whoever asks for it: that takes longer than many an answer."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._groups = _groups()
        self.commands.update({name: Group(name=name) for name in self._groups})
        self._made: set[str] = set()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        if cmd_name in self._groups and cmd_name not in self._made:
            group = self.commands[cmd_name] = get_group(self._groups[cmd_name]())
            group.name = cmd_name
            if cmd_name in LISTED:  # the words in the other order
                group.commands.update(get_group(records.commands_of(LISTED[cmd_name])).commands)
            self._made.add(cmd_name)
        return super().get_command(ctx, cmd_name)


app = typer.Typer(
    name="ringfence",
    cls=_Commands,
    help=_HELP,
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _install(context: typer.Context, wanted: bool) -> None:
    if wanted:
        _demand_over_ssh(context.obj, "--install-completion")
        from ringfence.cli.completion import install

        install()
        raise typer.Exit


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ringfence {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    db: Db = None,
    replica: Replica = None,
    at: At = None,
    login: AsUser = None,
    see_as: SeeAs = None,
    theme: Theme = None,
    mouse: Mouse = None,
    fresh: Annotated[
        bool | None,
        typer.Option("--fresh", help="Open the console anew, not where it was left."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    completion: Annotated[
        bool,
        typer.Option(
            "--install-completion",
            callback=_install,
            is_eager=True,
            help="Have this shell (bash, zsh or fish) complete command lines, keys and logins among them.",
        ),
    ] = False,
) -> None:
    """Keeps what stands before the command, and opens the console where there is none."""
    del version, completion
    if context.invoked_subcommand is not None:
        _demand_over_ssh(context.obj, context.invoked_subcommand)
    chosen = settings(context.obj, db, at, login, see_as, replica)
    context.obj = looks(chosen, theme, mouse)._replace(fresh=fresh)
    if context.invoked_subcommand is None:
        start.console(_of_the_present(context.obj))


def _demand_over_ssh(chosen: object, command: str) -> None:
    """Raises WrongUsage for a command that there is not for whoever came over SSH."""
    confined = isinstance(chosen, Settings) and chosen.identity is not None and chosen.identity.confined
    if confined and command not in _OVER_SSH:
        raise WrongUsage(f"{command} is for the owner of the database, and not over ssh")


def demo(
    context: typer.Context,
    login: AsUser = None,
    theme: Theme = None,
    mouse: Mouse = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Let nothing come in while it is open.")] = False,
) -> None:
    """Open the console on a scratch copy of demo data, free to switch between its users with F2.

    While it is open, its devices go on to say something, and alarms come and go. Where output is no terminal: print who
    sees what, and exit.
    """
    chosen = looks(settings(context.obj, None, None, login), theme, mouse)
    start.demo(chosen._replace(identity=None), quiet=quiet)  # a token is for no scratch copy


def _of_the_present(chosen: Settings) -> Settings:
    if chosen.at is not None:
        raise WrongUsage(meaningless("--at", "the console, which shows the present"))
    if chosen.see_as is not None:
        raise WrongUsage(meaningless("--see-as", "the console, where F2 does it"))
    return chosen


records.register(app)
snapshots.register(app)
app.command("init")(init.init)
app.command("ingest")(ingest.ingest)
app.command("worker")(worker.worker)
app.command("why")(explaining.why)
app.command("who")(explaining.who)
app.command("rights")(explaining.rights)
app.command("coverage")(coverage.coverage)
app.command("now")(now.now)
app.command("demo")(demo)
app.command("undo")(audit.undo)
app.command("help")(describing.describe)


@cache
def _program() -> Any:
    return get_command(app)


def execute(arguments: Sequence[str], identity: Identity | Bearing | None = None) -> int:
    """Runs a command. Returns its exit status; raises WrongUsage, and whatever the command raises."""
    streams = sys.stdout, sys.stderr
    if asked := os.environ.get(ASKED):
        from ringfence.cli.completion import complete

        return complete(_program(), asked)
    try:
        chosen = Settings(identity=identity)
        result = _program()(args=list(arguments), prog_name="ringfence", standalone_mode=False, obj=chosen)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "ringfence"
        unknown = getattr(error, "option_name", "")
        if unknown in SHARED:
            raise WrongUsage(meaningless(unknown, f"'{command}'")) from error
        raise WrongUsage(f"{error.format_message().rstrip('.')}: see '{command} --help'") from error
    except typer.Abort:
        raise KeyboardInterrupt from None
    except SystemExit:
        # What the framework makes of a pipe that nobody reads any more.
        sys.stdout, sys.stderr = streams
        raise BrokenPipeError from None
    return result if isinstance(result, int) else 0
