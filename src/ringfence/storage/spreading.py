"""Many servers: the tables of providers, shared out by provider over the servers of a cluster.

Citus, an extension of PostgreSQL, does that to tables whose keys and references begin with the column by which they are
shared out, as `ringfence.storage.shapes` has them. What belongs to a provider is on one server, so that a statement
that says whose rows it means goes to that one. Source: the documentation of ``create_distributed_table``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from sqlalchemy import Column, Connection, Table
from sqlalchemy.schema import CreateIndex

from ringfence.domain.errors import RingfenceError
from ringfence.storage.metadata import metadata
from ringfence.storage.shapes import on_postgresql
from ringfence.storage.signal_tables import HISTORY
from ringfence.storage.tables import Tenant

_EXTENSION: Final = "citus"


def demand_cluster(connection: Connection) -> None:
    """Raises RingfenceError where tables cannot be shared out."""
    leave_out = "or leave --distributed out"
    if connection.dialect.name == "sqlite":
        raise RingfenceError(f"only PostgreSQL shares tables out over servers: say --db postgresql://…, {leave_out}")
    there = "SELECT 1 FROM pg_available_extensions WHERE name = %s"
    if connection.exec_driver_sql(there, (_EXTENSION,)).first() is None:
        raise RingfenceError(
            f"this server has no extension {_EXTENSION}, which shares tables out over servers: install it, {leave_out}"
        )


def spread(connection: Connection) -> None:
    """Shares the tables of providers out, in a writing transaction of whoever owns them: all are empty yet."""
    connection.exec_driver_sql(f"CREATE EXTENSION IF NOT EXISTS {_EXTENSION}")
    _reshape(connection)
    # Tables that refer to one another are made everywhere one after the other.
    connection.exec_driver_sql("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'")
    for table, column in shared_out():
        beside = "none" if table == Tenant.__tablename__ else Tenant.__tablename__
        connection.exec_driver_sql(
            "SELECT create_distributed_table(%s, %s, colocate_with => %s)", (table, column, beside)
        )


@cache
def letting_go(name: str) -> tuple[tuple[Table, Column[int]], ...]:
    """What stays without a record of a table that it refers to: tables, and the columns that lose it. Where tables are
    shared out, whoever deletes the record sees to that."""
    return tuple(
        (table, key.parent)
        for table in metadata.sorted_tables
        for key in sorted(table.foreign_keys, key=lambda one: one.parent.name)
        if key.ondelete == "SET NULL" and key.column.table.name == name
    )


def _reshape(connection: Connection) -> None:
    """Takes from the tables what the extension has no place for, as `ringfence.storage.shapes` says."""
    for table, name, said in connection.exec_driver_sql(_LETTING_GO).all():
        kept, _, _ = said.partition(" ON DELETE")
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {kept}")
    connection.exec_driver_sql(f"ALTER TABLE {Tenant.__tablename__} DROP CONSTRAINT uq_tenant_key")
    on_one = {index.name: index.unique for table in on_postgresql().tables.values() for index in table.indexes}
    for table in on_postgresql(shared_out=True).sorted_tables:
        for index in table.indexes:
            if on_one.get(index.name) == index.unique:
                continue
            connection.exec_driver_sql(f"DROP INDEX IF EXISTS {index.name}")
            connection.execute(CreateIndex(index))


_LETTING_GO: Final = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND confdeltype = 'n' AND connamespace = current_schema()::regnamespace
"""


def shared_out() -> Iterator[tuple[str, str]]:
    """The tables that are shared out, each with the column by which it is: what one refers to comes before it."""
    for table in on_postgresql().sorted_tables:
        if table.name == Tenant.__tablename__:
            yield table.name, "id"
        elif "tenant_id" in table.c:
            yield table.name, "tenant_id"
    yield HISTORY, "tenant_id"
