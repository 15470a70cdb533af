"""The commands that change records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ringfence.console.changing import confirm_change
from ringfence.console.commands.command import Command, Editable, Edited, Host, unless_signed_in
from ringfence.console.commands.why import WHY
from ringfence.console.rights import may_not
from ringfence.console.text import Cell, capital, many, number

if TYPE_CHECKING:
    from ringfence.services.edited import Opened

_NAMED: Final = 12
"""The most of several records that a question names."""


class RecordCommand(Command[Host]):
    """Something done to the records of a list. ``label`` is its name in the menu of actions; ``right`` the last word of
    the permission that it needs, of records of the list or of another kind ``of``; ``on_row`` whether it needs a row,
    and ``why_not`` why it cannot be done to that; ``in_form`` whether the record's form has it, too.
    """

    def __init__(
        self,
        *given: Any,
        label: str,
        right: str,
        of: str = "",
        on_row: bool = True,
        why_not: Callable[[Edited], str] = lambda _: "",
        in_form: bool = False,
        **named: Any,
    ) -> None:
        super().__init__(*given, **named)
        self.label, self.right, self.of = label, right, of
        self.on_row, self.why_not, self.in_form = on_row, why_not, in_form

    def off_anyway(self, here: Host) -> str:
        if signed_out := unless_signed_in(here):
            return signed_out
        shown, edits = edited(here)
        if denied := self.denied(here, edits):
            return denied
        if self.on_row and shown.row is None:
            return f"there is no {edits.noun if edits.kind == 'customer' else 'row'} under the cursor"
        return ""

    def off_for_row(self, here: Host) -> str:
        return self.why_not(edited(here)[0]) if self.on_row else ""

    def needs(self, here: Host) -> str:
        return "" if here.edited is None or here.edited.edits is None else self.permission(here.edited.edits)

    def permission(self, edits: Editable) -> str:
        """The permission that it needs."""
        return f"{self.of}.{self.right}" if self.of else edits.right(self.right)

    def denied(self, here: Host, edits: Editable) -> str:
        """Why the viewer may do it to no record of the kind."""
        needed = self.permission(edits)
        if needed in here.ringfence.rights:
            return ""
        whose = "the audit" if self.of == "audit" else f"{self.of}s" if self.of else edits.plural
        return may_not("you", f"{self.right} {whose}", needed)


def edited(host: Host) -> tuple[Edited, Editable]:
    """The list or tree that the screen's commands are about, and the kind of its records."""
    shown = host.edited
    assert shown is not None
    assert shown.edits is not None
    return shown, shown.edits


def _open(host: Host) -> Any:
    shown, edits = edited(host)
    host.ringfence.leave_place()
    return host.ringfence.open(edits.page or edits.form, shown.row.id)


def _edit(host: Host) -> Any:
    shown, edits = edited(host)
    return host.ringfence.open(edits.form, shown.row.id)


def _show(host: Host) -> Any:
    shown, edits = edited(host)
    host.ringfence.leave_place()
    return host.ringfence.open(f"{edits.kind} page", shown.row.id)


def _new(host: Host) -> Any:
    shown, edits = edited(host)
    return host.ringfence.open(edits.form, None, home=shown.home)


def _duplicate(host: Host) -> Any:
    shown, edits = edited(host)
    return host.ringfence.open(edits.form, None, copy_of=shown.row.id)


def _unless_deletable(shown: Edited) -> str:
    row = shown.row
    if _is_self(shown):
        return "this is you: somebody else must delete you"
    if getattr(row, "builtin", False):
        return "a built-in role is copied, not deleted"
    groups = getattr(row, "groups", 0)
    if groups:
        return f"{many(groups, 'security group')} use{'s' if groups == 1 else ''} it: give another role first"
    return ""


def _delete(host: Host) -> None:
    shown, edits = edited(host)

    def confirm(opened: Sequence[Opened]) -> None:
        from ringfence.services.editing import Edit

        change = [Edit(edits.kind, one.id, one.state, None, one.revision) for one in opened]
        name = opened[0].state.name if len(opened) == 1 else ""
        title, more = f"Delete {named(edits, opened)}?", _said_of(shown, opened)
        confirm_change(host, title, change, "Delete", shown.changed, more=more, typed=name)

    open_all(host, confirm)


def _activate(host: Host) -> None:
    shown, edits = edited(host)

    def confirm(opened: Sequence[Opened]) -> None:
        from ringfence.services.editing import Edit

        active = not all(one.state.active for one in opened)
        verb = "Activate" if active else "Deactivate"
        change = [
            Edit(edits.kind, one.id, one.state, replace(one.state, active=active), one.revision)
            for one in opened
            if one.state.active != active
        ]
        title, more = f"{verb} {named(edits, opened)}?", _said_of(shown, opened)
        confirm_change(host, title, change, verb, shown.changed, more=more)

    open_all(host, confirm)


def _assign(host: Host) -> Any:
    shown = edited(host)[0]
    return host.ringfence.open("manage devices", None, shown.chosen, shown.changed)


def _edit_all(host: Host) -> Any:
    shown = edited(host)[0]
    return host.ringfence.open("bulk edit", shown.chosen, shown.changed)


def _history(host: Host) -> Any:
    shown, edits = edited(host)
    return host.ringfence.open("history", (edits.kind, shown.row.key), shown.row.name)


