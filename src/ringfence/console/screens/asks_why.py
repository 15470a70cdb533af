"""What can be asked about on a screen: why something may be done there, or may not."""

from __future__ import annotations

from typing import Any

from ringfence.console.asked_about import AskedAbout
from ringfence.console.commands.command import Command, Edited, display, display_anywhere
from ringfence.console.commands.why import WHY, WHY_OF_ALARMS
from ringfence.console.questions import Asks


class AsksWhy(Asks):
    """A screen of whose records that can be asked."""

    TYPING = False
    """Whether most keys are typed here."""
    _was_off = ("", "")
    """The key of the row that the last command was off for, and the permission that it needs."""

    @property
    def edited(self) -> Edited | None:
        """The list or tree that the commands which change records are about. A screen that has one says which."""
        return None

    @property
    def asked_about(self) -> AskedAbout | None:
        """What is asked about: the record under the cursor, and the permission of the command that was off for it just
        now. A screen that shows records otherwise says which."""
        shown = self.edited
        if shown is None or shown.edits is None or shown.row is None or not shown.row.key:
            return None
        key, permission = self._was_off
        return AskedAbout(shown.edits.kind, shown.row.key, permission if key == shown.row.key else "")

    @property
    def commands(self) -> tuple[Command[Any], ...]:
        """The commands that the screen has."""
        return ()

    def further(self) -> str:
        """How to ask on about a permission that is lacking, to be said behind that; empty where there is nothing to ask
        about."""
        why = next((one for one in self.commands if one in (WHY, WHY_OF_ALARMS)), None)
        if why is None or self.asked_about is None:
            return ""
        keys = self.ringfence.keys_of(why)
        return f"{display_anywhere(keys) if self.TYPING else display(keys)} says why"

    def note_off(self, command: Command[Any], reason: str) -> None:
        """Keeps of a command that is run whether it is off for that reason."""
        if command not in (WHY, WHY_OF_ALARMS):
            row = self.edited.row if self.edited is not None else None
            self._was_off = (row.key, command.needs(self)) if reason and row is not None else ("", "")
