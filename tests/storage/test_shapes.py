"""Of one declaration two shapes: on PostgreSQL whatever is unique is so in its tenant, and rows refer to their own."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from support.edits import World, provider

from ringfence.domain.errors import RingfenceError
from ringfence.storage.engine import Database
from ringfence.storage.metadata import metadata
from ringfence.storage.spreading import demand_cluster, shared_out

OF_ALL = {"alembic_version", "attempt", "attempt_key", "provider_role", "tenant", "worker_heard"}
"""Tables that are no tenant's, or of tenants themselves."""
KEYS = """
    SELECT c.relname, i.indexrelid::regclass::text, (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid
    AND a.attnum = i.indkey[0]) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE i.indisunique AND c.relnamespace = current_schema()::regnamespace
"""
REFERENCES = """
    SELECT o.conrelid::regclass::text, o.conname, o.confrelid::regclass::text, pg_get_constraintdef(o.oid)
    FROM pg_constraint o WHERE o.contype = 'f' AND o.connamespace = current_schema()::regnamespace
"""


@pytest.mark.postgres
def test_whatever_is_unique_is_so_in_its_tenant(postgres_database: Database) -> None:
    with postgres_database.reading() as connection:
        found = connection.execute(text(KEYS)).all()
    theirs = [(table, first) for table, index, first in found if table not in OF_ALL and index != own_id(table)]
    assert len(theirs) > len(metadata.tables) - len(OF_ALL), "each has a key"
    assert {first for _, first in theirs} == {"tenant_id"}


def own_id(table: str) -> str:
    """The index by which an id is one row's alone, whosever it is."""
    return f"ix_{table}_own_id"


@pytest.mark.postgres
def test_nobody_takes_an_id_that_another_tenants_row_has(postgres_database: Database) -> None:
    """Whoever works for all tenants finds rows by it."""
    document = provider()
    document["tenants"].append({"key": "other", "name": "Other"})
    document["customers"].append({"key": "foreign", "tenant": "other", "name": "Foreign"})
    world = World(postgres_database, document)
    with world.database.reading() as connection:
        indexes = {index for _, index, _ in connection.execute(text(KEYS)).all()}
    assert {own_id(table.name) for table in metadata.sorted_tables if "id" in table.c} <= indexes | {
        own_id(table) for table in OF_ALL
    }
    both = text("INSERT INTO former_customer (id, tenant_id, path) SELECT 1000, t.id, '/rs/' FROM tenant t")
    with (
        world.database.engine.connect() as connection,
        pytest.raises(IntegrityError, match="ix_former_customer_own_id"),
    ):
        connection.execute(both)


@pytest.mark.postgres
def test_rows_refer_to_those_of_their_own_tenant(postgres_database: Database) -> None:
    with postgres_database.reading() as connection:
        found = connection.execute(text(REFERENCES)).all()
    assert len(found) > 60
    for table, name, to, said in found:
        if to == "tenant":
            assert "FOREIGN KEY (tenant_id) REFERENCES tenant(id)" in said, (table, name)
        else:
            assert said.startswith("FOREIGN KEY (tenant_id, "), (table, name)
            assert "(tenant_id, id)" in said, (table, name)


@pytest.mark.postgres
def test_nobody_makes_a_row_refer_to_another_tenants(postgres_database: Database) -> None:
    """Not its owner either, with statements of their own."""
    document = provider()
    document["tenants"].append({"key": "other", "name": "Other"})
    document["customers"].append({"key": "foreign", "tenant": "other", "name": "Foreign"})
    world = World(postgres_database, document)
    foreign = "(SELECT id FROM customer WHERE key = 'foreign')"
    astray = text(f"UPDATE device SET customer_id = {foreign} WHERE key = 'beta-0'")
    with world.database.engine.connect() as connection, pytest.raises(IntegrityError, match="fk_device_customer_id"):
        connection.execute(astray)


def test_tables_are_shared_out_where_that_can_be(database: Database) -> None:
    """There is no cluster here."""
    said = "has no extension citus" if database.postgresql else "only PostgreSQL shares tables out"
    with database.reading() as connection, pytest.raises(RingfenceError, match=said):
        demand_cluster(connection)


def test_what_is_referred_to_is_shared_out_before() -> None:
    order = [table for table, _ in shared_out()]
    assert order[0] == "tenant"
    assert {*order} == {*metadata.tables, "point"} - (OF_ALL - {"tenant"})
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            to = key.column.table.name
            assert to == table.name or order.index(to) < order.index(table.name)
