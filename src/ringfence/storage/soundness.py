"""Whether a database holds what this program writes, and nothing else: every fault in a line, with table, id and what.

The engines hold little of it. SQLite takes anything in any column, and whoever opens the file may leave foreign keys
off; on PostgreSQL somebody may have altered a table. So everything is asked for, of the tables as the classes say them.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple, NoReturn

from sqlalchemy import BigInteger, Boolean, Column, Connection, Float, ForeignKey, Integer, String, Table, text
from sqlalchemy.exc import DBAPIError

from ringfence.domain import field as declared
from ringfence.domain import limits
from ringfence.domain.audit import AUDIT
from ringfence.domain.clock import LAST
from ringfence.domain.customer import CUSTOMERS, child_path
from ringfence.domain.device import DEVICES
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED
from ringfence.domain.text import search_key
from ringfence.storage.columns import UtcDateTime
from ringfence.storage.metadata import metadata
from ringfence.storage.signal_tables import LATEST, DeviceLatest
from ringfence.storage.tables import Tenant

SHOWN: Final = 20
"""So many faults of one sort are told; of the others, how many there are."""
_MOST: Final = 2**31 - 1
"""What PostgreSQL's integers hold, and a snapshot's numbers."""
_FINITE: Final = "1.7976931348623157e308"
_CHUNK: Final = 10_000

_BY_TABLE: Final = {kind.table: kind for kind in EDITED.values()}
"""The kinds of record that tables hold. Of what the audit's chain holds in its texts, that tells itself."""
_AMONG: Final = {
    (ties.table, ties.other): ties.among for kind in EDITED.values() for _, ties in kind.ties.values() if ties.among
}
"""What plain values that are tied to a record may be, by table and column."""
_EVERYWHERE: Final = {
    "key": declared.Text(limits.KEY, filled=True),
    "name": declared.Text(limits.NAME, filled=True),
    "kind": declared.Text(limits.SHORT_TEXT),
    "unit_id": declared.Text(limits.SHORT_TEXT),
}
"""What columns hold where no kind says it."""


@dataclass
class Faults:
    """The faults found so far, by sort; of each sort the first few, and how many there are."""

    lines: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, sort: str, line: str) -> None:
        """Notes a fault."""
        self.counts[sort] += 1
        if self.counts[sort] <= SHOWN:
            self.lines[sort].append(line)

    def said(self) -> list[str]:
        """A line for each fault that is told, and one for those of its sort that are not."""
        found = []
        for sort, lines in self.lines.items():
            found += lines
            if self.counts[sort] > SHOWN:
                found.append(f"{sort}: and {self.counts[sort] - SHOWN:,} more")
        return found


class _Node(NamedTuple):
    id: Any
    tenant_id: Any
    parent_id: Any
    key: Any
    path: Any
    device_count: Any


def look(connection: Connection, faults: Faults) -> None:
    """Notes everything that rows hold and should not. Tables and columns that are not there are passed over."""
    there = _there(connection)
    steps: list[Callable[[], None]] = []
    for table in metadata.sorted_tables:
        if all(column.name in there.get(table.name, ()) for column in table.columns):
            steps += _of_table(connection, table, faults)
    steps += [partial(one, connection, faults) for one in (_tree, _latest)]
    steps += _by_hand(connection, faults)
    for step in steps:
        try:
            with connection.begin_nested() if connection.dialect.name == "postgresql" else nullcontext():
                step()
        except (DBAPIError, UnicodeDecodeError) as error:
            said = str(error.orig) if isinstance(error, DBAPIError) else "a message that is no text"
            if "no such" not in said and "does not exist" not in said:  # the structure's faults say so
                faults.add("the file", f"the file cannot be read: {said.splitlines()[0]}")


def _of_table(connection: Connection, table: Table, faults: Faults) -> list[Callable[[], None]]:
    return [partial(step, connection, table, faults) for step in (_columns, _texts, _references)]


