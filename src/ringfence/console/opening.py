"""What goes on before there is anything to work with: what is waited for is said, and what is typed is kept."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from time import monotonic
from typing import Final

from textual import events

from ringfence.console.commands.everywhere import QUIT, SUSPEND
from ringfence.console.configured import ConfiguredApp
from ringfence.console.screens.overlay import Overlay
from ringfence.console.turns import after_turn
from ringfence.console.widgets.lines import LineList

_SAY_SECONDS: Final = 0.3
"""What takes no longer is not worth a word."""
_READY_SECONDS: Final = 10.0
"""How long a typed key waits for the lines that it may be meant for."""
_LOOK_SECONDS: Final = 0.02
_FOR_GOOD: Final = 10.0**7


@dataclass
class Awaited:
    """What is waited for at the moment, for people. Set from the thread that waits."""

    what: str = ""


class Opening(ConfiguredApp):
    """An application that opens something before it can be worked with.

    Keys and pastes that come before ``stand`` is called are kept, and then handed on one after the other to whatever
    is there by then. Those that leave the application are obeyed at once.
    """

    awaited: Awaited

    def begin_opening(self, awaited: Awaited) -> None:
        """From now on, until ``stand``, what is typed is kept."""
        self.awaited = awaited
        self._opening = True
        self._said = ""
        self._kept: deque[events.Key | events.Paste] = deque()
        self._handed_on: events.Event | None = None
        self._keeping = True

    def say_soon(self) -> None:
        """From a moment on, until ``stand``, it is said what is waited for."""
        self.set_timer(_SAY_SECONDS, self._say_what)

    def _say_what(self) -> None:
        if not self._opening:
            return
        said = f"Opening… {self.awaited.what}".rstrip()
        if said != self._said:
            self._said = said
            self.notify(said, timeout=_FOR_GOOD)
        self.say_soon()

    def stand(self) -> None:
        """What was opened is there, or a dialog that asks: the keys go to that."""
        if not self._opening:
            return
        self._opening = False
        if self._said:
            self.clear_notifications()
        self._hand_on(monotonic() + _READY_SECONDS)

    def keeps(self, event: events.Event) -> bool:
        """Whether the event is kept for later."""
        if not self._keeping or event is self._handed_on or event.is_forwarded:
            return False
        if not isinstance(event, events.Key | events.Paste):
            return False
        if isinstance(event, events.Key) and event.key in self._leaving_keys():
            return False
        self._kept.append(event)
        return True

    def _leaving_keys(self) -> frozenset[str]:
        return frozenset(["ctrl+c", *self.keys_of(QUIT).split(","), *self.keys_of(SUSPEND).split(",")])

    def _hand_on(self, until: float) -> None:
        if not self._kept:
            self._keeping = False
            return
        if self._busy() and monotonic() < until:
            self.set_timer(_LOOK_SECONDS, lambda: self._hand_on(until))
        else:
            self.call_later(self._hand_over, self._kept.popleft())

    def _busy(self) -> bool:
        """Whether what the next key is meant for is still to come: a dialog, whoever signs in, the lines of a list."""
        screen, focused = self.screen, self.focused
        if isinstance(screen, Overlay):
            return screen.deciding or focused is None
        loading = isinstance(focused, LineList) and focused.state == "loading"
        return self.ringfence.session is None or focused is None or loading

    async def _hand_over(self, event: events.Event) -> None:
        self._handed_on = event
        await self.on_event(event)

        def next_one() -> None:
            self.call_later(self._hand_on, monotonic() + _READY_SECONDS)

        # A key comes to what it is bound to once it has gone all the way up: what that sends has a turn of its own.
        after_turn(self, lambda: after_turn(self, next_one))
