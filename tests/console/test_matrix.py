"""The matrix of options: what keys do to the set that is held, and how it is laid out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.console import drawn, press, send, settle
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.pilot import Pilot

from ringfence.console.widgets.key_bar import KeyBar
from ringfence.console.widgets.matrix import PermissionMatrix
from ringfence.console.widgets.matrix_layout import share_out
from ringfence.console.widgets.matrix_view import Option, Section

ALONE = "only with all customers"


def section(heading: str, *labels: str, part: str = "", blocked: Sequence[str] = ()) -> Section:
    """A section whose keys are `heading.label`."""
    options = (Option(f"{heading}.{label}", label, ALONE if label in blocked else "") for label in labels)
    return Section(heading, tuple(options), part)


SECTIONS = (
    section("Tokens", "Manage"),
    section("Devices", "Tools", "Create", "Delete", "Edit", "List", blocked=["Delete"]),
    section("Alarms", "Clear", "Create", "Delete"),
    section("Tickets", "Create", "Delete", "Merge", "List"),
    section("Users", "List", "Create", "Delete", part="Administration"),
    section("Policies", "Edit", part="Administration", blocked=["Edit"]),
    section("Audit", "View", part="Administration"),
)
KEYS = frozenset(option.key for each in SECTIONS for option in each.options)
HELD = frozenset({"Devices.Tools", "Devices.List", "Alarms.Clear", "Users.List"})
BASE = HELD - {"Devices.Tools"} | {"Tickets.Merge", "Users.Create"}


class Host(App[None]):
    """A matrix alone, and what it has told."""

    BINDINGS = [Binding("escape", "back", "back"), Binding("e", "edit", "edit")]

    def __init__(
        self,
        sections: Sequence[Section] = SECTIONS,
        held: frozenset[str] = HELD,
        base: frozenset[str] | None = None,
        read_only: str = "",
    ) -> None:
        super().__init__()
        self.matrix = PermissionMatrix()
        self.given = (sections, held, base, read_only)
        self.told: list[Message] = []
        self.gone_back = 0

    def compose(self) -> ComposeResult:
        yield self.matrix
        yield KeyBar()

    def on_mount(self) -> None:
        self.matrix.set_sections(*self.given)
        self.matrix.focus()

    def on_permission_matrix_changed(self, event: PermissionMatrix.Changed) -> None:
        self.told.append(event)

    def on_permission_matrix_refused(self, event: PermissionMatrix.Refused) -> None:
        self.told.append(event)

    def on_permission_matrix_highlighted(self, event: PermissionMatrix.Highlighted) -> None:
        self.told.append(event)

    def action_back(self) -> None:
        self.gone_back += 1

    def action_edit(self) -> None:
        raise AssertionError("typed into the search, and reached the application")


class Hands:
    """A matrix under the hands of a test."""

    def __init__(self, app: Host, pilot: Pilot[Any]) -> None:
        self.app, self.pilot, self.matrix = app, pilot, app.matrix

    async def press(self, *keys: str) -> None:
        await press(self.pilot, *keys)

    async def type(self, text: str) -> None:
        send(self.app, *text)
        await settle(self.app, self.pilot)

    async def go(self, at: str) -> None:
        """Puts the cursor on an option or a heading, by keys."""
        await self.press("home")
        for _ in range(60):
            if self.at == at:
                return
            before = self.at
            await self.press("down")
            if self.at == before:  # the column's end: on from the top of the next one
                await self.press("right", *["up"] * 30)
        raise AssertionError(f"{at} cannot be reached")

    @property
    def at(self) -> str:
        current = self.matrix.current
        return "" if current is None else current[1].key if current[1] else current[0].heading

    @property
    def lines(self) -> list[str]:
        return drawn(self.app)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def subtitle(self) -> str:
        return self.matrix._subtitle

    def told(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.app.told if type(message) is kind]

    @property
    def reasons(self) -> list[str]:
        return [message.reason for message in self.told(PermissionMatrix.Refused)]


@asynccontextmanager
async def shown(app: Host | None = None, size: tuple[int, int] = (80, 40)) -> AsyncIterator[Hands]:
    app = app or Host()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        yield Hands(app, pilot)


# Switching


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


# Differences


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


# Finding


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


# Layout


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


# Any keys


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
