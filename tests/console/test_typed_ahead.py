"""What is typed before there is anything to work with is kept, in order, for what comes up; and what is waited for is
said."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest
from support.console import NOON, demo, send
from textual.pilot import Pilot

from ringfence.console import opening
from ringfence.console.app import RingfenceApp
from ringfence.console.keymap import heard
from ringfence.console.opening import Awaited
from ringfence.console.screens.palette import PaletteScreen
from ringfence.preferences.configuration import Configuration, parse
from ringfence.services.workspace import Session, Workspace
from ringfence.storage.engine import Database, locate, whereabouts

__all__ = ["demo"]


class Slow:
    """A console whose database, and whose sign-in, come when they are let through."""

    def __init__(self, database: Database, login: str | None, configuration: Configuration | None = None) -> None:
        self.connecting, self.signing_in = Event(), Event()
        slow = self

        class SlowWorkspace(Workspace):
            def sign_in(self, login: str, at: Any = None) -> Session:
                assert slow.signing_in.wait(20)
                return super().sign_in(login, at)

        def connect() -> Workspace:
            self.awaited.what = "waiting for the database at harbor"
            assert self.connecting.wait(20)
            return SlowWorkspace(database, at=NOON)

        self.awaited = Awaited()
        self.app = RingfenceApp(connect, login, demo=True, configuration=configuration, awaited=self.awaited)

    @property
    def notices(self) -> list[str]:
        return [notice.message for notice in self.app._notifications]


async def until(pilot: Pilot[Any], wanted: Any) -> None:
    for _ in range(400):
        if wanted():
            return
        await pilot.pause(0.02)
    raise AssertionError(wanted)


async def test_what_is_waited_for_is_said_step_by_step_and_then_no_more(demo: Database) -> None:
    slow = Slow(demo, "olga")
    async with slow.app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: slow.notices == ["Opening… waiting for the database at harbor"])
        slow.connecting.set()
        await until(pilot, lambda: slow.notices == ["Opening… working out what olga sees"])
        slow.signing_in.set()
        await until(pilot, lambda: slow.app.session is not None)
        assert slow.notices == []


async def test_what_is_quick_is_not_said(demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(RingfenceApp, "notify", lambda self, message, **options: said.append(message))
    slow = Slow(demo, None)
    slow.connecting.set()
    async with slow.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(slow.app.screen_stack) > 1)
        await pilot.pause(opening._SAY_SECONDS * 1.5)
    assert not [one for one in said if one.startswith("Opening")]


async def test_keys_wait_for_whoever_signs_in_and_for_the_list(demo: Database) -> None:
    slow = Slow(demo, "h.devries")
    async with slow.app.run_test(size=(80, 24)) as pilot:
        send(slow.app, "2", "slash", *"yard")
        await pilot.pause(0.1)
        assert [one.AREA for one in slow.app.areas] == ["customers"]
        slow.connecting.set()
        slow.signing_in.set()
        await until(pilot, lambda: getattr(slow.app.focused, "value", "") == "yard")
        assert getattr(slow.app.screen, "AREA", "") == "devices"


async def test_keys_wait_for_what_they_are_set_to_be(demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    hearing = Event()

    def heard_late(*given: Any) -> Any:
        assert hearing.wait(20)
        return heard(*given)

    monkeypatch.setattr("ringfence.console.keymap.heard", heard_late)
    slow = Slow(demo, "h.devries", parse(b'[keys]\nfilter = "f4"\ndevices = "f6"\n'))
    slow.connecting.set()
    slow.signing_in.set()
    async with slow.app.run_test(size=(80, 24)) as pilot:
        send(slow.app, "f6", "f4", *"agent")
        await until(pilot, lambda: slow.app.session is not None)
        await pilot.pause(0.1)
        assert [one.AREA for one in slow.app.areas] == ["customers"]
        hearing.set()
        await until(pilot, lambda: getattr(slow.app.focused, "value", "") == "agent")
        assert getattr(slow.app.screen, "AREA", "") == "devices"


async def test_the_palette_waits_for_the_themes(demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.console.app._UNHURRIED_SECONDS", 3600.0)
    slow = Slow(demo, "h.devries")
    slow.connecting.set()
    slow.signing_in.set()
    async with slow.app.run_test(size=(80, 24)) as pilot:
        send(slow.app, "colon", *"theme", "space", *"daylight", "enter")
        await until(pilot, lambda: getattr(slow.app.focused, "value", "") == "theme daylight")
        await pilot.pause(0.1)
        assert isinstance(slow.app.screen, PaletteScreen)
        assert slow.app.screen.found.count == 0
        slow.app._get_ready()
        await until(pilot, lambda: slow.app.theme == "daylight")
        assert not isinstance(slow.app.screen, PaletteScreen)


async def test_nobody_to_sign_in_is_asked_and_typed_to(demo: Database) -> None:
    slow = Slow(demo, None)
    slow.signing_in.set()
    async with slow.app.run_test(size=(80, 24)) as pilot:
        send(slow.app, *"h.devr", "enter", "2", "down", "down")
        await pilot.pause(0.1)
        slow.connecting.set()
        await until(pilot, lambda: slow.app.session is not None and getattr(slow.app.screen, "AREA", "") == "devices")
        await until(pilot, lambda: getattr(slow.app.focused, "cursor", 0) == 2)


async def test_a_refused_sign_in_asks_and_gives_it_the_keys(demo: Database) -> None:
    slow = Slow(demo, "nobody")
    slow.signing_in.set()
    async with slow.app.run_test(size=(80, 24)) as pilot:
        send(slow.app, *"olga")
        slow.connecting.set()
        await until(pilot, lambda: getattr(slow.app.focused, "value", "") == "olga")


async def test_leaving_waits_for_nothing(demo: Database) -> None:
    slow = Slow(demo, None)
    async with slow.app.run_test(size=(80, 24)) as pilot:
        send(slow.app, "q", "escape", "ctrl+q")
        await until(pilot, lambda: slow.app._exit)
        slow.connecting.set()


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("/srv/harbor.db", "/srv/harbor.db"),
        ("/srv/a-long-way-from-here/to-there/and-further/harbor.db", "…m-here/to-there/and-further/harbor.db"),
        ("postgresql://olga:secret@db.example/harbor?password=x", "db.example"),
        ("postgresql://olga:secret@/harbor?host=one&host=two", "one, two"),
        ("postgresql:///harbor", "this machine"),
    ],
)
def test_where_a_database_is(named: str, said: str) -> None:
    found = whereabouts(locate(named))
    assert found.endswith(said.removeprefix("…"))
    assert len(found) <= 40
