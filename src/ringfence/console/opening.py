"""What goes on before there is anything to work with: what is waited for is said, and what is typed is kept."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Final

from textual import events
from textual.screen import ModalScreen

from ringfence.console.commands.everywhere import QUIT, SUSPEND
from ringfence.console.turns import after_turn
from ringfence.console.widgets.lines import LineList

if TYPE_CHECKING:
    from ringfence.console.app import RingfenceApp

_SAY_SECONDS: Final = 0.3
"""What takes no longer is not worth a word."""
_READY_SECONDS: Final = 10.0
"""How long a typed key waits for the lines that it may be meant for."""
_LOOK_SECONDS: Final = 0.02
_FOR_GOOD: Final = 10.0**7


class Awaited:
    """What is waited for at the moment."""

    def __init__(self) -> None:
        self.what = "loading the program"
        """For people; empty where there is nothing to say of it. Set by whoever waits, in whichever thread."""


class Opening:
    """Of an application that opens something before it can be worked with: what is waited for is said, and keys and
    pastes that come before ``over`` are kept, and then handed on one after the other to whatever is there by then.
    Those that leave the application are obeyed at once."""

    def __init__(self, app: RingfenceApp, awaited: Awaited) -> None:
        self.awaited = awaited
        self._app = app
        self._going_on = self._keeping = True
        self._said = ""
        self._kept: deque[events.Key | events.Paste] = deque()
        self._handed_on: events.Event | None = None

    def say_soon(self) -> None:
        """From a moment on it is said what is waited for."""
        self._app.set_timer(_SAY_SECONDS, self._say_what)

    def _say_what(self) -> None:
        if not self._going_on:
            return
        said = f"Opening… {self.awaited.what}".rstrip()
        if said != self._said:
            self._said = said
            self._app.notify(said, timeout=_FOR_GOOD)
        self.say_soon()

    def over(self) -> None:
        """What was opened is there, or a dialog that asks: the keys go to that."""
        if not self._going_on:
            return
        self._going_on = False
        if self._said:
            self._app.clear_notifications()
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
        keys_of = self._app.keys_of
        return frozenset(["ctrl+c", *keys_of(QUIT).split(","), *keys_of(SUSPEND).split(",")])

    def _hand_on(self, until: float) -> None:
        if not self._kept:
            self._keeping = False
        elif self._busy() and monotonic() < until:
            self._app.set_timer(_LOOK_SECONDS, lambda: self._hand_on(until))
        else:
            self._app.call_later(self._hand_over, self._kept.popleft())

    def _busy(self) -> bool:
        """Whether what the next key is meant for is still to come: a dialog, whoever signs in, the keys that commands
        have, the lines of a list."""
        screen, focused = self._app.screen, self._app.focused
        if isinstance(screen, ModalScreen):
            return getattr(screen, "deciding", False) or focused is None
        loading = isinstance(focused, LineList) and focused.state == "loading"
        return self._app.session is None or not self._app.keys_known or focused is None or loading

    async def _hand_over(self, event: events.Event) -> None:
        self._handed_on = event
        await self._app.on_event(event)

        def next_one() -> None:
            self._app.call_later(self._hand_on, monotonic() + _READY_SECONDS)

        # A key comes to what it is bound to once it has gone all the way up: what that sends has a turn of its own.
        after_turn(self._app, lambda: after_turn(self._app, next_one))
