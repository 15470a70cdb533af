"""``users``: creating, editing, activating, deactivating and deleting users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ringfence.cli.changing import (
    Change,
    DryRun,
    Editor,
    Format,
    Work,
    edited,
    find,
    given,
    keys_of,
    named,
    place,
    work,
)
from ringfence.cli.fields import option, with_options
from ringfence.cli.nouns import deleting, demand_consistent, options_of, plain_of, said_of, tied
from ringfence.cli.options import Db, Group
from ringfence.cli.settings import checked, origin, settings
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.ids import only
from ringfence.domain.user import USERS, UserState

if TYPE_CHECKING:
    from ringfence.services.editing import Edit
    from ringfence.visibility.viewer import Viewer

app = typer.Typer(
    cls=Group,
    help="Users: create, edit, activate, deactivate, invite, reset-second-factor, delete, import. 'ringfence list "
    "users' lists them.",
    rich_markup_mode=None,
)

Logins = Annotated[list[str], typer.Argument(metavar="LOGIN...", help="The users' logins.")]
_ADMINISTRATORS: Final = -2  # and the number below it
_OWN: Final = ("login", "active")
"""The fields that have options, or commands, of their own."""
_ABOUT: Final = {
    "security_groups": "Put into this security group, for good",
    "customer_groups": "Filtered by this customer group",
    "sites": "Given this one, for roles of its level",
    "no_security_groups": "Taken out of it",
    "no_customer_groups": "No longer filtered by it",
    "no_sites": "Taken away from them",
}


@app.command()
@with_options(dict(options_of(USERS, *_OWN, editing=False, about=_ABOUT)))
def create(
    context: typer.Context,
    new: Annotated[str, typer.Argument(metavar="LOGIN", help="What they sign in with.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Their name.")],
    login: Editor = None,
    administrator: Annotated[
        bool, typer.Option("--account-administrator", help="They run their home: its devices, its people, all in it.")
    ] = False,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
    **fields: Any,
) -> None:
    """Create a user, and print their key. Without a security group they see nothing."""
    from ringfence.services.editing import Edit

    fields = said_of(fields)
    working = work(context, db, login, dry_run=dry_run, output=output)
    viewer = working.viewer
    belongs, where = place(viewer, USERS.noun, fields.get("home"), "--home")
    state = tied(viewer, USERS, UserState(belongs, new, name, **plain_of(USERS, fields)), fields)
    making: Sequence[Edit] = ()
    more: list[str] = []
    if administrator:
        group, making, more = _administrators(viewer, belongs)
        state = _with_group(state, group)
    edits = [*making, Edit(USERS.noun, -1, None, state)]
    working.make(Change("create", USERS.noun, edits, f"user “{name}”", f"in “{where}”", new=-1, more=more))


@app.command()
@with_options({"name": option(USERS, "name"), **dict(options_of(USERS, *_OWN, editing=True, about=_ABOUT))})
def edit(
    context: typer.Context,
    user: Annotated[str, typer.Argument(metavar="LOGIN", help="Their login.")],
    login: Editor = None,
    new: Annotated[str | None, typer.Option("--login", metavar="LOGIN", help="Another login.")] = None,
    administrator: Annotated[
        bool | None,
        typer.Option(
            "--account-administrator/--no-account-administrator", help="Whether they run their home, and all in it."
        ),
    ] = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
    **fields: Any,
) -> None:
    """Edit a user. What is not named stays as it is; groups and sites are added to what they have.

    An account administrator whose home changes runs the new one from then on.
    """
    from ringfence.services.editing import Edit

    fields = said_of(fields)
    demand_consistent(USERS, fields)
    given(fields, login=new, administrator=administrator)
    working = work(context, db, login, dry_run=dry_run, output=output)
    viewer = working.viewer
    (opened,) = find(viewer, USERS.noun, [user])
    state: UserState = opened.state
    plain = plain_of(USERS, fields) | ({} if new is None else {"login": new})
    if "home" in fields:
        plain["home"] = place(viewer, USERS.noun, fields["home"], "--home")[0]
    after = tied(viewer, USERS, replace(state, **plain), fields)
    making: Sequence[Edit] = ()
    more: list[str] = []
    if administrator is not None or after.home != state.home:
        former = _administrated(viewer, state)
        if former is not None:
            after = _without_group(after, former)
        if administrator or (administrator is None and former is not None):
            group, making, more = _administrators(viewer, after.home)
            after = _with_group(after, group)
    edits = [*making, Edit(USERS.noun, opened.id, state, after, opened.revision)]
    working.make(Change("edit", USERS.noun, edits, named(USERS.noun, [opened]), keys=keys_of([opened]), more=more))


@app.command()
def activate(
    context: typer.Context,
    logins: Logins,
    login: Editor = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Let users sign in again, and see what they are given."""
    _activate(work(context, db, login, dry_run=dry_run, output=output), logins, active=True)


