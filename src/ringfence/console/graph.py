"""Telemetry in cells of text: sparklines of blocks, graphs of braille, bars, and the numbers and moments beside them.

All of it is worked out from what is given and asks nothing. A series goes in as ``(moment, value)`` points:
milliseconds since 1970 (UTC) and finite numbers, in order of time. Points outside of ``since`` to ``until`` (both
count) are left out. What comes out is exactly as wide as it was asked for, blank where there is nothing to draw. A
picture tells nothing by itself alone: its numbers stand beside it (`scaled`, `said`).

Where a series has a gap, so has its picture. How often it is heard is taken from itself: the *usual* distance of its
points is the one that three of four distances do not exceed, so that a series of a point an hour is no row of gaps, nor
one that reports changes alone. Points further apart than that and half of it again have a gap between them.

``ascii`` is for terminals that have neither blocks nor braille: see `ascii_only`.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from operator import itemgetter, sub
from typing import Final, TypeAlias

from ringfence.text import number as whole_number

Points: TypeAlias = Sequence[tuple[int, float]]
"""Moments in milliseconds since 1970 (UTC) with finite values, in order of time."""

_POOR: Final = ("linux", "vt")
"""How the ``TERM`` of terminals begins whose font has neither eighths of blocks nor braille."""

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_RAMP: Final = ".:-=+*#@"
"""As many steps in ASCII: the darker, the higher."""
_EIGHTHS: Final = ("", *"▏▎▍▌▋▊▉")

# Glyphs by the dots that are set in a cell, from its lowest on; of braille first the left column, then the right one.
_BRAILLE: Final = " " + "".join(
    chr(0x2800 + sum(dot for bit, dot in enumerate((64, 4, 2, 1, 128, 32, 16, 8)) if code >> bit & 1))
    for code in range(1, 256)
)
"""The empty one is a space: fonts draw that of braille as eight faint rings."""
_STROKES: Final = " .-|':||"

_APART: Final = 11
_SECONDS_APART: Final = 13
"""Cells from one moment on the axis to the next, at least: what is said of one takes six, or eight with seconds, and is
moved by half of that where it would stand over an end."""
_DAY: Final = 86_400
_MONTH: Final = 28 * _DAY
_STEPS: Final = (
    *((seconds, 0) for seconds in (1, 2, 5, 10, 15, 30)),
    *((minutes * 60, 0) for minutes in (1, 2, 5, 10, 15, 30)),
    *((hours * 3600, 0) for hours in (1, 2, 3, 6, 12)),
    *((days * _DAY, 0) for days in (1, 2, 7, 14)),
    *((months * _MONTH, months) for months in (1, 3, 6, 12, 24, 60, 120, 300, 600, 1200)),
)
"""From one moment on the axis to the next: seconds, and the months where it is those that are counted."""


def ascii_only(environment: Mapping[str, str]) -> bool:
    """Whether the terminal of an environment has neither blocks nor braille, by its ``TERM``. That its encoding is
    UTF-8 is seen to before the console starts."""
    return environment.get("TERM", "").startswith(_POOR)


def spark(points: Points, cells: int, since: int, until: int, *, ascii: bool) -> str:
    """The course of a series from ``since`` to ``until`` (ms) in one row of ``cells``.

    Each cell is the mean of the points in its span of time: of many points that is what stays the same from one look
    to the next, where the last would be chance and the greatest would hide what sinks; single peaks are the graph's to
    show. The lowest mean is the lowest block and the highest the full one; a series that stays level is a line half
    way up. A cell without a point shows the last value before it up to the next point, or before a gap, and behind the
    last point, for the usual distance of points; otherwise it is blank.
    """
    inside = _within(points, since, until)
    if not inside or cells < 1:
        return " " * cells
    moments, values = [at for at, _ in inside], [value for _, value in inside]
    parts = _parts(moments, since, until, cells)
    usual = _usual(moments, parts)
    shown: list[float | None] = []
    for cell, (first, last) in enumerate(parts):
        if first < last:
            shown.append(_mean(values[first:last]))
        elif first and 2 * cells * (_held(moments, first - 1, usual) - since) >= (2 * cell + 1) * (until - since):
            shown.append(values[first - 1])  # it holds for half of the cell, at least
        else:
            shown.append(None)
    means = [value for value in shown if value is not None]
    low, high = min(means), max(means)
    if high - low <= 4 * math.ulp(max(map(abs, values))):  # no more than what the means were rounded by
        high = low
    step = _scale(low, high, len(_BLOCKS))
    glyphs = _RAMP if ascii else _BLOCKS
    return "".join(" " if value is None else glyphs[step(value)] for value in shown)


def graph(
    points: Points, width: int, height: int, since: int, until: int, *, limit: float | None = None, ascii: bool
) -> list[str]:
    """A series from ``since`` to ``until`` (ms) as a line, in ``height`` rows of ``width`` cells, from the top.

    The top is the greatest value and the bottom the least, as `scaled` says them; a series that stays level runs half
    way up. A cell is two dots wide and four high (one and three in ASCII). A column of dots shows all that lies
    between the least and the greatest value of its span of time, so that no peak is lost, and is joined to the next
    one; a gap of more than such a column stays open. ``limit`` is a dotted line, where it is between top and bottom:
    one far away would leave the series flat.
    """
    across, up, glyphs = (1, 3, _STROKES) if ascii else (2, 4, _BRAILLE)
    columns = [0] * (max(width, 0) * across)
    inside = _within(points, since, until)
    ends = scaled(inside)
    if ends is not None and columns and height > 0:
        step = _scale(*ends, height * up)
        _draw(columns, step, inside, since, until)
        if limit is not None and ends[0] <= limit <= ends[1]:
            columns[::2] = [column | 1 << step(limit) for column in columns[::2]]
    left = columns[::across]
    cells = list(zip(left, columns[1::across] if across > 1 else [0] * len(left), strict=True))
    own = (1 << up) - 1
    return [
        "".join([glyphs[one >> low & own | (other >> low & own) << up] for one, other in cells])
        for low in range((height - 1) * up, -1, -up)
    ]


def frame(
    points: Points, width: int, height: int, since: int, until: int, *, limit: float | None = None, ascii: bool
) -> list[str]:
    """A `graph` of ``height`` rows with its greatest and least value at the left and, in one row more, moments under
    it: all of it ``width`` cells wide. Of a series that stays level the one value stands where its line runs."""
    ends = scaled(_within(points, since, until))
    said_at: dict[int, str] = {}
    if ends is not None:
        low, high = ends
        said_at = {height - 1: said(low), 0: said(high)} if low < high else {height // 2: said(low)}
    left = max((len(one) + 1 for one in said_at.values()), default=0)
    if left >= width:
        said_at, left = {}, 0
    drawn = graph(points, width - left, height, since, until, limit=limit, ascii=ascii)
    beside = [said_at.get(row, "").rjust(left - 1) + " " if left else "" for row in range(height)]
    return [*map(str.__add__, beside, drawn), " " * left + span(since, until, width - left)]


def bar(part: float, whole: float, cells: int, *, rest: str = " ", ascii: bool) -> str:
    """How much ``part`` is of ``whole``, as a bar that is ``cells`` long where it is all.

    In eighths of a cell (in ASCII in cells), rounded; but whatever is more than nothing shows, and only what is all of
    it, or more, is full. ``rest`` is what stands behind it, one cell wide: a dot instead in ASCII, unless it is blank.
    """
    steps = cells if ascii else cells * 8
    if whole <= 0 or part <= 0 or steps < 1:
        done = 0
    else:
        done = steps if part >= whole else max(1, min(steps - 1, round(part / whole * steps)))
    drawn = "#" * done if ascii else "█" * (done // 8) + _EIGHTHS[done % 8]
    return drawn + ("." if ascii and rest != " " else rest) * (cells - len(drawn))


def scaled(points: Points) -> tuple[float, float] | None:
    """The least and the greatest value of points; None where there are none."""
    values = [value for _, value in points]
    return (min(values), max(values)) if values else None


def said(number: float) -> str:
    """A finite number for people, in at most seven cells.

    - below 1,000: four digits that count and at most four decimals, no zeros at the end: 9.1, 230.4, -0.003
    - below 100,000: whole, with separators: 1,204
    - below 10 ** 15: four digits that count and a letter for thousands (k), millions (M), G or T: 123.5k, 1.2M
    - beyond, and nearer to nothing than 0.001: two digits and the power of ten, 1.2e-6; one where there is no room
    """
    size = abs(number)
    if size == 0:
        return "0"
    exponent = _exponent(size, 3)  # of what is shown: 999.96 is 1,000 by then
    if exponent < -3:
        exponent = _exponent(size, 1)
    if -3 <= exponent < 3:
        return _decimal(number, min(4, 3 - exponent))
    if exponent >= 3 and round(size) < 100_000:
        return whole_number(round(number))
    if 3 <= exponent < 15:
        thousands, over = divmod(exponent, 3)
        return _decimal(number / 1000**thousands, 3 - over) + "kMGT"[thousands - 1]
    powers = [_power(number, decimals) for decimals in (1, 0)]
    return powers[len(powers[0]) > 7]


def span(since: int, until: int, cells: int) -> str:
    """The axis under a graph of ``cells`` from ``since`` to ``until`` (ms): moments by the local clock, each in the
    middle below its cell as far as there is room.

    They are those at which one looks at a clock or a calendar, as many as have room: 10:41:30 where minutes have to be
    told apart, 06:00, and the date at midnight; 30 Nov; Jul, and the year for each January. Blank below five cells.
    """
    if since >= until:
        return " " * cells
    length = until - since
    wide = [
        (seconds, months)
        for seconds, months in _STEPS
        if seconds * 1000 * cells >= (_APART if seconds >= 60 else _SECONDS_APART) * length
    ]
    # What is this far apart may have no moment in a short axis: then one of those that are nearer has room.
    narrower = _STEPS[: len(_STEPS) - len(wide)]
    for step in (*wide[:1], *reversed(narrower)):
        axis = _axis(since, until, cells, step)
        if axis.strip():
            return axis
    return " " * cells


def _axis(since: int, until: int, cells: int, step: tuple[int, int]) -> str:
    axis = ""
    for at, clock in _ticks(since, until, step):
        label = _moment(clock, step)
        cell = min((at - since) * cells // (until - since), cells - 1)
        start = max(0, min(cell - len(label) // 2, cells - len(label)))
        if start + len(label) <= cells and (not axis or start > len(axis)):
            axis = axis.ljust(start) + label
    return axis.ljust(cells)


def _ticks(since: int, until: int, step: tuple[int, int]) -> Iterator[tuple[int, datetime]]:
    """The moments of a step in a window, with what the local clock shows then."""
    seconds, months = step
    now = datetime.fromtimestamp(since / 1000)
    tick = (now.year * 12 + now.month - 1) // months if months else (now - datetime.min) // timedelta(seconds=seconds)
    while True:
        if months:
            clock = datetime(tick * months // 12, tick * months % 12 + 1, 1)
        else:  # the first day of the calendar is a Monday, and so is each seventh after it
            clock = datetime.min + tick * timedelta(seconds=seconds)
        at = round(clock.timestamp() * 1000)
        if at > until:
            return
        # A clock that is put forward leaves some out.
        if at >= since and datetime.fromtimestamp(at / 1000) == clock:
            yield at, clock
        tick += 1


def _moment(clock: datetime, step: tuple[int, int]) -> str:
    seconds, months = step
    if months:
        return f"{clock:%Y}" if clock.month == 1 else f"{clock:%b}"
    if (clock.hour, clock.minute, clock.second) == (0, 0, 0):
        return f"{clock:%d %b}"
    return f"{clock:%H:%M:%S}" if seconds < 60 else f"{clock:%H:%M}"


def _within(points: Points, since: int, until: int) -> Points:
    """The points of a window; none of one that has no length."""
    at = itemgetter(0)
    return points[bisect_left(points, since, key=at) : bisect_right(points, until, key=at)] if since < until else ()


def _parts(moments: Sequence[int], since: int, until: int, count: int) -> list[tuple[int, int]]:
    """Where the points of each part of a window begin and end; the moment that ends the window is in the last."""
    length = until - since
    begin = [bisect_left(moments, since - part * -length // count) for part in range(count)]
    return [*pairwise([*begin, len(moments)])]


def _usual(moments: Sequence[int], parts: Sequence[tuple[int, int]]) -> int:
    """The distance that three of four points do not exceed; 0 of a single one, and where no part is without points:
    nobody asks then."""
    if all(first < last for first, last in parts):
        return 0
    distances = sorted(map(sub, moments[1:], moments))
    return distances[3 * (len(distances) - 1) // 4] if distances else 0


def _joined(moments: Sequence[int], index: int, usual: int) -> bool:
    """Whether there is no gap between a point and the one before it."""
    return 2 * (moments[index] - moments[index - 1]) <= 3 * usual


def _held(moments: Sequence[int], index: int, usual: int) -> int:
    """Until when the value of a point holds."""
    following = index + 1
    if following < len(moments) and _joined(moments, following, usual):
        return moments[following]
    return moments[index] + usual


def _mean(values: Sequence[float]) -> float:
    """The mean, which is never outside of the values, however it is rounded, and never infinite."""
    if len(values) == 1:
        return values[0]
    half = math.fsum(value / (2 * len(values)) for value in values)  # what is added up stays far from infinite
    return min(max(2 * half, min(values)), max(values))


def _scale(low: float, high: float, steps: int) -> Callable[[float], int]:
    """What says at which of so many steps from the bottom a value between two ends is; in the middle, where these are
    the same."""
    top, length = steps - 1, high - low
    if length <= 0:
        return lambda value: top // 2
    if math.isinf(length):
        return lambda value: round((value / 2 - low / 2) / (high / 2 - low / 2) * top)
    return lambda value: round((value - low) / length * top)


def _draw(columns: list[int], step: Callable[[float], int], points: Points, since: int, until: int) -> None:
    """Sets the dots of a line in columns, each a number with a bit for each dot from the bottom."""
    moments, values = [at for at, _ in points], [value for _, value in points]
    parts = _parts(moments, since, until, len(columns))
    usual = _usual(moments, parts)
    before = -1
    for column, (first, last) in enumerate(parts):
        if first == last:
            continue
        part = values[first:last]
        columns[column] |= _run(step(min(part)), step(max(part)))
        if first and (before == column - 1 or _joined(moments, first, usual)):
            _join(columns, before, step(values[first - 1]), column, step(part[0]))
        before = column


def _run(one: int, other: int) -> int:
    """All dots from one to another."""
    return (2 << max(one, other)) - (1 << min(one, other))


def _join(columns: list[int], left: int, start: int, right: int, end: int) -> None:
    """Sets the dots of a straight line from one that is set already: in each column as few as leave no hole."""
    across, rise = right - left, end - start
    onwards = (rise > 0) - (rise < 0)
    reached = start
    for column in range(left, right + 1):
        # Half way to the next column is where that one takes over.
        goal = end if column == right else start + round(rise * (2 * (column - left) + 1) / (2 * across))
        columns[column] |= _run(reached if goal == reached else reached + onwards, goal)
        reached = goal


def _decimal(number: float, decimals: int) -> str:
    text = f"{number:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def _exponent(size: float, decimals: int) -> int:
    return int(f"{size:.{decimals}e}".partition("e")[2])


def _power(number: float, decimals: int) -> str:
    digits, _, exponent = f"{number:.{decimals}e}".partition("e")
    return f"{digits.removesuffix('.0')}e{int(exponent)}"
