"""``tokens``: what stands for a user in programs, by RINGFENCE_TOKEN: made, listed and revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from ringfence.cli.changing import Editor
from ringfence.cli.columns import in_columns
from ringfence.cli.options import AsUser, Db, Group, OfLogin, SeeAs
from ringfence.cli.settings import checked, origin, settings
from ringfence.domain import clock, duration
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.text import as_json

if TYPE_CHECKING:
    from ringfence.services.api_tokens import Listed

app = typer.Typer(
    cls=Group,
    help="API tokens, which stand for a user in programs: create, list, revoke. One's own, and those of users whose "
    "tokens one may manage. RINGFENCE_TOKEN says a command line's.",
    rich_markup_mode=None,
)
_HEADINGS: Final = ("name", "stands for", "below", "made", "expires", "used", "made by")
_SPELLED: Final = {"name": "NAME", "permissions": "--permissions", "customer": "--under", "expires": "--expires"}
_NAMED: Final = 3


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for; no other token of the user has it.")],
    login: Editor = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="TIME", help="In so long: 12h, 90d. By default it holds until revoked."),
    ] = None,
    permissions: Annotated[
        list[str] | None,
        typer.Option(
            "--permissions",
            metavar="PERMISSION",
            help="It stands for these alone: one, or several with commas; repeatable. By default all the user has.",
        ),
    ] = None,
    under: Annotated[
        str | None,
        typer.Option("--under", metavar="CUSTOMER-KEY", help="It opens this customer and those nested in it alone."),
    ] = None,
    user: OfLogin = None,
    db: Db = None,
) -> None:
    """Make a token, and print it: it is shown this once, and kept as a hash.

    It never opens more than its user sees and does, as that is when it is used, and ends with them. A token for
    somebody else holds as long as whoever made it holds all that it gives.
    """
    from ringfence.services import api_tokens, naming

    chosen = settings(context.obj, db, None, login)
    viewer = chosen.viewer()
    wanted = None
    if permissions:
        wanted = {one.strip() for each in permissions for one in each.split(",") if one.strip()}
    try:
        seconds = None if expires is None else duration.read(expires)
    except RingfenceError as error:
        raise Refused(f"--expires: {error}") from None
    try:
        secret = api_tokens.make(
            viewer,
            name,
            origin("command line", chosen.proven),
            login=None if user is None else checked(user),
            permissions=wanted,
            under=None if under is None else naming.record_id(viewer, "customers", under),
            lasts=None if seconds is None else timedelta(seconds=seconds),
        )
    except Refused as error:
        raise Refused(f"{_SPELLED[error.field]}: {error}" if error.field in _SPELLED else str(error)) from None
    typer.echo(secret)
    typer.echo("ringfence: this token is not shown again: keep it where its program reads RINGFENCE_TOKEN", err=True)


@app.command("list")
def list_(
    context: typer.Context,
    login: AsUser = None,
    see_as: SeeAs = None,
    user: OfLogin = None,
    output: Annotated[Literal["text", "json"], typer.Option("--format", help="json has every permission.")] = "text",
    db: Db = None,
) -> None:
    """List a user's tokens, by name: what each stands for, and when it was used last."""
    from ringfence.services import api_tokens

    viewer = settings(context.obj, db, None, login, see_as).viewer()
    found = api_tokens.of_user(viewer, None if user is None else checked(user))
    if output == "json":
        typer.echo(as_json([_data(one) for one in found], indent=2))
        return
    for line in in_columns([_HEADINGS, *map(_cells, found)]) if found else ():
        typer.echo(line)


@app.command()
def revoke(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="The tokens' names.")],
    login: Editor = None,
    user: OfLogin = None,
    db: Db = None,
) -> None:
    """Revoke tokens: whoever uses one is out at their next command, or question."""
    from ringfence.services import api_tokens
    from ringfence.text import many

    chosen = settings(context.obj, db, None, login)
    api_tokens.revoke(
        chosen.viewer(), names, origin("command line", chosen.proven), login=None if user is None else checked(user)
    )
    typer.echo(f"revoked {many(len(set(names)), 'token')}")


def _cells(one: Listed) -> tuple[str, ...]:
    held = one.permissions
    stands = "all of its user's" if held is None else ", ".join(held[:_NAMED])
    if held is not None and len(held) > _NAMED:
        stands += f" and {len(held) - _NAMED} more"
    until = "expired" if one.expired else "" if one.expires is None else clock.iso(one.expires)
    below = "something that you may not see" if one.hidden else one.under
    used = "" if one.used is None else clock.iso(one.used)
    return one.name, stands, below, clock.iso(one.made), until, used, one.by


def _data(one: Listed) -> dict[str, object]:
    def iso(moment: object) -> object:
        return moment if moment is None else clock.iso(moment)  # type: ignore[arg-type]

    moments = {name: iso(getattr(one, name)) for name in ("made", "expires", "used")}
    return {key: value for key, value in {**one._asdict(), **moments}.items() if key != "id"}
