"""Many rows at once, the quickest way of each engine."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, islice
from typing import Any, Final, cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Integer,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    func,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError

from ringfence.storage.columns import UtcDateTime, of_tenant
from ringfence.storage.listening import announce
from ringfence.storage.rehearsal import cover, real_name, rehearsed
from ringfence.storage.tables import Tenant

_BATCH: Final = 20_000
_FEW: Final = 1000
"""Fewer rows than that take one statement on PostgreSQL; a COPY takes three words to begin and end."""
_MANY: Final = 2000
_TOGETHER: Final = 20
_LOADING: Final = 0x52464E56


def insert_rows(
    connection: Connection,
    table: FromClause,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    done: Callable[[int], None] | None = None,
) -> int:
    """Inserts rows as tuples in the order of ``columns``; returns how many. ``done`` is told the number so far."""
    assert isinstance(table, Table)
    cover(connection, table)
    names = ", ".join(f'"{column}"' for column in columns)
    pending = iter(rows)
    # The first rows may ask the database something themselves, which a COPY that has begun would not let them.
    first = list(islice(pending, _FEW))
    pending = chain(first, pending)
    total = 0
    postgresql = connection.dialect.name == "postgresql"
    if postgresql and (len(first) < _FEW or _kept_apart(connection, table)):
        statement = f'INSERT INTO "{table.name}" ({names}) SELECT * FROM unnest({_arrays(connection, table, columns)})'  # noqa: S608
        while batch := list(islice(pending, _BATCH)):
            connection.exec_driver_sql(statement, tuple(map(list, zip(*batch, strict=True))))
            total += len(batch)
            if done:
                done(total)
    elif postgresql:
        driver: Any = connection.connection.driver_connection
        copying = f'COPY "{table.name}" ({names}) FROM STDIN'
        with _as_elsewhere(connection), driver.cursor() as cursor, cursor.copy(copying) as copy:
            for row in pending:
                copy.write_row(row)
                total += 1
                if done and not total % _BATCH:
                    done(total)
    else:
        if moments := _moments(table, columns):
            pending = (_kept(connection, row, moments) for row in pending)
        # Of a table that gives no id out twice every statement looks for the last one, and writes it down.
        insert = _insert_together if table.dialect_options["sqlite"]["autoincrement"] else _insert_each
        while batch := list(islice(pending, _BATCH)):
            insert(connection, f'INSERT INTO "{table.name}" ({names}) VALUES', len(columns), batch)
            total += len(batch)
            if done:
                done(total)
    if done:
        done(total)
    return total


def append_flat(connection: Connection, into: str, tenant_id: int, width: int, flat: Sequence[Any]) -> None:
    """Writes rows of a tenant's into a table of SQLite, whose columns are the tenant's id and so many others: those of
    all rows one after the other."""
    _insert_flat(connection, f"INSERT INTO {into} VALUES", f"({tenant_id:d}, {_marks(width)})", width, flat)


def _insert_together(
    connection: Connection, insert: str, width: int, rows: Iterable[tuple[Any, ...]], end: str = ""
) -> None:
    _insert_flat(connection, insert, f"({_marks(width)})", width, list(chain.from_iterable(rows)), end)


def _insert_flat(
    connection: Connection, insert: str, marks: str, width: int, flat: Sequence[Any], end: str = ""
) -> None:
    """Writes many rows with one statement: quicker where what a statement does besides is more than to write a row."""
    step = width * _TOGETHER
    even = len(flat) - len(flat) % step
    many = f"{insert} {', '.join([marks] * _TOGETHER)} {end}"
    run_each(connection, many, [flat[first : first + step] for first in range(0, even, step)])
    run_each(connection, f"{insert} {marks} {end}", [flat[one : one + width] for one in range(even, len(flat), width)])


def _marks(width: int) -> str:
    return ", ".join("?" * width)


def _insert_each(connection: Connection, insert: str, width: int, rows: Sequence[tuple[Any, ...]]) -> None:
    run_each(connection, f"{insert} ({_marks(width)})", rows)


def run_each(connection: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Runs a statement of SQLite with each of these rows, in a transaction that has begun. SQLAlchemy would look at
    every row."""
    assert connection.in_transaction()
    driver: Any = connection.connection.driver_connection
    with _as_elsewhere(connection):
        driver.executemany(statement, rows)


