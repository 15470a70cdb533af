"""Pictures of every screen: at 80×24 and 120×40, the customers in every theme and depth of colours, notices, names that
terminals disagree on, and what is narrow or very small."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

import pytest
from support.console import CUSTOMER_GROUPS, NOON, ROLES, console_on, press, settle, still
from textual.pilot import Pilot

from ringfence.console.app import RingfenceApp
from ringfence.console.opening import Awaited
from ringfence.console.themes import built_in_folder
from ringfence.domain.customer import CustomerState
from ringfence.preferences.configuration import Configuration, parse
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

Compare = Callable[..., bool]

SIZES = [(80, 24), pytest.param((120, 40), marks=pytest.mark.slow)]
TREE = ("down", "down", "down", "down", "down", "down", "right", "down", "down")
"""To Rotterdam, in the middle of Northwind Logistics."""
SECURITY_GROUP = ("4", "4", *["down"] * 4)
CHANGES = (*CUSTOMER_GROUPS, "down", "a", "d", "u", "u", "down", "down", "D", "d", "quiet")
"""One customer group is deactivated and activated again, another deleted; the notices of that are taken down."""
MARKED = ("down", "enter", "space", "down")
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
    "zoomed": ("h.devries", (*TREE, "z")),
    "narrow-tree": ("h.devries", ("slash", *"cold store", "enter", *["less_than_sign"] * 6)),
    "empty-tab": ("h.devries", ("end", *["right_square_bracket"] * 3, "enter")),
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
    "security-group": ("h.devries", (*SECURITY_GROUP, "e", *["tab"] * 5, "space", "a")),
    "delete-group": ("h.devries", (*SECURITY_GROUP, "D")),
    "user": ("h.devries", ("3", "end", "e")),
    "pick-groups": ("h.devries", ("3", "end", "e", "enter", "down")),
    "assign": ("h.devries", (*TREE[:7], "a", "space", "down", "space")),
    "may-not-list": ("m.claes", ("8",)),
    "filter-open": ("h.devries", ("slash", "d", "e")),
    "filter-kept": ("h.devries", ("2", "slash", *"gate", "enter", "down")),
    "filter-nothing": ("h.devries", ("2", "slash", *"zzz")),
    "filter-columns": ("h.devries", ("2", "slash", *"kind:camera site:hall -test")),
    "filter-unknown": ("h.devries", ("2", "slash", *"colour:red")),
    "unbound-key": ("h.devries", ("2", "Q")),
    "leave-by-q": ("h.devries", ("2", "q")),
    "choose-user": ("olga", ("f2", "down", "down")),
    "side-by-side": ("olga", ("f3", *"peeters", "enter", "down")),
    "help": ("h.devries", ("2", "question_mark")),
    "help-search": ("h.devries", ("2", "question_mark", *"mark")),
    "palette": ("h.devries", ("ctrl+p",)),
    "palette-search": ("h.devries", ("colon", *"them")),
    "palette-off": ("olga", ("2", "colon", *"new")),
    "palette-customer": ("h.devries", ("colon", *"customer mer")),
    "palette-bookmarks": ("h.devries", (*TREE, "B", "2", "slash", *"gate", "enter", "B", "colon", *"book")),
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
    compare: Compare,
    demo: Database,
    login: str,
    keys: Sequence[str],
    size: tuple[int, int],
    *,
    theme: str = "",
    notices: bool = False,
    **configuration: Any,
) -> bool:
    """Whether the console, so configured, looks after these keys as it did when its picture was accepted."""

    async def drive(pilot: Pilot[Any]) -> None:
        await settle(pilot.app, pilot)
        if theme:
            known = asyncio.Event()
            console.when_themed(known.set)
            await asyncio.wait_for(known.wait(), 30)
            console.wear(theme)
        before, _, after = " ".join("space" if key == " " else key for key in keys).partition("quiet")
        for together in (before, after):
            await press(pilot, *together.split())
            still(pilot.app, notices=notices)
            await settle(pilot.app, pilot)

    console = console_on(demo, login or None, demo=bool(login), configuration=Configuration(**configuration))
    return compare(console, terminal_size=size, run_before=drive)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("place", PLACES)
def test_screen(place: str, size: tuple[int, int], snap_compare: Compare, demo: Database) -> None:
    login, keys = PLACES[place]
    assert picture(snap_compare, demo, login, keys, size)


@pytest.mark.parametrize("theme", sorted(path.stem for path in built_in_folder().glob("*.toml")))
def test_theme(theme: str, snap_compare: Compare, demo: Database) -> None:
    assert picture(snap_compare, demo, "olga", MARKED, (100, 24), theme=theme)


@pytest.mark.parametrize("colors", ["256", "16"])
@pytest.mark.parametrize("theme", sorted(path.stem for path in built_in_folder().glob("*.toml")))
def test_theme_in_few_colours(theme: str, colors: str, snap_compare: Compare, demo: Database) -> None:
    assert picture(snap_compare, demo, "olga", MARKED, (80, 24), theme=theme, colors=colors)


@pytest.mark.parametrize("keys", ["", "2", "3", "4"])
def test_sixty_columns(keys: str, snap_compare: Compare, demo: Database) -> None:
    assert picture(snap_compare, demo, "h.devries", keys.split(), (60, 24))


def test_notice(snap_compare: Compare, demo: Database) -> None:
    assert picture(snap_compare, demo, "olga", ("2", "slash", *"gate", "enter", "n"), (80, 24), notices=True)


def test_faults(snap_compare: Compare, demo: Database) -> None:
    found = parse(b'theme = "none-such"\nmouse = 7\n[page]\noverlap = -3\n').faults
    assert picture(snap_compare, demo, "h.devries", (), (80, 24), notices=True, faults=found)


def test_emoji(snap_compare: Compare, demo: Database) -> None:
    """What terminals draw in one cell or in two stands as its base character: the frames stay whole."""
    session = Workspace(demo, at=NOON).sign_in("h.devries")
    (parent,) = session.rows(Listing("customers", "zeebrugge"), Part(1))
    session.save([Edit("customer", -1, None, CustomerState(parent.id, "☎️ ❤️ ✔️ 1️⃣ 👨‍👩‍👧 🇳🇱 👍🏽 नमस्ते"))])
    assert picture(snap_compare, demo, "h.devries", ("slash", *"नमस्ते", "enter"), (80, 24))


def test_opening(snap_compare: Compare, demo: Database) -> None:
    connecting, awaited = Event(), Awaited()
    awaited.what = "waiting for the database at harbor"

    def connect() -> Workspace:
        assert connecting.wait(20)
        return Workspace(demo, at=NOON)

    async def drive(pilot: Pilot[Any]) -> None:
        while not pilot.app._notifications:
            await pilot.pause(0.02)
        await pilot.pause()

    try:
        assert snap_compare(
            RingfenceApp(connect, "olga", demo=True, awaited=awaited), terminal_size=(80, 24), run_before=drive
        )
    finally:
        connecting.set()


@pytest.mark.parametrize("keys", ["", "enter", "f2", "2"])
def test_hardly_any_room(keys: str, snap_compare: Compare, demo: Database) -> None:
    assert picture(snap_compare, demo, "h.devries", keys.split(), (40, 10))
