"""One record: who may see it or do something with it, and of a user what they may do, a tab for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import ContentSwitcher

from ringfence.console.commands.command import Command, bindings
from ringfence.console.commands.exchange import EXPORT
from ringfence.console.commands.lists import LISTS, TABS
from ringfence.console.screens.access_lists import RightsList, WhoList
from ringfence.console.screens.passing import PassingScreen
from ringfence.console.text import content
from ringfence.console.widgets.held_table import HeldTable
from ringfence.console.widgets.key_bar import KeyBar
from ringfence.console.widgets.tab_bar import TabBar
from ringfence.domain import display
from ringfence.domain.registry import EDITED

if TYPE_CHECKING:
    from ringfence.domain.kind import StateKind

WHO: Final = "who"
RIGHTS: Final = "rights"


_EXPORT: Final = EXPORT.but(
    help="Say which command writes all of it, as CSV or JSON.",
    unless=lambda page: page.why_no_export(),
)


class AccessPage(PassingScreen):
    """A record by its kind, key and name, and of a user by their ``login``: what they may do is shown first."""

    AREA = ""
    FILTERS = 'Words · -without ^beginning "a phrase"'
    FIRST_KEYS = ("help", "next_tab", "filter", "copy")
    COMMANDS_HERE: Sequence[Command[Any]] = (*(_EXPORT if one is EXPORT else one for one in LISTS), *TABS)
    BINDINGS = bindings(COMMANDS_HERE)
    AUTO_FOCUS = None
    DEFAULT_CSS = """
    AccessPage {
        & #page {
            border: round $border-blurred;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
            &:focus-within { border: round $border; border-title-color: $primary; }
            &:ansi:focus-within { border: heavy $border; }
        }
        & ContentSwitcher, & ContentSwitcher > * { height: 1fr; }
        & LineList, & LineList:focus, & LineList:ansi:focus { border: none; height: 1fr; }
    }
    """

    def __init__(self, noun: StateKind, key: str, name: str, login: str = "") -> None:
        super().__init__()
        self.kind, self.key, self.record_name, self.login = EDITED[noun], key, name, login
        self.tabs = {**({RIGHTS: "Rights"} if login else {}), WHO: "Who"}
        """What each tab is called."""
        self.tab = next(iter(self.tabs))
        self._counts: dict[str, str] = {}
        self._opened_in = self.ringfence.view

    def compose_lists(self) -> ComposeResult:
        with Vertical(id="page"):
            yield TabBar()
            with ContentSwitcher(initial=self.tab):
                if self.login:
                    yield RightsList(self.login, id=RIGHTS)
                yield WhoList(id=WHO)

    def on_mount(self) -> None:
        """Asks what is shown first."""
        self.mark_area(self.kind.name)
        for tab in self.tabs:
            shown = self._list(tab)
            shown.on_count = lambda count, tab=tab: self._say_count(tab, count)
            shown.tell_below = lambda text, tab=tab: self._say_below(tab, text)
        self.query_one("#page").border_title = content(self.record_name)
        self.show_path([display.title(self.kind), self.record_name])
        self._draw_tabs()
        self.table.focus()
        self._ask()

    def on_unmount(self) -> None:
        """Is no screen of the console any more."""
        self.ringfence.areas.remove(self)

    def _list(self, tab: str) -> Any:
        return self.query_one(f"#{tab}")

    @property
    def table(self) -> Any:
        return self._list(self.tab)

    def _ask(self) -> None:
        shown = self.table
        if isinstance(shown, RightsList):
            shown.again(anew=not shown.count)
        else:
            shown.show_of(self.kind.noun, self.key)

    def _say_count(self, tab: str, count: str) -> None:
        self._counts[tab] = count
        self._draw_tabs()

    def _say_below(self, tab: str, text: Any) -> None:
        if tab == self.tab:
            self.query_one("#page").border_subtitle = text

    def _draw_tabs(self) -> None:
        shown = [(tab, title, self._counts.get(tab, "")) for tab, title in self.tabs.items()]
        self.query_one(TabBar).set_tabs(shown, self.tab)

    # Who looks, and what is so by now

    def viewer_changed(self) -> None:
        if self.ringfence.view != self._opened_in:  # the next user may not even know of the record
            self.clear()
            self.app.pop_screen()

    def clear(self) -> None:
        for tab in self.tabs:
            self._list(tab).clear()

    def refresh_data(self) -> None:
        self._ask()

    # What is done

    def key_says(self, name: str, text: str) -> str:
        return "" if name == "next_tab" and len(self.tabs) == 1 else super().key_says(name, text)

    def turn_tab(self, step: int) -> None:
        tabs = list(self.tabs)
        self.go_to_tab(tabs[(tabs.index(self.tab) + step) % len(tabs)])

    def go_to_tab(self, tab: str) -> None:
        """Shows a tab; a filter is of one list alone."""
        self.filter_line.action_clear()
        self.tab = tab
        self.query_one(ContentSwitcher).current = tab
        self.table.focus()
        self._draw_tabs()
        self._ask()
        self.refresh_bindings()
        self.query_one(KeyBar).read_again()

    @property
    def listed(self) -> tuple[Any, int | None]:
        return None, 0

    def why_no_export(self) -> str:
        """Which command writes what is shown, and no file is written here."""
        shown = self.query(f"#{self.tab}")
        by = self.table.by_command if shown else ""
        return f"'{by} --format csv' writes it" if by else "nothing is shown yet"

    def filtered(self, text: str) -> None:
        shown: HeldTable = self.table
        shown.filter(text)
        self.show_filter(shown.sought, shown.found)

    def copy(self) -> None:
        self.copy_out(self.table.copy_text())
