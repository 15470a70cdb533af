"""The commands that change records. What they open is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ringfence.console.commands.command import Command
from ringfence.console.text import number

if TYPE_CHECKING:
    from textual.screen import Screen

    from ringfence.console.screens.area import CommandScreen
    from ringfence.console.screens.records import EditableList
    from ringfence.services.editing import StateKind
    from ringfence.services.records import Opened

_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Editable:
    """A kind of record as its commands need it: its permissions begin with ``kind``; ``form`` makes the form of a
    record, of a new one (None), or of a new one like another (the second id)."""

    kind: StateKind
    noun: str
    form: Callable[[int | None, int | None], Screen[Any]]


def _customer_group(record: int | None, copy_of: int | None) -> Screen[Any]:
    from ringfence.console.screens.customer_group_form import CustomerGroupForm

    return CustomerGroupForm(record, copy_of)


def _security_group(record: int | None, copy_of: int | None) -> Screen[Any]:
    from ringfence.console.screens.security_group_form import SecurityGroupForm

    return SecurityGroupForm(record, copy_of)


def _role(record: int | None, copy_of: int | None) -> Screen[Any]:
    from ringfence.console.screens.role_form import RoleForm

    return RoleForm(record, copy_of)


def _user(record: int | None, _: int | None) -> Screen[Any]:
    from ringfence.console.screens.user_form import UserForm

    return UserForm(record)


USER: Final = Editable("user", "user", _user)
SECURITY_GROUP: Final = Editable("security_group", "security group", _security_group)
CUSTOMER_GROUP: Final = Editable("customer_group", "customer group", _customer_group)
ROLE: Final = Editable("role", "role", _role)


class RecordCommand(Command):
    """Something done to the records of a list. ``label`` is its name in the menu of actions; ``right`` the last word of
    the permission that it needs; ``on_row`` whether it needs a row."""

    label: ClassVar[str]
    right: ClassVar[str]
    on_row: ClassVar[bool] = True

    def off(self, screen: CommandScreen) -> str:
        if screen.ringfence.viewer is None:
            return "sign in first"
        shown = _list(screen)
        if f"{shown.EDITS.kind}.{self.right}" not in screen.ringfence.rights:
            return f"you may not {self.right} {shown.EDITS.noun}s"
        if self.on_row and shown.row is None:
            return "there is no row under the cursor"
        return self.why_not(shown) if self.on_row else ""

    def why_not(self, shown: EditableList) -> str:
        """Why it cannot be done to this row."""
        del shown
        return ""


class Open(RecordCommand):
    """The record in its form. Enter is the list's own key for it."""

    name = "open"
    keys = "e"
    footer = "edit"
    help = "Open and edit the record (Enter does too)."
    label = "Open and edit"
    right = "view"

    def run(self, screen: CommandScreen) -> Any:
        shown = _list(screen)
        return screen.app.push_screen(shown.EDITS.form(shown.row.id, None))


class New(RecordCommand):
    """A record that is not there yet."""

    name = "new"
    keys = "n"
    footer = "new"
    help = "Make a new one."
    label = "New"
    right = "create"
    on_row = False

    def run(self, screen: CommandScreen) -> Any:
        return screen.app.push_screen(_list(screen).EDITS.form(None, None))


class Duplicate(RecordCommand):
    """Another one like this."""

    name = "duplicate"
    keys = "c"
    footer = "copy"
    help = "Make a new one like this."
    label = "Duplicate"
    right = "create"

    def run(self, screen: CommandScreen) -> Any:
        shown = _list(screen)
        return screen.app.push_screen(shown.EDITS.form(None, shown.row.id))


class Delete(RecordCommand):
    """One less."""

    name = "delete"
    keys = "D,delete"
    footer = "delete"
    help = "Delete the marked ones or this one; asks first."
    label = "Delete"
    right = "delete"

    def why_not(self, shown: EditableList) -> str:
        row = shown.row
        if _is_self(shown):
            return "this is you: somebody else must delete you"
        if getattr(row, "builtin", False):
            return "a built-in role is copied, not deleted"
        groups = getattr(row, "groups", 0)
        if groups:
            return f"{_many(groups, 'security group')} use{'s' if groups == 1 else ''} it: give another role first"
        return ""

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.confirm import confirm_change

        shown = _list(screen)
        users = getattr(shown.row, "users", 0) if len(shown.chosen) == 1 else 0
        more = [f"{_many(users, 'user')} {'has' if users == 1 else 'have'} it."] if users else []

        def confirm(opened: Sequence[Opened]) -> None:
            from ringfence.services.editing import Edit

            edits = [Edit(shown.EDITS.kind, one.id, one.state, None, one.revision) for one in opened]
            confirm_change(screen, f"Delete {_named(shown, opened)}?", edits, "Delete", shown.changed, more=more)

        _open_all(shown, confirm)