def _there(connection: Connection) -> dict[str, set[str]]:
    if connection.dialect.name == "sqlite":
        query = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    else:
        query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
    found: dict[str, set[str]] = defaultdict(set)
    for table, column in connection.execute(text(query)):
        found[str(table)].add(str(column))
    return found


# Each column by itself.


def _columns(connection: Connection, table: Table, faults: Faults) -> None:
    """Notes values of the wrong type, missing ones, and such as the column may not have."""
    sqlite = connection.dialect.name == "sqlite"
    checks = [(column.name, what, said) for column in table.columns for what, said in _conditions(column, sqlite)]
    primary = _primary(table)
    told = ", ".join(f"CASE WHEN {what} THEN 1 ELSE 0 END" for _, what, _ in checks)
    query = f"SELECT {primary}, {told} FROM {_quoted(table.name)} WHERE {' OR '.join(what for _, what, _ in checks)}"  # noqa: S608 - of names in the classes
    width = len(table.primary_key.columns)
    for row in connection.execute(text(query.replace(":", r"\:"))):
        for (column, _, said), wrong in zip(checks, row[width:], strict=True):
            if wrong:
                faults.add(f"{table.name}.{column}", f"{_named(table, row[:width])}: {column} {said}")


def _conditions(column: Column[Any], sqlite: bool) -> Iterator[tuple[str, str]]:
    """What of a column's values is a fault, as SQL, and how it is said."""
    name = _quoted(column.name)
    if not column.nullable:
        yield f"{name} IS NULL", "is missing"
    if isinstance(column.type, Boolean):
        if sqlite:
            yield f"({name} IS NOT NULL AND (typeof({name}) <> 'integer' OR {name} NOT IN (0, 1)))", "is no truth value"
    elif isinstance(column.type, Integer):
        least = 1 if column.foreign_keys or column.name in ("id", "ancestor_id", "revision", "version") else 0
        most = LAST if isinstance(column.type, BigInteger) else _MOST
        typed = f"typeof({name}) = 'integer'" if sqlite else "TRUE"
        if sqlite:
            yield f"({name} IS NOT NULL AND NOT {typed})", "is no number"
        yield f"({typed} AND ({name} < {least} OR {name} > {most}))", "is a number that it cannot be"
    elif isinstance(column.type, Float):
        if sqlite:
            yield f"({name} IS NOT NULL AND typeof({name}) <> 'real')", "is no number"
        yield f"abs({name}) > {_FINITE}", "is not finite"
    elif sqlite:
        yield f"({name} IS NOT NULL AND typeof({name}) <> 'text')", "is no text"
    if _is_text(column):
        kind = _BY_TABLE.get(column.table.name)
        spec = kind.fields[column.name].spec if kind is not None and column.name in kind.stored else None
        if column.table.name != AUDIT.table and (spec is None or column.name == "key"):
            spec = _EVERYWHERE.get(column.name)
        folded = kind is not None and column.name in {one.folded for one in kind.texts.values() if one.filled}
        if folded or (isinstance(spec, declared.Text) and spec.filled):
            yield f"trim({name}) = ''", "is empty"
        if isinstance(spec, declared.Text):
            yield f"length({name}) > {spec.longest}", f"is longer than {spec.longest} characters"
        allowed = spec.values if isinstance(spec, declared.Choice) else ()
        allowed = _AMONG.get((column.table.name, column.name), allowed)
        if allowed:
            listed = ", ".join(f"'{one}'" for one in allowed)
            yield f"{name} NOT IN ({listed})", "is none of those that there are"


