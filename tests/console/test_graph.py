"""Sparklines and graphs, as they look and as they may never look."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from wcwidth import wcswidth

from ringfence.console.graph import Points, frame, graph, said, scaled, span, spark

BLOCKS = "▁▂▃▄▅▆▇█"
MINUTE, HOUR = 60_000, 3_600_000
MORNING = round(datetime(2026, 11, 28, 6, tzinfo=UTC).timestamp() * 1000)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-3, 3).map(float)
WINDOWS = st.tuples(st.integers(-5, 500), st.integers(0, 500))
SIZES = st.integers(0, 24)


@st.composite
def series(draw: st.DrawFn, numbers: st.SearchStrategy[float] = NUMBERS) -> Points:
    moments = sorted(draw(st.sets(st.integers(0, 500), max_size=40)))
    return [(at, draw(numbers)) for at in moments]


def regular(values: list[float], *, every: int = 1, since: int = 0) -> list[tuple[int, float]]:
    return [(since + every * index, value) for index, value in enumerate(values)]


def dots_of(lines: list[str]) -> list[set[int]]:
    """Which dots are set in each column of a graph of braille, counted from the bottom."""
    columns: list[set[int]] = [set() for _ in range(2 * len(lines[0]))]
    for row, line in enumerate(reversed(lines)):
        for cell, glyph in enumerate(line):
            code = 0 if glyph == " " else ord(glyph) - 0x2800
            assert 0 <= code < 256
            for side, weights in enumerate(((64, 4, 2, 1), (128, 32, 16, 8))):
                columns[2 * cell + side] |= {4 * row + dot for dot, weight in enumerate(weights) if code & weight}
    return columns


def exact_step(value: float, low: float, high: float, steps: int) -> int:
    if low == high:
        return (steps - 1) // 2
    return round((Fraction(value) - Fraction(low)) / (Fraction(high) - Fraction(low)) * (steps - 1))


# What all have in common


@given(series(), SIZES, SIZES, WINDOWS, NUMBERS | st.none(), st.booleans())
def test_everything_is_as_wide_as_it_was_asked_for(
    points: Points, width: int, height: int, window: tuple[int, int], limit: float | None, ascii: bool
) -> None:
    since, until = window
    drawn = graph(points, width, height, since, until, limit=limit, ascii=ascii)
    framed = frame(points, width, height, since, until, limit=limit, ascii=ascii)
    row = spark(points, width, since, until, ascii=ascii)
    assert (len(drawn), len(framed)) == (height, height + 1)
    for line in (row, *drawn, *framed, span(since, until, width)):
        assert wcswidth(line) == width
        assert not ascii or (line.isascii() and line.isprintable())


@given(series(), WINDOWS, st.booleans())
def test_points_outside_of_the_window_change_nothing(points: Points, window: tuple[int, int], ascii: bool) -> None:
    since, until = window
    inside = [point for point in points if since <= point[0] <= until]
    assert spark(points, 9, since, until, ascii=ascii) == spark(inside, 9, since, until, ascii=ascii)
    assert frame(points, 20, 3, since, until, ascii=ascii) == frame(inside, 20, 3, since, until, ascii=ascii)


def test_nothing_is_blank() -> None:
    assert spark([], 5, 0, 100, ascii=False) == "     "
    assert spark([(5, 1.0)], 5, 5, 5, ascii=False) == "     ", "a window without a length"
    assert graph([], 3, 2, 0, 100, limit=1.0, ascii=False) == ["   ", "   "]
    assert graph([(5, 1.0)], 3, 1, 9, 2, ascii=False) == ["   "], "one that ends before it begins"
    assert scaled([]) is None


# Sparklines


def test_a_spark_is_as_it_looks() -> None:
    cold_room = [3.2, 3.1, 2.9, 2.9, 3.0, 3.6, 4.1, 4.0, 3.3, 2.9, 3.0, 3.4, 3.9, 5.6, 6.5, 7.7, 8.8, 9.1]
    points = regular(cold_room, every=20 * MINUTE, since=MORNING)
    assert spark(points, 18, MORNING, MORNING + 6 * HOUR, ascii=False) == "▁▁▁▁▁▂▂▂▁▁▁▂▂▄▅▆██"
    assert spark(points, 18, MORNING, MORNING + 6 * HOUR, ascii=True) == ".....:::...::=+*@@"
    assert spark(points, 9, MORNING, MORNING + 6 * HOUR, ascii=False) == "▁▁▁▂▁▁▃▆█"


@pytest.mark.parametrize("value", [0.0, -7.25, 0.1, 5e-324, 1.7976931348623157e308])
def test_what_stays_level_is_a_line_half_way_up(value: float) -> None:
    points = regular([value] * 50)
    assert spark(points, 7, 0, 49, ascii=False) == "▄▄▄▄▄▄▄", "its cells hold different numbers of points"
    assert spark(points, 7, 0, 49, ascii=True) == "======="
    assert graph(points, 4, 1, 0, 49, ascii=False) == ["⠤⠤⠤⠤"]
    assert graph(points, 4, 1, 0, 49, ascii=True) == ["----"]


def test_means_that_differ_by_rounding_alone_are_level() -> None:
    points = [point for cell in range(3) for point in regular([0.6, 0.6, 0.1] * (cell + 1), since=cell * 10)]
    assert spark(points, 3, 0, 30, ascii=False) == "▄▄▄"


def test_a_single_point_is_where_it_is() -> None:
    assert spark([(0, 4.0)], 5, 0, 100, ascii=False) == "▄    "
    assert spark([(59, 4.0)], 5, 0, 100, ascii=False) == "  ▄  "
    assert spark([(60, 4.0)], 5, 0, 100, ascii=False) == "   ▄ "
    assert spark([(100, 4.0)], 5, 0, 100, ascii=False) == "    ▄", "the moment that ends the window is in it"
    assert graph([(100, 4.0)], 2, 1, 0, 100, ascii=False) == [" ⠠"]


def test_a_value_is_held_between_points_that_are_as_far_apart_as_ever() -> None:
    hourly = regular([1.0, 8.0, 1.0, 8.0], every=HOUR)
    assert spark(hourly, 12, 0, 4 * HOUR, ascii=False) == "▁▁▁███▁▁▁███"
    late = [(0, 1.0), (HOUR, 8.0), (2 * HOUR + 25 * MINUTE, 1.0), (3 * HOUR, 8.0)]
    assert spark(late, 24, 0, 4 * HOUR, ascii=False) == "▁▁▁▁▁▁████████▁▁▁▁██████"


def test_a_missing_point_is_a_gap_behind_the_usual_distance() -> None:
    points = [(at, 3.0) for at in range(0, 12 * HOUR, HOUR) if at not in (4 * HOUR, 8 * HOUR, 9 * HOUR)]
    assert spark(points, 36, 0, 12 * HOUR, ascii=False) == "▄" * 12 + " " * 3 + "▄" * 9 + " " * 6 + "▄" * 6


def test_a_series_that_ends_is_blank_from_then_on() -> None:
    assert spark(regular([1.0, 2.0, 3.0], every=10), 10, 0, 100, ascii=False) == "▁▅█       "


def rough_spark(points: Points, cells: int, since: int, until: int) -> str:
    """The same with sums of fractions, cell by cell and point by point."""
    inside = [(at, Fraction(value)) for at, value in points if since <= at <= until]
    apart = sorted(later[0] - earlier[0] for earlier, later in pairwise(inside))
    usual = apart[3 * (len(apart) - 1) // 4] if apart else 0
    shown: list[Fraction | None] = []
    for cell in range(cells):
        own = [value for at, value in inside if min((at - since) * cells // (until - since), cells - 1) == cell]
        if own:
            shown.append(sum(own, Fraction(0)) / len(own))
            continue
        middle = since + Fraction((until - since) * (2 * cell + 1), 2 * cells)
        before = [point for point in inside if point[0] < middle]
        behind = [point for point in inside if point[0] > middle]
        joined = before and behind and behind[0][0] - before[-1][0] <= Fraction(3, 2) * usual
        shown.append(before[-1][1] if before and (joined or middle - before[-1][0] <= usual) else None)
    means = [value for value in shown if value is not None]
    if not means:
        return " " * cells
    low, high = min(means), max(means)
    rounded = [4 if low == high else 1 + round((value - low) / (high - low) * 7) for value in means]
    heights = iter(rounded)
    return "".join(" " if value is None else BLOCKS[next(heights) - 1] for value in shown)


@given(series(st.integers(-50, 50).map(lambda n: n * 64.0)), st.integers(1, 24), WINDOWS)
def test_a_spark_is_what_it_says(points: Points, cells: int, window: tuple[int, int]) -> None:
    since, until = window
    assume(since < until)
    drawn, wanted = spark(points, cells, since, until, ascii=False), rough_spark(points, cells, since, until)
    assert [one == " " for one in drawn] == [one == " " for one in wanted]
    for one, other in zip(drawn, wanted, strict=True):
        # A mean that is half way from one block to the next may be rounded to either.
        assert one == other or abs(BLOCKS.index(one) - BLOCKS.index(other)) <= 1


@given(st.lists(NUMBERS, min_size=2, max_size=24))
def test_lowest_and_highest_reach_the_ends(values: list[float]) -> None:
    low, high = min(values), max(values)
    assume(high - low > 8 * math.ulp(max(abs(low), abs(high))))
    points = regular(values)
    drawn = spark(points, len(values), 0, len(values), ascii=False)
    assert drawn[values.index(low)] == "▁"
    assert drawn[values.index(high)] == "█"
    columns = dots_of(graph(points, len(values), 3, 0, len(values), ascii=False))
    assert 0 in columns[2 * values.index(low)]
    assert 11 in columns[2 * values.index(high)]


@given(st.lists(NUMBERS, min_size=1, max_size=60).map(sorted), st.integers(1, 20))
def test_what_only_rises_is_drawn_rising(values: list[float], cells: int) -> None:
    points = regular(values)
    for ascii, ramp in ((False, BLOCKS), (True, ".:-=+*#@")):
        heights = [ramp.index(one) for one in spark(points, cells, 0, len(values), ascii=ascii) if one != " "]
        assert heights == sorted(heights)
    columns = [column for column in dots_of(graph(points, cells, 3, 0, len(values), ascii=False)) if column]
    for left, right in pairwise(columns):
        assert min(left) <= min(right)
        assert max(left) <= max(right)


# Graphs


def test_a_graph_is_as_it_looks() -> None:
    values = [2.9 + 3.1 * (1 + math.sin(index / 9)) for index in range(120)]
    points = regular(values, every=MINUTE)
    assert graph(points, 30, 4, 0, 2 * HOUR, ascii=False) == [
        " ⢠⠞⠉⠑⢄         ⢀⠖⠉⠑⢦         ⢀",
        "⡰⠁    ⠣⡀      ⡰⠃    ⠱⡀      ⢠⠋",
        "       ⠱⡀    ⡴⠁      ⠙⡄    ⡰⠁ ",
        "        ⠘⠦⣀⡠⠎         ⠈⠢⣀⣠⠞⠁  ",
    ]
    assert graph(points, 30, 4, 0, 2 * HOUR, ascii=True) == [
        " .|'||         .|'||         .",
        "|'    |.      |'    |.      ||",
        "       |.    |'      ||    |' ",
        "        '|.||         '|.||   ",
    ]


def test_steps_are_joined_and_gaps_are_open_and_a_limit_is_dotted() -> None:
    values = [1.0, 1.0, 1.0, 9.0, 9.0, 9.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 9.0, 9.0, 9.0, 9.0]
    points = [point for point in regular(values) if not 7 <= point[0] <= 10]
    assert graph(points, 8, 2, 0, 16, ascii=False) == [
        " ⡸⢹  ⢀⠏⠉",
        "⣀⡇⠈⡆ ⢸  ",
    ]
    assert graph(points, 8, 2, 0, 16, limit=5.0, ascii=False) == [
        "⡀⡸⣹⡀⡀⣀⡏⡉",
        "⣀⡇⠈⡆ ⢸  ",
    ]
    assert graph(points, 16, 2, 0, 16, ascii=True) == [
        "   |'|      |'''",
        "..|   |    |    ",
    ]
    assert graph(points, 16, 2, 0, 16, limit=5.0, ascii=True) == [
        "   |'|      |'''",
        ":.| ' | ' '|' ' ",
    ]


def test_a_limit_beyond_what_was_measured_is_not_drawn() -> None:
    points = regular([1.0, 2.0, 3.0, 4.0])
    plain = graph(points, 4, 2, 0, 4, ascii=False)
    for limit in (0.9, 4.1, -1e308, 1e308):
        assert graph(points, 4, 2, 0, 4, limit=limit, ascii=False) == plain
    for limit in (1.0, 2.5, 4.0):
        assert graph(points, 4, 2, 0, 4, limit=limit, ascii=False) != plain


@given(series(), st.integers(1, 20), st.integers(1, 6), WINDOWS)
def test_a_column_shows_every_point_of_its_span(
    points: Points, width: int, height: int, window: tuple[int, int]
) -> None:
    since, until = window
    inside = [point for point in points if since <= point[0] <= until]
    assume(since < until and inside)
    columns = dots_of(graph(points, width, height, since, until, ascii=False))
    low, high = min(value for _, value in inside), max(value for _, value in inside)
    for at, value in inside:
        column = min((at - since) * 2 * width // (until - since), 2 * width - 1)
        # A value that is half way from one dot to the next may be rounded to either.
        assert any(abs(dot - exact_step(value, low, high, 4 * height)) <= (low != high) for dot in columns[column])


@given(series(), st.integers(1, 20), WINDOWS)
def test_a_line_is_whole_between_points_and_open_where_there_is_a_gap(
    points: Points, width: int, window: tuple[int, int]
) -> None:
    since, until = window
    inside = [at for at, _ in points if since <= at <= until]
    assume(since < until and inside)
    columns = dots_of(graph(points, width, 3, since, until, ascii=False))
    apart = sorted(later - earlier for earlier, later in pairwise(inside))
    reach = Fraction(3, 2) * apart[3 * (len(apart) - 1) // 4] if apart else 0
    where = [min((at - since) * 2 * width // (until - since), 2 * width - 1) for at in inside]
    wanted = set(where)
    for (left, first), (right, second) in pairwise(zip(where, inside, strict=True)):
        if right - left <= 1 or second - first <= reach:
            wanted |= set(range(left, right))
            for one, other in pairwise(columns[left : right + 1]):
                assert min(abs(dot - beside) for dot in one for beside in other) <= 1
    assert {column for column, dots in enumerate(columns) if dots} == wanted


def test_a_line_between_two_points_is_thin() -> None:
    """One dot a column where it is flat, and never more than its slope."""
    columns = dots_of(graph([(0, 0.0), (100, 1.0)], 20, 2, 0, 100, ascii=False))
    assert [len(dots) for dots in columns] == [1] * 40
    steep = dots_of(graph([(0, 1.0), (100, 0.0)], 2, 4, 0, 100, ascii=False))
    assert sorted(dot for dots in steep for dot in dots) == list(range(16))


def test_a_frame_has_its_values_at_the_left_and_its_moments_below() -> None:
    points = regular([2.9, 3.5, 9.1, 8.8, 4.2, -120.5], every=HOUR, since=MORNING)
    assert frame(points, 40, 3, MORNING, MORNING + 6 * HOUR, ascii=False) == [
        "   9.1 ⠒⠒⠒⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠱⢄         ",
        "                              ⠈⠱⢄       ",
        "-120.5                          ⠈⠱⢄     ",
        "       06:00    08:00      10:00   12:00",
    ]
    level = regular([5.0] * 7, every=HOUR, since=MORNING)
    assert frame(level, 12, 3, MORNING, MORNING + 6 * HOUR, ascii=True) == [
        "            ",
        "5 ----------",
        "            ",
        "       12:00",
    ]
    assert frame([], 12, 1, MORNING, MORNING + 6 * HOUR, ascii=True) == ["            ", "06:00  12:00"]


@given(NUMBERS, st.integers(1, 8), st.booleans())
def test_the_value_of_a_level_series_stands_beside_its_line(value: float, height: int, ascii: bool) -> None:
    lines = frame([(0, value), (MINUTE, value)], 30, height, 0, MINUTE, ascii=ascii)[:-1]
    (drawn,) = [line for line in lines if line.strip()]
    assert drawn.startswith(f"{said(value)} ")
    assert drawn.removeprefix(f"{said(value)} ").strip()


# Bars
