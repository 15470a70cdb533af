"""The line that everything is typed into: nothing in it that a terminal would obey, and pastes as they are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input

from ringfence.console.text import literal, number

if TYPE_CHECKING:
    from typing import Any


class PlainInput(Input):
    """An input of one line. Its cursor does not blink: each blink is traffic on a slow line."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0))
    """How long the text is. By Textual's own way the whole screen is laid out anew for each character."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"compact": True, "select_on_focus": False, **options})
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        """Leaves out what a terminal would obey or not show."""
        return plain(value)

    def action_paste(self) -> None:
        """Pastes what was copied here as what comes from the terminal."""
        self.app.paste(self.app.clipboard)  # type: ignore[attr-defined]


def plain(text: str) -> str:
    """A text without the characters that a terminal would obey or not show."""
    kept = "".join(one for one in text if one == "\u200d" or literal(f"x{one}") == f"x{one}")
    first = next((at for at, one in enumerate(kept) if cell_len(one)), len(kept))
    return kept[first:]  # a combining mark at the very start would sit on whatever was drawn before it


def pasted(text: str, *, lines: bool) -> tuple[str, str]:
    """What is taken of a pasted text, control characters left out where they stand, and what there is to say of it:
    where a field has no ``lines``, they are joined by spaces."""
    taken = [plain(line.replace("\t", " ")) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    if lines or len(taken) == 1:
        return "\n".join(taken), ""
    kept = [line.strip() for line in taken if line.strip()]
    said = f"One line fits here: the {number(len(kept))} that were pasted are joined." if len(kept) > 1 else ""
    return " ".join(kept), said
