"""PostgreSQL: connections that keep to what their URL, role and database say, and ask for no more than they need."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError

from ringfence.domain.errors import RingfenceError
from ringfence.storage.patience import TELL_SECONDS, Patience
from ringfence.storage.wall_signs import SHARED_OUT, STRICT, WALLED

_READ_SECONDS: Final = 300
"""A question that takes longer is given up; a change may take as long as it takes."""
_CONNECTING: Final = {
    "connect_timeout": 5,
    # A server that has gone without a word is noticed within a minute.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_NEEDED: Final = {"TimeZone": "UTC", "client_encoding": "UTF8", "standard_conforming_strings": "on"}
"""What nobody may want otherwise: it decides how values are read."""
_IDLE_SECONDS: Final = 1.0
_LOOKS_SINCE: Final = 140000
"""The version from which on a server notices in the midst of a statement that nobody is there any more."""

# Whoever has set something, in the URL, the environment, a service file, the role or the database, has decided it.
_SETTLE: Final = f"""
    SELECT s.name, s.setting, s.source, CASE
        WHEN s.name = ANY(%(needed)s) THEN set_config(s.name, v.value, false)
        WHEN s.source IN ('default', 'configuration file', 'command line', 'environment variable')
        THEN set_config(s.name, v.value, false) END IS NOT NULL, current_schema(),
        {STRICT}, {WALLED}, {SHARED_OUT}
    FROM unnest(%(names)s::text[], %(values)s::text[]) v(name, value) JOIN pg_settings s ON s.name = v.name
"""  # noqa: S608 - of what is ours
_SIGNS: Final = ("ringfence_strict", "ringfence_walled", "ringfence_shared_out")
"""What is known of a database since a connection to it was made."""
_BLOCKED: Final = "SELECT cardinality(pg_blocking_pids(%s)) > 0"


def make_engine(url: URL, patience: Patience) -> Engine:
    """The engine over a database. A transaction with the option ``ringfence_reading`` sees one moment and changes
    nothing; one with ``ringfence_writing`` takes as long as it takes; one with ``ringfence_rehearsing`` sees one moment
    and takes as long as it takes. Raises RingfenceError for a URL that says what cannot be."""
    import psycopg
    from psycopg.pq import Conninfo

    variables = {option.keyword.decode(): option.envvar for option in Conninfo.get_defaults()}
    for name in url.query:
        if name not in variables:
            raise RingfenceError(f"the URL says {name!r}, which is no setting of a connection: leave it out")
    given = {*url.query, *(name for name, variable in variables.items() if variable and variable in os.environb)}
    options = {name: value for name, value in _CONNECTING.items() if name not in given}
    engine = create_engine(url, connect_args=options, use_native_hstore=False)
    settings = {
        **_NEEDED,
        "jit": "off",
        "max_parallel_workers_per_gather": "0",
        "lock_timeout": str(max(1, int(patience.seconds * 1000))),
        "statement_timeout": str(_READ_SECONDS * 1000),
    }
    _ask_nothing(engine.dialect)

    @event.listens_for(engine, "connect", insert=True)
    def settle(driver: Any, record: Any) -> None:
        driver.autocommit = True
        binds = {"needed": list(_NEEDED), "names": list(settings), "values": list(settings.values())}
        for name, setting, source, ours, schema, *signs in driver.execute(_SETTLE, binds).fetchall():
            if name in _NEEDED and source == "client" and not setting.upper().endswith(_NEEDED[name].upper()):
                raise RingfenceError(
                    f"the URL sets {name} to {setting}: it is always {_NEEDED[name]} here, leave it out"
                )
            if name == "statement_timeout":
                record.info["ringfence_limited"] = ours
            engine.dialect.default_schema_name = schema
            record.info.update(zip(_SIGNS, signs, strict=True))
        driver.autocommit = False

    @event.listens_for(engine, "checkin")
    def rest(_driver: Any, record: Any) -> None:
        record.info["ringfence_rested"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def wake(driver: Any, record: Any, _proxy: Any) -> None:
        """Asks a connection that has rested for a while whether it is still there; the pool makes another if not."""
        if time.monotonic() - record.info.get("ringfence_rested", time.monotonic()) < _IDLE_SECONDS:
            return
        try:
            driver.autocommit = True
            driver.execute("SELECT 1")
            driver.autocommit = False
        except psycopg.Error as error:
            raise DisconnectionError from error

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def shade(connection: Connection, _cursor: Any, statement: str, binds: Any, *_: Any) -> tuple[str, Any]:
        """Lets the option ``ringfence_tables`` put tables that it alone knows before those of the database."""
        tables = connection.get_execution_options().get("ringfence_tables")
        return tables(statement, binds) if tables else (statement, binds)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        driver: Any = connection.connection.driver_connection
        writing, reading = options.get("ringfence_writing"), options.get("ringfence_reading")
        rehearsing = options.get("ringfence_rehearsing")
        level = psycopg.IsolationLevel
        driver.isolation_level = level.REPEATABLE_READ if reading or rehearsing else level.READ_COMMITTED
        # Where a role or a URL has it that nothing is written, it stays so.
        driver.read_only = True if reading else None
        local = []
        if (writing or rehearsing) and connection.info.get("ringfence_limited"):
            local.append("set_config('statement_timeout', '0', true)")
        if rehearsing:
            # Temporary tables stand before the real ones even where the path names them last.
            local.append("set_config('search_path', 'pg_temp, ' || current_setting('search_path'), true)")
        if rehearsing and driver.info.server_version >= _LOOKS_SINCE:
            # So that what nobody waits for any more ends, even where whoever asked was killed.
            looks = "set_config('client_connection_check_interval', '500', true)"
            local.append(f"CASE WHEN strpos(version(), 'linux') > 0 THEN {looks} END")
        if "ringfence_wait" in options:
            local.append(f"set_config('lock_timeout', '{max(1, int(options['ringfence_wait'] * 1000))}', true)")
        if local:
            connection.exec_driver_sql(f"SELECT {', '.join(local)}")

    return engine


def _ask_nothing(dialect: Any) -> None:
    """Spares a new engine the five questions that it would ask the server: what they are for is known, or settled."""

    def version(connection: Connection) -> tuple[int, int]:
        driver: Any = connection.connection.driver_connection
        number: int = driver.info.server_version
        return divmod(number, 10_000)

    dialect._get_server_version_info = version
    dialect._get_default_schema_name = lambda _: dialect.default_schema_name
    dialect.get_default_isolation_level = lambda _: "READ COMMITTED"
    dialect._set_backslash_escapes = lambda _: setattr(dialect, "_backslash_escapes", False)


@contextmanager
def told_of_waits(engine: Engine, connection: Connection, patience: Patience) -> Iterator[None]:
    """Says what a writing transaction waits for, once somebody else has been in its way for a while."""
    if patience.tell is None or patience.seconds <= TELL_SECONDS:
        yield
        return
    driver: Any = connection.connection.driver_connection
    backend: int = driver.info.backend_pid
    done = Event()

    def watch() -> None:
        while not done.wait(TELL_SECONDS):
            try:
                with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
                    blocked = other.exec_driver_sql(_BLOCKED, (backend,)).scalar()
            except SQLAlchemyError:
                return  # a word less is all that comes of it
            if blocked and not done.is_set():
                patience.say()
                return

    watching = Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()
