"""The question whether a change shall be taken back: what it was, and what that does to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringfence.console.cells.preview import said
from ringfence.console.options import BACK, DialogOption
from ringfence.console.screens.dialog import Dialog
from ringfence.console.text import Cell

if TYPE_CHECKING:
    from ringfence.services.edited import Preview


class Undo(Dialog):
    """Ends with ``undo`` where the change is to be taken back."""

    def __init__(self, what: str, preview: Preview) -> None:
        super().__init__(
            "Undo",
            [[Cell("This takes back: ", "quiet"), Cell(what, "strong")], "", *said(preview)],
            [DialogOption("undo", "Undo it", "u", preview.refusal), DialogOption(BACK, "Leave it as it is")],
        )
