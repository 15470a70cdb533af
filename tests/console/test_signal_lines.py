"""What a device reports, as lines: whatever it says is drawn, fits, and has its number beside its picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ringfence.console.cells import signals
from ringfence.console.text import Cell, width_of
from ringfence.console.widgets.flow import exact
from ringfence.services.attributes import Attribute
from ringfence.services.courses import Course, Part, Signals

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = round(NOW.timestamp() * 1000)
NASTY = "\x1b]0;x\x07\x9b31m\u202e北京\nend"
OWN = ("device", "d")
FIRMWARE = Attribute("firmware", "2.4.1", "reported", "device", "d", "Meter")


def parts(*numbers: float, every: int = 60_000, ago: int = 0) -> tuple[Part, ...]:
    """A number a minute, the last of them so many minutes ago."""
    first = AT - (len(numbers) - 1) * every - ago * 60_000
    return tuple(Part(first + at * every, first + at * every, one, one, one, 1) for at, one in enumerate(numbers))


def told(*series: Course, since: datetime | None = None) -> Signals:
    return Signals(since, series, ())


def drawn(line: Sequence[Cell], width: int) -> str:
    """A line as a list draws it."""
    return "".join(text for text, _ in exact(line, width))


def lines(found: Signals, *attributes: Attribute, width: int = 76, ascii: bool = False) -> list[str]:
    return [drawn(one.cells, width) for one in signals.lines(found, attributes, OWN, width, NOW, ascii=ascii)]


@pytest.mark.parametrize("width", [20, 40, 76, 117, 200])
@pytest.mark.parametrize("ascii", [True, False])
def test_whatever_is_said_is_drawn_and_fits(width: int, ascii: bool) -> None:
    found = told(
        Course("temperature", 1e300, NOW, parts(-1e300, 0.5, 1e300)),
        Course("a" * 64, NASTY, NOW - timedelta(days=400), ()),
        Course("door", True, NOW, ()),
    )
    attributes = [
        Attribute("note", NASTY, "set", "customer", "c", f"Customer {NASTY}"),
        Attribute("n" * 64, 8.0, "reported", "device", "d", NASTY),
    ]
    shown = [*lines(found, *attributes, width=width, ascii=ascii), drawn(signals.heading(width), width)]
    for course in found.series:
        picture = signals.picture(course, course.parts, timedelta(hours=1), (width, 7), NOW, ascii=ascii)
        shown += [drawn(one, width) for one in picture]
    for line in shown:
        assert width_of(line) == width
        assert not [one for one in line if unicodedata.category(one) in ("Cc", "Cf")], line
    if width >= 76:
        assert "-1e300 … 1e300" in shown[0] or ascii
    if ascii:
        assert all(one.isascii() for one in lines(told(Course("x", 1.0, NOW, parts(1, 2))), FIRMWARE, ascii=True))


def test_values_stand_beside_how_they_came_about() -> None:
    found = told(Course("temperature", 9.1, NOW - timedelta(seconds=40), parts(2.9, 5, 9.1)))
    (line,) = lines(found)
    assert line.split() == ["temperature", "9.1", "40", "s", line.split()[4], "2.9", "…", "9.1"]
    title, *graph = signals.picture(
        found.series[0], found.series[0].parts, timedelta(hours=1), (70, 7), NOW, ascii=False
    )
    assert drawn(title, 70).split() == ["temperature,", "1", "h", "max", "9.1", "mean", "5.667", "min", "2.9"]
    assert len(graph) == 6
    assert drawn(graph[0], 70).startswith("9.1 ")


def test_a_gap_is_told() -> None:
    course = Course("x", 1.0, NOW, (*parts(*range(20), ago=30), *parts(*range(20))))
    title = drawn(signals.picture(course, course.parts, timedelta(hours=1), (90, 7), NOW, ascii=False)[0], 90)
    assert "no value" in title
    steady = Course("x", 1.0, NOW, parts(*range(50)))
    assert "no value" not in drawn(
        signals.picture(steady, steady.parts, timedelta(hours=1), (90, 7), NOW, ascii=False)[0], 90
    )
    silent = Course("x", 1.0, NOW, parts(*range(20), ago=30))
    said = drawn(signals.picture(silent, silent.parts, timedelta(hours=1), (90, 7), NOW, ascii=False)[0], 90)
    assert "no value since" in said


def test_where_nothing_was_heard_that_is_said() -> None:
    assert lines(told())[0].startswith("Nothing heard yet:")
    assert "since 22 Nov 2026" in lines(told(since=NOW))[0]
    assert lines(told(), FIRMWARE)[-1].split() == ["firmware", "2.4.1", "reported", "the", "device"]
    empty = Course("x", 1.0, NOW, ())
    assert "no value in this time" in drawn(
        signals.picture(empty, (), timedelta(hours=1), (90, 7), NOW, ascii=False)[0], 90
    )


def test_attributes_tell_where_they_come_from_and_which_counts() -> None:
    found = lines(
        told(),
        Attribute("limit", 7.0, "set", "device", "d", "Meter"),
        Attribute("limit", 8.0, "set", "customer", "c", "Northwind"),
        FIRMWARE,
        width=90,
    )
    assert [one.split()[0] for one in found[3:]] == ["limit", "limit", "firmware"]
    assert found[3].rstrip().endswith("this device")
    assert found[4].rstrip().endswith("Northwind, which does not count")