def _actions(host: Host) -> Any:
    from ringfence.console.options import Also, DialogOption

    shown, edits = edited(host)
    options = [
        DialogOption(
            command.name,
            command.looks.capitalize() if command.looks and host.read_only else command.label,
            host.ringfence.keys_of(command).split(",")[0],
            host.why_off(command),
        )
        for command in host.commands
        if isinstance(command, RecordCommand)
    ]

    async def chosen(name: str | None) -> None:
        if name is not None:
            await host.action_command(name)

    def why(name: str) -> None:
        permission = next(one.needs(host) for one in host.commands if one.name == name)
        if (about := host.asked_about) is not None:
            host.ringfence.open("why", about._replace(permission=permission))

    marked = len(shown.chosen)
    title = shown.row.name if shown.row else edits.plural
    title = f"{number(marked)} {edits.plural} marked" if marked > 1 else title
    also = Also(host.ringfence.keys_of(WHY), WHY.name, why) if host.asked_about is not None else None
    return host.ringfence.open("dialog", capital(title), (), options, also=also, then=chosen)


def open_all(host: Host, then: Callable[[Sequence[Opened]], None]) -> None:
    """Opens what is marked, or the row under the cursor, as it is now."""
    shown, edits = edited(host)
    ids = shown.chosen
    if not ids:
        return

    def opened(found: Sequence[Opened]) -> None:
        if found:
            then(found)
        else:
            host.ringfence.tell_failure(f"this {edits.noun} is not there any more, or you may not open it")

    host.ask("open", lambda session: session.open_records(edits.kind, ids), opened)


def _is_self(shown: Edited) -> bool:
    profile = shown.ringfence.profile
    kind = shown.edits.kind if shown.edits is not None else ""
    return kind == "user" and profile is not None and profile.user_id in shown.chosen


def _said_of(shown: Edited, opened: Sequence[Opened]) -> list[Cell]:
    """What one decides by: of one record what its list shows of it, of several their names."""
    from ringfence.console.cells.records import in_words
    from ringfence.domain.registry import EDITED
    from ringfence.services.rows import Record

    if len(opened) > 1:
        names = sorted((one.state.name for one in opened), key=str.casefold)
        more = f" and {number(len(names) - _NAMED)} more" if len(names) > _NAMED else ""
        return [Cell(f"{', '.join(names[:_NAMED])}{more}")]
    row, kind = shown.row, EDITED[opened[0].kind]
    said = in_words(kind)(row) if isinstance(row, Record) and row.id == opened[0].id else ""
    return [Cell(said)] if said else []


def named(edits: Editable, opened: Sequence[Opened]) -> str:
    return f"{edits.noun} “{opened[0].state.name}”" if len(opened) == 1 else f"{number(len(opened))} {edits.plural}"


ACTIONS: Final[Command[Host]] = Command(
    "actions",
    "m",
    "Show what can be done to this row, and what not.",
    _actions,
    footer="actions",
    unless=unless_signed_in,
    palette=False,
)
OPEN: Final = RecordCommand(
    "open",
    "e",
    "Open and edit the record (Enter does too).",
    _open,
    footer="edit",
    looks="open",
    label="Open and edit",
    right="view",
)
EDIT: Final = OPEN.but(help="Edit the record.", run=_edit, label="Edit")
"""From its page."""
SHOW: Final = OPEN.but(help="Open it on a page of its own (Enter does too).", footer="open", label="Open")
DETAIL: Final = RecordCommand(
    "show",
    "",
    "Show what there is to know of the record (by Enter).",
    _show,
    label="Show, with what it reports",
    right="view",
)
"""Of kinds that show more than their form does: Enter opens that, and e the form."""
NEW: Final = RecordCommand(
    "new",
    "n",
    "Make a new one.",
    _new,
    footer="new",
    changes=True,
    label="New",
    right="create",
    on_row=False,
)
DUPLICATE: Final = RecordCommand(
    "duplicate",
    "c",
    "Make a new one like this.",
    _duplicate,
    footer="copy",
    changes=True,
    label="Duplicate",
    right="create",
)
DELETE: Final = RecordCommand(
    "delete",
    "D,delete",
    "Delete the marked ones or this one; asks first.",
    _delete,
    footer="delete",
    changes=True,
    label="Delete",
    right="delete",
    why_not=_unless_deletable,
)
ACTIVATE: Final = RecordCommand(
    "activate",
    "a",
    "Activate or deactivate it, or the marked ones.",
    _activate,
    footer="activate",
    changes=True,
    label="Activate or deactivate",
    right="edit",
    why_not=lambda shown: "this is you: somebody else must deactivate you" if _is_self(shown) else "",
)
ASSIGN: Final = RecordCommand(
    "assign",
    "a",
    "Assign the marked ones or this one to a customer.",
    _assign,
    footer="assign",
    changes=True,
    label="Assign to a customer",
    right="assign",
)
BULK_EDIT: Final = RecordCommand(
    "bulk_edit",
    "b",
    "Give the marked devices the same kind, site or notes.",
    _edit_all,
    footer="bulk edit",
    changes=True,
    label="Edit all marked",
    right="edit",
)
HISTORY: Final = RecordCommand(
    "history",
    "H",
    "Show what the audit says of the record.",
    _history,
    footer="history",
    label="History",
    right="view",
    of="audit",
)

TAKEN: Final = (DETAIL, DUPLICATE, DELETE, ACTIVATE, ASSIGN, BULK_EDIT, HISTORY)
"""What records of most kinds can be declared to take, besides being opened and made."""
