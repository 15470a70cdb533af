"""Labels and their values, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from ringfence.console.text import Cell, fit, literal, width_of
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part

LABEL = 12
"""So many cells labels have, or as many as the longest takes."""


class Fields(LineList):
    """A page of labels and values that can be walked through and copied from."""

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._fields: tuple[tuple[str, Cell], ...] = ()
        self._room = LABEL

    def show(self, fields: Sequence[tuple[str, Cell]]) -> None:
        """Shows these labels and values."""
        self._fields = tuple(fields)
        self._room = max([LABEL, *(width_of(label) + 2 for label, _ in self._fields)])
        self.set_count(len(self._fields))
        self.ready()
        self.refresh()

    def line(self, index: int, width: int) -> Sequence[Part]:
        """A label and its value."""
        label, value = self._fields[index]
        return [
            (fit(f" {label}", min(width, self._room)), "quiet"),
            (fit(value.text, max(0, width - self._room)), value.style),
        ]

    def copy_text(self) -> str:
        """The value under the cursor."""
        return literal(self._fields[self.cursor][1].text) if self._fields else ""
