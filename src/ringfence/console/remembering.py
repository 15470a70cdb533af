"""Opening the console where it was left: in a file of the user's, or in the database where the account that they come
to is not theirs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ringfence.domain.errors import RingfenceError

if TYPE_CHECKING:
    from ringfence.preferences.layout import Layout, Memory, Spot
    from ringfence.services.workspace import Session, Workspace


class Remembering:
    """The part of the application that knows where each screen stood. Only one's own view is remembered, never that of
    somebody whose eyes one looks through; without a memory, nothing is."""

    workspace: Workspace | None
    session: Session | None
    real: Session | None
    view: int
    areas: list[Any]
    exit: Callable[..., Any]
    confined: bool

    memory: Memory | None = None
    _layout: Layout | None = None
    """Where the user who signed in left the console; None as long as nobody has."""
    _whose = ""
    """The login of whoever that is."""
    _due: dict[str, Spot]
    """The spots of the screens that have not come up yet."""

    def recall(self, session: Session, login: str) -> Layout | None:
        """Where a login, who has that session, left the console, in a thread."""
        if self.memory is None or self.workspace is None:
            return None
        if self.confined:
            return self.memory.read(session.layout().encode())
        return self.memory.recall(self.workspace.identity, login)

    def come_back(self, login: str, layout: Layout | None) -> None:
        """Somebody has signed in, and is to find everything as they left it."""
        self._whose, self._layout = login, layout
        self._due = dict(layout.spots) if layout is not None else {}

    def spot_of(self, area: str) -> Spot | None:
        """How a screen is to stand that comes up for the first time in one's own view; None where nothing is known."""
        own = self._layout is not None and self.session is self.real
        return self._due.pop(area, None) if own else None

    def note_layout(self, area: str) -> None:
        """Notes how everything stands now, where it is one's own view."""
        if self._layout is None or self.session is None or self.session is not self.real:
            return
        from ringfence.preferences.layout import Layout

        seen = {screen.AREA: screen.spot() for screen in self.areas if screen.shown_view == self.view}
        self._layout = Layout(area, {**self._layout.spots, **seen})

    def keep_layout(self) -> None:
        """Keeps what was noted, for the next time."""
        if self.memory is None or self.workspace is None or self._layout is None:
            return
        if not self.confined:
            self.memory.keep(self.workspace.identity, self._whose, self._layout)
        elif self.real is not None:
            from ringfence.preferences.layout import written

            with suppress(RingfenceError):
                self.real.keep_layout(written(self._layout))
