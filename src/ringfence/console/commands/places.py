"""The commands that go where one was, and keep what one wants to come back to."""

from __future__ import annotations

from typing import Final, Protocol

from ringfence.console.commands.command import Command, Host, unless_signed_in
from ringfence.console.places import Place


class Stands(Host, Protocol):
    """A screen that says where one is."""

    @property
    def to_keep(self) -> Place | None:
        """What a bookmark keeps of where one is; None where there is neither a filter nor a record."""


def _bookmark(host: Stands) -> None:
    if (place := host.to_keep) is not None:
        host.ringfence.toggle_bookmark(place)


BACKWARD: Final[Command[Stands]] = Command(
    "go_back",
    "comma,alt+left",
    "Go back to where you were before.",
    lambda host: host.ringfence.step(forward=False),
    unless=unless_signed_in,
)
FORWARD: Final[Command[Stands]] = Command(
    "go_forward",
    "full_stop,alt+right",
    "Go forward again, after going back.",
    lambda host: host.ringfence.step(forward=True),
    unless=unless_signed_in,
)
BOOKMARK: Final[Command[Stands]] = Command(
    "bookmark",
    "B",
    "Bookmark this filter or record; again: forget it.",
    _bookmark,
    unless=lambda host: (
        unless_signed_in(host) or ("" if host.to_keep else "there is neither a filter nor a record here")
    ),
)
PLACES: Final[tuple[Command[Stands], ...]] = (BACKWARD, FORWARD, BOOKMARK)
