"""One device: what it is, what it reports, its alarms and events, a tab for each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from os import environ
from typing import TYPE_CHECKING, Any, Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher

from ringfence.console import device_reading, graph
from ringfence.console.cells import devices, signals
from ringfence.console.commands.command import SCREEN, Command, Editable, Edited, bind, bindings
from ringfence.console.commands.command import display as display_key
from ringfence.console.commands.declared import editable
from ringfence.console.commands.itself import Itself
from ringfence.console.commands.lists import LISTS, TABS
from ringfence.console.commands.records import ACTIONS, ASSIGN, DELETE, EDIT, HISTORY
from ringfence.console.commands.spans import SPANS
from ringfence.console.screens.access_lists import WhoList
from ringfence.console.screens.passing import PassingScreen
from ringfence.console.screens.record_list import RecordList, list_of
from ringfence.console.text import content, number
from ringfence.console.ticking import Ticking
from ringfence.console.widgets.drawn import DrawnLines
from ringfence.console.widgets.fields import Fields
from ringfence.console.widgets.key_bar import KeyBar
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.record_table import RecordTable
from ringfence.console.widgets.tab_bar import TabBar
from ringfence.domain import clock, display
from ringfence.domain.alarm import ALARMS
from ringfence.domain.device import DEVICES
from ringfence.domain.event import EVENTS
from ringfence.domain.kind import Kind

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ringfence.console.device_reading import Found
    from ringfence.services.edited import Opened
    from ringfence.services.workspace import Session

_DETAILS: Final = "details"
_SIGNALS: Final = "signals"
_WHO: Final = "who"
_LISTS: Final = (ALARMS, EVENTS)
_REST_SECONDS: Final = 0.06
"""A held key runs through the values without asking for the course of each."""
_AGES_SECONDS: Final = 5.0


class _Page(Fields):
    """What the device is."""


class _Values(DrawnLines):
    """What it reports."""


class _Events(RecordList):
    """What it said once: nothing of that is edited."""

    def nothing(self) -> str:
        found = super().nothing()
        return found if "may not" in found else "Nothing heard yet that is an event: no alarm began, no text changed."


class DevicePage(PassingScreen):
    """A device by its id. While it is shown, it is read again whenever something has changed, by whomever."""

    AREA = ""
    FILTERS = 'Words · -without ^beginning "a phrase"'
    FIRST_KEYS = (
        "help",
        "next_tab",
        "wider_span",
        "narrower_span",
        "edit",
        "open",
        "filter",
        "own",
        "acknowledge",
        "actions",
    )
    COMMANDS_HERE: Sequence[Command[Any]] = (*LISTS, *TABS, *SPANS)
    BINDINGS = bindings(COMMANDS_HERE)
    AUTO_FOCUS = None
    DEFAULT_CSS = """
    DevicePage {
        & #page {
            border: round $border-blurred;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
            &:focus-within { border: round $border; border-title-color: $primary; }
            &:ansi:focus-within { border: heavy $border; }
        }
        & ContentSwitcher, & ContentSwitcher > * { height: 1fr; }
        & LineList, & LineList:focus, & LineList:ansi:focus { border: none; height: 1fr; }
        & #graph { height: 8; margin-top: 1; }
        &.-tall #graph { height: 14; }
        &.-short #graph { display: none; }
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-usual"), (32, "-tall")]

    def __init__(self, device: int) -> None:
        super().__init__()
        self.device = device
        self.found: Found | None = None
        self.tab = _DETAILS
        lists = {one.name: display.title(one) for one in _LISTS}
        self.tabs = {_DETAILS: "Details", _SIGNALS: "Signals", **lists, _WHO: "Who"}
        """What each tab is called."""
        own = editable(DEVICES)
        self._itself = Itself(self, own._replace(commands=(ACTIONS, EDIT, ASSIGN, HISTORY, DELETE)))
        self._span = signals.LATELY
        self._chosen = ""
        """The series under the cursor, or that was under it last."""
        self._names: Sequence[str] = ()
        """By line, the series that the values tell of."""
        self._subtitles: dict[str, Content] = {}
        self._who = ""
        """How many may do what was asked about last."""
        self._ready = False
        """Whether all of it is there."""
        self._ascii = graph.ascii_only(environ)

    def compose_lists(self) -> ComposeResult:
        with Vertical(id="page"):
            yield TabBar()
            with ContentSwitcher(initial=_DETAILS):
                yield _Page(id=_DETAILS)
                with Vertical(id=_SIGNALS):
                    yield _Values()
                    yield DrawnLines(id="graph", focusable=False)
                yield self._made(ALARMS, RecordList, editable(ALARMS))
                yield self._made(EVENTS, _Events, None)
                yield WhoList(id=_WHO)

    def _made(self, kind: Kind, of: type[RecordList], edits: Editable | None) -> RecordList:
        said = partial(self._say_rows, kind.name)
        return list_of(kind, of, on_total=self._say_found, on_subtitle=said, edits=edits, id=kind.name)

    def on_mount(self) -> None:
        """Begins once all of it is there."""
        self.mark_area(DEVICES.name)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        for one in self.query(LineList):
            commands = self._list(ALARMS.name).edits if one.id == ALARMS.name else self._itself.edits
            if one.can_focus and commands is not None:
                bind(one, commands.commands, SCREEN)
        self._ticking = Ticking(self, "device", self._stamp, self._read, self._take, failed=self._failed)
        self._ready = True
        who = self.query_one(WhoList)
        who.on_count, who.tell_below = self._say_who, partial(self._say_rows, _WHO)
        self.set_interval(_AGES_SECONDS, self._draw)
        self.current.focus()
        self._draw_frame()
        self._read_all()

    def on_unmount(self) -> None:
        """Is no screen of the console any more."""
        self.ringfence.areas.remove(self)

    # What is shown.

    @property
    def current(self) -> LineList:
        """What the keys of the current tab are about."""
        found = self.query_one(_Values) if self.tab == _SIGNALS else self.query_one(f"#{self.tab}")
        assert isinstance(found, LineList)
        return found

    def _list(self, name: str) -> RecordList:
        return self.query_one(f"#{name}", RecordList)

    @property
    def opened(self) -> Opened | None:
        """The device as it was opened."""
        return self.found.opened if self.found is not None else None

    @property
    def live(self) -> bool:
        return True

    def viewer_changed(self) -> None:
        self.clear()
        self._read_all()

    def clear(self) -> None:
        self.found = None
        if not self._ready:
            return
        self.query_one("#page", Vertical).border_title = ""
        self.query_one("#page", Vertical).border_subtitle = ""
        self.show_path([display.title(DEVICES)])
        self.query_one(Fields).show([])
        self.query_one(_Values).show([])
        self.query_one("#graph", DrawnLines).show([])
        for one in self.query(RecordList):
            one.clear()
        self.query_one(WhoList).clear()

    def refresh_data(self) -> None:
        self._read_all()

    def _read_all(self) -> None:
        if not self._ready:
            return
        self._ticking.now(anew=True)
        for one in self.query(RecordList):
            one.again()

    def _stamp(self, session: Session) -> Hashable:
        # With the minutes what is so long ago moves along, even where nothing is reported any more.
        return session.signals_stamp(self.device), session.stamp(signals=True), int(clock.now().timestamp()) // 60

    def _read(self, session: Session) -> Found | None:
        listed = ALARMS.permission in self.ringfence.rights
        return device_reading.read(session, self.device, self._chosen, self._span, alarms=listed)

    def _take(self, found: Found | None) -> None:
        if found is None:
            self._gone()
            return
        before, self.found = self.found, found
        about = (DEVICES.noun, found.opened.state.key)
        for one in self.query(RecordList):
            if one.about != about or one.listing is None:
                one.about = about
                one.show()
            elif before is not None and before != found:
                one.again()
        self._draw()
        if self.tab == _WHO:
            self._show_who()
        self.query_one(KeyBar).read_again()

    def _show_who(self) -> None:
        if self.found is not None:
            self.query_one(WhoList).show_of(DEVICES.noun, self.found.opened.state.key)

    def _say_who(self, count: str) -> None:
        self._who = count
        self._draw_frame()

    def _failed(self, reason: str) -> None:
        if self.found is None:
            for one in (self.query_one(Fields), self.query_one(_Values)):
                one.fail(reason)

    def _gone(self) -> None:
        """It was deleted, or is not for the viewer any more: nothing of it stays."""
        self.clear()
        if self.app.screen is self:
            self.app.pop_screen()
        self.ringfence.tell_failure("This device is not there any more, or you may not open it.")

    def _draw(self) -> None:
        """Draws what was read, as it is by now."""
        found, now = self.found, clock.now()
        if found is None:
            return
        name = found.opened.state.name
        self.show_path([display.title(DEVICES), name])
        self.query_one("#page").border_title = content(name)
        self.query_one(Fields).show(devices.fields(found.opened, found.signals, now))
        values = self.query_one(_Values)
        width = values.line_width - 1
        own = DEVICES.noun, found.opened.state.key
        told = signals.lines(found.signals, found.attributes, own, width, now, ascii=self._ascii)
        names = [one.name for one in told]
        before = self._names[values.cursor] if values.cursor < len(self._names) else ""
        at = names.index(before) if before and before in names else None
        if self._chosen not in names:
            self._chosen = found.shown
            at = names.index(found.shown) if found.shown in names else None
        self._names = names
        cells, wholes = [one.cells for one in told], [one.whole for one in told]
        values.show(cells, heading=signals.heading(width), wholes=wholes, cursor=at)
        self._draw_graph(found)
        self._draw_frame()

    def _draw_graph(self, found: Found) -> None:
        shown = self.query_one("#graph", DrawnLines)
        course = next((one for one in found.signals.series if one.name == found.shown), None)
        if course is None:
            shown.show([])
            return
        room = shown.line_width - 1, shown.page_height
        shown.show(signals.picture(course, found.signals.shown, self._span, room, clock.now(), ascii=self._ascii))

    def _draw_frame(self) -> None:
        """The tabs, and what stands below: where a list stands, or since when values are told."""
        found, counts = self.found, dict[str, str]()
        since = found.signals.since if found is not None else None
        if found is not None and found.alarms is not None:
            counts[ALARMS.name] = number(found.alarms)
        counts[_WHO] = self._who
        self.query_one(TabBar).set_tabs(
            [(tab, title, counts.get(tab, "")) for tab, title in self.tabs.items()], self.tab
        )
        said = (
            content(f"values since {signals.day(since)}") if since is not None and self.tab == _SIGNALS else Content("")
        )
        self.query_one("#page").border_subtitle = self._subtitles.get(self.tab, said)

    def _say_rows(self, tab: str, text: Content) -> None:
        self._subtitles[tab] = text
        if tab == self.tab:
            self._draw_frame()

    # What is done.

    @property
    def commands(self) -> tuple[Command[Any], ...]:
        edits = self.edited.edits
        return self.and_everywhere((*(edits.commands if edits is not None else ()), *self.COMMANDS_HERE))

    @property
    def edited(self) -> Edited:
        return self._list(ALARMS.name) if self.tab == ALARMS.name else self._itself

    def turn_tab(self, step: int) -> None:
        tabs = list(self.tabs)
        self.go_to_tab(tabs[(tabs.index(self.tab) + step) % len(tabs)])

    def go_to_tab(self, tab: str) -> None:
        """Shows a tab; a filter is of one list alone."""
        self.filter_line.action_clear()
        self.tab = tab
        self.query_one(ContentSwitcher).current = tab
        self.current.focus()
        self._draw()
        self._draw_frame()
        if tab == _WHO:
            self._show_who()
        self.refresh_bindings()
        self.query_one(KeyBar).read_again()

    def why_no_span(self, step: int) -> str:
        """Why the graph cannot go over a longer time, or a shorter one."""
        if self.tab != _SIGNALS:
            return f"it is for the graph: {display_key(TABS[0].keys)} goes to the tab Signals"
        at = signals.SPANS.index(self._span) + step
        if 0 <= at < len(signals.SPANS):
            return ""
        return "that is as long as numbers are kept" if step > 0 else "that is the shortest time"

    def change_span(self, step: int) -> None:
        """Has it go over a longer time, or a shorter one."""
        self._span = signals.SPANS[signals.SPANS.index(self._span) + step]
        self._ticking.now(anew=True)

    def on_line_list_cursor_moved(self, message: LineList.CursorMoved) -> None:
        """Shows the course of the series under the cursor, once that rests."""
        self.query_one(KeyBar).read_again()
        if isinstance(message.control, _Values) and message.index < len(self._names):
            name = self._names[message.index]
            if name and name != self._chosen:
                self._chosen = name
                self.set_timer(_REST_SECONDS, lambda: self._ticking.now(anew=True) if self._chosen == name else None)

    async def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        """Opens the alarm that Enter was pressed on."""
        if message.control is self._list(ALARMS.name):
            await self.open_chosen()

    def on_resize(self) -> None:
        """Draws it for the room that there is now."""
        self.call_after_refresh(self._draw)

    @property
    def table(self) -> RecordList | None:
        return next(iter(self.query(f"#{self.tab}").results(RecordList)), None)

    @property
    def listed(self) -> tuple[Any, int | None]:
        return self.table.listed if self.table is not None else (None, 0)

    def open_filter(self) -> None:
        if self.table is None:
            self.say_of_key("There is no list to filter here: Alarms and Events have one")
        else:
            super().open_filter()

    def filtered(self, text: str) -> None:
        if self.table is not None:
            self.table.filter(text)
            self._say_found()

    def _say_found(self) -> None:
        if self.table is not None:
            self.show_filter(self.table.sought, self.table.found)

    def copy(self) -> None:
        shown = self.current
        assert isinstance(shown, RecordTable | Fields | DrawnLines)
        self.copy_out(shown.text if isinstance(shown, DrawnLines) else shown.copy_text())
