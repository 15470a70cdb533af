"""``db check`` names whatever is broken: every column of every table, in each way in which it can be."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Connection, Float, Integer, String, Table, text
from sqlalchemy.exc import DBAPIError
from support.console import demo_copy
from support.databases import dumped, made

from ringfence.domain.field import Choice
from ringfence.domain.registry import EDITED
from ringfence.services.listing import count
from ringfence.services.records import Listing
from ringfence.snapshot.load import load_document
from ringfence.storage import maintenance, soundness
from ringfence.storage.columns import UtcDateTime
from ringfence.storage.engine import Database, open_database
from ringfence.storage.metadata import metadata
from ringfence.visibility.viewer import Viewer

SCOPES = ("scope", "scope_interval", "scope_site")
CHAINED = ("audit_entry",)
COLUMNS = [(table, column) for table in metadata.sorted_tables for column in table.columns]
CHOICES = {
    (kind.table, name) for kind in EDITED.values() for name, one in kind.stored.items() if isinstance(one.spec, Choice)
}
BY_OTHERS = (
    "former_customer (id, tenant_id, path) SELECT 900000 + id, id, '/1/gone/' FROM tenant",
    "series (tenant_id, device_id, name) SELECT tenant_id, id, 'level' FROM device",
    "device_latest (tenant_id, device_id, at, said) SELECT tenant_id, id, 1, '[2.5]' FROM device",
    "reported (tenant_id, device_id, name, said, at) SELECT tenant_id, id, 'firmware', '\"7\"', 1 FROM device",
    "tenure (tenant_id, device_id, until, customer_id, site_id) "
    "SELECT tenant_id, id, 2, customer_id, site_id FROM device",
    "event (tenant_id, device_id, at, kind, name, severity, text) "
    "SELECT tenant_id, id, 1, 'on', 'fire', 'major', 'Hall' FROM device",
    "edge_heard (tenant_id, edge_id, at, lines, allowance) SELECT tenant_id, id, 1, 1, 1.5 FROM edge",
    "unmatched (tenant_id, edge_id, unit_id, first_at, last_at, lines, sample) "
    "SELECT tenant_id, id, 'U-1', 1, 2, 3, '{}' FROM edge",
    "known_signal (tenant_id, edge_id, signal, at) SELECT tenant_id, id, 's-1', 1 FROM edge",
    "rule_state (tenant_id, device_id, alarm_rule_id, count, raised) "
    "SELECT d.tenant_id, d.id, r.id, 1, TRUE FROM device d JOIN alarm_rule r ON r.tenant_id = d.tenant_id",
    "runaway (tenant_id, device_id, kind, full_at) SELECT tenant_id, id, 'fire', 1 FROM device",
    "suppressed (tenant_id, device_id, kind, alarm_id, due_at) "
    "SELECT d.tenant_id, d.id, 'fire', min(a.id), 1 FROM device d JOIN alarm a ON a.tenant_id = d.tenant_id "
    "GROUP BY d.tenant_id, d.id",
    "escalation (tenant_id, alarm_id, since, due_at) SELECT tenant_id, id, 1, 1 FROM alarm "
    "WHERE id NOT IN (SELECT alarm_id FROM escalation)",
    "alarm_above (tenant_id, ancestor_id, started_key, alarm_id, customer_id, rank) "
    "SELECT tenant_id, customer_id, 'earlier', id, customer_id, 1 FROM alarm",
    "worker_heard (id, at, said) VALUES (1, 1, 'here')",
    "credential (tenant_id, user_id, password, password_at, must_change, code_secret, code_step) "
    "SELECT tenant_id, id, 'hash', 1, FALSE, 'made of', 1 FROM user_account",
    "recovery_code (tenant_id, user_id, digest) SELECT tenant_id, id, 'digest' FROM user_account",
    "invitation (tenant_id, user_id, digest, made_at, expires_at) "
    "SELECT tenant_id, id, login_key, 1, 2 FROM user_account",
    "sign_in (tenant_id, user_id, began_at, seen_at, how, origin, fingerprint) "
    "SELECT tenant_id, id, 1, 2, 'password', 'console', '' FROM user_account",
    "ssh_key (tenant_id, user_id, kind, blob, fingerprint, comment, added_at) "
    "SELECT tenant_id, id, 'ssh-ed25519', login_key, login_key, 'mine', 1 FROM user_account",
    "api_token (tenant_id, user_id, made_by, name, digest, customer_id, made_at) "
    "SELECT tenant_id, id, id, 'report', login_key, home_id, 1 FROM user_account",
    "own_console (tenant_id, user_id, layout, settings) SELECT tenant_id, id, '{}', 'mouse = true' FROM user_account",
    "attempt (role, digest, failures, at) SELECT login_key, 'digest', 1, 1 FROM user_account",
    "attempt_key (role, secret) SELECT login_key, 'ff' FROM user_account",
)
"""Rows that no document holds."""


def fill(database: Database, folder: Path) -> None:
    """Puts rows into every table that there is."""
    demo = demo_copy(folder)
    document = json.loads(dumped(demo))
    demo.close()
    tenants = [tenant["key"] for tenant in document["tenants"]]
    document["edges"] += [
        {"key": f"source-{number}", "tenant": tenant, "name": "Source", "kind": "pipe", "lines_a_minute": number}
        for tenant in tenants
        for number in range(7)
    ]
    owned = [{"tenant": tenant, "name": "Said", "key": "k"} for tenant in tenants]
    document["alarm_rules"] += [{**one, "raise_when": "t > 1"} for one in owned]
    document["test_modes"] += [{**one, "until": "2026-11-22T12:00:00+00:00"} for one in owned]
    moments = dict.fromkeys(("started_at", "last_at", "acked_at", "cleared_at"), "2026-11-22T12:00:00+00:00")
    document["alarms"] += [{**one, **moments, "outcome": "real"} for one in owned]
    load_document(database, document, "command line")
    with database.writing() as connection:
        for rows in BY_OTHERS:
            connection.execute(text(f"INSERT INTO {rows}"))
    for login in ("h.devries", "l.petit", "olga", "g.moreau", "t.okafor"):
        count(Viewer.sign_in(database, login), Listing("devices"))
    assert maintenance.check(database) == []
    with database.reading() as connection:
        for table in metadata.sorted_tables:
            some = connection.execute(text(f'SELECT 1 FROM "{table.name}"')).first()
            assert some is not None or table.name == "scope_site", table.name


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file of that kind, which nobody changes."""
    folder = tmp_path_factory.mktemp("filled")
    database = made(folder / "worked.db")
    fill(database, folder)
    database.close()
    with closing(sqlite3.connect(database.name)) as worked:
        worked.execute("VACUUM INTO ?", (str(folder / "filled.db"),))
    return folder / "filled.db"


