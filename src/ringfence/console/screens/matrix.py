"""The permissions of a role over the whole screen, as a part of an editor."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from textual import events, on
from textual.app import ComposeResult

from ringfence.console.asked_about import AskedAbout
from ringfence.console.cells import permissions
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.drafting import Drafting
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.text import Cell, Said, capital, fit, number, width_of
from ringfence.console.widgets.bar import Bar
from ringfence.console.widgets.matrix import PermissionMatrix
from ringfence.console.widgets.matrix_view import Option, Section
from ringfence.console.widgets.paint import Part
from ringfence.domain.display import words

if TYPE_CHECKING:
    from ringfence.domain.role import RoleState
    from ringfence.services.choices import PermissionChoice

_NAMED: Final = 4
_TALL: Final = 30
"""Lines of the screen from which what saving changes has two lines more."""


class HoldsRole(RecordForm):
    """An editor whose draft holds a role: the role itself, or that of a security group."""

    catalogue: tuple[PermissionChoice, ...] = ()
    """Every permission, as ``load`` has read them."""

    @property
    @abstractmethod
    def role_now(self) -> RoleState | None:
        """The role as it would be; None where there is none yet."""

    @property
    @abstractmethod
    def role_base(self) -> frozenset[str] | None:
        """The permissions that the role came with, to tell what differs; None is all of them."""

    @property
    @abstractmethod
    def role_stands(self) -> tuple[str, bool]:
        """How the role is used, in a few words, and whether that is worth a look."""

    @property
    @abstractmethod
    def reaches(self) -> tuple[bool, bool, str, str]:
        """Whether it is over all customers, whether it was made for one, and whose it is: short, and in a sentence."""

    @property
    @abstractmethod
    def holders(self) -> int:
        """How many users hold it."""

    @abstractmethod
    def take_permissions(self, held: frozenset[str] | None) -> None:
        """Puts permissions into the draft."""

    def why_not_switch(self) -> str:
        """Why no permission can be switched."""
        return self.read_only

    def question(self) -> Dialog | None:
        """What is to be asked before the first change; ``answer`` is told the id of what was chosen."""
        return None

    def answer(self, chosen: str) -> None:
        """Takes the answer to the question."""

    def hint(self) -> str:
        """What the first change would ask."""
        return ""

    @property
    def permissions_were(self) -> tuple[bool, frozenset[str] | None]:
        """Whether there was a role before, and the permissions that its holders had."""
        return False, None

    @property
    def everything(self) -> frozenset[str]:
        """Every permission that there is now."""
        return frozenset(one.key for one in self.catalogue)

    def whence(self, limit: int) -> list[list[Cell]]:
        """The permissions that are given and taken."""
        there, was = self.permissions_were
        role = self.role_now
        if not there or role is None or not self.edits():
            return []
        lines = permissions.difference(self.catalogue, was, role.permissions, limit)
        joined = [cell for line in lines for cell in (*line, Cell("  "))][:-1]
        return lines if limit >= len(self.catalogue) else [joined] if joined else []

    def show_matrix(self) -> None:
        """Opens the permissions."""
        self.app.push_screen(MatrixScreen(self))


class _Head(Bar):
    """Which role it is, how far it reaches, over what. Where it gets narrow, the labels go, then the name is cut."""

    def __init__(self) -> None:
        super().__init__()
        self._said: tuple[tuple[str, str, bool], str, str] | None = None

    def say(self, role: tuple[str, str, bool], level: str, scope: str) -> None:
        """Shows the role (its name, how it is used, whether that is worth a look), its level and its scope."""
        self._said = role, level, scope
        self.refresh()

    def parts(self, width: int) -> Sequence[Part]:
        """The line."""
        if self._said is None:
            return []
        (name, used, worth), level, scope = self._said
        use = Cell(f" {used}" if name else used, "attention" if worth else "quiet")
        whole = [use, Cell("  Level ", "quiet"), Cell(level), Cell("  Scope ", "quiet"), Cell(scope)]
        dotted = [use, Cell(f" · {level} · "), Cell(scope)]
        wanted = width_of(name)
        behind, room = whole, 0
        for behind in (whole, dotted, [use, Cell(" · "), Cell(scope)]):
            room = width - sum(width_of(text) for text, _ in behind) - len(" Role ") - 1
            if room >= wanted:
                break
        shown = fit(name, max(8, min(room, wanted))) if name else ""
        return [(" Role ", "quiet"), (shown, "strong"), *behind]


class MatrixScreen(Drafting):
    """Switches the permissions of an editor's role."""

    AUTO_FOCUS = ""
    KEYS_FIRST = ("switch", "section", "find", "differ")
    KEYS_THAT_CHANGE = ("switch", "section", "all")
    DEFAULT_CSS = """
    MatrixScreen PermissionMatrix { height: 1fr; }
    """

    def __init__(self, editor: HoldsRole) -> None:
        super().__init__()
        self.editor: HoldsRole = editor
        self.AREA = editor.AREA
        self._choices: tuple[PermissionChoice, ...] = ()
        self._at: tuple[Section, Option | None] | None = None

    def compose_body(self) -> ComposeResult:
        yield _Head()
        yield PermissionMatrix()

    def on_mount(self) -> None:
        super().on_mount()
        name = self.editor.draft.name or f"New {self.editor.kind.said}"
        self.show_path([self.editor.title_here, name, "Permissions"])
        self._show_head()
        self.matrix.set_title("Permissions")
        self.matrix.wait()
        self.matrix.focus()
        everywhere, made_for, _, _ = self.editor.reaches
        self.ask(
            "choices",
            lambda session: session.permission_choices(everywhere=everywhere, made_for=made_for),
            self._read,
            self.matrix.fail,
        )

    def on_resize(self, event: events.Resize) -> None:
        """Gives what is said below the matrix more room where there is some."""
        self.PANEL_HEIGHT = 7 if event.size.height >= _TALL else 5

    @property
    def asked_about(self) -> AskedAbout | None:
        """The record, and the permission under the cursor."""
        asked, option = super().asked_about, self._at[1] if self._at is not None else None
        return asked if asked is None or option is None else asked._replace(permission=option.key)

    @property
    def matrix(self) -> PermissionMatrix:
        """The matrix."""
        return self.query_one(PermissionMatrix)

    def _read(self, choices: tuple[PermissionChoice, ...]) -> None:
        self._choices = choices
        self._show()

    def _show(self) -> None:
        """Shows what the draft holds."""
        role, base = self.editor.role_now, self.editor.role_base
        everything = frozenset(one.key for one in self._choices)
        held = frozenset() if role is None else everything if role.permissions is None else role.permissions
        self.matrix.set_sections(
            _sections(self._choices), held, everything if base is None else base, self.editor.why_not_switch()
        )
        self._show_head()

    def _show_head(self) -> None:
        role = self.editor.role_now
        used, worth = self.editor.role_stands
        _, _, scope, _ = self.editor.reaches
        name = "" if role is None or (role.private and role is not self.editor.draft) else role.name
        access_level = role.access_level if role is not None else "service_provider"
        self.query_one(_Head).say((name, used, worth), words(access_level), scope)

    # What is switched

    @on(PermissionMatrix.Changed)
    def switched(self, message: PermissionMatrix.Changed) -> None:
        """Puts what is held into the draft; asks first where others hold the role too."""
        message.stop()
        held, question = message.held, self.editor.question()
        if question is None:
            self._take(held)
            return

        def answered(answer: str | None) -> None:
            if answer in ("shared", "private"):
                self.editor.answer(answer)
                self._take(held)
            self._show()

        self.app.push_screen(question, answered)

    def _take(self, held: frozenset[str]) -> None:
        everything = frozenset(one.key for one in self._choices)
        whole = self.editor.role_base is None and held >= everything
        self.editor.take_permissions(None if whole else held)
        self._show_head()

    @on(PermissionMatrix.Refused)
    def refused_switch(self, message: PermissionMatrix.Refused) -> None:
        """Says why it stays as it is."""
        message.stop()
        self.notify(f"{capital(message.reason)}.", markup=False, severity="warning")

    # What is said

    @on(PermissionMatrix.Highlighted)
    def explain(self, message: PermissionMatrix.Highlighted) -> None:
        """Explains what the cursor is on."""
        message.stop()
        self._at = message.section, message.option
        self.show_outcome(self.editor.outcome_lines())

    def show_outcome(self, lines: Sequence[Said]) -> None:
        """What the option under the cursor is, and what saving changes."""
        if self._at is not None:
            section, option = self._at
            heading = f"{option.label} · {section.heading}" if option else section.heading
            self.outcome.set_title(heading)
        if not self.editor.edits() and not self.editor.failure:
            lines = ()  # that nothing was changed need not be said here
        super().show_outcome([*self._explained(), *lines])

    def _explained(self) -> list[Said]:
        if self._at is None:
            return []
        section, option = self._at
        held = self.matrix.held
        if option is None:
            on_ = sum(one.key in held for one in section.options)
            lines: list[Said] = [
                f"{number(on_)} of {number(len(section.options))} held. Space or s switches all of it."
            ]
        else:
            lines = [self._does(option), *self._amiss(option, option.key in held)]
        read_only, hint = self.editor.why_not_switch(), self.editor.hint()
        if read_only:
            lines.append(Cell(f"{capital(read_only)}.", "quiet"))
        elif hint:
            lines.append(Cell(f"! {hint}", "attention"))
        return lines

    def _does(self, option: Option) -> str:
        _, _, _, these = self.editor.reaches
        users = self.editor.holders
        who = "its holders" if not users else "its holder" if users == 1 else f"its {number(users)} holders"
        if option.note and not option.blocked:
            return f"Lets {who} {permissions.does(option.key, these)}: {option.note}."
        return f"Lets {who} {permissions.does(option.key, these)}."

    def _amiss(self, option: Option, held: bool) -> list[Said]:
        if not option.blocked:
            return []
        if not held:
            return [Cell(f"! It cannot be given here: {option.blocked}.", "attention")]
        if option.blocked == option.note:
            return [Cell(f"! It has no effect here: {option.blocked}.", "attention")]
        return [Cell(f"! {capital(option.blocked)}: once off, it stays off.", "attention")]


def _sections(choices: Sequence[PermissionChoice]) -> list[Section]:
    return [
        Section(
            heading,
            tuple(Option(one.key, one.label, one.blocked, one.note) for one in members),
            permissions.ADMINISTRATION if administration else "",
        )
        for (administration, heading), members in groupby(choices, key=lambda one: (one.administration, one.section))
    ]


def permissions_said(role: RoleState | None, catalogue: Sequence[PermissionChoice]) -> str:
    """How many permissions a role holds, in a form's line."""
    return permissions.counted(catalogue, role.permissions if role is not None else frozenset())
