"""Sets of customers as sorted, disjoint, half-open intervals of tree paths.

Paths end in a slash and continue in base 36, so that everything below ``/1/`` sorts between ``/1/`` and ``/1/~``, and
nothing but the node itself between ``/1/`` and ``/1/!``. Two such intervals are either disjoint or one holds the other.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

Interval = tuple[str, str]


def nested(path: str) -> Interval:
    """The node and everything below it."""
    return path, path + "~"


def single(path: str) -> Interval:
    """The node alone."""
    return path, path + "!"


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The set that any of the intervals covers, in order."""
    result: list[Interval] = []
    for low, high in sorted(intervals):
        if result and low < result[-1][1]:
            if high > result[-1][1]:
                result[-1] = (result[-1][0], high)
        else:
            result.append((low, high))
    return result


def intersect(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    """What both sets cover; each must be as ``union`` returns it. One pass over the two; none where one of them is a
    single interval that holds the other, as a home mostly does."""
    if not left or not right:
        return []
    for one, other in ((left, right), (right, left)):
        if len(one) == 1 and one[0][0] <= other[0][0] and other[-1][1] <= one[0][1]:
            return list(other)
    result: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        low, high = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if low < high:
            result.append((low, high))
        if left[i][1] <= right[j][1]:
            i += 1
        else:
            j += 1
    return result


def subtract(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    """What the left set covers and the right one does not; each must be as ``union`` returns it.

    Two intervals of paths are disjoint or one holds the other, and most of them are alike: those go first.
    """
    rest = left
    if len(left) > 1 and len(right) > 1:
        known = set(right)
        rest = [interval for interval in left if interval not in known]
    result: list[Interval] = []
    starts = [low for low, _ in right]
    for low, high in rest:
        place = max(0, bisect_right(starts, low) - 1)
        while place < len(right) and right[place][0] < high:
            start, end = right[place]
            if end > low:
                if low < start:
                    result.append((low, start))
                low = end
            place += 1
        if low < high:
            result.append((low, high))
    return result


def within(intervals: Sequence[Interval], path: str) -> list[Interval]:
    """What the set covers of a node and everything below it; the set must be as ``union`` returns it."""
    low, high = nested(path)
    first = max(0, bisect_right(intervals, low, key=lambda interval: interval[0]) - 1)
    last = bisect_left(intervals, high, key=lambda interval: interval[0])
    return intersect(intervals[first:last], [(low, high)])


def contains(intervals: Sequence[Interval], path: str) -> bool:
    """Whether the set covers the path."""
    index = bisect_right(intervals, path, key=lambda interval: interval[0]) - 1
    return index >= 0 and path < intervals[index][1]
