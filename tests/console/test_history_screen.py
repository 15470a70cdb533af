"""What the audit says of one record, in the console: its own entries, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from support.console import console_on, opened

from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

SMOKE = ("device", "north-waalhaven-tunnel-smoke-50-100-m")


async def test_it_lists_and_counts_the_entries_of_the_record_alone(
    demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[tuple[str, str] | None] = []
    count = listing.count

    def counting(viewer: Viewer, wanted: Listing, *rest: Any) -> int:
        counted.append(wanted.record)
        return count(viewer, wanted, *rest)

    monkeypatch.setattr(listing, "count", counting)
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("2", "slash")
        await console.type("50%")
        await console.press("enter")
        counted.clear()
        await console.press("H")
        assert "Audit › Tunnel smoke 50% / 100 m" in console.text
        assert counted == [SMOKE]
        assert "1–3 of 3" in console.text
        await console.press("slash", *"assign")
        assert counted == [SMOKE] * len(counted)
        assert "assigned device “Tunnel smoke”" in console.text
        await console.press("escape", "escape")
        assert console.area == "devices"
