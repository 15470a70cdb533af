"""A key that is nothing here says so quietly, in the key bar; the next key takes it back."""

from __future__ import annotations

import pytest
from support.console import console_on, opened

from ringfence.console.commands.everywhere import leaves
from ringfence.console.screens.area import AreaScreen
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.widgets.key_bar import KeyBar
from ringfence.storage.engine import Database


@pytest.mark.parametrize(("keys", "said"), [("ctrl+q", "Ctrl+Q"), ("f10,ctrl+x", "F10"), ("ctrl+d", "Ctrl+D")])
def test_the_way_out_is_told_by_the_key_that_it_has(keys: str, said: str) -> None:
    assert leaves(keys) == f"{said} leaves the console"


@pytest.mark.parametrize(
    ("key", "name"), [("h", "h"), ("9", "9"), ("ctrl+x", "^x"), ("f7", "F7"), ("left", "←"), ("greater_than_sign", ">")]
)
async def test_it_says_so_until_the_next_key(key: str, name: str, demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("2")
        before = console.text
        await console.press(key)
        assert console.lines[-1].startswith(f" {name} does nothing here  ? help"), console.lines[-1]
        assert console.text.splitlines()[:-1] == before.splitlines()[:-1]
        assert console.toasts == []
        await console.press("up")
        assert console.text == before


async def test_what_a_field_or_a_dialog_takes_is_no_such_key(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("slash", "w", "q")
        assert "/wq" in console.lines[2]
        assert "does nothing" not in console.text
        await console.press("escape", "f2", "w")
        assert "does nothing" not in console.text
        await console.press("escape", "down", "m", "v")
        assert "does nothing" not in console.text
        assert console.toasts == []


async def test_it_says_so_in_a_form_too(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("3", "down", "e", "ctrl+x")
        assert console.lines[-1].startswith(" ^x does nothing here")
        await console.press("f2")
        assert console.lines[-1].startswith(" F2 user: go back from here first  (^s save)")
        await console.press("escape", "5", "enter", "f3")
        assert console.lines[-1].startswith(" F3 pair: go back from here first  ? help")


async def test_what_is_always_there(demo: Database) -> None:
    for login, wide, narrow in (
        ("h.devries", "F2 switch user  F3 side by side  ^p palette  ^q quit", "F2 user  F3 pair  ^p find  ^q quit"),
        ("olga", "F2 switch user  F3 side by side  ^p palette  ^q quit", "F2 user  F3 pair  ^p find  ^q quit"),
    ):
        async with opened(console_on(demo, login), (200, 24)) as console:
            for key in ("1", "2", "8"):
                await console.press(key)
                assert console.lines[-1].rstrip().endswith(wide)
                assert console.lines[-1].startswith(" ? help  / filter  ")
        async with opened(console_on(demo, login), (80, 24)) as console:
            for key in ("1", "2", "8"):
                await console.press(key)
                assert console.lines[-1].rstrip().endswith(narrow)


async def test_whoever_looks_through_nobodys_eyes_still_sees_f2(demo: Database) -> None:
    async with opened(console_on(demo, "m.claes", demo=False), (160, 24)) as console:
        assert "(F2 switch user)  (F3 side by side)  ^p palette  ^q quit" in console.lines[-1]


async def test_the_keys_are_those_of_the_focused_pane(demo: Database) -> None:
    async with opened(console_on(demo), (120, 24)) as console:
        await console.press("down")
        assert "x move" in console.lines[-1]
        assert "Space mark" not in console.lines[-1]
        await console.press("enter")
        assert "Space mark" in console.lines[-1]
        assert "x move" not in console.lines[-1]
        await console.press("escape", "home")
        assert "(D delete)" in console.lines[-1], "the provider itself is this row's reason"
        assert "put here" not in console.lines[-1], "nothing was taken up"


async def test_a_terminal_that_cannot_be_left_says_so(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("2", "ctrl+z")
        assert console.lines[-1].startswith(" Not suspended: this terminal knows no suspending  ? help")
        await console.press("f2", "ctrl+z")
        assert console.toasts == ["Not suspended: this terminal knows no suspending."]


async def test_the_bar_says_what_can_be_done_once_the_cursor_has_arrived_where_it_was(demo: Database) -> None:
    async with opened(console_on(demo), (120, 36)) as console:
        await console.press("down", "left_square_bracket")
        screen = console.app.screen
        assert isinstance(screen, CustomersScreen)
        before = console.lines[-1]
        assert "e edit" in before
        screen.go_to(screen.forest.selected_id or 0)
        screen.query_one(KeyBar).read_again()  # as the focus does that comes back
        await console.settle()
        assert console.lines[-1] == before


@pytest.mark.usefixtures("no_past")
async def test_the_bar_says_that_there_is_nothing_to_export_once_that_is_known(demo: Database) -> None:
    async with opened(console_on(demo), (120, 36)) as console:
        await console.press("8")
        screen = console.app.screen
        assert isinstance(screen, AreaScreen)
        screen.refresh_data()
        screen.query_one(KeyBar).read_again()
        await console.settle()
        assert "export" not in console.lines[-1]
