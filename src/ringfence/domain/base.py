"""What every mapped class stands on: the metadata, its naming of constraints, and the column types of both engines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import DateTime, Dialect, ForeignKey, MetaData, Text, false
from sqlalchemy.orm import DeclarativeBase, mapped_column
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

Sorted = Annotated[str, mapped_column(BINARY_TEXT)]
Id = Annotated[int, mapped_column(primary_key=True)]
TenantId = Annotated[int, mapped_column(ForeignKey("tenant.id"))]
NodeId = Annotated[int, mapped_column(ForeignKey("customer.id"))]
Flag = Annotated[bool, mapped_column(default=False, server_default=false())]
Revision = Annotated[int, mapped_column(default=1, server_default="1")]
"""Rises with every edit of the record: what was typed over an older one is not saved over a newer one."""


class Base(DeclarativeBase):
    """The declarative base."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
