"""``ringfence``: its commands, and how errors are said."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from typer.exceptions import TyperException

from ringfence import __version__
from ringfence.cli import database, records, snapshots, start
from ringfence.cli.options import AsUser, At, Db, settings
from ringfence.domain.errors import InvalidDocument, RingfenceError

_HELP: Final = """Says who may see which customers and devices, and shows exactly that.

Without a command, opens the console on the database. To look around first:

\b
  ringfence demo                               the console on demo data
  ringfence --db my.db load FILE               fills a database of your own
  ringfence --db my.db list devices --as olga  what olga sees of it
"""

app = typer.Typer(
    name="ringfence",
    help=_HELP,
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ringfence {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    db: Db = None,
    at: At = None,
    login: AsUser = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keeps what stands before the command, and opens the console where there is none."""
    del version
    context.obj = settings(None, db, at)
    if context.invoked_subcommand is None:
        start.console(context.obj, login)


records.register(app)
snapshots.register(app)
start.register(app)
app.add_typer(database.app, name="db")


def run(arguments: Sequence[str]) -> int:
    """Runs a command line. Returns its exit status: 0, 1 for a refusal or failure, 2 for wrong usage."""
    try:
        result = app(args=list(arguments), prog_name="ringfence", standalone_mode=False)
        sys.stdout.flush()
    except InvalidDocument as error:
        return _fail(error.faults)
    except RingfenceError as error:
        return _fail([str(error)])
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except TyperException as error:
        # The framework's own: wrong usage (status 2) for the most part, with the command it was about.
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "ringfence"
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        _fail([f"{message.rstrip('.')}: see '{command} --help'"])
        return int(getattr(error, "exit_code", 2))
    except BrokenPipeError:
        # Whoever reads has seen enough. What is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except UnicodeEncodeError:
        return _fail(["an argument or the output's encoding cannot say this text: use a UTF-8 locale"])
    except MemoryError:
        return _fail(["out of memory: work on a smaller file, or on a larger machine"])
    except OSError as error:
        return _fail([f"{error.filename or 'output'}: {error.strerror or error}"])
    return result if isinstance(result, int) else 0


def _fail(lines: Sequence[str]) -> int:
    for line in lines:
        safe = "".join(c if c.isprintable() or c == " " else "?" for c in line)
        print(f"ringfence: error: {safe}".encode(errors="replace").decode(), file=sys.stderr)  # noqa: T201
    return 1
