"""Running the console on this terminal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ringfence.console.app import RingfenceApp
from ringfence.console.driver import driver_class
from ringfence.console.questions import going
from ringfence.domain.errors import RingfenceError, debugging, unexpected

if TYPE_CHECKING:
    from ringfence.preferences.configuration import Configuration
    from ringfence.preferences.layout import Memory
    from ringfence.services.workspace import Workspace

DEMO_LOGIN: Final = "h.devries"
"""Whom the demo opens as: the administrator, who sees everything."""


class _Threads(ThreadPoolExecutor):
    """The threads of questions. Nobody who leaves waits for an answer."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more work, and waits for none."""
        del wait, cancel_futures
        super().shutdown(wait=False, cancel_futures=True)


class _OnTerminal(RingfenceApp):
    """The console as the one program of a process: it goes when the process is told to."""

    def on_load(self) -> None:
        """A hang-up or a termination leaves as the key does: the terminal restored, the scratch copy removed."""
        asyncio.get_running_loop().set_default_executor(_Threads())
        with suppress(NotImplementedError):
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, self.exit)

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
) -> None:
    """Runs the console until it is left. Raises RingfenceError with its last line where it could not go on."""
    console = _OnTerminal(connect, login, demo=demo, configuration=configuration, memory=memory)
    driver = driver_class()
    if driver is not None:
        console.driver_class = driver
    reason = console.run(mouse=configuration.mouse)
    if reason:
        raise RingfenceError(reason)
