"""The commands that go where one was, and keep what one wants to come back to."""

from __future__ import annotations

from typing import Final, Protocol

from ringfence.console.commands.command import Command, Host, unless_signed_in
from ringfence.console.places import Place


class Stands(Host, Protocol):
    """A screen that says where one is."""

    @property
    def place(self) -> Place | None:
        """Where one is; None where that is nothing to come back to."""


def _kept(host: Stands) -> Place | None:
    return host.place.kept if host.place is not None else None


def _bookmark(host: Stands) -> None:
    if (place := _kept(host)) is not None:
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
        unless_signed_in(host) or ("" if _kept(host) else "there is neither a filter nor a record here")
    ),
)
PLACES: Final[tuple[Command[Stands], ...]] = (BACKWARD, FORWARD, BOOKMARK)
