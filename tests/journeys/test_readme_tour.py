"""The tour of README.md, run as it is written: each row's keys in their order, in one session at 80×24."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from support.console import CUSTOMER_GROUPS, Console, console_on, opened

from ringfence.storage.engine import Database

pytestmark = pytest.mark.always

README: Final = Path(__file__).parents[2] / "README.md"
KEYS: Final = {
    "↓": "down",
    "↑": "up",
    "→": "right",
    "←": "left",
    "Enter": "enter",
    "Esc": "escape",
    "Tab": "tab",
    "Space": "space",
    "Home": "home",
    "F2": "f2",
    "F3": "f3",
    "^s": "ctrl+s",
    "Ctrl+P": "ctrl+p",
}
TIMES: Final = {"twice": 2, "three times": 3, "four times": 4}
MOST: Final = 40
"""Lines that ↓ goes at most until it is where a row says."""
SHOWN: Final = (
    ("Antwerp", "Rotterdam", "Northwind Logistics"),
    ("Olga Brandt sees 40 of 46 customers, 437 of 498 devices", "Northwind Logistics"),
    ("/maas", "Maasvlakte", "─ 5 shown ─╯"),
    ("t.okafor", "Rotterdam", "sees 6 of 46 customers"),
    ("g.moreau", "Maasvlakte II", " 16 "),
    ("Paweł Nowak sees nothing", "inactive"),
    ("Edited user “Paweł Nowak”", "h.devries", "−Production only  +Old installer set"),
    ("This takes back: edit user “Paweł Nowak”", "p.nowak", "+40 customers, +437 devices", "▌    Leave it as it is"),
    ("Side by side › h.devries › olga",),
    (
        "no: closed at filter",
        "Production only does not name Internal test sites",
        "▌ Add Internal test sites to Production only",
    ),
    ("/kind:camera site:hall -test  11 of 498", "Oven hall", "Flour silo camera 1"),
    ("Audit › Tunnel smoke 50% / 100 m", "assigned device “Tunnel smoke”", "edited device “Tunnel smoke 50% / 100 m”"),
    ("/cold hall", "deleted site “Cold hall”", "undone", "created site “Cold hall”", "an undo", "15:21", "15:24"),
    ("Active alarms", "Intrusion ×3", "i mine", "nobody has it"),
    ("critical   7", "Where it burns", "In test mode", "worker     none runs"),
    ("Production only", "[ ] inactive: gives nothing", "−40 customers, −437 devices"),
    ("Field service south", "Available", "Accessible", "add"),
    ("Dekker", "Haven", "Saved."),
    ("Report", "U-00926", "U-00931"),
    ("Elin Lund", "e.lund", "Users 1"),
    ("Undone.",),
    ("Northwind Logistics › Rotterdam",),
    ("Northwind Logistics › Rotterdam",),
    ("Unit id ▲", "U-00401", "Control room"),
    ("theme daylight", "Theme: "),
    ("Keys that work here",),
)
"""What each row of the tour has on the screen at its end."""
GONE: Final = {2: "╮╭", 3: "Northwind", 6: "Filter", 20: "Elin Lund"}
"""What is not there any more, by row."""

Step = tuple[str, str]


def rows() -> list[str]:
    """The first cells of the table."""
    table = README.read_text(encoding="utf-8").split("| press | what happens |\n")[1]
    found: list[str] = []
    for line in table.splitlines()[1:]:
        if not line.startswith("|"):
            return found
        found.append(line.split("|")[1].strip())
    return found


def steps(cell: str) -> Iterator[Step]:
    """What a cell says: keys to press, lines to go down to, texts to type. Nothing in it may mean nothing."""
    pattern = re.compile(
        r"type `(?P<text>[^`]+)`|`↓` to (?P<to>[^,]+)|`(?P<key>[^`]+)`(?: (?P<times>[a-z]+ times|twice))?"
    )
    at = 0
    for match in pattern.finditer(cell):
        assert re.fullmatch(r",? ?", cell[at : match.start()]), f"what is {cell[at : match.start()]!r} in {cell!r}?"
        at = match.end()
        if match["text"]:
            yield "type", match["text"]
        elif match["to"]:
            yield "to", match["to"].strip(" “”")
        else:
            key = match["key"]
            assert key in KEYS or len(key) == 1, f"{key!r} is no key"
            yield from [("press", KEYS.get(key, key))] * TIMES.get(match["times"], 1)
    assert at == len(cell), cell


async def take(console: Console, step: Step) -> None:
    what, text = step
    if what == "press":
        await console.press(text)
    elif what == "type":
        await console.type(text)
    else:
        for _ in range(MOST):
            if any("▌" in line and text in line.partition("▌")[2] for line in console.lines):
                return
            await console.press("down")
        raise AssertionError(f"↓ never came to {text}:\n{console.text}")


async def test_every_row_of_the_tour_does_what_it_says(demo: Database) -> None:
    cells = rows()
    assert len(cells) == len(SHOWN)
    async with opened(console_on(demo), (80, 24)) as console:
        for number, cell in enumerate(cells):
            console.forget_toasts()
            for step in steps(cell):
                await take(console, step)
            seen = "\n".join((console.text, *console.toasts))
            for expected in SHOWN[number]:
                assert expected in seen, f"{cell}: {expected!r} is not there\n{seen}"
            if number in GONE:
                assert GONE[number] not in console.text, f"{cell}\n{seen}"
        await console.press("escape", "ctrl+q")
    assert console.app.return_code == 0


async def test_control_c_says_in_our_words_how_it_is_left(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        for keys in ((), ("2",), (*CUSTOMER_GROUPS, "e"), ("escape", "f2"), ("escape", *CUSTOMER_GROUPS, "a")):
            await console.press(*keys)
            console.forget_toasts()
            await console.press("ctrl+c")
            assert console.app.is_running
            said = [*console.toasts, *(line for line in console.lines[-1:] if "Ctrl+Q leaves the console" in line)]
            assert len(said) < 2, "a text that is marked is copied"
            assert all("Ctrl+Q leaves the console" in line for line in said)
            assert "[b]" not in console.text
        await console.press("escape", "1")
        for key in ("ctrl+c", "q"):
            console.forget_toasts()
            await console.press("down", key)
            assert console.lines[-1].startswith(" Ctrl+Q leaves the console  ? help")
            assert (console.area, console.toasts) == ("customers", [])
