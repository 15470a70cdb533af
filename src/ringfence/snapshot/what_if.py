"""What loading a file would change for whom: from a rehearsal of it."""

from __future__ import annotations

from datetime import datetime

from ringfence.domain import clock
from ringfence.snapshot.collect import Contents, Progress
from ringfence.snapshot.load import load_into
from ringfence.snapshot.load_audit import touched
from ringfence.storage.engine import Database
from ringfence.visibility.comparison import Comparison, Moment, compare
from ringfence.visibility.viewer import Viewer


def what_if(
    database: Database,
    contents: Contents,
    progress: Progress,
    at: datetime | None = None,
    viewer: Viewer | None = None,
) -> list[Comparison]:
    """What each user of the file's tenants would gain and lose, as of a moment; with a viewer, as far as they may know.

    Raises InvalidDocument with every fault of the file.
    """
    moment = at or clock.now()
    tenants = touched(contents).keys()
    with database.rehearsing() as connection:
        before = Moment(connection, tenants, moment, keep=bool(contents.devices))
        load_into(connection, contents, progress)
        after = Moment(connection, tenants, moment)
        return compare(before, after, viewer.user_id if viewer is not None else None)
