"""The demo database: made from the story, and opened as a scratch copy on which nothing is lost."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import bindparam, select, update

from ringfence.domain.errors import RingfenceError
from ringfence.storage.engine import Database, open_database
from ringfence.storage.grants import Membership
from ringfence.storage.tables import Tenant

STORY_DAY: Final = date(2026, 11, 16)
"""The day on which the story is told; its validity windows lie around it."""


def shipped() -> Path:
    """Where demo.db is: in the installed package, or at the top of the repository."""
    here = Path(__file__).resolve()
    for path in (here.parents[1] / "demo.db", here.parents[3] / "demo.db"):
        if path.is_file() and path.stat().st_size:
            return path
    raise RingfenceError("the demo database is missing: install Ringfence again")


def build(path: Path) -> None:
    """Makes the demo database from the story, as one file without companions."""
    from ringfence.snapshot.load import load_document
    from ringfence.snapshot.story import story

    path.unlink(missing_ok=True)
    database = open_database(str(path), create=True)
    load_document(database, story())
    database.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("VACUUM")
    connection.close()


@contextmanager
def scratch_copy() -> Iterator[Database]:
    """The demo database, copied to where it can be changed at will and is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="ringfence-demo-") as folder:
        path = Path(folder) / "demo.db"
        shutil.copyfile(shipped(), path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")  # so that readers and a writer leave each other be
        database = open_database(str(path))
        try:
            shift_to(database, datetime.now(UTC))
            yield database
        finally:
            database.close()


def shift_to(database: Database, today: datetime) -> None:
    """Moves every validity window by whole days, so that "ended yesterday" stays yesterday."""
    days = timedelta(days=(today.date() - STORY_DAY).days)
    with database.writing() as connection:
        query = select(Membership.id, Membership.valid_from, Membership.valid_until)
        moved = [
            {"own_id": own, "begin": begin and begin + days, "end": end and end + days}
            for own, begin, end in connection.execute(query)
            if begin or end
        ]
        if moved:
            table = Membership.__table__
            connection.execute(
                update(Membership)
                .where(table.c.id == bindparam("own_id"))
                .values(valid_from=bindparam("begin"), valid_until=bindparam("end"))
                .execution_options(synchronize_session=False),
                moved,
            )
            connection.execute(update(Tenant).values(version=Tenant.version + 1))
