"""Running the console on this terminal."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from textual import events

from ringfence.console.app import RingfenceApp
from ringfence.console.background import Background, light_hinted, may_be_asked
from ringfence.console.driver import driver_class
from ringfence.console.garbage import Garbage
from ringfence.console.questions import going
from ringfence.console.themes import DEFAULT, DEFAULT_LIGHT, load_theme
from ringfence.domain.errors import RingfenceError, debugging, unexpected

if TYPE_CHECKING:
    from ringfence.console.opening import Awaited
    from ringfence.preferences.configuration import Configuration
    from ringfence.preferences.layout import Memory
    from ringfence.services.workspace import Workspace

_ANSWER_SECONDS: Final = 0.05
"""How long after the first paint the terminal may take to say what its background is like: what comes later would
change the colours under the eyes of whoever reads already."""
DEMO_LOGIN: Final = "h.devries"
"""Whom the demo opens as: the administrator, who sees everything."""


class _Threads(ThreadPoolExecutor):
    """The threads of questions. Nobody who leaves waits for an answer."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more work, and waits for none."""
        del wait, cancel_futures
        super().shutdown(wait=False, cancel_futures=True)


class _OnTerminal(RingfenceApp):
    """The console as the one program of a process: it goes when the process is told to, and is as light as the
    terminal, where the user has set no theme."""

    def __init__(self, *given: Any, configuration: Configuration, **named: Any) -> None:
        if light_hinted(os.environ):
            self.default_theme = DEFAULT_LIGHT
        self.asks_background = not configuration.theme and may_be_asked(os.environ)
        """Whether the terminal is asked for its background, and what it answers still decides."""
        super().__init__(*given, configuration=configuration, **named)
        self._garbage = Garbage()

    def on_mount(self) -> None:
        """Waits a moment from the first paint on, beside everything else."""
        self.call_after_refresh(self.set_timer, _ANSWER_SECONDS, self._settle)

    def _settle(self) -> None:
        """From now on the theme stays as it is, whatever the terminal still answers."""
        self.asks_background = False

    def on_background(self, message: Background) -> None:
        """Wears the theme for the terminal's background."""
        theme = load_theme(DEFAULT_LIGHT if message.light else DEFAULT, depth=self.depth)
        if self.asks_background and theme is not None and theme.name != self.theme:
            self.register_theme(theme)
            self.theme = theme.name
        self._settle()

    def wear(self, theme: str) -> None:
        """Draws everything in the theme of that name, which holds."""
        self._settle()
        super().wear(theme)

    def on_load(self) -> None:
        """A hang-up or a termination leaves as the key does: the terminal restored, the scratch copy removed."""
        asyncio.get_running_loop().set_default_executor(_Threads())
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self.exit)

    def _get_ready(self) -> None:
        self._garbage.resume()
        super()._get_ready()

    def _themes_found(self, found: tuple[list[Any], list[str]]) -> None:
        super()._themes_found(found)
        self._garbage.begin()

    async def on_event(self, event: events.Event) -> None:
        """Looks for garbage once no key comes for a while."""
        if isinstance(event, events.InputEvent):
            self._garbage.put_off()
        await super().on_event(event)

    def _handle_exception(self, error: Exception) -> None:
        """The last line of defence: Textual would show where it happened, and what was being looked at."""
        if debugging() or going(self):
            super()._handle_exception(error)
            return
        self._return_code, self._return_value = 1, unexpected(error)
        self._close_messages_no_wait()


def run_console(
    connect: Callable[[], Workspace],
    login: str | None,
    *,
    demo: bool,
    configuration: Configuration,
    memory: Memory | None,
    awaited: Awaited,
    confined: bool = False,
) -> None:
    """Runs the console until it is left. Raises RingfenceError with its last line where it could not go on."""
    console = _OnTerminal(connect, login, demo=demo, configuration=configuration, memory=memory, awaited=awaited)
    console.confined = confined
    driver = driver_class()
    if driver is not None:
        console.driver_class = driver
    try:
        reason = console.run(mouse=configuration.mouse)
    finally:
        console.leave_session()
    if reason:
        raise RingfenceError(reason)