@pytest.fixture
def world(filled: Path, tmp_path: Path) -> Iterator[Database]:
    """A copy of it, to be broken."""
    path = tmp_path / "world.db"
    shutil.copyfile(filled, path)
    database = open_database(str(path))
    yield database
    database.close()


@contextmanager
def by_other_hands(database: Database) -> Iterator[Connection]:
    """A connection that no reference holds back."""
    with database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if database.postgresql:
            connection.execute(text("SET session_replication_role = replica"))
        else:
            driver.execute("PRAGMA foreign_keys = OFF")
            driver.text_factory = soundness.readable
        yield connection
        connection.commit()
        connection.invalidate()


def spoil(connection: Connection, table: Table, column: Column[Any], value: str, place: int = 0) -> bool:
    """Puts an SQL value into a column of one row, the one at that place or the last; whether the engine let it in."""
    keys = [one.name for one in table.primary_key.columns]
    listed = ", ".join(f'"{key}"' for key in keys)
    nonroot = " WHERE parent_id IS NOT NULL" if table.name == "customer" else ""
    rows = connection.execute(text(f'SELECT {listed} FROM "{table.name}"{nonroot} ORDER BY {listed}')).all()
    if not rows:
        return False
    row = rows[min(place, len(rows) - 1)]
    where = " AND ".join(f'"{key}" = :k{number}' for number, key in enumerate(keys))
    bound = {f"k{number}": one for number, one in enumerate(row)}
    try:
        with connection.begin_nested():
            statement = f'UPDATE "{table.name}" SET "{column.name}" = {value} WHERE {where}'
            return bool(connection.execute(text(statement), bound).rowcount)
    except DBAPIError:
        return False


