"""What every table stands on: the metadata, its naming of constraints, and the column types of both engines.

A table is asked for its columns as attributes (``Customer.path``). Migrations make them; nothing here does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from threading import RLock
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    and_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.schema import SchemaItem
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeDecorator

from ringfence.domain.errors import Damaged


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, kept in UTC: PostgreSQL stores the zone, SQLite stores the UTC clock."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Raises Damaged for what is no time: SQLite keeps whatever it is given."""
        read = super().result_processor(dialect, coltype)
        if read is None:
            return None

        def checked(value: Any) -> datetime | None:
            try:
                return read(value)
            except (TypeError, ValueError, AttributeError) as error:
                raise Damaged("a time is none") from error

        return checked

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BINARY_TEXT: Any = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that compares by code point on both engines: paths, keys and everything that is sorted."""

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


EVERY: Final[dict[str, Rows]] = {}
"""The tables, by name."""
INCLUDED: Final = "included"
"""Of what is noted of an index, what it has besides on PostgreSQL."""
_made_one_by_one: Final = RLock()


class Rows:
    """A table whose columns are attributes; it stands for the table wherever SQLAlchemy takes one. That is made when it
    is first asked for: the first data, and most commands, want few of them."""

    def __init__(self, name: str, make: Callable[[], Table]) -> None:
        self.__tablename__ = name
        self._make = make
        EVERY[name] = self

    @cached_property
    def __table__(self) -> Table:
        with _made_one_by_one:
            known = metadata.tables.get(self.__tablename__)
            return self._make() if known is None else known

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__table__.c[name]
        except KeyError:
            raise AttributeError(f"the table {self.__tablename__} has no column {name}") from None

    def __clause_element__(self) -> Table:
        return self.__table__

    def __repr__(self) -> str:
        return f"Rows({self.__tablename__!r})"


def rows(name: str, *columns: SchemaItem, keyed: bool = False, ever: bool = False) -> Any:
    """A table, as `Rows`; ``keyed`` by its columns alone, without a row id of its own on SQLite. ``ever``: an id is
    never given out twice."""

    def make() -> Table:
        return Table(name, metadata, *columns, sqlite_with_rowid=not keyed, sqlite_autoincrement=ever)

    return Rows(name, make)


class Unindexed(ColumnElement[Any]):
    """A column as it is, but that SQLite looks for no row by it: whatever index begins with the tenant looks as good to
    it as any other, a million rows long."""

    inherit_cache = True
    _traverse_internals: Any = [("column", InternalTraversal.dp_clauseelement)]

    def __init__(self, column: Column[Any]) -> None:
        self.column = column
        self.type = column.type


@compiles(Unindexed)
def _as_it_is(element: Any, compiler: Any, **given: Any) -> str:
    return str(compiler.process(element.column, **given))


@compiles(Unindexed, "sqlite")
def _unindexed(element: Any, compiler: Any, **given: Any) -> str:
    return f"+{compiler.process(element.column, **given)}"


def of_tenant(mapped: Any, tenant_id: Any) -> ColumnElement[bool]:
    """A condition: a row that is found otherwise is the tenant's."""
    found: ColumnElement[bool] = Unindexed(mapped.tenant_id) == tenant_id
    return found


def leads_to(column: Any, mapped: Any) -> ColumnElement[bool]:
    """A condition: a row of ``mapped`` is the one to which a column refers. It is of the same tenant."""
    return and_(mapped.id == column, Unindexed(mapped.tenant_id) == Unindexed(column.table.c.tenant_id))


def own_id() -> Column[Any]:
    return Column("id", Integer, primary_key=True)


def tenant_id(*, keyed: bool = False) -> Column[Any]:
    to = ForeignKey("tenant.id")
    return Column("tenant_id", Integer, to, primary_key=keyed, nullable=False, autoincrement=False if keyed else "auto")


def of(table: str, *, named: str = "", keyed: bool = True, index: bool = True) -> Column[Any]:
    """The column that names a record of a table, with which the row goes."""
    to = ForeignKey(f"{table}.id", ondelete="CASCADE")
    name = named or f"{table}_id"
    return Column(name, Integer, to, primary_key=keyed, nullable=False, index=index, autoincrement=False)


def moment(name: str, *, keyed: bool = False) -> Column[Any]:
    """A column of moments that is always filled in."""
    return Column(name, BigInteger, primary_key=keyed, nullable=False, autoincrement=False)


def keyed(name: str, *columns: SchemaItem) -> Any:
    """A table whose key begins with the tenant."""
    return rows(name, tenant_id(keyed=True), *columns, keyed=True)
