"""A customer's form: making one, changing one, its limits, its place in the tree, and what may come between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.console import NOON, Console, console_on, opened, press, settle, still
from support.form_host import form_host, is_left
from support.security_forms import show

from ringfence.console.screens.conflict import ConflictScreen
from ringfence.console.screens.customer_form import CustomerForm
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.dialog import Dialog
from ringfence.domain.customer import CustomerState
from ringfence.services import listing
from ringfence.services.edited import Opened
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

WIDE = (120, 36)


def customer(demo: Database, search: str, login: str = "h.devries") -> Opened:
    """The first customer whose name holds a text, as it is now."""
    workspace = Workspace(demo, at=NOON)
    session = workspace.sign_in(login)
    found = next(iter(listing.export(session.viewer, Listing("customers", search))))
    return session.open_record("customer", found.id)


async def open_customer(console: Console, demo: Database, name: str) -> None:
    await show(console, CustomerForm(customer(demo, name).id))


async def test_a_nested_customer_is_made_and_found_under_the_cursor(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("down", "n")
        assert isinstance(console.app.screen, CustomerForm)
        assert "Brandsma & Zonen Juweliers" in console.text
        assert "(required)" in console.text
        await console.type("Brandsma Outlet")
        await console.press("down", "down")
        await console.type("outlet@brandsma.example")
        await console.press("down", "down")
        await console.type("Kade 1")
        await console.press("ctrl+j")
        await console.type("3011 Rotterdam")
        await console.press("down", "down")
        await console.type("250")
        await console.press("ctrl+s")
        screen = console.app.screen
        assert isinstance(screen, CustomersScreen), console.text
        assert screen.forest.row is not None
        assert screen.forest.row.name == "Brandsma Outlet"
        console.forget_toasts()
        await console.settle()
        assert "Harbor Monitoring › Brandsma & Zonen Juweliers › Brandsma Outlet" in console.text
    made = customer(demo, "Brandsma Outlet").state
    assert made.parent == customer(demo, "Brandsma & Zonen").id
    assert (made.email, made.address) == ("outlet@brandsma.example", "Kade 1\n3011 Rotterdam")
    assert (made.max_users, made.max_devices, made.max_customers) == (None, 250, None)


async def test_what_is_wrong_is_said_beside_the_field_and_not_saved(demo: Database) -> None:
    was = customer(demo, "veldkamp").state
    async with opened(form_host(demo)) as console:
        await open_customer(console, demo, "Veldkamp Bakeries")
        await console.press("down", "down", "ctrl+u")
        await console.type("nobody")
        assert "! this is no e-mail address" in console.text
        await console.press("down", "ctrl+u")
        await console.type("555")
        assert "! start with + and the country's code" in console.text
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, CustomerForm)
        assert console.app.screen.form.current[0] == "email", "the first that is wrong"
        assert customer(demo, "veldkamp").state == was
        await console.type("@veldkamp.example")
        await console.press("down", "ctrl+u")
        assert console.app.screen.form.valid
        await console.press("ctrl+s")
        assert is_left(console), console.text
    now = customer(demo, "veldkamp").state
    assert now == replace(was, email="nobody@veldkamp.example", phone="")


async def test_what_was_there_before_is_not_found_fault_with(demo: Database) -> None:
    with demo.writing() as connection:
        connection.exec_driver_sql("UPDATE customer SET phone = 'ask at the gate' WHERE key = 'veldkamp'")
    async with opened(form_host(demo)) as console:
        await open_customer(console, demo, "Veldkamp Bakeries")
        await console.type(" II")
        await console.press("ctrl+s")
        assert is_left(console), console.text
    assert customer(demo, "veldkamp").state.name == "Veldkamp Bakeries II"


async def test_a_limit_is_a_number_or_nothing(demo: Database) -> None:
    async with opened(form_host(demo)) as console:
        await open_customer(console, demo, "Veldkamp Bakeries")
        await console.hurry(*["down"] * 5, "ctrl+u")
        await console.type("many")
        assert "! a number, or empty for no limit" in console.text
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, CustomerForm)
        await console.press("escape")
        assert isinstance(console.app.screen, Dialog), "what was typed would be lost"
        await console.press("escape", "ctrl+u")
        await console.type("12")
        await console.press("ctrl+s")
        assert is_left(console), console.text
        assert customer(demo, "veldkamp").state.max_users == 12
        await open_customer(console, demo, "Veldkamp Bakeries")
        await console.hurry(*["down"] * 5, "ctrl+u")
        assert "(no limit)" in console.text
        await console.press("ctrl+s")
    assert customer(demo, "veldkamp").state.max_users is None


async def test_who_runs_a_customer_does_not_lift_its_limits(demo: Database) -> None:
    was = customer(demo, "Dekker Security").state
    async with opened(form_host(demo, "r.dekker"), (100, 40)) as console:
        await open_customer(console, demo, "Dekker Security")
        await console.hurry(*["down"] * 6, "end")
        await console.type("9")
        screen = console.app.screen
        assert isinstance(screen, CustomerForm)
        assert "! a limit is set by whoever may edit the customer above" in console.text
        assert screen.form.current[0] == "max_devices"
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, CustomerForm)
        await console.press("backspace")
        assert screen.form.valid
        await console.press("ctrl+home")
        await console.type(" & Co")
        await console.press("ctrl+s")
        assert is_left(console), console.text
    assert customer(demo, "Dekker Security").state == replace(was, name=f"{was.name} & Co")


async def test_another_parent_moves_it_with_all_that_is_in_it(demo: Database) -> None:
    async with opened(form_host(demo)) as console:
        await open_customer(console, demo, "Rotterdam")
        await console.press("down", "enter")
        await console.type("veldkamp")
        await console.press("enter")
        assert "Veldkamp Bakeries" in console.text
        assert "With it go 4 customers, 6 sites, 76 devices" in console.text
        await console.press("ctrl+s")
        assert is_left(console), console.text
    assert customer(demo, "Rotterdam").state.parent == customer(demo, "Veldkamp Bakeries").id


async def test_it_is_not_moved_into_itself(demo: Database) -> None:
    was = customer(demo, "Rotterdam").state
    async with opened(form_host(demo)) as console:
        await open_customer(console, demo, "Rotterdam")
        await console.press("down", "enter")
        await console.type("maasvlakte")
        await console.press("enter")
        screen = console.app.screen
        assert isinstance(screen, CustomerForm)
        assert screen.form.errors.keys() == {"parent"}, console.text
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, CustomerForm)
    assert customer(demo, "Rotterdam").state == was


async def test_what_another_operator_saved_meanwhile_is_shown(demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    async with opened(form_host(demo), WIDE) as console:
        await open_customer(console, demo, "Veldkamp Bakeries")
        await console.type(" & Sons")
        there = customer(demo, "veldkamp")
        theirs = replace(there.state, email="info@veldkamp.example", max_devices=77)
        workspace.sign_in("h.devries").save([Edit("customer", there.id, there.state, theirs, there.revision)])
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, ConflictScreen)
        for said in ("Limit: Devices", "E-mail", "info@veldkamp.example", "no limit", "Veldkamp Bakeries & Sons"):
            assert said in console.text, said
        await console.press("enter", "ctrl+s")
        assert is_left(console), console.text
    now = customer(demo, "veldkamp").state
    assert isinstance(now, CustomerState)
    assert (now.name, now.email, now.max_devices) == ("Veldkamp Bakeries & Sons", "info@veldkamp.example", 77)


async def test_who_may_only_look_sees_it_and_is_told_why(demo: Database) -> None:
    async with opened(form_host(demo, "olga")) as console:
        await open_customer(console, demo, "Veldkamp Bakeries")
        assert "You may view this customer, but not change it (customer.edit)." in console.text
        assert "⏎ move" not in console.text
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, CustomerForm)


@pytest.mark.parametrize("keys", [("e",), ("n",)], ids=["edit", "new"])
def test_how_it_looks(keys: tuple[str, ...], snap_compare: Any, demo: Database) -> None:
    async def drive(pilot: Any) -> None:
        await settle(pilot.app, pilot)
        await press(pilot, "down", "down", "down", *keys)
        still(pilot.app)
        await settle(pilot.app, pilot)

    assert snap_compare(console_on(demo), terminal_size=(80, 24), run_before=drive)
