"""Where the sections of a matrix stand: lines and columns, without a widget."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

NO_OPTION = -1
"""Stands for a section's heading where an option's number is meant."""

Place = tuple[int, int]
"""The number of a section, and that of an option in it or `NO_OPTION`."""


def share_out(heights: Sequence[int], columns: int) -> list[int]:
    """The column of each section, from their heights in lines.

    They keep their order, down and then across, with a line between two; the tallest column is as low as can be, and
    the others as even.
    """
    count = len(heights)
    # What `n` sections from the first take in the columns so far: the tallest, the sum of squares, and where each ends.
    best: list[tuple[int, int, tuple[int, ...]]] = []
    for column in range(min(columns, count)):
        then: list[tuple[int, int, tuple[int, ...]]] = []
        for end in range(count + 1):
            choices = []
            for cut in range(end + 1) if column else (0,):
                tallest, squares, ends = best[cut] if column else (0, 0, ())
                tall = max(0, sum(heights[cut:end]) + end - cut - 1)
                choices.append((max(tallest, tall), squares + tall * tall, (*ends, end)))
            then.append(min(choices))
        best = then
    ends = best[count][2] if best else ()
    return [next(column for column, end in enumerate(ends) if n < end) for n in range(count)]


class Shown(NamedTuple):
    """A section as it is to be laid out: its number, its part, the numbers of its options, whether it is folded."""

    number: int
    part: str
    options: Sequence[int]
    folded: bool


class Stop(NamedTuple):
    """Where the cursor can stand: a heading or an option, its line and column, and the run of sections it is in."""

    place: Place
    row: int
    column: int
    run: int


class Layout:
    """Which line and column everything has. A run of sections of one part stands below the one before it."""

    def __init__(self, sections: Iterable[Shown] = (), columns: int = 1) -> None:
        self.stops: list[Stop] = []
        self.rules: dict[int, str] = {}
        self.height = 0
        for run, (part, members) in enumerate(groupby(sections, key=lambda section: section.part)):
            self.height += 1 if self.height else 0
            if part:
                self.rules[self.height] = part
                self.height += 1
            self._add(run, list(members), columns)
        self._at = {(stop.row, stop.column): n for n, stop in enumerate(self.stops)}
        self._folded = {(section.number, NO_OPTION) for section in sections if section.folded}

    def _add(self, run: int, sections: Sequence[Shown], columns: int) -> None:
        # By the heights of the unfolded sections: folding one leaves the others in their columns.
        flow = share_out([1 + len(section.options) for section in sections], columns)
        ends = [self.height] * columns
        above_folded = False
        for section, column in zip(sections, flow, strict=True):
            row = ends[column]
            if row > self.height and not (section.folded and above_folded):
                row += 1
            for option in (NO_OPTION, *(() if section.folded else section.options)):
                self.stops.append(Stop((section.number, option), row, column, run))
                row += 1
            ends[column] = row
            above_folded = section.folded
        self.height = max(ends)

    def at(self, row: int, column: int) -> int | None:
        """The number of the stop on a line of a column."""
        return self._at.get((row, column))

    def nearest(self, place: Place) -> int:
        """The stop at `place`: the heading when it is folded away, the one after when it is left out."""
        heading = (place[0], NO_OPTION)
        index = bisect_left(self.stops, heading if heading in self._folded else place, key=lambda stop: stop.place)
        return max(0, min(index, len(self.stops) - 1))

    def lane(self, column: int) -> list[int]:
        """The stops of a column from top to bottom; in a run that has fewer columns, of the last one there."""
        last: dict[int, int] = {}
        for stop in self.stops:
            last[stop.run] = max(last.get(stop.run, 0), stop.column)
        return [n for n, stop in enumerate(self.stops) if stop.column == min(column, last[stop.run])]

    def beside(self, at: int, columns: int) -> int:
        """The stop on the nearest line of the next column in a direction; `at` itself when there is none."""
        here = self.stops[at]
        found = [
            (abs(stop.column - here.column), abs(stop.row - here.row), n)
            for n, stop in enumerate(self.stops)
            if stop.run == here.run and (stop.column - here.column) * columns > 0
        ]
        return min(found)[2] if found else at
