"""The commands that change records. What they open is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from ringfence.console.commands.command import Command
from ringfence.console.commands.exchange import IMPORT
from ringfence.console.text import many, number

if TYPE_CHECKING:
    from textual.screen import Screen

    from ringfence.console.host import Host
    from ringfence.console.screens.area import CommandScreen
    from ringfence.services.editing import StateKind
    from ringfence.services.records import Opened
    from ringfence.services.workspace import Session

Home = tuple[int, str]
"""A customer that a new record belongs to: id and name."""


@dataclass(frozen=True, slots=True)
class Editable:
    """A kind of record as its commands need it: its permissions begin with ``kind``; ``form`` makes the form of a
    record, of a new one (None) at a customer or wherever the viewer may make one, or of a new one like another (the
    second id); ``commands`` are what can be done to it."""

    kind: StateKind
    noun: str
    form: Callable[[int | None, int | None, Home | None], Screen[Any]]
    commands: tuple[Command, ...] = ()


class Edited(Protocol):
    """A list or tree whose records are changed by commands: the screen says which one that is at the moment."""

    @property
    def edits(self) -> Editable | None:
        """The kind of its records; None where they are not changed from here."""

    @property
    def home(self) -> Home | None:
        """Where a new record belongs; None for wherever the viewer may make one."""

    @property
    def row(self) -> Any:
        """The record under the cursor, or None."""

    @property
    def chosen(self) -> tuple[int, ...]:
        """The ids of the marked records, or of the one under the cursor."""

    @property
    def ringfence(self) -> Host:
        """The application."""

    def changed(self) -> None:
        """What was chosen was changed."""

    def ask(self, group: str, question: Callable[[Session], Any], take: Callable[[Any], object]) -> None:
        """Asks in a thread."""


class RecordCommand(Command):
    """Something done to the records of a list. ``label`` is its name in the menu of actions; ``right`` the last word of
    the permission that it needs, of records of the list or of another kind ``of``; ``on_row`` whether it needs a row.
    """

    label: ClassVar[str]
    right: ClassVar[str]
    of: ClassVar[str] = ""
    on_row: ClassVar[bool] = True

    def off(self, screen: CommandScreen) -> str:
        if screen.ringfence.session is None:
            return "sign in first"
        shown, edits = edited(screen)
        if f"{self.of or edits.kind}.{self.right}" not in screen.ringfence.rights:
            return f"you may not {self.right} {f'the {self.of}' if self.of == 'audit' else f'{self.of or edits.noun}s'}"
        if self.on_row and shown.row is None:
            return f"there is no {edits.noun if edits.kind == 'customer' else 'row'} under the cursor"
        return self.why_not(shown) if self.on_row else ""

    def why_not(self, shown: Edited) -> str:
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
    looks = "open"
    right = "view"

    def run(self, screen: CommandScreen) -> Any:
        shown, edits = edited(screen)
        return screen.app.push_screen(edits.form(shown.row.id, None, None))


class New(RecordCommand):
    """A record that is not there yet."""

    name = "new"
    keys = "n"
    footer = "new"
    help = "Make a new one."
    changes = True
    label = "New"
    right = "create"
    on_row = False

    def run(self, screen: CommandScreen) -> Any:
        shown, edits = edited(screen)
        return screen.app.push_screen(edits.form(None, None, shown.home))


class Duplicate(RecordCommand):
    """Another one like this."""

    name = "duplicate"
    keys = "c"
    footer = "copy"
    help = "Make a new one like this."
    changes = True
    label = "Duplicate"
    right = "create"

    def run(self, screen: CommandScreen) -> Any:
        shown, edits = edited(screen)
        return screen.app.push_screen(edits.form(None, shown.row.id, None))


class Delete(RecordCommand):
    """One less."""

    name = "delete"
    keys = "D,delete"
    footer = "delete"
    help = "Delete the marked ones or this one; asks first."
    changes = True
    label = "Delete"
    right = "delete"

    def why_not(self, shown: Edited) -> str:
        row = shown.row
        if _is_self(shown):
            return "this is you: somebody else must delete you"
        if getattr(row, "builtin", False):
            return "a built-in role is copied, not deleted"
        groups = getattr(row, "groups", 0)
        if groups:
            return f"{many(groups, 'security group')} use{'s' if groups == 1 else ''} it: give another role first"
        return ""

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.confirm import confirm_change

        shown, edits = edited(screen)
        users = getattr(shown.row, "users", 0) if len(shown.chosen) == 1 else 0
        more = [f"{many(users, 'user')} {'has' if users == 1 else 'have'} it."] if users else []

        def confirm(opened: Sequence[Opened]) -> None:
            from ringfence.services.editing import Edit

            change = [Edit(edits.kind, one.id, one.state, None, one.revision) for one in opened]
            name = opened[0].state.name if len(opened) == 1 else ""
            title = f"Delete {_named(edits, opened)}?"
            confirm_change(screen, title, change, "Delete", shown.changed, more=more, typed=name)

        open_all(shown, confirm)


class Activate(RecordCommand):
    """On or off."""

    name = "activate"
    keys = "a"
    footer = "activate"
    help = "Activate or deactivate it, or the marked ones."
    changes = True
    label = "Activate or deactivate"
    right = "edit"

    def why_not(self, shown: Edited) -> str:
        return "this is you: somebody else must deactivate you" if _is_self(shown) else ""

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.confirm import confirm_change

        shown, edits = edited(screen)

        def confirm(opened: Sequence[Opened]) -> None:
            from ringfence.services.editing import Edit

            active = not all(one.state.active for one in opened)
            verb = "Activate" if active else "Deactivate"
            change = [
                Edit(edits.kind, one.id, one.state, replace(one.state, active=active), one.revision)
                for one in opened
                if one.state.active != active
            ]
            confirm_change(screen, f"{verb} {_named(edits, opened)}?", change, verb, shown.changed)

        open_all(shown, confirm)


class Assign(RecordCommand):
    """To another customer."""

    name = "assign"
    keys = "a"
    footer = "assign"
    help = "Assign the marked ones or this one to a customer."
    changes = True
    label = "Assign to a customer"
    right = "assign"

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.manage_devices import ManageDevicesScreen

        shown = edited(screen)[0]
        return screen.app.push_screen(ManageDevicesScreen(None, shown.chosen, shown.changed))


class BulkEdit(RecordCommand):
    """The same for many."""

    name = "bulk_edit"
    keys = "b"
    footer = "bulk edit"
    help = "Give the marked devices the same kind, site or notes."
    changes = True
    label = "Edit all marked"
    right = "edit"

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.bulk_edit import BulkEditScreen

        shown = edited(screen)[0]
        return screen.app.push_screen(BulkEditScreen(shown.chosen, shown.changed))


class History(RecordCommand):
    """Who changed it, when, and what."""

    name = "history"
    keys = "H"
    footer = "history"
    help = "Show what the audit says of the record."
    label = "History"
    right = "view"
    of = "audit"

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.history import HistoryScreen

        shown, edits = edited(screen)
        return screen.app.push_screen(HistoryScreen((edits.kind, shown.row.key), shown.row.name))


class Actions(Command):
    """Everything that can be done to a row, in a menu."""

    name = "actions"
    keys = "m"
    footer = "actions"
    help = "Show what can be done to this row, and what not."
    palette = False

    def off(self, screen: CommandScreen) -> str:
        return "" if screen.ringfence.session else "sign in first"

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.dialog import Dialog, DialogOption

        shown, edits = edited(screen)
        options = [
            DialogOption(
                command.name,
                command.looks.capitalize() if command.looks and screen.read_only else command.label,
                command.keys.split(",")[0],
                screen.why_off(command),
            )
            for command in screen.commands
            if isinstance(command, RecordCommand)
        ]

        async def chosen(name: str | None) -> None:
            if name is not None:
                await screen.action_command(name)

        marked = len(shown.chosen)
        title = shown.row.name if shown.row else f"{edits.noun}s"
        title = f"{number(marked)} {edits.noun}s marked" if marked > 1 else title
        return screen.app.push_screen(Dialog(f"{title[:1].upper()}{title[1:]}", (), options), chosen)


def edited(screen: CommandScreen) -> tuple[Edited, Editable]:
    """The list or tree that the screen's commands are about, and the kind of its records."""
    shown = screen.edited
    assert shown is not None
    assert shown.edits is not None
    return shown, shown.edits


