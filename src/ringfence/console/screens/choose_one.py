"""Choosing one of some things that are all known already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from ringfence.console.text import Cell, content, fit, number
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.plain_input import PlainInput

if TYPE_CHECKING:
    from ringfence.domain.kind import Kind
    from ringfence.services.workspace import Session

_ROWS: Final = 14
_PAGE: Final = 1000


class _Found(LineList):
    """What matches."""

    def __init__(self) -> None:
        super().__init__()
        self.can_focus = False
        self.shown: list[tuple[int, Cell | str]] = []

    def show(self, rows: Sequence[tuple[int, Cell | str]]) -> None:
        """Shows these."""
        self.shown = list(rows)
        self.ready()
        self.set_count(len(self.shown))
        self.cursor = 0
        if not self.shown:
            self.empty("Nothing matches.")

    def line(self, index: int, width: int) -> Sequence[Part]:
        row = self.shown[index][1]
        text, style = row if isinstance(row, Cell) else (row, "")
        return [(fit(f" {text}", width), style)]


class ChooseOne(ModalScreen[int | None]):
    """Some rows (id, label) with a search over them. Ends with an id, or None.

    ``above`` are offered before the rows, and whatever is searched for.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back"),
        Binding("down,tab", "move(1)", "Down", show=False, priority=True),
        Binding("up,shift+tab", "move(-1)", "Up", show=False, priority=True),
        Binding("pagedown", "page(1)", "Page down", show=False, priority=True),
        Binding("pageup", "page(-1)", "Page up", show=False, priority=True),
        Binding("ctrl+q", "app.quit", "Quit", show=False, priority=True),
    ]
    AUTO_FOCUS = "Input"
    DEFAULT_CSS = """
    ChooseOne { align: center middle; background: $background 60%; }
    ChooseOne #box {
        width: 64; max-width: 96%; height: auto; max-height: 90%;
        border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $text-muted;
        background: $background; padding: 0 1;
    }
    ChooseOne Input { border: none; height: 1; background: $boost; margin: 0 0 1 0; }
    ChooseOne LineList, ChooseOne LineList:ansi { border: none; }
    """

    def __init__(
        self, title: str, rows: Sequence[tuple[int, str]], *, above: Sequence[tuple[int, str]] = (), now: int = 0
    ) -> None:
        super().__init__()
        self._title_text = title
        self._above = [(own, Cell(label, "quiet")) for own, label in above]
        self._rows = list(rows)
        self._now = now
        self._found = _Found()

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield PlainInput(placeholder="Search by name")
            yield self._found

    def on_mount(self) -> None:
        """Shows all, the cursor on what is chosen now."""
        box = self.query_one("#box")
        box.border_title = content(self._title_text)
        keys = "↑↓ Enter chooses · Esc goes back"
        box.border_subtitle = content(f"{number(len(self._rows))} · {keys}" if self._rows else keys)
        self._found.styles.height = max(1, min(_ROWS, len(self._above) + len(self._rows)))
        self._search("")
        self._found.cursor = next((at for at, row in enumerate(self._found.shown) if row[0] == self._now), 0)

    def _search(self, text: str) -> None:
        wanted = text.strip().casefold()
        matching = [row for row in self._rows if wanted in row[1].casefold()]
        self._found.show([*self._above, *matching])
        if wanted and matching:
            self._found.cursor = len(self._above)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Shows what matches; the cursor goes to the first of it."""
        message.stop()
        self._search(message.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Chooses, after everything that was typed before Enter."""
        message.stop()
        if self._found.count:
            self.dismiss(self._found.shown[self._found.cursor][0])

    def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        """A double click chooses too."""
        message.stop()
        self.dismiss(self._found.shown[message.index][0])

    def action_cancel(self) -> None:
        """Ends without one."""
        self.dismiss(None)

    def action_move(self, lines: int) -> None:
        """Moves the cursor while the search keeps the focus."""
        self._found.action_move(lines)

    def action_page(self, pages: int) -> None:
        """Moves it by a screenful."""
        self._found.action_page(pages)


def own_of(session: Session, kind: Kind, customer: int) -> list[tuple[int, str]]:
    """A customer's own records of a kind (id, name), by name; those of customers nested in it are not among them."""
    from ringfence.services.records import Listing, Part

    key = session.detail(customer).key or None
    wanted, after, found = Listing(kind.name, under=customer), None, []
    while True:
        rows = session.rows(wanted, Part(_PAGE, after))
        found += [(row.id, row.name) for row in rows if row.owner and row.owner_key == key]
        if len(rows) < _PAGE:
            return found
        after = rows[-1].sort_key
