"""Which terminal driver the console runs on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.driver import Driver


def driver_class(platform: str = sys.platform) -> type[Driver] | None:
    """The console's own driver on Linux and macOS; None where Textual's is to be used. Imports it only when asked."""
    if platform.startswith("linux") or platform == "darwin":
        from ringfence.console.posix_driver import ConsoleDriver

        return ConsoleDriver
    return None
