"""The demo database that is shipped: made from the story, of the present schema, and told on whatever day it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from support.databases import dumped, made

from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.snapshot.demo import scratch_copy, shift_to, shipped
from ringfence.snapshot.load import load_document
from ringfence.snapshot.story import STORY_DAY, story
from ringfence.storage.engine import Database, open_database
from ringfence.storage.maintenance import check
from ringfence.storage.metadata import metadata
from ringfence.visibility.viewer import Viewer


def _copy(tmp_path: Path) -> Database:
    copy = tmp_path / "copy.db"
    shutil.copyfile(shipped(), copy)
    return open_database(str(copy))


def test_the_shipped_database_is_the_story(tmp_path: Path) -> None:
    told = made(tmp_path / "told.db")
    load_document(told, story())
    found = _copy(tmp_path)
    assert dumped(found) == dumped(told)
    assert check(found) == []
    told.close()
    found.close()


def test_the_shipped_database_is_one_file() -> None:
    """Whoever opens it, and not a copy, leaves companions beside it, without which it may not be whole."""
    path = shipped()
    assert path.read_bytes()[18:20] == b"\x01\x01", "not in WAL"
    assert [one.name for one in path.parent.glob(f"{path.name}*")] == [path.name]


def test_the_shipped_database_has_the_present_schema(tmp_path: Path) -> None:
    found = _copy(tmp_path)
    with found.engine.connect() as connection:
        migration = MigrationContext.configure(connection, opts={"include_name": _ours})
        assert compare_metadata(migration, metadata) == []
        tables = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        shipped_tables = _spelled(connection.exec_driver_sql(tables).all())
    fresh = made(tmp_path / "fresh.db")
    with fresh.engine.connect() as connection:
        assert _spelled(connection.exec_driver_sql(tables).all()) == shipped_tables
    found.close()
    fresh.close()


def _spelled(tables: Iterable[Any]) -> dict[str, list[str]]:
    """Each table's lines without their order: a table that a migration remakes has its constraints in any."""
    spelled = {name: sorted(line.strip(" \t,") for line in sql.splitlines()) for name, sql in tables}
    return {name: lines for name, lines in spelled.items() if not name.startswith(_DAYS)}


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not (name or "").startswith(_APART)


_DAYS = "point_2"  # the history, a table a day
_APART = ("device_search", "customer_search", "site_search", "point", "latest")
"""The index of substrings, the history, and what was put off of it and of the latest values."""


def test_yesterday_stays_yesterday(tmp_path: Path) -> None:
    """The windows of the story move with the day that the demo is opened on, and by whole days."""
    devices = Listing("devices")
    found = _copy(tmp_path)
    noon = datetime(STORY_DAY.year, STORY_DAY.month, STORY_DAY.day, 12, tzinfo=UTC)
    later = noon + timedelta(days=1000)

    def seen(login: str, at: datetime) -> int:
        return listing.count(Viewer.sign_in(found, login, at), devices)

    before = {login: [seen(login, noon + timedelta(days=day)) for day in (-2, 0, 2)] for login in _TIMED}
    assert before["f.hoekstra"][0] > 0 == before["f.hoekstra"][1]
    assert before["d.ionescu"][1] == 0 < before["d.ionescu"][2]
    shift_to(found, later)
    after = {login: [seen(login, later + timedelta(days=day)) for day in (-2, 0, 2)] for login in _TIMED}
    assert after == before
    found.close()


_TIMED = ("f.hoekstra", "d.ionescu", "t.okafor")


def test_the_scratch_copy_is_taken_away() -> None:
    with scratch_copy() as (database, _):
        path = Path(database.name)
        assert path.is_file()
        assert path != shipped()
    assert not path.parent.exists()
