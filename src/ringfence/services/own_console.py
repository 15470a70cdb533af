"""What is a user's own in the console, where the account that they come to over SSH is not: where they left it, and
what they have set. It is told to nobody else, and shows nothing by itself."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, select

from ringfence.domain.errors import Refused
from ringfence.storage.bulk import upsert_rows
from ringfence.storage.identity_tables import OwnConsole
from ringfence.visibility.viewer import Viewer

LONGEST: Final = 64 * 1024
"""In characters: nothing longer is kept."""
_KEYED: Final = 2


def layout(viewer: Viewer) -> str:
    """Where the viewer left it; empty for what is not known."""
    return _read(viewer, OwnConsole.layout)


def keep_layout(viewer: Viewer, data: str) -> None:
    """Keeps where the viewer leaves it, unless that takes waiting. Raises RingfenceError where it does."""
    if viewer.own_id and len(data) <= LONGEST:
        with viewer.database.writing_at_once() as connection:
            _write(connection, viewer, "layout", data)


def settings(viewer: Viewer) -> str:
    """What the viewer has set, as a file would hold it."""
    return _read(viewer, OwnConsole.settings)


def take_settings(viewer: Viewer, data: str) -> None:
    """Has the viewer set that, in the place of what was set. Raises Refused for whoever only looks, or has a token."""
    viewer.demand_in_person()
    if len(data) > LONGEST:
        raise Refused(f"more than {LONGEST // 1024} KiB are no settings")
    with viewer.database.writing() as connection:
        _write(connection, viewer, "settings", data)


def _read(viewer: Viewer, column: Any) -> str:
    own = OwnConsole.tenant_id == viewer.tenant_id, OwnConsole.user_id == viewer.own_id
    with viewer.look() as sight:
        return sight.connection.execute(select(column).where(*own)).scalar() or ""


def _write(connection: Connection, viewer: Viewer, column: str, data: str) -> None:
    columns = {"tenant_id": "int", "user_id": "int", column: "text"}
    upsert_rows(connection, "own_console", columns, _KEYED, [(viewer.tenant_id, viewer.own_id, data)])