def _kept_apart(connection: Connection, table: Table) -> bool:
    """Whether row-level security holds for whoever is connected: then a COPY into the table is refused."""
    query = "SELECT row_security_active(CAST(%s AS text))"
    return bool(connection.exec_driver_sql(query, (f'"{table.name}"',)).scalar_one())


def _arrays(connection: Connection, table: Table, columns: Sequence[str]) -> str:
    types = (table.c[column].type.compile(connection.dialect).partition(" COLLATE")[0] for column in columns)
    return ", ".join(f"CAST(%s AS {one}[])" for one in types)


@contextmanager
def _as_elsewhere(connection: Connection) -> Iterator[None]:
    """What the driver itself raises, as the exception that SQLAlchemy makes of it everywhere else."""
    raised = connection.dialect.loaded_dbapi.Error
    try:
        yield
    except raised as error:
        raise DBAPIError.instance(None, None, error, raised, dialect=connection.dialect) from error


def upsert_rows(
    connection: Connection,
    table: str,
    columns: Mapping[str, str],
    keyed: int,
    rows: Sequence[tuple[Any, ...]],
    newer: str = "",
    add: str = "",
) -> None:
    """Writes rows, each in place of the one with its key, unless that has a later ``newer``; no two have one key. What
    is in the column ``add`` comes to what was there.
    ``columns`` says of what type on PostgreSQL each is; the first so many (``keyed``) are the key."""
    if not rows:
        return
    names = list(columns)
    taken = ", ".join(
        f"{one} = {table}.{one} + excluded.{one}" if one == add else f"{one} = excluded.{one}" for one in names[keyed:]
    )
    only = f" WHERE excluded.{newer} >= {table}.{newer}" if newer else ""
    end = f"ON CONFLICT ({', '.join(names[:keyed])}) DO UPDATE SET {taken}{only}"
    into = f"INSERT INTO {table} ({', '.join(names)})"
    if connection.dialect.name == "sqlite":
        _insert_together(connection, f"{into} VALUES", len(names), rows, end)
        return
    arrays = ", ".join(f"CAST(:{name} AS {type_}[])" for name, type_ in columns.items())
    query = text(f"{into} SELECT * FROM unnest({arrays}) {end}")  # noqa: S608 - names of our own tables
    connection.execute(query, dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def update_rows(
    connection: Connection, table: FromClause, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], add: str = ""
) -> None:
    """Changes rows of one tenant to these; the first two ``columns`` are the id, and the tenant's, by which each is
    found. What is in the column ``add`` comes to what was there."""
    if not rows:
        return
    assert isinstance(table, Table)
    cover(connection, table)
    quoted = [f'"{one}"' for one in columns]
    own, tenant, *names = quoted
    added = f'"{add}"'
    if connection.dialect.name == "sqlite":
        moments = _moments(table, columns)
        taken = ", ".join(f"{one} = {one} + ?" if one == added else f"{one} = ?" for one in names)
        # By the id alone, where SQLite might think well of an index that begins with the tenant.
        statement = f'UPDATE "{table.name}" SET {taken} WHERE {own} = ? AND +{tenant} = ?'  # noqa: S608 - our own names
        kept = (_kept(connection, row, moments) for row in rows)
        run_each(connection, statement, [(*values, one, its) for one, its, *values in kept])
        return
    taken = ", ".join(f"{one} = was.{one} + new.{one}" if one == added else f"{one} = new.{one}" for one in names)
    new = f"unnest({_arrays(connection, table, columns)}) AS new({', '.join(quoted)})"
    (its,) = {row[1] for row in rows}
    which = f"was.{own} = new.{own} AND was.{tenant} = %s"
    statement = f'UPDATE "{table.name}" AS was SET {taken} FROM {new} WHERE {which}'  # noqa: S608 - our own names
    connection.exec_driver_sql(statement, (*map(list, zip(*rows, strict=True)), its))


