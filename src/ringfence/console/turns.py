"""When a key has done what it does: before that, the next one would go to what the first one leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App
    from textual.message_pump import MessagePump


def after_turn(app: App[Any], then: Callable[[], object]) -> None:
    """Calls ``then`` once the application, the screen and the focused widget have dealt with what they were sent."""

    def pass_on(seen: frozenset[int], settled: bool) -> None:
        # A callback runs after all that was posted to the same queue before it. A key bubbles from the focus up to the
        # application, and what it does may move the focus or put up a screen: then those have their turn too.
        for pump in _pumps(app):
            if id(pump) not in seen and pump.call_later(pass_on, seen | {id(pump)}, False):
                return
        if settled or not app.call_later(pass_on, seen, True):
            then()

    app.call_later(pass_on, frozenset({id(app)}), False)


def _pumps(app: App[Any]) -> list[MessagePump]:
    if not app._screen_stack:
        return []
    return list((app.screen.focused or app.screen).ancestors_with_self)
