"""Choosing many devices: marked in a list, or by ids that are typed or pasted."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Final

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from ringfence.console.asked_about import AskedAbout
from ringfence.console.commands.command import Command, display_anywhere
from ringfence.console.commands.command import display as display_key
from ringfence.console.screens.drafting import Drafting
from ringfence.console.screens.record_list import RecordList, list_of
from ringfence.console.text import literal
from ringfence.console.widgets.bars import Breadcrumbs
from ringfence.console.widgets.filter_bar import FilterBar
from ringfence.console.widgets.id_entry import IdEntry
from ringfence.console.widgets.record_table import RecordTable
from ringfence.domain import display
from ringfence.domain.device import DEVICES
from ringfence.services.assigning import Typed, parse

_OF_THE_LIST: Final = ("filter", "mark_all")
TOGGLE_TYPING: Final[Command[ChoosingDevices]] = Command(
    "toggle_typing",
    "t,ctrl+t",
    "Type or paste ids, or go back to the list.",
    lambda screen: screen.toggle_typing(),
    footer="list or ids",
)
CHOOSING: Final[tuple[Command[ChoosingDevices], ...]] = (
    Command(
        "filter",
        "slash",
        "Filter the devices by words (Esc clears it).",
        lambda screen: screen.open_filter(),
        footer="filter",
        unless=lambda screen: screen.why_no_list(),
    ),
    Command(
        "mark_all",
        "a",
        "Mark every device that is listed.",
        lambda screen: screen.mark_all(),
        footer="all",
        unless=lambda screen: screen.why_no_list(),
    ),
    TOGGLE_TYPING,
)
TAKE_ALL_AWAY: Final[Command[ChoosingDevices]] = Command(
    "take_all_away",
    "x,ctrl+x",
    "Take all marks, or all typed ids, away.",
    lambda screen: screen.take_all_away(),
    unless=lambda screen: "" if screen.chosen else "there is nothing to take away",
)


class ChoosingDevices(Drafting):
    """A screen with a list of devices to mark, and a line to type ids into instead; each keeps what it has.

    A subclass puts ``compose_devices`` onto the screen and says what happens in ``devices_changed``.
    """

    DEFAULT_CSS = """
    ChoosingDevices ContentSwitcher { height: 1fr; }
    ChoosingDevices IdEntry, ChoosingDevices RecordList { height: 1fr; }
    """

    def __init__(self, marked: Sequence[int] = ()) -> None:
        super().__init__()
        self.typing = False
        self._begun_with = frozenset(marked)
        self._typed: Typed | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers nothing that is for the list while ids are typed."""
        return not (self.typing and action == "command" and parameters[0] in _OF_THE_LIST)

    def compose_devices(self) -> ComposeResult:
        """The list, the line, and the filter over the list."""
        with ContentSwitcher(initial="marking"):
            yield list_of(DEVICES, on_total=self._say_found, id="marking")
            yield IdEntry(id="typing")
        yield FilterBar(placeholder=display.placeholder(DEVICES), on_edit=self._filtered)

    def on_mount(self) -> None:
        """Shows the devices."""
        self.records.set_title("Devices")
        self.records.show()
        self.records.mark(sorted(self._begun_with))

    @abstractmethod
    def devices_changed(self, *, soon: bool) -> None:
        """Others are chosen now; ``soon`` says that more of the same may follow at once."""

    @property
    def records(self) -> RecordList:
        """The devices to be marked."""
        return self.query_one(RecordList)

    @property
    def asked_about(self) -> AskedAbout | None:
        """The device under the cursor."""
        row = None if self.typing else self.records.row
        return AskedAbout(DEVICES.noun, row.key, DEVICES.right("assign")) if row is not None else None

    @property
    def entry(self) -> IdEntry:
        """The ids that are typed."""
        return self.query_one(IdEntry)

    @property
    def chooser(self) -> RecordList | IdEntry:
        """Where devices are chosen: the list, or the line to type in."""
        return self.entry if self.typing else self.records

    @property
    def chosen(self) -> int:
        """How many are marked or typed."""
        if not self.typing:
            return len(self.records.marks)
        return len(self._typed or ()) + bool(self.entry.line.strip())

    @property
    def reading(self) -> bool:
        """Whether text is being taken to pieces: what is chosen is not known before."""
        return bool(self.entry.given)

    @property
    def how(self) -> str:
        """How they were chosen."""
        return "typed" if self.typing else "marked"

    @property
    def touched(self) -> bool:
        """Whether others are chosen than to begin with."""
        return bool(self._typed or self.entry.line.strip()) or self.records.marks != self._begun_with

    def choice(self) -> tuple[list[int], Typed | None, str]:
        """What is chosen: ids of devices, or where ids are typed those, and what stands in the line."""
        if not self.typing:
            return [int(str(one)) for one in self.records.marks], None, ""
        return [], self._typed or Typed(), self.entry.line

    # The list.

    def why_no_list(self) -> str:
        """Why nothing can be done with the list now."""
        return f"ids are being typed: {self.key_to_type} goes back to the list" if self.typing else ""

    @property
    def key_to_type(self) -> str:
        """The key that changes between the list and the ids: where ids are typed, one that types nothing."""
        keys = self.ringfence.keys_of(TOGGLE_TYPING)
        return display_anywhere(keys) if self.typing else display_key(keys)

    def toggle_typing(self) -> None:
        """Changes between the two."""
        self.typing = not self.typing
        self.query_one(FilterBar).remove_class("-open")
        self.query_one(ContentSwitcher).current = "typing" if self.typing else "marking"
        self.chooser.focus()
        self.devices_changed(soon=False)

    def open_filter(self) -> None:
        """Opens the filter line."""
        self.query_one(FilterBar).open()

    def clear_filter(self) -> bool:
        """Clears the filter of the list that is shown; returns False where there is none."""
        bar = self.query_one(FilterBar)
        if self.typing or not bar.value:
            return False
        bar.action_clear()
        return True

    def _filtered(self, text: str) -> None:
        self.records.filter(text)
        self._say_found()

    def _say_found(self) -> None:
        self.query_one(Breadcrumbs).set_filter(literal(self.records.sought), self.records.found)

    def mark_all(self) -> None:
        """Marks everything that is listed."""
        if self.records.count:
            last = (self.records.total or self.records.count) - 1
            self.records.post_message(RecordTable.RangeMarked(self.records, 0, last))

    @on(RecordTable.MarksChanged)
    def marks_changed(self, message: RecordTable.MarksChanged) -> None:
        """Others are marked now."""
        message.stop()
        self.devices_changed(soon=True)

    # The ids.

    def take_all_away(self) -> None:
        """Forgets what was marked or typed."""
        if self.typing:
            self._typed = None
            self.drop("parse")
            self.entry.given = ""
            self.entry.take("")
            self.entry.show(())
        else:
            self.records.clear_marks()
        self.devices_changed(soon=False)

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted into the list is ids all the same."""
        event.stop()
        if not self.typing:
            self.toggle_typing()
        self.entry.take(event.text)

    @on(IdEntry.Given)
    def ids_given(self, message: IdEntry.Given) -> None:
        """Takes text to pieces in a thread: it may be a very long one."""
        message.stop()
        given, before = self.entry.given, self._typed or Typed()
        if not given:
            return

        def take(typed: Typed) -> None:
            self.entry.given = self.entry.given[len(given) :]
            self._typed = typed
            self.entry.show(typed.ids)
            self.devices_changed(soon=False)

        def failed(reason: str) -> None:
            self.entry.given = ""
            self.ids_refused(reason)

        self.in_thread("parse", lambda: parse(given, before), take, failed)

    def ids_refused(self, reason: str) -> None:
        """The text was not taken; what was chosen before it stays."""
        self.ringfence.tell_failure(reason)

    @on(IdEntry.Removed)
    def id_removed(self, message: IdEntry.Removed) -> None:
        """Forgets one of the ids, however often it was typed."""
        message.stop()
        known: Any = self._typed or Typed()
        kept = (tuple(one for one in ids if one != message.typed) for ids in (known.ids, known.doubled))
        self._typed = Typed(*kept)
        self.entry.show(self._typed.ids)
        self.devices_changed(soon=True)

    @on(IdEntry.Edited)
    def line_edited(self, message: IdEntry.Edited) -> None:
        """What stands in the line counts as well."""
        message.stop()
        self.devices_changed(soon=True)
