"""A command: its key, its place in the palette, its footer text, its line in the help, and why it is off."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, Self, TypeVar

from textual.binding import Binding, BindingsMap, BindingType
from textual.dom import DOMNode
from textual.keys import format_key

from ringfence.console.application import Application
from ringfence.console.rights import HOME, why_not_list

if TYPE_CHECKING:
    from ringfence.console.asked_about import AskedAbout
    from ringfence.domain.kind import StateKind
    from ringfence.services.workspace import Session

_FUNCTION: Final = re.compile(r"f\d+")

Home = tuple[int, str]
"""A customer that a new record belongs to: id and name."""


class Host(Protocol):
    """A screen as its commands know it."""

    @property
    def ringfence(self) -> Application:
        """The application."""

    @property
    def commands(self) -> tuple[Command[Any], ...]:
        """The commands that the screen has."""

    @property
    def edited(self) -> Edited | None:
        """The list or tree that the commands which change records are about."""

    @property
    def asked_about(self) -> AskedAbout | None:
        """What it can be asked about why it may be done or not: the record under the cursor; None where there is
        none."""

    @property
    def read_only(self) -> str:
        """Why nothing can be changed here; empty where something can."""

    def why_off(self, command: Command[Any]) -> str:
        """Why a command cannot be used now; empty when it can."""

    async def action_command(self, name: str) -> None:
        """Runs a command, or says why it is off."""

    def ask(
        self,
        group: str,
        question: Callable[[Session], Any],
        take: Callable[[Any], object],
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Asks in a thread."""

    def refresh_data(self) -> None:
        """Reads everything again."""

    def turn_tab(self, step: int) -> None:
        """Shows another tab."""

    def call_later(self, callback: Callable[[], Any]) -> bool:
        """Has something done once the keys that were pressed before have been."""

    def copy_out(self, text: str) -> None:
        """Puts text on the operator's own clipboard."""


class Edited(Protocol):
    """A list or tree whose records are changed by commands: the screen says which one that is at the moment."""

    @property
    def ringfence(self) -> Application:
        """The application."""

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

    def changed(self) -> None:
        """What was chosen was changed."""


Here = TypeVar("Here", bound=Any, contravariant=True)
"""What a command needs of its screen: ``Host``, or more."""


class Command(Generic[Here]):
    """One thing that the operator can do: ``run`` does it, and may return an awaitable.

    ``keys`` are alternatives, the first of which is shown; a command without any is run from the palette, by its name.
    ``help`` is the sentence that explains it; ``footer`` is the text beside its key in the key bar, empty for a command
    that is not shown there; ``palette`` says whether the command palette offers it. ``unless`` says why it cannot be
    used now, and is empty when it can; ``unless_row`` why it cannot be used for what is under the cursor: only then the
    key bar shows it all the same, as off. ``brief`` is the text in the key bar where there is little room. ``changes``
    says that it changes something, or begins to: where the screen is read-only, it is off, and not shown. ``looks`` is
    the text in the key bar instead of ``footer`` there. ``called`` is what it is called before why it is off, where it
    has no ``footer``: without either that is its sentence.
    """

    def __init__(
        self,
        name: str,
        keys: str,
        help: str,  # noqa: A002
        run: Callable[[Here], Any],
        *,
        footer: str = "",
        brief: str = "",
        unless: Callable[[Here], str] = lambda _: "",
        unless_row: Callable[[Here], str] = lambda _: "",
        palette: bool = True,
        changes: bool = False,
        looks: str = "",
        called: str = "",
    ) -> None:
        self.name, self.keys, self.help, self.run = name, keys, help, run
        self.footer, self.brief = footer, brief
        self.unless, self.unless_row = unless, unless_row
        self.palette, self.changes, self.looks = palette, changes, looks
        self._called = called

    @property
    def called(self) -> str:
        """What it is called before why it is off."""
        return self.footer or self._called or self.help.rstrip(".")

    def but(self, **other: Any) -> Self:
        """The same command, but for this."""
        made = copy(self)
        vars(made).update(other)
        return made

    def off(self, here: Here) -> str:
        """Why the command cannot be used now; empty when it can."""
        return self.off_anyway(here) or self.off_for_row(here)

    def off_anyway(self, here: Here) -> str:
        """Why it cannot be used now, whatever is under the cursor."""
        return self.unless(here)

    def off_for_row(self, here: Here) -> str:
        """Why it cannot be used for what is under the cursor, where it could be used otherwise."""
        return self.unless_row(here)

    def needs(self, here: Here) -> str:
        """The permission that it needs of what is under the cursor; empty where it needs none."""
        del here
        return ""


