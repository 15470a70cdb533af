"""How often signing in failed, and how long the next try must wait for it: longer with each, and never for good.

It is counted by what was typed, whether anybody has that login or not, so that a delay says nothing of it. What is kept
is a digest that means nothing without the key of the database, and of no more than so many: the oldest go first. On
PostgreSQL each role counts for itself, and has none of what another counts.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, select, text

from ringfence.domain import clock
from ringfence.storage.bulk import upsert_rows
from ringfence.storage.identity_tables import Attempt

MOST: Final = 20_000
"""So many logins and addresses are remembered at most."""
_COUNTING: Final = 0x52464E59
_DAY: Final = 24 * 60 * 60.0
_KEY_BYTES: Final = 32


class Pace(NamedTuple):
    """So many failures cost nothing; the next one a second, and each one after it twice as long as the one before, up
    to ``longest``. One failure is forgotten after ``forgets``; all are after a day. In seconds."""

    free: int
    longest: float
    forgets: float


PACES: Final[Mapping[str, Pace]] = {
    "login": Pace(3, 300.0, _DAY),
    "login here": Pace(3, 300.0, _DAY),
    "code": Pace(3, 3600.0, _DAY),
    # Behind one address there may be a whole house of people.
    "address": Pace(10, 300.0, 60.0),
    # Of logins that nobody has, for the audit alone.
    "unknown": Pace(0, 0.0, _DAY),
}


class Key(NamedTuple):
    """What failures are counted of: a login, wherever or by one user of a machine, a user's codes or an address;
    ``name`` is hashed before it is kept."""

    pace: str
    name: str


UNKNOWN: Final = Key("unknown", "")


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
        connection.execute(text("SELECT pg_advisory_xact_lock(:one, hashtext(current_user))"), {"one": _COUNTING})


def known(connection: Connection, keys: Iterable[Key], at: datetime) -> dict[Key, Count]:
    """What is counted of those of the keys of which anything is, as of a moment."""
    book = _Book.of(connection)
    if book is None:
        return {}
    found, now = book.read(connection, keys), clock.milliseconds(at)
    return {
        key: Count(_faded(key, *row, now), _left(key, *row, now), clock.moment_of(row[1])) for key, row in found.items()
    }


def wait(connection: Connection, keys: Iterable[Key], at: datetime) -> float:
    """How many seconds the next try must wait, as of a moment."""
    return max((one.wait for one in known(connection, keys, at).values()), default=0.0)


def count(connection: Connection, keys: Sequence[Key], at: datetime) -> dict[Key, Count]:
    """Counts one more failure of each of the keys: before the try is looked at, so that many at once are as many."""
    book = _Book.of(connection) or _Book.begun(connection)
    before, now = book.read(connection, keys), clock.milliseconds(at)
    found = {}
    for key in keys:
        failures, last = before.get(key, (0, None))
        more = 1 + (0 if last is None else _faded(key, failures, last, now))
        found[key] = Count(more, _delay(key, more), None if last is None else clock.moment_of(last))
    book.write(connection, {key: (one.failures, now) for key, one in found.items()})
    if len(before) < len(keys):
        book.forget(connection, now)
    return found


def take_back(connection: Connection, keys: Sequence[Key], at: datetime) -> None:
    """Takes back the last failure that was counted: it was none."""
    book = _Book.of(connection)
    if book is not None:
        found = book.read(connection, keys)
        book.write(connection, {key: (failures - 1, last) for key, (failures, last) in found.items() if failures > 1})
        book.clear(connection, [key for key in keys if found.get(key, (0, 0))[0] <= 1])


def clear(connection: Connection, keys: Sequence[Key]) -> None:
    """Forgets the failures of these."""
    book = _Book.of(connection)
    if book is not None:
        book.clear(connection, keys)


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


_COLUMNS: Final = {"role": "text", "digest": "text", "failures": "int", "at": "bigint"}
_KEYED: Final = 2


class _Book(NamedTuple):
    """What a role has counted: by digests that its own key makes."""

    role: str
    secret: bytes

    @classmethod
    def of(cls, connection: Connection) -> _Book | None:
        """That of whoever is connected; None where nothing was ever counted."""
        row = connection.execute(_OWN[connection.dialect.name]).one()
        return None if row.secret is None else cls(row.role, bytes.fromhex(row.secret))

    @classmethod
    def begun(cls, connection: Connection) -> _Book:
        """The same, with a key that nobody knows: of two that begin at once the first has made it."""
        role = connection.execute(_OWN[connection.dialect.name]).one().role
        connection.execute(_BEGIN, {"role": role, "secret": secrets.token_hex(_KEY_BYTES)})
        found = cls.of(connection)
        assert found is not None
        return found

    def read(self, connection: Connection, keys: Iterable[Key]) -> dict[Key, tuple[int, int]]:
        """How many failures of each key there are, and when the last was, in milliseconds."""
        digests = {self._digest(key): key for key in keys}
        query = select(Attempt.digest, Attempt.failures, Attempt.at).where(self._mine(list(digests)))
        return {digests[row.digest]: (row.failures, row.at) for row in connection.execute(query)}

    def write(self, connection: Connection, counts: Mapping[Key, tuple[int, int]]) -> None:
        """Keeps these."""
        # In one order, so that no two wait for each other.
        rows: list[tuple[Any, ...]] = sorted((self.role, self._digest(key), *one) for key, one in counts.items())
        upsert_rows(connection, "attempt", _COLUMNS, _KEYED, rows)

    def clear(self, connection: Connection, keys: Sequence[Key]) -> None:
        """Forgets these."""
        connection.execute(delete(Attempt.__table__).where(self._mine([self._digest(key) for key in keys])))

    def forget(self, connection: Connection, now: int) -> None:
        """Forgets what was a day ago, and of the rest the oldest, where there are too many."""
        own = Attempt.role == self.role
        connection.execute(delete(Attempt.__table__).where(own, Attempt.at <= now - round(_DAY * 1000)))
        oldest = select(Attempt.at).where(own).order_by(Attempt.at.desc()).limit(1).offset(MOST).scalar_subquery()
        connection.execute(delete(Attempt.__table__).where(own, Attempt.at <= oldest))

    def _mine(self, digests: Sequence[str]) -> ColumnElement[bool]:
        return and_(Attempt.role == self.role, Attempt.digest.in_(digests))

    def _digest(self, key: Key) -> str:
        return hmac.new(self.secret, f"{key.pace} {key.name}".encode(errors="surrogatepass"), sha256).hexdigest()


_OWN: Final = {
    "sqlite": text("SELECT '' AS role, (SELECT k.secret FROM attempt_key k WHERE k.role = '') AS secret"),
    "postgresql": text(
        "SELECT CAST(current_user AS text) AS role, "
        "(SELECT k.secret FROM attempt_key k WHERE k.role = current_user) AS secret"
    ),
}
_BEGIN: Final = text("INSERT INTO attempt_key (role, secret) VALUES (:role, :secret) ON CONFLICT DO NOTHING")
