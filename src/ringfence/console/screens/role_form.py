"""A role: its name, how far it reaches, what it permits, and who has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.app import ComposeResult

from ringfence.console.cells import permissions
from ringfence.console.commands.command import Command, bindings, display
from ringfence.console.options import DialogOption
from ringfence.console.rights import may_not
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.matrix import HoldsRole, permissions_said
from ringfence.console.text import number
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import ChoiceSpec, PickSpec, Spec, TextLine, ToggleSpec
from ringfence.domain.display import words
from ringfence.domain.role import IDLE_MINUTES, LEVELS, ROLES, RoleState

if TYPE_CHECKING:
    from ringfence.console.commands.command import Home
    from ringfence.services.choices import RoleTemplate
    from ringfence.services.edited import Opened
    from ringfence.services.workspace import Session

_LEVELS: Final = tuple((key, words(key)) for key in LEVELS)
_NAMED: Final = 40
_FACTOR: Final = "with a code besides the password"
_IDLE: Final = (5, 10, 15, 60, 120, 240)
"""The minutes without a key after which the console can be made to lock."""


COPY_ROLE: Final[Command[RoleForm]] = Command(
    "copy_role",
    "c",
    "Make a role of your own that begins as this one.",
    lambda form: form.app.switch_screen(RoleForm(None, copy_of=form.record_id)),
    footer="copy it",
    unless=lambda form: form.why_not_copy(),
)
_COMMANDS: Final = (COPY_ROLE,)


class RoleForm(HoldsRole):
    """The form of a role."""

    kind = ROLES
    COMMANDS_HERE = _COMMANDS
    BINDINGS = bindings(_COMMANDS)
    draft: RoleState

    def __init__(self, record_id: int | None, copy_of: int | None = None, home: Home | None = None) -> None:
        super().__init__(record_id, copy_of, home)
        self._groups: list[str] = []
        self._users: list[str] = []
        self._templates: tuple[RoleTemplate, ...] = ()
        self._template: RoleTemplate | None = None
        self._holds_all = False

    def compose_body(self) -> ComposeResult:
        yield Form()

    # Opening.

    def load(self, session: Session) -> Any:
        used: tuple[list[str], list[str]] = ([], [])
        if self.record_id is not None:
            used = session.used_by("roles", self.record_id)
        catalogue = session.permission_choices(everywhere=True)
        return super().load(session), used, catalogue, session.role_templates()

    def take(self, found: Any) -> Opened | None:
        opened, (self._groups, self._users), self.catalogue, self._templates = found
        self._holds_all = not any(one.blocked for one in self.catalogue)
        return opened  # type: ignore[no-any-return]

    def right_of_place(self) -> str:
        return self.kind.right("create")  # a copy is made of one that is there

    def show_form(self) -> None:
        self.form.set_title("Role")
        draft = self.draft
        fields: list[Spec] = [self.line("name")]
        if self.record_id is None and self.opened is None:
            fields.append(PickSpec("starts", "Starts as", self._starts_said(), "choose"))
        fields += [
            ChoiceSpec("access_level", "Level", draft.access_level, _LEVELS),
            TextLine(LEVELS[draft.access_level].told, name="means"),
            TextLine(),
        ]
        if not self.read_only and (self._holds_all or draft.permissions is None):
            fields.append(ToggleSpec("all", "Everything", draft.permissions is None, "all permissions, now and later"))
        fields += [
            PickSpec("permissions", "Permissions", permissions_said(draft, self.catalogue), "open", looks=True),
            TextLine(),
            TextLine(),
            *(TextLine(line) for line in self._used()),
            TextLine(),
            ToggleSpec("second_factor", "Sign-in", draft.second_factor, _FACTOR),
            ChoiceSpec("idle_minutes", "Locks after", _idle(draft.idle_minutes), _idle_choices(draft.idle_minutes)),
        ]
        self.form.set_fields(fields)
        self.form.focus()
        self.refresh_bindings()

    def _starts_said(self) -> str:
        return f"{self._template.name}: {self._template.about}" if self._template else "blank"

    def _used(self) -> list[str]:
        if self.record_id is None:
            return ["Used by nobody yet: a security group gives it."]
        if self.before is not None and self.before.private:
            said = (
                f"Private to the security group {', '.join(self._groups)}." if self._groups else "Private to a group."
            )
        elif self._groups:
            groups = "1 security group" if len(self._groups) == 1 else f"{number(len(self._groups))} security groups"
            said = f"Used by {groups}: {_some(self._groups)}."
        else:
            said = "Used by no security group."
        users = f"{number(len(self._users))} user{'' if len(self._users) == 1 else 's'}"
        held = f"Held by {users}: {_some(self._users)}." if self._users else "Held by nobody."
        copies = display(self.ringfence.keys_of(COPY_ROLE))
        built_in = f"A built-in role is copied, not changed: {copies} copies it."
        return [said, held, *(["", built_in] if self.before is not None and self.before.builtin else [])]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is copied that is not there yet."""
        if action == "command" and parameters == ("copy_role",) and self.record_id is None:
            return False
        return super().check_action(action, parameters)

    def key_says(self, name: str, text: str) -> str:
        """A role that cannot be changed can be copied, by whoever may make one."""
        return "" if name == "copy_role" and self.read_only and self.why_not_copy() else super().key_says(name, text)

    # What is said

    def label_of(self, name: str) -> str:
        return "Level" if name == "access_level" else super().label_of(name)

    def said(self, name: str, value: Any) -> str | tuple[str, ...]:
        return permissions.named(self.catalogue, value) if name == "permissions" else super().said(name, value)

    def why_not_copy(self) -> str:
        """Why the role cannot be copied now."""
        if self.draft is None:
            return "it is still being opened"
        if self.ringfence.read_only:
            return self.ringfence.read_only
        if self.record_id is None:
            return "save it first"
        if self.dirty:
            return "save first what was changed"
        return "" if self.top is not None else may_not("you", "create roles", self.kind.right("create"))

    # As the matrix sees it

    @property
    def role_now(self) -> RoleState | None:
        return self.draft

    @property
    def role_base(self) -> frozenset[str] | None:
        if self.before is not None:
            return self.before.permissions  # type: ignore[no-any-return]
        if self.opened is not None:
            return self.opened.state.permissions  # type: ignore[no-any-return]
        return self._template.permissions if self._template is not None else frozenset()

    @property
    def role_stands(self) -> tuple[str, bool]:
        count = len(self._groups)
        if self.draft.private:
            return "private", False
        built_in = "built in, " if self.draft.builtin else ""
        used = f"used by {number(count)} group{'' if count == 1 else 's'}" if count else "used by no group"
        return f"{built_in}{used}", count > 1

    @property
    def reaches(self) -> tuple[bool, bool, str, str]:
        everywhere = self.draft.access_level == "service_provider"
        return everywhere, False, "each group's own", "the customers of its groups"

    @property
    def holders(self) -> int:
        return len(self._users)

    @property
    def permissions_were(self) -> tuple[bool, frozenset[str] | None]:
        return (True, self.before.permissions) if self.before is not None else (False, None)

    def take_permissions(self, held: frozenset[str] | None) -> None:
        self.change(permissions=held)
        self._show_permissions()

    # Changing.

    def _show_permissions(self) -> None:
        self.form.update("permissions", text=permissions_said(self.draft, self.catalogue))
        if "all" in self.form.values:
            self.form.update("all", value=self.draft.permissions is None)

    @on(Form.Changed)
    def field_changed(self, message: Form.Changed) -> None:
        """Puts what was typed or chosen into the draft."""
        message.stop()
        if message.name == "all":
            self.change(permissions=None if message.value else self.everything)
            self._show_permissions()
            return
        idle = message.name == "idle_minutes"
        self.change(**{message.name: int(message.value) if idle and message.value else None if idle else message.value})
        if message.name == "access_level":
            self.form.update("means", text=LEVELS[message.value].told)

    @on(Form.Activated)
    def field_activated(self, message: Form.Activated) -> None:
        """Opens the permissions, or asks what to begin with."""
        message.stop()
        if message.name == "permissions":
            self.show_matrix()
        elif message.name == "starts":
            options = [DialogOption("blank", "Blank: no permission")]
            options += [DialogOption(one.key, f"{one.name}: {one.about}") for one in self._templates]
            self.app.push_screen(Dialog("A new role starts as", [], options), self._started)

    def _started(self, chosen: str | None) -> None:
        if chosen is None:
            return
        named = self._template.name if self._template is not None else ""
        self._template = next((one for one in self._templates if one.key == chosen), None)
        begun = self._template
        name = self.draft.name
        if not name.strip() or name == named:
            name = begun.name if begun else ""
        self.change(
            name=name,
            access_level=begun.access_level if begun else "service_provider",
            permissions=begun.permissions if begun else frozenset(),
        )
        self.form.update("name", value=name)
        self.form.update("starts", text=self._starts_said())
        self.form.update("access_level", value=self.draft.access_level)
        self.form.update("means", text=LEVELS[self.draft.access_level].told)
        self._show_permissions()


def _idle(minutes: int | None) -> str:
    return "" if minutes is None else str(minutes)


def _idle_choices(now: int | None) -> tuple[tuple[str, str], ...]:
    offered = sorted({*_IDLE, *(() if now is None else (now,))})
    usual = ("", f"{IDLE_MINUTES} minutes, as is usual")
    return (usual, *((str(one), f"{one} minutes") for one in offered))


def _some(names: list[str]) -> str:
    more = f" and {number(len(names) - _NAMED)} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
