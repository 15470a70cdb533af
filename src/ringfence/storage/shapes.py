"""The tables as they are on PostgreSQL: of one declaration the other shape.

There keys, unique constraints and references begin with the tenant, so that the tables can be spread over many servers
by it. SQLite has the integer keys that the classes say, and so has whatever makes statements of these: which columns a
key has besides makes none of them another one.
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


def on_postgresql() -> MetaData:
    """The tables as they are there, to compare them with those of a database."""
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
        Table(table.name, found, *columns, *_constraints(table))
        for index in table.indexes:
            own = (found.tables[table.name].c[one.name] for one in index.columns)
            more = {f"postgresql_{name}": value for name, value in index.dialect_options["postgresql"].items()}
            Index(index.name, *own, unique=index.unique, **more)
        for constraint in table.constraints if _led(table) else ():
            names = [one.name for one in constraint.columns] if isinstance(constraint, _UNIQUE) else []
            if len(names) == 1 and names != [_TENANT]:  # it is looked for by itself, too
                Index(f"ix_{table.name}_own_{names[0]}", found.tables[table.name].c[names[0]])
    return found


def _led(table: Table) -> bool:
    return _TENANT in table.c


def _constraints(table: Table) -> Iterator[Constraint]:
    for one in table.constraints:
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
            gone = f"SET NULL ({names[1]})" if one.ondelete == "SET NULL" else one.ondelete
            yield ForeignKeyConstraint(names, [f"{to.name}.{_TENANT}", f"{to.name}.id"], name=one.name, ondelete=gone)
