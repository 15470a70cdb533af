"""What the console has imported by its first frame, and by the first data: what neither needs comes later."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import pytest
from support.terminal import Terminal
from textual import types

from ringfence.cli import start

pytestmark = pytest.mark.always

PROGRAM = """
import gc, os, sys
from contextlib import contextmanager
from pathlib import Path
from ringfence.__main__ import main
from ringfence.cli import start

spared, left = start._spared, {"frame": "ringfence", "data": "Brandsma"}

@contextmanager
def then_watched():
    with spared():
        yield
    from ringfence.console.frames import Frames

    draw = Frames.draw

    def drawn(self, *given):
        said = draw(self, *given)
        for stage, text in list(left.items()):
            if text in said:
                del left[stage]
                looking = ["looking for garbage"] if gc.isenabled() else []
                Path(os.environ["NOTED"], stage).write_text(chr(10).join([*sys.modules, *looking]))
        return said

    Frames.draw = drawn

start._spared = then_watched
main()
"""

NOT_BY_THE_FRAME = {
    *("sqlalchemy", "sqlite3", "ringfence.services", "ringfence.visibility", "ringfence.domain.kind"),
    *("ringfence.cli.plain", "ringfence.cli.reading", "ringfence.preferences.layout"),
    *("ssl", "json", "email", "importlib.metadata", "textual.types", "textual.widgets._select"),
    *("textual.command", "textual.widgets._option_list", "rich.table", "tomllib"),
    *("ringfence.console.widgets.record_table", "ringfence.console.widgets.ranges", "textual.widgets._input"),
}
NOT_BY_THE_DATA = {
    *("sqlalchemy.orm", "sqlalchemy.dialects.postgresql", "alembic", "pydantic", "typer", "click", "psycopg", "ssl"),
    *("ringfence.changes.applying", "ringfence.services.editing", "ringfence.services.choices"),
    *("ringfence.services.explained", "ringfence.console.screens.access_lists", "ringfence.domain.condition"),
    *("ringfence.console.screens.dialog", "ringfence.console.screens.help", "ringfence.console.screens.palette"),
    *("ringfence.console.screens.records", "ringfence.console.keymap"),
    *("email.message", "zipfile", "sqlalchemy.connectors.asyncio"),
}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The modules that there were by each of the two."""
    noted = tmp_path_factory.mktemp("noted")
    own: dict[str, Any] = {name: str(noted / "own") for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")}
    terminal = Terminal(["demo"], ("-c", PROGRAM), NOTED=str(noted), **own)
    try:
        terminal.shows("Brandsma")
    finally:
        terminal.close()
    return {stage: set((noted / stage).read_text().splitlines()) for stage in ("frame", "data")}


def test_the_first_frame_waits_for_nothing_of_the_database(imported: dict[str, set[str]]) -> None:
    assert "textual" in imported["frame"]
    assert imported["frame"] & NOT_BY_THE_FRAME == set()


def test_the_first_data_wait_for_nothing_of_what_comes_after_them(imported: dict[str, set[str]]) -> None:
    assert "sqlalchemy" in imported["data"]
    assert imported["data"] & NOT_BY_THE_DATA == set()


def test_nobody_looks_for_garbage_until_the_first_data_are_there(imported: dict[str, set[str]]) -> None:
    for stage in ("frame", "data"):
        assert "looking for garbage" not in imported[stage]


def test_what_is_imported_for_nothing_is_there_for_whoever_needs_more_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ssl", raising=False)
    monkeypatch.delitem(sys.modules, types.__name__)
    with start._spared():
        with pytest.raises(ImportError):
            import_module("ssl")
        stand_in = import_module(types.__name__)
        assert stand_in is not types
        assert "DirEntry" not in vars(stand_in)
        assert stand_in.DirEntry.__name__ == "DirEntry"
        assert sys.modules[types.__name__] is not stand_in
    assert import_module("ssl").__name__ == "ssl"
    with start._spared():
        assert "ssl" in sys.modules
        assert sys.modules["ssl"] is not None
