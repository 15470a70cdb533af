"""What a provider's role can do with a connection of its own: nothing to what is another's, nor to the past."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text
from support.databases import copied, dumped
from support.signals import edge, send
from support.tokens import token_of

from ringfence.domain.alarm import ALARMS
from ringfence.domain.audit import AUDIT
from ringfence.domain.errors import RingfenceError
from ringfence.domain.registry import EDITED
from ringfence.identity import credentials, door, key_ring, tokens
from ringfence.identity.keys import PublicKey
from ringfence.snapshot.load import load_document
from ringfence.storage import second_wall
from ringfence.storage.engine import Database, open_database
from ringfence.storage.maintenance import upgrade
from ringfence.storage.metadata import metadata
from ringfence.storage.role_grants import PROVIDER_ROLE, grants
from ringfence.storage.roles import make_roles
from ringfence.storage.second_wall import SHARED, raise_wall
from ringfence.visibility.viewer import Viewer

pytestmark = pytest.mark.postgres


def provider(key: str) -> dict[str, list[dict[str, Any]]]:
    """A provider with something of most kinds."""
    own = {"tenant": key}
    return {
        "tenants": [{"key": key, "name": key.title()}],
        "customers": [{"key": "c", **own, "name": f"C of {key}"}, {"key": "d", **own, "name": "D", "parent": "c"}],
        "sites": [{"key": "s", **own, "name": "S", "customer": "c"}],
        "devices": [
            {"key": "x", **own, "name": f"Secret of {key}", "unit_id": f"U-{key}", "customer": "c", "site": "s"}
        ],
        "roles": [{"key": "r", **own, "name": "R", "access_level": "service_provider", "permissions": "all"}],
        "customer_groups": [{"key": "k", **own, "name": "K", "customers": [{"customer": "c"}]}],
        "security_groups": [
            {"key": "g", **own, "name": "G", "role": "r", "scope": "selected", "customers": [{"customer": "c"}]}
        ],
        "users": [{"key": "u", **own, "login": f"u@{key}", "name": "U", "security_groups": [{"group": "g"}]}],
        "edges": [{"key": "e", **own, "kind": "pipe", "name": "E"}],
    }


@pytest.fixture(scope="module")
def owner(postgres_server: str) -> Iterator[Database]:
    """A database of two providers, of an owner who is no superuser, with the wall and a role for each."""
    server = make_url(postgres_server)
    administration = Database(server)
    with administration.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE ROLE wall_owner LOGIN CREATEROLE"))
        connection.execute(text("CREATE DATABASE walled OWNER wall_owner"))
    url = server.set(username="wall_owner", database="walled")
    database = open_database(url.render_as_string(hide_password=False), create=True)
    for key in ("ours", "theirs"):
        load_document(database, {"ringfence": 1, **provider(key)})
        said = {"values": {"t": 1}, "attributes": {"a": 1}, "alarm": "fire"}
        send(database, edge(database, "e", key), {"unit": f"U-{key}", **said})
        send(database, edge(database, "e", key), {"unit": "nobody", "id": "1", "values": {"t": 1}})
    make_roles(database)
    yield database
    database.close()
    with administration.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE walled WITH (FORCE)"))
        for role in ("walled_ours", "walled_theirs", "wall_owner"):
            connection.execute(text(f"DROP ROLE {role}"))
    administration.close()


def connected(owner: Database, role: str) -> psycopg.Connection[Any]:
    """A connection of somebody with a program of their own."""
    host = str(owner.url.query["host"])
    return psycopg.connect(host=host, user=role, dbname="walled", autocommit=True)


@pytest.fixture
def ours(owner: Database) -> Iterator[psycopg.Connection[Any]]:
    with connected(owner, "walled_ours") as connection:
        yield connection


def rows_of(connection: psycopg.Connection[Any], table: str) -> list[str]:
    """All rows that it has of a table, in one order, as far as a provider's role is told of them."""
    told = _TOLD.search(grants()[table])
    columns = told[1] if told else "*"
    return sorted(map(repr, connection.execute(f'SELECT {columns} FROM "{table}"').fetchall()))


_TOLD = re.compile(r"SELECT \((.*?)\)")


