"""The command that shows who may do something to a record and, of a user, what they may do."""

from __future__ import annotations

from typing import Any, Final

from ringfence.console.commands.command import Host
from ringfence.console.commands.records import RecordCommand, edited


def _show(host: Host) -> Any:
    shown, edits = edited(host)
    row = shown.row
    login = row.shown("login") if edits.kind == "user" else ""
    return host.ringfence.open("access", edits.kind, row.key, row.name, login)


ACCESS: Final = RecordCommand(
    "access",
    "r",
    "Show who may do what with it, or what a user may do.",
    _show,
    label="Who may do what",
    called="who",
    right="list",
)
