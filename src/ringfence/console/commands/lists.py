"""The commands of a list or a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ringfence.console.commands.command import Command
from ringfence.console.commands.exchange import EXPORT

if TYPE_CHECKING:
    from ringfence.console.screens.area import AreaScreen, CommandScreen


def _area(screen: CommandScreen) -> AreaScreen:
    from ringfence.console.screens.area import AreaScreen

    assert isinstance(screen, AreaScreen)
    return screen


class Filter(Command):
    """Fewer rows."""

    name = "filter"
    keys = "slash"
    footer = "filter"
    help = "Filter by a text (Enter keeps it, Esc clears it)."

    def run(self, screen: CommandScreen) -> Any:
        _area(screen).open_filter()


class Copy(Command):
    """The rows, elsewhere."""

    name = "copy"
    keys = "y"
    help = "Copy the marked rows or this one to your clipboard."

    def run(self, screen: CommandScreen) -> Any:
        _area(screen).copy()


class Undo(Command):
    """What was changed, taken back."""

    name = "undo"
    keys = "u"
    footer = "undo"
    help = "Take back your last change; asks first."
    changes = True

    def off(self, screen: CommandScreen) -> str:
        return "" if screen.ringfence.session else "sign in first"

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.undo import ask_undo

        ask_undo(screen, _area(screen).change_to_undo())


class Back(Command):
    """One step back."""

    name = "back"
    keys = "escape"
    help = "Go one step back: marks, filter, list, tree."
    palette = False

    def run(self, screen: CommandScreen) -> Any:
        _area(screen).back()


class NextTab(Command):
    """The tab to the right."""

    name = "next_tab"
    keys = "right_square_bracket,ctrl+right"
    footer = "next tab"
    help = "Show the next tab of the customer."

    def run(self, screen: CommandScreen) -> Any:
        screen.turn_tab(1)


class PreviousTab(Command):
    """The tab to the left."""

    name = "previous_tab"
    keys = "left_square_bracket,ctrl+left"
    help = "Show the previous tab of the customer."

    def run(self, screen: CommandScreen) -> Any:
        screen.turn_tab(-1)


LISTS: Final[tuple[Command, ...]] = (Filter(), Copy(), *EXPORT, Undo(), Back())
TABS: Final[tuple[Command, ...]] = (NextTab(), PreviousTab())
