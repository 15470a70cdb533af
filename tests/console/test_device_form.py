"""Devices: the form of one, whose it is and where it stands, and many of them at once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from support.console import NOON, Console, console_on, opened, press, send, settle, still

from ringfence.console.screens.bulk_edit import BulkEditScreen
from ringfence.console.screens.choose_one import ChooseOne
from ringfence.console.screens.plain_form import PlainForm
from ringfence.console.screens.record_list import RecordList
from ringfence.console.screens.working import Working
from ringfence.domain.device import DeviceState
from ringfence.services import listing
from ringfence.services.edited import Opened
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.services.rows import Record
from ringfence.services.workspace import Session, Workspace
from ringfence.storage.engine import Database

SERVER = "U-00710"
"""The access server of the clinical laboratory, on its floor: the first of all devices but one."""


def device(demo: Database, search: str) -> Opened:
    """The first device that a search finds, as it is now."""
    workspace = Workspace(demo, at=NOON)
    session = workspace.sign_in("h.devries")
    return session.open_record("device", next(iter(rows(demo, search))).id)


def rows(demo: Database, search: str) -> list[Record]:
    return list(listing.export(Workspace(demo, at=NOON).sign_in("h.devries").viewer, Listing("devices", search)))


async def go_to(console: Console, text: str) -> None:
    """The list of all devices that hold a text."""
    await console.press("2", "slash")
    await console.type(text)
    await console.press("enter")


async def test_a_device_is_made_at_a_customer_on_one_of_its_sites(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("2", "n")
        assert isinstance(console.app.screen, PlainForm)
        assert "Harbor Monitoring" in console.text
        await console.type("Gate camera 9")
        await console.press("down")
        await console.type("camera")
        await console.press("down")
        await console.type(SERVER)
        assert f"! another device has the unit id '{SERVER}'" in console.text
        await console.type("-X ")
        await console.press("down", "enter")
        await console.type("rotterdam")
        await console.press("enter", "down", "enter")
        assert isinstance(console.app.screen, ChooseOne)
        assert "Maasvlakte" not in "".join(line[20:60] for line in console.lines[12:20]), "a site of a nested customer"
        await console.type("boom")
        await console.press("enter")
        assert "Boompjes office" in console.text
        await console.press("down")
        await console.type("Above the gate")
        await console.press("ctrl+s")
        assert console.area == "devices", console.text
    (made,) = rows(demo, '"Gate camera 9"')
    shown = [made.shown(name) for name in ("unit_id", "kind", "site")]
    assert [*shown, made.owner] == ["U-00710-X", "camera", "Boompjes office", "Rotterdam"]
    assert device(demo, '"Gate camera 9"').state.notes == "Above the gate"


async def test_one_is_opened_and_taken_off_its_site(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await go_to(console, SERVER)
        await console.press("e", *["down"] * 4)
        assert "Laboratory floor" in console.text
        await console.press("enter", "up", "enter")
        await console.press("ctrl+s")
        assert console.area == "devices", console.text
        assert device(demo, SERVER).state.site is None
        await console.press("u", "u")
    assert device(demo, SERVER).state.site is not None


async def test_another_customer_takes_it_over_and_the_preview_says_what_becomes_of_its_site(demo: Database) -> None:
    async with opened(console_on(demo), (100, 40)) as console:
        await go_to(console, SERVER)
        await console.press("e", "down", "down", "down", "enter")
        await console.type("brandsma")
        await console.press("enter")
        assert "the one of the same name there, or none" in console.text
        assert "leaves its site" in console.text
        assert "m.claes" in console.text
        await console.press("ctrl+s")
        assert console.area == "devices", console.text
    (row,) = rows(demo, SERVER)
    assert (row.owner, row.shown("site")) == ("Brandsma & Zonen Juweliers", "")


async def test_who_may_edit_but_not_assign_keeps_it_where_it_is(demo: Database) -> None:
    async with opened(console_on(demo, "m.claes")) as console:
        await go_to(console, SERVER)
        assert console.lines[0].rstrip().endswith("RW")
        await console.press("a")
        assert console.toasts == ["assign: you may not assign devices (device.assign): w says why"]
        await console.press("e", *["down"] * 3)
        assert "⏎ move" not in console.text
        assert "⏎ choose" in console.text


async def test_marked_devices_are_given_the_same(demo: Database) -> None:
    was = {row.id: row for row in rows(demo, "Cold room")}
    async with opened(console_on(demo)) as console:
        await go_to(console, "Cold room")
        await console.press("space", "space", "space", "b")
        screen = console.app.screen
        assert isinstance(screen, BulkEditScreen)
        assert "Devices › 3 devices" in console.text
        assert console.text.count("(leave as it is)") == 2
        await console.press("down", "down")
        await console.type("Check the seal")
        await console.press("up", "up")
        await console.type("x")
        await console.press("backspace")
        assert "(none: what is there is taken away)" in console.text
        await console.press("ctrl+l")
        assert console.text.count("(leave as it is)") == 1
        assert "3 of 3 devices change." in console.text
        await console.press("ctrl+s")
        assert console.area == "devices", console.text
        assert not console.app.screen.query_one(RecordList).marks
    workspace = Workspace(demo, at=NOON)
    now = workspace.sign_in("h.devries").open_records("device", list(was))
    assert sum(one.state.notes == "Check the seal" for one in now) == 3
    assert all(one.state.kind == was[one.id].shown("kind") for one in now)


async def test_very_many_are_watched_while_they_are_saved(demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("bulk_edit", "confirm"):
        monkeypatch.setattr(f"ringfence.console.screens.{module}.MANY", 2)
    watched: list[str] = []
    monkeypatch.setattr(Working, "on_mount", _told(watched, Working.on_mount))
    before = len(rows(demo, "Cold room"))
    async with opened(console_on(demo)) as console:
        await go_to(console, "Cold room")
        await console.press("v", "end", "v", "b")
        await console.type("probe")
        await console.press("ctrl+s")
        assert console.area == "devices", console.text
        assert {row.shown("kind") for row in rows(demo, "Cold room")} == {"probe"}
        await console.press("home", "space", "space", "space", "D", "d")
        assert len(rows(demo, "Cold room")) == before - 3
        await console.press("u", "u")
        assert len(rows(demo, "Cold room")) == before
    assert watched == [f"Saving {before} devices", "Delete 3 devices"], "the question opens at once"


def _told(watched: list[str], real: Any) -> Any:
    def on_mount(screen: Any) -> None:
        watched.append(screen._title_text)
        real(screen)

    return on_mount


async def test_long_work_is_cancelled_and_what_was_typed_is_kept(
    demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(self: object, edits: object, progress: Any) -> None:
        while True:
            progress("Writing", 1, 3)
            time.sleep(0.01)

    monkeypatch.setattr("ringfence.console.screens.bulk_edit.MANY", 2)
    monkeypatch.setattr(Session, "save", endless)
    async with opened(console_on(demo)) as console:
        await go_to(console, "Cold room")
        await console.press("space", "space", "b")
        await console.type("probe")
        send(console.app, "ctrl+s")
        while "33 %" not in console.text:
            await asyncio.sleep(0.02)
        assert "Saving 2 devices" in console.text
        send(console.app, "escape")
        await console.settle()
        assert console.toasts == ["cancelled: nothing was changed"]
        assert isinstance(console.app.screen, BulkEditScreen)
        assert "probe" in console.text


async def test_one_that_somebody_changed_meanwhile_is_read_anew(demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    hanna = workspace.sign_in("h.devries")
    async with opened(console_on(demo)) as console:
        await go_to(console, "Cold room 1 camera")
        await console.press("space", "space", "b")
        await console.type("probe")
        there = device(demo, "Cold room 1 camera")
        named = replace(there.state, name="Cold room 1 camera, left")
        hanna.save([Edit("device", there.id, there.state, named, there.revision)])
        await console.press("ctrl+s")
        assert "one of them was changed meanwhile" in console.text
        await console.press("ctrl+s")
        assert console.area == "devices", console.text
    now = device(demo, "Cold room 1 camera, left").state
    assert isinstance(now, DeviceState)
    assert (now.name, now.kind) == ("Cold room 1 camera, left", "probe")


@pytest.mark.parametrize("keys", [("e",), ("space", "space", "b")], ids=["edit", "bulk"])
def test_how_it_looks(keys: tuple[str, ...], snap_compare: Any, demo: Database) -> None:
    async def drive(pilot: Any) -> None:
        await settle(pilot.app, pilot)
        await press(pilot, "2", "down", *keys)
        still(pilot.app)
        await settle(pilot.app, pilot)

    assert snap_compare(console_on(demo), terminal_size=(80, 24), run_before=drive)
