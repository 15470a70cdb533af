"""What there is to do now, by keys: each tile by the rights of whoever looks, and what they lead to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.alarm_queue import BEGAN, fill
from support.console import NOON, Console, console_on, opened
from support.signals import send

from ringfence.console.cells import now as cells
from ringfence.console.screens.now import NowScreen
from ringfence.console.text import literal, width_of
from ringfence.console.widgets.tile import Tile, TileLine
from ringfence.domain.errors import RingfenceError
from ringfence.domain.signal import SEVERITIES
from ringfence.services.editing import Edit
from ringfence.services.now import Alarms, Burning, Edges, Now, Quiet
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Session, Workspace
from ringfence.signals.working import Worker
from ringfence.storage.engine import Database

SMALL = (80, 24)


def screen_of(console: Console) -> NowScreen:
    screen = console.app.screen
    assert isinstance(screen, NowScreen)
    return screen


def tiles(console: Console) -> dict[str, list[str]]:
    """The tiles that are shown, with what they say, or why they say nothing."""
    return {
        one.title: [line.text.rstrip() for line in one.lines] or [one.says.strip()] for one in screen_of(console).shown
    }


def focused(console: Console) -> str:
    tile = console.app.focused
    assert isinstance(tile, Tile)
    return tile.title


async def test_each_sees_the_tiles_that_they_have_a_right_in(demo: Database) -> None:
    """Whoever may list no edges has no hole where others have signals, and nobody's hidden names are said."""
    async with opened(console_on(demo), SMALL) as console:
        assert console.lines[1].rstrip().endswith("0 Now")
        await console.press("0")
        assert console.area == "now"
        found = tiles(console)
        assert list(found) == ["Alarms", "Signals", "Where it burns", "In test mode"]
        assert found["Alarms"][0].startswith("critical   7  █")
        assert "16 new · oldest 2 d" in console.text
        assert found["Where it burns"][0].split() == ["Lab", "rack", "1", "2", "critical"]
        assert found["Signals"][0] == "edges      5 of 5 heard in 5 min"
        await console.switch("olga")
        found = tiles(console)
        assert list(found) == ["Alarms", "Where it burns", "In test mode"]
        assert found["Alarms"][0].startswith("critical   4  █")
        hidden = ("Lab rack", "Staging", "Migration", "heard", "Test bench")
        assert not [one for one in hidden if one in console.text]
        assert "Breda bakery" in console.text
        rows = [line for line in console.lines[3:-1] if not line.startswith(("│", "╭", "╰"))]
        assert rows == [], "no row is empty"
        await console.switch("r.dekker")
        assert "0 Now" in console.lines[1]
        await console.switch("p.nowak")
        assert "0 Now" not in console.lines[1]
        assert console.area == "customers"
        await console.press("0")
        assert console.area == "customers"
        assert "may list neither alarms nor edges" in console.text


def test_whose_alarms_it_is_that_burn_may_be_hidden() -> None:
    assert cells.why_none_burns(Alarms({"major": 0}, 0, None)) == "No customer has an active alarm."
    assert "No customer" not in cells.why_none_burns(Alarms({"major": 2}, 2, None))


async def test_tab_goes_round_and_enter_opens_the_list_filtered_to_it(demo: Database) -> None:
    async with opened(console_on(demo, "olga"), SMALL) as console:
        await console.press("0")
        assert focused(console) == "Alarms"
        await console.press("tab")
        assert focused(console) == "Where it burns"
        await console.press("shift+tab", "shift+tab")
        assert focused(console) == "In test mode"
        await console.press("enter")
        assert console.area == "customers"
        assert "Breda bakery" in console.lines[2]
        await console.press("comma")
        assert console.area == "now"
        await console.press("tab")
        assert focused(console) == "Alarms"
        await console.press("down", "enter")
        assert console.area == "alarms"
        assert "/severity:major  6" in console.lines[2]
        await console.press("0", "tab", "down", "enter")
        assert '/customer:"Clinical laboratory"  1' in console.lines[2]
        await console.press("0")
        while focused(console) != "Alarms":
            await console.press("tab")
        await console.press("end", "enter")
        assert console.area == "now", "that a worker runs leads nowhere"
        await console.press("y")
        assert console.app.clipboard.split() == ["worker", "none", "runs"]


