"""The columns of a record table, and how they share a width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ringfence.console.text import Align

GAP = 1
"""Cells between two columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a record table. Widths are in terminal cells.

    Args:
        id: What the owner calls it, in sorting for one.
        title: The heading.
        width: The width it has, or the least it has when it grows.
        grow: Its share of the width that is left, against that of the other columns.
        align: Where shorter text stands.
        key: The letter that sorts by it, pressed with Shift.
        hide_below: It is left out when the table is narrower than this.
        sortable: Whether it may be sorted by.
        style: The style of its cells that name none.
    """

    id: str
    title: str
    width: int
    grow: int = 0
    align: Align = "left"
    key: str | None = None
    hide_below: int = 0
    sortable: bool = False
    style: str = ""


def share(columns: Sequence[Column], width: int) -> list[tuple[int, Column, int]]:
    """Which columns are shown in `width` cells, and how wide: (index in `columns`, column, width).

    With the gaps between them the widths never exceed `width`. Columns hidden below it are left out first; what is
    missing then is taken from the widest ones, and only when nothing is left of those, columns go from the right.
    """
    shown = [(index, column) for index, column in enumerate(columns) if width >= column.hide_below]
    if not shown or width < 1:
        return []
    while len(shown) > 1 and len(shown) * (1 + GAP) - GAP > width:
        shown.pop()
    room = width - GAP * (len(shown) - 1)
    widths = [max(1, column.width) for _, column in shown]
    spare = room - sum(widths)
    if spare > 0:
        shares = sum(column.grow for _, column in shown)
        left = spare
        for place, (_, column) in enumerate(shown):
            if column.grow:
                part = spare * column.grow // shares
                widths[place] += part
                left -= part
        growing = next((place for place, (_, column) in enumerate(shown) if column.grow), None)
        if growing is not None:
            widths[growing] += left
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda place: widths[place])
        widths[widest] -= 1
    return [(index, column, widths[place]) for place, (index, column) in enumerate(shown)]
