"""The commands of a list or a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from ringfence.console.changing import ask_undo
from ringfence.console.commands.command import Command, Host, unless_signed_in
from ringfence.console.commands.exchange import EXPORT, Listed
from ringfence.console.commands.places import PLACES, Stands

if TYPE_CHECKING:
    from ringfence.console.widgets.record_table import RecordTable


class Lists(Listed, Stands, Protocol):
    """A screen with a list that can be filtered."""

    @property
    def table(self) -> RecordTable[Any] | None:
        """The table whose columns are chosen; None where the focus is on none."""

    def open_filter(self) -> None:
        """Opens the filter line."""

    def copy(self) -> None:
        """Copies what is marked or under the cursor."""

    def change_to_undo(self) -> int | None:
        """The number of the change that u takes back; None for the user's own last one."""

    def back(self) -> None:
        """Goes one step back."""


class Narrowed(Host, Protocol):
    """A screen whose list leaves out what is done with, unless that is asked for."""

    @property
    def shows_finished(self) -> bool:
        """Whether that is asked for."""

    def show_finished(self, all_of_it: bool) -> None:
        """Shows all, or leaves that out."""


FILTER: Final[Command[Lists]] = Command(
    "filter",
    "slash",
    "Filter by words (Enter keeps it, Esc clears it).",
    lambda host: host.open_filter(),
    footer="filter",
)
COPY: Final[Command[Lists]] = Command(
    "copy", "y", "Copy the marked rows or this one to your clipboard.", lambda host: host.copy()
)
COLUMNS: Final[Command[Lists]] = Command(
    "columns",
    "C",
    "Choose the columns and their order, and sort by one.",
    lambda host: host.ringfence.open("columns", host.table),
    unless=lambda host: "" if host.table is not None else "there is no table here: Enter goes to a customer's lists",
)
UNDO: Final[Command[Lists]] = Command(
    "undo",
    "u",
    "Take back your last change; asks first.",
    lambda host: ask_undo(host, host.change_to_undo()),
    footer="undo",
    unless=unless_signed_in,
    changes=True,
)
BACK: Final[Command[Lists]] = Command(
    "back", "escape", "Go one step back: marks, filter, list, tree.", lambda host: host.back(), palette=False
)
FINISHED: Final[Command[Narrowed]] = Command(
    "finished",
    "f",
    "Show what is done with, too, or leave it out again.",
    lambda host: host.show_finished(not host.shows_finished),
    footer="finished too",
    brief="all",
)
"""That of the screen of a kind whose lists leave out what is done with."""
LISTS: Final[tuple[Command[Lists], ...]] = (FILTER, COLUMNS, COPY, EXPORT, UNDO, *PLACES, BACK)
TABS: Final[tuple[Command[Host], ...]] = (
    Command(
        "next_tab",
        "right_square_bracket,ctrl+right",
        "Show the next tab.",
        lambda host: host.turn_tab(1),
        footer="next tab",
        brief="tab",
    ),
    Command(
        "previous_tab",
        "left_square_bracket,ctrl+left",
        "Show the previous tab.",
        lambda host: host.turn_tab(-1),
    ),
)
