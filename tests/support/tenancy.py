"""Statements of PostgreSQL: who makes them, and which tables they refer to without telling whose rows they mean.

With RINGFENCE_TESTS_STATEMENTS, a folder, each process of tests writes down there what it saw.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import sqlglot
from sqlalchemy import Connection, Engine, event
from sqlglot import exp
from support.of_all import is_known, known

from ringfence.storage.metadata import metadata
from ringfence.storage.second_wall import SHARED
from ringfence.storage.signal_tables import HISTORY

TABLES: Final = frozenset(metadata.tables) - SHARED | {HISTORY}
"""Whose rows are a tenant's."""
_BIND: Final = re.compile(r"%\(\w+\)s|%s")
_HIDDEN: Final = re.compile(r"\+\w*\.?tenant_id|tenant_id \+ ")
"""What keeps a planner from an index keeps a server of many machines from seeing whose rows are meant."""
_READ: Final = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
"""How the statements begin that rows are read and written by; others make tables, or lock them."""
_SOURCE: Final = "/src/ringfence/"
_HANDED_ON: Final = ("storage/postgresql.py", "storage/engine.py", "storage/rehearsal.py", "storage/bulk.py")
"""What runs the statements of others."""
_APART: Final = ("storage/migrations/", "storage/schema.py", "storage/second_wall.py", "storage/roles.py")
"""What makes the tables, and says who may do what with them: not one of their rows is looked for."""

Emitted = dict[str, set[str]]
"""Statements by who made them, as module and function."""


@lru_cache(maxsize=20_000)
def untold(statement: str) -> tuple[str, ...]:
    """The tables to which a statement refers without saying of which tenant: by a value, or as another table that it
    refers to; or into which it puts rows of none. Raises ParseError for what is no statement."""
    if not statement.lstrip(" (\n").startswith(_READ):
        return ()
    if _HIDDEN.search(statement):
        return ("tenant_id behind a sum",)
    tree = sqlglot.parse_one(_BIND.sub("$1", statement).replace("%%", "%"), read="postgres")
    return tuple(sorted(_of(tree)))


def _of(tree: Any) -> Iterator[str]:
    made = {one.alias for one in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        name = table.name
        at = table.find_ancestor(exp.Select, exp.Update, exp.Delete, exp.Insert)
        if name not in TABLES or name in made or at is None:
            continue
        column = "id" if name == "tenant" else "tenant_id"
        if isinstance(at, exp.Insert):
            into = at.this
            told = isinstance(into, exp.Schema) and column in (one.name for one in into.expressions)
        else:
            told = _told(table, at, column)
        if not told:
            yield name


def _told(table: exp.Table, at: exp.Expression, column: str) -> bool:
    """Whether it is said of which tenant the rows of a table are that the statement refers to ``at`` a place."""
    alone = sum(_of_this(one, at) for one in at.find_all(exp.Table, exp.Subquery)) == 1
    conditions = [at.args.get("where"), *(one.args.get("on") for one in at.find_all(exp.Join) if _of_this(one, at))]
    for condition in conditions:
        for equal in condition.find_all(exp.EQ) if condition is not None else ():
            for own in (equal.left, equal.right) if _of_this(equal, at) else ():
                if (
                    isinstance(own, exp.Column)
                    and own.name == column
                    and (own.table or alone) in (table.alias_or_name, True)
                ):
                    return True
    return False


def _of_this(one: exp.Expression, at: exp.Expression) -> bool:
    return one.find_ancestor(exp.Select, exp.Update, exp.Delete) is at


@contextmanager
def watched() -> Iterator[Emitted]:
    """What is made meanwhile."""
    seen: Emitted = defaultdict(set)

    def note(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if connection.dialect.name == "postgresql" and (whose := _whose()):
            seen[whose].add(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def faults(seen: Emitted) -> list[str]:
    """What of it is not in the list of what is known, a line each."""
    return [
        f"{whose}: of {', '.join(sorted({table for one in statements for table in untold(one)}))} it says no tenant"
        for whose, statements in sorted(seen.items())
        if not is_known(whose) and any(map(untold, statements))
    ]


def mended(seen: Emitted) -> list[str]:
    """What of the list says its tenants by now, where all was seen that there is."""
    still = {whose for whose, statements in seen.items() if any(map(untold, statements))}
    return [f"{whose} is in the list, and says its tenants" for whose in sorted(known() - still)]


def _whose() -> str:
    """The function of ours that makes the statement that is run; empty for the tests' own."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        path, name = frame.f_code.co_filename, frame.f_code.co_name
        _, ours, module = path.partition(_SOURCE)
        if "/tests/" in path or (ours and module.startswith(_APART)):
            return ""
        if ours and module not in _HANDED_ON and not name.startswith("<"):
            return f"{module}:{name}"
        frame = frame.f_back
    return ""


@contextmanager
def written_down() -> Iterator[None]:
    """Leaves what this process of tests makes meanwhile in the folder."""
    with watched() as seen:
        yield
    said = {whose: sorted(statements) for whose, statements in seen.items()}
    (Path(os.environ["RINGFENCE_TESTS_STATEMENTS"]) / f"{os.getpid()}.json").write_text(json.dumps(said))
