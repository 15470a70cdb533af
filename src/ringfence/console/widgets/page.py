"""Sentences in a frame that are gone through line by line."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from ringfence.console.text import Cell, Said
from ringfence.console.widgets.flow import exact, flow
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part


class Page(LineList):
    """Lines that are broken between words; the cursor stays where it is when others are said."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._said: Sequence[Said] = ()
        self._shown: list[list[Cell]] = []

    @property
    def text(self) -> str:
        """What it says, line by line, in view or not."""
        return "\n".join("".join(cell.text for cell in line).rstrip() for line in self._shown)

    def say(self, lines: Sequence[Said]) -> None:
        """Says these."""
        self._said = lines
        self._lay_out()

    def on_resize(self, event: events.Resize) -> None:
        """Breaks the lines anew."""
        del event
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.line_width - 1
        if width < 1:
            return
        sentences = [flow([one] if isinstance(one, Cell | str) else one, width) for one in self._said]
        self._shown = self.fitting(sentences)
        self.set_count(len(self._shown))
        self.ready()
        self.refresh()

    def fitting(self, sentences: Sequence[list[list[Cell]]]) -> list[list[Cell]]:
        """Which lines of these sentences are said."""
        return [line for lines in sentences for line in lines]

    def line(self, index: int, width: int) -> Sequence[Part]:
        return exact(self._shown[index], width)
