"""What every screen is made of: its commands, the bars around its lists, the filter line."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding

from ringfence.console.commands.command import Command, bindings, display
from ringfence.console.commands.everywhere import ALWAYS, EVERYWHERE, OWN, QUIT, STAYS, everywhere, leaves
from ringfence.console.notices import let_notice_give_way, take_notice_away
from ringfence.console.painting import OneFrame
from ringfence.console.places import Place
from ringfence.console.rights import HOME, badge, why_only_looking
from ringfence.console.screens.asks_why import AsksWhy
from ringfence.console.text import Cell, literal
from ringfence.console.widgets.bars import Breadcrumbs, NavBar, TitleBar
from ringfence.console.widgets.key_bar import KeyBar, KeyState
from ringfence.console.widgets.panes import Panes

if TYPE_CHECKING:
    from ringfence.console.widgets.filter_bar import FilterBar
    from ringfence.console.widgets.ranges import RangedList
    from ringfence.console.widgets.record_table import RecordTable
    from ringfence.domain.kind import StateKind
    from ringfence.preferences.layout import Spot


class CommandScreen(OneFrame, AsksWhy):
    """A screen whose keys are commands. The one place that asks whether a command is on, and says why it is not."""

    COMMANDS_HERE: Sequence[Command[Any]] = ()
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [
        *bindings(EVERYWHERE),
        *(Binding(key, f"number('{key}')", show=False) for key in "1234567890"),
    ]

    @property
    def commands(self) -> tuple[Command[Any], ...]:
        """The commands that this screen has, its own first."""
        return self.and_everywhere(self.COMMANDS_HERE)

    def and_everywhere(self, own: Sequence[Command[Any]]) -> tuple[Command[Any], ...]:
        """These commands, and those that every screen has."""
        return (*own, *everywhere(own), *self.ringfence.numbered, *OWN)

    def command(self, name: str) -> Command[Any] | None:
        """The command of that name, if this screen has it."""
        return next((command for command in self.commands if command.name == name), None)

    @property
    def read_only(self) -> str:
        """Why nothing can be changed here; empty where something can. The one place that decides it: the badge, the
        fields of forms, the key bar and the commands ask here. A screen that knows it better says so."""
        app = self.ringfence
        return app.read_only or (why_only_looking(app.rights) if app.session is not None else "")

    def why_off(self, command: Command[Any]) -> str:
        """Why a command cannot be used now; empty when it can."""
        return self.off_anyway(command) or command.off_for_row(self)

    def off_anyway(self, command: Command[Any]) -> str:
        """Why a command cannot be used now, whatever is under the cursor."""
        return (self.read_only if command.changes else "") or command.off_anyway(self)

    def key_state(self, name: str) -> KeyState:
        """What the key bar makes of a command: what is off for the row under the cursor is shown as that."""
        command = self.command(name)
        if command is None:
            return "on"
        return "gone" if self.off_anyway(command) else "off" if command.off_for_row(self) else "on"

    def key_says(self, name: str, text: str) -> str:
        """What the key bar says of a key, given what it says otherwise; empty for one that it does not show."""
        command = self.command(name) if self.read_only else None
        if command is None:
            return text
        return "" if command.changes else command.looks or text

    def key_brief(self, name: str) -> str:
        """What the key bar says of a key where there is little room; empty for what it says otherwise."""
        command = self.command(name)
        return command.brief if command is not None else ""

    def key_bar(self, first: Sequence[str], keep: Collection[str] = ()) -> KeyBar:
        """The screen's keys: which of them come first, and which are shown besides what always is, though they are off
        or there is no room for all."""
        return KeyBar(
            first=first,
            last=ALWAYS,
            keep={"help", *ALWAYS, *keep},
            state=self.key_state,
            says=self.key_says,
            brief=self.key_brief,
        )

    @property
    def numbered(self) -> list[tuple[str, str, str]]:
        """Name, key and label of the areas that there are for the user; none as long as there is none."""
        app = self.ringfence
        known = app.numbered if app.profile is not None else ()
        there = {one.among for one in known if not one.off(self)}
        return [(one.name, display(app.keys_of(one)), one.label) for one in known if one.name in there]

    def mark_area(self, screen: str) -> None:
        """Marks the area that a numbered screen is in, among all of them."""
        self.query_one(NavBar).set_current(self.ringfence.area_of(screen))

    def show_standing(self, who: str = "", standing: str | None = None) -> None:
        """Draws whose view this is (or other words for that), and whether anything can be changed here."""
        profile = self.ringfence.profile
        if profile is None:
            return
        title = self.query_one(TitleBar)
        title.set_place(profile.place)
        text, good = badge(self.read_only)
        login, own = profile.login, profile.standing
        if profile.seen_by:
            back = self.command("switch_user")
            how = f": {display(self.ringfence.keys_of(back))} goes back" if back is not None else ""
            title.set_banner(f"seeing as {literal(login)}, read-only{how}")
            login, own = f"{profile.seen_by} as {login}", ""
        else:
            title.set_banner("")
        title.set_who(who or login, own if standing is None else standing, badge=text, good=good)
        self.show_tallies()
        self.show_unavailable()

    def show_unavailable(self) -> None:
        """Draws that nothing can be asked for now, or takes that away."""
        for title in self.query(TitleBar):
            title.set_trouble(self.ringfence.unavailable)

    def show_tallies(self) -> None:
        """Draws beside the areas how many there are of what is current."""
        for bar in self.query(NavBar):
            bar.set_tallies(self.ringfence.tallies)

    async def action_command(self, name: str) -> None:
        """Runs a command, or says why it is off."""
        command = self.command(name)
        if command is None or not self._range_is_taken(command):
            return
        reason = self.why_off(command)
        self.note_off(command, reason)
        if reason:
            needed = command.needs(self)
            on = self.further() if needed and needed not in self.ringfence.rights else ""
            self.notify(f"{command.called}: {reason}{on and f': {on}'}", markup=False, severity="warning")
            return
        self.ringfence.check_session()
        result = command.run(self)
        if result is not None:
            await result

    async def open_chosen(self) -> None:
        """Opens the record that Enter was pressed on: its page, where it has one, or else its form."""
        await self.action_command("show" if self.command("show") is not None else "open")

    async def action_number(self, key: str) -> None:
        """Goes to the area of that number, where there is one."""
        app = self.ringfence
        area = next((one.name for one in app.numbered if one.keys and key in app.keys_of(one).split(",")), "")
        if area:
            await self.go_to_area(area)
        else:
            self.say_unbound(key)

    async def go_to_area(self, area: str) -> None:
        """Goes to an area: to the tab that was shown last, if there is that for the user; within it, to the first."""
        app = self.ringfence
        wanted = area if self.query_one(NavBar).current == area else app.shown_of(area)
        there = [one.name for one in app.numbered if one.among == area and not one.off(self)]
        await self.action_command(wanted if wanted in there or not there else there[0])

    def say_unbound(self, key: str) -> None:
        """Says of a key that it is nothing here: q, which leaves elsewhere, and what would leave work behind, say what
        there is to do instead."""
        keys_of = self.ringfence.keys_of
        elsewhere = next((one.brief for one in EVERYWHERE if one.brief and key in keys_of(one).split(",")), "")
        said = f"{elsewhere}: {STAYS}" if elsewhere else "does nothing here"
        self.say_of_key(leaves(keys_of(QUIT)) if key == "q" else f"{display(key)} {said}")

    def say_of_key(self, text: str) -> None:
        """Says quietly in the key bar what the last key has come to, until the next one."""
        self.query_one(KeyBar).hint(text)

    def _range_is_taken(self, command: Command[Any]) -> bool:
        """Whether a command can go on: whatever is done takes a live range as marked, and Escape only leaves it. Where
        its rows must be read first, the command is run again after that."""
        there = cast("Iterable[RangedList]", self.query("RangedList"))
        ranged = next((one for one in there if one.span is not None), None)
        if ranged is None:
            return True
        if "escape" in command.keys.split(","):
            ranged.leave_range()
            return False
        return ranged.fix_range(lambda: self.call_later(self.action_command, command.name))

    def refresh_data(self) -> None:
        """Reads everything again. A screen that shows data says how."""

    @property
    def live(self) -> bool:
        """Whether it shows what signals change, too."""
        return False

    def catch_up(self) -> None:
        """Something of the tenant was changed, by whomever. A screen that shows data reads it again, quietly."""

    def turn_tab(self, step: int) -> None:
        """Shows another tab. A screen that has tabs says how."""

    def copy_out(self, text: str) -> None:
        """Puts text on the operator's own clipboard (OSC 52: it is at the other end of the SSH line)."""
        if not text:
            self.notify("There is nothing to copy here.", markup=False)
            return
        self.app.copy_to_clipboard(text)
        lines = text.count("\n") + 1
        self.notify("Copied." if lines == 1 else f"Copied {lines} rows.", markup=False, timeout=2)