class Activate(RecordCommand):
    """On or off."""

    name = "activate"
    keys = "a"
    footer = "activate"
    help = "Activate or deactivate it, or the marked ones."
    label = "Activate or deactivate"
    right = "edit"

    def why_not(self, shown: EditableList) -> str:
        return "this is you: somebody else must deactivate you" if _is_self(shown) else ""

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.confirm import confirm_change

        shown = _list(screen)

        def confirm(opened: Sequence[Opened]) -> None:
            from ringfence.services.editing import Edit

            active = not all(one.state.active for one in opened)
            verb = "Activate" if active else "Deactivate"
            edits = [
                Edit(shown.EDITS.kind, one.id, one.state, replace(one.state, active=active), one.revision)
                for one in opened
                if one.state.active != active
            ]
            confirm_change(screen, f"{verb} {_named(shown, opened)}?", edits, verb, shown.changed)

        _open_all(shown, confirm)


class Actions(Command):
    """Everything that can be done to a row, in a menu."""

    name = "actions"
    keys = "m"
    footer = "actions"
    help = "Show what can be done to this row, and what not."
    palette = False

    def off(self, screen: CommandScreen) -> str:
        return "" if screen.ringfence.viewer else "sign in first"

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.dialog import Dialog, DialogOption

        shown = _list(screen)
        options = [
            DialogOption(command.name, command.label, command.keys.split(",")[0], command.off(screen))
            for command in screen.commands
            if isinstance(command, RecordCommand)
        ]

        async def chosen(name: str | None) -> None:
            if name is not None:
                await screen.action_command(name)

        many = len(shown.chosen)
        noun = shown.EDITS.noun
        title = f"{number(many)} {noun}s marked" if many > 1 else shown.row.name if shown.row else f"{noun}s"
        return screen.app.push_screen(Dialog(f"{title[:1].upper()}{title[1:]}", (), options), chosen)


class AssignCustomer(Command):
    """The groups that name a customer."""

    name = "assign"
    keys = "e"
    footer = "edit"
    help = "Edit which groups the customer is in."

    def off(self, screen: CommandScreen) -> str:
        from ringfence.console.screens.customers import CustomersScreen

        assert isinstance(screen, CustomersScreen)
        if screen.ringfence.viewer is None:
            return "sign in first"
        if {"security_group.edit", "customer_group.edit"}.isdisjoint(screen.ringfence.rights):
            return "you may edit neither security groups nor customer groups"
        return "" if screen.forest.selected_id is not None else "there is no customer under the cursor"

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.customer_form import CustomerForm
        from ringfence.console.screens.customers import CustomersScreen

        assert isinstance(screen, CustomersScreen)
        assert screen.forest.selected_id is not None
        return screen.app.push_screen(CustomerForm(screen.forest.selected_id))


EDITING: Final[tuple[Command, ...]] = (Actions(), Open(), New(), Duplicate(), Delete())
EDITING_ACTIVE: Final[tuple[Command, ...]] = (*EDITING, Activate())
EDITING_USERS: Final[tuple[Command, ...]] = (Actions(), Open(), New(), Activate(), Delete())


def _list(screen: CommandScreen) -> EditableList:
    from ringfence.console.screens.records import EditableList

    assert isinstance(screen, EditableList)
    return screen


def _is_self(shown: EditableList) -> bool:
    profile = shown.ringfence.profile
    return shown.EDITS.kind == "user" and profile is not None and profile.user_id in shown.chosen


def _named(shown: EditableList, opened: Sequence[Opened]) -> str:
    noun = shown.EDITS.noun
    return f"{noun} “{opened[0].state.name}”" if len(opened) == 1 else f"{number(len(opened))} {noun}s"


def _many(count: int, noun: str) -> str:
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def _open_all(shown: EditableList, then: Callable[[Sequence[Opened]], None]) -> None:
    """Opens what is marked, or the row under the cursor, as it is now."""
    workspace, viewer = shown.ringfence.workspace, shown.ringfence.viewer
    ids = shown.chosen
    if workspace is None or viewer is None or not ids:
        return
    if len(ids) > _AT_ONCE:
        shown.notify(f"{_AT_ONCE} at once, at most: take some marks away.", severity="warning")
        return
    kind = shown.EDITS.kind
    shown.ask("open", lambda: [workspace.open_record(viewer, kind, one) for one in ids], then)
