"""``users``: creating, editing, activating, deactivating and deleting users."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from ringfence.cli.fields import typed, values
from ringfence.cli.nouns import deleting
from ringfence.cli.options import Db, Group
from ringfence.cli.settings import WrongUsage
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.user import USERS, UserState

if TYPE_CHECKING:
    from ringfence.services.editing import Edit
    from ringfence.visibility.viewer import Viewer

app = typer.Typer(
    cls=Group,
    help="Users: create, edit, activate, deactivate, delete, import. 'ringfence list users' lists them.",
    rich_markup_mode=None,
)

Logins = Annotated[list[str], typer.Argument(metavar="LOGIN...", help="The users' logins.")]
Groups = Annotated[
    list[str] | None,
    typer.Option("--group", metavar="SECURITY-GROUP-KEY", help="Put into this security group, for good; repeatable."),
]
Filters = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="CUSTOMER-GROUP-KEY", help="Filtered by this customer group; repeatable."),
]
Sites = Annotated[
    list[str] | None,
    typer.Option("--site", metavar="SITE-KEY", help="Given this site, for roles of site level; repeatable."),
]
_ADMINISTRATORS: Final = -2  # and the number below it
_LISTED: Final = {"filter": "customer-groups", "site": "sites"}


@app.command()
@typed(USERS, "home", "email", "groups", "filters", "sites", "administrator")
def create(
    context: typer.Context,
    new: Annotated[str, typer.Argument(metavar="LOGIN", help="What they sign in with.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Their name.")],
    login: Editor = None,
    home: Annotated[
        str | None,
        typer.Option("--home", metavar="CUSTOMER-KEY", help="Where they belong; by default the topmost where you may."),
    ] = None,
    groups: Groups = None,
    filters: Filters = None,
    sites: Sites = None,
    administrator: Annotated[
        bool, typer.Option("--account-administrator", help="They run their home: its devices, its people, all in it.")
    ] = False,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
    **fields: Any,
) -> None:
    """Create a user, and print their key. Without a security group they see nothing."""
    from ringfence.services import naming
    from ringfence.services.editing import Edit

    working = work(context, db, login, dry_run=dry_run, output=output)
    viewer = working.viewer
    belongs, where = place(viewer, "user", home, "--home")
    given_groups = naming.record_ids(viewer, "security-groups", groups or ())
    making: Sequence[Edit] = ()
    more: list[str] = []
    if administrator:
        group, making, more = _administrators(viewer, belongs)
        given_groups.append(group)
    state = UserState(
        belongs,
        new,
        name,
        **values(USERS, fields),
        security_groups=frozenset((group, (None, None)) for group in given_groups),
        customer_groups=frozenset(naming.record_ids(viewer, "customer-groups", filters or ())),
        sites=frozenset(naming.record_ids(viewer, "sites", sites or ())),
    )
    edits = [*making, Edit("user", -1, None, state)]
    working.make(Change("create", "user", edits, f"user “{name}”", f"in “{where}”", new=-1, more=more))


@app.command()
@typed(
    USERS,
    *("new", "name", "home", "email", "groups", "no_groups", "filters", "no_filters", "sites", "no_sites"),
    "administrator",
)
def edit(
    context: typer.Context,
    user: Annotated[str, typer.Argument(metavar="LOGIN", help="Their login.")],
    login: Editor = None,
    new: Annotated[str | None, typer.Option("--login", metavar="LOGIN", help="Another login.")] = None,
    home: Annotated[str | None, typer.Option("--home", metavar="CUSTOMER-KEY", help="Where they belong.")] = None,
    groups: Groups = None,
    no_groups: Annotated[
        list[str] | None,
        typer.Option("--no-group", metavar="SECURITY-GROUP-KEY", help="Taken out of it; repeatable."),
    ] = None,
    filters: Filters = None,
    no_filters: Annotated[
        list[str] | None,
        typer.Option("--no-filter", metavar="CUSTOMER-GROUP-KEY", help="No longer filtered by it; repeatable."),
    ] = None,
    sites: Sites = None,
    no_sites: Annotated[
        list[str] | None, typer.Option("--no-site", metavar="SITE-KEY", help="The site is taken away; repeatable.")
    ] = None,
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
    from ringfence.services import naming
    from ringfence.services.editing import Edit

    for option, given_keys, taken_keys in (
        ("group", groups, no_groups),
        ("filter", filters, no_filters),
        ("site", sites, no_sites),
    ):
        for key in sorted({*(given_keys or ())} & {*(taken_keys or ())}):
            raise WrongUsage(f"--{option} and --no-{option} both name {key!r}: say one of them")
    lists = groups or no_groups or filters or no_filters or sites or no_sites or None
    said = values(USERS, fields)
    given(said, login=new, home=home, lists=lists, administrator=administrator)
    working = work(context, db, login, dry_run=dry_run, output=output)
    viewer = working.viewer
    (opened,) = find(viewer, "user", [user])
    state: UserState = opened.state
    belongs = state.home if home is None else place(viewer, "user", home, "--home")[0]
    put, out = (naming.record_ids(viewer, "security-groups", keys or ()) for keys in (groups, no_groups))
    held = {group for group, _ in state.security_groups}
    _had("group", no_groups, out, held)
    making: Sequence[Edit] = ()
    more: list[str] = []
    if administrator is not None or belongs != state.home:
        former = _administrated(viewer, state)
        out += [former] if former is not None else []
        if administrator or (administrator is None and former is not None):
            group, making, more = _administrators(viewer, belongs)
            put.append(group)
    kept = frozenset(one for one in state.security_groups if one[0] not in {*put, *out})
    after = replace(
        state,
        home=belongs,
        login=state.login if new is None else new,
        **said,
        security_groups=kept | {(group, (None, None)) for group in put},
        customer_groups=_changed(viewer, "filter", state.customer_groups, filters, no_filters),
        sites=_changed(viewer, "site", state.sites, sites, no_sites),
    )
    edits = [*making, Edit("user", opened.id, state, after, opened.revision)]
    working.make(Change("edit", "user", edits, named("user", [opened]), keys=keys_of([opened]), more=more))


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


app.command("delete")(deleting(USERS))


def _activate(working: Work, logins: Sequence[str], *, active: bool) -> None:
    opened = find(working.viewer, "user", logins)
    changing = [one for one in opened if one.state.active != active]
    edits = edited(changing, {"active": active})
    verb = "activate" if active else "deactivate"
    working.make(Change(verb, "user", edits, named("user", changing or opened), keys=keys_of(changing)))


def _changed(
    viewer: Viewer, option: str, now: frozenset[int], given: Sequence[str] | None, taken: Sequence[str] | None
) -> frozenset[int]:
    from ringfence.services import naming

    added, removed = (naming.record_ids(viewer, _LISTED[option], keys or ()) for keys in (given, taken))
    _had(option, taken, removed, now)
    return now.difference(removed).union(added)


def _had(option: str, keys: Sequence[str] | None, removed: Sequence[int], now: Collection[int]) -> None:
    """Raises Refused where something is taken away that is not there: an option that does nothing is a mistake."""
    for key, one in zip(dict.fromkeys(keys or ()), removed, strict=True):
        if one not in now:
            raise Refused(f"--no-{option}: they do not have {key!r}")


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
