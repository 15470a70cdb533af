"""Whether a database's tables are those that this program makes: tables, columns, indexes, constraints, triggers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from ringfence.domain.registry import KINDS
from ringfence.storage import schema
from ringfence.storage.metadata import metadata
from ringfence.storage.role_grants import PROVIDER_ROLE
from ringfence.storage.shapes import on_postgresql
from ringfence.storage.signal_tables import HISTORY, LATEST, day_table
from ringfence.storage.wall_signs import is_shared_out

SEARCHED: Final = {kind.table: kind.several for kind in KINDS.values() if kind.substrings}
"""The tables with an index of substrings, and what is in them: the index is made by hand on each engine."""
_APART: Final = tuple(f"{table}_search" for table in SEARCHED)
_INDEXES: Final = tuple(index + more for index in _APART for more in ("", "_letters"))
"""Those of longer words, and on SQLite those of one or two letters."""
_TRIGGERS: Final = tuple(f"{index}_{when}" for index in _APART for when in ("insert", "update", "delete"))


def differences(connection: Connection) -> list[Any]:
    """What the tables have otherwise than the classes say, as Alembic tells it."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def ours(name: str | None, kind: str, _parents: Any) -> bool:
        indexes = tuple(f"ix_{index}" for index in _INDEXES)
        made_apart = name in indexes or (
            kind == "table"
            and (
                name in (HISTORY, LATEST)
                or str(name).startswith((*_APART, day_table(""), "alembic_version", PROVIDER_ROLE))
            )
        )
        return not (name and made_apart)

    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": ours})
    of_engine = metadata
    if connection.dialect.name == "postgresql":
        of_engine = on_postgresql(shared_out=is_shared_out(connection))
    found: list[Any] = compare_metadata(context, of_engine)
    return found


def faults(connection: Connection) -> Iterator[str]:
    """What is missing, or otherwise than this program makes it, a line each."""
    try:
        found = differences(connection)
    except (SQLAlchemyError, ValueError, TypeError, LookupError) as error:
        yield f"the tables cannot be read ({type(error).__name__})"
        return
    for one in found:
        yield from map(_said, one if isinstance(one, list) else [one])
    if connection.dialect.name == "sqlite":
        known = {str(row[0]) for row in connection.execute(text("SELECT name FROM sqlite_master"))}
        apart = (
            *((table, "table") for table in (*_INDEXES, HISTORY, LATEST)),
            *((f"{index}_text", "view") for index in _APART),
            *((trigger, "trigger") for trigger in _TRIGGERS),
        )
        for name, kind in apart:
            if name not in known:
                yield f"{name}: this {kind} is missing"
    revisions = [str(row[0]) for row in connection.execute(text("SELECT version_num FROM alembic_version"))]
    if revisions != [schema.HEAD]:
        yield f"alembic_version: it says {', '.join(map(ascii, sorted(revisions))) or 'nothing'}, not {schema.HEAD}"


def _said(difference: Any) -> str:
    what, *rest = difference
    missing = what.startswith("add_")
    noun = what.partition("_")[2]
    state = "is missing" if missing else "does not belong here"
    if noun == "table":
        return f"{rest[0].name}: this table {state}"
    if noun == "column":
        return f"{rest[1]}.{rest[2].name}: this column {state}"
    if noun in ("index", "constraint", "fk"):
        name = {"fk": "foreign key"}.get(noun, noun)
        return f"{rest[0].table.name}: the {name} {rest[0].name or ''} {state}".replace("  ", " ")
    return f"{rest[1]}.{rest[2]}: its {noun.replace('_', ' ')} is not what it should be"
