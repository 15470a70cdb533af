"""A list made one's own, by keyboard: its columns, their order, what it is sorted by; and found so the next time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.console import Console, console_on, opened

from ringfence.console.app import RingfenceApp
from ringfence.preferences import layout
from ringfence.preferences.layout import Memory
from ringfence.storage.engine import Database


def again(demo: Database, login: str = "h.devries", **options: Any) -> RingfenceApp:
    """The console on a database of one's own, which remembers."""
    return console_on(demo, login, demo=False, **{"memory": Memory(), **options})


def heading(console: Console) -> list[str]:
    """The words of the line of headings."""
    return next(line for line in console.lines if " Name" in line).strip("│ ").split("│")[-1].split()


def rows(console: Console) -> list[str]:
    """The rows of a list that fills the screen."""
    return [line[4:-2].strip() for line in console.lines[5:-2]]


def file_of_layout() -> Path:
    """The one file that the console was remembered in."""
    (path,) = layout.folder().glob("*.json")
    return path


async def test_columns_are_chosen_ordered_and_found_again(demo: Database) -> None:
    async with opened(again(demo), (80, 24)) as console:
        await console.press("2")
        assert heading(console) == ["Name", "▲", "Unit", "id", "Kind", "Site", "Customer"]
        await console.press("C", "down", "down", "space", "end", *["less_than_sign"] * 4, "escape")
        assert heading(console) == ["Customer", "Name", "▲", "Unit", "id", "Site"]
        assert "access controller" not in console.text
        await console.press("U", "U")
        assert heading(console) == ["Customer", "Name", "Unit", "id", "▼", "Site"]
        await console.press("1", "enter", "C", "down", "space", "escape")
        assert heading(console)[-1] == "Kind"
        assert "Unit" not in heading(console)
        await console.press("3", "C", "end", "space", "escape")
        assert "State" not in heading(console)
        await console.press("ctrl+q")

    async with opened(again(demo), (80, 24)) as console:
        assert "State" not in heading(console)
        await console.press("2")
        assert heading(console) == ["Customer", "Name", "Unit", "id", "▼", "Site"], "each list has its own"
        await console.press("1")
        assert "Unit" not in heading(console)
        await console.press("2", "C", "r", "escape")
        assert heading(console) == ["Name", "Unit", "id", "▼", "Kind", "Site", "Customer"]
        await console.press("ctrl+q")

    async with opened(again(demo), (80, 24)) as console:
        await console.press("2")
        assert heading(console) == ["Name", "Unit", "id", "▼", "Kind", "Site", "Customer"], "as they are declared"
    async with opened(again(demo, "olga"), (80, 24)) as console:
        await console.press("3")
        assert "State" in heading(console), "another login has its own"


async def test_a_list_is_sorted_by_any_of_its_columns(demo: Database) -> None:
    """Which customers have cameras, and where: by the menu, by the letter of a heading, and both ways."""
    async with opened(again(demo), (120, 40)) as console:
        await console.press("2", "slash")
        await console.type("camera")
        await console.press("enter", "C", "end", "enter", "escape")
        assert heading(console)[-2:] == ["Customer", "▲"]
        assert rows(console)[0].endswith("Antwerp")
        found = [row.split("  ")[-1].strip() for row in rows(console)]
        assert found == sorted(found, key=str.casefold)
        await console.press("C", "s", "escape")
        assert heading(console)[-2:] == ["Customer", "▼"]
        assert not rows(console)[0].endswith("Antwerp")
        await console.press("S")
        assert "Site ▲" in console.text
        assert "site ▲ ─╯" in console.text
        await console.press("ctrl+q")
    async with opened(again(demo), (120, 40)) as console:
        assert "Site ▲" in console.text, "and found so"


async def test_what_another_version_remembered_is_found(demo: Database) -> None:
    async with opened(again(demo), (80, 24)) as console:
        await console.press("2", "U", "C", "down", "down", "space", "escape", "ctrl+q")
    path = file_of_layout()
    kept = json.loads(path.read_bytes())
    for spot in kept["spots"].values():
        del spot["columns"]
    path.write_text(json.dumps(kept))
    async with opened(again(demo), (80, 24)) as console:
        assert console.area == "devices"
        assert heading(console) == ["Name", "Unit", "id", "▲", "Kind", "Site", "Customer"]
        await console.press("ctrl+q")

    kept = json.loads(path.read_bytes())
    kept["spots"]["devices"]["columns"]["devices"] = [["colour", True], ["site", True], ["name", False]]
    path.write_text(json.dumps(kept))
    async with opened(again(demo), (80, 24)) as console:
        found = next(line for line in console.lines if "Unit id ▲" in line).split()
        assert found[1:] == ["Site", "Unit", "id", "▲", "Kind", "Customer", "│"], "a column that there is not is none"
