"""The lists beside the tree, edited where they are: whichever has the focus is what the keys are about."""

from __future__ import annotations

from typing import Any

from support.console import NOON, Console, console_on, opened, press, settle, still
from support.signal_records import signal_edits

from ringfence.console.screens.customer_form import CustomerForm
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.plain_form import PlainForm
from ringfence.console.screens.user_form import UserForm
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

NORTHWIND = ("down",) * 6
DEKKER = ("down",) * 3
NEXT = "right_square_bracket"


def screen_of(console: Console) -> CustomersScreen:
    screen = console.app.screen
    assert isinstance(screen, CustomersScreen), console.text
    return screen


def found(demo: Database, kind: str, search: str) -> list[Any]:
    return list(listing.export(Workspace(demo, at=NOON).sign_in("h.devries").viewer, Listing(kind, search)))


async def test_the_keys_are_those_of_what_has_the_focus(demo: Database) -> None:
    (northwind,) = found(demo, "customers", '"Northwind Logistics"')
    Workspace(demo, at=NOON).sign_in("h.devries").save(signal_edits(northwind.id))
    async with opened(console_on(demo)) as console:
        await console.hurry(*NORTHWIND)
        screen = screen_of(console)
        assert screen.edited is screen.forest
        for tab, names in (
            ("devices", {"open", "new", "assign", "bulk_edit", "delete"}),
            ("users", {"open", "new", "activate", "delete"}),
            ("alarms", {"open", "new", "delete"}),
            ("sites", {"open", "new", "delete"}),
            ("alarm-rules", {"open", "new", "activate", "delete"}),
            ("test-modes", {"open", "new", "delete"}),
            ("edges", {"open", "new", "activate", "delete"}),
            ("events", {"open", "new", "customer_groups", "assign", "take_up", "put_down", "delete", "copy_id"}),
            ("who", {"open", "new", "customer_groups", "assign", "take_up", "put_down", "delete"}),
            ("details", {"open", "new", "customer_groups", "assign", "take_up", "put_down", "delete", "copy_id"}),
        ):
            await console.press("enter")
            assert screen.detail.tab == tab
            bar = {key.action for key in screen.query_one("KeyBar").keys}  # type: ignore[attr-defined]
            assert names - bar <= {"copy_id", "put_down"}, "nothing was taken up"
            changing = {"activate", "bulk_edit", "customer_groups", "take_up", "put_down", "assign", "open", "delete"}
            assert {command.name for command in screen.commands} & changing == names & changing
            if tab == "details":
                await console.press("down", "enter")
                form = console.app.screen
                assert isinstance(form, CustomerForm)
                assert form.draft.name == "Northwind Logistics"
                await console.press("escape")
            await console.press("escape", NEXT)
            assert screen.edited is screen.forest


async def test_a_user_is_made_changed_and_deleted_at_the_customer(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.hurry(*NORTHWIND)
        await console.press(NEXT, "enter", "n")
        assert isinstance(console.app.screen, UserForm)
        assert "Northwind Logistics" in console.text
        await console.type("Nina Noord")
        await console.press("down")
        await console.type("n.noord")
        await console.press("ctrl+s")
        assert screen_of(console).detail.tab == "users"
        assert found(demo, "users", "n.noord")[0].owner == "Northwind Logistics"
        assert "Users 2" in console.text
        await console.press("down", "a")
        assert "Deactivate user “Nina Noord”?" in console.text
        await console.press("d")
        assert not found(demo, "users", "n.noord")[0].shown("active")
        await console.press("enter")
        form = console.app.screen
        assert isinstance(form, UserForm)
        assert form.draft.login == "n.noord"
        await console.press("escape", "D", "d")
    assert not found(demo, "users", "n.noord")


async def test_marked_users_are_deleted_together_and_come_back(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.hurry(*DEKKER)
        await console.press(NEXT, "enter", "space", "space", "m")
        assert "2 users marked" in console.text
        await console.press("D")
        assert "Delete 2 users?" in console.text
        await console.press("d")
        assert "Users 0" in console.text
        await console.press("u", "u")
        assert "Users 2" in console.text


async def test_a_device_is_made_at_the_customer_and_deleted(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.hurry(*NORTHWIND)
        await console.press("enter", "n")
        assert isinstance(console.app.screen, PlainForm)
        await console.type("AAA first")
        await console.press("ctrl+s")
        assert found(demo, "devices", "AAA first")[0].owner == "Northwind Logistics"
        assert "Devices 135" in console.text
        await console.press("home", "e")
        assert isinstance(console.app.screen, PlainForm)
        assert "AAA first" in console.text
        await console.press("escape", "D", "d")
        assert "Devices 134" in console.text


async def test_a_site_is_made_renamed_and_deleted(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.hurry(*NORTHWIND)
        await console.press(NEXT, NEXT, NEXT, "enter", "n")
        assert isinstance(console.app.screen, PlainForm)
        await console.type("AAA yard")
        await console.press("ctrl+s")
        assert found(demo, "sites", "AAA yard")[0].owner == "Northwind Logistics"
        await console.press("home", "e")
        assert isinstance(console.app.screen, PlainForm)
        assert "⏎" not in console.text, "a site stays with its customer"
        await console.type("s")
        await console.press("ctrl+s")
        assert found(demo, "sites", "AAA yards")
        await console.press("home", "D", "d")
        assert "Sites 10" in console.text
    assert not found(demo, "sites", "AAA yard")


async def test_the_menu_says_why_not(demo: Database) -> None:
    async with opened(console_on(demo, "olga")) as console:
        await console.press(*("down",) * 4, "enter", "m")
        for said in ("New", "Delete", "Assign to a customer", "Edit all marked"):
            assert f"{said}  — you may not" in console.text, console.text
        await console.press("escape", "n")
        assert console.toasts == ["new: you may not create devices (device.create): w says why"]


def test_how_a_site_looks(snap_compare: Any, demo: Database) -> None:
    async def drive(pilot: Any) -> None:
        await settle(pilot.app, pilot)
        await press(pilot, *NORTHWIND, NEXT, NEXT, NEXT, "enter", "e")
        still(pilot.app)
        await settle(pilot.app, pilot)

    assert snap_compare(console_on(demo), terminal_size=(80, 24), run_before=drive)


async def test_an_empty_list_says_how_it_is_filled_to_those_who_may(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.hurry(*NORTHWIND)
        await console.press("n", *"Haven", "ctrl+s")
        assert "No devices here that Hanna de Vries may see." in console.text
        assert "a in the tree assigns some, n here makes one." in console.text
        await console.press(NEXT, NEXT, NEXT)
        assert "No sites here" in console.text
        assert "n here makes one." in console.text
        assert "assigns some" not in console.text
        console.app.rights = frozenset(one for one in console.app.rights if one != "site.create")
        await console.press("ctrl+r")
        assert "No sites here that Hanna de Vries may see." in console.text
        assert "makes one" not in console.text
