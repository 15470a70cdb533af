"""Opening a database that is not there, not ours, not readable or not alone: one line each that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from support.databases import dumped

from ringfence.domain.errors import RingfenceError
from ringfence.snapshot.load import load_document
from ringfence.storage import schema
from ringfence.storage.engine import Database, locate, open_database

SMALL = {"ringfence": 1, "tenants": [{"key": "t", "name": "T"}]}


def complaint(database: str | Path, **options: object) -> str:
    """What opening it says, which must be one line without anything that was not meant for people."""
    with pytest.raises(RingfenceError) as caught:
        open_database(str(database), **options)  # type: ignore[arg-type]
    return one_line(caught.value)


def one_line(error: RingfenceError) -> str:
    said = str(error)
    assert said
    assert "\n" not in said
    for unwanted in ("Traceback", "sqlalche.me", "sqlite3.", "psycopg", "secret", "[SQL"):
        assert unwanted not in said
    return said


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with one tenant in it."""
    found = tmp_path / "here.db"
    database = open_database(str(found), create=True)
    load_document(database, SMALL)
    database.close()
    return found


def test_missing(tmp_path: Path) -> None:
    said = complaint(tmp_path / "missing.db")
    assert "there is no database at" in said
    assert said.endswith("look around with 'ringfence demo'")
    assert " init'" in said
    assert not (tmp_path / "missing.db").exists()


def test_a_missing_one_is_made_with_its_folder_on_request(tmp_path: Path) -> None:
    database = open_database(str(tmp_path / "a" / "b" / "new.db"), create=True)
    assert '"tenants": []' in dumped(database)
    database.close()
    assert open_database(str(tmp_path / "a" / "b" / "new.db")).name.endswith("new.db")


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in complaint(tmp_path)
    assert "is a folder" in complaint(tmp_path, create=True)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "cannot make the folder" in complaint(tmp_path / "file" / "new.db", create=True)


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    assert "is empty: fill it with" in complaint(tmp_path / "empty.db")
    open_database(str(tmp_path / "empty.db"), create=True).close()
    open_database(str(tmp_path / "empty.db")).close()


def test_not_a_database(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database, but it is long enough to look at\n" * 100)
    for create in (False, True):
        assert "is not an SQLite database" in complaint(tmp_path / "text.db", create=create)


def test_somebody_elses(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("CREATE TABLE songs (name TEXT)")
    for create in (False, True):
        assert "is not a Ringfence database" in complaint(tmp_path / "other.db", create=create)


def test_damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:] = b"\xa5" * (len(data) - 100)
    path.write_bytes(data)
    assert "restore a backup" in complaint(path)


def test_cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])
    assert "restore a backup" in complaint(path)


@pytest.mark.parametrize(("revision", "advice"), [("0000", "newer Ringfence"), ("9999", "newer Ringfence")])
def test_of_a_revision_unknown(path: Path, revision: str, advice: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
        connection.commit()
    assert advice in complaint(path)
    assert advice in complaint(path, create=True)


def test_of_an_older_revision(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "HEAD", "9999")
    said = complaint(path)
    assert "older revision" in said
    assert "db upgrade" in said


def test_of_no_revision(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM alembic_version")
        connection.commit()
    assert "is not a Ringfence database" in complaint(path)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another program in the middle of a change."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def test_locked(path: Path) -> None:
    database = open_database(str(path), busy_seconds=0.05)
    with held(path):
        with database.reading() as connection:
            assert connection.execute(text("SELECT count(*) FROM tenant")).scalar() == 1
        with pytest.raises(RingfenceError, match="is locked by another program") as caught, database.writing():
            pass
        one_line(caught.value)
    with database.writing():
        pass
    database.close()


def test_read_only(path: Path) -> None:
    database = open_database(f"sqlite:///file:{path}?mode=ro&uri=true")
    before = dumped(database)
    with pytest.raises(RingfenceError, match="cannot be written") as caught:
        load_document(database, SMALL)
    one_line(caught.value)
    assert dumped(database) == before
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:secret@host/name",
        "sqlite+aiosqlite:///x.db",
        "postgresql+asyncpg://user:secret@host/name",
        "nothing://x",
        "postgresql://user:secret@host:port/name",
        "://",
        "sqlite://",
        "sqlite:///:memory:",
        ":memory:",
    ],
)
def test_an_url_that_is_of_no_use(url: str) -> None:
    complaint(url)


def test_no_url_shows_its_password() -> None:
    url = locate("postgres://olga:secret@db.example/ringfence?sslpassword=secret&password=secret")
    assert Database(url).name == "postgresql://olga:***@db.example/ringfence"


@pytest.mark.postgres
def test_postgresql_that_is_not_there(postgres_server: str, tmp_path: Path) -> None:
    assert "does not answer" in complaint("postgresql://olga:secret@127.0.0.1:1/ringfence")
    assert "does not answer" in complaint("postgresql://olga:secret@no-such-host.invalid/ringfence")
    assert "does not answer" in complaint(f"postgresql://olga:secret@/ringfence?host={tmp_path}")
    assert "is not there" in complaint(postgres_server.replace("/postgres?", "/missing?"))
    assert "is not there" in complaint(postgres_server.replace("postgres@", "nobody-such:secret@"))


@pytest.mark.postgres
def test_postgresql_empty_made_and_somebody_elses(postgres_url: str) -> None:
    assert "is empty: fill it with" in complaint(postgres_url)
    database = open_database(postgres_url, create=True)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "newer Ringfence" in complaint(postgres_url)
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE scope CASCADE"))
    assert "is not a Ringfence database" in complaint(postgres_url)
    database.close()


@pytest.mark.postgres
def test_postgresql_locked(postgres_database: Database) -> None:
    impatient = Database(postgres_database.url, busy_seconds=0.05)
    with postgres_database.engine.begin() as connection:
        connection.execute(text("LOCK TABLE customer IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(RingfenceError, match="is locked by another program") as caught:
            load_document(impatient, SMALL)
        one_line(caught.value)
    load_document(impatient, SMALL)
    impatient.close()
