"""The tables of what devices say, which are no kinds of record: nothing of them is edited, audited or undone.

Moments are whole milliseconds since 1970, in UTC: there are very many of them. What is said of a device goes with it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)

from ringfence.domain.clock import milliseconds
from ringfence.domain.registry import PLACE
from ringfence.storage.columns import BINARY_TEXT, keyed, moment, of, own_id, rows, tenant_id

HISTORY: Final = "point"
"""How the names of the tables begin that hold the history, one a day; on PostgreSQL those are its partitions. On SQLite
the table of this very name holds what was written behind each other while lines poured in: see `signals.late`."""
LATEST: Final = "latest"
"""Of SQLite: the latest values of devices that were written behind each other likewise, of a device the last."""
DAY: Final = 86_400_000
"""Milliseconds of a day."""

Series: Final = rows(
    "series",
    own_id(),
    tenant_id(),
    of("device", keyed=False),
    Column("name", BINARY_TEXT, nullable=False),
    UniqueConstraint("tenant_id", "device_id", "name"),
    ever=True,
)
"""That a device reports something under a name. An id is never given out twice: points refer to it."""
DeviceLatest: Final = keyed(
    "device_latest",
    of("device"),
    moment("at"),
    Column("said", Text, nullable=False),
    Column("older", Text),
)
"""What a device reported last: when that was, and a list in JSON of its latest values, in the order of the ids of its
series; where any was so earlier, another one of when each was so. Mostly a device says all that it does at once."""
Reported: Final = keyed(
    "reported",
    of("device"),
    Column("name", BINARY_TEXT, primary_key=True),
    Column("said", Text, nullable=False),
    moment("at"),
)
"""An attribute that a device reported of itself: what was ``said``, as JSON."""
Tenure: Final = keyed(
    "tenure",
    of("device"),
    moment("until", keyed=True),
    Column("customer_id", Integer, nullable=False),
    Column("site_id", Integer, ForeignKey(f"{PLACE.table}.id", ondelete="SET NULL"), index=True),
)
"""Where a device stood before it was handed over: what it reported from the one before up to then is for those
who reach that place. The customer may be a former one."""
Event: Final = rows(
    "event",
    own_id(),
    tenant_id(),
    of("device", keyed=False, index=False),
    moment("at"),
    Column("kind", BINARY_TEXT, nullable=False),
    Column("name", BINARY_TEXT, nullable=False),
    Column("severity", String, nullable=False),
    Column("text", Text, nullable=False),
    Index(None, "device_id", "at", "id"),
    Index(None, "at"),
)
"""Something that a device said once: an alarm that began (``on``) or ended (``off``), by its kind, or a text that
``changed``, by the name of its series."""
EdgeHeard: Final = keyed(
    "edge_heard",
    of("edge"),
    moment("at"),
    Column("lines", BigInteger, nullable=False),
    Column("allowance", Float, nullable=False),
)
"""When an edge was last heard, how many lines it has sent, and how many more it may send at once."""
Unmatched: Final = keyed(
    "unmatched",
    of("edge"),
    Column("unit_id", BINARY_TEXT, primary_key=True),
    moment("first_at"),
    moment("last_at"),
    Column("lines", BigInteger, nullable=False),
    Column("sample", Text, nullable=False),
)
"""A unit id that an edge named and may not speak for, whether there is such a device or not."""
KnownSignal: Final = keyed(
    "known_signal",
    of("edge"),
    Column("signal", BINARY_TEXT, primary_key=True),
    moment("at"),
    Index(None, "at"),
)
"""The ids of signals that an edge has sent: the same one again is not taken twice."""

RuleState: Final = keyed(
    "rule_state",
    of("device"),
    of("alarm_rule"),
    Column("heard_at", BigInteger),
    Column("since", BigInteger),
    Column("count", Integer, nullable=False),
    Column("raised", Boolean, nullable=False),
    Column("due_at", BigInteger),
    Index(None, "due_at"),
)
"""How far a rule is with a device: when the last value came that it looks at (``heard_at``), since when its condition
holds and how often it did in a row (``since``, ``count``), whether it has ``raised`` an alarm whose condition is not
over, and when its clock has to be looked at, or before (``due_at``). Where there is none, it holds nothing."""
Runaway: Final = keyed(
    "runaway",
    of("device"),
    Column("kind", BINARY_TEXT, primary_key=True),
    moment("full_at"),
    Column("due_at", BigInteger),
    Index(None, "due_at"),
)
"""When a device may raise as many alarms of a kind at once again as ever (``full_at``), and when one that is over, but
came too often, can be cleared (``due_at``)."""
Suppressed: Final = keyed(
    "suppressed",
    of("device"),
    Column("kind", BINARY_TEXT, primary_key=True),
    of("alarm", keyed=False),
    moment("due_at"),
    Index(None, "due_at"),
)
"""An alarm that a test mode keeps from the operators and that is not over: the one of outcome ``test`` that counts what
comes, and when that mode ends (``due_at``)."""
Escalation: Final = keyed(
    "escalation",
    of("alarm"),
    moment("since"),
    moment("due_at"),
    Index(None, "due_at"),
)
"""An alarm that becomes more severe unless somebody acknowledges it: since when nobody does, and when that is due."""
AlarmAbove: Final = keyed(
    "alarm_above",
    Column("ancestor_id", Integer, primary_key=True, autoincrement=False),
    Column("started_key", BINARY_TEXT, primary_key=True),
    of("alarm"),
    Column("customer_id", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
)
"""Of each alarm that is open the customers that it is at or below, in the order in which alarms began, with the one
that it is at, and how severe it is (``rank``: 0 is the most severe): by it a queue is read at whatever customers
somebody sees."""
AlarmCount: Final = keyed("alarm_count", Column("number", BigInteger, nullable=False))
"""A ``number`` of a tenant that rises with every change of its alarms."""
WorkerHeard: Final = rows("worker_heard", own_id(), moment("at"), Column("said", String, nullable=False))
"""When a worker was heard last, and which process it is (``said``)."""


def day_table(day: str) -> str:
    """The table of the history of a day, written as YYYYMMDD."""
    return f"{HISTORY}_{day}"


def day_rows(connection: Connection, day: str) -> str:
    """What a statement reads the history of a day from, as far as it is where it belongs, of the tenant that is given
    to it as ``tenant``, with a name of its own to follow. On PostgreSQL it is that day of the whole history, to which
    the server alone goes: what a role may read is said of the whole, not of a day. On SQLite it is the day, of all
    tenants."""
    if connection.dialect.name == "sqlite":
        return day_table(day)
    begin = day_begins(day)
    of_day = f"SELECT * FROM {HISTORY} WHERE at >= {begin} AND at < {begin + DAY}"  # noqa: S608 - of numbers
    return f"({of_day} AND tenant_id = :tenant)"


def waiting(connection: Connection, table: str = HISTORY) -> int:
    """How many numbers, or latest values of devices, are not where they belong yet: none but on SQLite."""
    if connection.dialect.name != "sqlite":
        return 0
    return int(connection.exec_driver_sql(f"SELECT coalesce(max(rowid), 0) FROM {table}").scalar_one())  # noqa: S608


def day_begins(day: str) -> int:
    """The first moment of a day."""
    return milliseconds(datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC))
