"""What people are told when something cannot be done: one clear line each, never a traceback."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

DAMAGED: Final = "is damaged: restore a backup, or see 'ringfence db check'"
"""What to do with a database that holds what no database of ours holds."""


class RingfenceError(Exception):
    """A refusal or failure with a line for the person at the keyboard. The command line exits with status 1."""


class InvalidDocument(RingfenceError):  # noqa: N818 - named for what it says, like its siblings
    """A snapshot document with faults; ``faults`` lists every one of them and nothing was changed."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class SessionEnded(RingfenceError):  # noqa: N818 - likewise
    """The signed-in user was deactivated or removed: whatever they had open ends now."""


class Lacking(NamedTuple):
    """The permission that somebody lacked for what they wanted to do to a ``record``, named as in ``device:KEY``; that
    is empty where it is about none, where they may not know of it, and for the root. ``login`` is theirs, as soon as
    that is known."""

    permission: str
    record: str = ""
    login: str = ""


class Refused(RingfenceError):  # noqa: N818 - likewise
    """A change that may not be made; nothing was changed. ``field`` names the field of the form that it is about, and
    ``lacking`` what it would take, where it is one permission that is lacking."""

    def __init__(self, message: str, field: str = "", lacking: Lacking | None = None) -> None:
        super().__init__(message)
        self.field, self.lacking = field, lacking


def lacks(permission: str, message: str, field: str = "", record: str = "") -> Refused:
    """A refusal that stands on a permission, which it names: the one place where that is done. ``record`` as in
    ``Lacking``: only one that whoever is refused may list."""
    return Refused(f"{message} ({permission})", field, Lacking(permission, record))


class WrongFilter(RingfenceError):  # noqa: N818 - likewise
    """A filter that cannot be understood; ``briefly`` says why beside it."""

    def __init__(self, briefly: str, message: str) -> None:
        super().__init__(message)
        self.briefly = briefly


class WrongCondition(RingfenceError):  # noqa: N818 - likewise
    """A condition that cannot be understood: ``reason`` says why, ``column`` where, counted in characters from 1."""

    def __init__(self, reason: str, column: int) -> None:
        super().__init__(f"at column {column}: {reason}")
        self.reason, self.column = reason, column


class Conflict(RingfenceError):  # noqa: N818 - likewise
    """A change typed over an older revision of a record. ``kind`` and ``id`` name the record, ``current`` is its state
    now (None: deleted) at ``revision``, and ``who`` made it that."""

    def __init__(self, message: str, kind: str, record: int, current: Any, revision: int, who: str) -> None:
        super().__init__(message)
        self.kind, self.id, self.current, self.revision, self.who = kind, record, current, revision, who


class Damaged(RingfenceError):  # noqa: N818 - likewise
    """Something was read that this program never wrote. ``what`` it is stands in front of what to do."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: the database {DAMAGED}")


class Cancelled(RingfenceError):  # noqa: N818 - likewise
    """Long work was cancelled at a clean point: nothing was changed."""


class DatabaseGone(RingfenceError):  # noqa: N818 - likewise
    """The file of the open database was removed, replaced or cut off: nothing can be asked of it any more."""


class Unavailable(RingfenceError):  # noqa: N818 - likewise
    """The server cannot do anything for now: it was stopped, is too busy or has no room. Nothing was changed, and the
    same can be tried again as it is."""


def debugging() -> bool:
    """Whether whoever runs the program asked for tracebacks."""
    return os.environ.get("RINGFENCE_DEBUG") == "1"


def unexpected(error: Exception) -> str:
    """The line for what nobody foresaw, a damaged database in most cases. What it is about stays out of it: that may be
    what the reader must not see."""
    return (
        f"this should not happen ({type(error).__name__}): 'ringfence db check' says whether the database is damaged, "
        "and RINGFENCE_DEBUG=1 before the command where it happened"
    )
