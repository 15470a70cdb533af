"""The role of a security group while the group is edited: which it is, what it may do, and whose it is besides."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ringfence.console.options import BACK, DialogOption
from ringfence.console.screens.choose_record import ChooseRecord
from ringfence.console.screens.conflict import ConflictScreen, rows_of
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.matrix import HoldsRole, permissions_said
from ringfence.console.text import Cell, number
from ringfence.console.widgets.columns import Column
from ringfence.domain.display import words
from ringfence.domain.errors import Conflict, RingfenceError, SessionEnded
from ringfence.domain.filter import quoted
from ringfence.domain.role import LEVELS, RoleState

if TYPE_CHECKING:
    from ringfence.console.commands.command import Home
    from ringfence.domain.security_group import SecurityGroupState
    from ringfence.services.choices import RoleTemplate
    from ringfence.services.workspace import Session

NEW_ROLE: Final = -2
"""Stands for a role that the change makes; -1 is the group."""

_NAMED: Final = 8
"""The most names that a line lists."""

_COLUMNS: Final = (
    Column("name", "Name", 18, grow=3),
    Column("level", "Access level", 16),
    Column("permissions", "Permissions", 11, align="right", style="quiet"),
    Column("mark", "", 8, style="quiet"),
)


@dataclass(frozen=True, slots=True)
class RoleHere:
    """The role of the draft. ``before`` is what is saved of it (None: a new one), ``draft`` what it would be (None:
    there is none, or it may not be viewed), ``base`` the permissions it came with, ``source`` what it is a copy of.

    ``groups`` are the security groups that use it as it is saved; ``settled`` says that it is changed for them all.
    """

    id: int | None = None
    before: RoleState | None = None
    draft: RoleState | None = None
    revision: int = 0
    why_not: str = ""
    base: frozenset[str] | None = frozenset()
    source: str = ""
    groups: tuple[str, ...] = ()
    settled: bool = False


class HasGroupRole(HoldsRole):
    """The part of a security group's form that is about its role."""

    draft: SecurityGroupState

    def __init__(self, record_id: int | None, copy_of: int | None = None, home: Home | None = None) -> None:
        super().__init__(record_id, copy_of, home)
        self.role = RoleHere()
        self.role_was: RoleState | None = None
        """The role as the form came up."""
        self.users: list[str] = []
        """Logins of the group's users."""
        self.role_names: dict[int, str] = {}
        self.templates: tuple[RoleTemplate, ...] = ()
        self.why_no_role = ""
        """Why the operator cannot make a role."""

    @abstractmethod
    def show_role(self) -> None:
        """Draws what the form says of the role."""

    # What is said

    def role_said(self) -> str:
        """The role in the form: its name, and whose it is besides."""
        if self.role.id is None:
            return "none yet: it gives nothing" if self.record_id is None else "none that you may see"
        if self.role.draft is None:
            return f"{self.role_names.get(self.role.id, 'a role')} · {self.role.why_not}"
        said = self.role_stands[0]
        return said if self.role.draft.private else f"{self.role_name()} · {said}"

    def role_name(self) -> str:
        """What the role is called; a private one has no name that matters."""
        role = self.role.draft
        if role is None:
            return self.role_names.get(self.role.id, "a role") if self.role.id is not None else "none yet"
        return self.role_stands[0] if role.private else role.name

    def level_said(self) -> str:
        """How far it reaches."""
        role = self.role.draft
        return f"{words(role.access_level)}: {LEVELS[role.access_level].reaches}" if role else "–"

    def permissions_text(self) -> str:
        """How many permissions it holds, or why that is not known."""
        if self.role.draft is None and self.role.id is not None:
            return self.role.why_not
        if self.role.id is None and self.record_id is not None:
            return "–"  # whether there is a role, and what it may do, is not seen here
        return permissions_said(self.role.draft, self.catalogue)

    # The role, as the matrix sees it

    @property
    def role_now(self) -> RoleState | None:
        return self.role.draft

    @property
    def role_base(self) -> frozenset[str] | None:
        return self.role.base

    @property
    def mine(self) -> bool:
        """Whether the group has the role as it is saved."""
        return self.before is not None and self.before.role is not None and self.before.role == self.role.id

    @property
    def _sharing(self) -> int:
        """How many groups use the role, this one too."""
        return len(self.role.groups) + (0 if self.mine else 1)

    @property
    def role_stands(self) -> tuple[str, bool]:
        role = self.role
        if role.draft is None:
            return "none yet", False
        if role.draft.private:
            return f"private to this group{f', a copy of {role.source}' if role.source else ''}", False
        if role.id == NEW_ROLE:
            return "new, made with this group", False
        built_in = "built in, " if role.draft.builtin else ""
        if self._sharing > 1:
            return f"{built_in}shared by {number(self._sharing)} groups", True
        return f"{built_in}used by this group only", False

    @property
    def reaches(self) -> tuple[bool, bool, str, str]:
        count = len(self.draft.customers)
        made_for = self.draft.made_for is not None
        if self.draft.scope == "all":
            role = self.role.draft
            everywhere = role is None or role.access_level == "service_provider"
            return everywhere, made_for, "all customers", "all customers"
        if not count:
            return False, made_for, "no customer selected", "the selected customers (none yet)"
        many = f"{number(count)} customer{'' if count == 1 else 's'} selected"
        these = "the one selected customer" if count == 1 else f"the {number(count)} selected customers"
        return False, made_for, many, these

    @property
    def holders(self) -> int:
        return len(self.users)

    @property
    def permissions_were(self) -> tuple[bool, frozenset[str] | None]:
        if self.record_id is None or self.role_was is None:
            return False, None
        return True, self.role_was.permissions

    def why_not_switch(self) -> str:
        role = self.role
        private = role.draft is not None and role.draft.private
        return self.read_only or (role.why_not if private else "")

    def _asks(self) -> bool:
        """Whether a change of the permissions would be one for others too, or cannot be made to the role itself."""
        role = self.role
        if role.draft is None or role.id is None or role.id < 0 or role.draft.private or role.settled:
            return False
        return not self.mine or self._sharing > 1 or bool(role.why_not)

    def hint(self) -> str:
        if not self._asks():
            return ""
        assert self.role.draft is not None
        name = self.role.draft.name
        if self.role.draft.builtin:
            return f"{name} is built in. Space asks to customise it for this group only."
        if self._sharing > 1:
            others = f"change it for all {number(self._sharing)} groups, or customise it for this group only"
            return f"{name} is shared. Space asks: {others}."
        return f"{name} is a role of its own. Space asks: change it, or customise it for this group only."

    def question(self) -> Dialog | None:
        if not self._asks():
            return None
        role = self.role
        assert role.draft is not None
        others = [name for name in role.groups if not (self.mine and name == self.before.name)]
        lines = []
        if others:
            lines.append(f"{role.draft.name} is also the role of {some(others)}.")
        why_not = "it is built in" if role.draft.builtin else "you may not change it" if role.why_not else ""
        many = (
            f"Change the role for its {number(self._sharing)} groups" if self._sharing > 1 else "Change the role itself"
        )
        options = [
            DialogOption("shared", many, "c", why_not),
            DialogOption("private", "Customise for this group only (a private role)", "p", self.why_no_role),
            DialogOption(BACK, "Leave it as it is"),
        ]
        return Dialog(f"Change {role.draft.name}?", lines, options)

    def answer(self, chosen: str) -> None:
        if chosen == "shared":
            self.role = replace(self.role, settled=True)
        elif self.role.draft is not None:
            self.set_role(self.own_copy(self.role.draft, self.draft.owner, self.draft.name))

    def take_permissions(self, held: frozenset[str] | None) -> None:
        role = self.role
        if role.draft is None:
            draft = RoleState(self.draft.owner, self.draft.name, permissions=held, private=True)
            role = RoleHere(NEW_ROLE, None, draft)
        else:
            role = replace(role, draft=replace(role.draft, permissions=held))
        self.set_role(role)

    def set_role(self, role: RoleHere) -> None:
        """Puts a role into the draft."""
        self.role = role
        self.change(role=role.id)
        self.show_role()

    # Another role.

    def own_copy(self, role: RoleState, owner: int, name: str) -> RoleHere:
        """A copy of a role, private to the group."""
        copy = replace(role, owner=owner, name=name, private=True, builtin=False, key="")
        return RoleHere(NEW_ROLE, None, copy, base=role.permissions, source=role.name)

    def choose_role(self) -> None:
        """Asks for another role: one of those there are, or a built-in one of which there is no copy yet."""
        extra = [(-1 - at, f"{one.name} · built in: {one.about}") for at, one in enumerate(self.templates)]
        total = len(self.catalogue)

        def cells(role: Any) -> tuple[Cell | str, ...]:
            held = f"{number(role.permissions)} of {number(total)}"
            return role.name, words(role.access_level), held, role.mark

        extra, now = [] if self.why_no_role else extra, max(0, self.draft.role or 0)
        self.app.push_screen(ChooseRecord("Role", "roles", _COLUMNS, cells, extra=extra, now=now), self._role_chosen)

    def _role_chosen(self, record: Any) -> None:
        if record is None or record.id == self.draft.role:
            return
        if record.id < 0:
            self._take_template(self.templates[-1 - record.id])
            return
        self.role_names[record.id] = record.name
        self.ask("role", lambda session: read_role(session, record.id), self._role_read)

    def _role_read(self, found: RoleHere) -> None:
        role = found
        if self._is_saved(found):
            self.set_role(found)
            return
        if role.draft is not None and role.draft.private:
            if self.why_no_role:
                self.notify(f"That role is private to another group, and {self.why_no_role}.", severity="warning")
                return
            self.notify(f"{role.draft.name} is private to another group: this one gets a copy of it.")
            role = self.own_copy(role.draft, self.draft.owner, self.draft.name)
        self.set_role(role)

    def _is_saved(self, role: RoleHere) -> bool:
        return self.before is not None and self.before.role == role.id

    def _take_template(self, template: RoleTemplate) -> None:
        role = RoleState(self.draft.owner, template.name, template.access_level, template.permissions)
        self.set_role(RoleHere(NEW_ROLE, None, role, base=template.permissions, source=template.name))

    # Two operators.

    def role_conflict(self, conflict: Conflict) -> None:
        """Somebody else changed the role meanwhile: both, field by field."""
        self._show_this()
        if conflict.current is None:
            self.failure = "Not saved: the role is not there any more. Choose another one; all else is here still."
            self.say_outcome()
            return
        theirs: RoleState = conflict.current
        role = self.role
        assert role.draft is not None
        mine = role.draft

        def chosen(sides: dict[str, str] | None) -> None:
            if sides is None:
                return
            self.role_was = theirs
            kept = {name: getattr(mine, name) for name, side in sides.items() if side == "mine"}
            draft = replace(theirs, **kept)
            self.set_role(
                replace(role, before=theirs, draft=draft, revision=conflict.revision, base=theirs.permissions)
            )

        rows = rows_of(role.before, theirs, mine, self.label_of, self.said)
        title = f"The role {mine.name} was changed meanwhile"
        self.app.push_screen(ConflictScreen(title, conflict.who or "somebody else", rows), chosen)