async def test_it_is_read_again_by_the_clock_unless_it_is_paused(either: Database) -> None:
    source = fill(either)
    async with opened(console_on(either), SMALL) as console:
        await console.press("0", "tab")
        assert tiles(console)["Alarms"][0].startswith("critical   1")
        ticking = screen_of(console)._ticking
        send(either, source, {"unit": "U-00767", "alarm": "fire"}, now=BEGAN + 1000)
        ticking.look()
        await console.settle()
        assert tiles(console)["Alarms"][0].startswith("critical   2")
        await console.press("p")
        assert "paused" in console.lines[2]
        assert "p go on" in console.lines[-1]
        send(either, source, {"unit": "U-00755", "alarm": "fire"}, now=BEGAN + 2000)
        ticking.look()
        await console.settle()
        assert tiles(console)["Alarms"][0].startswith("critical   2")
        console.app.look_for_changes()
        await console.settle()
        assert tiles(console)["Alarms"][0].startswith("critical   2")
        await console.press("p")
        assert tiles(console)["Alarms"][0].startswith("critical   3")
        send(either, source, {"unit": "U-00752", "alarm": "fire"}, now=BEGAN + 3000)
        console.app.look_for_changes()
        await console.settle()
        assert tiles(console)["Alarms"][0].startswith("critical   4"), "as the number beside its area says"
        assert "5 Alarms 6" in console.lines[1]
        assert "every 10 s" in console.lines[2]


async def test_that_no_worker_runs_is_said_until_one_does(demo: Database) -> None:
    async with opened(console_on(demo, "olga"), SMALL) as console:
        await console.press("0")
        assert tiles(console)["Alarms"][-1] == "worker     none runs"
        Worker(demo).work(BEGAN)
        await console.press("ctrl+r")
        assert tiles(console)["Alarms"][-1] == "worker     runs"


async def test_where_it_cannot_be_read_it_says_so_and_tries_again(
    demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: Session) -> Now:
        raise RingfenceError("the database does not answer")

    async with opened(console_on(demo, "olga"), SMALL) as console:
        await console.press("0")
        with monkeypatch.context() as patch:
            patch.setattr(Session, "now", gone)
            await console.press("ctrl+r")
            assert tiles(console)["Alarms"] == ["the database does not answer"]
        screen_of(console)._ticking.look()
        await console.settle()
        assert tiles(console)["Alarms"][0].startswith("critical   4")


async def test_rights_that_go_take_their_tiles_along(demo: Database) -> None:
    boss = Workspace(demo, at=NOON).sign_in("h.devries")
    async with opened(console_on(demo, "olga"), SMALL) as console:
        await console.press("0")
        (olga,) = boss.rows(Listing("users", "login:olga"), Part(1))
        opened_ = boss.open_record("user", olga.id)
        boss.save([Edit("user", olga.id, opened_.state, replace(opened_.state, security_groups=frozenset()))])
        console.app.look_for_changes()
        await console.settle()
        assert console.area == "customers"
        assert "Now" not in console.lines[1]


@pytest.mark.parametrize("name", ["[red]x[/] \x1b[31m", "a\u202eb", '"quoted" name', "京" * 40])
def test_names_are_drawn_literally(name: str) -> None:
    counts: dict[str, int] = {one: 3 if one == "critical" else 0 for one in SEVERITIES}
    burning = (Burning(1, "c", name, {"critical": 3}),)
    lines = cells.burning(burning, 40)
    lines += cells.signals(Edges(1, (Quiet(name, 1, None),), 0, 0), NOON, (), 40, ascii=False)
    lines += cells.alarms(Now(NOON, Alarms(counts, 3, NOON), burning, (), None, True), 40, ascii=False)
    tile = Tile("x")
    tile._lines = lines
    drawn = ["".join(text for text, _ in tile.line(at, 40)) for at in range(len(lines))]
    assert [width_of(line) for line in drawn] == [40] * len(lines)
    assert not [sign for line in drawn for sign in line if not sign.isprintable()]
    assert literal(name)[:5] in drawn[0]
    assert lines[0].leads.search.startswith('customer:"')


def test_lines_a_minute_are_known_by_what_came_between_two_looks() -> None:
    screen = NowScreen()
    for seconds, lines in ((0, 100), (10, 105), (10, 105), (20, 125), (30, 20), (40, 30)):
        screen._count(seconds * 1000, lines)
    assert screen._rates == [(40_000, 60.0)], "one edge is gone: it begins anew"
    screen = NowScreen()
    for seconds, lines in ((0, 100), (10, 105), (20, 125)):
        screen._count(seconds * 1000, lines)
    assert screen._rates == [(10_000, 30.0), (20_000, 120.0)]
    found: list[TileLine] = cells.signals(Edges(2, (), 125, 3), NOON, screen._rates, 60, ascii=True)
    assert [one.text.split()[:4] for one in found] == [
        ["lines", "75", "a", "minute"],
        ["edges", "2", "of", "2"],
        ["unmatched", "3", "unit", "ids"],
    ]
