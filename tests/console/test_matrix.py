"""The matrix of options: what keys do to the set that is held."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from support.matrix import ALONE, BASE, HELD, KEYS, SECTIONS, Host, shown

from ringfence.console.widgets.matrix import PermissionMatrix
from ringfence.console.widgets.matrix_view import Option, Section


async def test_an_option_is_switched_by_space_and_not_by_enter() -> None:
    async with shown() as hands:
        assert hands.at == "Tokens.Manage"
        await hands.press("space")
        assert hands.matrix.held == HELD | {"Tokens.Manage"}
        assert "[x] Manage" in hands.text
        assert "Tokens 1/1" in hands.text
        await hands.press("enter")
        assert hands.matrix.held == HELD | {"Tokens.Manage"}, "Enter only goes on"
        assert hands.at != "Tokens.Manage"
        await hands.press("up", "space")
        assert hands.matrix.held == HELD
        assert [message.held for message in hands.told(PermissionMatrix.Changed)] == [HELD | {"Tokens.Manage"}, HELD]


async def test_a_section_is_switched_on_unless_all_that_can_be_are() -> None:
    async with shown() as hands:
        await hands.go("Devices.Tools")
        await hands.press("s")
        on = HELD | {f"Devices.{label}" for label in ("Tools", "Create", "Edit", "List")}
        assert hands.matrix.held == on, "all but the one that is blocked"
        await hands.press("up", "space")
        assert hands.at == "Devices"
        assert hands.matrix.held == on - {key for key in on if key.startswith("Devices.")}
        assert hands.reasons == []


async def test_all_is_all_that_is_not_blocked() -> None:
    held = HELD | {"Policies.Edit"}
    async with shown(Host(held=held)) as hands:
        await hands.press("A")
        assert hands.matrix.held == KEYS - {"Devices.Delete"}
        await hands.press("A")
        assert hands.matrix.held == {"Policies.Edit"}, "what is blocked stays as it is"


async def test_what_is_blocked_is_refused_but_can_be_taken_away() -> None:
    async with shown(Host(held=HELD | {"Policies.Edit"})) as hands:
        assert "[·] Delete" in hands.text
        assert "[x] Edit !" in hands.text
        await hands.go("Devices.Delete")
        await hands.press("space")
        assert hands.matrix.held == HELD | {"Policies.Edit"}
        await hands.go("Policies.Edit")
        await hands.press("s")
        assert hands.reasons == [ALONE, ALONE], "a section of which nothing can be switched says why"
        await hands.press("space", "space")
        assert hands.matrix.held == HELD
        assert hands.reasons == [ALONE] * 3


async def test_read_only_refuses_everything() -> None:
    async with shown(Host(read_only="You may only look.")) as hands:
        await hands.press("space", "s", "A", "up", "space")
        assert hands.matrix.held == HELD
        assert hands.reasons == ["You may only look."] * 4
        assert not hands.told(PermissionMatrix.Changed)


async def test_keys_that_are_not_shown_stay_held() -> None:
    async with shown(Host(held=HELD | {"later.option"})) as hands:
        await hands.press("A", "A")
        assert hands.matrix.held == {"later.option"}
        assert hands.subtitle == "0 of 13 · 0 of 5 administration"


async def test_differences_are_marked_and_shown_alone() -> None:
    async with shown(Host(base=BASE)) as hands:
        assert "+ [x] Tools" in hands.text
        assert "- [ ] Merge" in hands.text
        await hands.press("d")
        assert hands.matrix.differs_only
        assert "Alarms" not in hands.text
        assert hands.text.count("] ") == 3
        assert hands.subtitle == "3 differ · 3 of 13 · 1 of 5 administration"
        await hands.go("Devices.Tools")
        await hands.press("space")
        assert "[ ] Tools" in hands.text, "what is switched stays in view"
        assert hands.subtitle.startswith("2 differ")
        await hands.press("A")
        assert hands.matrix.held == HELD | {"Tickets.Merge", "Users.Create"}, "nothing out of sight is switched"
        await hands.press("d")
        assert "Alarms 1/3" in hands.text
        assert hands.at == "Devices.Tools"


async def test_nothing_differs() -> None:
    async with shown(Host(base=HELD)) as hands:
        await hands.press("d")
        assert "Nothing differs. d shows everything." in hands.text
        await hands.press("space", "s", "A", "down", "right", "pagedown", "end", "z", "Z", "slash", "n")
        assert hands.matrix.current is None
        assert hands.matrix.held == HELD
        await hands.press("d")
        assert hands.matrix.current is not None


async def test_without_a_base_there_is_no_key_for_differences() -> None:
    async with shown() as hands:
        assert "differences" not in hands.lines[-1]
        await hands.press("d")
        assert not hands.matrix.differs_only
        hands.matrix.set_sections(SECTIONS, HELD, BASE)
        await hands.press("d")
        assert "differences" in hands.lines[-1]
        hands.matrix.set_sections(SECTIONS, HELD)
        assert not hands.matrix.differs_only


async def test_what_is_under_the_cursor_is_told() -> None:
    async with shown() as hands:
        await hands.press("up")
        told = [(each.section.heading, each.option and each.option.label) for each in hands.told(HIGHLIGHTED)]
        assert told == [("Tokens", "Manage"), ("Tokens", None)]


HIGHLIGHTED = PermissionMatrix.Highlighted


async def test_labels_are_drawn_literally() -> None:
    hostile = Section("[red]H\x1b]0;x\x07", (Option("a", "[/bold] \x1b[31m\u202e"), Option("b", "界" * 80)), "P[b]\x07")
    for width in (120, 40, 12, 5):
        async with shown(Host((hostile,), frozenset("a")), (width, 10)) as hands:
            assert not any(character in hands.text for character in "\x1b\x07\u202e")
            if width > 40:
                assert "▾ [red]H␛]0;x␇ 1/2" in hands.text
                assert "[x] [/bold] ␛[31m⟨RLO⟩" in hands.text
                await hands.press("slash")
                await hands.type("[/")
                assert hands.at == "a"


async def test_a_click_moves_and_a_second_one_switches() -> None:
    async with shown() as hands:
        line = next(n for n, text in enumerate(hands.lines) if "Merge" in text)
        place = (hands.lines[line].index("Merge"), line)
        await hands.pilot.click(offset=place)
        assert hands.at == "Tickets.Merge"
        assert hands.matrix.held == HELD
        await hands.pilot.click(offset=place, times=2)
        assert hands.matrix.held == HELD | {"Tickets.Merge"}


MOVES = [
    "up",
    "down",
    "left",
    "right",
    "h",
    "j",
    "k",
    "l",
    "home",
    "end",
    "pageup",
    "pagedown",
    "z",
    "Z",
    "n",
    "N",
    "enter",
]


DOES = ["space", "s", "A", "d"]


def switched(held: frozenset[str], options: Sequence[Option]) -> frozenset[str]:
    """The plain model of `s` and `A`."""
    free = {option.key for option in options if not option.blocked}
    return held - free if free <= held else held | free


async def walk(keys: Sequence[str], held: frozenset[str], size: tuple[int, int]) -> None:
    async with shown(Host(held=held, base=BASE), size) as hands:
        matrix = hands.matrix
        only: frozenset[str] | None = None
        for key in keys:
            current = matrix.current
            visible = [o for each in SECTIONS for o in each.options if only is None or o.key in only]
            await hands.press(key)
            if key == "d":
                only = (held ^ BASE) & KEYS if only is None else None
            elif key == "A":
                held = switched(held, visible)
            elif current is not None and key in DOES:
                of, option = current
                if key == "s" or option is None:
                    held = switched(held, [o for o in of.options if o in visible])
                elif option.key in held or not option.blocked:
                    held ^= {option.key}
            assert matrix.held == held
            assert matrix.differs_only == (only is not None)
            assert (matrix.current is None) == (only == frozenset())
            assert hands.text.count("▌") == (matrix.current is not None), "the cursor is always on screen"
        told = [each.held for each in hands.told(PermissionMatrix.Changed)]
        assert not told or told[-1] == held
        assert all(before != after for before, after in pairwise(told))


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.sampled_from(MOVES) | st.sampled_from(DOES), min_size=5, max_size=30),
    st.frozensets(st.sampled_from(sorted(KEYS))),
    st.sampled_from([(120, 12), (80, 24), (40, 10)]),
)
def test_any_keys_do_what_the_plain_model_does(keys: list[str], held: frozenset[str], size: tuple[int, int]) -> None:
    asyncio.run(walk(keys, held, size))
