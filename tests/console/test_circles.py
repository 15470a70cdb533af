"""The console's modules import one another one way: so each can be read, and changed, by itself."""

from __future__ import annotations

from pathlib import Path
from pkgutil import resolve_name

import pytest
from support.circles import circles, imports, one_way_round
from textual.screen import Screen

from ringfence.console.rooms import ROOMS

pytestmark = pytest.mark.always

LARGEST = 2
"""How many modules may be in a circle. Imports within functions and for types alone are counted."""


def test_no_circle_is_large() -> None:
    edges = imports("ringfence.console")
    assert len(edges) > 80
    found = [circle for circle in circles(edges) if len(circle) > LARGEST]
    assert not found, [" > ".join(one_way_round(edges, circle)) for circle in found]


def test_every_way_to_import_is_seen(tmp_path: Path) -> None:
    house = tmp_path / "house"
    house.mkdir()
    texts = {
        "__init__": "",
        "top": "from house.lazy import x",
        "lazy": "def f():\n    import house.typed",
        "typed": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house import named",
        "named": "ROOMS = {'top': 'house.top:Top'}",
        "apart": "from house.top import x",
    }
    for name, text in texts.items():
        (house / f"{name}.py").write_text(text)
    edges = imports("house", tmp_path)
    assert circles(edges) == [["house.lazy", "house.named", "house.top", "house.typed"]]
    assert set(one_way_round(edges, circles(edges)[0])) == set(circles(edges)[0])


def test_every_room_is_there() -> None:
    for name, room in ROOMS.items():
        assert issubclass(resolve_name(room), Screen), name