class AreaScreen(CommandScreen):
    """One of the numbered screens: title, areas, breadcrumbs, its lists, the filter line, the keys.

    A subclass gives ``compose_lists`` and ``place``, and handles ``viewer_changed``, ``filtered``, ``copy``.
    """

    AREA: str
    PASSING: ClassVar[bool] = False
    """Whether it was only put over another one, and goes when somebody goes elsewhere."""
    FILTERS: str
    FIRST_KEYS: ClassVar[tuple[str, ...]] = ("help", "filter", "toggle_mark")
    """The actions that the key bar shows before all others."""

    def __init__(self) -> None:
        super().__init__()
        self.shown_view = 0
        """Which sign-in the screen shows; the application counts them."""
        self.shown_change = 0
        """Up to which change of the data it does; the application counts those as well."""

    def compose(self) -> ComposeResult:
        yield TitleBar(app_name="◎ ringfence")
        yield NavBar(items=self.numbered)
        yield Breadcrumbs()
        yield from self.compose_tabs()
        with Panes(id="lists"):
            yield from self.compose_lists()
        if self.ringfence.numbered:  # else nobody types yet, and the first paint does without all that a line takes
            yield self._filter_line()
        yield self.key_bar(self.FIRST_KEYS)

    def off_anyway(self, command: Command[Any]) -> str:
        """What may not be done to which kind of record, the command itself says."""
        return (self.ringfence.read_only if command.changes else "") or command.off_anyway(self)

    def compose_tabs(self) -> ComposeResult:
        """The bar of tabs above the lists, where the area has any."""
        return ()

    @abstractmethod
    def compose_lists(self) -> ComposeResult:
        """The lists between the bars."""

    def on_mount(self) -> None:
        """Shows where this is."""
        self.ringfence.areas.append(self)
        if self.AREA:  # what is passed through has marked the area that it belongs to by now
            self.mark_area(self.AREA)
        self.show_viewer()

    def _filter_line(self) -> FilterBar:
        from ringfence.console.widgets.filter_bar import FilterBar

        return FilterBar(placeholder=self.FILTERS, on_edit=self.filtered)

    @property
    def filter_line(self) -> FilterBar:
        """The line that a filter is typed into: there is none before the kinds are known."""
        return cast("FilterBar", self.query_one("FilterBar"))

    def declared(self) -> None:
        """The kinds are known: shows which numbered screens there are, and has a filter line."""
        self.show_numbered()
        self.mount(self._filter_line(), before="KeyBar")

    def show_numbered(self) -> None:
        """Draws the numbered screens with their keys."""
        self.query_one(NavBar).set_items(self.numbered)

    def on_screen_resume(self) -> None:
        """Catches up with a switch of user, or a change of the data, that happened while another screen was up."""
        self.show_viewer()
        self.ringfence.look_for_changes()

    def catch_up(self) -> None:
        """Draws the standing as it is now, and reads the data again where it stands."""
        self.show_viewer()

    def show_viewer(self) -> None:
        """Draws whose view this is, and reads the data anew when that has changed, or again when the data has."""
        profile = self.ringfence.profile
        if profile is None or not self.is_mounted:
            return
        self.show_standing()
        self.show_numbered()
        changed = self.shown_change != self.ringfence.changes
        self.shown_change = self.ringfence.changes
        if self.shown_view != self.ringfence.view:
            if self.shown_view > 0:
                take_notice_away(self)
            self.shown_view = self.ringfence.view
            self.filter_line.clear_quietly()
            self.query_one(Breadcrumbs).set_filter("")
            spot = self.ringfence.spot_of(self.AREA)
            if spot is not None:
                self.come_back(spot)
            self.viewer_changed()
            if self.ringfence.nothing_in(self.AREA):
                self.call_later(self.ringfence.go, HOME)
        elif changed:
            self.refresh_data()

    def sign_out(self) -> None:
        """Shows nothing any more: the session has ended."""
        self.shown_view = -1
        self.query_one(TitleBar).set_place("")
        self.query_one(TitleBar).set_who("")
        self.query_one(NavBar).set_items([])
        self.show_path([])
        self.show_filter("", "")
        take_notice_away(self)
        self.clear()

    @abstractmethod
    def clear(self) -> None:
        """Takes everything off the lists."""

    @abstractmethod
    def viewer_changed(self) -> None:
        """Reads the data as the new viewer sees it."""

    @abstractmethod
    def spot(self) -> Spot:
        """How the screen stands, to be found so the next time."""

    @abstractmethod
    def come_back(self, spot: Spot) -> None:
        """Has the data that is read next stand as it did. What the viewer may not see any more is nowhere."""

    @abstractmethod
    def filtered(self, text: str) -> None:
        """Shows only what the filter finds."""

    def show_path(self, path: Sequence[str]) -> None:
        """Draws the breadcrumbs."""
        self.query_one(Breadcrumbs).set_path(path)

    def show_filter(self, text: str, found: str) -> None:
        """Draws the filter beside the breadcrumbs."""
        self.query_one(Breadcrumbs).set_filter(literal(text), found)
        let_notice_give_way(self)

    def show_beside(self, said: Sequence[Cell]) -> None:
        """Draws what else there is to say there, the most important first."""
        self.query_one(Breadcrumbs).set_beside(said)
        let_notice_give_way(self)

    def show_new(self, kind: StateKind, record: int) -> None:
        """Something was made: reads the data anew, with the cursor on it. A screen that lists its kind says how."""
        del kind, record
        self.refresh_data()

    @property
    def place(self) -> Place | None:
        """Where one is; None before anybody has signed in, and on a screen that only passes."""
        if self.PASSING or self.ringfence.session is None:
            return None
        return Place(self.AREA, self.record_here, self.filter_line.value)

    @property
    def to_keep(self) -> Place | None:
        """What a bookmark keeps of it."""
        return self.place.kept if self.place is not None else None

    @property
    @abstractmethod
    def record_here(self) -> int | None:
        """The id of the record under the cursor."""

    def come_to(self, place: Place) -> None:
        """Shows a place, where this screen has come up for it: with the data of whoever looks."""
        self.show_viewer()
        self.show_place(place)

    @abstractmethod
    def show_place(self, place: Place) -> None:
        """Shows a place on this screen: its filter, and the cursor on its record."""

    def change_to_undo(self) -> int | None:
        """The number of the change that u takes back; None for the user's own last one."""
        return None

    def open_filter(self) -> None:
        """Opens the filter line."""
        self.filter_line.open()

    @property
    @abstractmethod
    def listed(self) -> tuple[Any, int | None]:
        """What the list shows (of a tree: what its filter leaves), and how many rows, as far as is known."""

    @property
    @abstractmethod
    def table(self) -> RecordTable[Any] | None:
        """The table whose columns are chosen; None where the focus is on none."""

    @abstractmethod
    def copy(self) -> None:
        """Copies what is marked or under the cursor."""

    def back(self) -> None:
        """Clears the filter if there is one."""
        self.filter_line.leave()

    def on_filter_bar_cleared(self) -> None:
        """The filter is gone."""
        self.show_filter("", "")

    def on_nav_bar_picked(self, message: NavBar.Picked) -> None:
        """Goes to an area that was clicked."""
        self.call_later(self.go_to_area, message.id)


def refresh_below(closed: CommandScreen, new: tuple[StateKind, int] | None = None) -> None:
    """Reads the list anew that comes up when an editor closes; the cursor goes to what was made there (``new``)."""
    for screen in reversed(closed.app.screen_stack):
        if screen is not closed and isinstance(screen, AreaScreen):
            if new is None:
                screen.call_later(screen.refresh_data)
            else:
                screen.show_new(*new)
            return
