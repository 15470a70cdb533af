"""A world to attack."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.attacks import document
from support.databases import made
from support.edits import World

from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database, open_database


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the document, closed: a copy is there sooner than another one is made."""
    path = tmp_path_factory.mktemp("prepared") / "prepared.db"
    database = made(path)
    load_document(database, document())
    database.close()
    return path


@pytest.fixture
def world(prepared: Path, tmp_path: Path) -> Iterator[World]:
    database = open_database(str(shutil.copy(prepared, tmp_path / "ringfence.db")))
    yield World(database)
    database.close()


@pytest.fixture
def on_both(database: Database) -> World:
    return World(database, document())
