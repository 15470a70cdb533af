"""``sign-ins``: the sessions that have not ended, and ending them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import typer

from ringfence.cli.changing import Editor
from ringfence.cli.columns import in_columns
from ringfence.cli.options import AsUser, Db, Group, SeeAs
from ringfence.cli.settings import WrongUsage, checked, origin, settings
from ringfence.domain import clock
from ringfence.domain.errors import RingfenceError
from ringfence.domain.text import as_json

app = typer.Typer(
    cls=Group,
    help="Sessions of those who are signed in: list, end. One's own, and those of users whom one may edit.",
    rich_markup_mode=None,
)
_HEADINGS: Final = ("id", "login", "name", "how", "from", "began", "seen")
_MOST: Final = 2**31 - 1


@app.command("list")
def list_(
    context: typer.Context,
    login: AsUser = None,
    see_as: SeeAs = None,
    user: Annotated[str | None, typer.Option("--login", metavar="LOGIN", help="Only those of this user.")] = None,
    output: Annotated[
        Literal["text", "json"], typer.Option("--format", help="json has fingerprints of keys and tokens, too.")
    ] = "text",
    db: Db = None,
) -> None:
    """List the sessions that have not ended, the newest first."""
    from ringfence.services import sign_ins

    viewer = settings(context.obj, db, None, login, see_as).viewer()
    found = sign_ins.all_of(viewer, None if user is None else checked(user))
    if output == "json":
        rows = [{**one._asdict(), "began": clock.iso(one.began), "seen": clock.iso(one.seen)} for one in found]
        typer.echo(as_json([{key: row[key] for key in row if key != "user_id"} for row in rows], indent=2))
        return
    lines = [
        _HEADINGS,
        *(
            (str(one.id), one.login, one.name, one.how, one.origin, clock.iso(one.began), clock.iso(one.seen))
            for one in found
        ),
    ]
    for line in in_columns(lines) if found else ():
        typer.echo(line)


@app.command()
def end(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Their numbers, as they are listed.")],
    login: Editor = None,
    db: Db = None,
) -> None:
    """End sessions: whoever is in one is out at their next key."""
    from ringfence.services import sign_ins
    from ringfence.text import many

    wrong = next((one for one in ids if not (one.isascii() and one.isdecimal())), None)
    if wrong is not None:
        raise WrongUsage(f"{wrong!r} is no number of a session: 'ringfence sign-ins list' shows them")
    wanted = dict.fromkeys(map(int, ids))
    if max(wanted) > _MOST:
        raise RingfenceError(f"there is no session {max(wanted)}: 'ringfence sign-ins list' shows those there are")
    chosen = settings(context.obj, db, None, login)
    sign_ins.end(chosen.viewer(), list(wanted), origin("command line", chosen.proven))
    typer.echo(f"ended {many(len(wanted), 'session')}")
