"""How a node of a tree stands on its line: how far in, and what is left of the line for its label and its notes."""

from __future__ import annotations

from collections.abc import Sequence

from ringfence.console.text import Cell, as_cell, fit
from ringfence.console.widgets.paint import Part

LABEL = 12
"""Cells that a label keeps at least: where the notes leave it less, the first of them go."""
_MARGIN = 1
"""Cells between the last column of notes and the frame."""
_DOT = " · "


def deepest(room: int) -> int:
    """How many levels below the first one shown are drawn to scale, where labels have so much room."""
    return room // 6


def scrolled(first: int, depth: int, room: int) -> int:
    """The level that stands at the left edge, so that a node of this depth is drawn to scale: the one that does now, if
    it can stay, else one that leaves room on either side."""
    scale = deepest(room)
    if first <= depth <= first + scale:
        return first
    return max(0, depth - (scale + 1) // 2) if depth > scale or first else 0


def indent(depth: int, first: int, room: int) -> str:
    """What stands before a node's sign, where level `first` is at the left edge. What is too deep to be drawn to scale
    says its level as a number, and all of these begin at the same cell; so does, at the left edge, what belongs farther
    left."""
    level = depth - first
    if 0 <= level <= deepest(room):
        return "  " * level
    if level < 0:
        return "‹"
    told = f"‹{depth}› "
    return told.rjust(max(len(told), room // 3))


def noted(widths: Sequence[int], width: int) -> tuple[int, int]:
    """The first of the columns of notes that there is room for, and the cells that are left for the label."""
    first, taken = 0, sum(widths) + len(widths) + _MARGIN
    while first < len(widths) and width - taken < LABEL:
        taken -= widths[first] + 1
        first += 1
    return first, width - taken


def note_parts(notes: Sequence[Cell | str], widths: Sequence[int], first: int, style: str) -> list[Part]:
    """The notes from column `first` on, each at the right of its column."""
    parts: list[Part] = []
    for place, wide in enumerate(widths[first:], first):
        cell = as_cell(notes[place]) if place < len(notes) else Cell("")
        parts.append((" " + fit(cell.text, wide, align="right"), cell.style or style))
    return [*parts, (" " * _MARGIN, "")]


def names_part(names: Sequence[str], widths: Sequence[int], width: int) -> str:
    """What the columns of notes are called, in a row that ends where they do, however narrow they are."""
    first, _ = noted(widths, width)
    return fit(_DOT.join(names[first:]) + " " * _MARGIN, width, align="right")
