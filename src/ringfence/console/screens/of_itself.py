"""Forms in which what can be done to a row of a list can be done to the record, too."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from ringfence.console.commands.command import Command
from ringfence.console.commands.declared import editable
from ringfence.console.commands.itself import Itself
from ringfence.console.commands.records import RecordCommand
from ringfence.console.screens.draft_form import DraftForm


class OfItself(DraftForm):
    """Such a form: to those commands its record is a list of one. What is changed there is saved first, or left."""

    @cached_property
    def edited(self) -> Itself:
        """The record, as commands know a list."""
        return Itself(self, editable(self.kind))

    def off_anyway(self, command: Command[Any]) -> str:
        if isinstance(command, RecordCommand) and not (command.changes and self.read_only):
            if self.record_id is None:
                return "save it first"
            if self.dirty:
                return "save first what you have changed here, or leave it"
        return super().off_anyway(command)

    def refresh_data(self) -> None:
        """Opens the record again, as it is now."""
        self.ask("open", self._load, self._loaded, self._not_opened)
