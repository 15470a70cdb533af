"""What a device reports, as lines: its series with their course of late, its attributes, and one series as a graph."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import fsum
from typing import TYPE_CHECKING, Final, NamedTuple

from ringfence.console import graph
from ringfence.console.moments import age
from ringfence.console.text import Cell, fit, width_of

if TYPE_CHECKING:
    from ringfence.domain.signal import Value
    from ringfence.services.attributes import Attribute
    from ringfence.services.courses import Course, Part, Signals

LATELY: Final = timedelta(hours=6)
"""So long is the course beside each value."""
LATELY_PARTS: Final = 72
SPANS: Final = (
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=30),
)
"""What a graph can show: history is kept for as long as the last of them."""
_NAME: Final = (12, 30)
_VALUE: Final = 12
_AGE: Final = 8
_SPARK: Final = (8, 36)
_RANGE: Final = 17
_GAP: Final = 2
_TITLES: Final = ("Attributes", "Value", "Scope")
_ROOMS: Final = (20, 8)


class Line(NamedTuple):
    """A line, which is about the series of a ``name`` (empty: about none); ``whole`` is what is cut of it."""

    cells: Sequence[Cell]
    name: str = ""
    whole: str = ""


def heading(width: int) -> list[Cell]:
    """What stands over the values."""
    name, spark = _widths(width)
    parts = [fit("Latest", name), " " * _GAP, fit("Value", _VALUE), " " * _GAP, fit("At", _AGE, align="right")]
    if spark:
        parts += [" " * _GAP, fit(f"Last {span(LATELY)}", spark + _GAP + _RANGE)]
    return [Cell("".join(parts))]


def lines(
    signals: Signals, attributes: Sequence[Attribute], own: tuple[str, str], width: int, now: datetime, *, ascii: bool
) -> list[Line]:
    """The series, and then the attributes with where they come from; ``own`` are kind and key of the device."""
    told = [_series(one, width, now, ascii=ascii) for one in signals.series]
    if not told:
        told = [Line([Cell(_nothing(signals), "quiet")])]
    return [*told, Line([]), *_attributes(attributes, own, width)] if attributes else told


def picture(
    course: Course, parts: Sequence[Part], length: timedelta, room: tuple[int, int], now: datetime, *, ascii: bool
) -> list[list[Cell]]:
    """A series over a time up to now: what there is to say of it, and below that its graph. ``room`` is how wide and
    how high all of it may be."""
    width, height = room
    if not isinstance(course.value, float):
        return [[Cell(course.name, "strong"), Cell(" is no number: the tab Events says when it changed", "quiet")]]
    until = round(now.timestamp() * 1000)
    since = until - round(length.total_seconds() * 1000)
    title = [Cell(course.name, "strong"), Cell(f", {span(length)}")]
    if not parts:
        return [[*title, Cell("  no value in this time: + goes further back", "quiet")]]
    low, high = min(one.low for one in parts), max(one.high for one in parts)
    number = sum(one.number for one in parts)
    mean = fsum(one.mean * (one.number / number) for one in parts)
    facts = [f"  max {graph.said(high)}", f"  mean {graph.said(mean)}", f"  min {graph.said(low)}", _gap(parts, until)]
    drawn = graph.frame(_points(parts), width, max(1, height - 2), since, until, ascii=ascii)
    return [[*title, *(Cell(one) for one in facts[:3]), Cell(facts[3], "attention")], *([Cell(one)] for one in drawn)]


def span(length: timedelta) -> str:
    """How long a time is, in a word: 6 h, 7 d."""
    hours = round(length.total_seconds() / 3600)
    return f"{hours} h" if hours <= 24 else f"{hours // 24} d"


def said(value: Value) -> str:
    """A value in a few cells: a number as graphs say it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return graph.said(value) if isinstance(value, float) else value


def day(moment: datetime) -> str:
    """A day, by the local clock."""
    return f"{moment.astimezone():%d %b %Y}".lstrip("0")


