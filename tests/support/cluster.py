"""A cluster of PostgreSQL servers with Citus, where there is one: RINGFENCE_TESTS_CLUSTER says the URLs of its servers,
the coordinator first. The tests' database is shared out over them then."""

from __future__ import annotations

import os
from typing import Final

import psycopg
from sqlalchemy import make_url, text

from ringfence.storage.engine import Database, open_database
from ringfence.storage.spreading import demand_cluster, spread

SERVERS: Final = tuple(os.environ.get("RINGFENCE_TESTS_CLUSTER", "").split())
_SHARDS: Final = 4
"""Parts of each table: more of them show nothing more, and take longer."""


def shared_out(name: str) -> Database:
    """A new database of that name with all tables, shared out over the servers. Only one is made at a time: each of
    them has the same roles made on all."""
    with psycopg.connect(_plain(SERVERS[0])) as one_at_a_time:
        one_at_a_time.execute("SELECT pg_advisory_xact_lock(1)")
        return _made(name)


def _made(name: str) -> Database:
    for server in SERVERS:
        with psycopg.connect(_plain(server), autocommit=True) as administration:
            administration.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            administration.execute(f'CREATE DATABASE "{name}"')
        with psycopg.connect(_plain(server, name), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION citus")
    coordinator, *workers = (make_url(one) for one in SERVERS)
    with psycopg.connect(_plain(SERVERS[0], name), autocommit=True) as connection:
        connection.execute("SELECT citus_set_coordinator_host(%s, %s)", (coordinator.host, coordinator.port))
        for one in workers:
            connection.execute("SELECT citus_add_node(%s, %s)", (one.host, one.port))
    database = open_database(coordinator.set(database=name).render_as_string(hide_password=False), create=True)
    with database.writing() as connection:
        demand_cluster(connection)
        connection.execute(text(f"SET LOCAL citus.shard_count = {_SHARDS}"))
        spread(connection)
    database.engine.dispose()  # what is known of a database is known since a connection was made
    return database


def _plain(server: str, name: str | None = None) -> str:
    url = make_url(server)
    return url.set(drivername="postgresql", database=name or url.database).render_as_string(hide_password=False)
