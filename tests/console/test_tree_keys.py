"""The keys of the tree: what each does to the customer under the cursor, what goes along, and why one is off."""

from __future__ import annotations

from typing import Any

import pytest
from support.console import NOON, Console, console_on, opened, press, settle, still

from ringfence.console.commands.command import Command
from ringfence.console.commands.declared import editable
from ringfence.console.commands.everywhere import OWN, everywhere
from ringfence.console.commands.lists import LISTS
from ringfence.console.commands.tree import CUSTOMER
from ringfence.console.rooms import numbered
from ringfence.console.screens.audit import AuditScreen
from ringfence.console.screens.customer_form import CustomerForm
from ringfence.console.screens.customer_groups_form import CustomerGroupsForm
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.device_page import DevicePage
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.help import HelpScreen
from ringfence.console.screens.record_list import RecordList
from ringfence.domain.alarm import ALARMS
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.display import tabs
from ringfence.domain.registry import EDITED
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

pytestmark = pytest.mark.always

NORTHWIND = ("down",) * 6


def screen_of(console: Console) -> CustomersScreen:
    screen = console.app.screen
    assert isinstance(screen, CustomersScreen), console.text
    return screen


async def to_rotterdam(console: Console) -> None:
    await console.hurry(*NORTHWIND, "right")
    await console.hurry("down", "down")


def here(console: Console) -> str:
    """The customer under the cursor."""
    row = screen_of(console).forest.row
    assert row is not None
    return row.name


def off(console: Console, name: str) -> str:
    """Why a command is off; "-" where there is no such command."""
    command = screen_of(console).command(name)
    return command.off(screen_of(console)) if command else "-"


def names(demo: Database, login: str = "h.devries") -> set[str]:
    """The customers that somebody sees."""
    session = Workspace(demo, at=NOON).sign_in(login)
    return {row.name for row in listing.export(session.viewer, Listing("customers"))}


def test_no_key_is_given_twice() -> None:
    kinds = [kind for kind in EDITED.values() if kind is not CUSTOMERS]
    keyed: list[tuple[Command[Any], ...]] = [(*editable(kind).commands, *LISTS) for kind in kinds]
    beside_the_tree = [CUSTOMER, *map(editable, tabs(kinds))]
    keyed += [(*edits.commands, *CustomersScreen.COMMANDS_HERE) for edits in beside_the_tree]
    keyed.append((*AuditScreen.COMMANDS_HERE,))
    keyed += [(*edits.commands, *DevicePage.COMMANDS_HERE) for edits in map(editable, (DEVICES, ALARMS))]
    for own in keyed:
        commands: tuple[Command[Any], ...] = (*own, *everywhere(own), *numbered(), *OWN)
        keys = [key for command in commands if command.keys for key in command.keys.split(",")]
        assert len(keys) == len(set(keys)), sorted(keys)
        assert len({command.name for command in commands}) == len(commands)
    letters = {key for key in RecordList("devices", (), tuple)._bindings.key_to_bindings if len(key) == 1}
    for kind in kinds:
        mine = {key for command in editable(kind).commands for key in command.keys.split(",")}
        assert mine.isdisjoint(letters | {"space"}), mine & letters


