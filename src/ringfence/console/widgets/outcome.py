"""What saving would change, in a few lines below a form."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from ringfence.console.text import Cell, number
from ringfence.console.widgets.page import Page

_FRAME = 2


class OutcomePanel(Page):
    """Sentences in a frame, without a cursor. Each is shown whole; of those that do not fit, the last line says how
    many they are, and the key that shows them."""

    DEFAULT_CSS = """
    OutcomePanel { height: 5; overflow-y: hidden; }
    """

    def __init__(self, title: str = "What saving changes", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.can_focus = False
        self._heading = title
        self.key = ""
        """The key that shows all."""
        self._sentences: Sequence[list[list[Cell]]] = ()

    def on_mount(self) -> None:
        """Puts the title on."""
        self.set_title(self._heading)

    @property
    def text(self) -> str:
        """What it says, line by line, shown or not."""
        return "\n".join("".join(cell.text for cell in line) for lines in self._sentences for line in lines)

    @property
    def wanted(self) -> int:
        """How high it has to be to show everything."""
        return sum(map(len, self._sentences)) + _FRAME

    def fitting(self, sentences: Sequence[list[list[Cell]]]) -> list[list[Cell]]:
        self._sentences, room = sentences, self.page_height
        if self.wanted <= room + _FRAME:
            return super().fitting(sentences)
        shown: list[list[Cell]] = []
        count = 0
        for lines in self._sentences:
            if len(shown) + len(lines) > room - 1:
                break
            shown += lines
            count += 1
        while count and not any(cell.text for line in self._sentences[count - 1] for cell in line):
            count -= 1  # an empty line says nothing
            shown.pop()
        more = sum(any(cell.text for line in lines for cell in line) for lines in self._sentences[count:])
        return [*shown, [Cell(f"{number(more)} more{f': {self.key} shows all' if self.key else ''}", "quiet")]]

    def render_line(self, y: int) -> Strip:
        index, width = y + self.top, self.line_width
        if index >= self.count:
            return Strip.blank(width, self.paint())
        return self.strip([(" ", ""), *self.line(index, width - 1)], width)
