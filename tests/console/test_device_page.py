"""The page of a device: opened by Enter, a tab for each side of it, as it is while one looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from support.console import NOON, Console, console_on, opened
from support.signals import edge, send

from ringfence.console.screens.device_page import DevicePage
from ringfence.console.screens.plain_form import PlainForm
from ringfence.console.screens.record_list import RecordList
from ringfence.console.widgets.drawn import DrawnLines
from ringfence.domain import clock
from ringfence.domain.clock import milliseconds
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.signals.intake import Source
from ringfence.storage.engine import Database

UNIT = "U-00524"
BEGAN = milliseconds(NOON)
OPEN = ("2", "slash", *UNIT, "enter", "enter")
NASTY = "\x1b[31mred\u202e北京"


@pytest.fixture(autouse=True)
def source(demo: Database) -> Iterator[Source]:
    """What feeds a device of the demo, at a moment that stays."""
    with clock.stopped(NOON):
        found = edge(demo, "northwind-broker")
        for ago in range(60, 0, -1):
            send(demo, found, {"unit": UNIT, "values": {"battery": 78, "temperature": 9 - ago / 10}}, now=at(ago))
        send(demo, found, {"unit": UNIT, "values": {"door": "shut"}}, now=at(3))
        send(demo, found, {"unit": UNIT, "values": {"door": NASTY}}, now=at(2))
        yield found


def at(ago: float) -> int:
    """So many minutes before the moment of the tests."""
    return BEGAN - round(ago * 60_000)


def page(console: Console) -> DevicePage:
    found = console.app.screen
    assert isinstance(found, DevicePage)
    return found


def line_at_cursor(console: Console) -> str:
    return page(console).query_one("_Values", DrawnLines).text


async def look(console: Console) -> None:
    """What the clock has it do."""
    page(console)._ticking.look()
    await console.settle()


async def test_each_tab_shows_a_side_of_it(demo: Database) -> None:
    async with opened(console_on(demo), (100, 30)) as console:
        await console.press(*OPEN)
        assert "Devices › Defrost controller 1" in console.text
        assert re.search("Unit id +U-00524", console.text)
        assert re.search("Heard +1 m ago", console.text)
        await console.press("right_square_bracket")
        assert "Latest" in console.text
        assert line_at_cursor(console).startswith("battery")
        await console.press("down", "down")
        assert line_at_cursor(console).startswith("temperature")
        assert "temperature, 6 h  max 8.9  mean 5.95  min 3" in console.text
        await console.press("minus")
        assert "temperature, 1 h" in console.text
        await console.press("minus")
        assert "that is the shortest time" in console.text + "".join(console.toasts)
        await console.press("plus", "plus")
        assert "temperature, 1 d" not in console.text
        assert "temperature, 24 h" in console.text
        await console.press("right_square_bracket", "right_square_bracket")
        assert [one.shown("name") for one in rows(console)] == ["door"]
        assert "\x1b[31mred" not in console.text
        assert "␛[31mred⟨RLO⟩北京" in console.text
        await console.press("escape")
        assert not isinstance(console.app.screen, DevicePage)


def rows(console: Console) -> list[Any]:
    table = page(console).table
    assert table is not None
    return [row for _, row in table._window.rows()]


async def test_what_is_reported_meanwhile_is_shown_and_moves_nothing(demo: Database, source: Source) -> None:
    async with opened(console_on(demo), (100, 30)) as console:
        await console.press(*OPEN, "right_square_bracket", "down", "down")
        before = console.lines
        await look(console)
        assert console.lines == before, "nothing has changed"
        send(demo, source, {"unit": UNIT, "values": {"temperature": 12.5, "aaa": 1}}, now=at(0))
        await look(console)
        assert line_at_cursor(console).startswith("temperature"), "another one stands above it now"
        assert "12.5" in line_at_cursor(console)
        assert "max 12.5" in console.text
        await console.press("right_square_bracket", "right_square_bracket")
        first = rows(console)[0]
        send(demo, source, {"unit": UNIT, "alarm": "tamper", "text": NASTY}, now=at(-0.1))
        await look(console)
        shown = page(console).table
        assert isinstance(shown, RecordList)
        assert shown.current_row == first, "the cursor stays on its row"
        assert [one.shown("name") for one in rows(console)] == ["tamper", "door"]
        await console.press("left_square_bracket")
        assert "tamper" in console.text


async def test_its_keys_edit_the_device_and_the_list_still_has_its_own(demo: Database) -> None:
    async with opened(console_on(demo), (100, 30)) as console:
        await console.press(*OPEN[:-1], "e")
        assert isinstance(console.app.screen, PlainForm), "the list's own key goes on to edit"
        await console.press("escape", "enter", "e")
        assert isinstance(console.app.screen, PlainForm)
        await console.press("escape")
        assert isinstance(console.app.screen, DevicePage)
        await console.press("escape", "1", "enter", "enter")
        assert isinstance(console.app.screen, DevicePage), "beside the tree as well"


async def test_of_one_that_is_gone_or_hidden_nothing_stays(demo: Database) -> None:
    async with opened(console_on(demo), (100, 30)) as console:
        await console.press(*OPEN, "right_square_bracket")
        boss = Workspace(demo, at=NOON).sign_in("h.devries")
        (row,) = boss.rows(Listing("devices", UNIT), Part(1))
        (one,) = boss.open_records("device", [row.id])
        boss.save([Edit("device", one.id, one.state, None, one.revision)])
        await look(console)
        assert not isinstance(console.app.screen, DevicePage)
        assert "not there any more" in "".join(console.toasts)
        assert "Defrost controller 1" not in console.text
        await console.press("escape", "enter")
        assert isinstance(console.app.screen, DevicePage)
        name = page(console).query_one("#page").border_title
        await console.switch("joris")
        assert not isinstance(console.app.screen, DevicePage)
        assert str(name) not in console.text
