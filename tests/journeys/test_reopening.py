"""Leaving the console and finding it where it was: by keyboard, and by ids that are asked for like any others."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from support.console import NOON, Console, console_on, opened

from ringfence.console.app import RingfenceApp
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.record_list import RecordList
from ringfence.preferences import layout
from ringfence.preferences.layout import Memory
from ringfence.services.editing import Edit
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

MAASVLAKTE = "Northwind Logistics › Rotterdam › Maasvlakte II"


def ids(demo: Database) -> dict[str, int]:
    """The customers' ids by their names."""
    with demo.reading() as connection:
        return {name: own for own, name in connection.execute(text("SELECT id, name FROM customer"))}


def again(demo: Database, login: str | None = "h.devries", **options: Any) -> RingfenceApp:
    """The console on a database of one's own, which remembers."""
    return console_on(demo, login, demo=False, **{"memory": Memory(), **options})


def kept() -> list[Path]:
    return sorted(layout.folder().glob("*")) if layout.folder().is_dir() else []


def row(console: Console) -> tuple[str, int]:
    """The list that has the focus, and the record under its cursor."""
    records = console.app.focused
    assert isinstance(records, RecordList)
    return records.kind, records.row.id


async def leave(console: Console) -> None:
    await console.press("ctrl+q")
    assert not console.app.is_running


async def to_maasvlakte(console: Console) -> None:
    """Goes to a customer that lies deep in the tree."""
    await console.press("slash")
    await console.type("maasvlakte")
    await console.press("enter", "escape")
    assert MAASVLAKTE in console.lines[2]


async def test_everything_is_found_as_it_was_left(demo: Database) -> None:
    async with opened(again(demo)) as console:
        await console.press("2", "U", "U", "end", "up")
        devices = row(console)
        listing = console.app.screen.query_one(RecordList).listing
        await console.press("1")
        await to_maasvlakte(console)
        await console.press("less_than_sign", "less_than_sign")
        wide = console.lines[3].index("╮╭")
        await console.press("enter", *["right_square_bracket"] * 3, "down")
        inside = row(console)
        tab = console.app.get_screen("customers", CustomersScreen).detail.tab
        await console.press("2")
        await leave(console)

    async with opened(again(demo)) as console:
        assert console.area == "devices"
        assert row(console) == devices
        assert console.app.screen.query_one(RecordList).listing == listing
        assert console.toasts == []
        await console.press("1")
        screen = console.app.screen
        assert isinstance(screen, CustomersScreen)
        assert MAASVLAKTE in console.lines[2]
        assert screen.detail.tab == tab
        assert screen.detail.has_focus_within
        assert console.lines[3].index("╮╭") == wide < 40
        assert row(console) == inside
        await leave(console)

    async with opened(again(demo)) as console:
        assert console.area == "customers", "as it was left the last time"
        await console.press("2")
        assert row(console) == devices, "of what was not looked at in between as well"
        await console.press("1", "z")
        assert "╮╭" not in console.lines[3]
        await leave(console)

    async with opened(again(demo)) as console:
        assert "╮╭" not in console.lines[3], "the pane that was shown alone is alone again"
        assert row(console) == inside
        await console.press("z")
        assert console.lines[3].index("╮╭") == wide


async def test_over_ssh_it_is_kept_in_the_database_for_each_user(demo: Database) -> None:
    def over_ssh(login: str, **options: Any) -> RingfenceApp:
        app = again(demo, login, **options)
        app.confined = True
        return app

    async with opened(over_ssh("h.devries")) as console:
        await console.press("2", "end")
        device = row(console)
        await leave(console)
    async with opened(over_ssh("olga")) as console:
        assert console.area == "customers"
    async with opened(over_ssh("h.devries")) as console:
        assert console.area == "devices"
        assert row(console) == device
    async with opened(over_ssh("h.devries", memory=Memory(fresh=True))) as console:
        assert console.area == "customers"
    assert kept() == [], "the account has no file of it"


async def test_anew_where_that_is_asked_for_and_in_the_demo_always(demo: Database) -> None:
    async with opened(again(demo)) as console:
        first = console.text
        await console.press("3")
        await leave(console)
    async with opened(again(demo, memory=Memory(fresh=True))) as console:
        assert console.text == first
        await console.press("8")
        await leave(console)
    async with opened(again(demo)) as console:
        assert console.area == "audit", "leaving is noted all the same"
    before = [path.read_bytes() for path in kept()]
    async with opened(console_on(demo)) as console:
        assert console.area == "customers"
        await console.press("2")
        await leave(console)
    assert [path.read_bytes() for path in kept()] == before


