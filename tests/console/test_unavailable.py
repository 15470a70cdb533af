"""A server that is stopped, and comes back, under a console: it is said, what was typed stays, and it goes on."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event
from support.console import Console, console_on, opened
from support.postgres import stoppable

from ringfence.snapshot.load import load_document
from ringfence.snapshot.story import story
from ringfence.storage.engine import open_database
from ringfence.storage.listening import announce

pytestmark = pytest.mark.postgres
_BANNER = "the server does not answer"


async def until(console: Console, holds: Callable[[], bool]) -> None:
    """Looks as the clock does, until it holds."""
    by = time.monotonic() + 40
    while not holds():
        assert time.monotonic() < by, console.text
        console.app.look_if_heard()
        await asyncio.sleep(0.05)
        await console.settle()


async def test_what_was_typed_outlives_the_server() -> None:
    with stoppable() as (url, server):
        database = open_database(url, create=True, busy_seconds=5)
        load_document(database, story())
        asked: list[str] = []
        event.listen(database.engine, "before_cursor_execute", lambda _c, _r, said, *_: asked.append(said))
        async with opened(console_on(database, demo=False)) as console:
            app: Any = console.app
            await until(console, lambda: app._nothing_heard)
            asked.clear()
            for _ in range(5):
                app.look_if_heard()
                await console.settle()
            assert asked == []  # nothing is asked while nothing is heard
            with database.writing() as connection:
                announce(connection, 1)
            await until(console, lambda: bool(asked))
            await console.press("2", "e")
            await console.type("Typed before")
            assert "Typed before" in console.text
            server.stop(signal.SIGINT)
            await console.press("ctrl+s")
            await until(console, lambda: _BANNER in console.text)
            console.forget_toasts()
            await console.type(" and behind")
            assert "Typed before and behind" in console.text
            server.start()
            await until(console, lambda: _BANNER not in console.text)
            await console.press("ctrl+s")
            await until(console, lambda: console.area != "")
        with database.reading() as connection:
            found = connection.exec_driver_sql("SELECT name FROM device WHERE name LIKE '%%Typed before and behind'")
            assert len(found.all()) == 1
        database.close()
