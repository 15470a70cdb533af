"""Tables that are shared out over a cluster (`make cluster`): here is one only where somebody says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from support.cluster import SERVERS
from support.edits import World, provider

from ringfence.domain.errors import RingfenceError
from ringfence.domain.registry import LISTED
from ringfence.services.records import Listing, Part
from ringfence.storage import maintenance, second_wall
from ringfence.storage.engine import Database
from ringfence.storage.wall_signs import is_shared_out

pytestmark = [pytest.mark.postgres, pytest.mark.skipif(not SERVERS, reason="there is no cluster here")]


@pytest.fixture
def world(postgres_database: Database) -> World:
    """The tests' provider, and another one."""
    document = provider()
    document["tenants"].append({"key": "other", "name": "Other"})
    document["customers"].append({"key": "foreign", "tenant": "other", "name": "Foreign"})
    return World(postgres_database, document)


def test_the_tables_are_shared_out_and_sound(world: World) -> None:
    with world.database.reading() as connection:
        assert is_shared_out(connection)
    assert maintenance.check(world.database) == []


def test_what_is_previewed_is_saved_and_taken_back(world: World) -> None:
    session = world.session("boss")
    session.preview([world.delete("device", "beta-0")])
    assert "beta-0" in world.ids("device"), "a preview leaves nothing"
    saved = session.save([world.delete("device", "beta-0")])
    assert "beta-0" not in world.ids("device")
    session.undo(saved.change)
    assert "beta-0" in world.ids("device")
    assert maintenance.check(world.database) == []


def test_what_stays_lets_go_of_what_is_deleted(world: World) -> None:
    """No reference does that by itself there."""
    session = world.session("boss")
    with world.database.writing() as connection:
        connection.execute(
            text(
                "INSERT INTO tenure (tenant_id, device_id, until, customer_id, site_id) "
                "SELECT d.tenant_id, d.id, 1, d.customer_id, s.id FROM device d, site s "
                "WHERE d.key = 'beta-0' AND s.tenant_id = d.tenant_id LIMIT 1"
            )
        )
        (site,) = connection.execute(
            text("SELECT s.key FROM tenure t JOIN site s ON s.id = t.site_id AND s.tenant_id = t.tenant_id")
        ).scalars()
    session.save([world.delete("site", site)])
    with world.database.reading() as connection:
        assert connection.execute(text("SELECT site_id FROM tenure")).all() == [(None,)]


def test_whoever_looks_and_changes_asks_one_server(world: World) -> None:
    """Whatever would ask several is refused meanwhile."""
    session, edit = world.session("boss"), world.edit("boss", "customer", "acme", name="Other")
    with one_server_asked(world.database):
        for kind in LISTED:
            for search in ("", "acme", "a"):
                found = session.rows(Listing(kind, search), Part(20))
                assert session.count(Listing(kind, search)) >= len(found)
        session.children(edit.id)
        session.profile(totals=True)
        session.preview([edit])
        session.undo(session.save([edit]).change)


@contextmanager
def one_server_asked(database: Database) -> Iterator[None]:
    """Has the servers refuse meanwhile what asks more than one of them."""

    def have(said: str) -> None:
        with database.writing() as connection:
            connection.exec_driver_sql(f'ALTER DATABASE "{database.engine.url.database}" {said}')
        database.engine.dispose()

    have("SET citus.multi_task_query_log_level TO 'error'")
    try:
        yield
    finally:
        have("RESET citus.multi_task_query_log_level")


def test_nobody_raises_the_wall_there(world: World) -> None:
    with world.database.writing() as connection, pytest.raises(RingfenceError, match="shared out over servers"):
        second_wall.raise_wall(connection)
