"""Assigning devices to a customer by keyboard: marked or typed, looked at, processed or cancelled, taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any

import pytest
from support.console import NOON, Console, console_on, opened, press, send, settle, still
from textual import events
from textual.pilot import Pilot

from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.manage_devices import ManageDevicesScreen
from ringfence.console.screens.report import ReportScreen
from ringfence.console.screens.working import Working
from ringfence.console.widgets.record_table import RecordTable
from ringfence.domain.errors import RingfenceError
from ringfence.services import editing, listing
from ringfence.services.records import Listing
from ringfence.services.workspace import Session, Workspace
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

SMALL = (80, 24)
IDS = ("U-00664", "U-00710")
"""The first two of the list: of the hospital, on a site each."""


def customers_of(database: Database, *unit_ids: str) -> list[str | None]:
    viewer = Viewer.sign_in(database, "h.devries", NOON)
    found: dict[str, Any] = {one.fields()["unit_id"]: one for one in listing.export(viewer, Listing("devices"))}
    return [found[one].owner_key for one in unit_ids]


async def mark_two(console: Console, *keys: str) -> None:
    """The first two devices marked, and the screen over the list."""
    await console.press("2", "space", "space", "a", *keys)
    assert isinstance(console.app.screen, ManageDevicesScreen) or keys


async def choose(console: Console, name: str) -> None:
    """A customer, from the row above the list."""
    await console.press("enter")
    await console.type(name)
    await console.press("enter")


async def from_the_tree(console: Console, name: str) -> None:
    """The screen for a customer of the tree."""
    await console.press("slash")
    await console.type(name)
    await console.press("enter", "a")
    assert isinstance(console.app.screen, ManageDevicesScreen), console.text


async def paste(console: Console, text: str) -> None:
    """What a terminal sends for a paste."""
    console.app._driver.send_message(events.Paste(text))  # type: ignore[union-attr]
    await console.settle()


class TestMarking:
    async def test_from_the_list_to_a_customer_and_back(self, demo: Database) -> None:
        before = customers_of(demo, *IDS)
        async with opened(console_on(demo), SMALL) as console:
            await mark_two(console)
            assert "2 devices marked: to which customer?" in console.text
            await choose(console, "polder")
            assert "2 marked: 2 to move." in console.text
            assert "Site: 2 lose theirs (Wards, Laboratory floor)." in console.text
            assert "+2 devices for 1 user: k.adeyemi" in console.text
            assert "What the audit says of them up to now stays" in console.text
            assert customers_of(demo, *IDS) == before
            await console.press("ctrl+s")
            assert isinstance(console.app.screen, ReportScreen)
            assert "2 ids: 2 moved" in console.text
            assert customers_of(demo, *IDS) == ["polder", "polder"]
            await console.press("y")
            assert console.app.clipboard.splitlines()[0] == "Devices assigned to Polder Water Board"
            assert console.app.clipboard.splitlines()[-2:] == ["U-00664  moved", "U-00710  moved"]
            await console.press("u", "u")
            assert "Taken back: Devices assigned to" in console.text
            assert "Undone. The audit (8) takes that back." in console.toasts
            assert customers_of(demo, *IDS) == before
            await console.press("escape")
            assert console.area == "devices"
            assert not console.app.screen.query_one(RecordTable).marks

    async def test_from_a_customer_of_the_tree(self, demo: Database) -> None:
        async with opened(console_on(demo), SMALL) as console:
            await from_the_tree(console, "polder")
            assert "Polder Water Board" in console.lines[2]
            await console.press("slash")
            await console.type("U-0066")
            await console.press("enter", "a")
            assert "10 marked: 10 to move." in console.text
            await console.press("escape", "x")
            assert "Mark devices with Space" in console.text
            await console.press("space", "enter", "ctrl+s", "escape")
            assert isinstance(console.app.screen, CustomersScreen)
            assert customers_of(demo, *IDS) == ["polder", "polder"]

    async def test_who_may_not(self, demo: Database) -> None:
        async with opened(console_on(demo, "olga"), SMALL) as console:
            await console.press("2", "a")
            assert console.area == "devices"
            assert "you may not assign devices" in console.toasts[-1]

    async def test_onto_a_site_of_the_customer_or_none(self, demo: Database) -> None:
        async with opened(console_on(demo), SMALL) as console:
            await mark_two(console)
            await console.press("s")
            assert "site: choose the customer first" in console.toasts[-1]
            await choose(console, "polder")
            await console.press("s")
            assert "Onto which site of Polder Water Board?" in console.text
            await console.press("end", "down", "down", "down", "enter")
            assert "Site: 2 put onto it." in console.text
            await console.press("s", "up", "enter")
            assert "Site: 2 lose theirs" in console.text
            await console.press("s", "up", "enter")
            assert "of the same name" in console.lines[4]

    async def test_leaving_asks_where_something_would_be_lost(self, demo: Database) -> None:
        async with opened(console_on(demo), SMALL) as console:
            await mark_two(console)
            await console.press("escape")
            assert console.area == "devices"
            await console.press("a", "tab", "space", "escape")
            assert "Leave without assigning?" in console.text
            await console.press("g")
            assert isinstance(console.app.screen, ManageDevicesScreen)
            await console.press("escape", "l")
            assert console.area == "devices"


class TestTyping:
    async def test_ids_one_by_one(self, demo: Database) -> None:
        async with opened(console_on(demo), SMALL) as console:
            await from_the_tree(console, "polder")
            await console.press("t")
            await console.type("U-00664, U-00710;nix")
            assert "3 typed: 2 to move, 1 unknown." in console.text  # before Enter already
            await console.press("enter")
            lines = console.text
            for typed, fate in (("U-00664", "to move"), ("U-00710", "to move"), ("nix", "unknown")):
                assert any(typed in line and fate in line for line in lines.splitlines()), lines
            await console.press("backspace")
            assert "nix" not in console.text
            assert "2 typed: 2 to move." in console.text
            await console.press("up", "delete", "ctrl+t", "ctrl+t")
            assert "1 typed: 1 to move." in console.text
            await console.press("ctrl+x")
            assert "Type or paste ids." in console.text

    async def test_a_paste_wherever_it_lands(self, demo: Database) -> None:
        async with opened(console_on(demo), SMALL) as console:
            await from_the_tree(console, "polder")
            await paste(console, "\ufeffU-00664\rU-00710 U-00001\tnix\rU-00664\r")
            assert "5 typed: 2 to move, 2 unknown, 1 doubled." in console.text
            assert any("U-00710 U-00001" in line and "to move, unknown" in line for line in console.lines)
            await console.press("f8")
            assert "no device that you may see goes by that unit id or id" in console.text
            assert "  nix" in console.text
            await console.press("escape", "ctrl+s")
            assert "5 ids: 2 moved, 2 unknown, 1 doubled" in console.text
            assert customers_of(demo, *IDS) == ["polder", "polder"]

    async def test_very_many(self, demo: Database) -> None:
        many = "\r".join(f"X-{number}" for number in range(99_998))
        async with opened(console_on(demo), SMALL) as console:
            await from_the_tree(console, "polder")
            await paste(console, f"{many}\rU-00664")
            assert "99,999 typed: 1 to move, 99,998 unknown." in console.text
            await console.press("ctrl+home", "pagedown", "up", "ctrl+end")
            assert "X-99997" in console.text
            await paste(console, "a\rb")
            assert "100,000 ids at once, at most: take the rest another time" in console.toasts[-1]
            assert "99,999 typed" in console.text

    async def test_what_is_hidden_is_what_is_not_there(self, demo: Database) -> None:
        said = []
        async with opened(console_on(demo, "r.dekker"), SMALL) as console:
            await console.press("a")
            for one in ("U-00664", "U-99999"):
                await paste(console, one)
                said.append(console.text.replace(one, "?"))
                await console.press("ctrl+x")
        assert "1 typed: 0 to move, 1 unknown." in said[0]
        assert said[0] == said[1]

    async def test_keys_typed_faster_than_anything_is_found(self, demo: Database) -> None:
        async with opened(console_on(demo), SMALL) as console:
            await from_the_tree(console, "polder")
            await console.press("t")
            send(console.app, *"U-00664", "enter", "ctrl+s")
            await console.settle()
            assert isinstance(console.app.screen, ReportScreen), console.text
            assert customers_of(demo, *IDS)[0] == "polder"

    async def test_the_last_of_what_is_typed_goes_along(self, demo: Database) -> None:
        """Neither what is looked up for the ids before it nor what is still being read is taken for all there is."""
        async with opened(console_on(demo), SMALL) as console:
            await from_the_tree(console, "polder")
            await console.press("t")
            await console.type("U-00664")
            assert "1 typed: 1 to move" in console.text
            console.app._driver.send_message(events.Paste("\rU-00665\rU-00666, nothing"))  # type: ignore[union-attr]
            send(console.app, "ctrl+s")
            await console.settle()
            assert console.toasts == ["Not all of them go: look at them, then process the rest."]
            assert "4 typed: 3 to move, 1 unknown." in console.text
            await console.press("ctrl+s")
            assert isinstance(console.app.screen, ReportScreen), console.text
            assert "4 ids: 3 moved, 1 unknown" in console.text


class TestProcessing:
    async def test_escape_cancels_it_cleanly(self, demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        """It goes on until it is told to stop; what it has written is rolled back."""
        before = customers_of(demo, *IDS)
        save = editing.save

        def slowly(*arguments: Any, progress: Callable[..., None], **named: Any) -> Any:
            def until_stopped(step: str, done: int, total: int) -> None:
                while done:
                    progress(step, total // 2, total)

            return save(*arguments, **(named | {"progress": until_stopped}))

        monkeypatch.setattr(editing, "save", slowly)
        async with opened(console_on(demo), SMALL) as console:
            await from_the_tree(console, "polder")
            await console.press("a")
            assert "to move" in console.text
            send(console.app, "ctrl+s")
            while not isinstance(console.app.screen, Working):
                await console.pilot.pause(0.01)
            await console.pilot.pause(0.25)
            assert "Assigning" in console.text
            assert "Esc cancels" in console.text
            (bar,) = (line for line in console.text.splitlines() if "━" in line)
            assert bar.split("─")[-1].split()[:2] in (["49", "%"], ["50", "%"]), "some of them may be hidden"
            send(console.app, "escape")
            await console.settle()
            assert "cancelled: nothing was changed" in console.toasts[-1]
            assert isinstance(console.app.screen, ManageDevicesScreen)
            assert "to move" in console.text
        assert customers_of(demo, *IDS) == before

    async def test_many_at_once(self, demo: Database) -> None:
        async with opened(console_on(demo), SMALL) as console:
            await from_the_tree(console, "polder")
            await console.press("a", "ctrl+s")
            assert isinstance(console.app.screen, ReportScreen)
            assert "already there" in console.text
            viewer = Viewer.sign_in(demo, "h.devries", NOON)
            owners = {one.owner_key for one in listing.export(viewer, Listing("devices"))}
            assert owners == {"polder"}

    async def test_somebody_was_faster(self, demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        async with opened(console_on(demo), SMALL) as console:
            await mark_two(console)
            await choose(console, "polder")
            workspace = Workspace(demo, at=NOON)
            session = workspace.sign_in("h.devries")
            target = listing.customer_id(session.viewer, "dekker")
            (first, *_) = listing.export(session.viewer, Listing("devices"), 1)
            session.save(session.assignment([first.id], target)[0])
            await console.press("ctrl+s")
            assert isinstance(console.app.screen, ManageDevicesScreen)
            assert "nothing was changed" in console.toasts[-1]
            assert customers_of(demo, *IDS) != ["polder", "polder"]
            await console.press("ctrl+s")  # they were looked at again
            assert isinstance(console.app.screen, ReportScreen)
            assert customers_of(demo, *IDS) == ["polder", "polder"]

    async def test_the_database_is_away_for_a_while(self, demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        match, save = Session.match_devices, editing.save
        away = True

        def answered(work: Callable[..., Any]) -> Callable[..., Any]:
            def answer(*arguments: Any, **named: Any) -> Any:
                if away:
                    raise RingfenceError("the database is away")
                return work(*arguments, **named)

            return answer

        monkeypatch.setattr(Session, "match_devices", answered(match))
        monkeypatch.setattr(editing, "save", answered(save))
        async with opened(console_on(demo), SMALL) as console:
            await from_the_tree(console, "polder")
            await paste(console, "U-00664")
            assert "! The database is away." in console.text
            await console.press("ctrl+s")
            assert "! The database is away." in console.text
            away = False
            await console.press("backspace")
            await paste(console, "U-00664")
            away = True
            await console.press("ctrl+s")
            assert "! The database is away." in console.text
            away = False
            await console.press("ctrl+s")
            assert isinstance(console.app.screen, ReportScreen)
            assert customers_of(demo, *IDS)[0] == "polder"

    async def test_where_it_is_refused(self, demo: Database) -> None:
        """A customer with a limit takes no more than that; the screen says so before."""
        workspace = Workspace(demo, at=NOON)
        session = workspace.sign_in("h.devries")
        polder = session.open_record("customer", listing.customer_id(session.viewer, "polder"))
        count = session.detail(polder.id).counts["devices"]
        limited = replace(polder.state, max_devices=count)
        session.save([editing.Edit("customer", polder.id, polder.state, limited, polder.revision)])
        async with opened(console_on(demo), SMALL) as console:
            await mark_two(console)
            await choose(console, "polder")
            assert "! This cannot be saved" in console.text
            await console.press("ctrl+s")
            assert isinstance(console.app.screen, ManageDevicesScreen)
            assert "process:" in console.toasts[-1]


class Clock(datetime):
    """Stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Clock:
        return cls(2026, 11, 18, 12, tzinfo=UTC).astimezone(tz)


PLACES: dict[str, Sequence[str]] = {
    "marking": ("2", "space", "space", "a", "enter", "=polder", "enter"),
    "typing": ("2", "a", "enter", "=polder", "enter", "t", "=U-00664,U-00710,nix", "enter"),
    "report": ("2", "space", "space", "a", "enter", "=polder", "enter", "ctrl+s"),
}
"""Keys, and texts behind an equals sign."""


@pytest.mark.parametrize("place", PLACES)
def test_picture(
    place: str, snap_compare: Callable[..., bool], demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringfence.console.screens.manage_devices.datetime", Clock)

    async def drive(pilot: Pilot[Any]) -> None:
        await settle(pilot.app, pilot)
        for key in PLACES[place]:
            if key.startswith("="):
                send(pilot.app, *key[1:])
                await settle(pilot.app, pilot)
            else:
                await press(pilot, key)
        still(pilot.app)
        await settle(pilot.app, pilot)

    assert snap_compare(console_on(demo), terminal_size=SMALL, run_before=drive)
