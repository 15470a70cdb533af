"""Choosing one record among very many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.strip import Strip

from ringfence.console.screens.record_list import RecordList
from ringfence.console.screens.searching import Searching
from ringfence.console.text import Cell, content, fit
from ringfence.console.widgets.columns import Column
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.record_table import Ask
from ringfence.services.rows import Record


class _Found(RecordList):
    """The list. It shows its cursor only while that is here, and tells when rows have come."""

    def __init__(
        self,
        kind: str,
        columns: Sequence[Column],
        cells: Callable[[Any], Sequence[Cell | str]],
        *,
        on_rows: Callable[[], None],
        on_subtitle: Callable[[Content], None],
    ) -> None:
        super().__init__(kind, columns, cells, on_subtitle=on_subtitle)
        self.can_focus = False
        self.here = True
        self._on_rows = on_rows

    def deliver(self, ask: Ask, rows: Sequence[Any]) -> bool:
        taken = super().deliver(ask, rows)
        if taken:
            self._on_rows()
        return taken

    def render_line(self, y: int) -> Strip:
        index, width = y - self.header_height + self.top, self.line_width
        if self.here or y < self.header_height or not self.count or index != self.cursor:
            return super().render_line(y)
        return self.strip([(" ", ""), *self.line(index, width - 1)], width)


class _Extras(LineList):
    """What is offered beside the list: drawn like its rows, never focused."""

    def __init__(self) -> None:
        super().__init__()
        self.can_focus = False
        self.here = False
        self.shown: list[tuple[int, str]] = []

    def show(self, rows: Sequence[tuple[int, str]]) -> None:
        """Shows these rows."""
        self.shown = list(rows)
        self.set_count(len(self.shown))
        self.styles.height = len(self.shown) + 1
        self.display = bool(self.shown)

    def line(self, index: int, width: int) -> Sequence[Part]:
        return [("  ", ""), (fit(self.shown[index][1], max(0, width - 2)), "strong")][: 1 + (width > 2)]

    def render_line(self, y: int) -> Strip:
        width = self.line_width
        if self.here or y >= self.count:
            return super().render_line(y)
        return self.strip([(" ", ""), *self.line(y, width - 1)], width)


class ChooseRecord(Searching[Record]):
    """A list of one kind of record with a search over it. Ends with a record, or None.

    ``extra`` (id, name) are offered above the list, for what the listing does not hold; of such a one only the id and
    the name are known. The cursor begins on ``now``, what is chosen already: Enter, pressed too soon, changes nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+home", "first", "First", show=False, priority=True),
        Binding("ctrl+end", "last", "Last", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        kind: str,
        columns: Sequence[Column],
        cells: Callable[[Any], Sequence[Cell | str]],
        *,
        extra: Sequence[tuple[int, str]] = (),
        under: int | None = None,
        now: int = 0,
        placeholder: str = "Search by name",
    ) -> None:
        super().__init__()
        self._title_text = title
        self._extra = tuple(extra)
        self._under = under
        self._now = now
        self._placeholder = placeholder
        self._chosen = False  # Enter came before the rows that it was meant for
        self.extras = _Extras()
        self._records = _Found(kind, columns, cells, on_rows=self._delivered, on_subtitle=self.say_below)

    @property
    def placeholder(self) -> str:
        return self._placeholder

    def compose_lists(self) -> ComposeResult:
        yield self.extras
        yield self._records

    @property
    def found(self) -> _Found:
        """The list."""
        return self._records

    def on_mount(self) -> None:
        """Asks for the first rows, or for those around what is chosen now."""
        self.query_one("#box").border_title = content(self._title_text)
        self.extras.show(self._extra)
        self.found.show(under=self._under)
        extra = next((at for at, row in enumerate(self._extra) if row[0] == self._now), None)
        if extra is not None:
            self.extras.cursor = extra
            self._go(extra=True)
        elif self._now > 0:
            self.found.go_to(self._now, hidden=lambda: None)

    def search(self, text: str) -> None:
        """Shows what matches; the cursor goes to the first of it."""
        wanted = text.strip().casefold()
        if self.found.listing is None or text == self.found.listing.search:
            return
        self.extras.show([row for row in self._extra if wanted in row[1].casefold()])
        self._go(extra=False)
        self.found.filter(text)
        if self.found.found and not self.found.sought:
            self.say_below(content(self.found.found))
        if text:
            self.found.empty_text = "Nothing matches."  # Esc leaves here

    def on_click(self, event: events.Click) -> None:
        """Brings the cursor to whichever of the two lists was clicked."""
        if event.widget is self.extras or event.widget is self.found:
            self._go(extra=event.widget is self.extras)

    def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        """A double click chooses in the list that was clicked."""
        self._go(extra=message.control is self.extras)

    def _go(self, *, extra: bool) -> None:
        """Puts the cursor into one of the two lists."""
        self.extras.here, self.found.here = extra, not extra
        self.extras.refresh()
        self.found.refresh()

    def _delivered(self) -> None:
        if not self.found.count and self.extras.count:
            self._go(extra=True)
        if self._chosen:
            self.choose()

    def choose(self) -> None:
        """Ends with what is under the cursor, once the list is that of what was typed."""
        if self.extras.here and self.extras.count:
            own, name = self.extras.shown[self.extras.cursor]
            self.dismiss(Record(own, "", name, "", None, (name, own)))
            return
        self._chosen = self.found.state == "loading" or self.found.on_its_way
        row = None if self._chosen else self.found.row
        if row is not None:
            self.dismiss(row)

    def action_move(self, lines: int) -> None:
        """Moves the cursor through both lists while the search keeps the focus."""
        if self.extras.here:
            if lines > 0 and self.extras.cursor == self.extras.count - 1:
                if self.found.count:
                    self._go(extra=False)
            else:
                self.extras.action_move(lines)
        elif lines < 0 and self.found.cursor == 0 and self.extras.count:
            self.extras.cursor = self.extras.count - 1
            self._go(extra=True)
        else:
            self.found.action_move(lines)

    def action_page(self, pages: int) -> None:
        """Moves it by a screenful of the list."""
        if not self.found.count:
            return
        if pages < 0 and self.found.cursor == 0 and self.extras.count:
            self.action_first()
        else:
            self._go(extra=False)
            self.found.action_page(pages)

    def action_first(self) -> None:
        """Moves it to the very first row."""
        self.extras.action_first()
        self.found.action_first()
        self._go(extra=bool(self.extras.count))

    def action_last(self) -> None:
        """Moves it to the last row."""
        self._go(extra=False)
        self.found.action_last()
