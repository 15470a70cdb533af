"""The tables as they are on PostgreSQL: of one declaration the other shape.

There keys, unique constraints and references begin with the tenant, so that the tables can be shared out over many
servers by it. SQLite has the integer keys that the classes say, and so has whatever makes statements of these: which
columns a key has besides makes none of them another one. An id stays one row's alone, whosever it is: nobody who writes
rows of their own takes another's.

Where they are shared out, no server knows all ids or the keys of all tenants. The ids come from one row of numbers, and
none but this program writes there; that each key is there once, loading sees to, which one does at a time. And no
reference lets go of what it leads to by itself, for half of it is the tenant: who deletes does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import (
    Column,
    Constraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from ringfence.storage.metadata import metadata
from ringfence.storage.tables import Tenant

_TENANT: Final = "tenant_id"
_UNIQUE: Final = PrimaryKeyConstraint, UniqueConstraint


def on_postgresql(*, shared_out: bool = False) -> MetaData:
    """The tables as they are there, on one server or shared out, to compare them with those of a database."""
    found = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.sorted_tables:
        columns = [
            Column(
                *(one.name, one.type),
                nullable=one.nullable,
                server_default=one.server_default,
                autoincrement=one is table.autoincrement_column or "auto",
            )
            for one in table.c
        ]
        Table(table.name, found, *columns, *_constraints(table, shared_out=shared_out))
        for index in table.indexes:
            own = (found.tables[table.name].c[one.name] for one in index.columns)
            more = {f"postgresql_{name}": value for name, value in index.dialect_options["postgresql"].items()}
            Index(index.name, *own, unique=index.unique, **more)
        for constraint in table.constraints:
            names = [one.name for one in constraint.columns] if isinstance(constraint, _UNIQUE) else []
            alone = _led(table) or (shared_out and _of_all_tenants(constraint))
            if alone and len(names) == 1 and names != [_TENANT]:  # it is looked for by itself, too
                one_row = names == ["id"] and not shared_out
                Index(f"ix_{table.name}_own_{names[0]}", found.tables[table.name].c[names[0]], unique=one_row)
    return found


def _of_all_tenants(one: Constraint) -> bool:
    """Whether it is what no single server knows, where tables are shared out: the keys of all tenants."""
    return isinstance(one, UniqueConstraint) and one.table.name == Tenant.__tablename__


def _led(table: Table) -> bool:
    return _TENANT in table.c


def _constraints(table: Table, *, shared_out: bool) -> Iterator[Constraint]:
    for one in table.constraints:
        if shared_out and _of_all_tenants(one):
            continue
        names = [column.name for column in getattr(one, "columns", ())]
        if _led(table) and names[:1] != [_TENANT]:
            names = [_TENANT, *(name for name in names if name != _TENANT)]
        if isinstance(one, PrimaryKeyConstraint):
            yield PrimaryKeyConstraint(*names)
        elif isinstance(one, UniqueConstraint):
            yield UniqueConstraint(*names, name=one.name)
        elif isinstance(one, ForeignKeyConstraint):
            to = one.referred_table
            if to.name == Tenant.__tablename__ or not _led(table):
                yield ForeignKeyConstraint(names[:1], [f"{to.name}.id"], name=one.name, ondelete=one.ondelete)
                continue
            gone = one.ondelete
            if gone == "SET NULL":
                gone = None if shared_out else f"SET NULL ({names[1]})"
            yield ForeignKeyConstraint(names, [f"{to.name}.{_TENANT}", f"{to.name}.id"], name=one.name, ondelete=gone)
