"""Running the console on this terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ringfence.console.app import RingfenceApp
from ringfence.console.driver import driver_class

if TYPE_CHECKING:
    from ringfence.services.workspace import Workspace

DEMO_LOGIN: Final = "h.devries"
"""Whom the demo opens as: the administrator, who sees everything."""


def run_console(connect: Callable[[], Workspace], login: str | None, *, demo: bool) -> None:
    """Runs the console until it is left. Raises RingfenceError with its last line where it could not go on."""
    console = RingfenceApp(connect, login, demo=demo)
    driver = driver_class()
    if driver is not None:
        console.driver_class = driver
    reason = console.run(mouse=False)
    if reason:
        from ringfence.services.errors import RingfenceError

        raise RingfenceError(reason)
