"""The commands about how users sign in: an invitation, and the sessions that they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ringfence.console.commands.command import Edited, Host
from ringfence.console.commands.records import RecordCommand, edited
from ringfence.console.options import BACK, DialogOption
from ringfence.console.rights import DEMO
from ringfence.console.text import Cell

if TYPE_CHECKING:
    from ringfence.services.invitations import Invited


def _why_not(shown: Edited) -> str:
    if shown.ringfence.demo:
        return DEMO
    return "one at a time: take the marks away" if len(shown.chosen) > 1 else ""


def _why_not_others(shown: Edited) -> str:
    profile = shown.ringfence.profile
    if profile is not None and shown.row.id == profile.user_id:
        return "this is you: your password and your second factor are in your profile"
    return _why_not(shown)


def _why_not_invite(shown: Edited) -> str:
    return _why_not_others(shown) or ("" if shown.row.shown("active") else "they are inactive: activate them first")


def _sign_ins(host: Host) -> Any:
    shown, _ = edited(host)
    return host.ringfence.open("sign-ins of a user", shown.row.id, shown.row.name)


def _invite(host: Host) -> None:
    shown, _ = edited(host)
    user, name, login = shown.row.id, shown.row.name, shown.row.shown("login")

    def answered(answer: str | None) -> None:
        if answer == "invite":
            host.ask("invite", lambda session: session.invite(user), made)

    def made(found: Invited) -> None:
        show_invitation(host, name, login, found)

    lines = [
        Cell("An invitation is a text that they sign in with once, within 7 days; then they choose a password."),
        Cell("One that was made before holds no more. A password that they have goes on until they choose another."),
    ]
    options = [DialogOption("invite", "Make an invitation", "m"), DialogOption(BACK, "Back")]
    host.ringfence.open("dialog", f"Invite {name}?", lines, options, then=answered)


def _reset(host: Host) -> None:
    shown, _ = edited(host)
    user, name = shown.row.id, shown.row.name

    def answered(answer: str | None) -> None:
        if answer == "reset":
            host.ask("reset", lambda session: session.reset_second_factor(user), done)

    def done(_: object) -> None:
        host.ringfence.notify(f"{name} has no second factor any more, and is signed in nowhere.", timeout=6)

    lines = [
        Cell("For whoever has lost their telephone, and all recovery codes. Be sure that it is they who ask."),
        Cell("Their sessions end. Whoever knows their password can sign in then, and set up another second factor."),
    ]
    options = [DialogOption("reset", "Take it away", "t"), DialogOption(BACK, "Back")]
    host.ringfence.open("dialog", f"Take the second factor of {name} away?", lines, options, then=answered)


def show_invitation(host: Host, name: str, login: str, found: Invited) -> None:
    """Shows an invitation, this once, and says how it is used."""

    def answered(answer: str | None) -> None:
        if answer == "copy":
            host.copy_out(found.text)
            show_invitation(host, name, login, found)

    lines = [
        Cell(found.text, "strong"),
        "",
        Cell(f"Give it to {name} by a way that nobody else reads: it is not shown again."),
        [Cell("They run ringfence, type the login "), Cell(login, "strong"), Cell(" and this for the password.")],
        Cell(f"It holds once, until {found.until:%Y-%m-%d %H:%M} UTC."),
    ]
    options = [DialogOption("copy", "Copy it", "c"), DialogOption(BACK, "Done")]
    host.ringfence.open("dialog", f"The invitation of {name}", lines, options, then=answered)


INVITE: Final = RecordCommand(
    "invite",
    "I",
    "Invite the user: a first way in, or a new one, which is shown once.",
    _invite,
    footer="invite",
    changes=True,
    label="Invite to sign in",
    right="edit",
    why_not=_why_not_invite,
    in_form=True,
)
SIGN_INS: Final = RecordCommand(
    "sign_ins",
    "W",
    "Show where the user is signed in, and end that.",
    _sign_ins,
    label="Where they are signed in",
    right="edit",
    why_not=_why_not,
    in_form=True,
)
RESET: Final = RecordCommand(
    "lost_factor",
    "",
    "Take a second factor away that the user has lost.",
    _reset,
    changes=True,
    label="Take a lost second factor away",
    right="edit",
    why_not=_why_not_others,
    in_form=True,
)
WAYS_IN: Final = (INVITE, SIGN_INS, RESET)
