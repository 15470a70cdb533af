"""What a PostgreSQL connection is set to: what its URL, its role, its database or the environment say holds, or is
refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import URL, make_url, select, text, update
from support.databases import dumped

from ringfence.domain.errors import RingfenceError, Unavailable
from ringfence.services import editing, listing, previewing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.snapshot.load import load_document
from ringfence.storage.bulk import insert_rows
from ringfence.storage.engine import Database, open_database
from ringfence.storage.tables import Customer
from ringfence.visibility.viewer import Viewer

pytestmark = pytest.mark.postgres

T = {"tenant": "t"}
SMALL = {
    "ringfence": 1,
    "tenants": [{"key": "t", "name": "T"}],
    "customers": [{"key": "c", **T, "name": "C"}],
    "roles": [{"key": "r", **T, "name": "R", "access_level": "service_provider", "permissions": "all"}],
    "security_groups": [{"key": "g", **T, "name": "G", "role": "r", "scope": "all"}],
    "users": [{"key": "u", **T, "login": "u", "name": "U", "security_groups": [{"group": "g"}]}],
}
READ_ONLY = "default_transaction_read_only"


@pytest.fixture
def filled(postgres_url: str) -> URL:
    """A database with a user in it."""
    database = open_database(postgres_url, create=True)
    load_document(database, SMALL)
    database.close()
    return make_url(postgres_url)


def run(url: URL, statement: str) -> None:
    """As whoever looks after the server."""
    administration = Database(url)
    with administration.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    administration.close()


@pytest.fixture(params=["URL", "environment", "role", "database"])
def read_only(request: pytest.FixtureRequest, filled: URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[URL]:
    """The URL of a database to which somebody has it that nothing is written."""
    if request.param == "URL":
        yield filled.update_query_dict({"options": f"-c {READ_ONLY}=on"})
    elif request.param == "environment":
        monkeypatch.setenv("PGOPTIONS", f"-c {READ_ONLY}=on")
        yield filled
    elif request.param == "role":
        run(filled, "CREATE ROLE reader LOGIN SUPERUSER")
        run(filled, f"ALTER ROLE reader SET {READ_ONLY} = on")
        yield filled.set(username="reader")
        run(filled, "DROP ROLE reader")
    else:
        run(filled, f"ALTER DATABASE fresh SET {READ_ONLY} = on")
        yield filled


def test_where_nothing_is_to_be_written_nothing_is_and_all_is_read(read_only: URL) -> None:
    database = open_database(read_only.render_as_string(hide_password=False))
    viewer = Viewer.sign_in(database, "u")
    for _ in range(2):
        assert listing.keys(viewer, Listing("customers")) == ["c"]
    before = dumped(database)
    with pytest.raises(RingfenceError, match="cannot be written: connect to a server that accepts writes") as caught:
        load_document(database, {"ringfence": 1, "customers": [{"key": "d", **T, "name": "D"}]})
    assert "\n" not in str(caught.value)
    assert dumped(database) == before
    database.close()


def test_the_search_path_of_a_url_holds(filled: URL) -> None:
    run(filled, "CREATE SCHEMA other")
    url = filled.update_query_dict({"options": "-c search_path=other,public"}).render_as_string(hide_password=False)
    other = open_database(url, create=True)
    load_document(other, {"ringfence": 1, "tenants": [{"key": "o", "name": "O"}]})
    assert '"key": "o"' in dumped(other)
    assert '"key": "t"' not in dumped(other)
    other.close()
    first = open_database(filled.render_as_string(hide_password=False))
    assert '"key": "o"' not in dumped(first)
    first.close()


@pytest.mark.parametrize("by", ["URL", "database"])
def test_time_outs_of_others_hold(by: str, filled: URL) -> None:
    url = filled
    if by == "URL":
        url = filled.update_query_dict({"options": "-c statement_timeout=7s -c lock_timeout=3s -c jit=on"})
    else:
        for setting in ("statement_timeout = '7s'", "lock_timeout = '3s'", "jit = on"):
            run(filled, f"ALTER DATABASE fresh SET {setting}")
    database = Database(url)
    for transaction in (database.reading, database.writing):
        with transaction() as connection:
            found = [
                connection.execute(text(f"SHOW {name}")).scalar()
                for name in ("statement_timeout", "lock_timeout", "jit")
            ]
            assert found == ["7s", "3s", "on"]
    database.close()


def test_questions_have_an_end_and_changes_have_none(filled: URL) -> None:
    database = Database(filled, busy_seconds=11)
    found = []
    for transaction in (database.reading, database.writing, database.asking):
        with transaction() as connection:
            names = ("statement_timeout", "lock_timeout", "timezone", "jit")
            found.append([connection.execute(text(f"SHOW {name}")).scalar() for name in names])
    database.close()
    assert found == [["5min", "11s", "UTC", "off"], ["0", "11s", "UTC", "off"], ["5min", "11s", "UTC", "off"]]


def test_a_server_that_has_gone_is_noticed_unless_the_url_says_otherwise(filled: URL) -> None:
    names = (b"keepalives_idle", b"keepalives_interval", b"keepalives_count", b"tcp_user_timeout", b"connect_timeout")

    def settings(url: URL) -> list[bytes | None]:
        database = Database(url)
        with database.reading() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            known = {option.keyword: option.val for option in driver.pgconn.info}
        database.close()
        return [known[name] for name in names]

    assert settings(filled) == [b"30", b"10", b"3", b"30000", b"5"]
    own = filled.update_query_dict({"keepalives_idle": "7", "tcp_user_timeout": "0"})
    assert settings(own) == [b"7", b"10", b"3", b"0", b"5"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            {"options": "-c timezone=Asia/Tokyo"},
            "the URL sets TimeZone to Asia/Tokyo: it is always UTC here, leave it out",
        ),
        ({"client_encoding": "LATIN1"}, "the URL sets client_encoding to LATIN1: it is always UTF8 here, leave it out"),
        ({"search_path": "other"}, "the URL says 'search_path', which is no setting of a connection: leave it out"),
        ({"autocommit": "true"}, "the URL says 'autocommit', which is no setting of a connection: leave it out"),
    ],
)
def test_what_cannot_be_honoured_is_refused(query: dict[str, str], said: str, filled: URL) -> None:
    with pytest.raises(RingfenceError) as caught:
        open_database(filled.update_query_dict(query).render_as_string(hide_password=False))
    assert str(caught.value) == said


@pytest.mark.parametrize("path", ["public", "public,pg_temp", '"$user",public,pg_catalog'])
def test_a_rehearsal_writes_to_nothing_real_whatever_the_search_path(path: str, filled: URL) -> None:
    """Temporary tables come first of themselves, but for whom the path puts them last, as is advised for safety."""
    run(filled, f"ALTER DATABASE fresh SET search_path = {path}")
    database = open_database(filled.render_as_string(hide_password=False), busy_seconds=0.1)
    renaming = update(Customer.__table__).where(Customer.key == "c")
    with database.rehearsing() as connection:
        connection.execute(renaming.values(name="rehearsed"))
        with database.writing() as other:
            other.execute(renaming.values(name="saved"))
        assert connection.execute(select(Customer.name).where(Customer.key == "c")).scalar_one() == "rehearsed"
    with database.reading() as connection:
        assert connection.execute(select(Customer.name).where(Customer.key == "c")).scalar_one() == "saved"
    database.close()


def test_a_preview_where_nothing_is_to_be_written_is_refused(read_only: URL) -> None:
    database = open_database(read_only.render_as_string(hide_password=False))
    with pytest.raises(RingfenceError, match="cannot be written: connect to a server that accepts writes"):
        previewing.preview(Viewer.sign_in(database, "u"), [renamed(Viewer.sign_in(database, "u"))])
    database.close()


def renamed(viewer: Viewer) -> Edit:
    """Another name for the customer."""
    opened = editing.open_record(viewer, "customer", listing.rows(viewer, Listing("customers"), Part())[-1].id)
    return Edit("customer", opened.id, opened.state, replace(opened.state, name="D"), opened.revision)


def test_a_role_without_temporary_tables_is_told_what_it_lacks(filled: URL) -> None:
    """Previews are made upon them, so that nothing can be looked at before it is saved."""
    run(filled, "REVOKE TEMPORARY ON DATABASE fresh FROM PUBLIC")
    run(filled, "CREATE ROLE editor LOGIN")
    try:
        run(filled, "GRANT ALL ON ALL TABLES IN SCHEMA public TO editor")
        run(filled, "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO editor")
        database = open_database(filled.set(username="editor").render_as_string(hide_password=False))
        viewer = Viewer.sign_in(database, "u")
        edit = renamed(viewer)
        with pytest.raises(RingfenceError, match="needs TEMPORARY on the database: GRANT it"):
            previewing.preview(viewer, [edit])
        assert editing.save(viewer, [edit], "test").change
        database.close()
    finally:
        run(filled, "DROP OWNED BY editor")
        run(filled, "DROP ROLE editor")


def test_rows_that_may_not_come_are_refused_in_one_line(filled: URL) -> None:
    """They come as a stream, of which SQLAlchemy knows nothing."""
    run(filled, "CREATE ROLE editor LOGIN")
    try:
        run(filled, "GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA public TO editor")
        database = open_database(filled.set(username="editor").render_as_string(hide_password=False))
        with pytest.raises(RingfenceError, match="does not let this role do that"), database.writing() as connection:
            insert_rows(connection, Customer.__table__, ("id", "name"), [(n, "X") for n in range(2000)])
        database.close()
    finally:
        run(filled, "DROP OWNED BY editor")
        run(filled, "DROP ROLE editor")


def test_a_question_that_took_too_long_is_told(filled: URL) -> None:
    url = filled.update_query_dict({"options": "-c statement_timeout=200"})
    database = Database(url)
    with pytest.raises(RingfenceError, match="took too long to answer"), database.reading() as connection:
        connection.execute(text("SELECT pg_sleep(5)"))
    database.close()


BACK = "ended the connection: try again when the server is back"
FULL = "is on a full disk: make room and try again; nothing was changed"


@pytest.mark.parametrize(
    ("options", "statement", "said"),
    [
        ("-c statement_timeout=100", "SELECT pg_sleep(9)", "took too long to answer"),
        ("-c lock_timeout=100", "LOCK TABLE customer", "is locked by another program"),
        ("-c temp_file_limit=64", "SELECT n::text FROM generate_series(1, 299999) n ORDER BY 1", FULL),
        ("", "DO $$ BEGIN RAISE 'No space left on device' USING ERRCODE = '53100'; END $$", FULL),
        ("", "SELECT pg_terminate_backend(pg_backend_pid())", BACK),
    ],
    ids=["slow", "locked", "no room for a sort", "full", "stopped"],
)
def test_what_a_server_does_not_do_for_now_is_told_from_what_is_wrong(
    filled: URL, options: str, statement: str, said: str
) -> None:
    """By real refusals of a server, but for a full disk, which it is made to tell of."""
    holder = Database(filled)
    database = Database(filled.update_query_dict({"options": options} if options else {}))
    with holder.writing() as held:
        held.execute(text("LOCK TABLE customer"))
        with pytest.raises(Unavailable, match=said), database.reading() as connection:
            connection.execute(text(statement))
    with pytest.raises(RingfenceError) as wrong, holder.reading() as connection:
        connection.execute(text("SELECT 1 / 0"))
    assert not isinstance(wrong.value, Unavailable)
    database.close()
    holder.close()


def test_one_who_may_not_connect_for_now_is_told_so(filled: URL) -> None:
    run(filled, "CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    database = Database(filled.set(username="crowded"))
    with pytest.raises(Unavailable, match="has no connection left"), database.reading():
        pass
    database.close()
    run(filled, "DROP ROLE crowded")
