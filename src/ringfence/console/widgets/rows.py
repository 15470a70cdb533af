"""Rows of text that are broken into lines, some of which can be chosen: the cursor goes from choice to choice."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from typing import Final, NamedTuple

from textual import events

from ringfence.console.text import Cell, fit
from ringfence.console.widgets.flow import exact, flow
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part

_LEAST: Final = 12
"""Cells that a row has beside its columns, however narrow it is."""


class Row(NamedTuple):
    """One row: what it says, what stands in the columns at the right of its first line, and what it is known by, where
    it can be chosen."""

    said: Sequence[Cell]
    beside: tuple[str, ...] = ()
    choice: Hashable = None


class _Line(NamedTuple):
    said: Sequence[Cell]
    beside: tuple[str, ...]
    row: int


class Rows(LineList):
    """Such rows."""

    def __init__(self) -> None:
        super().__init__()
        self._columns: tuple[int, ...] = ()
        self._rows: Sequence[Row] = ()
        self._lines: list[_Line] = []
        self._stops: list[int] = []
        """The first lines of the rows that can be chosen; of all, where none can."""
        self._flowed = 0

    def show(self, rows: Sequence[Row], columns: Sequence[int] = ()) -> None:
        """Shows other rows, with so many cells in each column at the right; the cursor stays on the same choice, where
        that is still there."""
        kept, self._columns = self.choice, tuple(columns)
        self._rows = tuple(rows)
        self._flow(kept)

    def fail(self, text: str) -> None:
        self._rows, self._lines, self._stops = (), [], []
        super().fail(text)

    @property
    def choice(self) -> Hashable:
        """What the row under the cursor is known by; None for nothing."""
        return self._rows[self._lines[self.cursor].row].choice if self.cursor < len(self._lines) else None

    def go_to(self, choice: Hashable) -> None:
        """Puts the cursor on a choice, where that is there."""
        at = self._line_of(choice)
        if at is not None:
            self.cursor = at

    @property
    def text(self) -> str:
        """All that is said, a line for each row."""
        return "\n".join(
            "  ".join(("".join(cell.text for cell in row.said).rstrip(), *row.beside)).rstrip() for row in self._rows
        )

    def _line_of(self, choice: Hashable) -> int | None:
        if choice is None:
            return None
        return next((at for at, one in enumerate(self._lines) if self._rows[one.row].choice == choice), None)

    @property
    def _width(self) -> int:
        """The cells of a line, whether they are so many that they scroll or not."""
        return self.size.width - self.styles.scrollbar_size_vertical

    def _flow(self, kept: Hashable) -> None:
        self._flowed = self._width
        room = max(1, self._flowed - 3)
        columns = sum(self._columns)
        self._lines = []
        for at, row in enumerate(self._rows):
            narrow = max(_LEAST, room - columns) if row.beside else room
            for number, line in enumerate(flow(row.said, narrow)):
                self._lines.append(_Line(line, () if number else row.beside, at))
        first = [at for at, one in enumerate(self._lines) if not at or self._lines[at - 1].row != one.row]
        self._stops = [at for at in first if self._rows[self._lines[at].row].choice is not None] or first[:1]
        self.ready()
        self.set_count(len(self._lines))
        place = self._line_of(kept)
        self.cursor = self.cursor if place is None else place
        self.cursor_moved()

    def _on_resize(self, event: events.Resize) -> None:
        if self._rows and self._width != self._flowed:
            self._flow(self.choice)
        super()._on_resize(event)

    # The cursor

    def validate_cursor(self, cursor: int) -> int:
        """Keeps the cursor on a row that can be chosen: on the one that holds the line, or the last before it."""
        if not self._stops:
            return 0
        return self._stops[max(0, bisect_right(self._stops, cursor) - 1)]

    def cursor_moved(self) -> None:
        self.refresh()  # a row may have several lines
        super().cursor_moved()

    def shade(self, index: int) -> str:
        if not self._stops or self._rows[self._lines[self.cursor].row].choice is None:
            return ""
        same = self._lines[index].row == self._lines[self.cursor].row
        return ("cursor" if self.has_focus else "cursor-blurred") if same else ""

    def _bring_into_view(self, index: int) -> None:
        """Shows what belongs to a choice, too: the lines down to the next one, and above the first one all."""
        if not self._stops or index not in self._stops:
            super()._bring_into_view(index)
            return
        at = self._stops.index(index)
        last = self._stops[at + 1] - 1 if at + 1 < len(self._stops) else self.count - 1
        super()._bring_into_view(min(last, index + self.page_height - 1))
        super()._bring_into_view(index if at else 0 if index < self.page_height else index)

    def action_move(self, lines: int) -> None:
        """Moves the cursor to the next choice; where there is none in that direction, what is said scrolls."""
        at = self._stops.index(self.cursor) + lines if self.cursor in self._stops else 0
        if 0 <= at < len(self._stops):
            self.cursor = self._stops[at]
        else:
            self.scroll_to_line(self.top + lines)

    def action_page(self, pages: int) -> None:
        """Scrolls by a screenful; the cursor goes to the first choice there, if there is one."""
        self.scroll_to_line(self.top + pages * max(1, self.page_height - 1))
        view = self.in_view
        seen = [at for at in self._stops if at in view]
        if seen and self.cursor not in view:
            top = self.top
            self.cursor = seen[0] if pages > 0 else seen[-1]
            self.scroll_to_line(top)

    # What is drawn

    def line(self, index: int, width: int) -> Sequence[Part]:
        said, beside, _ = self._lines[index]
        columns = list(zip(beside, self._columns, strict=False))
        room = width - 1 - sum(wide for _, wide in columns)
        if not columns or room < 1:
            return [(" ", ""), *exact(said, max(0, width - 1))]
        return [
            (" ", ""),
            *exact(said, room - 1),
            *((fit(f"{text} ", wide, align="right"), "quiet") for text, wide in columns),
            (" ", ""),
        ]