def named(faults: list[str], table: str, column: str) -> bool:
    """Whether a line tells of that column, with an id."""
    return any(line.startswith(f"{table} ") and f": {column} " in line for line in faults)


def kind(column: Column[Any]) -> str:
    for mapped, name in (
        (UtcDateTime, "datetime"),
        (Boolean, "bool"),
        (Integer, "int"),
        (Float, "float"),
        (String, "str"),
    ):
        if isinstance(column.type, mapped):
            return name
    raise AssertionError(column)  # a type that is new is looked at nowhere yet


Applies = Callable[[Table, Column[Any]], bool]
WAYS: dict[str, tuple[str, Applies, str]] = {
    "bytes": ("x'00ff'", lambda _, __: True, "sqlite"),
    "text for a number": ("'x'", lambda _, c: isinstance(c.type, Integer | Boolean), "sqlite"),
    "a fraction": ("1.5", lambda _, c: isinstance(c.type, Integer | Boolean), "sqlite"),
    "no float": ("'NaN'", lambda _, c: kind(c) == "float", "both"),
    "infinite": ("9e999", lambda _, c: kind(c) == "float", "sqlite"),
    "no UTF-8": ("CAST(x'c328' AS TEXT)", lambda _, c: kind(c) == "str", "sqlite"),
    "no time": ("'yesterday'", lambda _, c: kind(c) == "datetime", "sqlite"),
    "another day": ("'2026-99-99'", lambda _, c: kind(c) == "datetime", "sqlite"),
    "no truth": ("7", lambda _, c: kind(c) == "bool", "sqlite"),
    "below nothing": ("-1", lambda _, c: kind(c) == "int", "both"),
    "beyond all": ("9223372036854775807", lambda _, c: kind(c) == "int", "sqlite"),
    "nowhere": ("2000000000", lambda _, c: bool(c.foreign_keys), "both"),
    "no word": (
        "'nothing'",
        lambda t, c: (t.name, c.name) in {*CHOICES, ("role_permission", "permission")},
        "both",
    ),
    "empty": (
        "''",
        lambda t, c: c.name in ("key", "name", "login", "login_key") and t.name not in CHAINED,
        "both",
    ),
    "endless": (
        "'" + "x" * 5000 + "'",
        lambda t, c: c.name in ("key", "name", "login", "email", "phone", "unit_id", "kind", "notes", "address",
                                "description") and kind(c) == "str" and t.name not in CHAINED,
        "both",
    ),
    "not found": ("'x'", lambda t, c: c.name == "search_key" and t.name not in CHAINED, "both"),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.once(6)
def test_every_column_is_looked_at(world: Database, way: str) -> None:
    value, applies, _ = WAYS[way]
    broken = []
    with by_other_hands(world) as connection:
        for place, (table, column) in enumerate(COLUMNS):
            if applies(table, column) and spoil(connection, table, column, value, place % 7):
                broken.append((table.name, column.name))
    assert broken
    faults = maintenance.check(world)
    assert [one for one in broken if not named(faults, *one)] == []
    assert all(line.isprintable() and len(line) < 200 for line in faults)


def test_what_is_missing(world: Database) -> None:
    """In tables that let it be, which is a fault of its own."""
    required = [(table, column) for table, column in COLUMNS if not column.nullable and not column.primary_key]
    world.close()
    with closing(sqlite3.connect(world.name)) as plain, plain:
        plain.execute("PRAGMA writable_schema = ON")
        plain.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE type = 'table'")
    with by_other_hands(world) as connection:
        broken = [
            (table.name, column.name)
            for place, (table, column) in enumerate(required)
            if spoil(connection, table, column, "NULL", place % 7)
        ]
    assert len(broken) > len(required) * 0.8
    faults = maintenance.check(world)
    assert [one for one in broken if not named(faults, *one)] == []
    said = [f"{table}.{column}: its nullable is not what it should be" for table, column in broken]
    assert [line for line in said if line not in faults] == []


@pytest.mark.postgres
def test_what_postgresql_lets_in(postgres_database: Database, tmp_path: Path) -> None:
    """All of it at once, each in a row of its own where there are so many."""
    fill(postgres_database, tmp_path)
    broken = []
    with by_other_hands(postgres_database) as connection:
        for place, (value, applies, engines) in enumerate(WAYS.values()):
            for table, column in COLUMNS:
                if engines == "both" and applies(table, column) and spoil(connection, table, column, value, place):
                    broken.append((table.name, column.name))
        for statement, _ in BY_HAND:
            if statement.startswith("DELETE"):
                continue  # it would take away what was broken
            with suppress(DBAPIError), connection.begin_nested():
                connection.execute(text(statement.replace("'northwind'", "'polder'")))
    try:
        faults = maintenance.check(postgres_database)
    finally:
        with by_other_hands(postgres_database) as connection:
            connection.execute(text("DELETE FROM alembic_version WHERE version_num = '0001'"))
    assert len(set(broken)) > 80
    assert [one for one in set(broken) if not named(faults, *one)] == []
    for said in ("device_count is ", "it is private, and", "alembic_version: it says '0001'"):
        assert [line for line in faults if said in line] != [], said


OTHER = "(SELECT max(id) FROM {} WHERE tenant_id = (SELECT max(id) FROM tenant))"


def test_what_leads_to_another_tenant(world: Database) -> None:
    broken: list[tuple[str, str]] = []
    with by_other_hands(world) as connection:
        for table, column in COLUMNS:
            (key,) = column.foreign_keys or (None,)
            if key is None or table.name in SCOPES or "tenant_id" not in key.column.table.columns:
                continue
            other = OTHER.format(f'"{key.column.table.name}"')
            if "tenant_id" not in table.columns:
                if table.name in dict(broken):
                    continue  # of a tie that leads elsewhere with both its ends nothing is wrong
                connection.execute(text(f'UPDATE OR IGNORE "{table.name}" SET "{column.name}" = {other}'))
                broken.append((table.name, column.name))
            elif spoil(connection, table, column, other):
                broken.append((table.name, column.name))
    faults = maintenance.check(world)
    for name, tie in broken:
        if "tenant_id" in metadata.tables[name].columns:
            assert any(f": {tie} leads to another tenant" in one and one.startswith(name) for one in faults), tie
        elif len({key.parent.name for key in metadata.tables[name].foreign_keys}) > 1:
            assert any("leads to another tenant" in one and one.startswith(f"{name} ") for one in faults), name


BY_HAND = [
    ("UPDATE customer SET parent_id = (SELECT id FROM customer WHERE key = 'north-coldstore') WHERE key = 'northwind'",
     "parent_id leads back to itself"),
    ("UPDATE customer SET parent_id = id WHERE key = 'northwind'", "parent_id leads back to itself"),
    ("UPDATE customer SET path = '/1/' WHERE key = 'northwind'", "path does not follow its parent's"),
    ("UPDATE customer SET path = path || 'x/' WHERE key = 'northwind'", "path does not follow its parent's"),
    ("UPDATE customer SET device_count = device_count + 1 WHERE key = 'northwind'", "device_count is "),
    ("UPDATE customer SET key = NULL WHERE key = 'northwind'", "key is missing"),
    ("UPDATE customer SET key = 'root' WHERE parent_id IS NULL", "key is there, and a tenant's root has none"),
    ("UPDATE customer SET parent_id = NULL WHERE key = 'northwind'", "it has 2 roots instead of one"),
    ("UPDATE customer SET max_devices = 0 WHERE key = 'northwind'", "max_devices is 0, and there are "),
    ("UPDATE customer SET max_users = 0 WHERE parent_id IS NULL", "max_users is 0, and there are "),
    ("UPDATE customer SET max_customers = 0 WHERE parent_id IS NULL", "max_customers is 0, and there are "),
    ("UPDATE device SET site_id = (SELECT max(s.id) FROM site s WHERE s.customer_id <> device.customer_id"
     " AND s.tenant_id = device.tenant_id)",
     "site_id leads to another customer's site"),
    ("UPDATE audit_entry SET node_id = 2000000000", "node_id leads nowhere"),
    ("UPDATE former_customer SET id = 1 WHERE tenant_id = 1", "it is there as a customer too"),
    ("UPDATE role SET private = TRUE", "it is private, and "),
    ("UPDATE tenant SET audit_count = 5", "audit_count is 5, and there are "),
    ("UPDATE device_latest SET said = '[NaN]'", "said is not a value for each of its series"),
    ("UPDATE device_latest SET said = '[1.5, 2.5]'", "said is not a value for each of its series"),
    ("UPDATE device_latest SET said = 'gone'", "said is not a value for each of its series"),
    ("UPDATE device_latest SET older = '[true]'", "older is not a value for each of its series"),
    ("DELETE FROM series", "said is not a value for each of its series"),
    ("INSERT INTO alembic_version VALUES ('0001')", "alembic_version: it says '0001', "),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "told"), BY_HAND, ids=[statement[:60] for statement, _ in BY_HAND])
