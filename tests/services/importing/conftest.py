"""A world that takes in sheets."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.databases import made
from support.documents import AT
from support.edits import World
from support.sheets import document

from ringfence.services.workspace import Workspace
from ringfence.storage.engine import open_database


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the document in it, to be copied."""
    path = tmp_path_factory.mktemp("loaded") / "ringfence.db"
    database = made(path)
    World(database, document())
    database.close()
    return path


@pytest.fixture
def world(loaded: Path, tmp_path: Path) -> Iterator[World]:
    path = tmp_path / "ringfence.db"
    shutil.copyfile(loaded, path)
    copied = World.__new__(World)
    copied.database = open_database(str(path))
    copied.workspace = Workspace(copied.database, AT, "test")
    yield copied
    copied.database.close()
