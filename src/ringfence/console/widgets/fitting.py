"""How wide the columns of a table are: as wide as what is in them, as far as there is room. Draws nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ringfence.console.text import width_of
from ringfence.console.widgets.columns import GAP, Column, Placed, Shared

_LEAST = 6
"""Cells that a column keeps, whatever there is in the others."""
_NAME = 3
"""So many texts may as well be cut elsewhere as one of the first column."""
_WHOLE = 3
"""So many texts that are cut already may as well lose a cell as one that is whole."""

Sizes = Sequence[Mapping[int, int]]
"""Of each of all columns, how many texts in it take how many cells."""


def size(text: str, most: int) -> int:
    """How many cells a text takes, or `most` where it takes more."""
    if text.isascii() and text.isprintable():
        return min(len(text), most)
    return min(width_of(text[: 4 * most + 64]), most)  # of a megabyte, no more is looked at than can be seen


def heading(column: Column, sort: tuple[str, bool] | None) -> int:
    """How many cells a heading takes, with the arrow of what is sorted by."""
    return width_of(column.title) + (2 if sort is not None and sort[0] == column.id else 0)


def fitted(columns: Sequence[Placed], sizes: Sizes, headings: Sequence[int], width: int) -> Shared:
    """Which columns are shown in `width` cells, and how wide.

    A column that is left out of so narrow a list is shown all the same where there is room for it and nothing is cut
    for it. Where there is not room for all, the wide ones give to the narrow ones, and the less the more texts are cut
    by it. What is spare goes to the columns that grow and are not empty. With the gaps,
    the widths never exceed `width`.

    Args:
        columns: The columns from the left, each with its index among all.
        sizes: How wide the texts in each of all columns are; none of an empty one.
        headings: How many cells the heading of each takes.
        width: The cells that there are.
    """
    if not columns or width < 1:
        return ()
    wanted = _wanted(sizes, headings)
    shown = _shown(columns, wanted, width)
    room = width - GAP * (len(shown) - 1)
    widths = [wanted[index] for index, _ in shown]
    if sum(widths) > room:
        _give(widths, [sizes[index] for index, _ in shown], [headings[index] for index, _ in shown], room)
    else:
        _grow(widths, [column.grow if sizes[index] else 0 for index, column in shown], room)
    return tuple((index, column, wide) for (index, column), wide in zip(shown, widths, strict=True))


def still_fits(shared: Shared, sizes: Sizes, headings: Sequence[int]) -> bool:
    """Whether widths that are there can stay: they cut nothing."""
    wanted = _wanted(sizes, headings)
    return bool(shared) and all(wide >= wanted[index] for index, _, wide in shared)


def _wanted(sizes: Sizes, headings: Sequence[int]) -> list[int]:
    return [max(1, headed, max(found, default=0)) for found, headed in zip(sizes, headings, strict=True)]


def _shown(columns: Sequence[Placed], wanted: Sequence[int], width: int) -> list[Placed]:
    """The columns that there is room for, in their order: one at least."""
    kept = {index for index, column in columns if width >= column.hide_below}
    kept = kept or {min(columns, key=lambda placed: placed[1].hide_below)[0]}
    taken = sum(wanted[index] + GAP for index in kept) - GAP
    for index, _ in sorted(columns, key=lambda placed: placed[1].hide_below):
        if index not in kept and taken + GAP + wanted[index] <= width:
            kept.add(index)
            taken += GAP + wanted[index]
    most = max(1, (width + GAP) // (1 + GAP))
    return [placed for placed in columns if placed[0] in kept][:most]


def _give(widths: list[int], sizes: Sizes, headings: Sequence[int], room: int) -> None:
    """Takes from the widths what there is no room for, cell by cell: where few texts lose one, and fewer are whole yet;
    rather from a wide column than from a narrow one or from the first, which says what a row is; until each has little
    more than its heading. Then from the widest, whatever it is."""
    cut = [0] * len(widths)
    floors = [min(wide, max(_LEAST, headed)) for wide, headed in zip(widths, headings, strict=True)]
    places = range(len(widths))

    def loss(at: int) -> tuple[float, int]:
        wide = widths[at]
        return (1 if at else _NAME) * (cut[at] + _WHOLE * sizes[at].get(wide, 0)) / wide**3, -wide

    for _ in range(sum(widths) - room):
        able = [place for place in places if widths[place] > floors[place]]
        place = min(able, key=loss) if able else max(places, key=widths.__getitem__)
        cut[place] += sizes[place].get(widths[place], 0)
        widths[place] -= 1


def _grow(widths: list[int], growing: Sequence[int], room: int) -> None:
    """Adds what is spare to the widths, by the shares of those that grow."""
    spare, shares = room - sum(widths), sum(growing)
    if spare <= 0 or not shares:
        return
    parts = [spare * share // shares for share in growing]
    parts[next(place for place, share in enumerate(growing) if share)] += spare - sum(parts)
    for place, part in enumerate(parts):
        widths[place] += part
