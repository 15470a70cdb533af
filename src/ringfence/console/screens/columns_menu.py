"""The columns of a table: which are shown, in what order, and by which of them it is sorted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from ringfence.console.text import content, fit, width_of
from ringfence.console.widgets.columns import Column
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.record_table import RecordTable

_KEYS: Final = "Space shows · < > moves · Enter sorts · r resets · Esc closes"
_LETTER: Final = 3
_NO_ROOM: Final = "no room now"
_SORTED: Final = "sorted "


class _Lines(LineList):
    """A line for each column."""

    DEFAULT_CSS = """
    _Lines, _Lines:focus, _Lines:ansi, _Lines:ansi:focus { border: none; height: auto; }
    """

    def __init__(self, table: RecordTable[Any]) -> None:
        super().__init__()
        self.table = table

    def read_again(self) -> None:
        """Shows the columns as they are arranged now."""
        self.columns = self.table.arranged
        self.set_count(len(self.columns))

    def line(self, index: int, width: int) -> Sequence[Part]:
        """Whether it is shown, its heading, its letter, and what else there is to say of it."""
        column, shown = self.columns[index]
        sort = self.table.sort
        said = ""
        if sort is not None and sort[0] == column.id:
            said = _SORTED + ("▼" if sort[1] else "▲")
        elif shown and column.id not in self.table.drawn:
            said = _NO_ROOM
        letter = column.key.upper() if column.key and column.sortable else ""
        room = max(0, width - 2 - _LETTER - len(_NO_ROOM) - 1)
        return [
            ("✓ " if shown else "  ", "accent"),
            (fit(column.title, room), "" if shown else "quiet"),
            (fit(letter, _LETTER), "accent" if shown else "quiet"),
            (fit(said, len(_NO_ROOM) + 1), "quiet"),
        ]


class ColumnsMenu(ModalScreen[None]):
    """Changes the columns of a table, which shows it at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,C", "cancel", "Back"),
        Binding("space", "show_or_hide", "Show or hide", show=False),
        Binding("less_than_sign,shift+up", "carry(-1)", "Move left", show=False),
        Binding("greater_than_sign,shift+down", "carry(1)", "Move right", show=False),
        Binding("enter,s", "sort", "Sort", show=False, priority=True),
        Binding("r", "reset", "As declared", show=False),
        Binding("ctrl+q", "app.quit", "Quit", show=False, priority=True, id="quit"),
    ]
    AUTO_FOCUS = "_Lines"
    DEFAULT_CSS = """
    ColumnsMenu { align: center middle; background: $background 60%; }
    ColumnsMenu #box {
        max-width: 96%; height: auto; max-height: 90%;
        border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $text-muted; background: $background; padding: 0 1;
    }
    """

    def __init__(self, table: RecordTable[Any]) -> None:
        super().__init__()
        self._table = table
        self._lines = _Lines(table)

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield self._lines

    def on_mount(self) -> None:
        """Shows the columns, the cursor on the one that is sorted by."""
        box = self.query_one("#box")
        box.border_title, box.border_subtitle = content("Columns"), content(_KEYS)
        box.styles.width = width_of(_KEYS) + 6
        self._lines.read_again()
        sort = self._table.sort
        at = (at for at, (column, _) in enumerate(self._lines.columns) if sort is not None and column.id == sort[0])
        self._lines.cursor = next(at, 0)

    @property
    def _column(self) -> Column:
        return self._lines.columns[self._lines.cursor][0]

    def _arrange(self, columns: Sequence[tuple[Column, bool]]) -> None:
        self._table.rearrange(tuple((column.id, shown) for column, shown in columns))
        self._lines.read_again()

    def action_show_or_hide(self) -> None:
        """Shows or hides the column under the cursor. One stays."""
        columns, at = [*self._lines.columns], self._lines.cursor
        column, shown = columns[at]
        if shown and sum(one for _, one in columns) == 1:
            self.notify("One column stays.", severity="warning")
            return
        columns[at] = column, not shown
        self._arrange(columns)

    def action_carry(self, step: int) -> None:
        """Takes it one place further; the cursor goes along."""
        columns, at = [*self._lines.columns], self._lines.cursor
        if 0 <= at + step < len(columns):
            columns.insert(at + step, columns.pop(at))
            self._arrange(columns)
            self._lines.cursor = at + step

    def action_sort(self) -> None:
        """Sorts by it, or the other way round where that is so already."""
        self._sort_by(self._column)

    def action_reset(self) -> None:
        """Shows them as they are declared."""
        self._table.rearrange(())
        self._lines.read_again()

    def action_cancel(self) -> None:
        """Leaves the table as it is now."""
        self.dismiss(None)

    def on_key(self, event: events.Key) -> None:
        """Sorts by the column whose letter it is."""
        for column, _ in self._lines.columns:
            if column.key and event.character == column.key.upper():
                event.stop()
                self._sort_by(column)

    def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        """A double click sorts too."""
        message.stop()
        self.action_sort()

    def _sort_by(self, column: Column) -> None:
        if column.sortable:
            self._table.action_sort_by(column.id)
            self.call_after_refresh(self._lines.refresh)
        else:
            self.notify(f"{column.title} is nothing that a list can be sorted by.", severity="warning", markup=False)
