"""Leaving the console to the shell for a while: Ctrl+Z, and back by ``fg``."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

from ringfence.console.configured import ConfiguredApp

if TYPE_CHECKING:
    from textual.app import App


def why_not_suspend(app: App[Any]) -> str:
    """Why the console cannot be suspended; empty where it can. Whoever is of the group of the session's first process
    was started by no shell that looks after jobs: nobody would wake them."""
    driver = app._driver
    if isinstance(app, ConfiguredApp) and app.confined:
        return "over ssh there is no shell to come back from"
    if driver is None or not driver.can_suspend or not hasattr(signal, "SIGTSTP"):
        return "this terminal knows no suspending"
    return "no shell is there to come back from" if os.getsid(0) == os.getpgrp() else ""


def suspend(app: App[Any]) -> None:
    """Suspends the console as the terminal would by its own key: with everything of its job, so that a shell notices
    that started it through another program, as make. The terminal is given back before anybody stops."""
    with app.suspend():
        os.killpg(os.getpgrp(), signal.SIGTSTP)  # upon which Textual's handler stops this program
