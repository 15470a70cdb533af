"""Choosing a user: to sign in, to switch to, or to lay beside another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.content import Content

from ringfence.console.cells import accounts
from ringfence.console.screens.record_list import part_of
from ringfence.console.screens.searching import Searching
from ringfence.console.text import content
from ringfence.console.widgets.record_table import Ask, RecordTable

if TYPE_CHECKING:
    from ringfence.services.records import Account


class ChooseUser(Searching[str]):
    """A list of users with a search over it: of all, or outside the demo, once somebody has signed in, of those through
    whose eyes they may look. Ends with a login, or None."""

    PLACEHOLDER = "Search by login, name or e-mail"

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title_text = title
        self._search = self._fault = ""
        self._told = Content()

    def compose_lists(self) -> ComposeResult:
        yield RecordTable[Any](
            columns=accounts.COLUMNS,
            cells=accounts.cells,
            row_id=lambda row: row.id,
            row_cursor=lambda row: row.sort_key,
            empty_text="Nobody matches.",
        )

    def on_mount(self) -> None:
        """Asks for the first users."""
        self.query_one("#box").border_title = content(self._title_text)
        self.say_below(Content())
        self.table.tell_below = self._tell
        self._begin()

    @property
    def table(self) -> RecordTable[Any]:
        """The list."""
        return self.query_one(RecordTable)

    def search(self, text: str) -> None:
        from ringfence.domain.account import COLUMNS
        from ringfence.domain.filter import fault, named
        from ringfence.domain.user import USERS

        self._fault = fault(COLUMNS if self.ringfence.real is None else named(USERS), text)
        self._tell(self._told)
        if text != self._search and not self._fault:
            self._search = text
            self._begin()

    def _tell(self, text: Content) -> None:
        """Says below what the list says of itself, or why what was typed cannot be understood."""
        self._told = text
        self.say_below(content(self._fault) if self._fault else text)

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

    def on_windowed_list_wanted(self, message: RecordTable.Wanted) -> None:
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
        if self.table.deliver(ask, rows) and self.deciding:
            self.choose()

    def choose(self) -> None:
        """Ends with the user under the cursor, once the list is that of what was typed; with nobody as long as that
        cannot be understood."""
        if self._fault:
            return
        self.deciding = self.table.state == "loading"
        if self.deciding:
            return
        row = self.table.current_row
        if row is not None:
            self.dismiss(row.means)
