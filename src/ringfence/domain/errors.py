"""What people are told when something cannot be done: one clear line each, never a traceback."""

from __future__ import annotations

from collections.abc import Sequence


class RingfenceError(Exception):
    """A refusal or failure with a line for the person at the keyboard. The command line exits with status 1."""


class InvalidDocument(RingfenceError):  # noqa: N818 - named for what it says, like its siblings
    """A snapshot document with faults; ``faults`` lists every one of them and nothing was changed."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class SessionEnded(RingfenceError):  # noqa: N818 - likewise
    """The signed-in user was deactivated or removed: whatever they had open ends now."""
