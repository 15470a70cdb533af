"""The commands of a screen with two panes."""

from __future__ import annotations

from typing import Final, Protocol

from ringfence.console.commands.command import Command, Host

_STEP: Final = 4
"""Cells by which the divider moves."""


class Panes(Host, Protocol):
    """A screen with two panes side by side."""

    @property
    def one_at_a_time(self) -> bool:
        """Whether there is room for one of the panes only."""

    def widen(self, cells: int) -> None:
        """Gives the left pane so many cells more."""

    def zoom(self) -> None:
        """Shows the pane that has the focus alone, or both again."""


def _unless_narrow(screen: Panes) -> str:
    return "there is room for one pane only" if screen.one_at_a_time else ""


PANES: Final[tuple[Command[Panes], ...]] = (
    Command(
        "zoom",
        "z",
        "Show the pane that has the focus alone, or both again.",
        lambda screen: screen.zoom(),
        unless=_unless_narrow,
    ),
    Command(
        "narrower",
        "less_than_sign",
        "Give the left pane less room.",
        lambda screen: screen.widen(-_STEP),
        unless=_unless_narrow,
    ),
    Command(
        "wider",
        "greater_than_sign",
        "Give the left pane more room.",
        lambda screen: screen.widen(_STEP),
        unless=_unless_narrow,
    ),
)
