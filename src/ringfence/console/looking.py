"""Looking for what others change, and counting what is current, beside everything else."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from textual.screen import ModalScreen
from textual.timer import Timer

from ringfence.console.configured import ConfiguredApp
from ringfence.console.questions import going
from ringfence.console.rights import asked
from ringfence.console.screens.area import CommandScreen
from ringfence.console.tallies import tallied, tally
from ringfence.domain.errors import RingfenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ringfence.preferences.configuration import Configuration
    from ringfence.services.records import Listing, Profile
    from ringfence.services.workspace import Listens, Session, Workspace

_FOR_GOOD: Final = 10.0**7
_UNHEARD_SECONDS: Final = 30.0
"""So often it is looked all the same where changes are heard of: what ends a session by its time alone is not."""
_UNAVAILABLE: Final = "the server does not answer: nothing is lost, this goes on once it does"
_TALLY_SECONDS: Final = 0.2
"""By then the first data are there, or on their way: counts do not keep them waiting."""


class Summary(NamedTuple):
    """Who looks, what they see and may do, as of a state of the data."""

    stamp: tuple[int, int, int]
    profile: Profile
    rights: frozenset[str]
    idle: float | None = None
    """After so many seconds without a key the console is locked; never, with None."""


def summary(session: Session, stamp: tuple[int, int, int], totals: bool) -> Summary:
    """The stamp is that of a moment before: what changes meanwhile is noticed the next time."""
    return Summary(stamp, session.profile(totals=totals), session.may(*asked()), session.idle())


class Looking(ConfiguredApp):
    """The part of the application that notices what changes, by whomever."""

    workspace: Workspace | None
    session: Session | None
    profile: Profile | None
    rights: frozenset[str]
    changes: int
    demo: bool
    lock_after: Callable[[float | None], None]

    def __init__(self, configuration: Configuration | None = None) -> None:
        super().__init__(configuration)
        self.tallies: Mapping[str, str] = {}
        self._stamp: tuple[int, int, int] | None = None
        self._looking: Timer | None = None
        self.views: list[Session] = []
        self.unavailable = ""
        self._listening: Listens | None = None
        self._heard = True
        self._look_by = 0.0

    def listen(self) -> None:
        """Hears from now on that something of the tenant of whoever looks has changed, where that can be heard."""

        def told() -> None:
            self._heard = True

        if self._listening is not None:
            self._listening.close()
        if self.session is not None and self.workspace is not None:
            self._listening = self.workspace.listen(self.session, told)

    @property
    def _nothing_heard(self) -> bool:
        """Whether it would have been heard if anything had changed since it was looked last."""
        hears = self._listening is not None and self._listening.alive and self._stamp is not None
        return hears and not self._heard and monotonic() < self._look_by

    def look_if_heard(self) -> None:
        """Looks whether anything has changed, unless that would have been heard."""
        if not self._nothing_heard:
            self.look_for_changes()

    def say_unavailable(self, reason: str) -> None:
        """Says for as long as it lasts that the server cannot be asked, and looks whether it can again."""
        del reason  # it stands where it was asked for
        self._stamp = None  # once it answers again, everything is read again
        self._show_unavailable(_UNAVAILABLE)

    def _show_unavailable(self, text: str) -> None:
        if text != self.unavailable:
            self.unavailable = text
            for screen in self.screen_stack:
                if isinstance(screen, CommandScreen):
                    screen.show_unavailable()

    def take_summary(self, found: Summary) -> None:
        """Takes who looks, and what they may do, as it is now."""
        self._stamp, self.profile, self.rights = found.stamp, found.profile, found.rights
        self.lock_after(found.idle)
        self.set_timer(_TALLY_SECONDS, self._tally)

    def look_for_changes(self) -> None:
        """Looks whether anything of the tenant has changed, by whomever, and shows what is on screen as it is now.

        Not while a dialog asks something, which is about what was there when it came up; but whether a server answers
        again that did not.
        """
        known = self._stamp
        if going(self):
            return
        asking = isinstance(self.screen, ModalScreen)
        if asking and not self.unavailable:
            return
        if any(worker.group == "look" and not worker.is_finished for worker in self.workers):
            return  # a database that answers slowly is not asked twice

        live = isinstance(self.screen, CommandScreen) and self.screen.live
        signals = live or bool(self._current())

        def look(session: Session) -> Summary | tuple[int, int, int] | None:
            stamp = session.stamp(signals=signals)
            if asking:
                return None
            if known is not None and stamp[:2] == known[:2]:
                if not signals or stamp == known:
                    return None
                if not live:
                    return stamp
            session.check()
            return summary(session, stamp, self.demo)

        def looked(found: Summary | tuple[int, int, int] | None) -> None:
            self._show_unavailable("")
            if isinstance(found, Summary):
                self.take_summary(found)
                self.changes += 1
                self.refresh_bindings()
                if isinstance(self.screen, CommandScreen):
                    self.screen.catch_up()
            elif found is not None:
                self._stamp = found
                self._tally()

        def failed(reason: str) -> None:
            self._stamp = None  # once it answers again, everything is read again
            if self.workspace is not None and self.workspace.gone:
                if self._looking is not None:
                    self._looking.stop()
                self.clear_notifications()
                self.notify(reason, severity="error", timeout=_FOR_GOOD)

        self._heard, self._look_by = False, monotonic() + _UNHEARD_SECONDS
        self.ask("look", look, looked, failed)

    def _current(self) -> dict[str, Listing]:
        """What is counted beside the names of numbered screens, of what the user may list."""
        if self.session is None:
            return {}  # the first frame waits for no declarations
        from ringfence.domain.registry import KINDS
        from ringfence.services.records import Listing

        return {
            one.name: Listing(one.name, only=kind.display.current[1])
            for one in self.numbered
            if (kind := KINDS.get(one.name)) is not None
            if kind.display.current is not None and kind.permission in self.rights
        }

    def _tally(self) -> None:
        """Counts that, and says it on the screen that is up."""
        wanted = self._current()

        def count(session: Session) -> dict[str, str]:
            found = {name: tally(session, listing) for name, listing in wanted.items()}
            return {name: tallied(one) for name, one in found.items() if one}

        def counted(found: dict[str, str]) -> None:
            self.tallies = found
            if isinstance(self.screen, CommandScreen):
                self.screen.show_tallies()

        if wanted or self.tallies:
            self.ask("tally", count, counted, lambda _: None)

    def through(self, real: Session, login: str) -> Session:
        """Another user's view through the eyes of whoever signed in, in a thread; their own, for their own login."""
        view = real.see_as(login)
        if view is not real:
            self.views.append(view)
        return view

    def leave(self, *views: Session | None) -> None:
        """Has it written down that one looks through others' eyes no more, of those among these that are others'."""
        left = [one for one in self.views if one in views]
        self.views = [one for one in self.views if one not in left]
        for one in left:
            self.in_thread(f"come back {id(one)}", one.come_back, lambda _: None, lambda _: None)

    def exit(self, *given: Any, **named: Any) -> None:
        """Ends the console; what one still looks through then is written down too, unless that takes waiting."""
        if self._listening is not None:
            self._listening.close()
        left, self.views = self.views, []
        for one in left:
            with suppress(RingfenceError):
                one.come_back(at_once=True)
        super().exit(*given, **named)

    def forget_tallies(self) -> None:
        """Somebody else looks, or nobody."""
        self.tallies = {}
