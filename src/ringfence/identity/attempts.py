"""How often signing in failed, and how long the next try must wait for it: longer with each, and never for good.

It is counted by what was typed, whether anybody has that login or not, so that a delay says nothing of it. What is kept
is a hash, and of no more than so many: the oldest go first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, delete, select, text

from ringfence.domain import clock
from ringfence.storage.bulk import upsert_rows
from ringfence.storage.identity_tables import Attempt

MOST: Final = 20_000
"""So many logins and addresses are remembered at most."""
_COUNTING: Final = 0x52464E59
_DAY: Final = 24 * 60 * 60.0


class Pace(NamedTuple):
    """So many failures cost nothing; the next one a second, and each one after it twice as long as the one before, up
    to ``longest``. One failure is forgotten after ``forgets``; all are after a day. In seconds."""

    free: int
    longest: float
    forgets: float


PACES: Final[Mapping[str, Pace]] = {
    "login": Pace(3, 300.0, _DAY),
    "code": Pace(3, 3600.0, _DAY),
    # Behind one address there may be a whole house of people.
    "address": Pace(10, 300.0, 60.0),
}


class Key(NamedTuple):
    """What failures are counted of: a login, a user's codes or an address; ``name`` is hashed before it is kept."""

    pace: str
    name: str

    @property
    def digest(self) -> str:
        """What is kept of it."""
        return sha256(f"{self.pace} {self.name}".encode(errors="surrogatepass")).hexdigest()


class Count(NamedTuple):
    """Failures of a key, the last one included; how many seconds the next try must ``wait``; and when the one before
    the last was, if any."""

    failures: int
    wait: float
    before: datetime | None

    def begins_delay(self, key: Key) -> bool:
        """Whether it is by the last of them that tries must wait at all."""
        return self.failures == PACES[key.pace].free + 1


def take_turn(connection: Connection) -> None:
    """Lets one transaction count at a time, so that of many tries at once each is counted. SQLite has only one writer
    anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:one)"), {"one": _COUNTING})


def wait(connection: Connection, keys: Sequence[Key], at: datetime) -> float:
    """How many seconds the next try must wait, as of a moment."""
    known = _read(connection, keys)
    now = clock.milliseconds(at)
    return max(_left(key, *known[key.digest], now) if key.digest in known else 0.0 for key in keys)


def count(connection: Connection, keys: Sequence[Key], at: datetime) -> dict[Key, Count]:
    """Counts one more failure of each of the keys: before the try is looked at, so that many at once are as many."""
    known, now = _read(connection, keys), clock.milliseconds(at)
    found = {}
    for key in keys:
        failures, last = known.get(key.digest, (0, None))
        more = 1 + (0 if last is None else _faded(key, failures, last, now))
        found[key] = Count(more, _delay(key, more), None if last is None else clock.moment_of(last))
    _write(connection, {key.digest: (one.failures, now) for key, one in found.items()})
    if len(known) < len(keys):
        _forget(connection, now)
    return found


def take_back(connection: Connection, keys: Sequence[Key], at: datetime) -> None:
    """Takes back the last failure that was counted: it was none."""
    known = _read(connection, keys)
    _write(connection, {own: (failures - 1, last) for own, (failures, last) in known.items() if failures > 1})
    clear(connection, [key for key in keys if known.get(key.digest, (0, 0))[0] <= 1])


def clear(connection: Connection, keys: Sequence[Key]) -> None:
    """Forgets the failures of these."""
    connection.execute(delete(Attempt.__table__).where(Attempt.digest.in_([key.digest for key in keys])))


def failures(connection: Connection, key: Key) -> int:
    """How many failures of a key are remembered."""
    return _read(connection, [key]).get(key.digest, (0, 0))[0]


def _delay(key: Key, failures: int) -> float:
    pace = PACES[key.pace]
    beyond = failures - pace.free - 1
    return 0.0 if beyond < 0 else min(pace.longest, 2.0 ** min(beyond, 32))


def _faded(key: Key, failures: int, last: int, now: int) -> int:
    """What is left of failures by now; a clock that was put back counts as one that stands."""
    passed = max(0, now - last) / 1000
    return 0 if passed >= _DAY else max(0, failures - int(passed // PACES[key.pace].forgets))


def _left(key: Key, failures: int, last: int, now: int) -> float:
    passed = max(0, now - last) / 1000
    return max(0.0, _delay(key, failures) - passed) if passed < _DAY else 0.0


def _read(connection: Connection, keys: Sequence[Key]) -> dict[str, tuple[int, int]]:
    query = select(Attempt.digest, Attempt.failures, Attempt.at)
    rows: Any = connection.execute(query.where(Attempt.digest.in_([key.digest for key in keys])))
    return {row.digest: (row.failures, row.at) for row in rows}


_COLUMNS: Final = {"digest": "text", "failures": "int", "at": "bigint"}


def _write(connection: Connection, counts: Mapping[str, tuple[int, int]]) -> None:
    # In one order, so that no two wait for each other.
    upsert_rows(connection, "attempt", _COLUMNS, 1, [(own, *counts[own]) for own in sorted(counts)])


def _forget(connection: Connection, now: int) -> None:
    """Forgets what was a day ago, and of the rest the oldest, where there are too many."""
    table = Attempt.__table__
    connection.execute(delete(table).where(table.c.at <= now - round(_DAY * 1000)))
    oldest = select(table.c.at).order_by(table.c.at.desc()).limit(1).offset(MOST).scalar_subquery()
    connection.execute(delete(table).where(table.c.at <= oldest))
