"""What the audit says of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ringfence.console.commands.records import RecordCommand, edited

if TYPE_CHECKING:
    from ringfence.console.screens.area import CommandScreen


class History(RecordCommand):
    """Who changed it, when, and what."""

    name = "history"
    keys = "H"
    footer = "history"
    help = "Show what the audit says of the record."
    label = "History"
    right = "view"
    of = "audit"

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.history import HistoryScreen

        shown, edits = edited(screen)
        return screen.app.push_screen(HistoryScreen((edits.kind, shown.row.key), shown.row.name))
