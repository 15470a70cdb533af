"""How often a command asks its database: whoever works over a slow line waits for each question."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest
from support.command_line import AT, Call
from support.traffic import counted

from ringfence.snapshot.demo import shipped
from ringfence.snapshot.dump import dump
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database, open_database

HANNA = ("--as", "h.devries")
COMMANDS = [
    (8, ("count", "devices", "--as", "olga", "--at", AT)),
    (8, ("count", "devices", "--as", "g.moreau", "--at", AT, "--search", "a")),
    (8, ("count", "customers", *HANNA)),
    (8, ("can", "olga", "device.list", "customer:polder", "--at", AT)),
    *((10, ("list", kind, *HANNA, "--limit", "5")) for kind in ("customers", "sites", "devices", "users")),
    (60, ("users", "edit", "olga", "--name", "Olga V.", *HANNA)),
]


@pytest.fixture
def url(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> str:
    """The demo on an engine."""
    path = tmp_path / "demo.db"
    shutil.copyfile(shipped(), path)
    if engine == "sqlite":
        return str(path)
    source, out = open_database(str(path)), io.StringIO()
    dump(source, out)
    source.close()
    target: Database = request.getfixturevalue("postgres_database")
    load_document(target, json.loads(out.getvalue()))
    return target.url.render_as_string(hide_password=False)


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_no_command_asks_more_often_than_it_may(engine: str, url: str, call: Call) -> None:
    for _, command in COMMANDS:  # so that every scope is stored
        assert call("--db", url, *command, *(["--dry-run"] if "edit" in command else [])).status == 0
    for most, command in COMMANDS:
        with counted(engine == "postgresql") as traffic:
            assert call("--db", url, *command).status == 0
        # What SQLite is told of a connection asks nothing of the file, and to begin and end costs nothing there.
        free = ("PRAGMA", "BEGIN", "COMMIT", "ROLLBACK") if engine == "sqlite" else ()
        asked = [one for one in traffic.asked if not one.startswith(free)] if free else traffic.asked
        assert 3 < len(asked) <= most, (command, asked)
