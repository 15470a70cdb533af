"""What one batch knew and the next one need not ask for, as long as nobody else has written meanwhile.

Only of SQLite: there a connection is told cheaply whether anybody has. Whoever pours lines in alone finds the devices,
their latest values and how far rules are with them as they were left.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection

from ringfence.signals.latest import Known
from ringfence.signals.rules import Rules, State
from ringfence.signals.units import Unit

_NAME: Final = "ringfence_memory"
_MOST: Final = 100_000
"""So many series are remembered at most."""


Written = tuple[int, ...]


class Memory:
    """What is known of a tenant: devices by unit id; by device, of those of which they are known at all, the latest
    values (``many`` of them) and how far rules are; and the tenant's rules, unless those are too many."""

    def __init__(self, stamp: tuple[Any, ...]) -> None:
        self.stamp = stamp
        self.units: dict[str, Unit] = {}
        self.latest: dict[int, Known] = {}
        self.many = 0
        self.states: dict[int, dict[int, State]] = {}
        self.rules: Rules | None = None


def recalled(connection: Connection, written: Written, edge: int, lines: int) -> Memory:
    """What the batch before knew, where that is so still; or else nothing. ``written`` is of the beginning of this one;
    ``lines`` is how many the edge has sent: of a batch that was not kept in the end it is another number. Nobody
    recalls it again before it is kept."""
    if not written:
        return Memory(())
    stamp = (edge, lines, *written)
    found = connection.info.pop(_NAME, None)
    if isinstance(found, Memory) and found.stamp == stamp and found.many <= _MOST:
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
