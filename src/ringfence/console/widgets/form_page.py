"""A form laid out in a width: its fields below each other, or in two columns where there is room for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from ringfence.console.widgets.form_column import Column, PageLine
from ringfence.console.widgets.form_fields import RowsSpec, Spec, TextLine, TextSpec, only_shown

_TWO_FROM: Final = 106
"""The width from which there are two columns: with the frame, the cursor's bar and the scrollbar, 110 cells."""
_BETWEEN: Final = 3
"""Cells between them, of which the last is for the cursor's bar."""
_ROWS: Final = 4
"""What rows count for in lines, however many there are: a field does not change its column as they come and go."""


class Page:
    """A form laid out. Its ``lines`` are those of the columns, one after the other; its rows are what is drawn."""

    def __init__(
        self, specs: Sequence[Spec], messages: Mapping[str, str], width: int, *, read_only: bool = False
    ) -> None:
        self.of = specs
        """The fields as they were given; ``specs`` is what is drawn of them."""
        self.specs: Sequence[Spec] = [only_shown(spec) for spec in specs] if read_only else specs
        self.messages = messages
        cut = _cut(self.specs) if width >= _TWO_FROM else 0
        if cut:
            right = (width - _BETWEEN) // 2
            left = width - _BETWEEN - right
            self.columns: tuple[Column, ...] = (
                Column(self.specs, range(cut), messages, left),
                Column(self.specs, range(cut + 1, len(self.specs)), messages, right),
            )
            self.begins: tuple[int, ...] = (0, left + _BETWEEN)
        else:
            self.columns = (Column(self.specs, range(len(self.specs)), messages, width),)
            self.begins = (0,)
        self.lines: list[PageLine] = [line for column in self.columns for line in column.lines]
        self.height = max(len(column.lines) for column in self.columns)
        """How many rows there are."""

    @cached_property
    def stops(self) -> list[int]:
        """The lines on which the cursor may stand."""
        return [index for index, line in enumerate(self.lines) if line.stop]

    def place(self, index: int) -> tuple[int, int]:
        """The column that a line is in, and its row."""
        first = len(self.columns[0].lines)
        return (0, index) if index < first or len(self.columns) == 1 else (1, index - first)

    def index(self, column: int, row: int) -> int:
        """The line at a row of a column; -1 where there is none."""
        if row >= len(self.columns[column].lines):
            return -1
        return row + (len(self.columns[0].lines) if column else 0)

    def whole(self, index: int) -> range:
        """The lines that are under the cursor with one: those that go on with what it says."""
        end = index + 1
        while end < len(self.lines) and self.lines[end].more and self.lines[end].spec == self.lines[index].spec:
            end += 1
        return range(index, end)

    def column_of(self, index: int) -> Column:
        """The column of a line."""
        return self.columns[self.place(index)[0]]

    def cut_at(self, index: int) -> str:
        """What a row says, where something of it is cut; empty where nothing is."""
        if index >= len(self.lines) or self.lines[index].kind != "row":
            return ""
        return self.column_of(index).cut(self.lines[index])

    def shape(self, index: int, spec: TextSpec) -> tuple[int, int]:
        """How wide and how high a text is that stands at a line, or would stand there instead."""
        column = self.column_of(index)
        return column.field_of(spec), column.height_of(spec)


def _cut(specs: Sequence[Spec]) -> int:
    """The empty line that parts the fields best into a left column and a right one; 0 where none does. What stands
    between two such lines belongs together."""
    weights = [_ROWS if isinstance(spec, RowsSpec) else 1 for spec in specs]
    gaps = [index for index, spec in enumerate(specs) if isinstance(spec, TextLine) and not spec.text and not spec.name]
    inside = [index for index in gaps if 0 < index < len(specs) - 1]
    return min(inside, key=lambda index: max(sum(weights[:index]), sum(weights[index + 1 :])), default=0)
