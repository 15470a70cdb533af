"""The matrix of options: what is found in it, how it is laid out, and where the cursor goes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.console import settle
from support.matrix import BASE, HELD, KEYS, SECTIONS, Host, shown

from ringfence.console.widgets.matrix_layout import share_out


async def test_finding_jumps_as_one_types() -> None:
    async with shown() as hands:
        await hands.press("slash")
        assert hands.subtitle == "/▏ type to find"
        await hands.type("dele")
        assert hands.matrix.is_finding
        assert hands.at == "Devices.Delete"
        assert hands.subtitle == "/dele▏ 1 of 4"
        await hands.press("enter")
        assert hands.at == "Alarms.Delete"
        await hands.press("down", "down", "down")
        assert hands.at == "Devices.Delete", "round the end"
        await hands.press("up")
        assert hands.at == "Users.Delete"
        assert hands.matrix.held == HELD
        await hands.press("escape")
        assert not hands.matrix.is_finding
        assert hands.app.gone_back == 0
        assert hands.at == "Users.Delete"
        await hands.press("n")
        assert hands.at == "Devices.Delete"
        await hands.press("N", "space")
        assert hands.matrix.held == HELD | {"Users.Delete"}
        await hands.press("escape")
        assert hands.app.gone_back == 1, "only the search takes the key"


async def test_finding_goes_back_when_letters_are_taken_back() -> None:
    async with shown() as hands:
        await hands.press("slash")
        await hands.type("users")
        assert hands.at == "Users"
        await hands.type("x[")
        assert hands.subtitle == "/usersx[▏ not found"
        assert hands.at == "Tokens.Manage", "where it began"
        await hands.press("backspace", "backspace")
        assert hands.at == "Users"
        await hands.press("right")
        assert not hands.matrix.is_finding, "any other key ends it"


async def test_finding_unfolds() -> None:
    async with shown() as hands:
        await hands.press("Z", "slash")
        await hands.type("mer")
        assert hands.at == "Tickets.Merge"
        assert "[ ] Merge" in hands.text
        assert "▸ Devices" in hands.text


async def test_the_key_bar_tells_what_keys_do_while_finding() -> None:
    async with shown() as hands:
        assert "Space toggle" in hands.lines[-1]
        await hands.press("slash")
        assert "Enter next" in hands.lines[-1]
        assert "toggle" not in hands.lines[-1]


@pytest.mark.parametrize(("width", "columns"), [(120, 3), (80, 2), (40, 1)])
async def test_as_many_columns_as_fit(width: int, columns: int) -> None:
    async with shown(size=(width, 40)) as hands:
        assert hands.matrix.columns == columns
        headings = [sum(line.count(sign) for sign in "▾▸") for line in hands.lines]
        assert max(headings) == columns
        rule = next(line for line in hands.lines if "── Administration ──" in line)
        assert rule.rstrip("│ ").endswith("─" * 3)
        assert len(rule.rstrip("│ ")) >= width - 3
        assert all(label in hands.text for label in ("Tokens", "Manage", "Policies", "Audit", "View"))


async def test_the_cursor_is_seen_without_colours() -> None:
    async with shown(size=(120, 40)) as hands:
        for keys in ((), ("down",), ("right",), ("end",)):
            await hands.press(*keys)
            assert hands.text.count("▌") == 1
        line = next(line for line in hands.lines if "▌" in line)
        assert line[line.index("▌") :].startswith("▌  [ ] View")


@pytest.mark.parametrize("size", [(120, 12), (80, 12), (40, 12)])
async def test_every_option_can_be_reached(size: tuple[int, int]) -> None:
    async with shown(size=size) as hands:
        places = set()
        for column in range(hands.matrix.columns):
            await hands.press("home", *["right"] * column)
            for _ in range(40):
                places.add(hands.at)
                assert "▌" in hands.text, "the cursor is on screen"
                await hands.press("j")
        assert places == KEYS | {each.heading for each in SECTIONS}


async def test_across_goes_to_the_nearest_line() -> None:
    async with shown(size=(120, 40)) as hands:
        await hands.press("l")
        assert hands.at == "Alarms.Clear"
        await hands.press("k", "h")
        assert hands.at == "Tokens"
        await hands.press("h")
        assert hands.at == "Tokens", "there is nothing further left"


async def test_the_view_follows_the_cursor() -> None:
    async with shown(size=(40, 14)) as hands:
        assert "Administration" not in hands.text.splitlines()[1]
        await hands.press("end")
        assert hands.at == "Audit.View"
        assert "[ ] View" in hands.text
        await hands.press("home")
        assert hands.matrix.top == 0
        seen = []
        for _ in range(4):
            await hands.press("pagedown")
            seen.append(hands.matrix._stops[hands.matrix._at].row)
        assert all(later > earlier for earlier, later in pairwise(seen[:3]))
        await hands.press("end", "pageup", "up", "up")
        assert "▌" in hands.text


async def test_an_option_whose_heading_is_out_of_sight_says_it() -> None:
    async with shown(size=(40, 8)) as hands:
        await hands.go("Devices.List")
        assert "· Devices" in hands.lines[1]


async def test_folding() -> None:
    async with shown(Host(base=BASE)) as hands:
        await hands.go("Devices.Create")
        await hands.press("z")
        assert hands.at == "Devices"
        assert "▸ Devices 2/5 +1" in hands.text
        assert "Tools" not in hands.text
        await hands.press("s")
        assert "▸ Devices 4/5" in hands.text, "a folded section can be switched"
        hands.matrix.set_sections(SECTIONS, HELD)
        await hands.press("down")
        assert "▸ Devices 2/5" in hands.text
        await hands.press("up", "z")
        assert "[x] Tools" in hands.text
        await hands.press("Z")
        assert "[" not in hands.text
        await hands.press("Z")
        assert "[x] Tools" in hands.text


async def test_the_cursor_stays_on_its_option() -> None:
    async with shown() as hands:
        await hands.go("Alarms.Create")
        hands.matrix.set_sections(SECTIONS[2:], HELD)
        assert hands.at == "Alarms.Create"
        await hands.pilot.resize_terminal(40, 20)
        await settle(hands.app, hands.pilot)
        assert hands.at == "Alarms.Create"
        assert "▌" in hands.text
        hands.matrix.set_sections((), frozenset())
        await settle(hands.app, hands.pilot)
        assert hands.matrix.current is None
        assert "Nothing here." in hands.text


@given(st.lists(st.integers(1, 12), max_size=9), st.integers(1, 4))
def test_columns_are_as_low_as_can_be(heights: list[int], columns: int) -> None:
    placed = share_out(heights, columns)
    assert len(placed) == len(heights)
    assert placed == sorted(placed)
    assert set(placed) == set(range(min(columns, len(heights)))), "no column is left empty"

    def tallest(ends: Sequence[int]) -> int:
        cuts = [0, *ends, len(heights)]
        return max((sum(heights[a:b]) + b - a - 1 for a, b in pairwise(cuts) if b > a), default=0)

    def cuts(first: int, left: int) -> list[tuple[int, ...]]:
        if not left:
            return [()]
        return [(cut, *more) for cut in range(first, len(heights) + 1) for more in cuts(cut, left - 1)]

    mine = [sum(column <= each for column in placed) for each in range(columns - 1)]
    assert tallest(mine) == min(tallest(ends) for ends in cuts(0, columns - 1))
