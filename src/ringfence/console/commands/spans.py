"""The commands of a graph over time."""

from __future__ import annotations

from typing import Final, Protocol

from ringfence.console.commands.command import Command, Host


class Graphs(Host, Protocol):
    """A screen with a graph over time."""

    def why_no_span(self, step: int) -> str:
        """Why it cannot go over a longer time, or a shorter one with -1; empty where it can."""

    def change_span(self, step: int) -> None:
        """Has it go over a longer time, or a shorter one."""


SPANS: Final[tuple[Command[Graphs], ...]] = (
    Command(
        "wider_span",
        "plus",
        "Show a longer time in the graph.",
        lambda screen: screen.change_span(1),
        footer="wider",
        unless=lambda screen: screen.why_no_span(1),
    ),
    Command(
        "narrower_span",
        "minus",
        "Show a shorter time in the graph.",
        lambda screen: screen.change_span(-1),
        footer="narrower",
        unless=lambda screen: screen.why_no_span(-1),
    ),
)