@app.command()
def deactivate(
    context: typer.Context,
    logins: Logins,
    login: Editor = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Let users neither sign in nor see anything; they keep what they are given."""
    _activate(work(context, db, login, dry_run=dry_run, output=output), logins, active=False)


@app.command()
def invite(
    context: typer.Context,
    user: Annotated[str, typer.Argument(metavar="LOGIN", help="Their login.")],
    login: Editor = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take the invitation back that they have.")] = False,
    db: Db = None,
) -> None:
    """Print an invitation by which a user signs in for the first time, or after a forgotten password. It lasts seven
    days, and is shown this once.

    Without --as it is the owner of the database who invites.
    """
    from ringfence.domain import clock
    from ringfence.services import invitations, naming

    chosen = settings(context.obj, db, None, login)
    whence = origin("command line", chosen.proven)
    if chosen.whose:
        viewer = chosen.viewer()
        (record,) = naming.ids_called(viewer, USERS.noun, [user])
        if revoke:
            invitations.revoke(viewer, record, whence)
            return
        invited = invitations.invite(viewer, record, whence)
    elif revoke:
        invitations.revoke_as_owner(chosen.open(), checked(user), whence)
        return
    else:
        invited = invitations.invite_as_owner(chosen.open(), checked(user), whence)
    typer.echo(invited.text)
    typer.echo(f"stands for {user}'s password until {clock.iso(invited.until)}: hand it to them alone", err=True)


@app.command("reset-second-factor")
def reset_second_factor(
    context: typer.Context,
    user: Annotated[str, typer.Argument(metavar="LOGIN", help="Their login.")],
    login: Editor = None,
    db: Db = None,
) -> None:
    """Take a second factor away that was lost, with its recovery codes; whatever they are signed in to ends. Where a
    role demands one, they set up another as they next sign in.

    Without --as it is the owner of the database who does.
    """
    from ringfence.services import naming, second_factors

    chosen = settings(context.obj, db, None, login)
    whence = origin("command line", chosen.proven)
    if chosen.whose:
        viewer = chosen.viewer()
        (record,) = naming.ids_called(viewer, USERS.noun, [user])
        second_factors.reset(viewer, record, whence)
    else:
        second_factors.reset_as_owner(chosen.open(), checked(user), whence)
    typer.echo(f"{user} has no second factor any more, and is signed in nowhere")


app.command("delete")(deleting(USERS))


def _activate(working: Work, logins: Sequence[str], *, active: bool) -> None:
    opened = find(working.viewer, "user", logins)
    changing = [one for one in opened if one.state.active != active]
    edits = edited(changing, {"active": active})
    verb = "activate" if active else "deactivate"
    working.make(Change(verb, "user", edits, named("user", changing or opened), keys=keys_of(changing)))


def _without_group(state: UserState, group: int) -> UserState:
    return replace(state, security_groups=only(state.security_groups, lambda held: held != group))


def _with_group(state: UserState, group: int) -> UserState:
    """Somebody who is in a group for good, and no other time."""
    rest = _without_group(state, group).security_groups
    return replace(state, security_groups=rest | {(group, (None, None))})


def _administrators(viewer: Viewer, home: int) -> tuple[int, Sequence[Edit], list[str]]:
    """The security group of a customer's account administrators, the edits that make it, and a word on them."""
    from ringfence.services import choices

    found = choices.administrators_of(viewer, home, _ADMINISTRATORS)
    if found is None:
        raise Refused("no account administrator is at home with the provider: give them a security group instead")
    group, name, making = found
    return group, making, [f"This makes the security group “{name}”."] if making else []


def _administrated(viewer: Viewer, state: UserState) -> int | None:
    """The group by which a user runs their home; None where they do not, or the viewer does not see it."""
    from ringfence.services import choices

    try:
        found = choices.administrators_of(viewer, state.home)
    except RingfenceError:
        return None
    return found[0] if found is not None and any(group == found[0] for group, _ in state.security_groups) else None
