"""What a command asks of its database: every round trip to a PostgreSQL server, every statement that SQLite runs."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest


class Traffic:
    """Counts while it is open."""

    def __init__(self) -> None:
        self.asked: list[str] = []


@contextmanager
def counted(postgresql: bool) -> Iterator[Traffic]:
    """Counts what is asked by connections that are made meanwhile."""
    traffic = Traffic()
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryFile("w+") as log:
        if postgresql:
            connect = psycopg.connect

            def traced(*given: Any, **options: Any) -> Any:
                driver = connect(*given, **options)
                driver.pgconn.trace(log.fileno())
                return driver

            patch.setattr(psycopg, "connect", traced)
        else:
            open_file = sqlite3.connect

            def told(*given: Any, **options: Any) -> Any:
                driver = open_file(*given, **options)
                driver.set_trace_callback(lambda sql: traffic.asked.append(sql) if not sql.startswith("--") else None)
                return driver

            patch.setattr(sqlite3, "connect", told)
        yield traffic
        log.seek(0)
        sent = [line.rstrip("\n").split("\t") for line in log if "\tF\t" in line]
        # Each waits for its answer: a simple query, and the Sync that ends whatever was sent before it.
        asked = ""
        for _, _, _, kind, *rest in sent:
            if kind in ("Query", "Parse"):
                asked = " ".join(rest)
            if kind in ("Query", "Sync"):
                traffic.asked.append(asked)
