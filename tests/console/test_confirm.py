"""The question before a change opens at once, is filled in as things are worked out, and can be left at any time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine, event
from support.console import Console, console_on, demo_copy, opened, send
from support.databases import dumped

from ringfence.storage.engine import Database

NORTHWIND = ("down",) * 6
WAITING = "Working out who gains and loses what"


@pytest.fixture
def demo(tmp_path: Path) -> Database:
    return demo_copy(tmp_path)


class Held:
    """A rehearsal that is held at its end, when everything is written and worked out."""

    def __init__(self) -> None:
        self.begun = Event()
        self.go_on = Event()

    def __call__(self, _: Any) -> None:
        self.begun.set()
        self.go_on.wait(60)


@asynccontextmanager
async def held() -> AsyncIterator[Held]:
    """Holds every rehearsal that ends."""
    hold = Held()
    event.listen(Engine, "rollback", hold)
    try:
        yield hold
    finally:
        hold.go_on.set()
        event.remove(Engine, "rollback", hold)


async def until(console: Console, wanted: Callable[[], bool]) -> None:
    for _ in range(3000):
        if wanted():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(console.text)


async def test_it_tells_what_goes_along_while_the_rest_is_worked_out(demo: Database) -> None:
    """At first only Back can be chosen; what goes along is told before who loses what; then the rest is filled in."""
    async with held() as hold, opened(console_on(demo)) as console:
        await console.hurry(*NORTHWIND)
        send(console.app, "D")
        await until(console, lambda: hold.begun.is_set() and "With it go" in console.text)
        assert "With it go 8 customers, 1 user, 10 sites, 134 devices," in console.text
        assert WAITING in console.text
        assert "g.moreau" not in console.text
        assert "Type Northwind" not in console.text
        send(console.app, "d")
        await until(console, lambda: bool(console.toasts))
        assert console.toasts == ["Delete: it is still being worked out"]
        hold.go_on.set()
        await console.settle()
        assert WAITING not in console.text
        assert "With it go 8 customers, 1 user, 10 sites, 134 devices," in console.text
        assert "g.moreau" in console.text
        assert "Type Northwind Logistics to go on" in console.text


@pytest.mark.parametrize("way", ["escape", "enter"])
async def test_it_is_left_at_once(demo: Database, way: str) -> None:
    """Esc, and Enter on Back, leave it whatever is at work; nothing comes of that any more."""
    before = dumped(demo)
    async with held() as hold, opened(console_on(demo)) as console:
        await console.hurry(*NORTHWIND)
        send(console.app, "D")
        await until(console, lambda: hold.begun.is_set() and "With it go" in console.text)
        send(console.app, way)
        await until(console, lambda: "Delete customer" not in console.text)
        assert not hold.go_on.is_set()
        hold.go_on.set()
        await console.settle()
        assert console.toasts == []
        assert "Delete customer" not in console.text
    assert dumped(demo) == before
