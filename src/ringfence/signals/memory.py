"""What one batch knew and the next one need not ask for, as long as nobody else has written meanwhile.

Only of SQLite: there a connection is told cheaply whether anybody has. Whoever pours lines in alone finds the devices
and the latest values as they were left.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection

from ringfence.signals.telemetry import Key, Row
from ringfence.signals.units import Unit

_NAME: Final = "ringfence_memory"
_MOST: Final = 100_000
"""So many series are remembered at most."""


Written = tuple[int, ...]


class Memory:
    """What is known of a tenant: devices by unit id, and the latest values of those (``devices``) of which all are."""

    def __init__(self, stamp: tuple[Any, ...]) -> None:
        self.stamp = stamp
        self.units: dict[str, Unit] = {}
        self.devices: set[int] = set()
        self.series: dict[Key, Row] = {}


def recalled(connection: Connection, written: Written, edge: int, lines: int) -> Memory:
    """What the batch before knew, where that is so still; or else nothing. ``written`` is of the beginning of this one;
    ``lines`` is how many the edge has sent: of a batch that was not kept in the end it is another number."""
    if not written:
        return Memory(())
    stamp = (edge, lines, *written)
    found = connection.info.get(_NAME)
    if isinstance(found, Memory) and found.stamp == stamp and len(found.series) <= _MOST:
        return found
    return Memory(stamp)


def keep(connection: Connection, memory: Memory, edge: int, lines: int) -> None:
    """Keeps what is known at the end of a batch."""
    if written := written_by(connection):
        memory.stamp = (edge, lines, *written)
        connection.info[_NAME] = memory


def written_by(connection: Connection) -> Written:
    """What is otherwise once somebody else has written, and once this connection has; nothing where nobody can tell."""
    if connection.dialect.name != "sqlite":
        return ()
    driver: Any = connection.connection.driver_connection
    ((version,),) = driver.execute("PRAGMA data_version").fetchall()
    return version, driver.total_changes