def tables(owner: Database) -> dict[str, tuple[bool, bool]]:
    """Every table, with whether row-level security holds, and for its owner too."""
    query = (
        "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class "
        "WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace"
    )
    with owner.reading() as connection:
        return {row[0]: (row[1], row[2]) for row in connection.execute(text(query))}


def test_every_table_is_behind_the_wall(owner: Database) -> None:
    found = tables(owner)
    assert {name for name, (holds, forced) in found.items() if not (holds and forced)} == {"alembic_version"}
    assert set(metadata.tables) < set(found)
    assert set(grants()) == {*metadata.tables, "point", "alembic_version"}
    query = "SELECT polrelid::regclass::text FROM pg_policy WHERE polname LIKE 'ringfence_tenant%'"
    with owner.reading() as connection:
        assert set(connection.execute(text(query)).scalars()) == {*metadata.tables, "point"}


def test_a_table_without_a_tenant_is_refused() -> None:
    with pytest.raises(TypeError, match="nothing says whose rows of worker_heard are"):
        second_wall._by_tenant("worker_heard", 1)


def test_each_sees_its_own_rows_and_both_together_all(owner: Database) -> None:
    """By a program of their own, of every table, whatever says whose rows are."""
    filled = 0
    roles = ("wall_owner", "walled_ours", "walled_theirs")
    owning, ours, theirs = (connected(owner, role) for role in roles)
    with owning, ours, theirs:
        for name in {*metadata.tables, "point"} - SHARED:
            whole = rows_of(owning, name)
            one, other = rows_of(ours, name), rows_of(theirs, name)
            assert sorted(one + other) == whole, name
            assert len(one) == len(other), name
            filled += bool(one)
    assert filled > 20


def test_a_dump_is_of_the_provider_alone(owner: Database) -> None:
    database = Database(owner.url.set(username="walled_ours"))
    assert [one["key"] for one in json.loads(dumped(database))["tenants"]] == ["ours"]
    database.close()


@pytest.mark.parametrize("name", sorted({*metadata.tables, "point"} - SHARED))
def test_nothing_of_others_is_written(owner: Database, name: str) -> None:
    """Whatever is said to a table, the rows of the other provider are as before, and none is handed to it."""
    with connected(owner, "walled_theirs") as theirs, connected(owner, "walled_ours") as ours:
        before = rows_of(theirs, name)
        column = "id" if name == "tenant" else next(iter(metadata.tables[name].c)).name if name != "point" else "at"
        statements = [f'DELETE FROM "{name}"', f'UPDATE "{name}" SET "{column}" = "{column}"', f'TRUNCATE "{name}"']
        if name == "point" or "tenant_id" in metadata.tables[name].c:
            statements.append(f'UPDATE "{name}" SET tenant_id = 3 - tenant_id')
            statements.append(f'INSERT INTO "{name}" (tenant_id) VALUES (2)')
        for statement in statements:
            try:
                with ours.transaction(force_rollback=True):
                    changed = ours.execute(statement).rowcount
                    assert "3 -" not in statement or not changed
                    assert rows_of(theirs, name) == before
            except (psycopg.errors.InsufficientPrivilege, psycopg.IntegrityError):
                pass
        assert rows_of(theirs, name) == before


