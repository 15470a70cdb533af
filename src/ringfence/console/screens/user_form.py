"""A user: who they are, their security settings, and beside them what those come to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal

from ringfence.console.cells import prospect as cells
from ringfence.console.cells import records
from ringfence.console.commands.access import WAYS_IN
from ringfence.console.commands.command import Command, bindings, display, display_anywhere
from ringfence.console.commands.drafting import WHOLE_PREVIEW
from ringfence.console.commands.holders import ACCESS
from ringfence.console.options import BACK, DialogOption
from ringfence.console.questions import while_wanted
from ringfence.console.screens.choose_record import ChooseRecord
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.generated_groups import ADMINISTRATORS, SINGLE, GeneratedGroups
from ringfence.console.screens.memberships import GIVING, Memberships
from ringfence.console.screens.of_itself import OfItself
from ringfence.console.text import Cell, Said
from ringfence.console.widgets.columns import Column
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import PickSpec, RowsSpec, TextLine, ToggleSpec
from ringfence.console.widgets.outcome import OutcomePanel
from ringfence.domain.errors import Conflict, RingfenceError
from ringfence.domain.role import SITE
from ringfence.domain.security_group import SECURITY_GROUPS
from ringfence.domain.user import USERS, UserState
from ringfence.services.choices import GroupNote
from ringfence.services.edited import Preview

if TYPE_CHECKING:
    from ringfence.console.commands.command import Home
    from ringfence.services.edited import Opened, Prospect
    from ringfence.services.editing import Edit
    from ringfence.services.workspace import Session

_PLACE_COLUMNS = (Column("name", "Name", 20, grow=1, sortable=True), Column("owner", "In", 20, grow=1, style="quiet"))


LIST_CUSTOMERS: Final[Command[UserForm]] = Command(
    "list_customers",
    "l",
    "List the customers that the user sees, with what they may do at each.",
    lambda form: form.list_customers(),
    footer="list",
    unless=lambda form: "" if form.prospect else "it is still being worked out",
)
_COMMANDS: Final[tuple[Command[Any], ...]] = (*GIVING, LIST_CUSTOMERS, *WAYS_IN, ACCESS)
_WIDE: Final = 76
"""Cells that a dialog has for what the settings come to."""


class UserForm(OfItself, Memberships):
    """The form of a user, and of how they sign in. What the settings come to follows each change before it is saved."""

    kind = USERS
    COMMANDS_HERE = _COMMANDS
    BINDINGS = bindings(_COMMANDS)
    DEFAULT_CSS = """
    UserForm #two { height: 1fr; }
    UserForm Form { width: 57%; }
    UserForm #prospect { width: 43%; height: 1fr; }
    """
    draft: UserState

    def __init__(self, record_id: int | None, copy_of: int | None = None, home: Home | None = None) -> None:
        super().__init__(record_id, copy_of, home)
        self.prospect: Prospect | None = None
        self._labels: dict[str, tuple[str, str]] = {}
        self._administrators: int | None = None
        """The group of the account administrators of the user's home; None where there is no such thing."""

    @cached_property
    def generated(self) -> GeneratedGroups:
        """The groups that are made with the user."""
        return GeneratedGroups()

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="two"):
            yield Form()
            yield OutcomePanel("What it comes to", id="prospect")

    # Opening.

    def load(self, session: Session) -> Any:
        opened = super().load(session)
        groups: dict[int, GroupNote] = {}
        filters: dict[int, GroupNote] = {}
        if opened is not None:
            state = opened.state
            groups = session.group_notes("security-groups", [one for one, _ in state.security_groups])
            filters = session.group_notes("customer-groups", list(state.customer_groups))
        catalogue = session.permission_choices(everywhere=True)
        at = opened.state.home if opened is not None else (self.first_home or self.top or (0, ""))[0]
        administrators = self._read_administrators(session, at)
        labels = {one.key: (one.section, one.label) for one in catalogue}
        return opened, groups, filters, labels, administrators

    def _read_administrators(self, session: Session, home: int) -> Any:
        """The group of the account administrators of a customer, in a thread."""
        try:
            return session.administrators_of(home, ADMINISTRATORS)
        except RingfenceError:  # a home that the operator does not see
            return None

    def take(self, found: Any) -> Opened | None:
        opened, self._groups, self._filters, self._labels, administrators = found
        self._know_administrators(administrators)
        for known in (self.top, self.first_home):
            if known is not None:
                self._names["home"][known[0]] = known[1]
        if opened is not None:
            self._names["home"].update(opened.names["home"])
            self._names["sites"].update(opened.names["sites"])
        profile = self.ringfence.profile
        self._is_self = profile is not None and self.record_id == profile.user_id
        return opened  # type: ignore[no-any-return]

    def right_of_place(self) -> str:
        return self.kind.right("create" if self.record_id is None else self.kind.moves)

    # Drawing.

    def show_form(self) -> None:
        self.query_one(Form).set_title("Security settings" if self.record_id else "New user")
        who = [
            self.line("name"),
            self.line("login"),
            self.line("email"),
        ]
        if self._is_self:
            own = TextLine("This is you: somebody else must change what you may see and do.", "attention")
            self.form.set_fields([who[0], who[2], TextLine(), own, *self._fixed()])
        else:
            self.form.set_fields([*who, *self._settings()])
        if self.record_id is not None:
            self.form.go_to("security_groups")
        self.form.focus()

    def _fixed(self) -> list[Any]:
        return [
            PickSpec("login", "Login", self.draft.login, action=""),
            PickSpec("home", "Home", self._home_name(), action=""),
            RowsSpec("security_groups", "Security groups", self._group_rows(), action="", empty=self._no_groups),
            RowsSpec("customer_groups", "Customer groups", self._filter_rows(), action="", empty="none: no filter"),
        ]

    def _settings(self) -> list[Any]:
        return [
            PickSpec("home", "Home", self._home_name()),
            self.toggle("active"),
            ToggleSpec("administrator", "Account administrator", self._administrates(), self._administrator_note()),
            TextLine(),
            RowsSpec("security_groups", "Security groups", self._group_rows(), empty=self._no_groups),
            TextLine(),
            ToggleSpec("single", "Put in a customer-specific security group", self._single() is not None),
            TextLine(),
            RowsSpec("customer_groups", "Customer groups", self._filter_rows(), empty="none: no filter"),
            RowsSpec("sites", "Sites", self._site_rows(), empty=f"none (used by {SITE}-level roles)"),
        ]

    @property
    def _no_groups(self) -> str:
        """What stands for no groups: of whoever is there already, some that are hidden may count all the same."""
        return "none: sees nothing" if self.record_id is None else cells.NONE

    def _home_name(self) -> str:
        return self._names["home"].get(self.draft.home, "")

    def redraw(self) -> None:
        if self._is_self:
            return
        self.form.update("home", text=self._home_name())
        self.form.update("administrator", value=self._administrates(), note=self._administrator_note())
        self.form.update("security_groups", rows=self._group_rows())
        self.form.update("single", value=self._single() is not None)
        self.form.update("customer_groups", rows=self._filter_rows())
        self.form.update("sites", rows=self._site_rows())

    # Changing.

    @on(Form.Changed)
    def field_changed(self, message: Form.Changed) -> None:
        """Puts what was typed into the draft."""
        message.stop()
        if message.name == "single":
            self._toggle_single(message.value)
            return
        if message.name == "administrator":
            self._toggle_administrator(message.value)
            return
        if message.name == "active":
            self.form.update("active", note=self.note("active", message.value))
        self.change(**{message.name: message.value})

    @on(Form.Activated)
    def field_activated(self, message: Form.Activated) -> None:
        """Opens what chooses."""
        message.stop()
        if self._is_self:
            self.notify("Somebody else must change this.", markup=False)
        elif message.name == "home":
            self._choose(
                "Home",
                "customers",
                _PLACE_COLUMNS,
                self._take_home,
                [self.top] if self.top else [],
                self.draft.home,
            )
        elif message.name in ("security_groups", "customer_groups", "sites"):
            self._pick(message.name)

    def _take_home(self, record: Any) -> None:
        if record is not None and record.id != self.draft.home:
            self._names["home"][record.id] = record.name
            administrated = self._administrates()
            self.change(home=record.id)
            self.redraw()
            self.ask(
                "administrators",
                lambda session: self._read_administrators(session, record.id),
                self._moved_home(administrated),
            )

    def _moved_home(self, administrated: bool) -> Callable[[Any], None]:
        """Whoever administrated the account that they leave does so at the one that they come to."""

        def known(found: Any) -> None:
            if administrated:
                self._toggle_administrator(False)
            self._know_administrators(found)
            if administrated:
                self._toggle_administrator(True)
            self.redraw()

        return known

    def list_customers(self) -> None:
        """Lists what the user sees, and may do there."""
        assert self.prospect is not None
        lines: list[Said] = list(cells.whole(self.prospect, self._labels))
        self.app.push_screen(Dialog(f"What {self.draft.name or 'they'} will see", lines, [DialogOption(BACK, "Back")]))

    # One customer only.

    def _single(self) -> int | None:
        """The group made for one customer that the draft is in."""
        made = [one for one, _ in self.draft.security_groups if one in self._groups and self._groups[one].made_for]
        return made[0] if made else None

    def _toggle_single(self, on: bool) -> None:
        if on:
            self._choose("Which customer?", "customers", _PLACE_COLUMNS, self._take_customer)
        elif self._single() is not None:
            title, kind = "Move to which security group?", SECURITY_GROUPS
            picker = ChooseRecord(title, kind.name, records.columns(kind), records.cells(kind))
            self.app.push_screen(picker, self._move_to)

    def _take_customer(self, record: Any) -> None:
        if record is None:
            self.redraw()
            return

        def made(found: Any) -> None:
            group, name, making = found
            self.generated.make(group, making)
            self._groups[group] = GroupNote(name, "1 customer", made_for=True)
            self.change(security_groups=frozenset({(group, (None, None))}))
            self.redraw()

        self.ask("single", lambda session: session.group_for_customer(record.id, SINGLE), made)

    def _move_to(self, record: Any) -> None:
        """Out of the group made for one customer into a full one; when nobody else is in the former, it goes."""
        group = self._single()
        if record is None or group is None or record.id == group:
            self.redraw()
            return

        def look(session: Session) -> Any:
            notes = session.group_notes("security-groups", [record.id])
            return notes, self.generated.as_it_is(session, group, self._login) if group > 0 else None

        def looked(found: Any) -> None:
            notes, self.generated.leaving = found
            self._groups.update(notes)
            rest = {one for one in self.draft.security_groups if one[0] != group}
            self.change(security_groups=frozenset(rest | {(record.id, (None, None))}))
            self.redraw()

        self.ask("single", look, looked)

    # Account administrators.

    def _know_administrators(self, found: Any) -> None:
        """Takes in the group of the account administrators of the home."""
        self._administrators = None
        if found is not None:
            self._administrators, name, making = found
            self.generated.make(self._administrators, making)
            self._groups[self._administrators] = GroupNote(name, "the whole account")

    def _administrates(self) -> bool:
        return self._administrators is not None and self._administrators in self._given()

    def _administrator_note(self) -> str:
        return "" if self._administrators is not None else "needs a customer as home"

    def _toggle_administrator(self, on: bool) -> None:
        group = self._administrators
        if group is None:
            self.notify("Choose the customer that they belong to as their home first.", markup=False)
        else:
            rest = frozenset(one for one in self.draft.security_groups if one[0] != group)
            self.change(security_groups=rest | {(group, (None, None))} if on else rest)
        self.redraw()

    # The change, and what it comes to.

    def edits(self) -> list[Edit]:
        return self.generated.edits(super().edits(), self._given())

    def finished(self, session: Session, edits: list[Edit]) -> list[Edit]:
        return self.generated.finished(session, edits, self._login)

    def warnings(self) -> Sequence[str]:
        return self.generated.warnings(self._given()) if self.draft is not None else ()

    def _given(self) -> set[int]:
        return {group for group, _ in self.draft.security_groups}

    @property
    def _login(self) -> str:
        return self.before.login if self.before is not None else ""

    def worth_asking(self) -> bool:
        return bool(self.draft.name.strip() and self.draft.login.strip())

    def draft_changed(self) -> None:
        self.prospect = None
        self._say_prospect()
        super().draft_changed()

    def preview_now(self) -> None:
        if self.draft is None:
            return
        if self.record_id is None and not self.worth_asking():
            self._say_prospect()
            self.say_outcome()
            return
        draft, edits, user = self.draft, self.edits(), self.own_id

        def found(prospect: Prospect) -> None:
            if draft is self.draft:
                self.prospect, self.preview = prospect, prospect.preview
                self._say_prospect()
                self.say_outcome()
                self.app.refresh_bindings()

        def look(session: Session) -> Prospect:
            wanted = while_wanted()
            try:
                return session.prospect(self.finished(session, edits), user, wanted)
            except Conflict as conflict:
                if user < 0:
                    raise
                shown = session.prospect((), user, wanted)
                return replace(shown, preview=Preview((), f"{conflict}: saving shows both"))

        self.ask("preview", look, found, self.no_preview)

    def on_resize(self, event: events.Resize) -> None:
        """Gives the right side its room anew."""
        del event
        self.call_after_refresh(self._say_prospect)

    def _say_prospect(self) -> None:
        panel = self.query_one("#prospect", OutcomePanel)
        if self.draft is None:
            return
        if self.prospect is None:
            waiting = "…" if self.record_id is not None or self.worth_asking() else "Give a name and a login first."
            panel.say([Cell(waiting, "quiet")])
            return
        panel.key = display_anywhere(self.ringfence.keys_of(WHOLE_PREVIEW))
        panel.say(self._prospect_lines(self.prospect, panel.line_width - 1, panel.page_height))

    def _prospect_lines(self, prospect: Prospect, width: int, room: int, *, every: bool = False) -> list[Said]:
        lister = display(self.ringfence.keys_of(LIST_CUSTOMERS))
        return cells.lines(prospect, bool(self.edits()), self.own_id, width, room, lister, every=every)

    def whole_outcome(self) -> list[Said]:
        """Besides what saving changes, all that the settings come to."""
        lines = super().whole_outcome()
        if self.prospect is None:
            return lines
        return [
            *lines,
            "",
            Cell("What it comes to", "strong"),
            *self._prospect_lines(self.prospect, _WIDE, 0, every=True),
        ]