def open_all(shown: Edited, then: Callable[[Sequence[Opened]], None]) -> None:
    """Opens what is marked, or the row under the cursor, as it is now."""
    edits = shown.edits
    ids = shown.chosen
    if edits is None or not ids:
        return
    kind, noun = edits.kind, edits.noun

    def opened(found: Sequence[Opened]) -> None:
        if found:
            then(found)
        else:
            shown.ringfence.tell_failure(f"this {noun} is not there any more, or you may not open it")

    shown.ask("open", lambda session: session.open_records(kind, ids), opened)


def _is_self(shown: Edited) -> bool:
    profile = shown.ringfence.profile
    kind = shown.edits.kind if shown.edits is not None else ""
    return kind == "user" and profile is not None and profile.user_id in shown.chosen


def _named(edits: Editable, opened: Sequence[Opened]) -> str:
    return f"{edits.noun} “{opened[0].state.name}”" if len(opened) == 1 else f"{number(len(opened))} {edits.noun}s"


# The kinds, and what can be done to each.


def _customer_group(record: int | None, copy_of: int | None, _: Home | None) -> Screen[Any]:
    from ringfence.console.screens.customer_group_form import CustomerGroupForm

    return CustomerGroupForm(record, copy_of)


def _security_group(record: int | None, copy_of: int | None, _: Home | None) -> Screen[Any]:
    from ringfence.console.screens.security_group_form import SecurityGroupForm

    return SecurityGroupForm(record, copy_of)


def _role(record: int | None, copy_of: int | None, _: Home | None) -> Screen[Any]:
    from ringfence.console.screens.role_form import RoleForm

    return RoleForm(record, copy_of)


def _user(record: int | None, _: int | None, home: Home | None) -> Screen[Any]:
    from ringfence.console.screens.user_form import UserForm

    return UserForm(record, home)


def _site(record: int | None, _: int | None, home: Home | None) -> Screen[Any]:
    from ringfence.console.screens.site_form import SiteForm

    return SiteForm(record, home)


def _device(record: int | None, _: int | None, home: Home | None) -> Screen[Any]:
    from ringfence.console.screens.device_form import DeviceForm

    return DeviceForm(record, home)


_EDITING: Final[tuple[Command, ...]] = (Actions(), Open(), New(), Duplicate(), History(), Delete())

USER: Final = Editable("user", "user", _user, (Actions(), Open(), New(), Activate(), History(), Delete()))
SECURITY_GROUP: Final = Editable("security_group", "security group", _security_group, _EDITING)
CUSTOMER_GROUP: Final = Editable("customer_group", "customer group", _customer_group, (*_EDITING, Activate()))
ROLE: Final = Editable("role", "role", _role, _EDITING)
SITE: Final = Editable("site", "site", _site, (Actions(), Open(), New(), History(), Delete()))
DEVICE: Final = Editable(
    "device", "device", _device, (Actions(), Open(), New(), Assign(), BulkEdit(), *IMPORT, History(), Delete())
)
