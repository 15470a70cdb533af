"""What a dialog offers to answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BACK: Final = "back"
"""The id of the answer that changes nothing."""


@dataclass(frozen=True, slots=True)
class DialogOption:
    """One of the answers. ``key`` is a letter that gives it at once; ``off`` says why it cannot be given."""

    id: str
    label: str
    key: str = ""
    off: str = ""
