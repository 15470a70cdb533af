"""The columns of a list: chosen in a menu, sorted by, as wide as what is in them."""

from __future__ import annotations

import pytest
from support.console import CUSTOMER_GROUPS, ROLES, Console, console_on, opened

from ringfence.console.rooms import together
from ringfence.console.screens.area import AreaScreen
from ringfence.console.screens.record_list import RecordList
from ringfence.console.widgets.columns import RESERVED
from ringfence.storage.engine import Database

pytestmark = pytest.mark.always

SIZES = [(80, 24), (120, 40)]


def table(console: Console) -> RecordList:
    """The list of the screen that is up, or that a dialog is over."""
    screen = next(one for one in reversed(console.app.screen_stack) if isinstance(one, AreaScreen))
    found = screen.table
    assert isinstance(found, RecordList)
    return found


def headings(console: Console) -> list[str]:
    """The headings that are drawn, from the left."""
    return [column.title for _, column, _ in table(console)._shared]


def column(console: Console, name: str) -> list[str]:
    """What a column says of the rows in view."""
    shown = table(console)
    place = next(place for place, one in enumerate(shown.columns) if one.id == name)
    texts = []
    for index in shown.in_view:
        cell = shown._cells(shown.row_at(index))[place]
        texts.append(cell if isinstance(cell, str) else cell.text)
    return texts


@pytest.mark.parametrize("size", SIZES)
async def test_the_menu_hides_and_orders_and_has_a_way_back(demo: Database, size: tuple[int, int]) -> None:
    async with opened(console_on(demo), size) as console:
        await console.press("2")
        assert "U-00664" in console.text
        declared = headings(console)
        assert declared == ["Name", "Unit id", "Kind", "Site", "Customer"]
        await console.press("C")
        assert "Space shows · < > moves · Enter sorts · r resets · Esc closes" in console.text
        await console.press("down", "space")
        assert headings(console) == ["Name", "Kind", "Site", "Customer"]
        assert "U-00664" not in console.text
        await console.press("down", "greater_than_sign", "shift+down", "less_than_sign")
        assert headings(console) == ["Name", "Site", "Kind", "Customer"]
        await console.press("r")
        assert headings(console) == declared
        await console.press("home", "greater_than_sign", "less_than_sign", "less_than_sign", "escape")
        assert headings(console) == declared
        assert "U-00664" in console.text


async def test_one_column_stays(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("2", "C", "space", "down", "space", "down", "space", "down", "space", "down", "space")
        assert headings(console) == ["Customer"]
        assert console.toasts == ["One column stays."]


async def test_what_is_hidden_is_found_and_copied_all_the_same(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("2", "C", "down", "space", "escape")
        await console.press("slash")
        await console.type("u-00710")
        await console.press("enter")
        assert column(console, "name") == ["Access server"]
        copied = table(console).copy_text()
        assert copied.split("\t") == ["Access server", "U-00710", "server", "Laboratory floor", "Clinical laboratory"]


async def test_the_menu_sorts_and_turns(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("2")
        assert "Name ▲" in console.text
        await console.press("C", "down", "enter")
        rows = column(console, "unit_id")
        assert rows == sorted(rows)
        assert "sorted ▲" in console.text
        await console.press("s")
        rows = column(console, "unit_id")
        assert rows == sorted(rows, reverse=True)
        assert "sorted ▼" in console.text
        await console.press("N")
        assert table(console).sort == ("name", False), "its letter sorts here too"
        await console.press("escape", "U")
        assert table(console).sort == ("unit_id", False)
        assert "Unit id ▲" in console.text


@pytest.mark.parametrize("keys", [("2",), ("3",), ("4",), CUSTOMER_GROUPS, ROLES, ("8",)], ids="-".join)
async def test_every_column_has_a_letter_and_sorts(demo: Database, keys: tuple[str, ...]) -> None:
    async with opened(console_on(demo)) as console:
        await console.press(*CUSTOMER_GROUPS, "down", "a", "d", *keys)
        for one, _ in table(console).arranged:
            assert one.sortable
            assert one.key
            before = table(console).sort
            await console.press(one.key.upper())
            down = before == (one.id, False)
            assert table(console).sort == (one.id, down)
            assert f"{one.title} {'▼' if down else '▲'}" in console.text
            listing = table(console).listing
            assert listing is not None
            assert (listing.sort, listing.descending) == (one.id, down)
            said = [text.casefold() for text in column(console, one.id)]
            assert said
            if one.align == "left" and one.id not in ("at", "name"):
                assert said == sorted(said, reverse=down), one.title


async def test_the_letter_of_a_hidden_column_is_nothing(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("2", "C", "down", "space", "escape", "U")
        assert table(console).sort == ("name", False)
        assert "U does nothing here" in console.text
        await console.press("question_mark")
        await console.type("sort by")
        assert "Sort by Name" in console.text
        assert "Sort by Unit id" not in console.text
        await console.press("escape", "C", "r", "escape", "U")
        assert table(console).sort == ("unit_id", False)


async def test_each_list_has_its_own_and_a_tree_has_none(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("C")
        (said,) = console.toasts
        assert "there is no table here: Enter goes to a customer's lists" in said
        await console.press("enter", "C", "down", "space", "escape")
        assert table(console).kind == "devices"
        assert "Unit id" not in headings(console)
        await console.press("2")
        assert "Unit id" in headings(console)
        for keys in (("3",), ("4",), CUSTOMER_GROUPS, ("8",)):
            await console.press(*keys, "C")
            assert "─ Columns ─" in console.text
            await console.press("escape")


async def test_what_there_is_no_room_for_is_said(demo: Database) -> None:
    async with opened(console_on(demo), (60, 24)) as console:
        await console.press("2", "C")
        assert "no room now" in console.text
        assert headings(console) == ["Name", "Unit id", "Kind", "Customer"]
        await console.press("down", "space", "down", "space", "end", "space")
        assert headings(console) == ["Name", "Site"], "there is room for it now"
        assert "no room now" not in console.text


@pytest.mark.parametrize("size", SIZES)
async def test_a_cut_text_stands_whole_beside_the_place(demo: Database, size: tuple[int, int]) -> None:
    async with opened(console_on(demo), size) as console:
        await console.press("2")
        below = console.lines[-2]
        assert "of 498 · name ▲ ─╯" in below
        await console.press("down")
        if size[0] == 80:
            whole = "Laboratory floor · Clinical laboratory · 1–17 of 498 · name ▲ ─╯"
            assert "Laboratory f…" in console.text
            assert console.lines[-2].endswith(whole)
        else:
            assert console.lines[-2] == below, "there is room for all of it"


async def test_a_cut_name_of_the_tree_stands_in_its_border(demo: Database) -> None:
    async with opened(console_on(demo), (100, 24)) as console:
        await console.press("down")
        assert "Brandsma & Zonen J…" in console.text or "Brandsma & Zonen Juweliers ─╯" in console.text
        assert "Brandsma & Zonen Juweliers" in console.lines[-2]
        await console.press("up")
        assert "46 in all ─╯" in console.lines[-2]


def test_letters_that_are_commands_sort_nothing() -> None:
    """Each column has a letter of its own, and none that does something else where there is a table."""
    taken: set[str] = set()
    for commands, sorts in together():
        if any(command.name == "columns" for command in commands):
            keys = {key for command in commands for key in command.keys.split(",")}
            taken |= {key for key in keys if len(key) == 1 and key.isupper()}
            assert keys.isdisjoint(sorts)
    assert taken - {"I", "W"} == set(RESERVED) - {"G"}, "the last goes to the end of every list; those two are of users"
