"""The audit: who changed what, newest first; an entry opened, or taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ringfence.console.asked_about import AskedAbout
from ringfence.console.cells import audit
from ringfence.console.changing import ask_undo
from ringfence.console.commands.command import Command, bindings, unless_signed_in
from ringfence.console.commands.exchange import EXPORT
from ringfence.console.commands.lists import BACK as GO_BACK
from ringfence.console.commands.lists import COLUMNS, COPY, FILTER, UNDO
from ringfence.console.commands.places import PLACES
from ringfence.console.options import BACK, DialogOption
from ringfence.console.rights import why_not_list
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.record_list import RecordList
from ringfence.console.screens.records import ListScreen
from ringfence.console.text import capital
from ringfence.domain import display
from ringfence.domain.audit import AUDIT
from ringfence.domain.registry import EDITED

if TYPE_CHECKING:
    from ringfence.services.records import AuditDetail


def _unless_entry(screen: AuditScreen) -> str:
    return "" if screen.records.current_row is not None else "there is no entry under the cursor"


def _unless_undone(screen: AuditScreen) -> str:
    row = screen.records.current_row
    return "it was taken back already" if row is not None and row.undone else ""


_COMMANDS: Final[tuple[Command[AuditScreen], ...]] = (
    Command(
        "open",
        "e",
        "Show what was changed, field by field (Enter does too).",
        lambda screen: screen.open_entry(),
        footer="open",
        unless=_unless_entry,
    ),
    Command(
        "undo",
        "u",
        "Take back the change under the cursor; asks first.",
        UNDO.run,
        footer="undo",
        unless=lambda screen: unless_signed_in(screen) or _unless_entry(screen),
        unless_row=_unless_undone,
        changes=True,
    ),
    FILTER,
    COLUMNS,
    COPY,
    EXPORT,
    *PLACES,
    GO_BACK,
)


class AuditList(RecordList):
    """The entries, newest first."""

    def __init__(self, **options: Any) -> None:
        super().__init__("audit", audit.COLUMNS, audit.cells, sort=("at", True), **options)

    def nothing(self) -> str:
        profile = self.ringfence.profile
        why = why_not_list(self.ringfence.rights, self.kind, profile.name if profile else "this user")
        return f"{why}." if why else "Nothing was changed yet, as far as you may see."


class AuditScreen(ListScreen):
    """Every change that the user may know of."""

    AREA = "audit"
    TITLE_HERE = "Audit"
    FILTERS = display.placeholder(AUDIT)
    FIRST_KEYS = ("help", "filter", "open", "undo", "toggle_mark")
    COMMANDS_HERE = _COMMANDS
    BINDINGS = bindings(_COMMANDS)

    def make_list(self) -> RecordList:
        return AuditList(on_total=self._say_found)

    @property
    def records(self) -> AuditList:
        """The list."""
        return self.query_one(AuditList)

    @property
    def asked_about(self) -> AskedAbout | None:
        row = self.records.row
        if row is None or not row.key or row.kind not in EDITED:
            return None
        return AskedAbout(row.kind, row.key, AUDIT.permission)

    def change_to_undo(self) -> int | None:
        row = self.records.current_row
        return row.change if row is not None else None

    async def on_line_list_chosen(self) -> None:
        """Opens the entry that Enter was pressed on."""
        await self.action_command("open")

    def open_entry(self) -> None:
        """Shows the entry under the cursor, field by field."""
        row = self.records.current_row
        if row is None:
            return

        def show(detail: AuditDetail) -> None:
            def answered(answer: str | None) -> None:
                if answer == "undo":
                    ask_undo(self, detail.record.change)

            said = audit.what(detail.record)
            off = self.ringfence.read_only or ("it was taken back already" if detail.undone else "")
            options = [DialogOption(BACK, "Back"), DialogOption("undo", "Undo this change", "u", off)]
            title = capital(said)
            self.app.push_screen(Dialog(title, audit.lines(detail), options), answered)

        self.ask("entry", lambda session: session.audit_detail(row.id), show)
