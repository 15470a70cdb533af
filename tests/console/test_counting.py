"""A count that takes long keeps nobody waiting: it says how many there are at least, and can be left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Event

import pytest
from support.console import Console, console_on, opened, send

from ringfence.console import questions
from ringfence.domain.errors import Cancelled
from ringfence.services.records import Listing
from ringfence.services.workspace import Session
from ringfence.storage.engine import Database

SECONDS = 10


class Counting:
    """Counts of what is searched that go on until they are let go: they have found seven by then, and are twelve."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told, self.go, self.left = Event(), Event(), Event()
        count = Session.count

        def slowly(session: Session, listing: Listing, so_far: Callable[[int], object]) -> int:
            if not listing.search:
                return count(session, listing, so_far)
            try:
                while not self.go.wait(0.005):
                    so_far(7)
                    self.told.set()
            except Cancelled:
                self.left.set()
                raise
            return 12

        monkeypatch.setattr(Session, "count", slowly)
        monkeypatch.setattr(questions, "_AT_LEAST_SECONDS", 0.0)


async def shows(console: Console, text: str) -> None:
    for _ in range(SECONDS * 100):
        if text in console.text:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(console.text)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    return Counting(monkeypatch)


async def test_what_is_not_counted_yet_is_at_least_so_many(demo: Database, counting: Counting) -> None:
    """The rows are there before the number is, and the number becomes exact."""
    async with opened(console_on(demo), frames=True) as console:
        await console.press("2", "slash")
        send(console.app, *"cold")
        await shows(console, "at least 7 of 498")
        await shows(console, "Cold room 1 camera")
        assert not counting.go.is_set()
        counting.go.set()
        await shows(console, "12 of 498")
        assert "at least" not in console.text


async def test_a_count_ends_once_nobody_waits_for_it(demo: Database, counting: Counting) -> None:
    async with opened(console_on(demo), frames=True) as console:
        await console.press("2", "slash")
        send(console.app, *"cold")
        await shows(console, "at least 7")
        send(console.app, "escape")
        await shows(console, "498")
        assert await asyncio.to_thread(counting.left.wait, SECONDS)
        assert "at least" not in console.text