def _widths(width: int) -> tuple[int, int]:
    """Cells for the names and for the course of late: none for that where there is no room."""
    fixed = _VALUE + _AGE + 2 * _GAP
    name = max(_NAME[0], min(_NAME[1], width * 26 // 100))
    spark = min(_SPARK[1], width - name - fixed - 2 * _GAP - _RANGE)
    return (name, spark) if spark >= _SPARK[0] else (max(_NAME[0], min(_NAME[1], width - fixed)), 0)


def _series(one: Course, width: int, now: datetime, *, ascii: bool) -> Line:
    name, spark = _widths(width)
    number = isinstance(one.value, float)
    text = said(one.value)
    cells = [
        Cell(fit(one.name, name) + " " * _GAP),
        Cell(fit(text, _VALUE, align="right" if number else "left") + " " * _GAP, "strong"),
        Cell(fit(age(one.at, now), _AGE, align="right"), "quiet"),
    ]
    if spark and one.parts:
        until = round(now.timestamp() * 1000)
        since = until - round(LATELY.total_seconds() * 1000)
        points = [((part.first + part.last) // 2, part.mean) for part in one.parts]
        low, high = min(part.low for part in one.parts), max(part.high for part in one.parts)
        cells += [
            Cell(" " * _GAP + graph.spark(points, spark, since, until, ascii=ascii), "accent"),
            Cell(f"{' ' * _GAP}{graph.said(low)} {'...' if ascii else '…'} {graph.said(high)}", "quiet"),
        ]
    cut = width_of(one.name) > name or (not number and width_of(text) > _VALUE)
    return Line(cells, one.name, f"{one.name}  {text}" if cut else "")


def _attributes(attributes: Sequence[Attribute], own: tuple[str, str], width: int) -> list[Line]:
    name = _widths(width)[0]
    titles = "".join(fit(text, room) + " " * _GAP for text, room in zip(_TITLES, (name, *_ROOMS), strict=True))
    told = [Line([Cell(f"{titles}From", "quiet")])]
    seen: set[str] = set()
    for one in attributes:
        source = where(one, own, counts=one.name not in seen)
        texts = (one.name, said(one.value), one.scope)
        left = "".join(fit(text, room) + " " * _GAP for text, room in zip(texts, (name, *_ROOMS), strict=True))
        cut = width_of(one.name) > name or width_of(texts[1]) > _ROOMS[0] or width_of(source) > width - width_of(left)
        whole = "  ".join((*texts[:2], source)) if cut else ""
        told.append(Line([Cell(left, "quiet" if one.name in seen else ""), Cell(source, "quiet")], "", whole))
        seen.add(one.name)
    return told


def where(one: Attribute, own: tuple[str, str], *, counts: bool) -> str:
    """Where an attribute comes from, of a record by its kind and key, and whether it is the one that ``counts``."""
    source = (
        "the device" if one.scope == "reported" else f"this {one.kind}" if (one.kind, one.key) == own else one.record
    )
    return source if counts else f"{source}, which does not count"


def _nothing(signals: Signals) -> str:
    if signals.since is not None:
        return f"Nothing heard since {day(signals.since)}, when it came to where it stands"
    return "Nothing heard yet: an edge has to send lines about its unit id"


def _points(parts: Sequence[Part]) -> list[tuple[int, float]]:
    """The points that a graph of the parts is drawn by: of each part the least and the greatest."""
    found: list[tuple[int, float]] = []
    for one in parts:
        found.append((one.first, one.low))
        if one.last > one.first:
            found.append((one.last, one.high))
    return found


def _gap(parts: Sequence[Part], until: int) -> str:
    """The longest time without a value, where that is longer than usual by half; empty for none."""
    steps = sorted(later.first - one.first for one, later in pairwise(parts))
    if not steps:
        return ""
    usual = steps[3 * (len(steps) - 1) // 4]
    ends = [*((one.last, later.first) for one, later in pairwise(parts)), (parts[-1].last, until)]
    since, back = max(ends, key=lambda one: one[1] - one[0])
    if 2 * (back - since) <= 3 * usual:
        return ""
    begin, day_of_it = _clock(since), datetime.fromtimestamp(since / 1000).date()
    if back == until:
        return f"  no value since {begin}"
    same = datetime.fromtimestamp(back / 1000).date() == day_of_it
    return (
        f"  no value {begin}–{datetime.fromtimestamp(back / 1000):%H:%M}"
        if same
        else f"  no value {begin}–{_clock(back)}"
    )


def _clock(at: int) -> str:
    """A moment by the local clock, with the day where that is another one."""
    moment = datetime.fromtimestamp(at / 1000)
    return f"{moment:%H:%M}" if moment.date() == datetime.now().date() else f"{moment:%d %b %H:%M}"
