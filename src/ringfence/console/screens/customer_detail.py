"""One customer opened: its own page, and what there is at it and below it, a tab for each kind that is one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher

from ringfence.console.cells import customers
from ringfence.console.commands.command import SCREEN, bind, bindings
from ringfence.console.commands.declared import editable
from ringfence.console.commands.tree import CUSTOMER
from ringfence.console.questions import Asks
from ringfence.console.text import content, number
from ringfence.console.widgets.fields import Fields
from ringfence.console.widgets.tab_bar import TabBar
from ringfence.domain.errors import RingfenceError

if TYPE_CHECKING:
    from ringfence.console.screens.record_list import RecordList
    from ringfence.console.widgets.record_table import RecordTable
    from ringfence.domain.kind import Kind
    from ringfence.preferences.layout import Spot
    from ringfence.services.attributes import Attribute
    from ringfence.services.records import CustomerDetail as Detail
    from ringfence.services.workspace import Session

_PAGE: Final = "details"
_WHO: Final = "who"


class _Page(Fields):
    """The customer's own page, with the keys of the tree."""

    BINDINGS = bindings(CUSTOMER.commands, SCREEN)


class CustomerDetail(Vertical, Asks):
    """The right half of the customers screen. It is shown a customer, and reads the rest itself."""

    DEFAULT_CSS = """
    CustomerDetail {
        border: round $border-blurred;
        border-title-color: $foreground;
        border-title-style: bold;
        border-subtitle-color: $text-muted;
        padding: 0;
        &:focus-within { border: round $border; border-title-color: $primary; }
        & ContentSwitcher { height: 1fr; }
        & RecordTable, & Fields, & RecordTable:focus, & Fields:focus { border: none; height: 1fr; }
        & RecordTable:ansi:focus, & Fields:ansi:focus { border: none; }
        &:ansi:focus-within { border: heavy $border; }
        & TabBar { margin-bottom: 1; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="detail")
        self.detail: Detail | None = None
        self.customer: int | None = None
        self._named = ""
        self.tabs = {_PAGE: "Details"}
        """What each tab is called."""
        self.tab = _PAGE
        self.lists: dict[str, RecordList] = {}
        """Those of the kinds that were made, by tab."""
        self._unmade: dict[str, Kind] = {}
        """Those whose lists are not there yet, by tab: each is made once somebody looks at it."""
        self._before: Spot | None = None
        self._stale: set[str] = set()
        self._subtitles: dict[str, Content] = {}
        self._who = ""
        """How many may, of those who were asked for last."""

    def compose(self) -> ComposeResult:
        yield TabBar()
        with ContentSwitcher(initial=_PAGE):
            yield _Page(id=_PAGE)

    def declared(self) -> None:
        """The kinds are known: there are the tabs now, the first list in front."""
        from ringfence.domain import display
        from ringfence.domain.registry import LISTED

        for kind in display.tabs(LISTED.values()):
            self.tabs[kind.name] = display.title(kind)
            self._unmade[kind.name] = kind
        self.tabs[_WHO] = "Who"
        self.turn(1)

    def _make(self, kind: Kind) -> None:
        """Puts the list of a kind there."""
        from ringfence.console.screens.record_list import list_of
        from ringfence.domain.registry import PARTS

        edits = None if kind.name in PARTS else editable(kind)
        records = list_of(kind, on_subtitle=partial(self._say_rows, kind.name), edits=edits, id=kind.name)
        bind(records, (edits or CUSTOMER).commands, SCREEN)
        if self.customer is not None:
            records.home = self.customer, self._named
        if self._before is not None:
            records.come_back(self._before)
        self.lists[kind.name] = records
        self.query_one(ContentSwitcher).mount(records)

    def _show_who(self) -> None:
        """Asks who may, once it is known at which customer, and somebody looks."""
        if self.tab != _WHO or self.detail is None or self.detail.id != self.customer:
            return
        from ringfence.console.screens.access_lists import WhoList

        self.query_one(f"#{_WHO}", WhoList).show_of("customer", self.detail.key or "")

    def _make_who(self) -> None:
        from ringfence.console.screens.access_lists import WhoList

        made = WhoList(id=_WHO)
        made.on_count, made.tell_below = self._say_who, partial(self._say_rows, _WHO)
        bind(made, CUSTOMER.commands, SCREEN)
        self.query_one(ContentSwitcher).mount(made)

    def _say_who(self, count: str) -> None:
        self._who = count
        self._draw_tabs()

    @property
    def stands(self) -> Spot:
        """How the lists stand: as they did before, those that nobody has looked at since."""
        from ringfence.preferences.layout import Spot

        before = Spot() if self._before is None else self._before
        lists = [one.stands for one in self.lists.values()]
        return Spot(
            self.current_record,
            {kind: sort for kind, sort in before.sorts.items() if kind in self._unmade}
            | {kind: sort for one in lists for kind, sort in one.sorts.items()},
            tab=self.tab,
            inside=self.has_focus_within,
            columns={kind: columns for kind, columns in before.columns.items() if kind in self._unmade}
            | {kind: columns for one in lists for kind, columns in one.columns.items()},
        )

    def come_back(self, spot: Spot) -> None:
        """Has the lists stand as they did."""
        self._before = spot
        for records in self.lists.values():
            records.come_back(spot)
        self.go_to_tab(spot.tab)

    @property
    def current(self) -> RecordTable[Any] | Fields:
        """What the current tab shows."""
        return cast("RecordTable[Any] | Fields", self.query_one(f"#{self.tab}"))

    @property
    def current_list(self) -> RecordList | None:
        """The list of a kind that it shows, if it does."""
        return self.lists.get(self.tab)

    @property
    def current_record(self) -> dict[str, int]:
        """The record under the cursor of the current tab, by its kind; nothing where there is none."""
        shown = self.current_list
        return dict(shown.stands.records) if shown is not None else {}

    def _say_rows(self, kind: str, text: Content) -> None:
        self._subtitles[kind] = text
        if kind == self.tab:
            self.border_subtitle = text

    def on_mount(self) -> None:
        """Draws the tabs without numbers."""
        self._draw_tabs()

    def open(self, customer: int, name: str) -> None:
        """Shows a customer: its name at once, the rest as it comes."""
        self.border_title = content(name)
        self.customer, self._named, self._who = customer, name, ""
        for records in self.lists.values():
            records.home = (customer, name)
        self._stale = set(self.tabs)
        self._show_tab()
        self._read(customer)

    def _read(self, customer: int) -> None:
        self.ask("detail", lambda session: _read(session, customer), self._opened, self._gone)

    def close(self) -> None:
        """Shows nothing: there is no customer to show."""
        self.customer = self.detail = None
        self.border_title = ""
        self._draw_tabs()
        self.query_one(Fields).show([])
        for shown in self._tables():
            shown.clear()

    def again(self) -> None:
        """Reads everything anew; the cursor stays on its row, and what is marked stays marked."""
        if self.customer is None:
            return
        self._stale = set(self.tabs) - {self.tab}
        if self.current_list is not None:
            self.current_list.again()
        self._read(self.customer)

    def _opened(self, found: tuple[Detail, list[Attribute]]) -> None:
        detail, attributes = found
        self.detail = detail
        self.border_title = content(detail.name)
        self.query_one(Fields).show(customers.fields(detail, attributes))
        self._draw_tabs()
        self._show_who()

    def _gone(self, reason: str) -> None:
        self.close()
        for shown in (self.query_one(Fields), *self._tables()):
            shown.fail(reason)

    def _tables(self) -> list[Any]:
        """Each of the tabs that is one, as far as it was made."""
        return list(self.query("RecordTable"))

    def go_to_tab(self, tab: str) -> None:
        """Shows a tab, if there is one of that name."""
        if tab in self.tabs:
            tabs = list(self.tabs)
            self.turn(tabs.index(tab) - tabs.index(self.tab))

    def turn(self, step: int) -> None:
        """Goes to another tab, keeping the focus in here if it was."""
        focused = self.has_focus_within
        tabs = list(self.tabs)
        self.tab = tabs[(tabs.index(self.tab) + step) % len(tabs)]
        self._show_tab()
        self._draw_tabs()
        if focused:
            self.current.focus()

    def _show_tab(self) -> None:
        self.border_subtitle = self._subtitles.get(self.tab, "")
        if (kind := self._unmade.pop(self.tab, None)) is not None:
            self._make(kind)
        elif self.tab == _WHO and not self.query(f"#{_WHO}"):
            self._make_who()
        self.query_one(ContentSwitcher).current = self.tab
        shown = self.current_list
        if self.tab in self._stale and shown is not None and self.customer is not None:
            if shown.listing is not None and shown.listing.under == self.customer:
                shown.again()
            else:
                shown.show(under=self.customer)
        self._show_who()
        self._stale.discard(self.tab)

    def _draw_tabs(self) -> None:
        tabs = []
        for tab, title in self.tabs.items():
            count = self.detail.counts.get(tab) if self.detail else None
            said = self._who if tab == _WHO else "" if count is None else number(count)
            tabs.append((tab, title, said))
        self.query_one(TabBar).set_tabs(tabs, self.tab)

    def on_tab_bar_picked(self, message: TabBar.Picked) -> None:
        """Goes to a tab that was clicked."""
        self.go_to_tab(message.tab_id)


def _read(session: Session, customer: int) -> tuple[Detail, list[Attribute]]:
    """A customer opened, and its attributes: none of one that may be listed, and not viewed."""
    detail = session.detail(customer)
    try:
        return detail, session.attributes("customer", detail.key) if detail.key else []
    except RingfenceError:
        return detail, []
