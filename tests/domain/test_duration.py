"""Lengths of time, as they are typed and said."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.duration import MOST, read, said
from ringfence.domain.errors import RingfenceError

UNITS = {"w": 7 * 86_400, "d": 86_400, "h": 3_600, "m": 60, "s": 1}


@pytest.mark.parametrize(
    ("typed", "seconds", "again"),
    [
        ("90s", 90, "1m30s"),
        ("5m", 300, "5m"),
        ("1h30m", 5_400, "1h30m"),
        ("90m", 5_400, "1h30m"),
        ("1h90m", 9_000, "2h30m"),
        ("2d", 172_800, "2d"),
        ("2w", 1_209_600, "14d"),
        ("1w1d1h1m1s", 694_861, "8d1h1m1s"),
        ("0s", 0, "0s"),
        ("0d0s", 0, "0s"),
        ("007m", 420, "7m"),
        ("1h 30 m", 5_400, "1h30m"),
        ("366d", MOST, "366d"),
        ("31622400s", MOST, "366d"),
    ],
)
def test_what_is_typed_in_seconds_and_said_again(typed: str, seconds: int, again: str) -> None:
    assert read(typed) == seconds
    assert said(seconds) == again


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "0", "5", "m", "-5m", "+5m", "5M", "5 minutes", "1.5h", "1h30", "30m1h", "1m1m", "5ms", "5m,"),
        *(" 5m", "5m ", "1  h", "1h  5m", "5\u00a0m", "5m\n", "5m\x00", "٣m", "1e3s", "0x5m", "1y", "9999999999s"),
    ],
)
def test_what_is_no_duration_is_refused(typed: str) -> None:
    with pytest.raises(RingfenceError) as caught:
        read(typed)
    assert str(caught.value) == f"{typed!r} is no duration: write one like 90s, 5m, 1h30m or 2d"


def test_little_of_what_is_wrong_is_repeated() -> None:
    for wrong in ("x" * 100_000, "5m" * 100_000, "5m" + " " * 100_000 + "x", "1" * 100_000):
        with pytest.raises(RingfenceError, match="is no duration") as caught:
            read(wrong)
        assert len(str(caught.value)) < 90


def test_what_is_too_long_is_refused() -> None:
    for typed in ("31622401s", "366d1s", "53w", "999999999w"):
        with pytest.raises(RingfenceError, match=r"^a duration is at most 366d: type a shorter one$"):
            read(typed)
    with pytest.raises(RingfenceError, match=r"^a duration is at most 1d12h: type a shorter one$"):
        read("2d", most=129_600)
    assert read("53w", most=10**9) == 53 * 604_800


@given(st.integers(0, MOST) | st.integers(0, 10_000))
def test_what_is_said_is_read(seconds: int) -> None:
    """Each unit once, and none more often than the longer one before it has of it."""
    text = said(seconds)
    assert read(text) == seconds
    parts = re.findall(r"(\d+)([dhms])", text)
    assert "".join(number + unit for number, unit in parts) == text
    assert all(int(number) < {"d": 367, "h": 24, "m": 60, "s": 60}[unit] for number, unit in parts)
    assert text == "0s" or all(int(number) for number, _ in parts)


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from("wdhms")), min_size=1, max_size=5))
def test_units_go_down(parts: list[tuple[int, str]]) -> None:
    typed = "".join(f"{number}{unit}" for number, unit in parts)
    units = [UNITS[unit] for _, unit in parts]
    seconds = sum(number * UNITS[unit] for number, unit in parts)
    if units == sorted(set(units), reverse=True) and seconds <= MOST:
        assert read(typed) == seconds
    else:
        with pytest.raises(RingfenceError):
            read(typed)
