"""A security group: its name, its role, what that may do, and over which customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult

from ringfence.console.cells import permissions
from ringfence.console.options import BACK, DialogOption
from ringfence.console.rights import may_not
from ringfence.console.screens.customer_group_form import listed, pick_customers
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.group_role import NEW_ROLE, HasGroupRole, RoleHere, missing_templates, read_role, some
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.text import many
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import ChoiceSpec, PickSpec, RowsSpec, Spec, TextLine
from ringfence.domain.errors import Conflict
from ringfence.domain.security_group import SECURITY_GROUPS, SecurityGroupState
from ringfence.services.editing import Edit

if TYPE_CHECKING:
    from ringfence.console.commands.command import Home
    from ringfence.domain.role import RoleState
    from ringfence.services.edited import Opened
    from ringfence.services.workspace import Session


class SecurityGroupForm(HasGroupRole):
    """The form of a security group."""

    kind = SECURITY_GROUPS

    def __init__(self, record_id: int | None, copy_of: int | None = None, home: Home | None = None) -> None:
        super().__init__(record_id, copy_of, home)
        self._theirs = RoleHere()
        self._names: dict[int, str] = {}

    def compose_body(self) -> ComposeResult:
        yield Form()

    # Opening.

    def load(self, session: Session) -> Any:
        opened = super().load(session)
        users: list[str] = []
        if self.record_id is not None:
            users = session.used_by("security-groups", self.record_id)[1]
        role = RoleHere()
        if opened is not None and opened.state.role is not None:
            role = read_role(session, opened.state.role)
        catalogue = session.permission_choices(everywhere=True)
        may = session.may("role.create")
        return opened, users, role, catalogue, may, missing_templates(session)

    def take(self, found: Any) -> Opened | None:
        opened, self.users, self.role, self.catalogue, may, self.templates = found
        self.why_no_role = "" if may else may_not("you", "create roles", "role.create")
        if opened is not None:
            self._names = {**opened.names["customers"], **opened.names["made_for"]}
            self.role_names = dict(opened.names["role"])
        return opened  # type: ignore[no-any-return]

    def first_draft(self) -> SecurityGroupState:
        copied = self.record_id is None and self.opened is not None
        draft: SecurityGroupState = self._copied(self.opened) if copied and self.opened else super().first_draft()
        self.role_was = self.role.draft
        return draft

    def _copied(self, opened: Opened) -> SecurityGroupState:
        """The same over the same customers, for nobody yet; what is private to the one is made anew for the other."""
        owner = opened.state.owner if not opened.why_not or self.top is None else self.top[0]
        name = f"{opened.state.name} (copy)"
        draft: SecurityGroupState = replace(
            opened.state, owner=owner, name=name, made_for=None, members=frozenset(), key=""
        )
        if self.role.draft is not None and self.role.draft.private:
            self.role = self.own_copy(self.role.draft, owner, name)
            draft = replace(draft, role=NEW_ROLE)
        return draft

    def show_form(self) -> None:
        if self.draft.role not in (self.role.id, NEW_ROLE):  # theirs, of the two of a conflict
            self.role, self.role_was = self._theirs, self._theirs.draft
        self.form.set_title("Security group")
        self._show_fields()
        self.form.focus()

    def _show_fields(self) -> None:
        fields: list[Spec] = [
            self.line("name"),
            PickSpec("role", "Role", self.role_said()),
            PickSpec("level", "Level", self.level_said(), ""),
            PickSpec("permissions", "Permissions", self.permissions_text(), "open", looks=True),
            PickSpec("users", "Users", self._users_said(), ""),
            *(
                [TextLine(f"Made for {self._made_for}: policies are never edited through it.")]
                if self.draft.made_for
                else []
            ),
            TextLine(),
        ]
        options = (("all", "all customers"), ("selected", "selected customers"))
        pick = "pick" if self.draft.scope == "selected" else ""
        fields.append(ChoiceSpec("scope", "Customers", self.draft.scope, options, pick))
        if self.draft.scope == "selected":
            shown = listed(self.draft.customers, self._names)
            fields.append(RowsSpec("customers", "Accessible", empty="none yet: it gives nothing", **shown))
        self.form.set_fields(fields)

    @property
    def _made_for(self) -> str:
        return self._names.get(self.draft.made_for or 0, "one customer")

    def show_role(self) -> None:
        """Draws what the form says of the role."""
        self.form.update("role", text=self.role_said())
        self.form.update("level", text=self.level_said())
        self.form.update("permissions", text=self.permissions_text())

    # What is said

    def _users_said(self) -> str:
        return some(self.users) if self.users else "nobody yet: a user's security settings give it"

    def label_of(self, name: str) -> str:
        labels = {"scope": "Customers", "customers": "Accessible", "access_level": "Level"}
        return labels.get(name) or super().label_of(name)

    def said(self, name: str, value: Any) -> str | tuple[str, ...]:
        if name == "customers":
            nested = ("itself only", "with nested")
            return tuple(
                sorted(f"{self._names.get(one, 'another one')} ({nested[within]})" for one, within in value.items())
            )
        if name == "role" and value is not None:
            return self.role_name() if value == self.role.id else self.role_names.get(value, "another one")
        if name == "permissions":
            return permissions.named(self.catalogue, value)
        return super().said(name, value)

    def warnings(self) -> Sequence[str]:
        if self.draft is None or (self.record_id is not None and not self.dirty):
            return ()
        found = []
        if self.draft.scope == "selected" and not self.draft.customers:
            found.append("No customer is selected: it gives nothing.")
        if (self.role.id is None and self.record_id is None) or (
            self.role.draft is not None and self.role.draft.permissions == frozenset()
        ):
            found.append("It has no permission: it gives nothing.")
        return found

    # Changing.

    @property
    def dirty(self) -> bool:
        return super().dirty or self.role.draft != self.role_was

    def edits(self) -> list[Edit]:
        """The role's edit, where it is a new one or changes; and the group's, where that does."""
        found = []
        group = self.draft if self.draft.scope == "selected" else replace(self.draft, customers={})
        role = self.role
        if role.draft is not None and role.id == NEW_ROLE:
            name = group.name if role.draft.private else role.draft.name
            found.append(Edit("role", NEW_ROLE, None, replace(role.draft, owner=group.owner, name=name)))
        elif role.draft is not None and role.id is not None and role.before is not None:
            after = self._renamed(role.draft)
            if after != role.before:
                found.append(Edit("role", role.id, role.before, after, role.revision))
        if self.before is None:
            found.append(Edit("security_group", -1, None, group))
        elif group != self.before:
            found.append(Edit("security_group", self.record_id or 0, self.before, group, self.revision))
        return found

    def _renamed(self, role: RoleState) -> RoleState:
        """A private role bears its group's name, as long as nobody has given it another."""
        follows = role.private and self.mine and role.name == self.before.name and not self.role.why_not
        return replace(role, name=self.draft.name) if follows else role

    @on(Form.Changed)
    def field_changed(self, message: Form.Changed) -> None:
        """Puts what was typed or chosen into the draft."""
        message.stop()
        if message.name == "scope":
            if message.value == "all":
                self._ask_for_all()
            else:
                self._take_scope(message.value)
            return
        self.change(**{message.name: message.value})
        if self.role.id == NEW_ROLE:
            self.show_role()

    def _ask_for_all(self) -> None:
        """Asks whether all customers are meant: those of today, and every one that comes."""
        self.form.update("scope", value="selected")

        def answered(answer: str | None) -> None:
            if answer == "all":
                self._take_scope("all")

        selected = f"It is over {many(len(self.draft.customers), 'selected customer')} now."
        lines = [selected, "Over all, it reaches every customer there is, and every one that is made later."]
        options = [DialogOption("all", "All customers", "a"), DialogOption(BACK, "Back")]
        self.app.push_screen(Dialog("All customers?", lines, options), answered)

    def _take_scope(self, scope: str) -> None:
        self.change(scope=scope)
        self._show_fields()
        self.form.go_to("scope")

    @on(Form.Activated)
    def field_activated(self, message: Form.Activated) -> None:
        """Opens what is changed elsewhere."""
        message.stop()
        if message.name == "role":
            self.choose_role()
        elif message.name == "permissions" and self.role.draft is None and self.role.id is not None:
            self.notify(f"Its permissions cannot be shown: {self.role.why_not}.", severity="warning")
        elif message.name == "permissions":
            if self.role.draft is None and self.why_no_role:
                self.notify(f"Choose a role: {self.why_no_role}.", severity="warning")
            else:
                self.show_matrix()
        elif message.name in ("scope", "customers"):
            pick_customers(self, "Customers", self.draft.customers, self._customers_chosen, self._names)

    def _customers_chosen(self, chosen: dict[int, bool]) -> None:
        self.change(customers=chosen)
        self.form.update("customers", **listed(chosen, self._names))

    # Two operators.

    def conflicted(self, conflict: Conflict) -> None:
        if conflict.kind == "role":
            self.role_conflict(conflict)
        elif conflict.current is None:
            super().conflicted(conflict)
        else:
            theirs = conflict.current

            def read(session: Session) -> Any:
                roles = session.names_of("roles", [theirs.role] if theirs.role is not None else [])
                role = read_role(session, theirs.role) if theirs.role is not None else RoleHere()
                return session.names_of("customers", list(theirs.customers)), roles, role

            def named(found: Any) -> None:
                self._names.update(found[0])
                self.role_names.update(found[1])
                self._theirs = found[2]
                RecordForm.conflicted(self, conflict)

            self.ask("names", read, named)
