"""The tables: what the migrations make is what the classes say, and substrings are found by index."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from support.databases import dumped

from ringfence.domain.errors import RingfenceError
from ringfence.domain.registry import Base
from ringfence.snapshot.load import load_document
from ringfence.storage import maintenance, schema
from ringfence.storage.engine import Database, open_database


def devices(*names: str) -> dict[str, object]:
    """A document with a device of each name."""
    return {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "T"}],
        "devices": [{"key": f"d{place}", "tenant": "t", "name": name} for place, name in enumerate(names)],
    }


def test_the_newest_revision_is_that_of_the_scripts() -> None:
    assert schema.head_of_scripts() == schema.HEAD


def test_the_classes_say_what_the_migrations_make(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "include_name": lambda name, kind, _: not _made_apart(name, kind)},
        )
        assert compare_metadata(context, Base.metadata) == []


def _made_apart(name: str | None, kind: str) -> bool:
    """The substring index of each engine is made by hand."""
    return name is not None and (
        name == "ix_device_search" or (kind == "table" and name.startswith(("device_search", "alembic_version")))
    )


def test_upgrade_makes_a_backup_and_keeps_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of a known older revision; there is but one revision, so that an older one is made up."""
    path = tmp_path / "old.db"
    database = open_database(str(path), create=True)
    load_document(database, devices("Gate"))
    before = dumped(database)
    database.close()
    assert "up to date" in maintenance.upgrade(str(path))
    assert list(tmp_path.glob("*.backup")) == []
    monkeypatch.setattr(schema, "HEAD", "0002")
    said = maintenance.upgrade(str(path))
    monkeypatch.undo()
    copies = list(tmp_path.glob("*.backup"))
    assert len(copies) == 1
    assert str(copies[0]) in said
    for found in (path, copies[0]):
        database = open_database(str(found))
        assert dumped(database) == before
        database.close()


def test_backup(sqlite_database: Database, tmp_path: Path) -> None:
    load_document(sqlite_database, devices("Gate"))
    copy = schema.backup(sqlite_database.engine, tmp_path / "copy.db")
    database = open_database(str(copy))
    assert dumped(database) == dumped(sqlite_database)
    database.close()
    with pytest.raises(RingfenceError, match="is there already"):
        schema.backup(sqlite_database.engine, copy)
    with pytest.raises(RingfenceError, match=r"folder\.db cannot be opened"):
        schema.backup(sqlite_database.engine, tmp_path / "no" / "such" / "folder.db")
    assert list(tmp_path.glob("*.partial")) == []


@pytest.mark.postgres
def test_backup_of_postgresql_is_left_to_its_own_programs(postgres_database: Database) -> None:
    with pytest.raises(RingfenceError, match="pg_dump"):
        schema.backup(postgres_database.engine)


def hits(database: Database, phrase: str) -> set[int]:
    with database.reading() as connection:
        query = text("SELECT rowid FROM device_search WHERE search_key MATCH :phrase")
        return set(connection.execute(query, {"phrase": f'"{phrase}"'}).scalars())


def test_the_search_index_follows_the_devices(sqlite_database: Database) -> None:
    load_document(sqlite_database, devices("Gate camera", "Roof camera"))
    assert hits(sqlite_database, "came") == {1, 2}
    load_document(sqlite_database, devices("Gate sensor", "Roof camera"))
    assert hits(sqlite_database, "came") == {2}
    assert hits(sqlite_database, "sens") == {1}
    with sqlite_database.writing() as connection:
        connection.execute(text("UPDATE device SET kind = 'x'"))
        connection.execute(text("DELETE FROM device WHERE id = 2"))
    assert hits(sqlite_database, "came") == set()
    assert maintenance.check(sqlite_database) == ["a customer's count of devices is wrong"]


def test_a_sound_database_has_nothing_to_report(database: Database) -> None:
    load_document(database, devices("Gate"))
    assert maintenance.check(database) == []


@pytest.mark.postgres
def test_postgresql_finds_substrings_by_index(postgres_database: Database) -> None:
    load_document(postgres_database, devices(*(f"Device {number:06}" for number in range(5000))))
    with postgres_database.engine.begin() as connection:
        query = "EXPLAIN SELECT 1 FROM device k WHERE k.search_key LIKE '%004711%'"
        plan = "\n".join(connection.execute(text(query)).scalars())
    assert "ix_device_search" in plan
