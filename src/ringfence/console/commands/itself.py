"""One record that a screen shows alone, as commands know a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from ringfence.console.application import Application
    from ringfence.console.commands.command import Editable, Home
    from ringfence.services.edited import Opened


class Opens(Protocol):
    """A screen with one record on it."""

    @property
    def ringfence(self) -> Application:
        """The application."""

    @property
    def opened(self) -> Opened | None:
        """The record as it was opened; None as long as it was not."""


class _Row(NamedTuple):
    """The record as it was opened, as commands know a row of a list."""

    id: int
    name: str
    key: str
    state: Any

    def shown(self, name: str) -> Any:
        return getattr(self.state, name)


class Itself:
    """A list of the one record of a screen, for the commands that change records."""

    home: Home | None = None

    def __init__(self, screen: Opens, edits: Editable) -> None:
        self._screen = screen
        self.edits: Editable | None = edits

    @property
    def ringfence(self) -> Application:
        """The application."""
        return self._screen.ringfence

    @property
    def row(self) -> _Row | None:
        """The record."""
        opened = self._screen.opened
        return None if opened is None else _Row(opened.id, opened.state.name, opened.state.key, opened.state)

    @property
    def chosen(self) -> tuple[int, ...]:
        """Its id."""
        return () if self.row is None else (self.row.id,)

    def changed(self) -> None:
        """It was changed."""
        self.ringfence.look_for_changes()
