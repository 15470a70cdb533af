"""Looks that go to a real standby: they show what the server shows, and miss nothing that counts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
from sqlalchemy import Connection, make_url, update
from support.documents import Sizes, make_document
from support.edits import World, provider
from support.postgres import standby

from ringfence.domain.errors import RingfenceError, SessionEnded
from ringfence.domain.registry import LISTED
from ringfence.identity import sessions
from ringfence.services import listing
from ringfence.services.records import Listing, Part
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database, open_database
from ringfence.storage.standby import look_at
from ringfence.storage.tables import Customer
from ringfence.visibility.viewer import Pair, Viewer

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def following(postgres_server: str, _postgres_database: Database) -> Iterator[str]:
    """The URL of a standby of the tests' server."""
    with standby(postgres_server) as url:
        yield url


@pytest.fixture
def replica(following: str, postgres_database: Database) -> str:
    """That of the tests' database there."""
    return postgres_database.url.set(query=make_url(following).query).render_as_string(hide_password=False)


@pytest.fixture
def database(replica: str, postgres_database: Database) -> Iterator[Database]:
    """The tests' database, for whoever looks at the standby."""
    found = open_database(postgres_database.url.render_as_string(hide_password=False))
    look_at(found, replica)
    yield found
    found.close()


def there(connection: Connection) -> bool:
    """Whether a transaction is the standby's."""
    return bool(connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar())


def caught_up(viewer: Viewer) -> None:
    """Waits until the viewer looks at the standby."""
    deadline = time.monotonic() + 10
    while True:
        with viewer.look() as sight:
            if there(sight.connection):
                return
        assert time.monotonic() < deadline, "the standby does not catch up"
        time.sleep(0.01)


@contextmanager
def behind(following: str) -> Iterator[None]:
    """The standby gets no further meanwhile."""
    administration = Database(make_url(following))
    with administration.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SELECT pg_wal_replay_pause()")
        while connection.exec_driver_sql("SELECT pg_get_wal_replay_pause_state()").scalar() != "paused":
            time.sleep(0.01)
        try:
            yield
        finally:
            connection.exec_driver_sql("SELECT pg_wal_replay_resume()")
    administration.close()


def test_a_look_there_shows_what_the_server_shows(postgres_database: Database, database: Database) -> None:
    """Of every kind, with scopes that nobody has stored, and again with those that were."""
    document = make_document(Random(7), Sizes(customers=12, devices=20, users=5, exact=True))
    load_document(postgres_database, document)
    for user in document["users"]:
        caught_up(looks := Viewer.sign_in(database, user["login"]))
        plain = Viewer.sign_in(postgres_database, user["login"])
        for kind in LISTED:
            said = Listing(kind)
            assert listing.rows(looks, said, Part(100)) == listing.rows(plain, said, Part(100)), (user, kind)
            assert listing.count(looks, said) == listing.count(plain, said), (user, kind)
        with looks.look("device.list") as sight:
            assert there(sight.connection)
    same = [one["login"] for one in document["users"] if one["tenant"] == document["users"][0]["tenant"]]
    both = Pair(*(Viewer.sign_in(database, login) for login in (same[0], same[-1])))
    with both.look("device.list") as sights:
        assert there(sights[0].connection)


def test_ones_own_writes_are_seen_at_once(database: Database, following: str) -> None:
    world = World(database, provider())
    session = world.session("boss")
    caught_up(session.viewer)
    with behind(following):
        world.save("boss", world.edit("boss", "customer", "acme", name="Renamed"))
        assert session.open_record("customer", world.id("customer", "acme")).state.name == "Renamed"
        with session.viewer.look() as sight:
            assert not there(sight.connection)
    caught_up(session.viewer)
    assert session.open_record("customer", world.id("customer", "acme")).state.name == "Renamed"


def test_rights_count_at_once_and_other_news_once_they_are_there(
    database: Database, postgres_database: Database, following: str
) -> None:
    world = World(database, provider())
    session = world.session("dora")
    caught_up(session.viewer)
    acme = world.id("customer", "acme")
    with behind(following):
        with postgres_database.writing() as connection:  # by another program
            connection.execute(update(Customer.__table__).where(Customer.id == acme).values(phone="112"))
        with session.viewer.look() as sight:
            assert there(sight.connection), "it need not be as new"
            assert sight.connection.exec_driver_sql("SELECT count(*) FROM customer WHERE phone = '112'").scalar() == 0
        other = World(postgres_database)
        other.save("boss", other.edit("boss", "user", "dora", active=False))
        with pytest.raises(SessionEnded):
            session.check()


def test_a_session_that_was_ended_is_over_at_once(
    database: Database, postgres_database: Database, following: str
) -> None:
    world = World(database, provider())
    viewer = world.viewer("dora")
    with database.writing() as connection:
        own = sessions.begin(connection, viewer.tenant_id, viewer.user_id, how="password", origin="console")
    session = world.workspace.session(viewer, own)
    caught_up(viewer)
    session.check()
    with behind(following):
        with postgres_database.writing() as connection:
            sessions.end(connection, viewer.tenant_id, [own])
        with pytest.raises(SessionEnded):
            session.check()


def test_what_is_no_standby_of_it_is_refused(postgres_database: Database, sqlite_database: Database) -> None:
    itself = postgres_database.url.render_as_string(hide_password=False)
    with pytest.raises(RingfenceError, match="follows nobody"):
        look_at(postgres_database, itself)
    for database, url in ((sqlite_database, itself), (postgres_database, "a.db")):
        with pytest.raises(RingfenceError, match="a file has none"):
            look_at(database, url)


def test_a_standby_that_does_not_answer_is_done_without(postgres_database: Database) -> None:
    load_document(postgres_database, provider())
    found = open_database(postgres_database.url.render_as_string(hide_password=False))
    look_at(found, "postgresql://nobody@/nowhere?host=/nowhere")
    with Viewer.sign_in(found, "boss").look() as sight:
        assert not there(sight.connection)
    found.close()
