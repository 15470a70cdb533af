"""A table of records: a window over rows held elsewhere, sorted, marked and copied by key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from textual import events

from ringfence.console.text import ELLIPSIS, Cell, as_cell, fit, literal, width_of
from ringfence.console.widgets.columns import (
    GAP,
    GUTTER,
    Arrangement,
    Column,
    Placed,
    Shared,
    arranged,
    headings,
    row_parts,
)
from ringfence.console.widgets.fitting import fitted, heading, size, still_fits
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
        self._shared: Shared = ()
        self._fitted = -1
        """The cells that the columns share; -1 before there are any."""
        self._measured = range(0)
        """The rows whose texts they are as wide as."""
        self._arrangement: Arrangement = ()
        self._bind_letters()

    @property
    def arrangement(self) -> Arrangement:
        """How the columns are arranged, as it was given to `rearrange`."""
        return self._arrangement

    @property
    def arranged(self) -> list[tuple[Column, bool]]:
        """All columns from the left, each with whether it is shown where there is room for it."""
        return [(self.columns[place], shown) for place, shown in arranged(self.columns, self._arrangement)]

    @property
    def drawn(self) -> frozenset[str]:
        """The ids of those that there is room for."""
        return frozenset(column.id for _, column, _ in self._shared)

    def rearrange(self, arrangement: Arrangement) -> None:
        """Shows these columns in this order; as they are declared, for an empty one."""
        if arrangement != self._arrangement:
            self._arrangement = arrangement
            self._bind_letters()
            self._fit(anew=True)

    def _bind_letters(self) -> None:
        """Has the letters of the columns that are shown sort by them."""
        for column, shown in self.arranged:
            if column.key and column.sortable:
                letter = column.key.upper()
                self._bindings.key_to_bindings.pop(letter, None)
                if shown:
                    self._bindings.bind(letter, f"sort_by('{column.id}')", f"Sort by {column.title}", show=False)

    @property
    def sort(self) -> tuple[str, bool] | None:
        """The id of the column sorted by, and whether that is descending. Setting it only draws the arrow."""
        return self._sort

    @sort.setter
    def sort(self, sort: tuple[str, bool] | None) -> None:
        self._sort = sort
        self._measured = range(0)
        self._fit()
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

    def deliver(self, ask: Ask, rows: Sequence[Row]) -> bool:
        anew, known = not self.count, self._measured
        before = self._sizes(self.in_view) if self._window.stale else None
        taken = super().deliver(ask, rows)
        if taken and anew:
            self._fit(anew=True)
        elif taken and before is not None and before == self._sizes(self.in_view):
            self._measured = self.in_view  # read again, and what one looks at is as it was
        elif taken and known is self._measured:
            self._forget(ask.first, ask.first + ask.count)
        return taken

    def _forget(self, first: int, last: int) -> None:
        """Other rows are there: measures them, if they are in view, or else when they come into it."""
        known, view = self._measured, self.in_view
        if last <= view.start:
            self._measured = range(max(known.start, last), known.stop)
        elif first >= view.stop:
            self._measured = range(known.start, min(known.stop, first))
        else:
            self._measured = range(0)
            self._fit()

    def view_changed(self) -> None:
        """Gives the columns other widths where what has come into view wants them."""
        self._fit()
        super().view_changed()

    def _fit(self, *, anew: bool = False) -> None:
        """Shares the width among the columns by what is in view and a page around it. Widths that can stay do, unless
        it is done ``anew``: then nothing moves but when it must."""
        width, view, known = self.line_width - 2 - GUTTER, self.in_view, self._measured
        if width == self._fitted and known.start <= view.start and view.stop <= known.stop and not anew:
            return
        page = self.page_height
        around = range(max(0, view.start - page), view.stop + page)
        headed = [heading(column, self._sort) for column in self.columns]
        sizes = self._sizes(around)
        self._measured = around if sizes else range(0)
        sizes = sizes or [Counter({column.width: 1}) for column in self.columns]
        stays = width == self._fitted and not anew and still_fits(self._shared, sizes, headed)
        shared = self._shared if stays else fitted(self._placed(), sizes, headed, width)
        self._fitted = width
        if shared != self._shared:
            self._shared = shared
            self.refresh()
        self.look_here()

    def _sizes(self, lines: range) -> list[Counter[int]]:
        """Of each column, how many texts in these lines take how many cells; nothing where none of them is held."""
        width = self.line_width - 2 - GUTTER
        rows = [row for _, row in self._window.rows(lines.start, lines.stop - 1)]
        sizes: list[Counter[int]] = [Counter() for _ in self.columns if rows]
        for row in rows:
            for found, cell in zip(sizes, self._cells(row), strict=True):
                text = cell.text if isinstance(cell, Cell) else cell
                if text:
                    found[size(text, width)] += 1
        return sizes

    def _placed(self) -> list[Placed]:
        return [(place, self.columns[place]) for place, shown in arranged(self.columns, self._arrangement) if shown]

    def header_line(self, y: int, width: int) -> Sequence[Part]:
        return headings(self._shared, self._sort, width)

    def whole(self, index: int) -> str:
        """The texts of a row that are cut."""
        row = self._window.row(index)
        if row is None:
            return ""
        cells = self._cells(row)
        texts = [(as_cell(cells[place]).text, wide) for place, _, wide in self._shared]
        return " · ".join(literal(text) for text, wide in texts if width_of(text) > wide)

    def line(self, index: int, width: int) -> Sequence[Part]:
        """One row: its sign or mark, then its cells."""
        row = self._window.row(index)
        if row is None or not self._shared:
            return [(fit(" " * GUTTER + ELLIPSIS, width), "quiet")]
        marked = self._row_id(row) in self._marks or bool(self.shade(index))
        sign = Cell("✓", "marked") if marked else self._lead(row) if self._lead else Cell("")
        return row_parts(self._shared, sign, self._cells(row), width)

    def on_click(self, event: events.Click) -> None:
        """Asks for a sort when a heading is clicked; a click on a row is the core's."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y >= self.header_height:
            return
        x = 1 + GUTTER
        for _, column, cells in self._shared:
            if x <= offset.x < x + cells and column.sortable:
                self.action_sort_by(column.id)
            x += cells + GAP

    # Actions

    def action_sort_by(self, column_id: str) -> None:
        """Asks the owner to sort by a column."""
        if self.fix_range(lambda: self.action_sort_by(column_id)):
            self.post_message(self.SortRequested(self, column_id))
