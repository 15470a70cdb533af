"""The two panes of the customers: how wide each is, and one of them alone."""

from __future__ import annotations

import pytest
from support.console import Console, console_on, opened

from ringfence.console.screens.customers import CustomersScreen
from ringfence.storage.engine import Database


def widths(console: Console) -> tuple[int, int]:
    """How many cells the frames of the tree and of the customer beside it have; 0 for one that is not shown."""
    screen = console.app.screen
    assert isinstance(screen, CustomersScreen)
    left, right = (pane.outer_size.width if pane.display else 0 for pane in screen.panes)
    return left, right


async def test_the_divider_is_moved_by_keys(demo: Database) -> None:
    async with opened(console_on(demo), (120, 40)) as console:
        left, right = widths(console)
        assert left + right == 120
        await console.press("greater_than_sign")
        assert widths(console) == (left + 4, right - 4)
        await console.press("less_than_sign", "less_than_sign")
        assert widths(console) == (left - 4, right + 4)
        await console.press(*["less_than_sign"] * 20)
        assert widths(console) == (20, 100), "the tree keeps what it needs"
        await console.press(*["greater_than_sign"] * 40)
        assert widths(console) == (96, 24)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_pane_with_the_focus_is_zoomed(size: tuple[int, int], demo: Database) -> None:
    async with opened(console_on(demo), size) as console:
        before = widths(console)
        await console.press("z")
        assert widths(console) == (size[0], 0)
        await console.press("enter")
        assert widths(console) == (0, size[0]), "where one goes is what is shown"
        await console.press("escape")
        assert widths(console) == (size[0], 0)
        await console.press("z", "greater_than_sign")
        assert widths(console) == (before[0] + 4, before[1] - 4)
        await console.press("enter", "z")
        assert widths(console) == (0, size[0])
        await console.press("z")
        assert widths(console) == (before[0] + 4, before[1] - 4)


async def test_where_there_is_room_for_one_it_says_so(demo: Database) -> None:
    async with opened(console_on(demo), (50, 20)) as console:
        await console.press("z")
        assert console.toasts == [
            "Show the pane that has the focus alone, or both again: there is room for one pane only"
        ]