_DEVICE = "INSERT INTO device (tenant_id, customer_id, key, name, unit_id, kind, search_key"
DENIED = [
    "UPDATE audit_entry SET name = 'x'",
    "DELETE FROM audit_entry",
    "TRUNCATE audit_entry",
    "SELECT blob FROM ssh_key",
    "SELECT digest FROM api_token",
    "INSERT INTO audit_entry (tenant_id) VALUES (2)",
    "UPDATE tenant SET key = 'x'",
    "UPDATE tenant SET id = 2",
    "SET ROLE wall_owner",
    "SET ROLE walled_theirs",
    "SET SESSION AUTHORIZATION walled_theirs",
    "ALTER ROLE walled_ours BYPASSRLS",
    "ALTER TABLE device DISABLE ROW LEVEL SECURITY",
    "CREATE POLICY mine ON device USING (true)",
    "DROP POLICY ringfence_tenant_1 ON device",
    "ALTER FUNCTION ringfence_tenant(name) SET search_path = public",
    "CREATE OR REPLACE FUNCTION ringfence_tenant(whose name) RETURNS integer LANGUAGE sql AS 'SELECT 2'",
    "CREATE TABLE mine (id int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 2'",
    "CREATE VIEW mine AS SELECT * FROM device",
    "CREATE SCHEMA mine",
    "CREATE TRIGGER mine BEFORE INSERT ON device FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    f"SELECT * FROM {PROVIDER_ROLE}",
    f"INSERT INTO {PROVIDER_ROLE} VALUES ('walled_ours', 2)",
    f"UPDATE {PROVIDER_ROLE} SET tenant_id = 2",
    "COPY device TO PROGRAM 'cat'",
    "SET row_security = off; SELECT * FROM device",
    "SELECT setval('device_id_seq', 1)",
    "INSERT INTO customer (tenant_id, parent_id, name, path, device_count, search_key) "
    "VALUES (1, (SELECT max(id) + 3 FROM customer), 'x', '/', 0, '')",
    "INSERT INTO site (tenant_id, customer_id, key, name, search_key) SELECT 1, id, 'k', 'n', '' "
    "FROM generate_series(1, 9) id WHERE id NOT IN (SELECT id FROM customer)",
    "INSERT INTO membership (tenant_id, user_id, group_id) VALUES (1, (SELECT max(id) + 1 FROM user_account), 1)",
    "INSERT INTO membership (tenant_id, user_id, group_id) "
    "SELECT 1, u.id, g.id + 1 FROM user_account u, security_group g",
    "SELECT ringfence_make_day('20260101; DROP TABLE device')",
    "SELECT ringfence_make_day('20261301')",
    "SELECT ringfence_make_day('x')",
    "SELECT count(ringfence_make_day(to_char(date '2030-01-01' + n, 'YYYYMMDD'))) FROM generate_series(1, 500) n",
]


