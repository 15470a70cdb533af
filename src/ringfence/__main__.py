"""The entry point of ``ringfence`` and ``python -m ringfence``."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from typing import NoReturn

_GRACE_SECONDS = 0.3


def main() -> None:
    """Runs the command line and exits with its status."""
    gc.disable()  # what comes into being until a command begins stays: there is no garbage to look for
    from ringfence.cli.main import run

    gc.freeze()
    _leave(run(sys.argv[1:]))


def _leave(status: int) -> NoReturn:
    """Ends the program. What works on in a thread, for an answer that nobody waits for any more, ends with it: a
    database is whole whenever that is."""
    until = time.monotonic() + _GRACE_SECONDS
    others = [one for one in threading.enumerate() if one is not threading.current_thread() and not one.daemon]
    for thread in others:
        thread.join(max(0.0, until - time.monotonic()))
    if any(thread.is_alive() for thread in others):
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)
    gc.freeze()  # nobody needs what would be looked through for garbage once more
    sys.exit(status)


if __name__ == "__main__":
    main()
