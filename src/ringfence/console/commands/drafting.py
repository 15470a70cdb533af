"""The commands of screens that work on a draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from ringfence.console.commands.command import Command, Host
from ringfence.console.commands.why import WHY
from ringfence.console.text import Said


class Editor(Protocol):
    """What holds the draft."""

    @property
    def read_only(self) -> str:
        """Why nothing can be changed in it."""

    def why_not_save(self) -> str:
        """Why saving is off."""

    def save(self) -> None:
        """Saves the draft."""

    def show_preview(self, screen: Any) -> None:
        """Shows for everybody what saving changes."""

    def outcome_lines(self) -> Sequence[Said]:
        """What saving changes, in a few lines."""


class Drafts(Host, Protocol):
    """A screen that works on a draft."""

    @property
    def editor(self) -> Any:
        """What holds it: an ``Editor``."""

    def leave(self) -> None:
        """Goes back."""


SAVE: Final[Command[Drafts]] = Command(
    "save",
    "ctrl+s",
    "Save what was changed.",
    lambda host: host.editor.save(),
    footer="save",
    unless=lambda host: host.editor.why_not_save(),
    changes=True,
)
LEAVE: Final[Command[Drafts]] = Command(
    "leave",
    "escape",
    "Go back; asks first where something would be lost.",
    lambda host: host.leave(),
    footer="back",
    palette=False,
)
WHOLE_PREVIEW: Final[Command[Drafts]] = Command(
    "whole_preview",
    "p,f8",
    "Show for every user what saving changes.",
    lambda host: host.editor.show_preview(host),
    footer="preview",
    changes=True,
)
EDITING: Final[tuple[Command[Any], ...]] = (SAVE, LEAVE, WHOLE_PREVIEW, WHY)
