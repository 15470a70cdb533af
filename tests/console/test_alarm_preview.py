"""The alarm under the cursor in a few lines below the queue: of it, and around it, what whoever looks may see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from support.alarm_queue import BEGAN, fill
from support.console import NOON, Console, console_on, opened
from support.signals import send

from ringfence.console.screens.record_list import RecordList
from ringfence.console.widgets.outcome import OutcomePanel
from ringfence.domain import clock, test_mode
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.signals.intake import Source
from ringfence.storage.engine import Database

BREDA = "U-00767"


@pytest.fixture(autouse=True)
def source(either: Database) -> Iterator[Source]:
    """What feeds the queue, at a moment that stays."""
    with clock.stopped(NOON):
        yield fill(either)


def said(console: Console) -> str:
    """What stands below the list, with its title."""
    panel = console.app.screen.query_one(OutcomePanel)
    return "\n".join(console.lines[panel.region.y : panel.region.bottom]) if panel.display else ""


async def test_it_follows_the_cursor(either: Database) -> None:
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5")
        assert "intrusion · Flour silo camera 1" in said(console)
        assert "said by U-00752" in said(console)
        assert "3 signals since 11:59, the last 12:00 · U-00752 · " in said(console)
        assert "nobody has it · new" in said(console)
        assert re.search("U-00752 · .*mill", said(console), re.IGNORECASE)
        assert "no test mode · last 7 days: no others" in said(console)
        await console.press("down", "down")
        assert "door open · Cooling line 1 thermostat" in said(console)
        assert "intrusion" not in said(console)
        assert "signals since" not in said(console), "there was one"
        await console.press("slash")
        await console.type("nothing of that name")
        assert said(console).strip("╭─╮│╰╯ \n") == ""


async def test_it_says_what_was_done_as_it_is_done(either: Database) -> None:
    async with opened(console_on(either), (120, 40)) as console:
        await console.press("5", "i", "a", "w")
        await console.type("They look")
        await console.press("enter")
        assert "you have it · acknowledged by you" in said(console)
        assert "h.devries: They look" in said(console)
        await console.switch("olga")
        await console.press("5")
        assert "somebody has it · acknowledged by somebody" in said(console), "whom she does not see"
        assert "Hanna" not in console.text


async def test_it_tells_what_others_of_the_device_were_in_seven_days(either: Database, source: Source) -> None:
    for days, alarm in ((8, "tamper"), (6, "tamper"), (5, "power"), (1, "water")):
        send(either, source, {"unit": BREDA, "alarm": alarm}, now=BEGAN - days * 86_400_000)
        async with opened(console_on(either), (80, 24)) as console:
            await console.press("5", "end", "home", *["down"] * 3, "c", "r" if alarm == "power" else "f")
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5", "down", "down")
        assert "door open" in said(console)
        assert "last 7 days: 2 false, 1 real" in said(console)
        await console.press("up")
        assert "last 7 days: no others" in said(console), "of another device"


async def test_it_tells_of_a_test_mode_there(either: Database) -> None:
    boss = Workspace(either, at=NOON).sign_in("h.devries")
    (breda,) = boss.rows(Listing("customers", '"Breda bakery"'), Part(1))
    until = NOON + timedelta(hours=2)
    boss.save([Edit("test_mode", -1, None, test_mode.TestModeState(breda.id, "Trying out", until=until))])
    for login in ("h.devries", "anneke"):
        async with opened(console_on(either, login), (80, 24)) as console:
            await console.press("5")
            if "door open" not in console.text:
                await console.press("f")
            for _ in range(3):
                tested = f"test mode until {until:%Y-%m-%d %H:%M}" in said(console)
                assert tested == ("door open" in said(console)), said(console)
                await console.press("down")


@pytest.mark.parametrize(("height", "shown"), [(14, False), (19, False), (20, True), (24, True), (40, True)])
async def test_where_there_is_little_room_the_list_has_it_all(either: Database, height: int, shown: bool) -> None:
    async with opened(console_on(either), (80, height)) as console:
        await console.press("5")
        assert console.app.screen.query_one(OutcomePanel).display == shown
        assert console.app.screen.query_one(RecordList).outer_size.height >= 10 - (height == 20) or height == 14
        assert "door open" in console.text


async def test_what_comes_leaves_it_alone(either: Database, source: Source) -> None:
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5", "down")
        before = said(console)
        send(either, source, {"unit": BREDA, "alarm": "fire", "severity": "critical"}, now=BEGAN + 1000)
        console.app.look_for_changes()
        await console.settle()
        assert "fire" in console.text
        assert said(console) == before