@pytest.mark.once(6)
def test_what_no_column_says_by_itself(world: Database, statement: str, told: str) -> None:
    with by_other_hands(world) as connection:
        connection.execute(text(statement))
    try:
        faults = maintenance.check(world)
        assert [line for line in faults if told in line] != [], faults
    finally:
        if "alembic_version" in statement:
            with world.engine.begin() as connection:
                connection.execute(text("DELETE FROM alembic_version WHERE version_num = '0001'"))


def test_every_piece_of_the_structure(sqlite_database: Database) -> None:
    """Taken away one after the other, the least first, each is named."""
    listed = "SELECT type, name, tbl_name FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('index', 'trigger')"
    with sqlite_database.engine.connect() as connection:
        pieces = connection.execute(text(listed)).all()
        for what, name, _ in pieces:
            connection.execute(text(f'DROP {what} "{name}"'))
        for table, column in (("device", "kind"), ("customer", "phone"), ("user_account", "email")):
            connection.execute(text(f'ALTER TABLE "{table}" DROP COLUMN "{column}"'))
        for table in ("user_site", "scope_site", "membership", "point", "latest"):
            connection.execute(text(f'DROP TABLE "{table}"'))
        connection.execute(text("CREATE TABLE stray (id INTEGER PRIMARY KEY)"))
        connection.execute(text("ALTER TABLE site ADD COLUMN stray TEXT"))
        connection.commit()
    faults = maintenance.check(sqlite_database)
    for what, name, table in pieces:
        if table in ("user_site", "scope_site", "membership"):
            continue
        told = f"{name}: this trigger is missing" if what == "trigger" else f"{table}: the index {name} is missing"
        assert told in faults, name
    tables = ("user_site", "scope_site", "membership", "point", "latest")
    for said in ("device.kind", "customer.phone", "user_account.email", *tables):
        noun = "column" if "." in said else "table"
        assert f"{said}: this {noun} is missing" in faults
    assert "stray: this table does not belong here" in faults
    assert "site.stray: this column does not belong here" in faults


