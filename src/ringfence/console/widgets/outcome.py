"""What saving would change, in a few lines below a form."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.strip import Strip

from ringfence.console.text import Cell, Said
from ringfence.console.widgets.flow import exact, flow
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part


class OutcomePanel(LineList):
    """Lines in a frame, without a cursor; what does not fit is told in the frame."""

    DEFAULT_CSS = """
    OutcomePanel, OutcomePanel:ansi { height: 5; overflow-y: hidden; }
    """

    def __init__(self, title: str = "What saving changes", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.can_focus = False
        self._heading = title
        self.key = "p"
        """The key that shows all."""
        self._said: Sequence[Said] = ()
        self._flowed: list[list[Cell]] = []

    def on_mount(self) -> None:
        """Puts the title on."""
        self.set_title(self._heading)

    @property
    def text(self) -> str:
        """What it says, line by line."""
        return "\n".join("".join(cell.text for cell in line) for line in self._flowed)

    def say(self, lines: Sequence[Said]) -> None:
        """Shows lines, broken between words."""
        self._said = lines
        self._lay_out()

    def on_resize(self, event: events.Resize) -> None:
        """Breaks the lines anew."""
        del event
        self._lay_out()

    def _lay_out(self) -> None:
        width = max(10, self.line_width - 1)
        lines = [[line] if isinstance(line, Cell | str) else line for line in self._said]
        self._flowed = [part for line in lines for part in flow(line, width)]
        self.set_count(len(self._flowed))
        self.ready()
        more = len(self._flowed) - self.page_height
        self.set_subtitle(f"{more} more: {self.key} shows all" if more > 0 else "")
        self.refresh()

    def line(self, index: int, width: int) -> Sequence[Part]:
        return exact(self._flowed[index], width)

    def render_line(self, y: int) -> Strip:
        index, width = y + self.top, self.line_width
        if index >= self.count:
            return Strip.blank(width, self.paint())
        return self.strip([(" ", ""), *self.line(index, width - 1)], width)
