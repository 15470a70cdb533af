"""What changes by itself: read again when it is time and something has changed, for as long as it is on screen."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from ringfence.console.questions import Asks, going

if TYPE_CHECKING:
    from textual.widget import Widget

    from ringfence.services.workspace import Session

SECONDS: Final = 2.0
"""How often it is looked whether something has changed, where nothing else is said."""
Read = TypeVar("Read")


class Ticking(Generic[Read]):
    """What an ``owner``, a mounted screen or widget, shows of something that changes by itself.

    Every so many ``seconds`` a thread asks ``stamp``, which has to be cheap; where that is no longer what it was, it
    asks ``read`` too, and ``take`` is told that in the owner's own thread. Nothing is missed so: what changes between
    the two questions is found the next time. A stamp of None is one of something that time alone changes: it is read
    each time. ``failed`` is told in a line for people why it could not be read; that is tried again.

    Nothing is asked while another screen is up, while the owner is not displayed, while a question of the ``group``
    waits for its answer, or while it is ``paused``. ``now`` asks all the same, and begins it.
    """

    def __init__(
        self,
        owner: Asks,
        group: str,
        stamp: Callable[[Session], Hashable],
        read: Callable[[Session], Read],
        take: Callable[[Read], object],
        *,
        failed: Callable[[str], object] = lambda _: None,
        seconds: float | None = None,
    ) -> None:
        self.paused = False
        """Whether what is shown stays as it is for now."""
        self._owner, self._group = owner, group
        self._stamp, self._read = stamp, read
        self._take, self._failed = take, failed
        self._known: tuple[Session, Hashable] | None = None
        """Whose view is shown, and its stamp."""
        owner.set_interval(SECONDS if seconds is None else seconds, self.look)

    def look(self) -> None:
        """What the clock has it do: asks, unless there is a reason to wait."""
        if not self.paused and self._is_shown and not self._waits:
            self.now()

    def now(self, *, anew: bool = False) -> None:
        """Asks at once; with ``anew`` it reads also where nothing has changed: something else is to be shown."""
        if anew:
            self._known = None
        known, stamp, read = self._known, self._stamp, self._read

        def asked(session: Session) -> tuple[tuple[Session, Hashable], Read] | None:
            found = session, stamp(session)
            return None if found == known and found[1] is not None else (found, read(session))

        def answered(found: tuple[tuple[Session, Hashable], Read] | None) -> None:
            if found is not None:
                self._known, answer = found
                self._take(answer)

        def failed(reason: str) -> None:
            self._known = None
            self._failed(reason)

        self._owner.ask(self._group, asked, answered, failed)

    def drop(self) -> None:
        """There is nothing to be shown: an answer that is on its way is not wanted any more."""
        self._known = None
        self._owner.drop(self._group)

    @property
    def _is_shown(self) -> bool:
        owner = cast("Widget", self._owner)
        app: Any = owner.app
        within = [one for one in owner.ancestors_with_self if one is not app]
        return not going(app) and app.screen is owner.screen and all(one.display for one in within)

    @property
    def _waits(self) -> bool:
        owner = cast("Widget", self._owner)
        asked = (one for one in owner.workers if one.node is owner and one.group == self._group)
        return any(not one.is_finished for one in asked)