def delete_rows(
    connection: Connection, table: str, columns: Mapping[str, str], keys: Sequence[tuple[Any, ...]]
) -> None:
    """Deletes the rows with these keys, all of one tenant; ``columns`` are those of the key, as for `upsert_rows`, the
    tenant's id first."""
    if not keys:
        return
    names = list(columns)
    if connection.dialect.name == "sqlite":
        where = " AND ".join(f"{name} = ?" for name in names)
        run_each(connection, f"DELETE FROM {table} WHERE {where}", keys)  # noqa: S608 - of our own tables
        return
    tenant, *own = names
    tenants, *values = map(list, zip(*keys, strict=True))
    (its,) = set(tenants)
    these = ", ".join(f"CAST(:{name} AS {columns[name]}[])" for name in own)
    which = f"({', '.join(own)}) IN (SELECT * FROM unnest({these}))"  # noqa: S608
    query = text(f"DELETE FROM {table} WHERE {table}.{tenant} = :{tenant} AND {which}")  # noqa: S608
    connection.execute(query, dict(zip(names, (its, *values), strict=True)))


def _moments(table: Table, columns: Sequence[str]) -> list[int]:
    return [place for place, name in enumerate(columns) if isinstance(table.c[name].type, UtcDateTime)]


def _kept(connection: Connection, row: tuple[Any, ...], moments: Sequence[int]) -> tuple[Any, ...]:
    values = list(row)
    for place in moments:
        if isinstance(values[place], datetime):
            values[place] = moment(connection, values[place])
    return tuple(values)


def moment(connection: Connection, at: datetime) -> Any:
    """A moment as ``insert_rows`` writes it: what a column of moments holds on this engine."""
    return (
        at
        if connection.dialect.name == "postgresql"
        else at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    )


def next_id(connection: Connection, table: FromClause) -> int:
    """The first id that no row of the table has or, of what never gives an id out twice, ever had, in a transaction
    that nobody else writes ids in."""
    assert isinstance(table, Table)
    if connection.dialect.name == "postgresql":
        given = f"pg_sequence_last_value({_sequence(connection, table)})"
    else:
        # Of a table that gives ids out again, or never had a row, nothing is kept there.
        given = f"(SELECT seq FROM main.sqlite_sequence WHERE name = '{table.name}')"  # noqa: S608 - of our own tables
    both = f'(SELECT COALESCE(max(id), 0) AS id FROM "{table.name}" UNION ALL SELECT COALESCE({given}, 0))'  # noqa: S608
    return int(connection.execute(text(f"SELECT max(id) + 1 FROM {both} AS taken")).scalar_one())  # noqa: S608


def take_ids(connection: Connection, table: FromClause, count: int) -> list[int]:
    """So many fresh ids, ascending, in a writing transaction. SQLite gives the same ones again until there are rows
    with them; on PostgreSQL a load waits until the transaction has ended, and the other way round."""
    assert isinstance(table, Table)
    if connection.dialect.name != "postgresql" or rehearsed(connection):
        first = next_id(connection, table)
        return list(range(first, first + count))
    # As an INSERT would: whoever numbers rows by next_id has locked the table against it.
    connection.execute(text(f'LOCK TABLE "{table.name}" IN ROW EXCLUSIVE MODE'))
    taken = text(f"SELECT nextval({_sequence(connection, table)}) FROM generate_series(1, :count)")  # noqa: S608
    return sorted(connection.execute(taken, {"count": count}).scalars())


