"""How SQLite goes about a change: by the records that are edited, never through all that a tenant has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from support.edits import World, provider

from ringfence.storage.engine import Database

BOUNDED = re.compile(r"VIRTUAL TABLE|subquery|CONSTANT|autoindex_scope_|^SCAN \w*scope")
"""What is given along with the statement, and the scopes of who is looking."""


def whole(step: str) -> bool:
    """Whether a step goes over a whole table, or over an index of which nothing but the tenant is known."""
    return (step.startswith("SCAN") or step.endswith("(tenant_id=?)")) and not BOUNDED.search(step)


@contextmanager
def steps(database: Database) -> Iterator[list[tuple[str, str]]]:
    """The steps of every plan, each with its statement, while something is done."""
    found: list[tuple[str, str]] = []
    busy = False

    def explain(connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, many: bool) -> None:
        nonlocal busy
        if busy or many or not statement.startswith(("SELECT", "UPDATE", "DELETE")):
            return
        busy = True
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all()
        busy = False
        found.extend((row[3], statement) for row in rows)

    event.listen(database.engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", explain)


def test_a_change_reads_what_it_is_about(sqlite_database: Database) -> None:
    """Devices, sites, customers and users that are edited, opened and taken back are found by their ids."""
    world = World(sqlite_database, provider())
    beta = world.id("customer", "beta")
    boss = world.viewer("boss")
    edits = [
        [world.edit("boss", "device", "north-x", name="Other", unit_id="u-new")],
        [world.edit("boss", "customer", "north", name="Another")],
        [world.edit("boss", "site", "gate", name="Yard")],
        [world.edit("boss", "device", key, customer=beta) for key in ("north-0", "north-1", "south-0")],
    ]
    with steps(sqlite_database) as found:
        for change in edits:
            world.workspace.session(boss).open_records(change[0].kind, [edit.id for edit in change])
            saved = world.workspace.session(boss).save(change)
        world.workspace.session(boss).undo(saved.change)
    assert len(found) > 100
    assert sorted({one for one in found if whole(one[0])}) == []