@pytest.mark.parametrize("statement", DENIED)
def test_what_would_open_anything_is_refused(ours: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(psycopg.Error), ours.transaction(force_rollback=True):
        ours.execute(statement)


def test_the_history_of_a_day_is_read_through_the_whole_alone(owner: Database, ours: psycopg.Connection[Any]) -> None:
    days = [name for name in tables(owner) if name.startswith("point_")]
    assert days
    for day in days:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ours.execute(f"SELECT * FROM {day}")


OPENING = [
    "SET ringfence.tenant = '2'",
    "SET ringfence.looking = ''",
    "CREATE TEMP TABLE provider_role AS SELECT 'walled_ours'::name AS role, 2 AS tenant_id",
    "CREATE FUNCTION pg_temp.ringfence_tenant(whose name) RETURNS integer LANGUAGE sql AS 'SELECT 2'",
    "CREATE FUNCTION pg_temp.pg_has_role(one name, other name, how text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "CREATE FUNCTION pg_temp.same(one name, other name) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "CREATE OPERATOR pg_temp.= (LEFTARG = name, RIGHTARG = name, FUNCTION = pg_temp.same)",
    "SET search_path = pg_temp, public, pg_catalog",
]


def test_nothing_that_a_session_sets_or_makes_opens_anything(owner: Database) -> None:
    with connected(owner, "walled_ours") as ours:
        for statement in OPENING:
            ours.execute(statement)
        found = ours.execute("SELECT name FROM public.device").fetchall()
        assert found == [("Secret of ours",)]
        assert ours.execute("SELECT public.ringfence_tenant('walled_theirs')").fetchone() == (None,)
        # A condition that tells is asked of nobody else's rows.
        told: list[str] = []
        ours.add_notice_handler(lambda notice: told.append(str(notice.message_primary)))
        ours.execute(
            "CREATE FUNCTION pg_temp.tell(said text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS "
            "$$ BEGIN RAISE NOTICE '%', said; RETURN true; END $$"
        )
        for table, column in (("device", "name"), ("user_account", "login"), ("audit_entry", "name")):
            ours.execute(f"SELECT * FROM public.{table} WHERE pg_temp.tell({column})")
        assert told
        assert not [one for one in told if "theirs" in one]


def test_who_signs_in_is_found_among_the_own_users_alone(owner: Database) -> None:
    """By login, by key at the door and behind it, and by token; of another provider's users it is as if there were
    none. What proves it, one of them has, and is told to nobody."""
    blobs = {key: "AAAA" + key * 8 for key in ("ours", "theirs")}
    secrets = {key: token_of(owner, f"u@{key}") for key in blobs}
    with owner.writing() as connection:
        for key, blob in blobs.items():
            person = credentials.find(connection, f"u@{key}")
            assert person is not None
            assert key_ring.add(connection, person.tenant_id, person.id, PublicKey("ssh-ed25519", blob, key))
    for own, other in (("ours", "theirs"), ("theirs", "ours")):
        database = Database(owner.url.set(username=f"walled_{own}"))
        url = f"postgresql://walled_{own}@/walled?host={owner.url.query['host']}"
        with database.reading() as connection:
            for key in (own, other):
                fingerprint = PublicKey("ssh-ed25519", blobs[key], "").fingerprint
                found = (
                    credentials.find(connection, f"U@{key}"),
                    key_ring.owner(connection, fingerprint),
                    tokens.bearer(connection, secrets[key]),
                )
                assert [one and one.login for one in found] == [f"u@{own}" if key == own else None] * 3
                assert door.known(url, "ssh-ed25519", blobs[key]) is (key == own)
        with pytest.raises(RingfenceError, match=f"nobody has the login 'u@{other}'"):
            Viewer.sign_in(database, f"u@{other}")
        assert Viewer.sign_in(database, f"u@{own}").tenant_id
        database.close()
    with connected(owner, "walled_ours") as ours:
        for what, said in (("login", "u@theirs"), ("blob", blobs["theirs"]), ("nothing", "u@ours")):
            for whose in ("walled_ours", "walled_theirs", "wall_owner"):
                assert ours.execute("SELECT ringfence_whose(%s, %s, %s)", (whose, what, said)).fetchone() == (None,)


def test_a_word_is_found_among_the_own_records_alone(owner: Database) -> None:
    with connected(owner, "walled_ours") as ours:
        held = "SELECT count(*) FROM ringfence_holding(%s, %s, ARRAY['ret'], 'ret', 100)"
        for whose, kind, many in (
            ("walled_ours", "device", 1),
            ("walled_theirs", "device", 0),
            ("wall_owner", "device", 0),
            ("walled_ours", "user_account", 0),
            ("walled_ours", 'device" CROSS JOIN "tenant', 0),
        ):
            assert ours.execute(held, (whose, kind)).fetchone() == (many,), (whose, kind)


def test_somebody_whom_no_provider_has_sees_nothing(owner: Database) -> None:
    with owner.writing() as connection:
        connection.execute(text("CREATE ROLE wall_stranger LOGIN"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO wall_stranger"))
        connection.execute(text("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO wall_stranger"))
    with connected(owner, "wall_stranger") as stranger:
        for name in set(metadata.tables) - SHARED:
            assert stranger.execute(f'SELECT * FROM "{name}"').fetchall() == [], name
    with owner.writing() as connection:
        for what in ("TABLES", "FUNCTIONS"):
            connection.execute(text(f"REVOKE ALL ON ALL {what} IN SCHEMA public FROM wall_stranger"))
        connection.execute(text("DROP ROLE wall_stranger"))


def test_a_list_of_each_node_is_read_off_its_index(owner: Database) -> None:
    """That tells whose the records are, so that the policies look for it in no row."""
    with connected(owner, "walled_ours") as ours:
        for way in ("seqscan", "bitmapscan", "sort"):
            ours.execute(f"SET enable_{way} = off")
        orders = [(kind, "search_key") for kind in EDITED.values()]
        for kind, order in (*orders, (ALARMS, "started_key"), (AUDIT, "sort_key")):
            node = kind.node.column
            asked = f'SELECT id, {order} FROM "{kind.table}" WHERE {node} = 1 ORDER BY {order}, id'
            plan = ours.execute(f"EXPLAIN {asked}").fetchall()
            assert f"Index Only Scan using ix_{kind.table}_{node}_{order}_id " in plan[0][0], plan


def test_made_again_it_is_as_it_should_be(owner: Database) -> None:
    with owner.writing() as connection:
        connection.execute(text("GRANT DELETE ON audit_entry TO walled_ours"))
        connection.execute(text("ALTER TABLE device NO FORCE ROW LEVEL SECURITY"))
        connection.execute(text("DROP POLICY ringfence_tenant_1 ON device"))
    assert [(one.name, one.made) for one in make_roles(owner)] == [("walled_ours", False), ("walled_theirs", False)]
    test_every_table_is_behind_the_wall(owner)
    with connected(owner, "walled_ours") as ours, pytest.raises(psycopg.errors.InsufficientPrivilege):
        ours.execute("DELETE FROM audit_entry")


def test_strict_mode_stays_until_it_is_turned_off(owner: Database) -> None:
    for asked, found in ((None, False), (True, True), (None, True), (False, False)):
        with owner.writing() as connection:
            raise_wall(connection, strict=asked)
            assert second_wall.is_strict(connection) is found


def test_dangerous_roles_are_none_of_a_providers(owner: Database) -> None:
    for name, said in (("postgres", "is a superuser"), ("wall_owner", "may make roles")):
        with pytest.raises(RingfenceError, match=f"the role {name} {said}: name another one with --role"):
            make_roles(owner, "ours", name)
    with pytest.raises(RingfenceError, match="the role walled_theirs is another provider's"):
        make_roles(owner, "ours", "walled_theirs")
    with pytest.raises(RingfenceError, match="there is no provider 'nobody'"):
        make_roles(owner, "nobody")
    with pytest.raises(RingfenceError, match="this takes the role that owns the tables: connect as it"):
        make_roles(Database(owner.url.set(username="walled_ours")))


def test_an_upgrade_raises_the_wall_again(owner: Database, postgres_url: str) -> None:
    """Around what the older program had not, for the roles that it had."""
    copied(owner, postgres_url, "0013")
    older = Database(make_url(postgres_url))
    with older.writing() as connection:
        connection.execute(text(f"CREATE TABLE {PROVIDER_ROLE} (role name PRIMARY KEY, tenant_id integer NOT NULL)"))
        connection.execute(text(f"INSERT INTO {PROVIDER_ROLE} VALUES ('walled_theirs', 2)"))
    assert "is now of revision" in upgrade(postgres_url)
    behind = Database(older.url.set(username="walled_theirs"))
    with behind.reading() as connection:
        assert connection.info["ringfence_walled"]
        assert connection.execute(text("SELECT name FROM device")).scalars().all() == ["Secret of theirs"]
    behind.close()
    with older.writing() as connection:
        connection.execute(text("DROP OWNED BY walled_theirs"))
    older.close()


def test_a_password_is_given_as_what_the_server_keeps_of_it(owner: Database, tmp_path: Path) -> None:
    """From the first line of a file, for one provider; the password itself is not sent."""
    url = owner.url.render_as_string(hide_password=False)
    file = tmp_path / "secret"
    words = ["--db", url, "db", "roles", "--tenant", "ours", "--password-file", str(file)]
    for content, said in (("", "has no password in its first line"), (None, "cannot be read as text")):
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_text(content)
        found = subprocess.run([sys.executable, "-m", "ringfence", *words], capture_output=True, text=True, check=False)
        assert found.returncode == 1
        assert said in found.stderr
    file.write_text("correct horse\nbattery\n")
    found = subprocess.run([sys.executable, "-m", "ringfence", *words], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "walled_ours: the role of ours\n")
    administration = Database(owner.url.set(username="postgres"))
    with administration.reading() as connection:
        kept = connection.execute(text("SELECT rolpassword FROM pg_authid WHERE rolname = 'walled_ours'")).scalar_one()
    administration.close()
    rounds, salt, stored = re.match(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):", kept).groups()  # type: ignore[union-attr]
    salted = hashlib.pbkdf2_hmac("sha256", b"correct horse", base64.b64decode(salt), int(rounds))
    key = hmac.digest(salted, b"Client Key", "sha256")
    assert base64.b64decode(stored) == hashlib.sha256(key).digest()
