"""Databases that are read while nobody can write to them: for real."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import text

from ringfence.storage.engine import Database


@contextmanager
def unwritable(database: Database) -> Iterator[Database]:
    """The database while somebody else writes to it all the while (SQLite), or as a role sees it that may only read
    (PostgreSQL)."""
    if database.postgresql:
        url = database.url.update_query_dict({"options": "-c default_transaction_read_only=on"})
        reader = Database(url)
        try:
            yield reader
        finally:
            reader.close()
    else:
        with held(database):
            yield database


@contextmanager
def held(database: Database) -> Iterator[None]:
    """Another program in the midst of a change that touches the tenant."""
    if database.postgresql:
        with database.writing() as connection:
            for one in connection.execute(text("SELECT id FROM tenant ORDER BY id")).scalars().all():
                connection.execute(text("SELECT id FROM tenant WHERE id = :one FOR UPDATE"), {"one": one}).all()
            yield
            connection.rollback()
    else:
        with closing(sqlite3.connect(str(database.url.database), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield


def stored_scopes(database: Database) -> int:
    """How many scopes are stored."""
    with database.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM scope")).scalar_one())
