"""A list in another order has as many rows: they are not counted again."""

from __future__ import annotations

from typing import Any

import pytest
from support.console import console_on, opened

from ringfence.console.screens.record_list import RecordList
from ringfence.services.workspace import Session
from ringfence.storage.engine import Database


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was counted, as the filters of the lists."""
    found: list[str] = []
    count = Session.count

    def counting(session: Session, listing: Any, *given: Any) -> int:
        found.append(listing.search)
        return count(session, listing, *given)

    monkeypatch.setattr(Session, "count", counting)
    return found


async def test_another_order_is_not_counted_again(demo: Database, counted: list[str]) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("2")
        records = console.app.screen.query_one(RecordList)
        total = records.total
        assert total
        counted.clear()
        await console.press("U")
        assert records.sort == ("unit_id", False)
        assert not counted
        assert records.total == total
        await console.press("slash", "g", "a", "enter")
        found = records.total
        assert found
        assert found < total
        counted.clear()
        await console.press("N")
        assert not counted
        assert records.total == found
        assert records.found.startswith(str(found))
        await console.press("ctrl+r")
        assert counted == ["ga"], "read again, they may be others"
