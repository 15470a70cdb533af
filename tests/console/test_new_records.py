"""After something was made the cursor is on it, wherever the order and the filter put it: the next key is about it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.console import CUSTOMER_GROUPS, NOON, ROLES, Console, console_on, opened, send
from textual.widgets import Input

from ringfence.console.screens.dialog import Dialog
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

NEW = "Mmm brand new"
LOGIN = ("down", *"mmm.new")
MAKING: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "customer": (("down", "down"), ()),
    "device": (("2",), ()),
    "user": (("3",), LOGIN),
    "security group": (("4",), ()),
    "customer group": (CUSTOMER_GROUPS, ()),
    "role": (ROLES, ()),
    "device of a customer": (("enter",), ()),
    "user of a customer": (("right_square_bracket", "enter"), LOGIN),
    "site of a customer": (("right_square_bracket", "right_square_bracket", "right_square_bracket", "enter"), ()),
    "alarm of a customer": (("right_square_bracket", "right_square_bracket", "enter"), ()),
}


def under_cursor(console: Console) -> Any:
    screen: Any = console.app.screen
    return screen.edited.row


async def deletes(console: Console, name: str) -> None:
    await console.press("D")
    assert isinstance(console.app.screen, Dialog), console.text
    assert f"“{name}”?" in console.text
    await console.press("escape")


@pytest.mark.parametrize("what", MAKING)
async def test_the_next_key_is_about_what_was_made(what: str, demo: Database) -> None:
    place, more = MAKING[what]
    async with opened(console_on(demo), (100, 24)) as console:
        await console.press(*place, "n")
        await console.type(NEW)
        await console.press(*more, "ctrl+s")
        assert under_cursor(console).name == NEW
        await deletes(console, NEW)


@pytest.mark.parametrize("area", "2345")
@pytest.mark.parametrize("order", [("N",), ("N", "N")])
async def test_wherever_the_order_puts_it(area: str, order: Sequence[str], demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press(area, *order, "end", "space", "n")
        await console.type(NEW)
        await console.press(*(LOGIN if area == "3" else ()), "ctrl+s")
        assert under_cursor(console).name == NEW
        await deletes(console, NEW)


@pytest.mark.parametrize("area", "23456")
async def test_a_filter_that_hides_it_is_cleared(area: str, demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press(area, "slash", "e", "r", "enter", "n")
        await console.type(NEW)
        await console.press(*(LOGIN if area == "3" else ()), "ctrl+s")
        assert under_cursor(console).name == NEW
        assert "/er" not in console.lines[2]
        await deletes(console, NEW)
        await console.press("slash", *"mmm", "enter", "n")
        await console.type(f"{NEW} too")
        await console.press(*("down", *"mmm.too") if area == "3" else (), "ctrl+s")
        assert "/mmm" in console.lines[2], "one that shows it stays"
        await deletes(console, f"{NEW} too")


@pytest.mark.parametrize("area", [("4",), CUSTOMER_GROUPS, ROLES])
async def test_a_copy_is_what_the_cursor_is_on(area: Sequence[str], demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press(*area, "end", "c")
        field = console.app.focused
        assert isinstance(field, Input)
        name = field.value
        await console.press("ctrl+s")
        assert under_cursor(console).name == name
        await deletes(console, name)


async def test_keys_typed_ahead_hit_it_or_nothing(demo: Database) -> None:
    """What stood under the cursor before is never deleted, however fast one types."""
    async with opened(console_on(demo), (80, 24)) as console:
        for name in ("Zzz last of all", "000 first of all"):
            await console.press(*CUSTOMER_GROUPS, "home", "n")
            await console.type(name)
            send(console.app, "ctrl+s")
            while console.area != "customer-groups":
                await asyncio.sleep(0)
            await console.hurry("D")
            screen = console.app.screen
            if isinstance(screen, Dialog):
                assert f"“{name}”?" in console.text
                await console.press("escape")
            assert under_cursor(console).name == name


async def test_after_an_import_it_is_on_the_first_that_is_new(demo: Database, tmp_path: Path) -> None:
    sheet = tmp_path / "devices.csv"
    sheet.write_text("name,customer\nQqq second,dekker\nPpp first,dekker\n")
    async with opened(console_on(demo), (100, 24)) as console:
        await console.press("2", "i")
        await console.type(str(sheet))
        await console.press("enter", "ctrl+s", "escape")
        assert under_cursor(console).name == "Qqq second", "as the sheet has it"


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    "kind", ["devices", "users", "security-groups", "customer-groups", "roles", "sites", "customers"]
)
def test_a_list_knows_where_its_records_stand(kind: str, descending: bool, demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    for login in ("h.devries", "olga", "g.moreau", "t.okafor"):
        session = workspace.sign_in(login)
        everything = [row.id for row in workspace_rows(workspace, "h.devries", Listing(kind))][::9]
        for search in ("", "a"):
            wanted = Listing(kind, search, descending=descending)
            rows = [row.id for row in listing.export(session.viewer, wanted)]
            for record in everything:
                expected = rows.index(record) if record in rows else None
                assert session.place(wanted, record) == expected, (login, search)


def workspace_rows(workspace: Workspace, login: str, wanted: Listing) -> Any:
    return listing.export(workspace.sign_in(login).viewer, wanted)
