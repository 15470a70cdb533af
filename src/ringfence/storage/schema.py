"""The schema's revision: which one a database has, and bringing it to the one this program knows."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, text

from ringfence.domain.errors import RingfenceError
from ringfence.storage import files

if TYPE_CHECKING:
    from alembic.config import Config

HEAD: Final = "0018"
"""The newest revision under migrations/versions; a test holds the two together."""
_KNOWN: Final = tuple(f"{number:04d}" for number in range(1, int(HEAD) + 1))
_OURS: Final = ("tenant", "customer", "scope")
_UPGRADING: Final = 0x52464E55
"""What whoever makes or changes the tables on PostgreSQL locks meanwhile."""


OWNS: Final = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('tenant')"
"""Whether the role owns the tables, or is a member of the one that does, or a superuser."""


class State(Enum):
    """What a database looks like from outside."""

    EMPTY = auto()
    FOREIGN = auto()
    OLDER = auto()
    CURRENT = auto()
    NEWER = auto()


def state(connection: Connection) -> State:
    """Looks at a database without changing it."""
    tables = set(connection.execute(text(_listing(connection))).scalars())
    if not tables:
        return State.EMPTY
    if not {*_OURS, "alembic_version"} <= tables:
        return State.FOREIGN
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision is None:
        return State.FOREIGN
    if revision == HEAD:
        return State.CURRENT
    return State.OLDER if revision in _KNOWN else State.NEWER


def current_and_owned(connection: Connection) -> tuple[bool, bool]:
    """Whether it is ours and of this program's revision, and on PostgreSQL whether the role owns its tables, in one
    question, which fails where there is no revision."""
    names = ", ".join(f"'{name}'" for name in _OURS)
    ours = f"(SELECT count(*) FROM ({_listing(connection)}) AS t WHERE t.name IN ({names}))"  # noqa: S608 - our own
    owned = "FALSE" if connection.dialect.name == "sqlite" else f"({OWNS})"
    query = f"SELECT version_num, {ours} AS ours, {owned} AS owned FROM alembic_version"  # noqa: S608 - likewise
    rows = connection.execute(text(query)).all()
    return [tuple(row)[:2] for row in rows] == [(HEAD, len(_OURS))], any(row.owned for row in rows)


def _listing(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        return "SELECT name FROM sqlite_master WHERE type = 'table'"
    return "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"


def demand_current(found: State, name: str) -> None:
    """Raises RingfenceError, with the advice, unless the database is of this program's revision."""
    if found is State.EMPTY:
        raise RingfenceError(f"{name} is empty: fill it with 'ringfence --db {name} load FILE'")
    if found is State.FOREIGN:
        raise RingfenceError(f"{name} is not a Ringfence database: name another one")
    if found is State.OLDER:
        raise RingfenceError(
            f"{name} is of an older revision: run 'ringfence --db {name} db upgrade' (it makes a backup)"
        )
    if found is State.NEWER:
        raise RingfenceError(f"{name} was made by a newer Ringfence: upgrade this program, then try again")


def upgrade(engine: Engine, before: Callable[[], None] | None = None) -> bool:
    """Makes the tables, or brings them to this program's revision, in one transaction; returns whether it had to.

    Whoever else does the same waits, and finds it done. ``before`` is called with the turn taken, before anything is
    changed.
    """
    from alembic import command

    from ringfence.storage.faults import called, explained

    # Of statements that are run once nothing is kept: it would hold tables, these the connection, and that the file.
    writing = engine.execution_options(ringfence_writing=True, compiled_cache=None)
    with explained(called(engine.url)), writing.connect() as connection:
        if connection.dialect.name == "sqlite":
            # A table that is remade must not take its dependants along; the mode cannot change inside a transaction.
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:one)"), {"one": _UPGRADING})
                if state(connection) is State.CURRENT:
                    return False
                if before is not None:
                    before()
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        finally:
            connection.invalidate()
    return True


def backup(engine: Engine, target: Path | None = None) -> Path:
    """Copies an SQLite database, whole and consistent, beside itself (or to ``target``); returns where to. The copy is
    for its owner alone, and no more open than the database."""
    import sqlite3

    from ringfence.storage.faults import explained

    source = engine.url.database
    if engine.dialect.name != "sqlite" or not source:
        raise RingfenceError("backup is for SQLite files: on PostgreSQL use pg_dump")
    if target is None:
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        names = (Path(f"{source}.{moment}{number}.backup") for number in ("", *(f"-{n}" for n in range(2, 100))))
        target = next(name for name in names if not os.path.lexists(name))
    try:
        with (
            explained(source),
            engine.connect() as connection,
            files.whole(target, mode=_mode_of(source)) as partial,
            explained(str(target)),
        ):
            driver = connection.connection.driver_connection
            assert driver is not None
            with closing(sqlite3.connect(partial)) as copy:
                driver.backup(copy)
    except FileExistsError:
        raise RingfenceError(f"{target} is there already: name another file") from None
    except OSError as error:
        raise RingfenceError(f"{target} cannot be opened: {error.strerror}: the backup was not made") from error
    return target


def _mode_of(source: str) -> int:
    try:
        return stat.S_IMODE(Path(source).stat().st_mode)
    except OSError:  # opened by words of its own, not by its path
        return files.OWNER_ONLY


def head_of_scripts() -> str | None:
    """The newest revision among the migration scripts."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
