"""How many alarms are active stands beside their area, for whoever looks: asked beside everything else."""

from __future__ import annotations

import pytest
from support.alarm_queue import BEGAN, fill
from support.console import CUSTOMER_GROUPS, Console, console_on, opened
from support.signals import send

from ringfence.console.screens.record_list import RecordList
from ringfence.console.widgets.bars import NavBar
from ringfence.domain.errors import RingfenceError
from ringfence.services.records import Listing
from ringfence.services.workspace import Session
from ringfence.signals.intake import Source
from ringfence.storage.engine import Database


@pytest.fixture
def source(either: Database) -> Source:
    """What feeds the queue."""
    return fill(either)


async def look(console: Console) -> None:
    """The look that the clock has the console take."""
    console.app.look_for_changes()
    await console.settle()


@pytest.mark.usefixtures("source")
async def test_it_counts_what_is_active_for_whoever_looks(either: Database) -> None:
    async with opened(console_on(either), (80, 24)) as console:
        assert "5 Alarms 3" in console.lines[1]
        await console.press("5", "c", "f")
        assert "5 Alarms 2" in console.lines[1]
        await console.press("f", "enter")
        assert "5 Alarms 2" in console.lines[1], "in forms, too"
        await console.press("escape", "u", "u")
        assert "5 Alarms 3" in console.lines[1]
        await console.switch("r.dekker")
        assert "5 Alarms  8" in console.lines[1] or console.lines[1].rstrip().endswith("5 Alarms"), "none is no number"
        await console.switch("anneke")
        assert "5 Alarms 3" in console.lines[1]
        await console.switch("p.nowak")
        assert "Alarms" not in console.lines[1]


async def test_it_follows_signals_wherever_one_is_and_nothing_else_does(either: Database, source: Source) -> None:
    async with opened(console_on(either), (80, 24)) as console:
        await console.press(*CUSTOMER_GROUPS, "down")
        cursor, changes = console.app.screen.query_one(RecordList).cursor, console.app.changes
        send(either, source, {"unit": "U-00767", "alarm": "fire"}, now=BEGAN + 1000)
        await look(console)
        assert "5 Alarms 4" in console.lines[1]
        assert (console.app.screen.query_one(RecordList).cursor, console.app.changes) == (cursor, changes)


async def test_what_comes_moves_no_cursor(either: Database, source: Source) -> None:
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5", "down")
        table = console.app.screen.query_one(RecordList)
        own = table.row.id
        for number, alarm in enumerate(("fire", "tamper", "power")):
            send(either, source, {"unit": "U-00767", "alarm": alarm}, now=BEGAN + 1000 * (number + 1))
            await look(console)
            assert f"5 Alarms {4 + number}" in console.lines[1]
            assert table.row.id == own


@pytest.mark.parametrize(("there", "said"), [(999, "999"), (1000, "999+"), (54_321, "999+")])
async def test_more_than_that_is_not_told(
    either: Database, monkeypatch: pytest.MonkeyPatch, there: int, said: str
) -> None:
    def count(_session: Session, _listing: Listing, so_far: object = None) -> int:
        return there

    monkeypatch.setattr(Session, "count", count)
    async with opened(console_on(either), (80, 24)) as console:
        assert f"5 Alarms {said}" in console.lines[1]


@pytest.mark.usefixtures("source")
async def test_where_it_cannot_be_counted_nothing_is_said(either: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def count(*_: object) -> int:
        raise RingfenceError("the database does not answer")

    monkeypatch.setattr(Session, "count", count)
    async with opened(console_on(either), (80, 24)) as console:
        assert "5 Alarms" in console.lines[1]
        assert "5 Alarms 3" not in console.lines[1]
        assert not console.toasts


async def test_where_it_is_narrow_the_name_goes_before_the_number() -> None:
    bar = NavBar(items=[("customers", "1", "Customers"), ("alarms", "5", "Alarms")])
    bar.set_current("customers")
    bar.set_tallies({"alarms": "12"})
    for width, said in ((40, "1 Customers  5 Alarms 12"), (22, "1 Customers 5 Ala 12"), (16, "1 Customers 5")):
        assert "".join(text for text, _ in bar.parts(width)).strip() == said
