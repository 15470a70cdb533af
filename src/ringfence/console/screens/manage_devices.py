"""Assigning devices to a customer: which customer, which devices, what that does, and doing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding

from ringfence.console.cells import assigning
from ringfence.console.cells.preview import said, who
from ringfence.console.changing import MANY, save
from ringfence.console.commands.command import Command, bindings, display
from ringfence.console.commands.drafting import LEAVE
from ringfence.console.commands.everywhere import BESIDE
from ringfence.console.options import BACK, DialogOption
from ringfence.console.questions import while_wanted
from ringfence.console.rights import may_not
from ringfence.console.screens.area import refresh_below
from ringfence.console.screens.choose_one import ChooseOne, own_of
from ringfence.console.screens.choose_record import ChooseRecord
from ringfence.console.screens.choosing_devices import CHOOSING, TAKE_ALL_AWAY, ChoosingDevices
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.report import ReportScreen
from ringfence.console.text import Cell, Said, capital, many
from ringfence.console.widgets.columns import Column
from ringfence.console.widgets.fields import Fields
from ringfence.console.widgets.lines import LineList
from ringfence.domain.errors import Conflict
from ringfence.domain.site import SITES
from ringfence.services.assigning import parse, report

if TYPE_CHECKING:
    from ringfence.services.assigning import Matched, SiteFates, Where
    from ringfence.services.edited import Preview
    from ringfence.services.editing import Edit, Progress
    from ringfence.services.workspace import Session

_SETTLE: Final = 0.12
_SHOWN: Final = 6
_BY_NAME, _NONE = -1, 0
_NAMED: Final = "of the same name, where the customer has just one; otherwise none"
_CUSTOMERS: Final = (
    Column("name", "Name", 20, grow=1, sortable=True),
    Column("owner", "In", 20, grow=1, style="quiet"),
)


@dataclass(frozen=True, slots=True)
class _Looked:
    """What becomes of what is marked or typed, the change that assigns it, and where sites go."""

    matched: Matched
    edits: tuple[Edit, ...]
    fates: SiteFates


CHOOSE_CUSTOMER: Final[Command[ManageDevicesScreen]] = Command(
    "choose_customer",
    "c",
    "Choose the customer that the devices go to.",
    lambda screen: screen.choose_customer(),
    footer="customer",
)
_COMMANDS: Final[tuple[Command[ManageDevicesScreen], ...]] = (
    Command(
        "save",
        "ctrl+s",
        "Assign the devices: all of them, or none.",
        lambda screen: screen.process(),
        footer="process",
        unless=lambda screen: screen.why_not(),
        changes=True,
    ),
    *CHOOSING,
    CHOOSE_CUSTOMER,
    Command(
        "choose_site",
        "s",
        "Choose the site that the devices go onto, or none.",
        lambda screen: screen.choose_site(),
        footer="site",
        unless=lambda screen: "" if screen.customer is not None else "choose the customer first",
    ),
    Command(
        "whole_preview",
        "p,f8",
        "Show what is left out, and what changes for whom.",
        lambda screen: screen.show_details(),
        footer="details",
        changes=True,
    ),
    TAKE_ALL_AWAY,
    LEAVE,
)


class ManageDevicesScreen(ChoosingDevices):
    """Assigns many devices to one customer: those that are marked in a list, or whose ids are typed or pasted.

    ``customer`` is the one they go to, where that is known; ``marked`` are marked to begin with; ``done`` is called
    once they have gone.
    """

    editor: Any
    AUTO_FOCUS = ""
    COMMANDS_HERE = _COMMANDS
    BINDINGS = [
        *bindings(_COMMANDS, apart=True),
        Binding("tab", "app.focus_next", "Next part", show=False),
        Binding("shift+tab", "app.focus_previous", "Previous part", show=False),
    ]
    PANEL_HEIGHT = 8
    KEYS_FIRST = ("help", "save", "filter", "toggle_mark", "mark_all", "toggle_typing", "whole_preview")
    DEFAULT_CSS = """
    ManageDevicesScreen Fields { height: 2; }
    ManageDevicesScreen Fields, ManageDevicesScreen Fields:focus { border: none; }
    ManageDevicesScreen Fields:ansi:focus { border: none; }
    """

    def __init__(
        self, customer: int | None, marked: Sequence[int] = (), done: Callable[[], object] | None = None
    ) -> None:
        super().__init__(marked)
        self.editor = self
        self.AREA = "devices" if customer is None else "customers"
        self.customer: int | None = customer
        self._customer_name = ""
        self._site: Where = "by name"
        self._site_name = ""
        self._done = done
        self._looked: _Looked | None = None
        self._preview: Preview | None = None
        self._failure = ""
        self._wanted = False
        """Whether the devices are to go as soon as it is known which."""
        self._processing = False
        self._settling: Any = None

    @property
    def read_only(self) -> str:
        may = "device.assign" in self.ringfence.rights
        return self.ringfence.read_only or ("" if may else may_not("you", "assign devices", "device.assign"))

    @property
    def commands(self) -> tuple[Command[Any], ...]:
        return (*_COMMANDS, *BESIDE)

    def compose_body(self) -> ComposeResult:
        yield Fields()
        yield from self.compose_devices()

    def on_mount(self) -> None:
        """Shows the customer where that is known."""
        self.outcome.set_title("What this does")
        self._say_where()
        (self.where if self.customer is None else self.records).focus()
        customer = self.customer
        if customer is not None:
            self.ask("name", lambda session: session.names_of("customers", [customer]), self._named)

    def _named(self, names: dict[int, str]) -> None:
        self._customer_name = next(iter(names.values()), "")
        self._say_where()

    def catch_up(self) -> None:
        """Somebody changed something: a few devices are looked at again. Many are not, each time: that takes long, and
        what was changed of them is noticed when they go."""
        self.records.again()
        if self._failure or self._looked is None or len(self._looked.edits) < MANY:
            self.devices_changed(soon=True)

    # Where to.

    @property
    def where(self) -> Fields:
        """The customer and the site."""
        return self.query_one(Fields)

    def _say_where(self) -> None:
        customer, site = (
            Cell(f"choose one: Enter, or {display(self.ringfence.keys_of(CHOOSE_CUSTOMER))}", "attention"),
            Cell(""),
        )
        if self.customer is not None:
            customer = Cell(self._customer_name, "strong")
            site = Cell(_NAMED, "quiet") if self._site == "by name" else Cell(self._site_name)
        self.where.show([("Customer", customer), ("Site", site)])
        self.show_path(["Assign devices", *([self._customer_name] if self._customer_name else [])])
        self.app.refresh_bindings()

    @on(LineList.Chosen)
    def enter_pressed(self, message: LineList.Chosen) -> None:
        """Changes what is under the cursor: the customer, the site, a mark."""
        message.stop()
        if message.control is self.records:
            self.records.action_toggle_mark()
        elif message.control is self.where and message.index == 0:
            self.choose_customer()
        elif message.control is self.where and self.customer is not None:
            self.choose_site()

    def choose_customer(self) -> None:
        """Asks for the customer; the provider itself is offered to those who see it."""

        def drawn(row: Any) -> tuple[Any, ...]:
            return row.name, row.owner

        def chosen(record: Any) -> None:
            if record is not None and record.id != self.customer:
                self.customer, self._customer_name, self._site = record.id, record.name, "by name"
                self._say_where()
                self.devices_changed(soon=False)
            if self.focused is self.where and self.customer is not None:
                self.chooser.focus()

        def show(roots: Any) -> None:
            top = [(one.id, one.name) for one in roots if not one.key]
            screen = ChooseRecord(
                "To which customer?", "customers", _CUSTOMERS, drawn, extra=top, now=self.customer or 0
            )
            self.app.push_screen(screen, chosen)

        self.ask("roots", lambda session: session.roots(), show)

    def choose_site(self) -> None:
        """Asks for one of the customer's own sites."""
        customer = self.customer
        if customer is None:
            return
        above = [(_BY_NAME, "of the same name, otherwise none"), (_NONE, "none")]

        def show(found: list[tuple[int, str]]) -> None:
            def chosen(site: int | None) -> None:
                if site is not None:
                    self._site = "by name" if site == _BY_NAME else None if site == _NONE else site
                    self._site_name = dict([*above, *found])[site]
                    self._say_where()
                    self.devices_changed(soon=False)

            now = self._site if isinstance(self._site, int) else _NONE if self._site is None else _BY_NAME
            title = f"Onto which site of {self._customer_name}?"
            self.app.push_screen(ChooseOne(title, found, above=above, now=now), chosen)

        self.ask("sites", lambda session: own_of(session, SITES, customer), show)

    # What it does.

    def devices_changed(self, *, soon: bool) -> None:
        """Looks what becomes of what is chosen now; what was known before is not true any more."""
        if self._processing:
            return
        self._looked = self._preview = None
        self._failure = ""
        self.drop("look")
        if self._settling is not None:
            self._settling.stop()
            self._settling = None
        self._say()
        if soon:
            self._settling = self.set_timer(_SETTLE, self._look)
        else:
            self._look()

    def _look(self) -> None:
        """Asks what becomes of what is marked or typed, and then what that does."""
        customer, site = self.customer, self._site
        if customer is None or not self.chosen:
            self._wanted = self._wanted and self.reading
            return
        marked, typed, line = self.choice()

        def look(session: Session) -> _Looked:
            matched = session.match_devices(marked if typed is None else parse(line, typed), customer)
            return _Looked(matched, *session.assignment(matched.move, customer, site))

        self.ask("look", look, self._take_look, self._not_looked)

    def _take_look(self, looked: _Looked) -> None:
        self._looked = looked
        if self.typing:
            self.entry.tell(assigning.fates(looked.matched))
        self._say()
        matched = looked.matched
        wanted = self._wanted and not self.reading
        if wanted and (matched.unknown or matched.ambiguous or matched.kept):
            self._wanted = wanted = False
            self.notify("Not all of them go: look at them, then process the rest.", markup=False)
        if wanted:
            self.process()
        elif looked.edits:
            self.ask("look", lambda session: self._ask_preview(session, looked), self._take_preview, self._not_looked)

    def _ask_preview(self, session: Session, looked: _Looked) -> tuple[_Looked, Preview | None]:
        """Asks, in a thread, what it would change; None where one of the devices is another one by now."""
        try:
            return looked, session.preview(looked.edits, while_wanted())
        except Conflict:
            return looked, None

    def _take_preview(self, found: tuple[_Looked, Preview | None]) -> None:
        looked, preview = found
        if looked is not self._looked:
            return
        if preview is None:
            self.devices_changed(soon=True)
        else:
            self._preview = preview
            self._say()

    def ids_refused(self, reason: str) -> None:
        """What was to be done was to be done with them."""
        self._wanted = False
        super().ids_refused(reason)

    def _not_looked(self, reason: str) -> None:
        self._failure = reason
        self._wanted = self._processing = False
        self._say()

    def _say(self) -> None:
        if self._looked is None and self.typing:
            self.entry.tell(None)
        self.show_outcome(self.outcome_lines())
        self.app.refresh_bindings()

    def outcome_lines(self) -> list[Said]:
        """What there is to say, the most important first."""
        if self._failure:
            return [Cell(f"! {capital(self._failure)}.", "attention")]
        if not self.chosen:
            marking = f"Mark devices with Space, or press {self.key_to_type} to type or paste ids."
            return [Cell("Type or paste ids." if self.typing else marking, "quiet")]
        if self.customer is None:
            return [Cell(f"{many(self.chosen, 'device')} {self.how}: to which customer?", "quiet")]
        if self._looked is None:
            return [Cell("…", "quiet")]
        counts = assigning.counts(self._looked.matched, self.how)
        return [counts, *self._consequences(_SHOWN)]

    def _consequences(self, limit: int | None) -> list[Said]:
        """Where sites go, who gains and loses what, and where the history stays."""
        if self._looked is None or not self._looked.edits:
            return []
        lines = assigning.sites(self._looked.fates)
        if self._preview is None:
            return [*lines, Cell("…", "quiet")]
        if self._preview.refusal:
            return who(self._preview, 1)
        # The notes before the last one tell of sites again, in other words.
        history = [Cell(note, "quiet") for note in self._preview.notes[-1:]]
        users = said(replace(self._preview, notes=())) if limit is None else who(self._preview, limit)
        return [*users, *lines, *history]

    def show_details(self) -> None:
        """Shows everything: what is left out and why, where sites go, and for every user what changes."""
        if self._looked is None:
            self.notify("There is nothing to show yet.", markup=False)
            return
        matched = self._looked.matched
        lines = [assigning.counts(matched, self.how), *self._consequences(None), *assigning.left_out(matched)]
        self.app.push_screen(Dialog("What this does", lines, [DialogOption(BACK, "Back")]))

    # Doing it.

    def why_not(self) -> str:
        """Why the devices cannot go."""
        if self.customer is None:
            return "choose the customer first"
        if self.reading:
            return ""
        if not self.chosen:
            return "type or paste ids first" if self.typing else "mark devices first"
        if self._looked is not None and not self._looked.edits:
            return "none of them is to be moved"
        return self._preview.refusal if self._preview is not None else ""

    def process(self) -> None:
        """Assigns the devices: in a thread, all of them or none."""
        looked = None if self.reading else self._looked
        self._wanted = looked is None  # what was typed is being looked at: they go the next moment
        if self._wanted and self._failure:
            self.devices_changed(soon=False)  # it may be found out by now
        if looked is None or not looked.edits or self._processing:
            return
        self._processing = True

        def work(session: Session, progress: Progress | None = None) -> Any:
            return save(session, looked.edits, progress)

        def done(found: Any) -> None:
            self._processing = False
            self._processed(looked, found)

        self.drop("look")  # a preview would keep the database from it
        if len(looked.edits) < MANY:
            self.ask("process", work, done, self._not_looked)
        else:
            title = f"Assigning {many(len(looked.edits), 'device')} to {self._customer_name}"
            self.ringfence.open("working", title, work, then=done)

    def _processed(self, looked: _Looked, found: Any) -> None:
        if found is None or isinstance(found, Exception):  # cancelled, or refused: nothing was changed
            if found is not None:
                self.ringfence.tell_failure(f"{found}: nothing was changed")
            self.devices_changed(soon=False)
            return
        profile = self.ringfence.profile
        who, when = profile.login if profile else "", datetime.now(UTC)
        text = report(looked.matched, self._customer_name, who, when, found.change, looked.fates)
        if self._done is not None:
            self._done()
        refresh_below(self)
        path = ["Assign devices", self._customer_name, "Report"]
        self.app.switch_screen(ReportScreen(self.AREA, path, text, found.change))

    # Leaving.

    def leave(self) -> None:
        """Clears the filter, or goes back; asks first where something would be lost."""
        if self._processing or self.clear_filter():
            return
        if not self.touched:
            self.app.pop_screen()
            return

        def answered(answer: str | None) -> None:
            if answer == "leave":
                self.app.pop_screen()

        options = [DialogOption(BACK, "Go on", "g"), DialogOption("leave", "Leave; nothing is assigned", "l")]
        self.app.push_screen(Dialog("Leave without assigning?", [], options), answered)
