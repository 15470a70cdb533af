"""A rehearsal: what is written upon it is read from it, nothing of it is real, and it ends when it is told to."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, delete, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError
from support.databases import rows
from support.edits import provider

from ringfence.domain.errors import Cancelled, RingfenceError
from ringfence.snapshot.load import load_document
from ringfence.storage.bulk import insert_rows, take_ids
from ringfence.storage.engine import Database
from ringfence.storage.metadata import metadata
from ringfence.storage.rehearsal import cover
from ringfence.storage.tables import Device

TABLES: Mapping[str, Table] = metadata.tables


@pytest.fixture
def loaded(database: Database) -> Database:
    load_document(database, provider())
    return database


def all_of(connection: Any, table: Table) -> list[Any]:
    return sorted(connection.execute(select(table)).all(), key=repr)


@pytest.mark.parametrize("name", sorted(TABLES))
@pytest.mark.once(25)
def test_a_table_that_is_written_reads_as_the_real_one_would(loaded: Database, name: str) -> None:
    """The same statements upon the real table, rolled back, and upon what stands before it: the same rows, and the same
    refusal of a second one of them."""
    table = TABLES[name]
    before = rows(loaded)
    columns = [c for c in table.columns if not c.primary_key and not c.foreign_keys and c.type.python_type is str]
    unreferred = not any(c.references(table.c.id) for t in TABLES.values() for c in t.c) if "id" in table.c else False
    found: list[Any] = []
    for way in (loaded.rehearsing(), loaded.engine.connect()):
        with way as connection:
            cover(connection, table)
            seen = [all_of(connection, table)]
            if columns and seen[0]:
                last = max(seen[0], key=lambda row: row[0])
                for value in ("changed", "twice"):
                    connection.execute(update(table).where(table.c[0] == last[0]).values({columns[-1].name: value}))
                seen.append(all_of(connection, table))
                with pytest.raises(IntegrityError), connection.begin_nested():
                    connection.execute(insert(table).values(dict(last._mapping)))
            if unreferred and seen[0]:
                connection.execute(delete(table).where(table.c.id == max(row[0] for row in seen[0])))
                seen.append(all_of(connection, table))
            found.append(seen)
    assert found[0] == found[1]
    assert rows(loaded) == before


def test_what_comes_changes_and_goes_again_in_one_rehearsal(loaded: Database) -> None:
    """Each row of a table too large to copy may be made, changed and deleted, one after the other, in any order."""
    device: Any = Device.__table__
    with loaded.rehearsing() as connection:
        known: dict[int, str] = {row.id: row.name for row in connection.execute(select(device.c.id, device.c.name))}
        first, second, *_ = known
        tenant, customer = connection.execute(select(device.c.tenant_id, device.c.customer_id)).first()  # type: ignore[misc]
        (fresh,) = take_ids(connection, device, 1)
        assert fresh not in known
        columns = ("id", "tenant_id", "customer_id", "key", "name", "unit_id", "kind", "search_key")
        insert_rows(connection, device, columns, [(fresh, tenant, customer, "fresh", "Fresh", "", "", "fresh")])
        assert connection.execute(select(device.c.revision).where(device.c.id == fresh)).scalar_one() == 1
        (next_one,) = take_ids(connection, device, 1)
        assert next_one > fresh
        for one in (fresh, first):
            connection.execute(update(device).where(device.c.id == one).values(name="Changed"))
        connection.execute(update(device).where(device.c.name == "Changed").values(kind="twice"))
        connection.execute(delete(device).where(device.c.id.in_((second, fresh))))
        expected = {own: "Changed" if own == first else name for own, name in known.items() if own != second}
        assert dict(connection.execute(select(device.c.id, device.c.name)).all()) == expected
        assert connection.execute(select(device.c.id).where(device.c.kind == "twice")).scalars().all() == [first]
        connection.execute(delete(device).where(device.c.id == first))
        assert first not in set(connection.execute(select(device.c.id)).scalars())


def test_every_index_and_constraint_stands_on_a_copy_too(loaded: Database) -> None:
    """What is quick on the real table is quick on its copy, and what it refuses is refused."""
    with loaded.rehearsing() as connection:
        for table in TABLES.values():
            cover(connection, table)
        names = "sqlite_temp_master" if not loaded.postgresql else "pg_indexes WHERE schemaname LIKE 'pg_temp%'"
        column = "tbl_name" if not loaded.postgresql else "tablename"
        where = "" if loaded.postgresql else " WHERE type = 'index'"
        made = connection.execute(text(f"SELECT {column} FROM {names}{where}")).scalars().all()
    real = inspect(loaded.engine)
    for name in TABLES:
        written = name if name not in ("device", "audit_entry") else f"{name}_rehearsed"
        uniques = real.get_unique_constraints(name)
        indexes = [one for one in real.get_indexes(name) if not one.get("duplicates_constraint")]
        assert made.count(written) >= len(indexes) + len(uniques), name


def test_nothing_real_is_locked(loaded: Database) -> None:
    """On PostgreSQL real tables are only read; SQLite has the file open for reading only."""
    with loaded.rehearsing() as connection:
        for table in TABLES.values():
            cover(connection, table)
            if "id" in table.c:
                connection.execute(update(table).values(id=table.c.id))
        if loaded.postgresql:
            held = (
                "SELECT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
                "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE l.pid = pg_backend_pid() "
                "AND n.nspname NOT LIKE 'pg\\_%' AND l.mode <> 'AccessShareLock'"
            )
            assert connection.execute(text(held)).all() == []
        else:
            with pytest.raises(Exception, match="readonly"):
                connection.exec_driver_sql("UPDATE main.tenant SET version = 0")


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


def test_it_ends_within_a_statement(database: Database) -> None:
    """A statement without an end is left when whoever asked wants it no more."""
    until = time.monotonic() + 0.2

    def still() -> None:
        if time.monotonic() > until:
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled), database.rehearsing(still) as connection:
        connection.execute(text(ENDLESS))
    with database.rehearsing() as connection:
        assert connection.execute(text("SELECT count(*) FROM tenant")).scalar_one() == 0


def test_an_error_is_told_as_everywhere(database: Database) -> None:
    """What the engine complains of is one line for people."""
    with pytest.raises(RingfenceError), database.rehearsing() as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))


KILLED = """
import sys, time
from ringfence.storage.engine import open_database
with open_database(sys.argv[1]).rehearsing() as connection:
    connection.exec_driver_sql("CREATE TEMP TABLE large (x BLOB)")
    connection.exec_driver_sql(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 90) "
        "INSERT INTO large SELECT randomblob(1000000) FROM n")
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_kill_leaves_nothing_behind(sqlite_database: Database, tmp_path: Path) -> None:
    """What does not fit into memory is in a file that has no name, and is its owner's alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    path = str(sqlite_database.url.database)
    before = rows(sqlite_database)
    command = [sys.executable, "-c", KILLED, path]
    environment = {**os.environ, "SQLITE_TMPDIR": str(folder), "TMPDIR": str(folder)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert list(folder.iterdir()) == []
        held = [one for one in Path(f"/proc/{process.pid}/fd").iterdir() if str(folder) in str(one.readlink())]
        assert held, "it did not need a file: make it larger"
        assert all(stat.S_IMODE(one.stat().st_mode) == 0o600 for one in held)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert list(folder.iterdir()) == []
    assert rows(sqlite_database) == before
