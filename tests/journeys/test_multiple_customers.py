"""Multiple customer permissions: a technician who sees some customers, and there only what the group permits; by
keyboard from nothing, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from support.console import NOON, Console, console_on, opened

from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.matrix import MatrixScreen
from ringfence.console.screens.pick import PickScreen
from ringfence.console.screens.security_group_form import SecurityGroupForm
from ringfence.domain.user import UserState
from ringfence.services import listing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.snapshot.load import load_document
from ringfence.snapshot.story import story
from ringfence.storage.engine import Database

SMALL = (80, 24)
SEEN = {"polder-north", "polder-south", "polder-merwede-lock", "north-coldstore"}
ALARMS = {"alarm.create", "alarm.delete", "alarm.list", "alarm.manage"}
GIVEN = ALARMS | {"customer.list", "customer.view", "device.list", "device.view", "device.edit"}


@pytest.fixture
def told(database: Database) -> Database:
    """The story, on either engine."""
    load_document(database, story())
    return database


async def find(console: Console, what: str, times: int = 1) -> str:
    """Looks for a permission in the matrix; returns the key of that under the cursor."""
    await console.press("slash")
    await console.type(what)
    await console.press(*["enter"] * (times - 1), "escape")
    screen = console.app.screen
    assert isinstance(screen, MatrixScreen)
    assert screen.matrix.current is not None
    section, option = screen.matrix.current
    return option.key if option else section.heading


async def make_the_group(console: Console) -> None:
    """The document's own steps: New Group, Select Customers, search, highlight several, Add, choose permissions."""
    await console.press("4", "n")
    assert isinstance(console.app.screen, SecurityGroupForm)
    await console.type("Water and cold")
    assert "( ) all customers  (•) selected customers" in console.text
    await console.press("ctrl+end", "enter")
    screen = console.app.screen
    assert isinstance(screen, PickScreen)
    await console.press("slash")
    await console.type("pumping")
    await console.press("enter", "space", "space")
    assert "2 marked" in console.text
    await console.press("right", "slash", *["backspace"] * 7)
    await console.type("cold store")
    await console.press("enter", "home", "right", "tab", "home", "n")
    chosen = [line for line in console.lines if "itself only" in line]
    assert len(chosen) == 1
    assert "Cold store" in chosen[0]
    assert "3 chosen · 4 of 46 customers" in console.text
    await console.press("escape")
    while isinstance(console.app.screen, PickScreen):
        await console.press("escape")
    assert "Pumping south  with nested" in console.text

    await console.press("ctrl+home", "tab", "tab", "tab", "enter")
    assert isinstance(console.app.screen, MatrixScreen)
    assert "0 of 32 · 0 of 38 administration" in console.text
    assert await find(console, "list and search") == "device.list"
    await console.press("space", "down", "space", "up", "up", "space")
    assert await find(console, "customers") == "Customers"
    await console.press("down", "down", "space", "down", "down", "space")
    assert await find(console, "alarms") == "Alarms"
    await console.press("s")
    assert "9 of 32 · 0 of 38 administration" in console.text
    await console.press("ctrl+s")
    assert console.area == "security-groups", console.text
    assert "Water and cold" in console.text
    assert console.toasts == ["Saved. u takes it back."]


def give(workspace: Workspace, database: Database) -> None:
    """A technician in the new group: their own form has a journey of its own."""
    hanna = workspace.sign_in("h.devries")
    (group,) = [row.id for row in listing.export(hanna.viewer, Listing("security-groups", "Water and cold"))]
    with database.engine.connect() as connection:
        root = connection.execute(
            text(
                "SELECT c.id FROM customer c JOIN tenant t ON t.id = c.tenant_id"
                " WHERE c.parent_id IS NULL AND t.key = 'harbor'"
            )
        ).scalar_one()
    user = UserState(root, "i.novak", "Iva Novak", security_groups=frozenset({(group, (None, None))}))
    hanna.save([Edit("user", -1, None, user)])


async def test_a_technician_sees_the_selected_customers_and_only_what_the_group_permits(told: Database) -> None:
    workspace = Workspace(told, at=NOON)
    async with opened(console_on(told), SMALL) as console:
        await make_the_group(console)
        give(workspace, told)
        console.forget_toasts()

        await console.press("1")
        await console.switch("novak")
        expected = [one for one in story()["devices"] if one["tenant"] == "harbor" and one["customer"] in SEEN]
        assert console.toasts == [f"Iva Novak sees 4 of 46 customers, {len(expected)} of 498 devices"]
        screen = console.app.screen
        assert isinstance(screen, CustomersScreen)
        for _ in range(3):
            await console.press("right", "down")
        for name in ("Pumping north", "Pumping south", "Merwede lock", "Cold store"):
            assert name in console.text
        for hidden in ("Northwind", "Polder", "Pharma", "Maasvlakte", "Zuiderpark", "Harbor Monitoring"):
            assert hidden not in console.text, hidden
        console.forget_toasts()
        await console.press("2")
        assert f"of {len(expected)}" in console.text
        await console.press("4", "n")
        assert any("you may not" in toast for toast in console.toasts), console.toasts
        assert "Water and cold" not in "\n".join(console.lines[3:])

    iva = workspace.sign_in("i.novak")
    customers = {row.key for row in listing.export(iva.viewer, Listing("customers"))}
    assert customers == SEEN
    assert {row.key for row in listing.export(iva.viewer, Listing("devices"))} == {one["key"] for one in expected}
    permissions = [one.key for one in workspace.sign_in("h.devries").permission_choices(everywhere=True)]
    assert iva.may(*permissions) == GIVEN
    for kind in ("users", "sites", "security-groups", "roles"):
        assert not list(listing.export(iva.viewer, Listing(kind)))


async def test_the_group_is_made_for_all_customers_instead_and_narrowed_later(told: Database) -> None:
    """All Customers first; then Select Customers, with the same keys."""
    workspace = Workspace(told, at=NOON)
    hanna = workspace.sign_in("h.devries")
    async with opened(console_on(told), SMALL) as console:
        await console.press("4", "n")
        await console.type("Everywhere")
        await console.press("ctrl+end", "up", "left", "a")
        assert "(•) all customers" in console.text
        assert "Accessible" not in console.text
        await console.press("ctrl+s")
        assert console.area == "security-groups"
        console.forget_toasts()
        await console.press("slash")
        await console.type("everywhere")
        await console.press("enter", "e")
        assert isinstance(console.app.screen, SecurityGroupForm)
        await console.press("ctrl+end", "right")
        assert "No customer is selected: it gives nothing." in " ".join(console.text.split())
        await console.press("ctrl+end", "enter", "slash")
        await console.type("brandsma")
        await console.press("enter", "right", "ctrl+s")
        assert console.area == "security-groups", console.text
    (group,) = list(listing.export(hanna.viewer, Listing("security-groups", "Everywhere")))
    assert (group.shown("scope"), group.shown("customers")) == ("selected", 1)
