"""Many rows at once, the quickest way of each engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice
from typing import Any, Final

from sqlalchemy import Connection, FromClause, Table, text

_BATCH: Final = 20_000


def insert_rows(
    connection: Connection,
    table: FromClause,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    done: Callable[[int], None] | None = None,
) -> int:
    """Inserts rows as tuples in the order of ``columns``; returns how many. ``done`` is told the number so far."""
    assert isinstance(table, Table)
    names = ", ".join(f'"{column}"' for column in columns)
    pending = iter(rows)
    # The first row may ask the database something itself, which a COPY that has begun would not let it.
    pending = chain(list(islice(pending, 1)), pending)
    total = 0
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for row in pending:
                copy.write_row(row)
                total += 1
                if done and not total % _BATCH:
                    done(total)
    else:
        marks = ", ".join("?" * len(columns))
        statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608 - names of our own tables
        while batch := list(islice(pending, _BATCH)):
            connection.exec_driver_sql(statement, batch)
            total += len(batch)
            if done:
                done(total)
    if done:
        done(total)
    return total


def next_id(connection: Connection, table: FromClause) -> int:
    """The first id that no row of the table has, in a transaction that nobody else writes ids in."""
    assert isinstance(table, Table)
    return int(connection.execute(text(f'SELECT COALESCE(max(id), 0) + 1 FROM "{table.name}"')).scalar_one())  # noqa: S608


def lock_ids(connection: Connection, tables: Iterable[FromClause]) -> None:
    """Keeps other writers from these tables until the transaction ends (SQLite has only one writer anyway)."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in tables if isinstance(table, Table))
        connection.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))


def settle_ids(connection: Connection, tables: Iterable[FromClause]) -> None:
    """Lets PostgreSQL's sequences go on behind the ids that were given out here."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        assert isinstance(table, Table)
        connection.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608
                f'GREATEST((SELECT max(id) FROM "{table.name}"), 1))'
            )
        )


def settle_statistics(connection: Connection, tables: Iterable[FromClause]) -> None:
    """Tells PostgreSQL's planner of many new rows now, where it would find out by itself minutes later."""
    if connection.dialect.name != "postgresql":
        return
    if connection.execute(text("SELECT to_regclass('ix_device_search') IS NOT NULL")).scalar():
        connection.execute(text("SELECT gin_clean_pending_list('ix_device_search')"))
    for table in tables:
        assert isinstance(table, Table)
        connection.execute(text(f'ANALYZE "{table.name}"'))