def _texts(connection: Connection, table: Table, faults: Faults) -> None:
    """Notes text that is none, times that are none, and search keys that do not say what the record does."""
    columns = [column for column in table.columns if _is_text(column) or _is_time(column)]
    if not columns or (connection.dialect.name != "sqlite" and "search_key" not in table.columns):
        return
    names = [column.name for column in columns]
    width = len(table.primary_key.columns)
    listed = ", ".join([_primary(table), *map(_quoted, names)])
    times = {place for place, column in enumerate(columns, width) if _is_time(column)}
    kind = _BY_TABLE.get(table.name)
    fields = kind.searched if kind is not None else ()
    places = [width + names.index(name) for name in fields]
    kept = width + names.index("search_key") if fields else 0
    result = connection.execute(text(f"SELECT {listed} FROM {_quoted(table.name)}"))  # noqa: S608 - likewise
    for row in result.yield_per(_CHUNK):
        for place, value in enumerate(row[width:], width):
            if isinstance(value, str) and not value.isascii() and _UNREADABLE in value:
                name = names[place - width]
                faults.add(f"{table.name}.{name}", f"{_named(table, row[:width])}: {name} is no UTF-8")
        for place in times:
            if isinstance(row[place], str) and not _readable_time(row[place]):
                name = names[place - width]
                faults.add(f"{table.name}.{name}", f"{_named(table, row[:width])}: {name} is no time")
        values = [row[place] for place in places]
        if fields and all(isinstance(one, str) for one in (row[kept], *values)) and row[kept] != search_key(*values):
            said = "does not say what the record does: it is not found"
            faults.add(f"{table.name}.search_key", f"{_named(table, row[:width])}: search_key {said}")


_UNREADABLE: Final = "\udcff"
"""Stands in the place of bytes that are no text; `readable` puts it there."""


def readable(data: bytes) -> str:
    """What SQLite has as text, whatever it is: a text factory that never fails."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode(errors="replace") + _UNREADABLE


def _readable_time(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is None
    except ValueError:
        return False


# References.


def _references(connection: Connection, table: Table, faults: Faults) -> None:
    """Notes references that lead nowhere, or out of the tenant."""
    for key in sorted(table.foreign_keys, key=lambda one: one.parent.name):
        if connection.dialect.name == "postgresql":  # whose keys begin with the tenant: out of it they lead nowhere
            _lost(connection, table, key, faults)
            continue
        column, other = key.parent.name, key.column.table
        join = f"LEFT JOIN {_quoted(other.name)} o ON o.{_quoted(key.column.name)} = own.{_quoted(column)}"
        nowhere = f"own.{_quoted(column)} IS NOT NULL AND o.{_quoted(key.column.name)} IS NULL"
        _misled(connection, table, f"{column} leads nowhere", f"{join} WHERE {nowhere}", faults)
        if "tenant_id" in other.columns:
            elsewhere = f"{join} WHERE o.tenant_id <> own.tenant_id"
            _misled(connection, table, f"{column} leads to another tenant", elsewhere, faults)


def _lost(connection: Connection, table: Table, key: ForeignKey, faults: Faults) -> None:
    """Notes where a reference leads to nothing of the tenant."""
    column, other = _quoted(key.parent.name), key.column.table
    same = "o.tenant_id = own.tenant_id"
    if other.name == Tenant.__tablename__:
        same = "TRUE"
    there = f"SELECT FROM {_quoted(other.name)} o WHERE o.{_quoted(key.column.name)} = own.{column} AND {same}"
    nowhere = f"WHERE own.{column} IS NOT NULL AND NOT EXISTS ({there})"
    _misled(connection, table, f"{key.parent.name} leads nowhere", nowhere, faults)


def _misled(connection: Connection, table: Table, said: str, rest: str, faults: Faults) -> None:
    column = said.partition(" ")[0]
    primary = ", ".join(f'own."{one.name}"' for one in table.primary_key.columns)
    query = f"SELECT {primary}, own.{_quoted(column)} FROM {_quoted(table.name)} own {rest}"  # noqa: S608 - likewise
    for row in connection.execute(text(query)):
        faults.add(f"{table.name}.{column}", f"{_named(table, row[:-1])}: {said} ({_value(row[-1])})")


def _tree(connection: Connection, faults: Faults) -> None:
    """Notes customers that stand nowhere in their tenant's tree, or count their devices wrongly."""
    query = "SELECT id, tenant_id, parent_id, key, path, device_count FROM customer"
    nodes = {row[0]: _Node(*row) for row in connection.execute(text(query))}
    query = "SELECT customer_id, count(*) FROM device GROUP BY customer_id"
    counted: dict[Any, int] = {row[0]: row[1] for row in connection.execute(text(query))}
    paths: dict[Any, str | None] = {}
    for own, node in nodes.items():
        way: list[Any] = []
        at: Any = own
        while at in nodes and at not in paths:
            paths[at] = None  # until it is known; still so when the way leads back here
            way.append(at)
            at = nodes[at].parent_id
        above = paths.get(at) if at is not None else ""
        if at in way:
            faults.add("customer.parent_id", f"customer {_value(at)}: parent_id leads back to itself")
        for one in reversed(way):
            good = above is not None and isinstance(one, int) and one > 0
            above = paths[one] = child_path(above or "", one) if good else None
        expected = paths[own]
        if expected is not None and node.path != expected:
            faults.add("customer.path", f"customer {_value(own)}: path does not follow its parent's")
        if (node.parent_id is None) != (node.key is None):
            said = "is missing" if node.key is None else "is there, and a tenant's root has none"
            faults.add("customer.key", f"customer {_value(own)}: key {said}")
        devices = counted.get(own, 0)
        if node.device_count != devices:
            said = f"device_count is {_value(node.device_count)}, and it has {devices:,}"
            faults.add("customer.device_count", f"customer {_value(own)}: {said}")
    roots = Counter(node.tenant_id for node in nodes.values() if node.parent_id is None)
    for (tenant,) in connection.execute(text("SELECT id FROM tenant")):
        if roots[tenant] != 1:
            faults.add("tenant", f"tenant {_value(tenant)}: it has {roots[tenant] or 'no'} roots instead of one")


