"""Choosing a user: to sign in, to switch to, or to lay beside another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from ringfence.console.cells import accounts
from ringfence.console.questions import Asks
from ringfence.console.screens.record_list import part_of
from ringfence.console.text import content
from ringfence.console.widgets.plain_input import PlainInput
from ringfence.console.widgets.record_table import Ask, RecordTable

if TYPE_CHECKING:
    from ringfence.services.records import Account


class ChooseUser(ModalScreen[str | None], Asks):
    """A list of users with a search over it: of all, or outside the demo, once somebody has signed in, of those through
    whose eyes they may look. Ends with a login, or None."""

    BINDINGS = [
        Binding("escape", "cancel", "Back"),
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("pagedown", "page(1)", "Page down", show=False, priority=True),
        Binding("pageup", "page(-1)", "Page up", show=False, priority=True),
        Binding("ctrl+q", "app.quit", "Quit", show=False, priority=True),
    ]
    AUTO_FOCUS = "Input"
    DEFAULT_CSS = """
    ChooseUser { align: center middle; background: $background 60%; }
    ChooseUser #box {
        width: 84; max-width: 96%; height: 22; max-height: 90%;
        border: round $primary; border-title-color: $primary; border-title-style: bold;
        background: $background; padding: 0 1;
    }
    ChooseUser Input { border: none; height: 1; background: $boost; margin: 0 0 1 0; }
    ChooseUser RecordTable, ChooseUser RecordTable:focus, ChooseUser RecordTable:ansi { border: none; height: 1fr; }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title_text = title
        self._search = ""
        self._chosen = False  # Enter came before the rows that it was meant for

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield PlainInput(placeholder="Search by login, name or e-mail")
            yield RecordTable[Any](
                columns=accounts.COLUMNS,
                cells=accounts.cells,
                row_id=lambda row: row.id,
                row_cursor=lambda row: row.sort_key,
                empty_text="Nobody matches.",
            )

    def on_mount(self) -> None:
        """Asks for the first users."""
        box = self.query_one("#box")
        box.border_title = content(self._title_text)
        box.border_subtitle = content("↑↓ Enter chooses · Esc goes back")
        table = self.table
        table.can_focus = False
        self._begin()

    @property
    def table(self) -> RecordTable[Any]:
        """The list."""
        return self.query_one(RecordTable)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Shows who matches."""
        message.stop()
        if message.value != self._search:
            self._search = message.value
            self._begin()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Chooses, after everything that was typed before Enter."""
        message.stop()
        self.action_choose()

    def _begin(self) -> None:
        workspace, search, real = self.ringfence.workspace, self._search, self.ringfence.real
        generation = self.table.reset()
        if workspace is not None:
            self.in_thread(
                "accounts-count",
                lambda: real.subject_count(search) if real is not None else workspace.account_count(search),
                lambda total: self.table.set_total(total, generation),
                self.table.fail,
            )

    def on_record_table_wanted(self, message: RecordTable.Wanted) -> None:
        """Asks for the users that are about to be on screen."""
        message.stop()
        workspace, search, ask, real = self.ringfence.workspace, self._search, message.ask, self.ringfence.real
        if workspace is not None:
            part = part_of(ask)
            self.in_thread(
                "accounts",
                lambda: real.subjects(search, part) if real is not None else workspace.accounts(search, part),
                lambda rows: self._delivered(ask, rows),
                self.table.fail,
            )

    def _delivered(self, ask: Ask, rows: Sequence[Account]) -> None:
        if self.table.deliver(ask, rows) and self._chosen:
            self.action_choose()

    def on_record_table_chosen(self) -> None:
        """A double click chooses too."""
        self.action_choose()

    def action_choose(self) -> None:
        """Ends with the user under the cursor, once the list is that of what was typed."""
        self._chosen = self.table.state == "loading"
        if self._chosen:
            return
        row = self.table.current_row
        if row is not None:
            self.dismiss(row.login)

    def action_cancel(self) -> None:
        """Ends without one."""
        self.dismiss(None)

    def action_move(self, lines: int) -> None:
        """Moves the list's cursor while the search keeps the focus."""
        self.table.action_move(lines)

    def action_page(self, pages: int) -> None:
        """Moves it by a screenful."""
        self.table.action_page(pages)
