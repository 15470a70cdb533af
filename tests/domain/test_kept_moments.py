"""A moment is the same one, whichever engine a statement reads it from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ringfence.domain import clock


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-28 10:00:12.500000",
        "2026-11-28T10:00:12.5",
        datetime(2026, 11, 28, 10, 0, 12, 500_000, tzinfo=UTC),
        datetime(2026, 11, 28, 11, 0, 12, 500_000, tzinfo=timezone(timedelta(hours=1))),
        datetime(2026, 11, 28, 10, 0, 12, 500_000),
    ],
    ids=["SQLite", "a T between", "PostgreSQL", "another zone", "no zone"],
)
def test_a_moment_as_either_engine_keeps_it(value: datetime | str) -> None:
    assert clock.kept(value).isoformat() == "2026-11-28T10:00:12.500000+00:00"
