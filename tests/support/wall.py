"""The second wall for tests: whoever looks, changes or takes signals in does so as the role of their provider.

A database is loaded, emptied and laid bare by its owner. Whatever has a viewer goes through another connection, of the
role of the viewer's tenant, to which the same rows belong. With RINGFENCE_TESTS_WALL (``tenant`` or ``strict``) the
tests that take an empty database of PostgreSQL are so.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import Connection, event, text

from ringfence.services import signing_in
from ringfence.signals import clocks, feeding, intake
from ringfence.storage import schema
from ringfence.storage.engine import Database
from ringfence.storage.metadata import metadata
from ringfence.storage.role_grants import grants
from ringfence.storage.second_wall import raise_wall
from ringfence.visibility.viewer import Viewer

MODES: Final = ("tenant", "strict")
MODE: Final = os.environ.get("RINGFENCE_TESTS_WALL", "")
USED: Final = os.environ.get("RINGFENCE_TESTS_WALL_USED", "")
"""A folder into which each process of tests writes which grants its statements took."""
walled: Final = pytest.mark.parametrize(
    "database",
    ["sqlite", *(pytest.param(one, marks=pytest.mark.postgres) for one in ("postgresql", *(() if MODE else MODES)))],
    indirect=True,
)
"""Marks a test that takes an empty database: it is tried behind the wall too, by tenant alone and in strict mode."""
_TENANTS: Final = 9
_PREFIX: Final = "tests_of_"

used: defaultdict[str, set[str]] = defaultdict(set)
"""What statements of providers' roles have done, by table."""
_raised: dict[str, tuple[object, ...]] = {}
_behind: dict[tuple[str, int], Database] = {}


def role_of(tenant_id: int) -> str:
    """The role of a tenant."""
    return f"{_PREFIX}{tenant_id}"


def put_up(owner: Database, mode: str) -> None:
    """Raises the wall, with a role for each of the first few tenants that there may be."""
    made = mode, tuple(metadata.tables)  # one test declares a kind of its own
    if _raised.get(owner.identity) == made:
        return
    with owner.writing() as connection:
        raise_wall(connection, strict=mode == "strict")
        for tenant in range(1, _TENANTS + 1):
            there = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :n"), {"n": role_of(tenant)})
            if not there.first():
                connection.execute(text(f"CREATE ROLE {role_of(tenant)} LOGIN NOINHERIT"))
            mapped = text("INSERT INTO provider_role VALUES (:name, :tenant) ON CONFLICT DO NOTHING")
            connection.execute(mapped, {"name": role_of(tenant), "tenant": tenant})
        raise_wall(connection)
    for (name, _), one in _behind.items():
        if name == owner.identity:
            one.close()  # a connection knows from its beginning whether the mode is strict
    _raised[owner.identity] = made


def put_up_again(owner: Database) -> None:
    """Raises the wall around a table that came, where it was raised."""
    if owner.identity in _raised:
        put_up(owner, str(_raised[owner.identity][0]))


def behind(owner: Database, tenant_id: int) -> Database:
    """The database as the role of a tenant has it."""
    key = owner.identity, tenant_id
    if key not in _behind:
        _behind[key] = made = Database(owner.url.set(username=role_of(tenant_id)), owner.patience.seconds)
        event.listen(made.engine, "before_cursor_execute", _note)
        with made.asking() as connection:
            assert schema.current_and_owned(connection)[0]  # as whoever opens it asks
    return _behind[key]


def own_side(owner: Database, tenant_id: int) -> Database:
    """The database as whoever works for a tenant has it: behind the wall, where it was raised."""
    return behind(owner, tenant_id) if owner.identity in _raised else owner


def behind_the_wall(owner: Database, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has whoever looks at this database from now on, changes it or takes signals into it do so behind the wall."""
    put_up(owner, mode)
    made, take, run = Viewer.__init__, intake.take, clocks.run
    is_ours = owner.identity.__eq__

    def make(viewer: Viewer, database: Database, user_id: int, tenant_id: int, *rest: Any, **named: Any) -> None:
        made(
            viewer,
            behind(database, tenant_id) if is_ours(database.identity) else database,
            user_id,
            tenant_id,
            *rest,
            **named,
        )

    def take_in(database: Database, edge: Any, *rest: Any, **named: Any) -> Any:
        return take(behind(database, edge.tenant_id) if is_ours(database.identity) else database, edge, *rest, **named)

    def run_all(database: Database, now: int) -> clocks.Done:
        if not is_ours(database.identity):
            return run(database, now)
        with database.reading() as connection:
            tenants = connection.execute(text("SELECT id FROM tenant ORDER BY id")).scalars().all()
        return sum((run(behind(database, tenant), now) for tenant in tenants), clocks.Done())

    def proving(step: Callable[..., Any]) -> Callable[..., Any]:
        def proved(database: Database, *rest: Any, **named: Any) -> Any:
            return step(behind(database, 1) if is_ours(database.identity) else database, *rest, **named)

        return proved

    for name in ("begin", "with_code", "with_new_password"):
        monkeypatch.setattr(signing_in, name, proving(getattr(signing_in, name)))
    monkeypatch.setattr(Viewer, "__init__", make)
    monkeypatch.setattr(intake, "take", take_in)
    monkeypatch.setattr(feeding, "take", take_in)
    monkeypatch.setattr("support.signals.take", take_in)
    monkeypatch.setattr(clocks, "run", run_all)


# What statements do.

_TABLES: Final = "|".join(sorted((*metadata.tables, *grants()), key=len, reverse=True))
_DOES: Final = (
    ("INSERT", re.compile(rf'\b(?:INSERT INTO|COPY) +"?({_TABLES})"?[ (]')),
    ("DELETE", re.compile(rf'\bDELETE FROM +"?({_TABLES})"?(?: |$)')),
    ("UPDATE", re.compile(rf'\bUPDATE +"?({_TABLES})"? +(?:AS \w+ +)?SET\b')),
    ("UPDATE", re.compile(rf'\bINSERT INTO +"?({_TABLES})"?[ (](?=.*\bDO UPDATE SET\b)')),
    ("UPDATE", re.compile(rf'\bFROM +"?({_TABLES})"?\b(?=.*\bFOR (?:NO KEY )?UPDATE\b)')),
    ("SELECT", re.compile(rf'\b(?:FROM|JOIN|,) *"?({_TABLES})"?\b')),
    ("SELECT", re.compile(rf'\bINSERT INTO +"?({_TABLES})"?[ (](?=.*\bRETURNING\b)')),
)


def note(statement: str) -> None:
    """Notes what a statement does with which tables. What it makes by itself, of temporary tables, is no grant's."""
    plain = " ".join(statement.split())
    for verb, pattern in _DOES:
        for table in pattern.findall(plain):
            used[table].add(verb)


def _note(_connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
    note(statement)


def _noting_copies(copy: Callable[..., Any]) -> Callable[..., Any]:
    def noted(cursor: psycopg.Cursor[Any], statement: str, *rest: Any, **named: Any) -> Any:
        if cursor.connection.info.user.startswith(_PREFIX):
            note(statement)
        return copy(cursor, statement, *rest, **named)

    return noted


psycopg.Cursor.copy = _noting_copies(psycopg.Cursor.copy)  # type: ignore[method-assign]


def write_down() -> None:
    """Leaves what this process of tests has used, where somebody asks for it."""
    if USED:
        lines = [f"{table} {verb}\n" for table, verbs in sorted(used.items()) for verb in sorted(verbs)]
        (Path(USED) / f"{os.getpid()}").write_text("".join(lines))