def _latest(connection: Connection, faults: Faults) -> None:
    """Notes latest values that are none, or not of as many series as the device has."""
    latest = DeviceLatest.__table__
    series = "SELECT count(*) FROM series s WHERE s.device_id = d.device_id AND s.tenant_id = d.tenant_id"
    query = f"SELECT d.tenant_id, d.device_id, d.said, d.older, ({series}) FROM device_latest d"  # noqa: S608 - our own
    if connection.dialect.name == "sqlite":  # of these there are others yet
        query += f" WHERE d.device_id NOT IN (SELECT w.device_id FROM {LATEST} w)"  # noqa: S608 - likewise
    for *own, said, older, many in connection.execute(text(query)).yield_per(_CHUNK):
        for column, kept, kinds in (("said", said, (float, bool, str)), ("older", older, (int,))):
            if isinstance(kept, str) and not _all_of(kept, kinds, many):
                line = f"{_named(latest, own)}: {column} is not a value for each of its series"
                faults.add(f"{latest.name}.{column}", line)


def _all_of(kept: str, kinds: tuple[type, ...], many: int) -> bool:
    """Whether this is a list in JSON of so many values of these kinds."""
    try:
        found = json.loads(kept, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, list) and len(found) == many and all(type(one) in kinds for one in found)


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


_BELOW: Final = "h.tenant_id = c.tenant_id AND h.path >= c.path AND h.path < c.path || '~'"