async def test_the_forms_are_opened_by_their_keys_and_name_and_id_copied(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.hurry(*NORTHWIND)
        await console.press("e")
        assert isinstance(console.app.screen, CustomerForm)
        await console.press("escape", "g")
        assert isinstance(console.app.screen, CustomerGroupsForm)
        await console.press("escape", "n")
        form = console.app.screen
        assert isinstance(form, CustomerForm)
        assert form.record_id is None
        assert form.place_name() == "Northwind Logistics"
        await console.press("escape", "y")
        assert console.app.clipboard == "Northwind Logistics"
        await console.press("Y")
        assert console.app.clipboard == "northwind"
        await console.press("left_square_bracket")
        assert any(line.split("│")[-2].split() == ["Id", "northwind"] for line in console.lines[4:-2])
        await console.press("home", "ctrl+p")
        await console.type("customer's id")
        assert "off: the provider itself has none" in console.text


async def test_a_customer_is_deleted_with_all_that_is_in_it_once_its_name_is_typed(demo: Database) -> None:
    before = names(demo)
    async with opened(console_on(demo)) as console:
        await console.hurry(*NORTHWIND)
        await console.press("D")
        assert "Delete customer “Northwind Logistics”?" in console.text
        assert "With it go 8 customers, 1 user, 10 sites, 134 devices," in console.text
        assert "g.moreau" in console.text
        await console.press("enter")
        assert isinstance(console.app.screen, CustomersScreen), "it opens on Back"
        await console.press("D")
        await console.type("Northwind")
        await console.press("enter")
        assert console.toasts == ["Delete: type the name first"]
        await console.type(" Logistics")
        await console.press("enter")
        assert here(console) == "Harbor Monitoring"
        assert len(names(demo)) == len(before) - 9
        console.forget_toasts()
        await console.press("u")
        assert "Undo" in console.text
        await console.press("u")
        assert names(demo) == before
        assert "Northwind Logistics" in console.text


async def test_a_customer_with_next_to_nothing_is_deleted_without_typing(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("down", "n")
        await console.type("Nobody yet")
        await console.press("ctrl+s")
        assert here(console) == "Nobody yet"
        await console.press("D")
        dialog = console.app.screen
        assert isinstance(dialog, Dialog)
        assert not dialog.why_off(0)
        assert "With it" not in console.text
        await console.press("d")
        assert here(console) == "Brandsma & Zonen Juweliers"
    assert "Nobody yet" not in names(demo)


async def test_a_customer_is_taken_up_and_put_below_another(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await to_rotterdam(console)
        assert off(console, "put_down") == "take a customer up first: x"
        await console.press("x")
        assert "Moving Rotterdam: go to its new parent, p puts it there, Esc leaves it" in console.lines[-1]
        assert any("↕ Rotterdam" in line for line in console.lines)
        assert off(console, "put_down") == "“Rotterdam” cannot be put into itself"
        await console.press("right", "down")
        assert here(console) == "Maasvlakte II"
        assert off(console, "put_down") == "“Rotterdam” cannot be put into itself"
        await console.hurry("home", *NORTHWIND)
        assert off(console, "put_down") == "it is in there already"
        await console.press("p")
        assert console.toasts == ["put here: it is in there already"]
        await console.press("home", "down", "p")
        assert "Move “Rotterdam” into “Brandsma & Zonen Juweliers”?" in console.text
        assert "With it go 4 customers, 6 sites, 76 devices" in console.text
        assert "k.adeyemi" in console.text
        await console.press("m")
        assert here(console) == "Rotterdam"
        console.forget_toasts()
        await console.settle()
        assert "Brandsma & Zonen Juweliers › Rotterdam" in console.lines[2]
        assert "Moving" not in console.text
    assert "Rotterdam" not in names(demo, "k.adeyemi")


async def test_escape_and_the_key_itself_leave_it_where_it_is(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        for end in ("escape", "x"):
            await console.hurry("home", *NORTHWIND)
            await console.press("x")
            assert "Moving Northwind Logistics" in console.text
            await console.press(end)
            assert "Moving" not in console.text
            assert screen_of(console).forest.moving is None
        await console.press("x", "ctrl+r")
        assert "↕ Northwind Logistics" in console.text
        await console.switch("olga")
        assert "Moving" not in console.text, "it was hanna's"


async def test_what_is_filtered_can_be_moved_too(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await to_rotterdam(console)
        await console.press("x", "slash")
        await console.type("veldkamp")
        await console.press("enter", "p", "m")
        assert here(console) == "Rotterdam", "the filter would hide it where it is now"
        assert "/veldkamp" not in console.text
    session = Workspace(demo, at=NOON).sign_in("anneke")
    assert "Rotterdam" in {row.name for row in listing.export(session.viewer, Listing("customers"))}


async def test_the_provider_itself_is_neither_moved_nor_deleted(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("m")
        assert "Delete, with everything in it  — this is the provider itself" in console.text
        assert "Move: take it up  — this is the provider itself" in console.text
        assert "n  New nested customer" in console.text
        await console.press("escape", "D")
        assert console.toasts == ["delete: this is the provider itself"]


async def test_who_may_only_look_is_told_so(demo: Database) -> None:
    async with opened(console_on(demo, "olga")) as console:
        await console.press("down")
        assert off(console, "open") == off(console, "copy_id") == ""
        assert off(console, "new") == "you may not create customers (customer.create)"
        assert off(console, "delete") == "you may not delete customers (customer.delete)"
        assert off(console, "take_up") == off(console, "put_down") == "you may not move customers (customer.move)"
        assert off(console, "assign") == "you may not assign devices (device.assign)"
        await console.press("x")
        assert console.toasts == ["move: you may not move customers (customer.move): w says why"]


async def test_help_lists_the_keys_of_the_tree_and_of_a_list(demo: Database) -> None:
    async with opened(console_on(demo), (120, 70)) as console:
        for keys, edits in ((("down",), CUSTOMER), (("enter",), editable(DEVICES))):
            await console.press(*keys, "question_mark")
            assert isinstance(console.app.screen, HelpScreen)
            for command in edits.commands:
                assert console.text.count(command.help) == 1, command.help
            await console.press("escape")


def test_how_the_question_looks(snap_compare: Any, demo: Database) -> None:
    async def drive(pilot: Any) -> None:
        await settle(pilot.app, pilot)
        await press(pilot, *NORTHWIND, "D", "N", "o")
        still(pilot.app)
        await settle(pilot.app, pilot)

    assert snap_compare(console_on(demo), terminal_size=(80, 24), run_before=drive)
