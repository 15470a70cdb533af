"""Leaving at any moment: no timer and no answer acts on a console that is going."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from support.console import CUSTOMER_GROUPS, console_on, send, settle

from ringfence.console import app as console_app
from ringfence.console.screens import customers, record_form
from ringfence.storage.engine import Database

PLACES: dict[str, Sequence[str]] = {
    "tree": ("down",),
    "list": ("2", "down"),
    "form": ("3", "e"),
    "picker": (*CUSTOMER_GROUPS, "e", "ctrl+end", "enter"),
    "question": (*CUSTOMER_GROUPS, "a"),
    "palette": ("ctrl+p",),
    "side by side": ("f3", *"olga", "enter"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", ["key", pytest.param("end", marks=pytest.mark.slow)])
async def test_it_is_left_at_any_moment(place: str, way: str, demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of what is going on is raised when the console has ended."""
    monkeypatch.setattr(console_app, "_LOOK_SECONDS", 0.0005)
    monkeypatch.setattr(customers, "_FOLLOW_SECONDS", 0.0001)
    monkeypatch.setattr(record_form, "_SETTLE", 0.0001)
    for turns in (0, 1, 2, 3, 5, 8, 13):
        app = console_on(demo)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await asyncio.sleep(0.05)
            send(app, *PLACES[place])
            for _ in range(turns):
                await asyncio.sleep(0.004)
            app._stamp = None  # the next look finds something
            if way == "key":
                send(app, "ctrl+q")
                await settle_or_gone(app, pilot)
        assert app._exception is None


async def settle_or_gone(app: object, pilot: object) -> None:
    for _ in range(100):
        if not app.is_running or app._exit:  # type: ignore[attr-defined]
            return
        await asyncio.sleep(0.01)


async def test_a_look_that_comes_too_late_does_nothing(demo: Database) -> None:
    app = console_on(demo)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
    app.look_for_changes()  # there is no screen any more
    assert app._exception is None
