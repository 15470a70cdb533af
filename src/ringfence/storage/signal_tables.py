"""The tables of what devices say, which are no kinds of record: nothing of them is edited, audited or undone.

Moments are whole milliseconds since 1970, in UTC: there are very many of them. What is said of a device goes with it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.sql.schema import SchemaItem

from ringfence.domain.registry import PLACE
from ringfence.storage.columns import BINARY_TEXT, own_id, rows, tenant_id

HISTORY: Final = "point"
"""How the names of the tables begin that hold the history, one a day; on PostgreSQL those are its partitions."""


def _of(table: str, *, keyed: bool = True, index: bool = True) -> Column[Any]:
    """The column that names a record of a table, with which the row goes."""
    to = ForeignKey(f"{table}.id", ondelete="CASCADE")
    return Column(f"{table}_id", Integer, to, primary_key=keyed, nullable=False, index=index, autoincrement=False)


def _moment(name: str, *, keyed: bool = False) -> Column[Any]:
    return Column(name, BigInteger, primary_key=keyed, nullable=False, autoincrement=False)


def _keyed(name: str, *columns: SchemaItem) -> Any:
    """A table whose key begins with the tenant."""
    return rows(name, tenant_id(keyed=True), *columns, keyed=True)


Series: Final = rows(
    "series",
    own_id(),
    tenant_id(),
    _of("device", keyed=False),
    Column("name", BINARY_TEXT, nullable=False),
    _moment("at"),
    Column("number", Float),
    Column("said", Text),
    UniqueConstraint("tenant_id", "device_id", "name"),
    ever=True,
)
"""What a device reports under a name, with its latest value: a ``number``, or else what was ``said``, as JSON. An id is
never given out twice: points refer to it."""
Reported: Final = _keyed(
    "reported",
    _of("device"),
    Column("name", BINARY_TEXT, primary_key=True),
    Column("said", Text, nullable=False),
    _moment("at"),
)
"""An attribute that a device reported of itself: what was ``said``, as JSON."""
Tenure: Final = _keyed(
    "tenure",
    _of("device"),
    _moment("until", keyed=True),
    Column("customer_id", Integer, nullable=False),
    Column("site_id", Integer, ForeignKey(f"{PLACE.table}.id", ondelete="SET NULL"), index=True),
)
"""Where a device stood before it was handed over: what it reported from the one before up to then is for those
who reach that place. The customer may be a former one."""
Event: Final = rows(
    "event",
    own_id(),
    tenant_id(),
    _of("device", keyed=False, index=False),
    _moment("at"),
    Column("kind", BINARY_TEXT, nullable=False),
    Column("name", BINARY_TEXT, nullable=False),
    Column("severity", String, nullable=False),
    Column("text", Text, nullable=False),
    Index(None, "device_id", "at", "id"),
    Index(None, "at"),
)
"""Something that a device said once: an alarm that began (``on``) or ended (``off``), by its kind, or a text that
``changed``, by the name of its series."""
EdgeHeard: Final = _keyed(
    "edge_heard",
    _of("edge"),
    _moment("at"),
    Column("lines", BigInteger, nullable=False),
    Column("allowance", Float, nullable=False),
)
"""When an edge was last heard, how many lines it has sent, and how many more it may send at once."""
Unmatched: Final = _keyed(
    "unmatched",
    _of("edge"),
    Column("unit_id", BINARY_TEXT, primary_key=True),
    _moment("first_at"),
    _moment("last_at"),
    Column("lines", BigInteger, nullable=False),
    Column("sample", Text, nullable=False),
)
"""A unit id that an edge named and may not speak for, whether there is such a device or not."""
KnownSignal: Final = _keyed(
    "known_signal",
    _of("edge"),
    Column("signal", BINARY_TEXT, primary_key=True),
    _moment("at"),
    Index(None, "at"),
)
"""The ids of signals that an edge has sent: the same one again is not taken twice."""

RuleState: Final = _keyed(
    "rule_state",
    _of("device"),
    _of("alarm_rule"),
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
Runaway: Final = _keyed(
    "runaway",
    _of("device"),
    Column("kind", BINARY_TEXT, primary_key=True),
    _moment("full_at"),
    Column("due_at", BigInteger),
    Index(None, "due_at"),
)
"""When a device may raise as many alarms of a kind at once again as ever (``full_at``), and when one that is over, but
came too often, can be cleared (``due_at``)."""
Suppressed: Final = _keyed(
    "suppressed",
    _of("device"),
    Column("kind", BINARY_TEXT, primary_key=True),
    _of("alarm", keyed=False),
    _moment("due_at"),
    Index(None, "due_at"),
)
"""An alarm that a test mode keeps from the operators and that is not over: the one of outcome ``test`` that counts what
comes, and when that mode ends (``due_at``)."""
Escalation: Final = _keyed(
    "escalation",
    _of("alarm"),
    _moment("since"),
    _moment("due_at"),
    Index(None, "due_at"),
)
"""An alarm that becomes more severe unless somebody acknowledges it: since when nobody does, and when that is due."""
AlarmAbove: Final = _keyed(
    "alarm_above",
    Column("ancestor_id", Integer, primary_key=True, autoincrement=False),
    Column("started_key", BINARY_TEXT, primary_key=True),
    _of("alarm"),
    Column("customer_id", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
)
"""Of each alarm that is open the customers that it is at or below, in the order in which alarms began, with the one
that it is at, and how severe it is (``rank``: 0 is the most severe): by it a queue is read at whatever customers
somebody sees."""
AlarmCount: Final = _keyed("alarm_count", Column("number", BigInteger, nullable=False))
"""A ``number`` of a tenant that rises with every change of its alarms."""
WorkerHeard: Final = rows("worker_heard", own_id(), _moment("at"), Column("said", String, nullable=False))
"""When a worker was heard last, and which process it is (``said``)."""


def milliseconds(moment: datetime) -> int:
    """A moment as these tables keep it."""
    return round(moment.timestamp() * 1000)


def moment_of(milliseconds: int) -> datetime:
    """The moment that they keep so."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def day_table(day: str) -> str:
    """The table of the history of a day, written as YYYYMMDD."""
    return f"{HISTORY}_{day}"
