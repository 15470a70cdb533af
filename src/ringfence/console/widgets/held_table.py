"""A table of rows that are all held: it sorts them, finds words in them and counts them itself."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

from ringfence.console.text import Cell, as_cell, fit, literal, many, number, width_of
from ringfence.console.widgets.columns import Column
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.record_table import RecordTable
from ringfence.console.widgets.window import Row
from ringfence.domain.filter import Named, Term, fault, terms
from ringfence.domain.text import fold


class Rest(NamedTuple):
    """A line below the rows, that is none of them."""

    said: str


class HeldTable(RecordTable[Any]):
    """Rows in columns, and what is to be said below them. ``noun`` is one of them, in people's words."""

    def __init__(
        self,
        *,
        columns: Sequence[Column],
        cells: Callable[[Any], Sequence[Cell | str]],
        row_id: Callable[[Any], Hashable],
        noun: str,
        id: str | None = None,  # noqa: A002
    ) -> None:
        empty = ("",) * len(columns)
        super().__init__(
            columns=columns,
            cells=lambda row: empty if isinstance(row, Rest) else cells(row),
            row_id=lambda row: row if isinstance(row, Rest) else row_id(row),
            row_cursor=lambda _: (),
            id=id,
        )
        self.noun = noun
        self.search = ""
        self._fault = ""
        self._named = tuple(Named(one.id, one.title.lower()) for one in columns)
        self._rows: Sequence[Any] = ()
        self._rest: Sequence[Rest] = ()
        self._given: Sequence[Any] = ()
        self._nothing = ""

    @property
    def row(self) -> Any:
        """The row under the cursor; None where there is none."""
        return None if isinstance(self.current_row, Rest) else self.current_row

    @property
    def rows(self) -> Sequence[Any]:
        """The rows that are shown."""
        return [row for row in self._given if not isinstance(row, Rest)]

    def show(self, rows: Sequence[Row], rest: Sequence[str] = (), *, nothing: str, anew: bool = True) -> None:
        """Shows these rows and what is said below them; ``nothing`` where there are none of both. Unless it is done
        ``anew``, the cursor stays on its row."""
        self._rows, self._rest, self._nothing = rows, [Rest(one) for one in rest], nothing
        self._give(anew=anew)

    def filter(self, text: str) -> None:
        """Shows only what the filter finds, as in every list. The table stays as it is where the text cannot be
        understood: ``found`` then says why."""
        self._fault = fault(self._named, text)
        if not self._fault and text != self.search:
            self.search = text
            self._give(anew=True)

    @property
    def sought(self) -> str:
        """The filter that is shown; empty where what is typed cannot be understood."""
        return "" if self._fault else self.search

    @property
    def found(self) -> str:
        """How many rows the filter leaves, of how many, or why what is typed is none; empty without one."""
        if self._fault:
            return self._fault
        return f"{number(len(self.rows))} of {number(len(self._rows))}" if self.search.strip() else ""

    def _give(self, *, anew: bool) -> None:
        words = terms(self._named, self.search)
        found = [row for row in self._rows if all(self._has(row, word) for word in words)] if words else self._rows
        if self.sort is not None:
            at = next(place for place, column in enumerate(self.columns) if column.id == self.sort[0])
            found = sorted(found, key=lambda row: self._text(row, at).casefold(), reverse=self.sort[1])
        self._given = found if words else [*found, *self._rest]
        self.empty_text = "Nothing matches. Esc clears the filter." if words else self._nothing
        kept = None if anew or self.current_row is None else self._row_id(self.current_row)
        self.set_total(len(self._given), self.reset(keep_cursor_id=kept, in_place=not anew))

    def _text(self, row: Any, at: int) -> str:
        return as_cell(self._cells(row)[at]).text

    def _has(self, row: Any, word: Term) -> bool:
        places = [at for at, one in enumerate(self.columns) if word.column in ("", one.id)]
        return any(word.fits(fold(self._text(row, at))) for at in places) is not word.excluded

    def on_windowed_list_wanted(self, message: RecordTable.Wanted) -> None:
        """Gives the rows that are about to be on screen."""
        message.stop()
        ask = message.ask
        first = len(self._given) - ask.count if ask.from_end else ask.first
        self.deliver(ask, self._given[max(0, first) : max(0, first) + ask.count])

    def on_record_table_sort_requested(self, message: RecordTable.SortRequested) -> None:
        """Sorts by a column, the other way round when it is sorted by it already."""
        message.stop()
        self.sort = message.column_id, self.sort is not None and self.sort == (message.column_id, False)
        self._give(anew=True)

    def place_parts(self) -> list[str]:
        parts = [many(len(self.rows), self.noun)] if self.count else []
        return [*parts, *(part for part in super().place_parts()[1:] if self.count)]

    def line(self, index: int, width: int) -> Sequence[Part]:
        row = self.row_at(index)
        if isinstance(row, Rest):
            return [("  ", ""), (fit(row.said, max(0, width - 2)), "quiet")]
        return super().line(index, width)

    def whole(self, index: int) -> str:
        row = self.row_at(index)
        if not isinstance(row, Rest):
            return super().whole(index)
        return literal(row.said) if width_of(row.said) > self.line_width - 3 else ""

    def copy_text(self) -> str:
        row = self.current_row
        return literal(row.said) if isinstance(row, Rest) and not self.marks else super().copy_text()
