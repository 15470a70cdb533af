"""What is kept for so long and no longer: history, events, ids of signals, test modes that are over."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import delete, select

from ringfence.domain.clock import moment_of
from ringfence.domain.test_mode import TEST_MODES
from ringfence.signals import late, telemetry
from ringfence.storage.engine import Database
from ringfence.storage.signal_tables import DAY, Event, KnownSignal, Runaway
from ringfence.storage.tables import table_of

EVENT_DAYS: Final = 30
SIGNAL_DAYS: Final = 30
TEST_MODE_DAYS: Final = 90
"""So many days after it has ended."""
_MOST: Final = 5000
"""So many rows go in one transaction, or a few more."""


def drop_old(database: Database, now: int) -> None:
    """Drops what is older than is kept, a little at a time; ``now`` is in milliseconds since 1970."""
    with database.reading() as connection:
        old = telemetry.old_days(connection, now)
    late.finish(database)
    if old:
        with database.writing() as connection:
            telemetry.drop_old(connection, now)
    _drop(database, Event, Event.at, now - EVENT_DAYS * DAY)
    _drop(database, KnownSignal, KnownSignal.at, now - SIGNAL_DAYS * DAY)
    with database.reading() as connection:
        mode = table_of(TEST_MODES)
        over = mode.until < moment_of(now - TEST_MODE_DAYS * DAY)
        full = (Runaway.full_at < now - DAY) & Runaway.due_at.is_(None)
        found = [one for one, where in ((mode, over), (Runaway, full)) if _any(connection, one, where)]
    if found:
        with database.writing() as connection:
            connection.execute(delete(mode).where(over))
            connection.execute(delete(Runaway).where(full))


def _any(connection: Any, rows: Any, where: Any) -> bool:
    return bool(connection.execute(select(select(rows.tenant_id).where(where).exists())).scalar_one())


def _drop(database: Database, rows: Any, at: Any, before: int) -> None:
    """Drops rows of moments before that one, the oldest first."""
    while True:
        with database.reading() as connection:
            last = connection.execute(select(at).where(at < before).order_by(at).limit(1).offset(_MOST - 1)).scalar()
            if last is None and connection.execute(select(at).where(at < before).limit(1)).scalar() is None:
                return
        with database.writing() as connection:
            connection.execute(delete(rows).where(at < before if last is None else at <= last))
