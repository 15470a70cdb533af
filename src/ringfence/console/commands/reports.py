"""The commands of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ringfence.console.commands.command import Command
from ringfence.console.commands.lists import Back, Copy, Undo

if TYPE_CHECKING:
    from ringfence.console.screens.area import CommandScreen
    from ringfence.console.screens.report import ReportScreen


class CopyReport(Copy):
    """The report, elsewhere."""

    footer = "copy"
    help = "Copy the whole report to your clipboard."

    def run(self, screen: CommandScreen) -> Any:
        _report(screen).copy()


class UndoReported(Undo):
    """What was done, taken back."""

    help = "Take back what the report tells of; asks first."

    def off(self, screen: CommandScreen) -> str:
        return "it was taken back already" if _report(screen).undone else super().off(screen)

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.undo import ask_undo

        report = _report(screen)
        ask_undo(screen, report.change, report.taken_back)


class LeaveReport(Back):
    """Back to where it was begun."""

    footer = "back"
    help = "Go back."

    def run(self, screen: CommandScreen) -> Any:
        screen.app.pop_screen()


REPORTING: Final[tuple[Command, ...]] = (CopyReport(), UndoReported(), LeaveReport())


def _report(screen: CommandScreen) -> ReportScreen:
    from ringfence.console.screens.report import ReportScreen

    assert isinstance(screen, ReportScreen)
    return screen
