"""A QR code, drawn in half blocks: two of its modules in a cell, one above the other."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

_LIGHT_ON_DARK: Final = Style(color="#ffffff", bgcolor="#000000", bold=False)
"""Whatever the theme is: cameras look for dark modules on light ones. Light is what is drawn, so that it is still so on
a dark terminal without colours."""
_BLOCKS: Final = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
_QUIET: Final = (2, 1)
"""So many modules of light are around it, as there is room: on a screen, cameras need far fewer than the four of the
standard."""


class QrCode(Widget):
    """A text as a QR code, shown as long as there is room for all of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._rows: list[str] = []

    @cached_property
    def _code(self) -> Any:
        import segno  # for this alone

        return segno.make(self._text, error="l", micro=False, boost_error=False)

    def fit(self, most: Size) -> Size:
        """Takes as much of a room as it needs; nothing where that is too small. Returns how much that is."""
        taken = Size(0, 0)
        for quiet in _QUIET:
            self._rows = _drawn(self._code.matrix_iter(border=quiet))
            needed = Size(len(self._rows[0]), len(self._rows))
            if needed.width <= most.width and needed.height <= most.height:
                taken = needed
                break
        self.display = bool(taken)
        self.styles.width, self.styles.height = taken.width, taken.height
        self.refresh()
        return taken

    def render_line(self, y: int) -> Strip:
        text = self._rows[y] if y < len(self._rows) else ""
        return Strip([Segment(text, _LIGHT_ON_DARK)], len(text))


def _drawn(rows: Iterable[Iterable[int]]) -> list[str]:
    light = [[not dark for dark in row] for row in rows]
    if len(light) % 2:
        light.append([True] * len(light[0]))
    return [
        "".join(_BLOCKS[pair] for pair in zip(above, below, strict=True))
        for above, below in zip(light[::2], light[1::2], strict=True)
    ]