def take_turn(connection: Connection) -> None:
    """Lets one load go at a time: on PostgreSQL two of which one sees a tenant that the other does not would wait for
    each other's locks. SQLite has only one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:one)"), {"one": _LOADING})


def lock_ids(connection: Connection, tables: Iterable[FromClause]) -> None:
    """Keeps other writers from these tables until the transaction ends (SQLite has only one writer anyway, and a
    rehearsal writes to none of them)."""
    if connection.dialect.name == "postgresql" and not rehearsed(connection):
        names = ", ".join(f'"{table.name}"' for table in tables if isinstance(table, Table))
        connection.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))


def settle_ids(connection: Connection, tables: Iterable[FromClause]) -> None:
    """Lets PostgreSQL's sequences go on behind the ids that were given out here, and never back."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        assert isinstance(table, Table)
        sequence = _sequence(connection, table)
        last = f'GREATEST((SELECT max(id) FROM "{table.name}"), pg_sequence_last_value({sequence}))'  # noqa: S608
        connection.execute(text(f"SELECT setval({sequence}, {last})"))  # NULL, which sets nothing, for no ids


def raise_versions(connection: Connection) -> None:
    """Has whatever was worked out for any tenant count for nothing, and whoever listens told."""
    for tenant_id in connection.execute(update(Tenant).values(version=Tenant.version + 1).returning(Tenant.id)).all():
        announce(connection, tenant_id[0])


def _sequence(connection: Connection, table: Table) -> str:
    return f"CAST(pg_get_serial_sequence('{real_name(connection, table)}', 'id') AS regclass)"


def settle_statistics(connection: Connection, tables: Iterable[FromClause]) -> None:
    """Tells PostgreSQL's planner of many new rows now, where it would find out by itself minutes later."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        assert isinstance(table, Table)
        index = f"ix_{table.name}_search"
        if connection.execute(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": index}).scalar():
            connection.execute(text(f"SELECT gin_clean_pending_list('{index}')"))
        connection.execute(text(f'ANALYZE "{table.name}"'))


@contextmanager
def uncollected(count: int) -> Iterator[None]:
    """Keeps Python from looking for garbage over and over while very many records are held, none of which is any."""
    if count < _MANY or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def records_of(connection: Connection, mapped: Any, tenant_id: int, ids: Collection[int]) -> ColumnElement[bool]:
    """A condition: the record is one of these, and the tenant's."""
    return and_(any_of(connection, mapped.id, ids), of_tenant(mapped, tenant_id))


Among = Callable[..., ColumnElement[bool]]
"""Makes a condition: a column holds one of the values that are given under a name, integers or else of another type."""


def prepared(connection: Connection, make: Callable[[Among], Executable]) -> Executable:
    """The statement that a function makes, made once for each engine: to put one together takes ten times as long as to
    run it. Lists of values are given to it by `listed`."""
    return _prepared(make, connection.dialect.name)


@lru_cache(maxsize=64)
def _prepared(make: Callable[[Among], Executable], dialect: str) -> Executable:
    def among(column: Any, name: str, kind: type[int] | type[str] = int) -> ColumnElement[bool]:
        if dialect == "postgresql":
            item: Any = Integer() if kind is int else Text(collation="C")
            return cast("ColumnElement[bool]", column == any_(bindparam(name, type_=ARRAY(item))))
        each = func.json_each(bindparam(name)).table_valued("value")
        return cast("ColumnElement[bool]", column.in_(select(each.c.value)))

    return make(among)


def listed(connection: Connection, values: Iterable[int] | Iterable[str]) -> Any:
    """Values, in their order, as they are given to a statement that is prepared."""
    ordered = sorted(values)
    return ordered if connection.dialect.name == "postgresql" else json.dumps(ordered)


def any_of(connection: Connection, column: Any, values: Collection[int] | Collection[str]) -> ColumnElement[bool]:
    """A condition: the column holds one of these values, however many there are."""
    if connection.dialect.name == "postgresql":
        kind: Any = Integer() if isinstance(next(iter(values), 0), int) else Text(collation="C")
        return cast("ColumnElement[bool]", column == any_(literal(list(values), ARRAY(kind))))
    listed = func.json_each(json.dumps(list(values))).table_valued("value")
    return cast("ColumnElement[bool]", column.in_(select(listed.c.value)))
