"""The screens that are one long list: devices and users."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from ringfence.console.cells import devices, users
from ringfence.console.commands.command import bindings
from ringfence.console.commands.lists import LISTS
from ringfence.console.screens.area import AreaScreen
from ringfence.console.screens.record_list import RecordList


class ListScreen(AreaScreen):
    """A numbered screen with one list on it."""

    COMMANDS_HERE = LISTS
    BINDINGS = bindings(LISTS)
    AUTO_FOCUS = "RecordList"
    TITLE_HERE: ClassVar[str]

    def compose_lists(self) -> ComposeResult:
        yield self.make_list()

    def make_list(self) -> RecordList:
        """The list."""
        raise NotImplementedError

    @property
    def records(self) -> RecordList:
        """The list."""
        return self.query_one(RecordList)

    def on_mount(self) -> None:
        self.records.set_title(self.TITLE_HERE)
        super().on_mount()

    def viewer_changed(self) -> None:
        self.show_path([self.TITLE_HERE])
        self.records.show()

    def clear(self) -> None:
        self.records.clear()

    def refresh_data(self) -> None:
        self.records.again()

    def filtered(self, text: str) -> None:
        self.records.filter(text)
        self._say_found()

    def _say_found(self) -> None:
        listing = self.records.listing
        self.show_filter(listing.search if listing else "", self.records.found)

    def copy(self) -> None:
        self.copy_out(self.records.copy_text())

    def back(self) -> None:
        if self.records.marks and not (self.records.listing and self.records.listing.search):
            self.records.clear_marks()
        else:
            super().back()


class DevicesScreen(ListScreen):
    """Every device that the user sees."""

    AREA = "devices"
    TITLE_HERE = "Devices"
    FILTERS = "Name or unit id"

    def make_list(self) -> RecordList:
        return RecordList("devices", devices.COLUMNS, devices.cells, on_total=self._say_found)


class UsersScreen(ListScreen):
    """Every user that the user sees."""

    AREA = "users"
    TITLE_HERE = "Users"
    FILTERS = "Name, login or e-mail"

    def make_list(self) -> RecordList:
        return RecordList("users", users.COLUMNS, users.cells, on_total=self._say_found)
