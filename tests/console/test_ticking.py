"""What changes by itself is read again when it has changed, and nothing is asked of it while nobody looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import Event

import pytest
from support.console import Console, opened
from support.form_host import FormHost, form_host
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Static

from ringfence.console import ticking
from ringfence.console.questions import Asks
from ringfence.console.ticking import Ticking
from ringfence.domain.errors import RingfenceError
from ringfence.services.workspace import Session
from ringfence.storage.engine import Database


class Clock(Static, Asks):
    """Shows a number that somebody else changes."""

    def __init__(self) -> None:
        super().__init__()
        self.number: int | None = 1
        self.fault = ""
        self.stamps = self.reads = 0
        self.shown: list[str] = []
        self.go = Event()
        self.go.set()

    def on_mount(self) -> None:
        self.ticking = Ticking(self, "clock", self.stamp, self.read, self.shown.append, failed=self.shown.append)

    def stamp(self, _session: Session) -> int | None:
        self.stamps += 1
        self.go.wait(5)
        return self.number

    def read(self, session: Session) -> str:
        self.reads += 1
        if self.fault:
            raise RingfenceError(self.fault)
        return f"{session.profile().login}: {self.number}"


class Room(Screen[None]):
    def compose(self) -> ComposeResult:
        with Container():
            yield Clock()


@asynccontextmanager
async def clock(database: Database) -> AsyncIterator[tuple[Console, Clock]]:
    async with opened(form_host(database)) as console:
        await console.app.push_screen(Room())
        await console.settle()
        yield console, console.app.screen.query_one(Clock)


async def test_it_is_read_when_it_has_changed_and_only_then(demo: Database) -> None:
    async with clock(demo) as (console, shown):
        for number, reads in ((1, 1), (1, 1), (2, 2), (2, 2), (None, 3), (None, 4)):
            shown.number = number
            shown.ticking.look()
            await console.settle()
            assert shown.reads == reads
        assert shown.shown == ["h.devries: 1", "h.devries: 2", "h.devries: None", "h.devries: None"]
        assert shown.stamps == 6


async def test_something_else_and_another_viewer_are_read_though_nothing_has_changed(demo: Database) -> None:
    async with clock(demo) as (console, shown):
        for anew in (False, True):
            shown.ticking.now(anew=anew)
            await console.settle()
        assert isinstance(console.app, FormHost)
        assert console.app.workspace is not None
        console.app.session = console.app.workspace.sign_in("olga")
        shown.ticking.look()
        await console.settle()
        assert shown.shown == ["h.devries: 1", "h.devries: 1", "olga: 1"]


async def test_nothing_is_asked_while_nobody_looks_or_wants_to(demo: Database) -> None:
    def hide(shown: Clock, value: bool) -> None:
        assert shown.parent is not None
        shown.parent.display = value

    def pause(shown: Clock, value: bool) -> None:
        shown.ticking.paused = not value

    async with clock(demo) as (console, shown):
        ways: list[Callable[[Clock, bool], None]] = [hide, pause]
        for way in ways:
            way(shown, False)
            before = shown.stamps
            shown.ticking.look()
            await console.settle()
            assert shown.stamps == before
            way(shown, True)
            shown.ticking.look()
            await console.settle()
            assert shown.stamps == before + 1
        await console.app.push_screen(Screen[None]())
        shown.ticking.look()
        await console.settle()
        assert shown.stamps == before + 1
        console.app.pop_screen()
        await console.settle()
        shown.ticking.look()
        await console.settle()
        assert shown.stamps == before + 2


async def test_who_answers_slowly_is_not_asked_twice_and_may_be_let_go(demo: Database) -> None:
    async with clock(demo) as (console, shown):
        shown.go.clear()
        for _ in range(3):
            shown.ticking.look()
            await asyncio.sleep(0.01)
        assert shown.stamps == 1
        shown.ticking.drop()
        shown.go.set()
        await console.settle()
        assert shown.shown == []


async def test_what_could_not_be_read_is_said_and_read_again(demo: Database) -> None:
    async with clock(demo) as (console, shown):
        shown.fault = "the database does not answer"
        shown.ticking.look()
        await console.settle()
        shown.fault = ""
        shown.ticking.look()
        await console.settle()
        assert shown.shown == ["the database does not answer", "h.devries: 1"]


async def test_the_clock_has_it_look(demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticking, "SECONDS", 0.6)
    async with clock(demo) as (_, shown):
        await asyncio.sleep(0.9)
        assert shown.stamps == 1
        shown.ticking.drop()
