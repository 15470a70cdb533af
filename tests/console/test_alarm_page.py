"""An alarm on a page of its own, by keys: what it is, what happened, what there is to do, for whoever looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.alarm_queue import BEGAN, alarms, fill
from support.console import NOON, Console, console_on, opened
from support.signals import send

from ringfence.console.screens.alarm_page import AlarmPage
from ringfence.console.screens.dialog import Dialog
from ringfence.console.widgets.page import Page
from ringfence.domain import clock
from ringfence.domain.kind import StateKind
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Session, Workspace
from ringfence.signals.intake import Source
from ringfence.storage.engine import Database


@pytest.fixture(autouse=True)
def source(either: Database) -> Iterator[Source]:
    """What feeds the queue, at a moment that stays."""
    with clock.stopped(NOON):
        yield fill(either)


def boss(database: Database) -> Session:
    return Workspace(database, at=NOON).sign_in("h.devries")


def change(database: Database, kind: StateKind, listed: str, name: str, **fields: object) -> None:
    """Changes a record by its name."""
    session = boss(database)
    (own,) = (one.id for one in session.rows(Listing(listed, f'"{name}"'), Part(50)) if one.name == name)
    found = session.open_record(kind, own)
    session.save([Edit(kind, own, found.state, replace(found.state, **fields), found.revision)])


def page(console: Console) -> str:
    """What it says, in view or not."""
    assert isinstance(console.app.screen, AlarmPage)
    return console.app.screen.query_one(Page).text


def block(console: Console, heading: str) -> list[str]:
    """The lines below a heading, up to the next empty one."""
    lines = page(console).splitlines()
    begin = next(at for at, line in enumerate(lines) if line.startswith(heading))
    return [line.strip() for line in lines[begin + 1 : lines.index("", begin) if "" in lines[begin:] else None]]


async def test_enter_shows_it_and_its_keys_are_those_of_the_list(either: Database) -> None:
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5", "enter")
        assert "Flour silo camera 1" in page(console)
        assert "Has it    nobody" in page(console)
        assert block(console, "What happened")[0].split()[:2] == ["11:59:48", "on"]
        assert console.lines[-3 if console.lines[-1].strip() == "" else -2].rstrip().endswith("active · new · 12 s ─╯")
        await console.press("i", "a")
        assert "Has it    you, since 12:00" in page(console)
        assert "Response  12s, by you" in page(console)
        await console.press("w")
        await console.type("Called the bakery")
        await console.press("enter")
        assert block(console, "Notes") == ["2026-11-16 12:00 h.devries: Called the bakery"]
        assert [one.split("  ")[1].strip() for one in block(console, "What happened")[-3:]] == [
            "acknowledged",
            "taken",
            "noted",
        ]
        await console.press("c", "f")
        assert "cleared: false" in page(console)
        await console.press("u", "u")
        assert alarms(either)["intrusion"].outcome == "open"
        await console.press("e")
        assert "What saving changes" in console.text
        await console.press("escape", "escape")
        assert console.area == "alarms"


async def test_it_follows_signals_and_goes_when_the_alarm_does(either: Database, source: Source) -> None:
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5", "enter")
        said = {"unit": "U-00752", "alarm": "intrusion", "text": "again"}
        send(either, source, said, now=BEGAN + 1000)
        console.app.look_for_changes()
        await console.settle()
        assert "Signals   4" in page(console)
        assert "on            again" in page(console)
        session = boss(either)
        (own,) = (one.id for one in session.rows(Listing("alarms", "intrusion"), Part(9)))
        (found,) = session.open_records("alarm", [own])
        session.save([Edit("alarm", own, found.state, None, found.revision)])
        console.app.look_for_changes()
        await console.settle()
        assert console.area == "alarms"
        assert console.toasts == ["this alarm is not there any more, or you may not open it"]


async def test_what_to_do_is_told_to_whoever_may_view_where_it_is_said(either: Database) -> None:
    change(either, "customer", "customers", "Veldkamp Bakeries", attributes="instructions = Call the gate")
    for login, told in (("h.devries", True), ("anneke", True)):
        async with opened(console_on(either, login), (80, 24)) as console:
            await console.press("5", "enter")
            assert ("(from the customer Veldkamp Bakeries)" in page(console)) == told
            assert block(console, "Instructions") == (["Call the gate"] if told else [])
            await console.press("escape")
            assert ("Do: Call the gate" in console.text) == told, "below the list, too"
    change(either, "customer", "customers", "Veldkamp Bakeries", attributes="")
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5", "enter")
        assert "Instructions (none)" in page(console)


async def test_taking_it_over_asks_first(either: Database) -> None:
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5", "enter", "i")
        hers = alarms(either)["intrusion"]
        await console.press("escape")
        await console.switch("olga")
        await console.press("5", "enter")
        assert "Has it    somebody" in page(console)
        await console.press("i")
        assert isinstance(console.app.screen, Dialog)
        await console.press("enter")
        assert alarms(either)["intrusion"] == hers, "the cursor begins on what changes nothing"
        await console.press("i", "t")
        assert "Has it    you" in page(console), "who may not list herself"
        await console.press("i")
        assert not isinstance(console.app.screen, Dialog), "she has it already"
        assert console.toasts[-1].startswith("you have ")


async def test_d_goes_to_its_device(either: Database) -> None:
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5", "enter", "d")
        assert console.area == "devices"
        assert console.app.screen.records.row.name == "Flour silo camera 1"  # type: ignore[attr-defined]
        await console.press("comma")
        assert console.area == "alarms"


async def test_what_devices_and_people_write_is_drawn_as_it_is(either: Database, source: Source) -> None:
    evil = "\x1b]0;x\x07[red]a\x9b2J[/red] \u202eright"
    change(either, "customer", "customers", "Veldkamp Bakeries", attributes="instructions = [b]call[/b] \u202e112")
    said = {"unit": "U-00752", "alarm": "intrusion", "text": evil}
    send(either, source, said, now=BEGAN + 1000)
    for size in ((80, 24), (120, 40), (40, 12)):
        async with opened(console_on(either), size) as console:
            await console.press("5", "enter")
            assert "[red]a" in page(console)
            assert "[b]call[/b]" in page(console)
            assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(console.text)


async def test_who_only_lists_alarms_changes_none(either: Database) -> None:
    before = alarms(either)
    async with opened(console_on(either, "anneke", demo=False), (80, 24)) as console:
        await console.press("5", "enter")
        screen = console.app.screen
        for key in ("i", "a", "c", "w", "t"):
            await console.press(key)
            assert console.app.screen is screen, "nothing was asked"
        assert alarms(either) == before


async def test_what_the_audit_alone_tells_is_for_whoever_reads_it(either: Database) -> None:
    session = boss(either)
    (own,) = (one.id for one in session.rows(Listing("alarms", "intrusion"), Part(9)))
    (found,) = session.open_records("alarm", [own])
    noted = found.state.noted(NOON, "h.devries", "Called")
    session.save([Edit("alarm", own, found.state, noted, found.revision)])
    for login, told in (("h.devries", True), ("anneke", False)):
        async with opened(console_on(either, login), (80, 24)) as console:
            await console.press("5", "enter")
            assert any("noted" in line for line in block(console, "What happened")) == told
            assert any("Called" in line for line in block(console, "Notes")), "which is the alarm's own"
