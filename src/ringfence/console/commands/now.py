"""The commands of the screen that says what there is to do now."""

from __future__ import annotations

from typing import Final, Protocol

from ringfence.console.commands.command import Command, Host


class Tiled(Host, Protocol):
    """A screen of tiles that are read again by the clock."""

    @property
    def paused(self) -> bool:
        """Whether they stay as they are for now."""

    def pause(self, stays: bool) -> None:
        """Has them stay as they are, or be read by the clock again."""

    def turn_tile(self, step: int) -> None:
        """Goes to another tile."""


TILES: Final[tuple[Command[Tiled], ...]] = (
    Command(
        "next_tile", "tab", "Go to the next tile.", lambda host: host.turn_tile(1), footer="next tile", brief="tile"
    ),
    Command("previous_tile", "shift+tab", "Go to the tile before.", lambda host: host.turn_tile(-1)),
    Command(
        "pause",
        "p",
        "Have everything stay as it is, or be read every 10 seconds again.",
        lambda host: host.pause(not host.paused),
        footer="pause",
    ),
)
