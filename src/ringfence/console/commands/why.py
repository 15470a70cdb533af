"""The command that asks why somebody may do something to a record, or may not."""

from __future__ import annotations

from typing import Any, Final

from ringfence.console.commands.command import Command, Host, unless_signed_in


def _ask(host: Host) -> Any:
    return host.ringfence.open("why", host.asked_about)


def _unless_record(host: Host) -> str:
    if signed_out := unless_signed_in(host):
        return signed_out
    if host.asked_about is not None:
        return ""
    row = host.edited.row if host.edited is not None else None
    return (
        "there is no record here to ask about" if row is None else "this is the provider itself: ask about a customer"
    )


WHY: Final[Command[Host]] = Command(
    "why",
    "w,f9",
    "Say why you may do this here, or may not, and what would change that.",
    _ask,
    unless=_unless_record,
    called="why",
)
"""What is asked is of whoever's view this is; of others it is asked from there."""
WHY_OF_ALARMS: Final = WHY.but(name="why_of_alarm", keys="f9")
"""The same at alarms, where w writes a note."""
