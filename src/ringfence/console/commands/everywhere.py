"""The commands that every screen has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ringfence.console.commands.command import Command, Host, display
from ringfence.console.commands.why import WHY, WHY_OF_ALARMS

if TYPE_CHECKING:
    from ringfence.console.palette import Offer


STAYS: Final = "go back from here first"
"""Why nobody goes elsewhere from where that would leave work behind."""
_IN_THE_DEMO: Final = "in the demo everybody is anybody: it is for a database of your own"


def _unless_open(host: Host) -> str:
    return host.ringfence.why_not_see_as() if host.ringfence.workspace else "the database is not open yet"


def _unless_known(host: Host) -> str:
    return host.ringfence.why_not_see_as() if host.ringfence.profile else "sign in first"


def _unless_own(host: Host) -> str:
    return host.ringfence.read_only if host.ringfence.profile else "sign in first"


def _refresh(host: Host) -> Any:
    host.ringfence.repaint()
    return host.refresh_data()


def _profile(host: Host) -> Any:
    profile = host.ringfence.profile
    return host.ringfence.open("profile", profile.user_id) if profile is not None else None


def _run(host: Host, offer: Offer | None) -> None:
    if offer is not None:
        host.call_later(offer.run)


HELP: Final[Command[Host]] = Command(
    "help",
    "question_mark,f1",
    "Show every key that works here.",
    lambda host: host.ringfence.open("help", host),
    footer="help",
)
PALETTE: Final[Command[Host]] = Command(
    "command_palette",
    "ctrl+p,colon",
    "Find a command, screen, theme or customer by name.",
    lambda host: host.ringfence.open("palette", host, then=partial(_run, host)),
    footer="palette",
    brief="find",
    palette=False,
)
QUIT: Final[Command[Host]] = Command("quit", "ctrl+q", "Leave the console.", lambda host: host.ringfence.action_quit())
"""Its key is the application's own binding, so that it works in every dialog too."""
SUSPEND: Final[Command[Host]] = Command(
    "suspend",
    "ctrl+z",
    "Leave the console to the shell; fg comes back.",
    lambda host: host.ringfence.suspend_job(),
    unless=lambda host: host.ringfence.why_not_suspend(),
)
"""Likewise."""
REFRESH: Final[Command[Host]] = Command("refresh", "ctrl+r,f5", "Read everything on this screen again.", _refresh)

EVERYWHERE: Final[tuple[Command[Host], ...]] = (
    HELP,
    Command(
        "switch_user",
        "f2,ctrl+u",
        "See what another user sees, at the same place.",
        lambda host: host.ringfence.choose_user(),
        footer="switch user",
        brief="user",
        unless=_unless_open,
    ),
    Command(
        "side_by_side",
        "f3,ctrl+t",
        "Lay two users side by side over one tree.",
        lambda host: host.ringfence.choose_other_user(),
        footer="side by side",
        brief="pair",
        unless=_unless_known,
    ),
    WHY,
    PALETTE,
    QUIT,
    SUSPEND,
    REFRESH,
)
PROFILE: Final[Command[Host]] = Command(
    "profile",
    "",
    "Profile: your own name and address, and how you sign in.",
    _profile,
    unless=_unless_own,
)
TOKENS: Final[Command[Host]] = Command(
    "tokens",
    "",
    "API tokens: what stands for you in programs.",
    lambda host: host.ringfence.open("tokens"),
    unless=lambda host: _IN_THE_DEMO if host.ringfence.demo else _unless_own(host),
)
LOCK: Final[Command[Host]] = Command(
    "lock",
    "",
    "Lock: nothing is on screen until you type your password; all stays as it is.",
    lambda host: host.ringfence.lock(),
    unless=lambda host: host.ringfence.why_not_lock(),
)
SIGN_OUT: Final[Command[Host]] = Command(
    "sign_out",
    "",
    "Sign out: your session ends, and somebody else may sign in.",
    lambda host: host.ringfence.action_sign_out(),
    unless=lambda host: host.ringfence.why_not_lock(),
)
OWN: Final[tuple[Command[Host], ...]] = (PROFILE, TOKENS, LOCK, SIGN_OUT)
"""What everybody does for themselves, which has no key."""
ALWAYS: Final = ("switch_user", "side_by_side", "command_palette", "quit")
"""What the key bar shows wherever it is a key, after all others."""
BESIDE: Final[tuple[Command[Host], ...]] = (HELP, PALETTE, QUIT, SUSPEND)
"""Those of a screen that work is left behind by going elsewhere."""


def everywhere(others: Sequence[Command[Any]]) -> tuple[Command[Any], ...]:
    """The commands that every screen has, beside those of its own."""
    return tuple(one for one in EVERYWHERE if one is not WHY or WHY_OF_ALARMS not in others)


def leaves(keys: str) -> str:
    """How the console is left, in plain words."""
    key = display(keys)
    return f"{f'Ctrl+{key[1:].upper()}' if key[0] == '^' else key} leaves the console"
