"""A command: its key, its place in the palette, its footer text, its line in the help, and why it is off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding, BindingType

if TYPE_CHECKING:
    from ringfence.console.screens.area import CommandScreen


class Command:
    """One thing that the operator can do. A subclass states the class variables and ``run``.

    ``keys`` are alternatives, the first of which is shown; a command without any is run from the palette, by its name.
    ``footer`` is the text beside it in the key bar, empty for a command that is not shown there; ``help`` is the
    sentence that explains it; ``palette`` says whether the command palette offers it. ``changes`` says that it changes
    something, or begins to: where the screen is read-only, it is off, and not shown. ``looks`` is the text in the key
    bar instead of ``footer`` there.
    """

    name: ClassVar[str]
    keys: ClassVar[str] = ""
    footer: ClassVar[str] = ""
    help: ClassVar[str]
    palette: ClassVar[bool] = True
    changes: ClassVar[bool] = False
    looks: ClassVar[str] = ""

    def off(self, screen: CommandScreen) -> str:
        """Why the command cannot be used now; empty when it can."""
        del screen
        return ""

    def run(self, screen: CommandScreen) -> Any:
        """Does it; may return an awaitable."""
        raise NotImplementedError


SCREEN: Final = "screen."
"""Stands before the action of a widget's key that is a command of its screen."""


def bindings(commands: Sequence[Command], of: str = "") -> list[BindingType]:
    """Textual's bindings for commands; ``of`` (``SCREEN``) where they are a widget's, while that has the focus."""
    return [
        Binding(
            command.keys,
            f"{of}command('{command.name}')",
            command.footer or command.help,
            show=bool(command.footer),
            key_display=display(command.keys),
        )
        for command in commands
        if command.keys
    ]


def display(keys: str) -> str:
    """The first of a command's keys, as people write it."""
    key = keys.split(",")[0]
    names = {
        "question_mark": "?",
        "slash": "/",
        "colon": ":",
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
        "left_square_bracket": "[",
        "right_square_bracket": "]",
    }
    if key in names:
        return names[key]
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+')}"
    return key.upper() if key.startswith("f") and key[1:].isdigit() else key
