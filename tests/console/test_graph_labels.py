"""Bars, and the numbers and moments that stand beside graphs."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from ringfence.console.graph import ascii_only, bar, said, span

MINUTE, HOUR = 60_000, 3_600_000
MORNING = round(datetime(2026, 11, 28, 6, tzinfo=UTC).timestamp() * 1000)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-3, 3).map(float)
SIZES = st.integers(0, 24)


@pytest.mark.parametrize(
    ("part", "blocks", "plain"),
    [
        (0, "          ", "          "),
        (-3, "          ", "          "),
        (0.01, "▏         ", "#         "),
        (1, "▌         ", "#         "),
        (5, "██▌       ", "##        "),
        (10, "█████     ", "#####     "),
        (19.99, "█████████▉", "######### "),
        (20, "██████████", "##########"),
        (21, "██████████", "##########"),
    ],
)
def test_a_bar_is_as_it_looks(part: float, blocks: str, plain: str) -> None:
    assert bar(part, 20, 10, ascii=False) == blocks
    assert bar(part, 20, 10, ascii=True) == plain


def test_behind_a_bar_stands_what_was_asked_for() -> None:
    assert bar(10, 14, 16, rest="░", ascii=False) == "███████████▍░░░░"
    assert bar(10, 14, 16, rest="░", ascii=True) == "###########....."
    assert bar(3, 0, 4, rest="·", ascii=False) == "····", "of nothing there is no part"


@given(NUMBERS, NUMBERS, NUMBERS, SIZES, st.booleans())
def test_a_bar_is_longer_for_more(part: float, more: float, whole: float, cells: int, ascii: bool) -> None:
    part, more = sorted((part, more))
    shorter, longer = (bar(one, whole, cells, ascii=ascii) for one in (part, more))
    assert wcswidth(shorter) == wcswidth(longer) == cells
    glyphs = " #" if ascii else " ▏▎▍▌▋▊▉█"
    assert all(glyphs.index(one) <= glyphs.index(other) for one, other in zip(shorter, longer, strict=True))
    if cells > 1:
        assert bool(shorter.strip()) is (part > 0 and whole > 0)
        assert (shorter == glyphs[-1] * cells) is (part >= whole > 0)


# Numbers


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (9.1, "9.1"),
        (9.100000001, "9.1"),
        (0.1 + 0.2, "0.3"),
        (78, "78"),
        (-0.003, "-0.003"),
        (0.0012345, "0.0012"),
        (0.00099996, "0.001"),
        (0.0009949, "9.9e-4"),
        (-0.000123, "-1.2e-4"),
        (21.256, "21.26"),
        (230.44, "230.4"),
        (999.94, "999.9"),
        (999.96, "1,000"),
        (1204, "1,204"),
        (1204.4, "1,204"),
        (-99_999.4, "-99,999"),
        (99_999.6, "100k"),
        (-123_456, "-123.5k"),
        (999_960, "1M"),
        (1_200_000, "1.2M"),
        (-12_345_678, "-12.35M"),
        (7e9, "7G"),
        (123_450_000_000_000, "123.5T"),
        (1e15, "1e15"),
        (-1.26e15, "-1.3e15"),
        (1.2e-10, "1.2e-10"),
        (-1.2e-10, "-1e-10"),
        (1.7976931348623157e308, "1.8e308"),
        (-1.7976931348623157e308, "-2e308"),
        (5e-324, "5e-324"),
    ],
)
def test_numbers_are_said_for_people(number: float, text: str) -> None:
    assert said(number) == text


def number_said(text: str) -> Fraction:
    powers = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
    return Fraction(text.replace(",", "").rstrip("kMGT")) * powers.get(text[-1], 1)


@given(NUMBERS | st.floats(-2e6, 2e6))
def test_what_is_said_fits_and_is_near(number: float) -> None:
    text = said(number)
    assert wcswidth(text) == len(text) <= 7
    off = abs(number_said(text) - Fraction(number))
    size = abs(Fraction(number))
    if Fraction(1, 1000) <= size < 10**15:
        assert off <= max(size / 2000, Fraction(1, 20_000))
        assert off <= size / 20
    else:
        assert off <= size / 2, "at least a digit counts"


@given(NUMBERS | st.floats(-2e6, 2e6), NUMBERS | st.floats(-2e6, 2e6))
def test_the_greater_number_is_not_said_as_a_smaller_one(one: float, other: float) -> None:
    one, other = sorted((one, other))
    assert number_said(said(one)) <= number_said(said(other))


# The axis


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The local clock is set to the zone of that name."""
    name: str = request.param
    monkeypatch.setenv("TZ", name)
    time.tzset()
    return name


