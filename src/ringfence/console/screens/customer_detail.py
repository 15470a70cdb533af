"""One customer opened: its own page, and the devices, users and sites of it and those below it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import ContentSwitcher

from ringfence.console.cells import customers, devices, sites, users
from ringfence.console.commands.command import SCREEN, bindings
from ringfence.console.commands.records import DEVICE, SITE, USER
from ringfence.console.commands.tree import CUSTOMER
from ringfence.console.questions import Asks
from ringfence.console.screens.record_list import RecordList
from ringfence.console.text import content, number
from ringfence.console.widgets.fields import Fields
from ringfence.console.widgets.tab_bar import TabBar

if TYPE_CHECKING:
    from ringfence.services.records import CustomerDetail as Detail

TABS: Final = ("details", "devices", "users", "sites")


class _Page(Fields):
    """The customer's own page, with the keys of the tree."""

    BINDINGS = bindings(CUSTOMER.commands, SCREEN)


class _Devices(RecordList):
    BINDINGS = bindings(DEVICE.commands, SCREEN)


class _Users(RecordList):
    BINDINGS = bindings(USER.commands, SCREEN)


class _Sites(RecordList):
    BINDINGS = bindings(SITE.commands, SCREEN)


_LISTS: Final = (
    ("devices", _Devices, devices, DEVICE),
    ("users", _Users, users, USER),
    ("sites", _Sites, sites, SITE),
)


class CustomerDetail(Vertical, Asks):
    """The right half of the customers screen. It is shown a customer, and reads the rest itself."""

    DEFAULT_CSS = """
    CustomerDetail {
        border: round $panel-lighten-2;
        border-title-color: $foreground;
        border-title-style: bold;
        border-subtitle-color: $text-muted;
        padding: 0;
        &:focus-within { border: round $primary; border-title-color: $primary; }
        & ContentSwitcher { height: 1fr; }
        & RecordTable, & Fields, & RecordTable:focus, & Fields:focus { border: none; height: 1fr; }
        & RecordTable:ansi, & Fields:ansi, & RecordTable:ansi:focus, & Fields:ansi:focus { border: none; }
        &:ansi { border: round ansi_bright_black; }
        &:ansi:focus-within { border: heavy ansi_default; }
        & TabBar { margin-bottom: 1; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="detail")
        self.detail: Detail | None = None
        self.customer: int | None = None
        self.tab = "devices"
        self._stale: set[str] = set()
        self._subtitles: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        yield TabBar()
        with ContentSwitcher(initial="devices"):
            yield _Page(id="details")
            for kind, table, shape, edits in _LISTS:
                say = partial(self._say_rows, kind)
                yield table(kind, shape.COLUMNS, shape.cells, on_subtitle=say, edits=edits, id=kind)

    @property
    def current(self) -> RecordList | Fields:
        """What the current tab shows."""
        found = self.query_one(f"#{self.tab}")
        assert isinstance(found, (RecordList, Fields))
        return found

    def _say_rows(self, kind: str, text: str) -> None:
        self._subtitles[kind] = text
        if kind == self.tab:
            self.border_subtitle = content(text)

    def on_mount(self) -> None:
        """Draws the tabs without numbers."""
        self._draw_tabs()

    def open(self, customer: int, name: str) -> None:
        """Shows a customer: its name at once, the rest as it comes."""
        self.border_title = content(name)
        self.customer = customer
        for records in self.query(RecordList):
            records.home = (customer, name)
        self._stale = set(TABS)
        self._show_tab()
        self._read(customer)

    def _read(self, customer: int) -> None:
        self.ask("detail", lambda session: session.detail(customer), self._opened, self._gone)

    def close(self) -> None:
        """Shows nothing: there is no customer to show."""
        self.customer = self.detail = None
        self.border_title = ""
        self._draw_tabs()
        self.query_one(Fields).show([])
        for records in self.query(RecordList):
            records.clear()

    def again(self) -> None:
        """Reads everything anew; the cursor stays on its row, and what is marked stays marked."""
        if self.customer is None:
            return
        self._stale = set(TABS) - {self.tab}
        if isinstance(self.current, RecordList):
            self.current.again()
        self._read(self.customer)

    def _opened(self, detail: Detail) -> None:
        self.detail = detail
        self.border_title = content(detail.name)
        self.query_one(Fields).show(customers.fields(detail))
        self._draw_tabs()

    def _gone(self, reason: str) -> None:
        self.close()
        for shown in (self.query_one(Fields), *self.query(RecordList)):
            shown.fail(reason)

    def turn(self, step: int) -> None:
        """Goes to another tab, keeping the focus in here if it was."""
        focused = self.has_focus_within
        self.tab = TABS[(TABS.index(self.tab) + step) % len(TABS)]
        self._show_tab()
        self._draw_tabs()
        if focused:
            self.current.focus()

    def _show_tab(self) -> None:
        self.border_subtitle = content(self._subtitles.get(self.tab, ""))
        self.query_one(ContentSwitcher).current = self.tab
        shown = self.current
        if self.tab in self._stale and isinstance(shown, RecordList) and self.customer is not None:
            if shown.listing is not None and shown.listing.under == self.customer:
                shown.again()
            else:
                shown.show(under=self.customer)
        self._stale.discard(self.tab)

    def _draw_tabs(self) -> None:
        tabs = []
        for tab in TABS:
            count = getattr(self.detail, tab, None) if self.detail and tab != "details" else None
            tabs.append((tab, tab.capitalize(), "" if count is None else number(count)))
        self.query_one(TabBar).set_tabs(tabs, self.tab)

    def on_tab_bar_picked(self, message: TabBar.Picked) -> None:
        """Goes to a tab that was clicked."""
        self.turn(TABS.index(message.tab_id) - TABS.index(self.tab))
