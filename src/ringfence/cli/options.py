"""The options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Signature, signature
from typing import Annotated, Any, Final, Literal

import typer
from typer.core import TyperGroup

from ringfence.cli.settings import Settings, WrongUsage
from ringfence.domain.kind import Kind

Db = Annotated[
    str | None,
    typer.Option("--db", metavar="URL", help="The path of an SQLite file, or a postgresql:// URL. [env: RINGFENCE_DB]"),
]
Replica = Annotated[
    str | None,
    typer.Option(
        "--replica",
        metavar="URL",
        help="A standby of the PostgreSQL server of --db, where looks go. [env: RINGFENCE_REPLICA]",
    ),
]
At = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="Judge validity windows at (ISO 8601, with offset).")
]
Theme = Annotated[
    str | None, typer.Option("--theme", metavar="NAME", help="The console's theme. [env: RINGFENCE_THEME]")
]
Mouse = Annotated[
    bool | None,
    typer.Option("--mouse/--no-mouse", help="Whether the mouse works in the console too. [env: RINGFENCE_MOUSE]"),
]
Under = Annotated[
    str | None, typer.Option("--under", metavar="CUSTOMER-KEY", help="Only this customer and those nested below it.")
]
Counted = Annotated[Literal["text", "json"], typer.Option("--format", help="json has keys and numbers.")]
OfLogin = Annotated[
    str | None, typer.Option("--login", metavar="LOGIN", help="Those of this user; by default, of whoever asks.")
]
AsUser = Annotated[str | None, typer.Option("--as", metavar="LOGIN", help="The user whose view it is.")]
SeeAs = Annotated[
    str | None,
    typer.Option(
        "--see-as",
        metavar="LOGIN",
        help="Through the eyes of this user, as far as one sees the same oneself; it is audited.",
    ),
]

SHARED: Final = {
    "--db": "names a database",
    "--at": "is for looking, by today's grants",
    "--as": "says by whose rights",
    "--see-as": "only looks",
    "--theme": "is for the console",
    "--mouse": "is for the console",
    "--fresh": "is for the console on a database of your own",
}
"""The options that may stand before any command, and what each does."""


def meaningless(option: str, where: str) -> str:
    """Why one of them is wrong usage there."""
    return f"{option} {SHARED[option]}: it means nothing to {where}"


class Group(TyperGroup):
    """A group of commands. What stands before a command that does not take it too is wrong usage: no option is ever
    ignored."""

    def resolve_command(self, ctx: Any, args: Any) -> Any:
        """The command that is meant. Raises WrongUsage where something before it means nothing to it."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and not isinstance(command, TyperGroup):
            root = ctx.find_root()
            before = {option: one.name for one in root.command.params for option in one.opts}
            taken = {option for one in command.params for option in one.opts}
            if root.params.get("replica") is not None and "--db" not in taken:
                raise WrongUsage(
                    f"--replica is a standby of a database: it means nothing to '{ctx.command_path} {name}'"
                )
            for option in SHARED:
                if option not in taken and root.params[before[option]] is not None:
                    raise WrongUsage(meaningless(option, f"'{ctx.command_path} {name}'"))
            for one in command.params:
                for yes, no in zip(one.opts, one.secondary_opts, strict=False):
                    if yes in rest and no in rest:
                        raise WrongUsage(f"say one of {yes} and {no}")
        return name, command, rest


def looks(chosen: Settings, theme: str | None, mouse: bool | None) -> Settings:
    """The settings, with what the console is to look like put over them."""
    return chosen._replace(
        theme=chosen.theme if theme is None else theme, mouse=chosen.mouse if mouse is None else mouse
    )


def known(command: Callable[..., int | None], kind: Kind, **annotations: Any) -> Callable[..., int | None]:
    """A command that asks for a kind, for one that was named before it; some of its parameters may be annotated in
    other words."""
    parameters = dict(signature(command, eval_str=True).parameters)
    del parameters["kind"]
    for name, annotation in annotations.items():
        parameters[name] = parameters[name].replace(annotation=annotation)

    def of_kind(**given: Any) -> int | None:
        return command(kind=kind.name, **given)

    of_kind.__dict__["__signature__"] = Signature(list(parameters.values()))
    of_kind.__annotations__ = {name: one.annotation for name, one in parameters.items()}
    return of_kind
