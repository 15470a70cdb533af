"""The tables: what the migrations make is what the classes say, and substrings are found by index."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, text
from support.databases import copied, dumped, made
from support.documents import Sizes, make_document

from ringfence.domain.device import DEVICES
from ringfence.domain.errors import RingfenceError
from ringfence.snapshot.load import load_document
from ringfence.storage import maintenance, schema
from ringfence.storage.engine import Database, open_database
from ringfence.storage.structure import differences
from ringfence.storage.tables import Role, Tenant
from ringfence.visibility import substrings
from ringfence.visibility.column_values import permissions
from ringfence.visibility.owner import Owner


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
        assert differences(connection) == []


OLD = Sizes(users=6, edges=0, alarm_rules=0, test_modes=0, alarms=0, exact=True, attributes=False)
"""As much as there was in the first revision."""


def of_revision_0001(url: str, document: dict[str, Any], folder: Path) -> str:
    """Makes a database as the first revision left it, with the document in it; returns its dump."""
    source = made(folder / "source.db")
    load_document(source, document)
    copied(source, url, "0001")
    said = dumped(source)
    source.close()
    return said


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_upgrade_makes_a_backup_and_keeps_everything(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    """From the first revision to this one, with something in every table that there was."""
    path = tmp_path / "old.db"
    url = str(path) if engine == "sqlite" else request.getfixturevalue("postgres_url")
    before = of_revision_0001(url, make_document(Random(5), OLD), tmp_path)
    with pytest.raises(RingfenceError, match="db upgrade"):
        open_database(url)
    said = maintenance.upgrade(url)
    copies = list(tmp_path.glob("old.db.*.backup"))
    assert [str(copy) in said for copy in copies] == ([True] if engine == "sqlite" else [])
    database = open_database(url)
    assert dumped(database) == before
    assert maintenance.check(database) == []
    with database.engine.connect() as connection:
        assert differences(connection) == []
        fresh = select(Role.revision, Role.private, Role.builtin).distinct()
        assert [tuple(row) for row in connection.execute(fresh)] == [(1, False, False)]
        chains = select(Tenant.audit_count, Tenant.audit_hash).distinct()
        assert [tuple(row) for row in connection.execute(chains)] == [(0, "")]
        if engine == "sqlite":
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    database.close()
    assert "up to date" in maintenance.upgrade(url)
    assert list(tmp_path.glob("old.db.*.backup")) == copies
    for copy in copies:  # the backup is of the old revision, and can be upgraded itself
        maintenance.upgrade(str(copy))
        database = open_database(str(copy))
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
    assert maintenance.check(sqlite_database) == ["customer 1: device_count is 2, and it has 1"]


def test_words_of_every_length_are_found_by_the_index(database: Database) -> None:
    """From the first letter to the last, whatever stands between words, and no other letter in its place."""
    names = ("Gate camera 1", "gate-camera_2", "Röntgen/ß: 90%", "カメラ 7", "zxqjkvw z x", "a.b:c/d e-f_g", "'\"\\ %%")
    load_document(database, devices(*names))
    keys = {number: f"{name.casefold()}" for number, name in enumerate(names, 1)}
    with database.reading() as connection:
        stored = {row.id: row.search_key for row in connection.execute(text("SELECT id, search_key FROM device"))}
        assert {number: key.partition("\x1f")[0] for number, key in stored.items()} == keys
        needles = {
            key[at : at + long] for key in keys.values() for long in range(1, 7) for at in range(len(key) - long + 1)
        }
    with Owner(database, 1).look(*permissions(DEVICES)) as sight:
        for needle in sorted({*needles, "aqb", "zz", "ez", "y", "qq"}):
            found = substrings.hits(sight, DEVICES, needle, 5_000)  # whatever others' statistics let expect
            assert found is not None
            assert set(substrings.unbound(found.ids)) == {own for own, key in stored.items() if needle in key}, needle


def test_a_sound_database_has_nothing_to_report(database: Database) -> None:
    load_document(database, devices("Gate"))
    assert maintenance.check(database) == []


@pytest.mark.postgres
def test_postgresql_finds_substrings_by_index(postgres_database: Database) -> None:
    load_document(postgres_database, devices(*(f"Device {number:06}" for number in range(5000))))
    with postgres_database.engine.begin() as connection:
        for needle in ("004711", "e-00", "47", "7"):
            query, binds = substrings.on_postgresql(DEVICES, needle)
            asked = {"tenant": 1, **binds, "most": 10}
            plan = "\n".join(connection.execute(text(f"EXPLAIN {query}"), asked).scalars())
            assert "ix_device_search " in plan or needle == "7", needle  # which nearly all of them have
            assert "Seq Scan" not in plan or needle == "7", needle
