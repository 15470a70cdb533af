"""What is said of the queue beside its rows, for whoever looks: how bad it is, what is new, and what has come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.alarm_queue import BEGAN, alarms, fill
from support.console import NOON, Console, console_on, opened
from support.signals import send

from ringfence.console.screens.record_list import RecordList
from ringfence.console.text import Cell
from ringfence.console.widgets.bars import Breadcrumbs
from ringfence.domain import clock, test_mode
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Session, Workspace
from ringfence.signals.intake import Source
from ringfence.storage.engine import Database

BREDA = "U-00767"


@pytest.fixture
def source(either: Database) -> Source:
    """What feeds the queue."""
    return fill(either)


def beside(console: Console) -> str:
    """What stands above the list, at the right."""
    bar = console.app.screen.query_one(Breadcrumbs)
    return "".join(text for text, _ in bar.parts(console.app.size.width)).removeprefix(" Alarms").strip()


def below(console: Console) -> str:
    """What its border says."""
    return console.app.screen.query_one(RecordList).subtitle


async def look(console: Console) -> None:
    """What the clock has the console do."""
    console.app.look_for_changes()
    await console.settle()


def ring(database: Database, source: Source, number: int, *, severity: str = "critical", before: int = 0) -> None:
    line = {"unit": BREDA, "alarm": f"kind_{number}", "severity": severity}
    send(database, source, line, now=BEGAN + 1000 * (number - before))


@pytest.mark.usefixtures("source")
async def test_it_is_of_what_whoever_looks_sees_and_filters(either: Database) -> None:
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5")
        assert beside(console) == "1 critical  1 major  1 below"
        assert below(console) == "3 active of which 3 new · 1–3 of 3 · age ▼"
        await console.press("a", "f", "slash")
        await console.type("-door")
        await console.press("enter")
        assert beside(console) == "1 critical  1 major  /-door  2 of 3"
        assert below(console).startswith("2 active of which 1 new · 1–2 of 2")
        await console.press("escape", "c", "r")
        assert beside(console) == "1 major  1 below", "what is cleared does not count, though it is listed"
        await console.switch("r.dekker")
        await console.press("5")
        assert beside(console) == ""
        assert "active" not in below(console)


async def test_what_comes_is_counted_and_home_goes_to_it(either: Database, source: Source) -> None:
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5", "down")
        table = console.app.screen.query_one(RecordList)
        own = table.row.id
        ring(either, source, 1)
        await look(console)
        assert beside(console) == "▲1 new, Home  2 critical  1 major  1 below"
        ring(either, source, 2, severity="info")
        await look(console)
        assert beside(console) == "▲2 new, Home  2 critical  1 major  2 below"
        assert table.row.id == own
        await console.press("down", "up")
        assert beside(console).startswith("▲2 new")
        await console.press("home")
        assert beside(console) == "2 critical  1 major  2 below"
        assert table.cursor == 0
        assert table.row.name == "kind 2"
        ring(either, source, 3)
        await look(console)
        assert beside(console).startswith("▲1 new, Home  3 critical"), "though the cursor is on what was the first one"
        assert table.row.name == "kind 2"
        await console.press("g")
        assert not beside(console).startswith("▲")
        assert table.row.name == "kind 3"


async def test_what_comes_does_not_push_a_long_list_along(either: Database, source: Source) -> None:
    for number in range(30):
        ring(either, source, number + 10, severity="info", before=3600)
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5", *["down"] * 9)
        table = console.app.screen.query_one(RecordList)
        before = [line[:-2] for line in console.lines[5:15]]
        for number in range(1, 4):
            ring(either, source, number)
        await look(console)
        assert beside(console).startswith("▲3 new, Home")
        assert [line[:-2] for line in console.lines[5:15]] == before, "but for the bar that says where in it one is"
        assert table.top == 3


@pytest.mark.parametrize("still_there", [True, False])
async def test_a_burst_does_not_take_the_cursor_off_its_row(
    either: Database, source: Source, *, still_there: bool
) -> None:
    """More come above it than are read of a list at once."""
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5", "down")
        table = console.app.screen.query_one(RecordList)
        own, name = table.row.id, table.row.name
        for device in (BREDA, "U-00752", "U-00755", "U-00767"):
            lines = [{"unit": device, "alarm": f"burst_{number}", "severity": "minor"} for number in range(80)]
            send(either, source, *lines, now=BEGAN + 1000)
        if not still_there:
            send(either, source, {"unit": "U-00755", "alarm": "too_warm", "state": "off"}, now=BEGAN + 2000)
            alarm = Workspace(either, at=NOON).sign_in("h.devries")
            (opened_,) = alarm.open_records("alarm", [own])
            alarm.save([Edit("alarm", own, opened_.state, None, opened_.revision)])
        await look(console)
        assert beside(console).startswith("▲100+ new, Home")
        assert table.row is not None
        assert (table.row.id == own) == still_there
        if still_there:
            assert name in console.text
            await console.press("a")
            assert alarms(either)[name].acked_at is not None


async def test_neither_what_somebody_may_not_see_nor_what_is_filtered_out_has_come(
    either: Database, source: Source
) -> None:
    for login, filtered, said in (("anneke", "", True), ("r.dekker", "", False), ("h.devries", "intrusion", False)):
        async with opened(console_on(either, login), (80, 24)) as console:
            await console.press("5", "slash")
            await console.type(filtered)
            await console.press("enter")
            ring(either, source, len(login))
            await look(console)
            assert ("▲1 new" in beside(console)) == said
            await console.press("escape")
            await look(console)
            assert ("▲1 new" in beside(console)) == said, "another filter begins anew"


@pytest.mark.usefixtures("source")
async def test_one_key_shows_the_new_ones_ones_own_and_all(either: Database) -> None:
    async with opened(console_on(either), (120, 40)) as console:
        await console.press("5", "i", "down", "a", "s")
        assert beside(console).endswith("/state:new  2 of 3")
        assert "s own  " in console.lines[-1]
        await console.press("s")
        assert beside(console).endswith('/assignee:^"Hanna de Vries"  1 of 3')
        assert "intrusion" in console.text
        assert "s all  " in console.lines[-1]
        await console.press("s")
        assert console.app.screen.query_one(RecordList).count == 3
        assert "/" not in beside(console)
        await console.press("slash")
        await console.type("door")
        await console.press("enter", "s")
        assert beside(console).endswith("/state:new  2 of 3")
        await console.switch("olga")
        await console.press("5", "s")
        assert beside(console).endswith("/state:new  2 of 3")
        await console.press("s")
        assert "/" not in beside(console), "no list names her to herself"


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize(("key", "of"), [("d", "device"), ("s", "site"), ("c", "customer")])
async def test_a_test_mode_begins_at_an_alarm_with_an_end(either: Database, key: str, of: str) -> None:
    boss = Workspace(either, at=NOON).sign_in("h.devries")
    with clock.stopped(NOON):
        async with opened(console_on(either), (80, 24)) as console:
            await console.press("5", "t", key)
            await console.type("Trying it")
            assert "2026" in console.text
            await console.press("ctrl+s")
            assert console.area == "alarms"
            assert "1 in test mode" in below(console)
    (own,) = [one.id for one in boss.rows(Listing("test-modes"), Part(9))]
    (state,) = (one.state for one in boss.open_records("test_mode", [own]))
    assert isinstance(state, test_mode.TestModeState)
    alarm = alarms(either)["intrusion"]
    assert state.until == NOON + timedelta(hours=1)
    assert state.customer == alarm.customer
    assert (state.device, state.site) == (
        alarm.device if of == "device" else None,
        alarm.site if of == "site" else None,
    )


@pytest.mark.usefixtures("source")
async def test_who_may_not_suppress_alarms_is_told_so_and_nothing_is_asked(either: Database) -> None:
    async with opened(console_on(either, "anneke", demo=False), (80, 24)) as console:
        await console.press("5")
        screen = console.app.screen
        await console.press("t")
        assert console.app.screen is screen
        assert console.toasts == ["test mode: you may not suppress alarms (alarm.suppress): F9 says why"]


@pytest.mark.usefixtures("source")
async def test_a_queue_that_cannot_be_counted_says_nothing_and_lists_all(
    either: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = Session.count

    def too_many(session: Session, listing: Listing, so_far: object = None) -> int:
        return 54_321 if "state" not in (listing.only or "") else count(session, listing)

    monkeypatch.setattr(Session, "count", too_many)
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5")
        assert beside(console) == "999+ critical  999+ major"
        assert below(console).startswith("999+ active of which 3 new")


def test_what_there_is_no_room_for_is_left_out_the_least_important_first() -> None:
    bar = Breadcrumbs()
    bar.set_path(["Alarms"])
    bar.set_beside([Cell("▲2 new, Home"), Cell("5 critical"), Cell("\x1b[31mbelow")])
    for width, wanted in ((60, "▲2 new, Home  5 critical  ␛[31mbelow"), (40, "▲2 new, Home  5 critical"), (20, "")):
        said = "".join(text for text, _ in bar.parts(width))
        assert said.removeprefix(" Alarms").strip() == wanted
    bar.set_filter("a", "1 of 9")
    assert "".join(text for text, _ in bar.parts(60)).endswith("▲2 new, Home  5 critical  /a  1 of 9 ")