def _by_hand(connection: Connection, faults: Faults) -> Iterator[Callable[[], None]]:
    """What no single column, and no single reference, says."""

    def same(one: str, other: str) -> str:
        """On PostgreSQL, whose rows refer to those of their tenant alone. SQLite would look them up by it."""
        return f" AND {one}.tenant_id = {other}.tenant_id" if connection.dialect.name == "postgresql" else ""

    for limit, spec in CUSTOMERS.numbers.items():
        number = _number(EDITED[spec.counts], same("u", "h"))
        query = f"SELECT id, most, found FROM (SELECT c.id, c.{limit} AS most, {number} AS found FROM customer c WHERE c.{limit} IS NOT NULL) counted WHERE found > most"  # noqa: S608, E501 - of the lines above
        yield _rows(connection, query, "customer", limit, f"customer {{}}: {limit} is {{}}, and there are {{}}", faults)
    for kind in EDITED.values():
        if kind.stands is not None:
            column, place = kind.stands.column, EDITED[kind.stands.refers]
            query = f"SELECT k.id, k.{column} FROM {kind.table} k JOIN {place.table} p ON p.id = k.{column}{same('p', 'k')} WHERE p.{place.owner} <> k.{kind.owner}"  # noqa: S608, E501 - of the declarations
            said = f"{kind.table} {{}}: {column} leads to another {place.node.refers}'s {place.said} ({{}})"
            yield _rows(connection, query, kind.table, column, said, faults)
    yield _rows(
        connection,
        f"SELECT e.id, e.node_id FROM audit_entry e LEFT JOIN customer c ON c.id = e.node_id{same('c', 'e')} "  # noqa: S608 - likewise
        f"LEFT JOIN former_customer f ON f.id = e.node_id{same('f', 'e')} WHERE c.id IS NULL AND f.id IS NULL",
        *("audit_entry", "node_id", "audit_entry {}: node_id leads nowhere ({})", faults),
    )
    yield _rows(
        connection,
        f"SELECT f.id FROM former_customer f JOIN customer c ON c.id = f.id{same('c', 'f')}",  # noqa: S608 - likewise
        *("former_customer", "id", "former_customer {}: it is there as a customer too", faults),
    )
    yield _rows(
        connection,
        f"SELECT r.id, count(*) FROM role r JOIN security_group g ON g.role_id = r.id{same('g', 'r')} "  # noqa: S608 - likewise
        "WHERE r.private GROUP BY r.id HAVING count(*) > 1",
        *("role", "private", "role {}: it is private, and {} security groups use it", faults),
    )
    yield _rows(
        connection,
        "SELECT t.id, t.audit_count, (SELECT count(*) FROM audit_entry e WHERE e.tenant_id = t.id) AS entries "
        "FROM tenant t WHERE t.audit_count <> (SELECT count(*) FROM audit_entry e WHERE e.tenant_id = t.id)",
        *("tenant", "audit_count", "tenant {}: audit_count is {}, and there are {} entries", faults),
    )


def _number(kind: Kind, same: str) -> str:
    """How many records ``u`` of a kind are at a customer ``h`` and below it, as SQL; of the ``same`` tenant."""
    if kind.is_customer:
        return f"(SELECT count(*) - 1 FROM customer h WHERE {_BELOW})"  # noqa: S608 - of the declarations
    if kind is DEVICES:
        return f"(SELECT coalesce(sum(h.device_count), 0) FROM customer h WHERE {_BELOW})"  # noqa: S608 - likewise
    theirs = f"{kind.table} u WHERE u.{kind.owner} = h.id{same}"
    return f"(SELECT count(*) FROM customer h CROSS JOIN {theirs} AND {_BELOW})"  # noqa: S608 - likewise


def _rows(connection: Connection, query: str, table: str, column: str, line: str, faults: Faults) -> Callable[[], None]:
    def step() -> None:
        for row in connection.execute(text(query)):
            faults.add(f"{table}.{column}", line.format(*map(_value, row)))

    return step


def _is_text(column: Column[Any]) -> bool:
    return isinstance(column.type, String)


def _is_time(column: Column[Any]) -> bool:
    return isinstance(column.type, UtcDateTime)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _primary(table: Table) -> str:
    return ", ".join(_quoted(column.name) for column in table.primary_key.columns)


def _named(table: Table, key: Iterable[Any]) -> str:
    """A row, by its table and its primary key."""
    return f"{table.name} {', '.join(map(_value, key))}"


def _value(value: object) -> str:
    """A value in a line about it, on one line and not too long."""
    shown = str(value) if isinstance(value, int) else ascii(value)
    return shown if len(shown) <= 40 else f"{shown[:39]}…"
