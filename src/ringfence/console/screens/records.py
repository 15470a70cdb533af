"""The screens that are one long list: every record of a kind."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult

from ringfence.console.commands.command import Command, Go, bind, bindings
from ringfence.console.commands.declared import editable
from ringfence.console.commands.lists import FINISHED, LISTS, TABS
from ringfence.console.places import Place
from ringfence.console.screens.area import AreaScreen
from ringfence.console.screens.record_list import RecordList, list_of
from ringfence.console.widgets.key_bar import KeyBar
from ringfence.console.widgets.tab_bar import TabBar
from ringfence.domain import display
from ringfence.domain.kind import Kind
from ringfence.domain.registry import naming

if TYPE_CHECKING:
    from ringfence.domain.kind import StateKind
    from ringfence.preferences.layout import Spot


class ListScreen(AreaScreen):
    """A numbered screen with one list on it."""

    COMMANDS_HERE: Sequence[Command[Any]] = LISTS
    BINDINGS = bindings(LISTS)
    AUTO_FOCUS = "RecordList"
    TITLE_HERE: str

    def compose_lists(self) -> ComposeResult:
        yield self.make_list()

    @abstractmethod
    def make_list(self) -> RecordList:
        """The list."""

    @property
    def records(self) -> RecordList:
        """The list."""
        return self.query_one(RecordList)

    @property
    def table(self) -> RecordList:
        return self.records

    @property
    def path(self) -> list[str]:
        """Where this is, from the top."""
        return [self.TITLE_HERE]

    def on_mount(self) -> None:
        self.name_list()

    def name_list(self) -> None:
        """Says what the list is of, where nothing above it does."""
        self.records.set_title("" if len(self.path) > 1 else self.TITLE_HERE)

    def viewer_changed(self) -> None:
        self.show_path(self.path)
        self.records.show()

    def spot(self) -> Spot:
        return self.records.stands

    def come_back(self, spot: Spot) -> None:
        self.records.come_back(spot)

    def on_line_list_cursor_moved(self) -> None:
        """Says in the key bar what can be done to this row."""
        self.query_one(KeyBar).read_again()

    def clear(self) -> None:
        self.records.clear()

    def refresh_data(self) -> None:
        self.records.again()

    def show_new(self, kind: StateKind, record: int) -> None:
        """Goes to the new record, wherever the order puts it; a filter that hides it is cleared, as in the tree."""
        edits, listing = self.records.edits, self.records.listing
        if edits is None or edits.kind != kind:
            self.refresh_data()
        elif listing is not None and listing.search:
            self.records.go_to(record, hidden=lambda: self._unfiltered(record))
        else:
            self.records.go_to(record)

    @property
    def record_here(self) -> int | None:
        return self.records.row.id if self.records.row is not None else None

    def show_place(self, place: Place) -> None:
        self.filter_line.show_quietly(place.search)
        self.filtered(place.search)
        record = place.record
        if record is not None:
            self.records.go_to(record, hidden=lambda: self._unfiltered(record))
        self.records.focus()

    def _unfiltered(self, record: int) -> None:
        self.filter_line.action_clear()
        self.records.go_to(record)

    def filtered(self, text: str) -> None:
        self.records.filter(text)
        self._say_found()

    def _say_found(self) -> None:
        self.show_filter(self.records.sought, self.records.found)

    @property
    def listed(self) -> tuple[Any, int | None]:
        return self.records.listed

    def copy(self) -> None:
        self.copy_out(self.records.copy_text())

    def back(self) -> None:
        if self.records.marks and not (self.records.listing and self.records.listing.search):
            self.records.clear_marks()
        else:
            super().back()


class KindScreen(ListScreen):
    """The list of every record of a kind that the user sees, all of which can be changed from here."""

    LIST: ClassVar[type[RecordList]] = RecordList
    MORE_HERE: ClassVar[Sequence[Command[Any]]] = ()
    """What the screen of one kind can do besides."""
    FIRST_KEYS = (
        *(
            "help",
            "own",
            "acknowledge",
            "clear_alarm",
            "note",
            "test_mode",
            "narrow",
            "filter",
            "finished",
            "actions",
            "open",
            "new",
            "undo",
        ),
        *("toggle_mark", "delete", "duplicate", "activate", "assign", "bulk_edit"),
    )

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self.edits = editable(kind)
        self.AREA, self.TITLE_HERE, self.FILTERS = kind.name, display.title(kind), display.placeholder(kind)
        narrowed = (FINISHED,) if kind.display.current else ()
        self.COMMANDS_HERE = (*self.edits.commands, *self.MORE_HERE, *narrowed, *LISTS, *(TABS if self.tabbed else ()))
        bind(self, self.COMMANDS_HERE)

    @property
    def live(self) -> bool:
        return self.kind.signalled

    @property
    def among(self) -> list[Go]:
        """What goes to each of the screens of the area that this is in, whoever looks."""
        area = self.ringfence.area_of(self.AREA)
        return [one for one in self.ringfence.numbered if one.among == area]

    @property
    def tabbed(self) -> bool:
        """Whether it is one of the tabs of its area."""
        return len(self.among) > 1

    @property
    def path(self) -> list[str]:
        return [self.among[0].label, self.TITLE_HERE] if self.tabbed else super().path

    def viewer_changed(self) -> None:
        super().viewer_changed()
        if self.tabbed:
            tabs = [(one.name, one.tab, "") for one in self.among if not one.off(self)]
            self.query_one(TabBar).set_tabs(tabs, self.AREA)
        if self.kind in naming("customer"):
            # Its forms choose among customers: those are read ahead, for the picker to open at once.
            self.ask("choices", lambda session: session.customer_choices(), lambda _: None, lambda _: None)

    def compose_tabs(self) -> ComposeResult:
        if self.tabbed:
            yield TabBar()

    def turn_tab(self, step: int) -> None:
        names = [one.name for one in self.among if one.name == self.AREA or not one.off(self)]
        self.ringfence.go(names[(names.index(self.AREA) + step) % len(names)])

    def on_tab_bar_picked(self, message: TabBar.Picked) -> None:
        """Goes to a tab that was clicked."""
        self.call_later(self.ringfence.go, message.tab_id)

    def make_list(self) -> RecordList:
        made = list_of(self.kind, self.LIST, on_total=self._say_found, edits=self.edits)
        made.only = self.kind.display.current
        return made

    def name_list(self) -> None:
        super().name_list()
        if self.kind.display.current is not None and not self.tabbed:
            word = "all" if self.records.only is None else self.records.only[0]
            self.records.set_title(f"{word} {self.kind.several}".capitalize())

    @property
    def shows_finished(self) -> bool:
        """Whether the list shows what is done with, too."""
        return self.records.only is None

    def show_finished(self, all_of_it: bool) -> None:
        """Shows all, or leaves out what is done with."""
        self.records.show_only(None if all_of_it else self.kind.display.current)
        self.name_list()
        self.refresh_bindings()

    def key_says(self, name: str, text: str) -> str:
        if name == FINISHED.name and self.kind.display.current and self.shows_finished:
            return f"{self.kind.display.current[0]} only"
        return super().key_says(name, text)

    def _unfiltered(self, record: int) -> None:
        if self.kind.display.current and not self.shows_finished:
            self.show_finished(True)
        super()._unfiltered(record)

    @property
    def edited(self) -> RecordList:
        return self.records

    async def on_line_list_chosen(self) -> None:
        """Opens the record that Enter was pressed on."""
        await self.open_chosen()
