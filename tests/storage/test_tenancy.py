"""Statements on PostgreSQL say of each table whose rows they mean, but for those that work for all tenants at once
(`make tenancy` reads those of all tests)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.databases import dumped
from support.edits import World, provider
from support.of_all import known
from support.tenancy import apart, faults, untold, watched

import ringfence
from ringfence.domain.registry import LISTED
from ringfence.services.records import Listing, Part
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database

SAID = [
    "SELECT name FROM device WHERE tenant_id = %s AND id = %s",
    "SELECT k.name FROM device k JOIN customer c ON c.id = k.customer_id AND c.tenant_id = k.tenant_id "
    "WHERE k.tenant_id = %(tenant)s",
    "SELECT 1 FROM device k WHERE k.tenant_id = %s AND EXISTS "
    "(SELECT 1 FROM site s WHERE s.id = k.site_id AND s.tenant_id = k.tenant_id)",
    "UPDATE device SET name = 'x' WHERE device.tenant_id = %s",
    "INSERT INTO site (tenant_id, name) VALUES (%s, %s)",
    "WITH scope_interval(path) AS (SELECT 'x') SELECT path FROM scope_interval",
    "SELECT version FROM tenant WHERE id = %s",
    "SELECT said FROM worker_heard WHERE id = %s",
    "LOCK TABLE device",
    "SELECT 1 FROM device k JOIN LATERAL (SELECT * FROM site s WHERE s.id = k.site_id AND s.tenant_id = k.tenant_id "
    "OFFSET 0) s ON TRUE WHERE k.tenant_id = $1",
    "SELECT x FROM (SELECT d.tenant_id, 1 AS x FROM device d WHERE d.tenant_id = %s) k WHERE EXISTS "
    "(SELECT 1 FROM site s WHERE s.tenant_id = k.tenant_id)",
]
UNSAID = [
    ("SELECT name FROM device WHERE id = %s", "device"),
    ("SELECT k.name FROM device k JOIN customer c ON c.id = k.customer_id WHERE k.tenant_id = %s", "customer"),
    ("SELECT k.name FROM device k, customer c WHERE k.tenant_id = c.id", "customer device"),
    ("SELECT 1 FROM device k WHERE k.tenant_id = %s AND EXISTS (SELECT 1 FROM site WHERE id = k.site_id)", "site"),
    ("SELECT name FROM device WHERE tenant_id <> %s", "device"),
    ("SELECT name FROM device WHERE +tenant_id = %s", "hidden"),
    ("UPDATE device SET tenant_id = %s", "device"),
    ("DELETE FROM membership WHERE user_id = %s", "membership"),
    ("INSERT INTO site (name) VALUES (%s)", "site"),
    ("SELECT version FROM tenant WHERE key = %s", "tenant"),
    ("SELECT name FROM device WHERE tenant_id = %s OR id = %s", "device"),
    (
        "SELECT 1 FROM device k WHERE k.tenant_id = %s AND EXISTS (SELECT 1 FROM site WHERE id = 1 OR tenant_id = %s)",
        "site",
    ),
]


@pytest.mark.parametrize("statement", SAID)
def test_a_statement_that_says_its_tenants(statement: str) -> None:
    assert untold(statement) == ()


@pytest.mark.parametrize(("statement", "table"), UNSAID)
def test_a_statement_that_does_not(statement: str, table: str) -> None:
    assert untold(statement) == tuple(table.split())


def test_tables_that_say_it_of_one_another_alone_say_it_of_none() -> None:
    both = "SELECT 1 FROM device k JOIN site s ON s.id = k.site_id AND s.tenant_id = k.tenant_id WHERE k.id = %s"
    assert untold(both) == ("device", "site")
    assert not apart(both), "of whichever tenant: of the same"
    assert apart("SELECT 1 FROM device k JOIN site s ON s.id = k.site_id")
    assert not apart("SELECT id FROM device WHERE id = %s")


def test_what_is_in_the_list_is_there() -> None:
    rooms = Path(ringfence.__file__).parent
    for whose in known():
        module, _, name = whose.partition(":")
        assert re.search(rf"^ *(?:async )?def {name}\(", (rooms / module).read_text(), re.MULTILINE), whose


@pytest.mark.postgres
def test_what_looks_and_changes_says_its_tenants(postgres_database: Database) -> None:
    """A little of all; that of the other tests is read by `make tenancy`."""
    with watched() as seen:
        world = World(postgres_database, provider())
        for login in ("boss", "nora"):
            session = world.session(login)
            for kind in LISTED:
                for search in ("", "acme"):
                    found = session.rows(Listing(kind, search), Part(20))
                    assert session.count(Listing(kind, search)) == len(found)
            session.children(world.id("customer", "acme"))
            session.profile(totals=True)
        renamed = world.edit("boss", "customer", "acme", name="Other")
        session = world.session("boss")
        session.preview([renamed])
        session.save([renamed])
        world.save("boss", world.edit("boss", "user", "rita", active=False))
        session.undo(world.save("boss", world.delete("device", "beta-0")))
        load_document(postgres_database, world.document())
        dumped(postgres_database)
    assert len(seen) > 60, "whoever watches sees what is made"
    assert faults(seen) == []
