"""Pictures of every screen: at 80×24 and 120×40, the customers in every theme, and one on a very small terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from support.console import CUSTOMER_GROUPS, ROLES, console_on, press, settle, still
from textual.pilot import Pilot

from ringfence.console.themes import built_in_folder
from ringfence.storage.engine import Database

Compare = Callable[..., bool]

SIZES = [(80, 24), pytest.param((120, 40), marks=pytest.mark.slow)]
TREE = ("down", "down", "down", "down", "down", "down", "right", "down", "down")
"""To Rotterdam, in the middle of Northwind Logistics."""
CHANGES = (*CUSTOMER_GROUPS, "down", "a", "d", "u", "u", "down", "down", "D", "d", "quiet")
"""One customer group is deactivated and activated again, another deleted; the notices of that are taken down."""
PLACES: dict[str, tuple[str, Sequence[str]]] = {
    "tree": ("h.devries", TREE),
    "details": ("h.devries", (*TREE[:7], "left_square_bracket", "enter", "down")),
    "devices": ("h.devries", (*TREE[:7], "enter", "down", "space", "space", "N", "down")),
    "users": ("h.devries", ("right_square_bracket", "enter", "down")),
    "sites": ("h.devries", (*["right_square_bracket"] * 3, "enter", "down")),
    "alarm-rules": ("h.devries", (*["right_square_bracket"] * 4, "enter")),
    "all-devices": ("h.devries", ("2", "down", "U", "down")),
    "columns": ("h.devries", ("2", "C", "down", "space", "greater_than_sign", "end", "s")),
    "arranged": ("h.devries", ("2", "C", "down", "space", "end", "s", *["less_than_sign"] * 3, "escape", "down")),
    "deep": ("h.devries", ("slash", *"maasvlakte", "enter", "escape", "right", "down")),
    "all-users": ("h.devries", ("3", "down")),
    "security-groups": ("h.devries", ("4", "down", "down", "down")),
    "customer-groups": ("h.devries", (*CUSTOMER_GROUPS, "down")),
    "roles": ("h.devries", (*ROLES, "down")),
    "actions": ("olga", ("4", "down", "m")),
    "deactivate": ("h.devries", (*CUSTOMER_GROUPS, "down", "a")),
    "audit": ("h.devries", (*CHANGES, "8", "down")),
    "audit-entry": ("h.devries", (*CHANGES, "8", "end", "enter")),
    "undo": ("h.devries", (*CHANGES, "8", "home", "u")),
    "now": ("h.devries", ("0", "tab", "tab", "down")),
    "may-not-list": ("m.claes", ("8",)),
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


@pytest.fixture(autouse=True)
def stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives every change the same user of the operating system, and the year of the story."""
    monkeypatch.setattr("ringfence.changes.audit.os_user", lambda: "operator")
    monkeypatch.setattr("ringfence.console.cells.audit.this_year", lambda: 2026)


def picture(
    compare: Compare, demo: Database, login: str, keys: Sequence[str], size: tuple[int, int], theme: str = ""
) -> bool:
    """Whether the console looks after these keys as it did when its picture was accepted."""

    async def drive(pilot: Pilot[Any]) -> None:
        await settle(pilot.app, pilot)
        if theme:
            pilot.app.theme = theme
        before, _, after = " ".join(keys).partition("quiet")
        for together in (before, after):
            await press(pilot, *together.split())
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
