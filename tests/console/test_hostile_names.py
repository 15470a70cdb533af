"""Names that look like markup or would steer a terminal are drawn literally, wherever a name can get to."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from support.console import Console, console_on, opened
from support.databases import empty, made

from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.text import fit, literal, width_of
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database

NAMES = {
    "style": "[red]x[/] [$primary]$x ${x} {x} %s %(x)s [link=https://a.example]x[/link]",
    "closing": "Acme [/bold] Ltd",
    "click": "[@click=app.quit]x[/]",
    "controls": "abc\u202egnp.exe \u2067def\u2069 \u200fghi\u200bjkl\u2060",
    "emoji": "👩\u200d👩\u200d👧\u200d👦 🇳🇱 ❤️ 1️⃣ 🏴\U000e0067\U000e007f",
    "combining": "\u0301abc e\u0301\u0323 a\u0300\u0301\u0302\u0303",
    "quotes": "\"'`´ \\ \\n \\x1b[31m \\[ ] \u3000\u00a0b",
    "300": "Number " + "0123456789" * 30,
    "wide-300": "京" + "青" * 299,
}
FORBIDDEN = {"Cc", "Cs"}
SIZE = (200, 40)


def document(name: str) -> dict[str, Any]:
    """Two levels of customers with everything in them, all of the same name."""
    own: dict[str, Any] = {"tenant": "t", "name": name}
    where: dict[str, Any] = {"tenant": "t", "home": None, "customer_groups": ["f"], "sites": []}
    member = [{"group": "g", "valid_from": None, "valid_until": None}]
    users = [
        {**where, "key": "sees", "login": f"1 {name}"[:200], "security_groups": member, "active": True},
        {**where, "key": "blind", "login": f"2 {name}"[:200], "security_groups": [], "active": True},
        {**where, "key": "gone", "login": f"3 {name}"[:200], "security_groups": member, "active": False},
    ]
    return {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": name}],
        "customers": [
            {**own, "key": "c", "parent": None, "email": name[:150], "phone": "1", "address": f"{name}\nfirst\nlast"},
            {**own, "key": "d", "parent": "c"},
        ],
        "sites": [{**own, "key": "s", "customer": "c"}],
        "edges": [{**own, "key": "e", "customer": "c"}],
        "alarm_rules": [{**own, "key": "r", "customer": "c", "missing": "1h"}],
        "test_modes": [{**own, "key": "m", "customer": "c", "until": "2099-01-01T00:00:00Z"}],
        "alarms": [{**own, "key": "a", "customer": "c"}],
        "devices": [
            {**own, "key": "v", "customer": "c", "site": "s", "unit_id": name[:150], "kind": name[:150]},
        ],
        "roles": [{**own, "key": "r", "owner": None, "access_level": "service_provider", "permissions": "all"}],
        "security_groups": [{**own, "key": "g", "owner": None, "role": "r", "scope": "all", "customers": []}],
        "customer_groups": [
            {**own, "key": "f", "owner": None, "active": True, "customers": [{"customer": None, "nested": True}]}
        ],
        "users": [{**user, "name": name, "email": "a@b.example"} for user in users],
    }


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = made(tmp_path / "hostile.db")
    yield database
    database.close()


class Reader:
    """Reads what is drawn, and is sure each time that a terminal would only draw it."""

    def __init__(self, console: Console, name: str) -> None:
        self.console = console
        self.name = name
        self.head = fit(name, 12).rstrip(" …").lstrip("◌")
        """What is drawn of the name even where there is little room."""

    def times(self, first: int = 0, last: int | None = None) -> int:
        """How often the name stands in these lines of the screen."""
        lines = self.console.lines
        for line in lines:
            assert cell_len(line) == SIZE[0], line
            assert not [c for c in line if unicodedata.category(c) in FORBIDDEN], ascii(line)
            assert not set(line) & set("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069")
        for strip in self.console.app.screen._compositor.render_strips():
            for segment in strip:
                if segment.style is not None:
                    assert "@click" not in segment.style.meta
                    assert segment.style.link is None
        return sum(line.count(self.head) for line in lines[first:last])

    async def press(self, *keys: str) -> None:
        await self.console.press(*keys)
        self.times()
        assert self.console.app.is_running


async def test_names_are_drawn_literally_everywhere(database: Database) -> None:
    """One name after the other, in one console: every record there is has it."""
    first, *others = NAMES.values()
    load_document(database, document(first))
    async with opened(console_on(database, f"1 {first}"[:200]), SIZE) as console:
        await _look_everywhere(console, first)
        for name in others:
            empty(database)
            load_document(database, document(name))
            console.app.sign_in(f"1 {name}"[:200])
            await console.settle()
            console.forget_toasts()
            screen = console.app.screen
            assert isinstance(screen, CustomersScreen)
            while screen.detail.tab != "devices":
                await console.press("left_square_bracket")
            screen.forest.focus()
            await console.hurry("home", "down", "left", "home")
            await _look_everywhere(console, name)


async def _look_everywhere(console: Console, name: str) -> None:
    read = Reader(console, name)
    room = SIZE[0] // width_of(name)
    assert read.times(0, 1) == (4 if room > 4 else 2), "place, login; role and customer group if they fit"
    assert read.times(2, 3) == 1, "breadcrumbs"
    await read.press("down", "right", "down")
    assert read.times(2, 3) == max(1, min(3, room))
    assert read.times(3, 4) == 1, "the title of the pane"
    await read.press("up", "enter", "space")
    assert read.times(7, 9) >= 4, "a device"
    await read.press("y")
    assert console.app.clipboard.split("\t")[0] == literal(name)
    await read.press("right_square_bracket", "right_square_bracket")
    for what in ("an alarm", "a site", "a rule", "a test mode", "an edge"):
        assert read.times(7, 9) >= 2, what
        await read.press("right_square_bracket")
    assert "When ▼" in console.lines[6], "events, of which there are none"
    await read.press("right_square_bracket")
    assert read.times(6, 12) >= 2, "who: a user and their group"
    await read.press("right_square_bracket")
    assert read.times(6, 12) >= 3, "name, e-mail, address"
    assert "first, last" in console.text or len(name) > 60
    await read.press("2")
    assert read.times(5, 6) == 5
    await read.press("3")
    assert read.times(4, 9) >= 9
    await read.press("0", "tab")
    assert read.times(3, 39) >= 3, "the customer, the edge, the test mode"
    await read.press("1", "slash")
    await console.type(literal(name)[:4])
    read.times()
    await read.press("escape", "question_mark", "escape", "ctrl+p", "escape")

    await read.press("f2")
    assert read.times(9, 40) >= 6, "the list of users"
    await read.press("down", "enter")
    assert f"{literal(name)} sees 0 of 2 customers" in console.toasts[0]
    console.forget_toasts()
    await console.settle()
    assert read.times(4, 40) == 1, "who sees nothing"
    screen = console.app.screen
    assert isinstance(screen, CustomersScreen)
    assert screen.forest.says.startswith(f"{name} sees nothing: ")
    await read.press("f2", "down", "down", "enter")
    assert "is inactive" in console.toasts[0]
    assert console.toasts[0].startswith(literal(f"3 {name}"[:200])[:150])
    await read.press("f3", "enter")
    assert read.times(2, 7) >= 5, "breadcrumbs, heads and tree"
    await read.press("tab", "d", "R", "escape", "escape")
    assert console.app.is_running
