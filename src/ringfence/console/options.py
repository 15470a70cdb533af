"""What a dialog offers to answer."""

from __future__ import annotations

from typing import Final, NamedTuple

BACK: Final = "back"
"""The id of the answer that changes nothing."""


class DialogOption(NamedTuple):
    """One of the answers. ``key`` is a letter that gives it at once; ``off`` says why it cannot be given."""

    id: str
    label: str
    key: str = ""
    off: str = ""
