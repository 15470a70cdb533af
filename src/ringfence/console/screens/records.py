"""The screens that are one long list: devices, users, groups and roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult

from ringfence.console.cells import customer_groups, devices, roles, security_groups, users
from ringfence.console.commands.command import Command, Editable, bindings
from ringfence.console.commands.lists import LISTS
from ringfence.console.commands.records import CUSTOMER_GROUP, DEVICE, ROLE, SECURITY_GROUP, USER
from ringfence.console.screens.area import AreaScreen
from ringfence.console.screens.record_list import RecordList
from ringfence.console.widgets.filter_bar import FilterBar
from ringfence.console.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from ringfence.services.editing import StateKind


class ListScreen(AreaScreen):
    """A numbered screen with one list on it."""

    COMMANDS_HERE: ClassVar[tuple[Command[Any], ...]] = LISTS
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

    def _unfiltered(self, record: int) -> None:
        self.query_one(FilterBar).action_clear()
        self.records.go_to(record)

    def filtered(self, text: str) -> None:
        self.records.filter(text)
        self._say_found()

    def _say_found(self) -> None:
        listing = self.records.listing
        self.show_filter(listing.search if listing else "", self.records.found)

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


class EditableList(ListScreen):
    """A list whose records can be changed from here."""

    EDITS: ClassVar[Editable]
    FIRST_KEYS = (
        *("help", "filter", "actions", "open", "new", "undo", "toggle_mark", "delete", "duplicate", "activate"),
        *("assign", "bulk_edit"),
    )

    @property
    def edited(self) -> RecordList:
        return self.records

    async def on_line_list_chosen(self) -> None:
        """Opens the record that Enter was pressed on."""
        await self.action_command("open")


class DevicesScreen(EditableList):
    """Every device that the user sees."""

    AREA = "devices"
    TITLE_HERE = "Devices"
    FILTERS = "Name or unit id"
    EDITS = DEVICE
    COMMANDS_HERE = (*DEVICE.commands, *LISTS)
    BINDINGS = bindings(COMMANDS_HERE)

    def make_list(self) -> RecordList:
        return RecordList("devices", devices.COLUMNS, devices.cells, on_total=self._say_found, edits=DEVICE)


class UsersScreen(EditableList):
    """Every user that the user sees."""

    AREA = "users"
    TITLE_HERE = "Users"
    FILTERS = "Name, login or e-mail"
    EDITS = USER
    COMMANDS_HERE = (*USER.commands, *LISTS)
    BINDINGS = bindings(COMMANDS_HERE)

    def make_list(self) -> RecordList:
        return RecordList("users", users.COLUMNS, users.cells, on_total=self._say_found, edits=USER)


class PickingList(EditableList):
    """A list whose forms choose among customers: those are read ahead, for the picker to open at once."""

    def viewer_changed(self) -> None:
        super().viewer_changed()
        self.ask("choices", lambda session: session.customer_choices(), lambda _: None, lambda _: None)


class SecurityScreen(PickingList):
    """Every security group that the user sees."""

    AREA = "security"
    TITLE_HERE = "Security groups"
    FILTERS = "Group's name"
    EDITS = SECURITY_GROUP
    COMMANDS_HERE = (*SECURITY_GROUP.commands, *LISTS)
    BINDINGS = bindings(COMMANDS_HERE)

    def make_list(self) -> RecordList:
        shape = security_groups
        return RecordList("security-groups", shape.COLUMNS, shape.cells, on_total=self._say_found, edits=self.EDITS)


class GroupsScreen(PickingList):
    """Every customer group that the user sees."""

    AREA = "groups"
    TITLE_HERE = "Customer groups"
    FILTERS = "Group's name"
    EDITS = CUSTOMER_GROUP
    COMMANDS_HERE = (*CUSTOMER_GROUP.commands, *LISTS)
    BINDINGS = bindings(COMMANDS_HERE)

    def make_list(self) -> RecordList:
        shape = customer_groups
        return RecordList("customer-groups", shape.COLUMNS, shape.cells, on_total=self._say_found, edits=self.EDITS)


class RolesScreen(EditableList):
    """Every role that the user sees."""

    AREA = "roles"
    TITLE_HERE = "Roles"
    FILTERS = "Role's name"
    EDITS = ROLE
    COMMANDS_HERE = (*ROLE.commands, *LISTS)
    BINDINGS = bindings(COMMANDS_HERE)

    def make_list(self) -> RecordList:
        def cells(role: Any) -> Any:
            return roles.cells(role, self.ringfence.catalogue)

        return RecordList("roles", roles.COLUMNS, cells, on_total=self._say_found, edits=ROLE)
