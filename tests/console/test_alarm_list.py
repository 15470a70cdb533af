"""The queue of alarms: those that nobody has cleared, each with its sign, how often and since when; all on demand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from support.alarm_queue import BEGAN, fill
from support.console import NOON, Console, console_on, opened
from support.signals import send

from ringfence.console.moments import age
from ringfence.console.screens.record_list import RecordList
from ringfence.domain import clock
from ringfence.domain.alarm import ALARMS
from ringfence.domain.signal import SEVERITIES
from ringfence.signals.intake import Source
from ringfence.storage.engine import Database


@pytest.fixture(autouse=True)
def source(either: Database) -> Iterator[Source]:
    """What feeds the queue, at a moment that stays."""
    made = fill(either)
    with clock.stopped(NOON):
        yield made


def rows(console: Console) -> list[str]:
    """The rows of the list, as they are drawn."""
    table = console.app.screen.query_one(RecordList)
    return [line.strip("│▌ ") for line in console.lines[5 : 5 + table.count]]


async def test_what_each_row_says(either: Database) -> None:
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5")
        said = [row.split() for row in rows(console)]
        assert [row[:4] for row in said] == [
            ["12", "s", "!!", "critical"],
            ["4", "m", "!", "major"],
            ["3", "h", "~", "warning"],
        ]
        assert [" ".join(row[4:6]) for row in said] == ["intrusion ×3", "too warm", "door open"]


async def test_signs_tell_severities_apart_without_colour() -> None:
    (shown,) = (one for one in ALARMS.display.columns if one.signs)
    signs = [shown.signs.get(one, "") for one in SEVERITIES]
    assert signs == ["!!", "!", "+", "~", ""]


async def test_what_is_over_and_waits_has_a_sign_of_its_own(either: Database, source: Source) -> None:
    send(either, source, {"unit": "U-00752", "alarm": "intrusion", "state": "off"}, now=BEGAN + 1)
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5")
        assert rows(console)[0].split()[2:4] == ["·", "critical"]
        await console.press("a")
        assert "intrusion" not in console.text, "it waited for that alone"
        assert len(rows(console)) == 2


async def test_cleared_ones_are_shown_when_they_are_asked_for(either: Database) -> None:
    async with opened(console_on(either)) as console:
        await console.press("5")
        assert "Active alarms" in console.lines[3]
        assert "f finished too" in console.lines[-1] or "f all" in console.lines[-1]
        await console.press("down", "c", "t")
        assert len(rows(console)) == 2
        assert "too warm" not in console.text
        await console.press("f")
        assert "All alarms" in console.lines[3]
        assert "f active only" in console.lines[-1] or "f all" in console.lines[-1]
        assert [row.split()[-1] for row in rows(console)] == ["open", "test", "open"]
        assert rows(console)[1].split()[2:4] == ["·", "major"]
        await console.press("slash")
        await console.type('"too warm')
        assert len(rows(console)) == 1
        await console.press("escape", "slash")
        await console.type('"')
        await console.press("enter", "f")
        assert len(rows(console)) == 2, "a quote that is open yet takes nothing of that away"


async def test_an_empty_queue_says_that_nothing_is_active(either: Database) -> None:
    async with opened(console_on(either), (80, 24)) as console:
        await console.press("5", "space", "space", "space", "c", "f")
        assert "No active alarms here that Hanna de Vries may see." in console.text
        await console.press("f")
        assert len(rows(console)) == 3


async def test_going_back_to_a_cleared_one_shows_all(either: Database) -> None:
    async with opened(console_on(either)) as console:
        await console.press("5", "down", "2", "5")
        table = console.app.screen.query_one(RecordList)
        assert table.row.name == "too warm"
        record = table.row.id
        await console.press("c", "t")
        screen = console.app.screen
        place = screen.place._replace(record=record)  # type: ignore[attr-defined]
        screen.show_place(place)  # type: ignore[attr-defined]
        await console.settle()
        assert "All alarms" in console.lines[3]
        assert table.row.id == record


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 m"),
        (3599, "59 m"),
        (3600, "1 h"),
        (86_399, "23 h"),
        (86_400, "1 d"),
        (40 * 86_400, "40 d"),
    ],
)
def test_ages(seconds: float, said: str) -> None:
    now = datetime(2026, 11, 28, tzinfo=NOON.tzinfo)
    assert age(now - timedelta(seconds=seconds), now) == said
