"""Choosing one of some things that are all known already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from ringfence.console.screens.searching import Searching
from ringfence.console.text import Cell, fit, many, number
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part

if TYPE_CHECKING:
    from ringfence.domain.kind import Kind
    from ringfence.services.workspace import Session

_ROWS: Final = 14
_PAGE: Final = 1000


class _Found(LineList):
    """What matches."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[tuple[int, Cell | str]] = []

    def show(self, rows: Sequence[tuple[int, Cell | str]]) -> None:
        """Shows these."""
        self.shown = list(rows)
        self.begin(len(self.shown), "Nothing matches.")

    def line(self, index: int, width: int) -> Sequence[Part]:
        row = self.shown[index][1]
        text, style = row if isinstance(row, Cell) else (row, "")
        return [(fit(f" {text}", width), style)]


class ChooseOne(Searching[int]):
    """Some rows (id, label) with a search over them. Ends with an id, or None.

    ``above`` are offered before the rows, and whatever is searched for; ``noun`` is what one of the rows is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "move(1)", "Down", show=False, priority=True),
        Binding("shift+tab", "move(-1)", "Up", show=False, priority=True),
    ]
    PLACEHOLDER = "Search by name"
    DEFAULT_CSS = """
    ChooseOne #box { width: 64; height: auto; }
    """

    def __init__(
        self,
        title: str,
        rows: Sequence[tuple[int, str]],
        *,
        above: Sequence[tuple[int, str]] = (),
        now: int = 0,
        noun: str = "",
    ) -> None:
        super().__init__()
        self._title_text = title
        self._above = [(own, Cell(label, "quiet")) for own, label in above]
        self._rows = list(rows)
        self._now = now
        self._noun = noun

    def compose_lists(self) -> ComposeResult:
        yield _Found()

    @property
    def found(self) -> _Found:
        """The list."""
        return self.query_one(_Found)

    def on_mount(self) -> None:
        """Shows all, the cursor on what is chosen now."""
        keys = "↑↓ Enter chooses · Esc goes back"
        there = many(len(self._rows), self._noun) if self._noun else number(len(self._rows))
        self.say(self._title_text, f"{there} · {keys}" if self._rows else keys)
        self.found.styles.height = max(1, min(_ROWS, len(self._above) + len(self._rows)))
        self.search("")
        self.found.cursor = next((at for at, row in enumerate(self.found.shown) if row[0] == self._now), 0)

    def search(self, text: str) -> None:
        wanted = text.strip().casefold()
        matching = [row for row in self._rows if wanted in row[1].casefold()]
        self.found.show([*self._above, *matching])
        if wanted and matching:
            self.found.cursor = len(self._above)

    def choose(self) -> None:
        if self.found.count:
            self.dismiss(self.found.shown[self.found.cursor][0])


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
