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
from support.of_all import MEETING, is_known, known

from ringfence.storage.metadata import metadata
from ringfence.storage.signal_tables import HISTORY

TABLES: Final = frozenset(one.name for one in metadata.sorted_tables if "tenant_id" in one.c) | {"tenant", HISTORY}
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
    """The tables to which a statement refers without saying of which tenant: by a value, or as another table of which
    it says that; or into which it puts rows of none. Raises ParseError for what is no statement."""
    return tuple(sorted(name for name, told in _tables(statement) if told is not True))


@lru_cache(maxsize=20_000)
def apart(statement: str) -> bool:
    """Whether a statement of all tenants has rows of one of them meet those of another: not all of its tables are said
    to be of the same one."""
    return any(len({told for _, told in part if told is not True}) > 1 for part in _parts(statement))


def _tables(statement: str) -> list[tuple[str, object]]:
    """Each table of tenants to which a statement refers, and whether it says of which: True, or else what is one and
    the same for those that it says to be of the same tenant."""
    return [one for part in _parts(statement) for one in part]


def _parts(statement: str) -> Iterator[list[tuple[str, object]]]:
    """The same of each of the statements of which one is a union."""
    if not statement.lstrip(" (\n").startswith(_READ):
        return
    if _HIDDEN.search(statement):
        yield [("hidden", None)]
        return
    left = [sqlglot.parse_one(_BIND.sub("$1", statement).replace("%%", "%"), read="postgres")]
    while left:
        tree = left.pop()
        if isinstance(tree, exp.SetOperation) and not tree.args.get("with_"):
            left += (tree.left, tree.right)
        else:
            yield _Told(tree).tables()


class _Told:
    """What a statement says of whose its rows are."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self.made = {one.alias for one in tree.find_all(exp.CTE)}
        self.like: dict[int, int] = {}
        """Of a table or subquery, or of a value (0), another one that is of the same tenant."""

    def tables(self) -> list[tuple[str, object]]:
        """Each table, and whether it is told: True, or what stands for those of the same tenant."""
        for equal in self.tree.find_all(exp.EQ):
            if _always(equal):
                self._same(*(self._whose(side) for side in (equal.left, equal.right)))
        for made in self.tree.find_all(exp.Subquery, exp.Lateral):
            self._hands_on(made)
        found: list[tuple[str, object]] = []
        for table in self.tree.find_all(exp.Table):
            at = _place(table)
            if table.name not in TABLES or table.name in self.made or at is None:
                continue
            if isinstance(at, exp.Insert):
                into = at.this
                named = [one.name for one in into.expressions] if isinstance(into, exp.Schema) else []
                found.append((table.name, _column(table.name) in named or id(table)))
            else:
                root = self._root(id(table))
                found.append((table.name, root == 0 or root))
        return found

    def _same(self, first: int | None, other: int | None) -> None:
        if first is not None and other is not None:
            low, high = sorted((self._root(first), self._root(other)))
            self.like[high] = low

    def _hands_on(self, made: Any) -> None:
        """The rows of a subquery are of the tenant of those from which it has its ``tenant_id``."""
        inner = made.find(exp.Select)
        if inner is None or not made.alias_or_name:
            return
        for said in inner.expressions:
            column = said.this if isinstance(said, exp.Alias) else said
            if isinstance(column, exp.Star) or (isinstance(column, exp.Column) and isinstance(column.this, exp.Star)):
                for source in _sources(inner):
                    self._same(id(made), id(source))
            elif said.alias_or_name == "tenant_id":
                self._same(id(made), self._whose(column))

    def _whose(self, side: Any) -> int | None:
        """Whose tenant a side of an equation is: a table's, or 0, for a value's; None for something else."""
        if not isinstance(side, exp.Column):
            return None if side.find(exp.Column, exp.Table) else 0
        at = _place(side)
        while at is not None:
            sources = _sources(at)
            for source in sources:
                if side.table == source.alias_or_name or (not side.table and len(sources) == 1):
                    name = source.name if isinstance(source, exp.Table) else ""
                    return id(source) if side.name == _column(name) else None
            if not side.table and sources:
                return None
            at = _place(at)
        return None

    def _root(self, one: int) -> int:
        while one in self.like and self.like[one] != one:
            one = self.like[one]
        return one


def _column(table: str) -> str:
    """The column that says of which tenant its rows are."""
    return "id" if table == "tenant" else "tenant_id"


def _always(equal: Any) -> bool:
    """Whether what is said holds wherever it is asked: it is no alternative, and nothing that is written."""
    at = equal.parent
    while at is not None and not isinstance(at, (exp.Select, exp.Update, exp.Delete, exp.Insert)):
        if isinstance(at, (exp.Or, exp.Not, exp.Case)):
            return False
        at = at.parent
    return not (isinstance(at, (exp.Update, exp.Insert)) and equal.parent in (at, at.args.get("conflict")))


def _place(one: Any) -> Any:
    return one.find_ancestor(exp.Select, exp.Update, exp.Delete, exp.Insert)


def _sources(at: Any) -> list[Any]:
    """The tables and subqueries from which a part of a statement reads."""
    found = at.find_all(exp.Table, exp.Subquery, exp.Lateral)
    return [one for one in found if _place(one) is at and one.alias_or_name]


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
    """What of it says no tenant and is not known to, or has tenants meet, a line each."""
    found = []
    for whose, statements in sorted(seen.items()):
        if not is_known(whose) and any(map(untold, statements)):
            tables = sorted({table for one in statements for table in untold(one)})
            found.append(f"{whose}: of {', '.join(tables)} it says no tenant")
        found += [
            f"{whose}: it does not keep tenants apart: {one}"
            for one in sorted(statements)
            if whose not in MEETING and apart(one)
        ]
    return found


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
