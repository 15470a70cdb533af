"""How many there are, as far as that is worth counting beside everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ringfence.console.questions import counting, while_wanted
from ringfence.console.text import number

if TYPE_CHECKING:
    from ringfence.services.records import Listing
    from ringfence.services.workspace import Session

MOST: Final = 999
"""What is more is counted no further."""


class _ManyError(Exception):
    pass


def tally(session: Session, listing: Listing, busy: Callable[[], bool] | None = None) -> int:
    """How many rows a list has, in a question's thread: one more than ``MOST`` for any number above it. It gives way
    to what somebody waits for, while ``busy``, and ends once nobody wants it."""
    wanted = while_wanted()
    go_on = counting(lambda _: None, busy) if busy is not None else lambda found: wanted("counting", found, found)

    def so_far(found: int) -> None:
        go_on(found)
        if found > MOST:
            raise _ManyError

    try:
        return min(session.count(listing, so_far), MOST + 1)
    except _ManyError:
        return MOST + 1


def tallied(found: int, *, capped: bool = False) -> str:
    """What ``tally`` found, for people; ``capped`` where it is at least so many."""
    return f"{number(min(found, MOST))}{'+' if capped or found > MOST else ''}"