async def test_each_login_has_a_place_of_its_own_and_files_tell_no_names(demo: Database) -> None:
    async with opened(again(demo)) as console:
        await to_maasvlakte(console)
        await leave(console)
    async with opened(again(demo, "olga")) as console:
        assert "Maasvlakte" not in console.lines[2]
        await console.press("2")
        await leave(console)
    async with opened(again(demo)) as console:
        assert console.area == "customers"
        assert MAASVLAKTE in console.lines[2]
        await leave(console)
    assert len(kept()) == 2
    for path in kept():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        said = (path.name + path.read_text()).lower()
        assert not any(name in said for name in ("olga", "devries", "maasvlakte", "northwind", "demo.db"))
    assert stat.S_IMODE(layout.folder().stat().st_mode) == 0o700


async def test_what_may_not_be_seen_any_more_is_nowhere(demo: Database) -> None:
    """Neither in what is drawn nor in what is said: as if it had been deleted."""
    async with opened(again(demo, "olga")) as console:
        await to_maasvlakte(console)
        await console.press("2")
        records = console.app.screen.query_one(RecordList)
        while "Maasvlakte" not in records.copy_text():
            await console.press("down")
        await leave(console)
    own, internal = (ids(demo)[name] for name in ("Maasvlakte II", "Internal test sites"))
    hanna = Workspace(demo, at=NOON).sign_in("h.devries")
    before = hanna.open_record("customer", own)
    hanna.save([Edit("customer", own, before.state, replace(before.state, parent=internal), before.revision)])

    hidden: list[list[str]] = []
    async with opened(again(demo, "olga")) as console:
        hidden.append(console.lines)
        await console.press("1")
        hidden.append(console.lines)
        assert console.toasts == []
    (path,) = kept()
    found = json.loads(path.read_text())
    found["spots"]["customers"]["records"]["customers"] = found["spots"]["devices"]["records"]["devices"] = 2**62
    path.write_text(json.dumps(found))
    async with opened(again(demo, "olga")) as console:
        assert console.lines == hidden[0], "what is hidden is answered as what never was"
        await console.press("1")
        assert console.lines == hidden[1]
    assert "Maasvlakte" not in str(hidden)


async def test_through_other_eyes_nothing_is_noted(demo: Database) -> None:
    async with opened(again(demo)) as console:
        await console.press("3")
        await console.switch("olga")
        await console.press("1", "down", "down")
        await leave(console)
    async with opened(again(demo)) as console:
        assert console.area == "users"
        await console.press("2", "end")
        last = row(console)
        await console.press("1")
        await leave(console)
    async with opened(again(demo)) as console:
        await console.switch("olga")
        await console.press("2")
        assert row(console) != last
        await console.press("f2")
        assert row(console) == last, "and is found again in one's own view"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 60000,
        b'{"version": 2, "area": "devices", "spots": {}}',
        b'{"version": 1, "area": "../devices", "spots": {}}',
        b'{"version": 1, "area": "devices"}',
        b'{"version": 1, "area": "devices", "spots": {"devices": {"records": {"devices": 1}}}}',
        b"9" * 70000,
    ],
    ids=lambda data: data[:20].decode(errors="replace"),
)
@pytest.mark.once(4)
async def test_a_broken_place_is_none(demo: Database, data: bytes) -> None:
    async with opened(again(demo)) as console:
        await console.press("2")
        await leave(console)
    (path,) = kept()
    path.write_bytes(data)
    async with opened(again(demo)) as console:
        assert console.area == "customers"
        assert console.toasts == []
        await console.press("3")
        await leave(console)
    assert json.loads(path.read_text())["area"] == "users"


async def test_a_place_that_was_never_there_is_gone_to_as_far_as_it_is(demo: Database) -> None:
    async with opened(again(demo)) as console:
        await console.press("2")
        await leave(console)
    (path,) = kept()
    found = json.loads(path.read_text())
    spot = found["spots"]["customers"]
    spot |= {"tab": "no-such-tab", "open": [2**62, 1], "inside": True, "pane": 999, "records": {"customers": 2**62}}
    found["spots"]["devices"] |= {"records": {"devices": 2**62}, "sorts": {"devices": ["secret", True]}}
    found["spots"]["none-such"] = spot
    path.write_text(json.dumps(found))
    async with opened(again(demo)) as console:
        assert console.area == "devices"
        assert console.app.screen.query_one(RecordList).total == 498
        assert console.toasts == []
        await console.press("1")
        assert "46 in all" in console.text
        assert "Devices" in console.text


async def test_an_area_that_there_is_not_any_more(demo: Database) -> None:
    async with opened(again(demo)) as console:
        await leave(console)
    (path,) = kept()
    path.write_text(json.dumps(json.loads(path.read_text()) | {"area": "weather"}))
    async with opened(again(demo)) as console:
        assert console.area == "customers"


async def test_a_folder_that_cannot_be_written_is_no_matter(demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", os.devnull)
    async with opened(again(demo)) as console:
        await console.press("2")
        await leave(console)
    async with opened(again(demo)) as console:
        assert console.area == "customers"


def test_the_identity_of_a_database_is_its_own(demo: Database) -> None:
    assert Workspace(demo, at=NOON).identity.endswith("/demo.db")
