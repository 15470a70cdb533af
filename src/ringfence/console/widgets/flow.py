"""Styled texts as lines of a width: broken between words, or padded and cut to be one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from rich.cells import cell_len, chop_cells, get_character_cell_size

from ringfence.console.text import Cell, as_cell, fit, literal, width_of
from ringfence.console.widgets.paint import Part

NEWLINE: Final = "␊"
"""A line break in a text that is edited, as it is drawn in one line."""
_SIGNS: Final = ("+ ", "− ", "! ")
_BEFORE_LABELS: Final = ("✓", "✗")


def flow(cells: Iterable[Cell | str], width: int) -> list[list[Cell]]:
    """Styled pieces as lines of at most `width` cells, broken between words; at least one line. What goes on hangs
    below what it belongs to: a line that begins further in, the column beside a label, the text behind a sign."""
    pieces = [as_cell(cell) for cell in cells]
    width = max(1, width)
    hang = _hang(pieces, width)
    lines: list[list[Cell]] = [[]]
    used, space = 0, Cell("")
    for text, style in pieces:
        for word in re.findall(r"\s+|\S+", literal(text)):
            if word.isspace():
                space = Cell(space.text + word, style)
                continue
            for piece in chop_cells(word, width - hang) if width_of(word) > width - hang else [word]:
                gap = space.text if used else space.text if len(lines) == 1 else ""
                if used and used + len(gap) + width_of(piece) > width:
                    lines.append([Cell(" " * hang)] if hang else [])
                    used, gap = hang, ""
                lines[-1] += [Cell(gap, ""), Cell(piece, style)] if gap else [Cell(piece, style)]
                used += len(gap) + width_of(piece)
                space = Cell("")
    return lines


def broken(text: str, width: int, *, at_breaks: bool = False) -> list[tuple[int, int]]:
    """Where the lines of a text that is edited begin and end: at most ``width`` cells each, and a space beyond them.

    They end behind a space where they have one, and ``at_breaks`` behind each sign of a line break. All of the text is
    in them; there is at least one.
    """
    width = max(1, width)
    lines: list[tuple[int, int]] = []
    begin = behind = used = 0
    for at, character in enumerate(text):
        wide = get_character_cell_size(character)
        if used + wide > width + (character == " ") and at > begin:
            end = behind if behind > begin else at
            lines.append((begin, end))
            begin, used = end, cell_len(text[end:at])
        used += wide
        if character == " ":
            behind = at + 1
        elif at_breaks and character == NEWLINE:
            lines.append((begin, at + 1))
            begin, used = at + 1, 0
    return [*lines, (begin, len(text))]


def _hang(pieces: Sequence[Cell], width: int) -> int:
    if len(pieces) > 2 and pieces[0].text.strip() in _BEFORE_LABELS:
        pieces = [Cell(pieces[0].text + pieces[1].text), *pieces[2:]]
    first = literal(pieces[0].text) if pieces else ""
    begins = len(first) - len(first.lstrip(" "))
    if len(pieces) > 1 and first.endswith("  ") and first.strip():
        begins = width_of(first)
    elif first[begins : begins + 2] in _SIGNS:
        begins += 2
    return begins if begins <= width // 2 else 0


def exact(cells: Iterable[Cell], width: int) -> list[Part]:
    """Styled pieces as one line of exactly `width` cells, safe to draw: padded, or cut with an ellipsis."""
    parts: list[Part] = []
    for text, style in cells:
        if width <= 0:
            break
        wide = width_of(text) if len(text) <= 4 * width else width + 1
        parts.append((literal(text) if wide <= width else fit(text, width), style))
        width -= min(wide, width)
    if width > 0:
        parts.append((" " * width, ""))
    return parts