class Go(Command[Host]):
    """Goes to one of the numbered screens. ``label`` is what the bar of them calls it; of a screen that is one tab of
    an area, ``tab`` is what that is called, and ``among`` the first of them, which has the number."""

    def __init__(self, area: str, key: str, label: str, help: str, tab: str, among: str = "") -> None:  # noqa: A002
        super().__init__(area, key, help, lambda host: host.ringfence.go(area), footer=label)
        self.label, self.tab, self.among = label, tab, among or area

    def off_anyway(self, here: Host) -> str:
        """Why its screen is not there for the user."""
        app = here.ringfence
        if self.name == HOME or app.profile is None:
            return ""
        return why_not_list(app.rights, self.name, app.profile.name)


class Editable(NamedTuple):
    """A kind of record as its commands need it: one and several of it in people's words, and which permission
    is the right to do something to it; ``commands`` are what can be done to it. ``page`` is the name of the room that
    shows one of it; empty where that is its form."""

    kind: StateKind
    noun: str
    plural: str
    right: Callable[[str], str]
    commands: tuple[Command[Host], ...] = ()
    page: str = ""

    @property
    def form(self) -> str:
        """The name of the form's room."""
        return f"{self.kind} form"


def unless_signed_in(host: Host) -> str:
    """Why nothing can be done before somebody has signed in."""
    return "" if host.ringfence.session is not None else "sign in first"


SCREEN: Final = "screen."
"""Stands before the action of a widget's key that is a command of its screen."""


def bind(widget: DOMNode, commands: Sequence[Command[Any]], of: str = "") -> None:
    """Gives a widget or screen the keys of commands, besides those of its class, whose place they take."""
    widget._bindings.key_to_bindings.update(BindingsMap(bindings(commands, of)).key_to_bindings)


def bindings(commands: Sequence[Command[Any]], of: str = "", *, apart: bool = False) -> list[BindingType]:
    """Textual's bindings for commands; ``of`` (``SCREEN``) where they are a widget's, while that has the focus. With
    ``apart``, each key of a command is one of its own, shown as itself: for where some of them are no keys at times."""
    return [
        Binding(
            keys,
            f"{of}command('{command.name}')",
            command.footer or command.help,
            show=bool(command.footer),
            key_display=display(keys),
            id=command.name,
        )
        for command in commands
        if command.keys
        for keys in (command.keys.split(",") if apart else [command.keys])
    ]


def display_anywhere(keys: str) -> str:
    """The first of a command's keys that types nothing where a text is typed; where all do, the first."""
    return display(next((key for key in keys.split(",") if "+" in key or _FUNCTION.fullmatch(key)), keys))


def display(keys: str) -> str:
    """The first of a command's keys, as people write it."""
    key = keys.split(",")[0]
    names = {
        "escape": "Esc",
        "space": "Space",
        "enter": "Enter",
        "tab": "Tab",
        "up": "↑",
        "down": "↓",
        "left": "←",
        "right": "→",
        "home": "Home",
        "end": "End",
        "delete": "Del",
        "pageup": "PgUp",
        "pagedown": "PgDn",
        "alt+left": "Alt+←",
        "alt+right": "Alt+→",
    }
    if key in names:
        return names[key]
    if key.startswith("ctrl+"):
        return f"^{format_key(key.removeprefix('ctrl+'))}"
    if _FUNCTION.fullmatch(key):
        return key.upper()
    return format_key(key)
