"""Whom a login means: whoever has it exactly, or else whoever has it in the provider that follows the last @."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.databases import copied, empty, made

from ringfence.domain.errors import InvalidDocument
from ringfence.snapshot.load import load_document
from ringfence.storage import logins, maintenance
from ringfence.storage.engine import Database

TENANTS = ("t", "u", "T", "b@t")
LOGINS = ("a", "b", "a@t", "a@b", "b@t", "a@b@t", "a@u", "@t", "é@u")
ASKED = (
    *(*LOGINS, "A", "É@U", "a@T", "a@x", "b@b@t", "a@t@u", "b@t@t", "a@b@t@t"),
    *("", "@", "t", "a@", "a\x00@t", "\ud800@t"),
)


def user(tenant: str, login: str) -> dict[str, str]:
    return {"key": login.replace("@", "-"), "tenant": tenant, "name": "N", "login": login}


def document(chance: Random) -> dict[str, Any]:
    """Each login is that of users of some of the tenants."""
    users = [user(tenant, login) for tenant in TENANTS for login in LOGINS if chance.random() < 0.35]
    return {"ringfence": 1, "tenants": [{"key": key, "name": key} for key in TENANTS], "users": users}


def means(said: dict[str, Any], asked: str, tenant: str | None = None) -> tuple[str, str] | None:
    """The tenant and login of whom it means, of all there are or of a tenant."""
    folded = asked.casefold()
    theirs = [(one["tenant"], one["login"]) for one in said["users"] if tenant in (None, one["tenant"])]
    exact = [one for one in theirs if one[1] == folded]
    if exact:
        return exact[0] if len(exact) == 1 else None
    before, at, after = asked.rpartition("@")
    return next((one for one in theirs if at and one == (after, before.casefold())), None)


def test_whom_a_login_means(database: Database) -> None:
    found = set()
    for seed in range(4):
        said = document(Random(seed))
        empty(database)
        load_document(database, said)
        with database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT u.id, t.id, t.key, u.login FROM user_account u JOIN tenant t ON t.id = u.tenant_id"
            )
            ids = {(key, login): (user, tenant) for user, tenant, key, login in rows}
            whole = {key: tenant for (key, _), (_, tenant) in ids.items()}
            for asked in ASKED:
                for key in (None, *whole):
                    own = means(said, asked, key)
                    found.add(own)
                    there = logins.find(connection, asked, None if key is None else whole[key])
                    assert there == (None if own is None else ids[own]), (seed, asked, key)
    assert len(found) > 20


def test_a_login_is_unique_in_its_provider_alone(sqlite_database: Database) -> None:
    said = document(Random(1))
    one = user("t", "Zoë")
    load_document(sqlite_database, {**said, "users": [one, {**one, "tenant": "u"}]})
    with pytest.raises(InvalidDocument, match=r"ZOË. is another user's login"):
        load_document(sqlite_database, {**said, "users": [{**one, "key": "two", "login": "ZOË"}]})


def test_the_upgrade_gives_no_id_of_a_user_out_again(tmp_path: Path) -> None:
    source, path = made(tmp_path / "source.db"), tmp_path / "old.db"
    load_document(source, {**document(Random(2)), "users": [user("t", one) for one in LOGINS]})
    copied(source, str(path), "0012")
    source.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM user_account WHERE id > 3")
        before = connection.execute("SELECT * FROM sqlite_sequence ORDER BY name").fetchall()
    maintenance.upgrade(str(path))
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute("SELECT * FROM sqlite_sequence ORDER BY name").fetchall() == before
