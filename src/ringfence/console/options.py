"""What a dialog offers to answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

BACK: Final = "back"
"""The id of the answer that changes nothing."""


class DialogOption(NamedTuple):
    """One of the answers. ``key`` is a letter that gives it at once; ``off`` says why it cannot be given."""

    id: str
    label: str
    key: str = ""
    off: str = ""


class Also(NamedTuple):
    """What else can be done with an answer: its keys, a word for it, and what does it, which is told the answer's
    id."""

    keys: str
    word: str
    do: Callable[[str], object]
