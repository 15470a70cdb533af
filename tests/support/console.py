"""The console in tests: opened on a database, driven by its keys, read as it is drawn."""

from __future__ import annotations

import asyncio
import shutil
import time
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from datetime import time as clock
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

import pytest
from support.databases import forget_past
from support.strips import remember_nothing
from textual import events
from textual.app import App
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from ringfence.console.app import RingfenceApp
from ringfence.console.screens.area import AreaScreen
from ringfence.services.workspace import Workspace
from ringfence.snapshot.demo import shipped
from ringfence.snapshot.story import STORY_DAY
from ringfence.storage.engine import Database, open_database

NOON: Final = datetime.combine(STORY_DAY, clock(12), UTC)
"""The moment that the demo's story is told at, whatever day it is."""

CUSTOMER_GROUPS: Final = ("4", "4", "right_square_bracket")
ROLES: Final = ("4", "4", "left_square_bracket")
"""The keys that go to a tab of the area of security from everywhere, whichever was shown last."""

_SECONDS = 30.0
_TURNS = 4
"""So many turns of the loop it takes at most until the application has what the driver sent."""
_SHORT = 0.5  # a timer that is due sooner is part of what is going on; a toast's is not


def demo_copy(folder: Path, busy_seconds: float = 5) -> Database:
    """The demo database as it is shipped, copied into a folder; its windows lie around `NOON`."""
    path = folder / "demo.db"
    shutil.copyfile(shipped(), path)
    return open_database(str(path), busy_seconds=busy_seconds)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Database]:
    """A copy of the demo database of the test's own."""
    database = demo_copy(tmp_path)
    yield database
    database.close()


@pytest.fixture
def no_past(demo: Database) -> None:
    """That copy with nothing in its audit yet."""
    forget_past(Path(demo.name))


def console_on(
    database: Database, login: str | None = "h.devries", *, demo: bool = True, **options: Any
) -> RingfenceApp:
    """The console on a database, looking at it as it is at `NOON`."""
    return RingfenceApp(lambda: Workspace(database, at=NOON), login, demo=demo, **options)


class Console:
    """A console under the hands of a test. Every key is answered in full before the next one."""

    def __init__(self, app: RingfenceApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Presses keys, one after the other."""
        await press(self.pilot, *keys)

    async def hurry(self, *keys: str) -> None:
        """Presses keys faster than anything is answered."""
        send(self.app, *keys)
        await self.settle()

    async def type(self, text: str) -> None:
        """Types a text in one go."""
        send(self.app, *text)
        await settle(self.app, self.pilot)

    async def settle(self) -> None:
        """Waits until nothing is going on."""
        await settle(self.app, self.pilot)

    @property
    def lines(self) -> list[str]:
        """What is on screen, line by line."""
        return drawn(self.app)

    @property
    def text(self) -> str:
        """What is on screen."""
        return "\n".join(self.lines)

    @property
    def area(self) -> str:
        """Which of the numbered screens is up; empty where another one is over it."""
        screen = self.app.screen
        return screen.AREA if isinstance(screen, AreaScreen) else ""

    @property
    def toasts(self) -> list[str]:
        """The notices that are up, oldest first."""
        return [notice.message for notice in self.app._notifications]

    def forget_toasts(self) -> None:
        """Takes the notices down."""
        self.app.clear_notifications()

    async def switch(self, login: str) -> None:
        """Chooses another user in the list of F2, typing faster than anything is found."""
        await self.press("f2")
        send(self.app, *login, "enter")
        await self.settle()


@asynccontextmanager
async def opened(
    app: RingfenceApp, size: tuple[int, int] = (120, 40), *, frames: bool = False
) -> AsyncIterator[Console]:
    """The console, open and at rest. It is drawn when it has come to rest and the keys pressed together are done; with
    ``frames`` as on a terminal, where what lies between is drawn too."""
    _at_rest[app] = not frames
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(app, pilot)
        yield Console(app, pilot)
        _draw_unread(app)


_at_rest: WeakKeyDictionary[App[Any], bool] = WeakKeyDictionary()
"""Whether an application is drawn at rest alone."""
_unread: WeakSet[App[Any]] = WeakSet()
"""Those at rest whose screen nobody has drawn yet."""
_draw = Screen._compositor_refresh


def _draw_later(screen: Screen[Any]) -> None:
    """What of a screen is to be drawn anew stays noted until it is at rest."""
    if not _at_rest.get(screen.app) or screen is not screen.app.screen:
        _draw(screen)
    else:
        screen._dirty_widgets.clear()
        screen.app._update_mouse_over(screen)


def _draw_unread(app: App[Any]) -> None:
    """Draws what no test has read, so that it can be drawn: whoever reads it draws it."""
    if app in _unread:
        _unread.discard(app)
        if app.is_running and app._exception is None:
            _draw(app.screen)


Screen._compositor_refresh = _draw_later  # type: ignore[method-assign, assignment]
remember_nothing()


def drawn(app: App[Any]) -> list[str]:
    """What is on screen, line by line, with whatever shines through from below and every notice."""
    _unread.discard(app)
    width, height = app.size
    lines = [strip.crop(0, width).text for strip in app.screen._compositor.render_strips()]
    return lines[:height]


async def settle(app: App[Any], pilot: Pilot[Any], *, draw: bool = True) -> None:
    """Waits until nothing is asked, due or waiting to be drawn any more. Raises AssertionError if that never comes."""
    deadline = time.monotonic() + _SECONDS
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    while True:
        while _busy(app):
            assert time.monotonic() < deadline, f"still busy: {_busy(app)}"
            await asyncio.sleep(0.002)
        if app._exception is not None or not app.is_running:
            return
        app.screen._on_timer_update()
        if not _busy(app):
            if draw and _at_rest.setdefault(app, True):
                _unread.add(app)
            return


def send(app: App[Any], *keys: str) -> None:
    """Sends keys as the terminal would, without waiting for what comes of them."""
    assert app._driver is not None
    _draw_unread(app)
    for name in keys:
        key = _character_to_key(name) if len(name) == 1 and not name.isalnum() else name
        try:
            character: str | None = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
        except KeyError:
            character = name if len(name) == 1 else None
        event = events.Key(key, character)
        event.set_sender(app)
        app._driver.send_message(event)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Presses keys, each of which is answered in full before the next one; what the last one leads to is drawn. The
    pilot's own way naps after each."""
    for number, key in enumerate(keys, start=1):
        send(pilot.app, key)
        await settle(pilot.app, pilot, draw=number == len(keys))


def _busy(app: App[Any]) -> str:
    """What is still going on; empty when nothing is."""
    for worker in app.workers:
        if not worker.is_finished:
            return f"worker {worker.group}"
    for pump in _pumps(app):
        if pump._running and not pump._closing and not _waits(pump):
            return f"messages of {pump}"
        for timer in pump._timers:
            if timer._repeat == 0 and timer._interval < _SHORT and timer._task and not timer._task.done():
                return f"timer of {pump}"
    return ""


def _waits(pump: MessagePump) -> bool:
    """Whether there is no message for it, and it is not at one either."""
    queue: Any = pump._message_queue
    return queue.empty() and bool(queue.ready_event._waiters)


def _pumps(app: App[Any]) -> Iterator[MessagePump]:
    yield app
    for screen in app.screen_stack:
        yield from screen.walk_children(with_self=True)


def still(app: App[Any], *, notices: bool = False) -> None:
    """Makes a picture of the console repeatable: no notices, unless they are asked for, and every cursor shown."""
    if not notices:
        app.clear_notifications()
    for field in app.screen.query(Input):
        field.cursor_blink = False
