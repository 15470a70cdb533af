"""Whether a database's tables are those that this program makes: tables, columns, indexes, constraints, triggers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from ringfence.storage import schema
from ringfence.storage.metadata import metadata

_APART: Final = "device_search"
"""The index of substrings is made by hand on each engine."""
_TRIGGERS: Final = tuple(f"{_APART}_{when}" for when in ("insert", "update", "delete"))


def differences(connection: Connection) -> list[Any]:
    """What the tables have otherwise than the classes say, as Alembic tells it."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def ours(name: str | None, kind: str, _parents: Any) -> bool:
        made_apart = name == f"ix_{_APART}" or (kind == "table" and str(name).startswith((_APART, "alembic_version")))
        return not (name and made_apart)

    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": ours})
    found: list[Any] = compare_metadata(context, metadata)
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
        for name, kind in ((_APART, "table"), *((trigger, "trigger") for trigger in _TRIGGERS)):
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