def test_many_of_a_sort_are_counted(world: Database) -> None:
    with by_other_hands(world) as connection:
        changed = connection.execute(text("UPDATE device SET name = ''")).rowcount
    faults = maintenance.check(world)
    assert sum(line.endswith(": name is empty") for line in faults) == soundness.SHOWN
    assert f"device.name: and {changed - soundness.SHOWN:,} more" in faults


def test_a_page_of_the_file(world: Database) -> None:
    """The full look finds what the quick one passes over: an index that does not agree with its table."""
    world.close()
    with closing(sqlite3.connect(world.name)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master "
            "WHERE name = 'ix_device_site_id_tenant_id_search_key_id_customer_id') "
            "WHERE name = 'ix_membership_group_id'"
        )
    faults = maintenance.check(world)
    assert [line for line in faults if line.startswith("the file is damaged: ")] != []


def test_the_search_index_is_looked_at_without_a_lock(world: Database) -> None:
    """While another process writes, too: its writing waits for nothing, and nothing waits for it."""
    world.close()
    with closing(sqlite3.connect(world.name, isolation_level=None)) as writer:
        trigger = writer.execute("SELECT sql FROM sqlite_master WHERE name = 'device_search_update'").fetchone()[0]
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE tenant SET key = key")
        assert maintenance.check(world) == []
        writer.execute("ROLLBACK")
        writer.execute("DROP TRIGGER device_search_update")
        writer.execute("UPDATE device SET search_key = 'elsewhere', name = 'elsewhere', unit_id = '' WHERE id = 1")
        writer.execute(trigger)
        writer.execute("BEGIN IMMEDIATE")
        told = "device_search: the search index does not agree with the devices"
        assert told in maintenance.check(world)
        Path(world.name).chmod(0o444)
        assert told in maintenance.check(world)
        writer.execute("ROLLBACK")