def read_role(session: Session, role: int) -> RoleHere:
    """A role as it is saved, in a thread; without a state where it may not be viewed."""

    try:
        opened = session.open_record("role", role)
    except SessionEnded:
        raise
    except RingfenceError:
        return RoleHere(role, why_not="you may not view it")
    groups, _ = session.used_by("roles", role)
    state = opened.state
    return RoleHere(role, state, state, opened.revision, opened.why_not, base=state.permissions, groups=tuple(groups))


def missing_templates(session: Session) -> tuple[RoleTemplate, ...]:
    """The built-in roles of which the viewer sees no copy: the others are in the list of roles."""
    from ringfence.services.records import Listing, Part

    missing = []
    for template in session.role_templates():
        found = session.rows(Listing("roles", quoted(template.name)), Part(20))
        same = [one for one in found if one.name == template.name and not getattr(one, "private", False)]
        held = [read_role(session, one.id).draft for one in same]
        if not any(
            one is not None and (one.access_level, one.permissions) == (template.access_level, template.permissions)
            for one in held
        ):
            missing.append(template)
    return tuple(missing)


def some(names: Sequence[str]) -> str:
    """The first of many names, after how many there are."""
    many = f"{number(len(names))}: " if len(names) > _NAMED else ""
    more = f" and {number(len(names) - _NAMED)} more" if len(names) > _NAMED else ""
    return f"{many}{', '.join(names[:_NAMED])}{more}"
