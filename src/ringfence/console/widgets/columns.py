"""The columns of a record table: what is declared of them, how they are arranged, and a row of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from ringfence.console.text import Align, Cell, fit
from ringfence.console.widgets.paint import Part

GAP = 1
"""Cells between two columns."""
GUTTER = 2
"""Cells before the first column, beside the cursor's bar: the sign of a mark or of the row, and a space."""

Placed = tuple[int, "Column"]
"""A column with its index among all."""
Shared = Sequence[tuple[int, "Column", int]]
"""The columns that are shown: index among all, column, width."""


class Column(NamedTuple):
    """One column of a record table. Widths are in terminal cells.

    Args:
        id: What the owner calls it, in sorting for one.
        title: The heading.
        width: The width it has as long as there are no rows.
        grow: Its share of the width that is left, against that of the other columns.
        align: Where shorter text stands.
        key: The letter that sorts by it, pressed with Shift.
        hide_below: It is left out when the table is narrower than this, unless there is room for it all the same.
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


Arrangement = tuple[tuple[str, bool], ...]
"""The columns from the left by their ids, each with whether it is shown. None at all: they are as declared."""

RESERVED: Final = "BCDGHY"
"""Letters that do something else wherever there is a table."""


def lettered(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns, those that can be sorted by each with a letter for that: the one it names, or the first one of its
    heading that is free, where that of none begins with it."""
    keys = {place: column.key.upper() for place, column in enumerate(columns) if column.key}
    for most in (1, None):
        for place, column in enumerate(columns):
            taken = {*RESERVED, *keys.values()}
            free = [one for one in column.title.upper()[:most] if "A" <= one <= "Z" and one not in taken]
            if column.sortable and place not in keys and free:
                keys[place] = free[0]
    return tuple(column._replace(key=keys.get(place, "").lower() or None) for place, column in enumerate(columns))


def arranged(columns: Sequence[Column], arrangement: Arrangement) -> list[tuple[int, bool]]:
    """The indices of all columns from the left, each with whether it is shown. What an arrangement does not know comes
    last, and where it would show none, all are."""
    places = {column.id: place for place, column in enumerate(columns)}
    known = {places[name]: shown for name, shown in arrangement if name in places}
    found = [*known.items(), *((place, True) for place in places.values() if place not in known)]
    return found if any(shown for _, shown in found) else [(place, True) for place, _ in found]


def headings(columns: Shared, sort: tuple[str, bool] | None, width: int) -> list[Part]:
    """The headings, with an arrow at the one sorted by."""
    parts: list[Part] = [(" " * GUTTER, "")]
    used = GUTTER
    for place, (_, column, cells) in enumerate(columns):
        if place:
            parts.append((" " * GAP, ""))
            used += GAP
        title = column.title
        if sort is not None and sort[0] == column.id:
            arrow = "▼" if sort[1] else "▲"
            title = f"{fit(title, max(0, cells - 2)).rstrip()} {arrow}" if cells > 2 else arrow
        parts.append((fit(title, cells, align=column.align), "header"))
        used += cells
    parts.append((" " * max(0, width - used), ""))
    return parts if used <= width else [(" " * width, "")]


def row_parts(columns: Shared, sign: Cell, cells: Sequence[Cell | str], width: int) -> list[Part]:
    """A row: its sign, then its cells."""
    parts: list[Part] = [(fit(sign.text, 1) + " ", sign.style)]
    used = GUTTER
    for place, (number, column, wide) in enumerate(columns):
        if place:
            parts.append((" " * GAP, ""))
            used += GAP
        cell = cells[number]
        text, style = cell if isinstance(cell, Cell) else (cell, "")
        parts.append((fit(text, wide, align=column.align), style or column.style))
        used += wide
    parts.append((" " * (width - used), ""))
    return parts
