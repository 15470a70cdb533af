"""A range is live: its rows are shaded and marked as the cursor moves, and whatever is done takes them."""

from __future__ import annotations

from typing import Any

import pytest
from support.console import CUSTOMER_GROUPS, NOON, ROLES, Console, console_on, opened

from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.record_list import RecordList
from ringfence.console.widgets.ranges import RangedList
from ringfence.domain.device import DeviceState
from ringfence.services.editing import Edit
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

LISTS = {
    "devices": ("2",),
    "users": ("3",),
    "security groups": ("4",),
    "customer groups": CUSTOMER_GROUPS,
    "roles": ROLES,
    "devices of a customer": ("enter",),
    "users of a customer": ("right_square_bracket", "enter"),
    "sites of a customer": (*["down"] * 6, *["left_square_bracket"] * 7, "enter"),
    "devices to assign": ("down", "a"),
    "a picker": (*CUSTOMER_GROUPS, "e", "ctrl+end", "enter"),
    "a picker's other side": (*CUSTOMER_GROUPS, "e", "ctrl+end", "enter", "tab"),
}


def ranged(console: Console) -> RangedList:
    focused = console.app.focused
    assert isinstance(focused, RangedList), console.text
    return focused


def signs(shown: RangedList) -> list[bool]:
    """Which lines have the sign of a mark."""
    return ["✓" in "".join(text for text, _ in shown.line(at, 60)[:1]) for at in range(min(shown.count, 12))]


def marked(shown: Any) -> set[Any]:
    return set(shown.marks) if isinstance(shown, RecordList) else set(shown.picked)


@pytest.mark.parametrize("name", LISTS)
async def test_a_range_follows_the_cursor(name: str, demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press(*LISTS[name])
        await console.press("home")
        shown = ranged(console)
        assert shown.count >= 2, name
        far = min(3, shown.count - 1)
        await console.press("v")
        assert [shown.shade(at) for at in range(shown.count)].count("range") == 1
        await console.press(*["down"] * far)
        assert [at for at in range(shown.count) if shown.shade(at)] == list(range(far + 1))
        assert [at for at, sign in enumerate(signs(shown)) if sign] == list(range(far + 1)), "not by colour alone"
        assert len(marked(shown)) == far + 1
        await console.press("up")
        assert len(marked(shown)) == far, "it shrinks as well"
        await console.press("escape")
        assert console.app.focused is shown, "Escape leaves the range, and nothing else"
        assert shown.span is None
        assert not any(signs(shown))
        for fixing in ("v", "space"):
            await console.press("home", "v", "down", fixing)
            assert shown.span is None
            assert sum(signs(shown)) == 2
            await console.press("end")
            assert sum(signs(shown)) == 2, "fixed, it stays where it is"
            for at in (0, 1):
                shown.cursor = at
                await console.press("space")
            assert not any(signs(shown))


@pytest.mark.parametrize("name", ["devices", "users", "customer groups", "devices of a customer"])
async def test_what_is_done_takes_the_range(name: str, demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press(*LISTS[name], "home", "v", "down", "down", "D")
        if name == "users":  # oneself is not deleted: the three before are not
            await console.press("escape", "escape", "home", "v", "down", "D")
        dialog = console.app.screen
        assert isinstance(dialog, Dialog), console.text
        wanted = 2 if name == "users" else 3
        assert f"Delete {wanted} " in console.text
        await console.press("escape")
        assert len(marked(ranged(console))) == wanted, "it is fixed by that"
        await console.press("escape", "home", "v", "down", "y")
        assert console.app.clipboard.count("\n") == 1
        await console.press("escape", "home", "v", "down", "m")
        assert "2 " in console.text
        assert "marked" in console.text


async def test_a_range_goes_on_over_a_change_and_takes_no_other_row(demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    admin = workspace.sign_in("h.devries")
    root = admin.roots()[0].id
    async with opened(console_on(demo)) as console:
        await console.press("2", "down", "down", "v", "down")
        shown = ranged(console)
        before = marked(shown)
        admin.save([Edit("device", -1, None, DeviceState(root, "000 first of all"))])
        console.app.look_for_changes()
        await console.settle()
        assert shown.span is not None
        assert marked(shown) == before
        await console.press("down", "D")
        assert "Delete 3 devices?" in console.text


async def test_a_range_longer_than_what_is_held_is_taken_whole(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("2", "v", "end")
        shown = ranged(console)
        assert isinstance(shown, RecordList)
        shown._window._blocks.pop(2, None)  # as it is with very many rows
        await console.press("D")
        assert "Delete 498 devices?" in console.text


async def test_sorting_and_filtering_keep_what_was_in_the_range(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("2", "v", "down", "down")
        shown = ranged(console)
        before = marked(shown)
        await console.press("U")
        assert marked(shown) == before
        assert shown.span is None
        await console.press("v", "down", "slash", *"gate", "enter")
        assert shown.span is None
        assert len(marked(shown)) >= 3


async def test_it_is_seen_without_colours(demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("2", "v", "down", "down")
        assert [line[2:4].strip("▌ ") for line in console.lines[5:9]].count("✓") == 3
        assert "range of 3" in console.text
