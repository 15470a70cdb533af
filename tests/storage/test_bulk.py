"""Ids are given out once: to whoever takes some, to a load, and to rows that get theirs from the engine."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, text

from ringfence.domain.errors import RingfenceError
from ringfence.snapshot.load import keep_others_out, load_document
from ringfence.storage.bulk import next_id, take_ids
from ringfence.storage.engine import Database
from ringfence.storage.metadata import metadata
from ringfence.storage.tables import Customer, Device, Tenant, User

T = {"tenant": "t"}
TABLES = {"customers": Customer.__table__, "users": User.__table__}


def document(**lists: list[str]) -> dict[str, Any]:
    """A document with an entry of each key."""
    entries = {name: [{"key": key, **T, "name": key} for key in keys] for name, keys in lists.items()}
    for user in entries.get("users", []):
        user["login"] = user["key"]
    return {"ringfence": 1, "tenants": [{"key": "t", "name": "T"}], **entries}


def ids(database: Database, table: Any) -> dict[str, int]:
    with database.reading() as connection:
        return {row.key: row.id for row in connection.execute(text(f'SELECT key, id FROM "{table.name}"'))}


def delete(database: Database, table: Any, *keys: str) -> None:
    with database.writing() as connection:
        for key in keys:
            connection.execute(text(f'DELETE FROM "{table.name}" WHERE key = :key'), {"key": key})


@pytest.mark.parametrize("listing", ["customers", "users"])
def test_the_id_of_what_was_deleted_is_not_given_to_what_is_loaded(database: Database, listing: str) -> None:
    table = TABLES[listing]
    load_document(database, document(**{listing: ["a", "b"]}))
    gone = ids(database, table)["b"]
    delete(database, table, "b")
    load_document(database, document(**{listing: ["c"]}))
    first = ids(database, table)["c"]
    assert first > gone
    delete(database, table, "a", "c")
    load_document(database, document())  # a load of none of them gives none back
    with database.writing() as connection:
        (taken,) = take_ids(connection, table, 1)
    load_document(database, document(**{listing: ["d"]}))
    assert ids(database, table)["d"] > first
    assert taken > first


def test_the_engine_goes_on_behind_a_load(database: Database) -> None:
    load_document(database, document(users=["a", "b"]))
    gone = ids(database, User.__table__)["b"]
    delete(database, User.__table__, "b")
    with database.writing() as connection:
        root = connection.execute(text("SELECT id, tenant_id FROM customer")).one()
        values = {"tenant_id": root.tenant_id, "home_id": root.id, "name": "", "search_key": ""}
        own = insert(User).values(key="c", login="c", login_key="c", **values).returning(User.id)
        assert connection.execute(own).scalar_one() == gone + 1
        assert next_id(connection, User.__table__) == gone + 2


def test_ids_are_taken_in_a_row(database: Database) -> None:
    with database.reading() as connection:
        assert [next_id(connection, table) for table in (Tenant.__table__, Device.__table__, User.__table__)] == [1] * 3
    load_document(database, document(customers=["a", "b"]))
    with database.writing() as connection:
        assert take_ids(connection, Customer.__table__, 0) == []
        first = next_id(connection, Customer.__table__)
        assert take_ids(connection, Customer.__table__, 2500) == list(range(first, first + 2500))
        assert take_ids(connection, Device.__table__, 2) == [1, 2]


@pytest.mark.postgres
def test_ids_that_were_taken_on_postgresql_are_gone(postgres_database: Database) -> None:
    """Whether or not rows came of them, and whatever is loaded next."""
    load_document(postgres_database, document(users=["a"]))
    taken = []
    for _ in range(2):
        with postgres_database.writing() as connection:
            taken += take_ids(connection, User.__table__, 3) + take_ids(connection, User.__table__, 1)
    assert taken == sorted(set(taken))
    load_document(postgres_database, document(users=["b"]))
    assert ids(postgres_database, User.__table__)["b"] > taken[-1]


@pytest.mark.postgres
def test_nobody_takes_ids_while_a_load_numbers_its_rows(postgres_database: Database) -> None:
    other = Database(postgres_database.url, busy_seconds=0.05)
    with postgres_database.writing() as connection:
        keep_others_out(connection)
        with pytest.raises(RingfenceError), other.writing() as waiting:
            take_ids(waiting, User.__table__, 1)
    with other.writing() as waiting:
        assert take_ids(waiting, User.__table__, 1)
    other.close()


def test_every_table_with_ids_of_its_own_has_a_next_one(database: Database) -> None:
    with database.reading() as connection:
        for table in metadata.sorted_tables:
            if "id" in table.c:
                assert next_id(connection, table) == 1, table.name
