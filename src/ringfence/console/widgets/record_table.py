"""A table of records: a window over rows held elsewhere, sorted, marked and copied by key."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from textual import events

from ringfence.console.text import ELLIPSIS, Cell, as_cell, fit, literal
from ringfence.console.widgets.columns import GAP, GUTTER, Column, headings, row_parts, share
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.posted import Posted
from ringfence.console.widgets.window import Ask, Place, Row
from ringfence.console.widgets.windowed import WindowedList

__all__ = ["Ask", "Column", "RecordTable"]


class RecordTable(WindowedList[Row]):
    """A windowed list whose rows have columns.

    | Key(s) | Description |
    | :- | :- |
    | shift and a column's letter | Sort by that column. |
    """

    class SortRequested(Posted):
        """Posted when a column's letter is pressed, or its heading clicked: set `sort` and call `reset`."""

        def __init__(self, control: RecordTable[Any], column_id: str) -> None:
            super().__init__(control)
            self.column_id = column_id

    def __init__(
        self,
        *,
        columns: Sequence[Column],
        cells: Callable[[Row], Sequence[Cell | str]],
        row_id: Callable[[Row], Hashable],
        row_cursor: Callable[[Row], Place],
        lead: Callable[[Row], Cell] | None = None,
        sort: tuple[str, bool] | None = None,
        empty_text: str = "Nothing here.",
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Creates a table without rows; `reset` asks for the first.

        Args:
            columns: The columns, from the left.
            cells: What a row shows, one cell a column. Called for rows on screen only.
            row_id: What a row is known by when it is marked or looked for again.
            row_cursor: Where a row stands in the present order: what `Ask.after` and `Ask.before` hold.
            lead: A sign of one cell before the first column; a mark takes its place.
            sort: The id of the column sorted by, and whether that is descending.
            empty_text: What is said when there are no rows and the owner has not said why.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
            disabled: Whether the widget is disabled.
        """
        super().__init__(
            row_id=row_id,
            row_cursor=row_cursor,
            empty_text=empty_text,
            name=name,
            id=id,
            classes=classes,
            disabled=disabled,
        )
        self.columns = tuple(columns)
        self._cells = cells
        self._lead = lead
        self._sort = sort
        self._layout: tuple[int, list[tuple[int, Column, int]]] = (-1, [])
        for column in self.columns:
            if column.key and column.sortable:
                self._bindings.bind(
                    column.key.upper(), f"sort_by('{column.id}')", f"Sort by {column.title}", show=False
                )

    @property
    def sort(self) -> tuple[str, bool] | None:
        """The id of the column sorted by, and whether that is descending. Setting it only draws the arrow."""
        return self._sort

    @sort.setter
    def sort(self, sort: tuple[str, bool] | None) -> None:
        self._sort = sort
        self.refresh()
        self._tell_place()

    def copy_text(self) -> str:
        """The marked rows that are held, or the row under the cursor: tab-separated, one row a line, all literal."""
        marks = self.marks
        rows = [row for _, row in self._window.rows() if self._row_id(row) in marks]
        if not rows and self.current_row is not None:
            rows = [self.current_row]
        return "\n".join("\t".join(literal(as_cell(cell).text) for cell in self._cells(row)) for row in rows)

    # What the core asks

    def place_parts(self) -> list[str]:
        """The same, and what it is sorted by."""
        parts = super().place_parts()
        if self._sort is not None and self._count:
            column = next((column for column in self.columns if column.id == self._sort[0]), None)
            if column is not None:
                parts.append(f"{column.title.lower()} {'▼' if self._sort[1] else '▲'}")
        return parts

    @property
    def header_height(self) -> int:
        """One line of headings."""
        return 1

    def _columns(self, width: int) -> list[tuple[int, Column, int]]:
        if self._layout[0] != width:
            self._layout = (width, share(self.columns, width - GUTTER - 1))
        return self._layout[1]

    def header_line(self, y: int, width: int) -> Sequence[Part]:
        return headings(self._columns(width), self._sort, width)

    def line(self, index: int, width: int) -> Sequence[Part]:
        """One row: its sign or mark, then its cells."""
        row = self._window.row(index)
        columns = self._columns(width)
        if row is None or not columns:
            return [(fit(" " * GUTTER + ELLIPSIS, width), "quiet")]
        marked = self._row_id(row) in self._marks or bool(self.shade(index))
        sign = Cell("✓", "marked") if marked else self._lead(row) if self._lead else Cell("")
        return row_parts(columns, sign, self._cells(row), width)

    def on_click(self, event: events.Click) -> None:
        """Asks for a sort when a heading is clicked; a click on a row is the core's."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y >= self.header_height:
            return
        x = 1 + GUTTER
        for _, column, cells in self._columns(self.line_width - 1):
            if x <= offset.x < x + cells and column.sortable:
                self.action_sort_by(column.id)
            x += cells + GAP

    # Actions

    def action_sort_by(self, column_id: str) -> None:
        """Asks the owner to sort by a column."""
        if self.fix_range(lambda: self.action_sort_by(column_id)):
            self.post_message(self.SortRequested(self, column_id))
