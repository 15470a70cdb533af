"""Lines that somebody else draws, as they stand."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from ringfence.console.text import Cell
from ringfence.console.widgets.flow import exact
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part


class DrawnLines(LineList):
    """Lines made of pieces, below a heading that stays; ``wholes`` are those that are cut, as a whole ("" where nothing
    is). The cursor stays where it is, unless it is said where it goes."""

    def __init__(self, *, id: str | None = None, focusable: bool = True) -> None:  # noqa: A002
        super().__init__(id=id)
        self.can_focus = focusable
        self._heading: Sequence[Cell] = ()
        self._lines: Sequence[Sequence[Cell]] = ()
        self._wholes: Sequence[str] = ()

    def show(
        self,
        lines: Sequence[Sequence[Cell]],
        *,
        heading: Sequence[Cell] = (),
        wholes: Sequence[str] = (),
        cursor: int | None = None,
    ) -> None:
        """Shows these."""
        if (lines, heading, wholes) != (self._lines, self._heading, self._wholes):
            self._lines, self._heading, self._wholes = lines, heading, wholes
            self.ready()
            self.set_count(len(lines))
        if cursor is not None and cursor != self.cursor:
            self.cursor = cursor

    @property
    def text(self) -> str:
        """What the line under the cursor says."""
        shown = self._lines[self.cursor] if self._lines else ()
        return "".join(cell.text for cell in shown).strip()

    @property
    def header_height(self) -> int:
        return 1 if self._heading else 0

    def header_line(self, y: int, width: int) -> Sequence[Part]:
        return [(text, "header") for text, _ in exact(self._heading, width)]

    def line(self, index: int, width: int) -> Sequence[Part]:
        return exact(self._lines[index], width)

    def whole(self, index: int) -> str:
        return self._wholes[index] if index < len(self._wholes) else ""

    def render_line(self, y: int) -> Strip:
        if self.can_focus:
            return super().render_line(y)
        width, index = self.line_width, y + self.top
        return (
            self.strip([(" ", ""), *self.line(index, width - 1)], width)
            if index < self.count
            else Strip.blank(width, self.paint())
        )
