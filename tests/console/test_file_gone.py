"""The file under an open console is removed, replaced or cut off: it is said, it stays so, and nothing is written."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from support.console import console_on, opened

from ringfence.domain.errors import DatabaseGone
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer


def _removed(path: Path) -> None:
    path.unlink()


def _replaced(path: Path) -> None:
    other = path.with_name("other.db")
    shutil.copyfile(path, other)
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    other.replace(path)


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _emptied(path: Path) -> None:
    os.truncate(path, 0)


WAYS: dict[str, tuple[Callable[[Path], None], str]] = {
    "removed": (_removed, "was removed or cannot be reached any more: put it back, then open it again"),
    "replaced": (_replaced, "was replaced by another file: open that one again"),
    "cut off": (_cut, "has become shorter: restore a backup if it was cut off, then open it again"),
    "emptied": (_emptied, "has become shorter: restore a backup if it was cut off, then open it again"),
}


@pytest.mark.parametrize("way", WAYS)
async def test_the_console_says_so_and_stops(way: str, demo: Database, tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    spoil, said = WAYS[way]
    kept = path.read_bytes()
    async with opened(console_on(demo)) as console:
        spoil(path)
        left = path.read_bytes() if path.exists() else None
        console.app.look_for_changes()
        await console.settle()
        assert console.toasts == [f"{path} {said}"]
        await console.press("2", "slash", "a", "escape", "1", "n", "X", "ctrl+s", "escape", "u")
        assert all(toast.endswith(f"{path} {said}") for toast in console.toasts)
        assert said.split()[-1] in " ".join(console.text.split())
        assert (path.read_bytes() if path.exists() else None) == left
        # Whatever comes in its place now is another file, or was another meanwhile.
        path.write_bytes(kept)
        console.app.look_for_changes()
        await console.settle()
        await console.press("escape", "escape", "2", "ctrl+r")
        assert all(toast.endswith(f"{path} {said}") for toast in console.toasts)
        assert path.read_bytes() == kept


@pytest.mark.parametrize("way", WAYS)
def test_every_transaction_says_so(way: str, demo: Database, tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    viewer = Viewer.sign_in(demo, "olga")
    WAYS[way][0](path)
    for transaction in (demo.reading, demo.writing, demo.writing_at_once, demo.asking, demo.rehearsing):
        with pytest.raises(DatabaseGone, match=WAYS[way][1]), transaction():
            pass
    with pytest.raises(DatabaseGone), viewer.look("device.list"):
        pass
    assert not (path.exists() and way == "removed")


def test_what_was_replaced_while_one_waited_is_not_written(demo: Database, tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    other = path.with_name("other.db")
    shutil.copyfile(path, other)
    with closing(sqlite3.connect(path, isolation_level=None)) as holding:
        holding.execute("BEGIN IMMEDIATE")
        attempts = []

        def wait(seconds: float) -> None:
            attempts.append(seconds)
            if len(attempts) == 3:
                other.replace(path)
                holding.execute("ROLLBACK")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("time.sleep", wait)
            with pytest.raises(DatabaseGone, match="was replaced"), demo.writing():
                pass
    assert len(attempts) >= 3
