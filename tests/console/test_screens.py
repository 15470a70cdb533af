"""Pictures of every screen: at 80×24 and 120×40, the customers in every theme, and one on a very small terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.console import console_on, demo_copy, press, settle, still
from textual.pilot import Pilot

from ringfence.console.themes import built_in_folder
from ringfence.storage.engine import Database

Compare = Callable[..., bool]

SIZES = [(80, 24), (120, 40)]
TREE = ("down", "down", "down", "down", "down", "down", "right", "down", "down")
"""To Rotterdam, in the middle of Northwind Logistics."""
PLACES: dict[str, tuple[str, Sequence[str]]] = {
    "tree": ("h.devries", TREE),
    "details": ("h.devries", (*TREE[:7], "left_square_bracket", "enter", "down")),
    "devices": ("h.devries", (*TREE[:7], "enter", "down", "space", "space", "N", "down")),
    "users": ("h.devries", ("right_square_bracket", "enter", "down")),
    "sites": ("h.devries", ("right_square_bracket", "right_square_bracket", "enter", "down")),
    "all-devices": ("h.devries", ("2", "down", "U", "down")),
    "all-users": ("h.devries", ("3", "down")),
    "filter-open": ("h.devries", ("slash", "d", "e")),
    "filter-kept": ("h.devries", ("2", "slash", *"gate", "enter", "down")),
    "filter-nothing": ("h.devries", ("2", "slash", *"zzz")),
    "choose-user": ("olga", ("f2", "down", "down")),
    "side-by-side": ("olga", ("f3", *"peeters", "enter", "down")),
    "help": ("h.devries", ("2", "question_mark")),
    "palette": ("h.devries", ("ctrl+p",)),
    "palette-search": ("h.devries", ("colon", *"them")),
    "sees-nothing": ("p.nowak", ()),
    "guard": ("g.moreau", ("down", "enter")),
    "sign-in": ("", ()),
}


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Database]:
    database = demo_copy(tmp_path)
    yield database
    database.close()


def picture(
    compare: Compare, demo: Database, login: str, keys: Sequence[str], size: tuple[int, int], theme: str = ""
) -> bool:
    """Whether the console looks after these keys as it did when its picture was accepted."""

    async def drive(pilot: Pilot[Any]) -> None:
        await settle(pilot.app, pilot)
        if theme:
            pilot.app.theme = theme
        await press(pilot, *keys)
        still(pilot.app)
        await settle(pilot.app, pilot)

    console = console_on(demo, login or None, demo=bool(login))
    return compare(console, terminal_size=size, run_before=drive)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("place", PLACES)
def test_screen(place: str, size: tuple[int, int], snap_compare: Compare, demo: Database) -> None:
    login, keys = PLACES[place]
    assert picture(snap_compare, demo, login, keys, size)


@pytest.mark.parametrize("theme", sorted(path.stem for path in built_in_folder().glob("*.toml")))
def test_theme(theme: str, snap_compare: Compare, demo: Database) -> None:
    assert picture(snap_compare, demo, "olga", ("down", "enter", "space", "down"), (100, 24), theme)


@pytest.mark.parametrize("keys", ["", "enter", "f2", "2"])
def test_hardly_any_room(keys: str, snap_compare: Compare, demo: Database) -> None:
    assert picture(snap_compare, demo, "h.devries", keys.split(), (40, 10))