@pytest.mark.parametrize(
    ("hours", "cells", "axis"),
    [
        (0.01, 60, "06:17:00    06:17:10         06:17:20         06:17:30      "),
        (1, 60, "           06:30          06:45          07:00         07:15"),
        (6, 60, "               08:00               10:00               12:00"),
        (6, 16, "           12:00"),
        (6, 5, "12:00"),
        (6, 4, "    "),
        (24, 60, "            12:00          18:00         29 Nov        06:00"),
        (72, 40, "      29 Nov        30 Nov       01 Dec "),
        (168, 40, " 29 Nov     01 Dec      03 Dec    05 Dec"),
        (720, 60, "30 Nov        07 Dec        14 Dec        21 Dec      28 Dec"),
        (8760, 60, "   2027            Apr            Jul            Oct        "),
        (87600, 60, "    2028        2030        2032        2034        2036    "),
    ],
)
def test_an_axis_is_as_it_looks(hours: float, cells: int, axis: str) -> None:
    since = MORNING + 17 * MINUTE
    assert span(since, since + round(hours * HOUR), cells) == axis


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/St_Johns", "Europe/Amsterdam"], indirect=True)
@pytest.mark.parametrize("day", [(2026, 3, 28), (2026, 10, 24), (2026, 11, 28)])  # Dutch clocks change on two of them
@pytest.mark.parametrize("hours", [1, 3, 6, 24, 48])
@pytest.mark.parametrize("cells", [24, 60, 200])
def test_a_moment_stands_where_it_is(zone: str, day: tuple[int, int, int], hours: int, cells: int) -> None:
    since = round(datetime(*day, 19, 48, 31).timestamp() * 1000)
    until = since + hours * HOUR
    axis = span(since, until, cells)
    labels = axis.split("  ")
    assert any(labels)
    for label in filter(None, map(str.strip, labels)):
        middle = axis.index(label) + len(label) // 2
        near = [since + (until - since) * cell // (2 * cells) for cell in range(2 * middle - 6, 2 * middle + 9)]
        clocks = [datetime.fromtimestamp(at / 1000) for at in near]
        if ":" in label:
            told = [clock.replace(hour=int(label[:2]), minute=int(label[3:5]), second=0) for clock in clocks]
        else:
            told = [datetime.strptime(f"{label} {day[0]}", "%d %b %Y")]
        assert any(clocks[0] <= one <= clocks[-1] for one in told), (zone, axis, label)


@pytest.mark.parametrize("zone", ["Europe/Amsterdam"], indirect=True)
def test_what_a_clock_leaves_out_is_not_on_the_axis(zone: str) -> None:
    one = round(datetime(2026, 3, 29, 0, tzinfo=UTC).timestamp() * 1000)  # an hour before it is put forward
    assert span(one, one + 2 * HOUR, 60).split() == ["01:00", "01:30", "03:00", "03:30", "04:00"], zone
    assert span(one - HOUR, one + 5 * HOUR, 60).split() == ["29", "Mar", "04:00", "06:00"]


LABEL = r"\d\d:\d\d(:\d\d)?|\d\d [A-Z][a-z][a-z]|[A-Z][a-z][a-z]|\d{4}"


@given(st.integers(0, 4_000_000_000_000), st.integers(1, 100) | st.integers(1, 200_000_000_000), st.integers(8, 200))
def test_an_axis_says_something_and_one_moment_is_apart_from_the_next(since: int, length: int, cells: int) -> None:
    axis = span(since, since + length, cells)
    assert wcswidth(axis) == cells
    assert re.fullmatch(rf" *(({LABEL})( +({LABEL}))*)? *", axis)
    if length > 2000:
        assert axis.strip()


# The terminal


@pytest.mark.parametrize(
    ("environment", "poor"),
    [
        ({"TERM": "linux"}, True),
        ({"TERM": "linux-16color"}, True),
        ({"TERM": "vt220"}, True),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "screen.linux"}, False),
        ({"TERM": "tmux-256color"}, False),
        ({}, False),
    ],
)
def test_terminals_without_blocks_are_known(environment: dict[str, str], poor: bool) -> None:
    assert ascii_only(environment) is poor
