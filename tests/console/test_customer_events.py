"""What was said at a customer, and what is set there, beside the tree: as far as whoever looks may see it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.console import NOON, Console, console_on, opened
from support.signals import edge, send

from ringfence.console.screens.customers import CustomersScreen
from ringfence.domain import clock
from ringfence.domain.attributes import changed
from ringfence.domain.clock import milliseconds
from ringfence.domain.kind import altered
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

NORTHWIND = ("slash", *"northwind", "enter")


@pytest.fixture(autouse=True)
def said(demo: Database) -> Iterator[None]:
    """A device below Northwind has said something just now, and a limit is set there."""
    with clock.stopped(NOON):
        lines = {"unit": "U-00524", "alarm": "tamper", "text": "\x1b[31mLid\u202e"}
        send(demo, edge(demo, "northwind-broker"), lines, now=milliseconds(NOON))
        boss = Workspace(demo, at=NOON).sign_in("h.devries")
        (row,) = boss.rows(Listing("customers", '"Northwind Logistics"'), Part(1))
        (one,) = boss.open_records("customer", [row.id])
        after = altered(one.state, attributes=changed(one.state.attributes, {"own_limit": "8"}))
        boss.save([Edit("customer", one.id, one.state, after, one.revision)])
        yield


async def go_to(console: Console, tab: str) -> CustomersScreen:
    screen = console.app.screen
    assert isinstance(screen, CustomersScreen)
    while screen.detail.tab != tab:
        await console.press("left_square_bracket")
    return screen


async def test_events_of_all_that_stands_below_are_a_tab(demo: Database) -> None:
    async with opened(console_on(demo), (120, 40)) as console:
        await console.press(*NORTHWIND)
        screen = await go_to(console, "events")
        await console.press("enter")
        table = screen.table
        assert table is not None
        first = table.current_row
        assert first is not None
        assert (first.shown("name"), first.shown("device")) == ("tamper", "Defrost controller 1")
        assert "␛[31mLid⟨RLO⟩" in console.text
        await console.press("enter")
        assert console.app.screen is screen, "there is nothing to open of an event"
        await console.press("o")
        assert "Export" in console.text
        await console.press("escape", "escape")
        assert screen.forest.has_focus


async def test_attributes_stand_among_its_details(demo: Database) -> None:
    async with opened(console_on(demo), (120, 40)) as console:
        await console.press(*NORTHWIND)
        await go_to(console, "details")
        assert "own_limit" in console.text
        assert "8 · this customer" in console.text
