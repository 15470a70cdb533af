"""A tile: a few lines in a frame, one of them under a cursor while the tile has the focus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from ringfence.console.text import Cell, literal, width_of
from ringfence.console.widgets.flow import exact
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part


class TileLine(NamedTuple):
    """A line in pieces, and what it leads to, if anything."""

    said: Sequence[Cell]
    leads: Any = None

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(cell.text for cell in self.said)


class Tile(LineList):
    """Lines that are shown as they are given. While another tile has the focus, there is no cursor in it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "open", key_display="Enter")]
    """
    | Key(s) | Description |
    | :- | :- |
    | enter | Open what the line under the cursor leads to. |
    """

    def __init__(self, title: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._heading = title
        self._lines: Sequence[TileLine] = ()
        self._draw: Callable[[int], Sequence[TileLine]] = lambda _: ()
        self._nothing = ""

    def on_mount(self) -> None:
        """Puts the title on."""
        self.set_title(self._heading)

    def show(self, draw: Callable[[int], Sequence[TileLine]], nothing: str = "") -> None:
        """Shows what ``draw`` makes for so many cells, now and whenever there are others; or in a sentence why there is
        ``nothing``. The cursor stays on what leads to the same."""
        self._draw, self._nothing = draw, nothing
        self.ready()
        self._lay_out()

    def fail(self, text: str) -> None:
        self._lines = ()
        super().fail(text)

    def on_resize(self, event: events.Resize) -> None:
        """Draws it for the room that there is now."""
        del event
        if self.state == "ready":
            self._lay_out()

    def _lay_out(self) -> None:
        here, width = self.current, self.size.width - 1
        lines = self._draw(width)
        if len(lines) > self.page_height:
            lines = self._draw(width - self.styles.scrollbar_size_vertical)
        self._lines = lines
        self.set_count(len(lines))
        if not lines:
            self.empty(self._nothing)
        elif here is not None and here.leads is not None:
            self.cursor = next((at for at, one in enumerate(lines) if one.leads == here.leads), self.cursor)
        self.refresh()

    @property
    def lines(self) -> Sequence[TileLine]:
        """What it shows."""
        return self._lines

    @property
    def current(self) -> TileLine | None:
        """The line under the cursor."""
        return self._lines[self.cursor] if self.cursor < len(self._lines) else None

    def line(self, index: int, width: int) -> Sequence[Part]:
        return exact(self._lines[index].said, width)

    def whole(self, index: int) -> str:
        text = literal(self._lines[index].text) if self.has_focus and index < len(self._lines) else ""
        return " ".join(text.split()) if width_of(text) > self.line_width - 1 else ""

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.look_here()

    def render_line(self, y: int) -> Strip:
        index = y + self.top
        if self.has_focus or index >= self.count:
            return super().render_line(y)
        return self.strip([(" ", ""), *self.line(index, self.line_width - 1)], self.line_width)
