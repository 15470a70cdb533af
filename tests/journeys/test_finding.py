"""Somebody looks for what they were told of on the telephone: by columns, by what it is not, and back to it later."""

from __future__ import annotations

from support.console import console_on, opened

from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database


async def test_a_camera_of_a_customer_that_is_not_at_the_gate(demo: Database) -> None:
    """Filtered by columns, narrowed, marked, kept as a bookmark, and found again by somebody who sees less."""
    session = Workspace(demo).sign_in("h.devries")
    words = "kind:camera customer:rotter"
    every, fewer = (session.count(Listing("devices", one), lambda _: None) for one in (words, f"{words} -gate"))
    assert 0 < fewer < every
    async with opened(console_on(demo, "h.devries"), (80, 24)) as console:
        await console.press("2", "slash")
        await console.type(words)
        assert f"{every} of 498" in console.lines[2]
        await console.type(" -gate")
        await console.press("enter")
        assert f"{fewer} of 498" in console.lines[2]
        assert not any("gate" in line.lower() for line in console.lines[4:-2] if "camera" in line)
        await console.press("v", "end", "space")
        assert f"{fewer} marked" in console.text
        await console.press("B", "escape", "escape")
        assert "/kind" not in console.lines[2]
        await console.press("1", "colon")
        await console.type("kind:camera")
        await console.press("enter")
        assert console.area == "devices"
        assert f"{fewer} of 498" in console.lines[2]
        await console.switch("t.okafor")
        await console.press("2", "slash")
        await console.type("customer:northwind")
        assert " 0 of " in console.lines[2]
        assert "Nothing matches" in console.text
