"""Draws the console on the demo as an SVG: the README's picture, made anew by ``make picture``."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ringfence.console.app import RingfenceApp
from ringfence.console.start import DEMO_LOGIN
from ringfence.console.widgets.framed import RESTS
from ringfence.services.workspace import Workspace
from ringfence.snapshot.demo import scratch_copy


async def draw(
    keys: Sequence[str] = (), size: tuple[int, int] = (120, 36), login: str = DEMO_LOGIN, theme: str | None = None
) -> str:
    """The console after these keys, as an SVG of ``size`` terminal cells."""
    with scratch_copy() as (database, _):
        app = RingfenceApp(lambda: Workspace(database), login, demo=True)
        async with app.run_test(size=size, notifications=True) as pilot:
            await settle(app, pilot)
            if theme:
                app.theme = theme
            for key in keys:
                await pilot.press(key)
                await settle(app, pilot)
            await pilot.pause(RESTS + 0.1)  # what is cut under the cursor stands in the border by then
            # Without the addresses of web fonts: a viewer has a fixed-width font of its own.
            return re.sub(r"@font-face\s*\{.*?\}", "", app.export_screenshot(title="ringfence"), flags=re.DOTALL)


async def settle(app: RingfenceApp, pilot: object) -> None:
    """Waits until nothing is being asked or drawn any more."""
    from textual.pilot import Pilot
    from textual.worker import WorkerCancelled, WorkerFailed

    assert isinstance(pilot, Pilot)
    for _ in range(6):
        await pilot.pause(0.07)
        with suppress(WorkerCancelled, WorkerFailed):
            await app.workers.wait_for_complete()
    await pilot.pause()


if __name__ == "__main__":
    KEYS = ("down", "down", "down", "down", "down", "right", "down", "down", "right", "enter", "down")
    Path(sys.argv[1]).write_text(asyncio.run(draw(KEYS, login="olga")), encoding="utf-8")
