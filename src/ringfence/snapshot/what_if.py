"""What loading a file would change for whom: from a rehearsal of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from ringfence.changes.comparison import Comparison, Eyes, compare
from ringfence.changes.moment import Moment
from ringfence.domain import clock
from ringfence.domain.errors import SessionEnded
from ringfence.snapshot.collect import Contents, Progress
from ringfence.snapshot.listed import Listed
from ringfence.snapshot.load import load_into
from ringfence.snapshot.load_audit import touched
from ringfence.storage.engine import Database
from ringfence.visibility.reach import NOBODY
from ringfence.visibility.viewer import Viewer


def what_if(
    database: Database,
    contents: Contents,
    progress: Progress,
    at: datetime | None = None,
    viewer: Viewer | None = None,
) -> list[Comparison]:
    """What each user of the file's tenants would gain and lose, as of a moment; with a viewer, as if what they
    may not list did not exist.

    Raises InvalidDocument with every fault of the file.
    """
    moment = at or clock.now()
    tenants = touched(contents).keys()

    def rehearsed(connection: Connection) -> list[Comparison]:
        seen = None if viewer is None else viewer.regions(connection, moment)
        listed = Listed(connection, seen, 0 if viewer is None else viewer.tenant_id)
        before = Moment(connection, tenants, moment, keep=bool(contents.devices))
        load_into(connection, contents, progress, listed=listed)
        after = Moment(connection, tenants, moment)
        if viewer is None or seen is None:
            return compare(before, after)
        try:
            then = viewer.regions(connection, moment)
        except SessionEnded:  # by what is loaded
            then = NOBODY
        return compare(before, after, Eyes(seen, then, viewer.own_id))

    return database.rehearse(rehearsed)
