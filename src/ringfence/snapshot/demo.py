"""The demo database: made from the story, and opened as a scratch copy on which nothing is lost."""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from ringfence.changes.audit import hash_of
from ringfence.domain.errors import RingfenceError
from ringfence.storage.engine import Database, open_database
from ringfence.storage.grants import Membership
from ringfence.storage.tables import AuditEntry, Tenant

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
    """Makes the demo database from the story and its past, as one file without companions: the same at every call."""
    from ringfence.snapshot.load import load_document
    from ringfence.snapshot.story_past import beginning, tell

    path.unlink(missing_ok=True)
    database = open_database(str(path), create=True)
    load_document(database, beginning())
    tell(database)
    with database.writing() as connection:
        connection.execute(update(AuditEntry).values(os_user=""))  # whoever builds it did none of that
        _chain_anew(connection)
    database.close()
    file = sqlite3.connect(path)
    file.execute("PRAGMA journal_mode = DELETE")
    # What was worked out while it was told is of no use any more.
    file.executescript("DELETE FROM scope_interval; DELETE FROM scope_site; DELETE FROM scope;")
    file.execute("VACUUM")
    file.close()


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
    """Moves every validity window and the whole past by whole days, so that "ended yesterday" stays yesterday, and what
    was done last week was done last week."""
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
        _chain_anew(connection, days)


def _chain_anew(connection: Connection, later: timedelta = timedelta()) -> None:
    """Chains the entries of every tenant's audit anew, each as if it had been written so much later. Of a database
    that is not the demo this would be forgery, and nothing else does it."""
    table = AuditEntry.__table__
    ends: dict[int, str] = {}
    entries = []
    for row in connection.execute(select(table).order_by(table.c.tenant_id, table.c.number)):
        entry = dict(row._mapping)
        entry["at"] += later
        moment, _, place = entry["sort_key"].partition(" ")
        entry["sort_key"] = f"{_later(moment, later)} {place}"
        entry["detail"] = _MOMENT.sub(lambda found: _later(found[0], later), entry["detail"])
        entry["previous"] = ends.get(entry["tenant_id"], "")
        entry["hash"] = ends[entry["tenant_id"]] = hash_of(entry)
        entries.append(entry)
    anew = ("at", "sort_key", "detail", "previous", "hash")
    changing = update(table).where(table.c.id == bindparam("own_id")).values({name: bindparam(name) for name in anew})
    connection.execute(changing, [{"own_id": one["id"], **{name: one[name] for name in anew}} for one in entries])
    for tenant, end in ends.items():
        connection.execute(update(Tenant).where(Tenant.id == tenant).values(audit_hash=end))


_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")


def _later(moment: str, by: timedelta) -> str:
    moved = datetime.fromisoformat(moment) + by
    return moved.isoformat(timespec="microseconds" if "." in moment else "seconds")
