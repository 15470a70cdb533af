"""What sshd asks before anybody is let in: whether a key is known, and its user active.

It is asked by the driver of the database alone. What the rest of this package asks with takes longer to load than this
takes to answer, and whoever comes waits for it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from urllib.parse import quote

from ringfence.storage.wall_signs import WALLED

_SECONDS: Final = 5
_KNOWN: Final = (
    "SELECT 1 FROM ssh_key k JOIN user_account u ON u.tenant_id = k.tenant_id AND u.id = k.user_id "
    "WHERE {1} AND k.kind = {0} AND u.active"
)
_BLOB: Final = "k.blob = {0}"
_BEHIND_THE_WALL: Final = "k.id = ringfence_whose(current_user, 'blob', {0})"
_SQLITE: Final = ("sqlite:///", "sqlite+pysqlite:///")
_POSTGRESQL: Final = ("postgresql+psycopg://", "postgresql://", "postgres://")


def known(database: str, kind: str, blob: str) -> bool:
    """Whether a key (its type, and its blob in base 64) is that of one active user in a database: the path of a file,
    or a URL. Raises whatever the driver does."""
    url = next((database.removeprefix(one) for one in _POSTGRESQL if database.startswith(one)), None)
    if url is not None:
        return _in_postgresql(f"postgresql://{url}", (blob, kind))
    path = next((database.removeprefix(one) for one in _SQLITE if database.startswith(one)), database)
    return _in_sqlite(Path(path), (blob, kind))


def _in_sqlite(path: Path, values: tuple[str, str]) -> bool:
    import sqlite3

    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=_SECONDS)
    try:
        return connection.execute(_KNOWN.format("?", _BLOB.format("?")), values).fetchall() == [(1,)]
    finally:
        connection.close()


def _in_postgresql(url: str, values: tuple[str, str]) -> bool:
    with _spared():
        from psycopg import pq

    # What the URL says itself goes before this.
    connection = pq.PGconn.connect(f"{url}{'&' if '?' in url else '?'}connect_timeout={_SECONDS}".encode())
    try:
        walled = connection.exec_(f"SELECT 1 WHERE {WALLED}".encode())
        question = _KNOWN.format("$2", (_BEHIND_THE_WALL if walled.ntuples else _BLOB).format("$1"))
        found: Any = connection.exec_params(question.encode(), [one.encode() for one in values])
        return bool(found.status == pq.ExecStatus.TUPLES_OK and found.ntuples == 1)
    finally:
        connection.finish()


@contextmanager
def _spared() -> Iterator[None]:
    """What is imported meanwhile of the driver is the part that speaks to a server. The rest of it, and what it asks
    for only to say which version it is and which errors it passes on, takes three quarters of its time."""
    from importlib.util import find_spec

    found = find_spec("psycopg")
    if found is None or "psycopg" in sys.modules:
        yield
        return
    package, loop, metadata = ModuleType("psycopg"), ModuleType("asyncio"), ModuleType("importlib.metadata")
    package.__path__ = list(found.submodule_search_locations or ())
    package.__spec__ = found
    vars(loop)["CancelledError"] = type("CancelledError", (BaseException,), {})
    vars(metadata).update(version=lambda _name: "", PackageNotFoundError=LookupError)
    stand_ins = {one.__name__: one for one in (package, loop, metadata) if one.__name__ not in sys.modules}
    before = set(sys.modules)
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        # Whoever wants the driver later, in tests, has all of it.
        for name in set(sys.modules) - before:
            if name in stand_ins or name.startswith("psycopg"):
                del sys.modules[name]
