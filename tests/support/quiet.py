"""What the tests of the console share: coroutine tests, and surroundings that are the same everywhere."""

from __future__ import annotations

import asyncio
import inspect
import time

import pytest
from support.clock import stopped_at
from support.console import NOON
from support.style_sheets import parse_once

_LONGEST = 300
"""Seconds."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a coroutine test to its end, which must come: one that waits for what never shows fails."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    test = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted})
    asyncio.run(asyncio.wait_for(test, _LONGEST))
    return True


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Hides the developer's terminal, clock, configuration and databases; nothing waits for the cursor or the typing
    to rest, and nobody looks by the clock whether anything has changed."""
    monkeypatch.setattr("ringfence.console.screens.customers._FOLLOW_SECONDS", 0.001)
    monkeypatch.setattr("ringfence.console.screens.record_form._SETTLE", 0.001)
    monkeypatch.setattr("ringfence.console.screens.manage_devices._SETTLE", 0.001)
    monkeypatch.setattr("ringfence.console.widgets.framed.RESTS", 0.0)
    monkeypatch.setattr("ringfence.console.app._LOOK_SECONDS", 3600.0)
    monkeypatch.setattr("ringfence.console.ticking.SECONDS", 3600.0)
    monkeypatch.setattr("ringfence.console.screens.now.SECONDS", 3600.0)
    monkeypatch.setattr("ringfence.console.app._UNHURRIED_SECONDS", 0.001)
    monkeypatch.setattr("textual.css.stylesheet.Stylesheet._parse_rules", parse_once)
    stopped_at(monkeypatch, NOON)
    monkeypatch.setenv("RINGFENCE_DEBUG", "1")  # what nobody foresaw ends the test
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    own = (f"RINGFENCE_{name}" for name in ("DB", "THEME", "COLORS", "MOUSE"))
    for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL", "COLORTERM", *own):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home))
