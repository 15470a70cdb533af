"""Per-customer assignment: the groups of a customer, from the customer's side."""

from __future__ import annotations

from dataclasses import replace

from support.console import NOON, Console, console_on, opened

from ringfence.console.screens.customer_groups_form import CustomerGroupsForm
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.pick import PickScreen
from ringfence.services import listing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

WIDE = (120, 36)


async def open_veldkamp(console: Console) -> None:
    """Veldkamp Bakeries, by the keys of the tree."""
    await console.press("slash")
    await console.type("veldkamp")
    await console.press("enter", "down", "g")
    assert isinstance(console.app.screen, CustomerGroupsForm), console.text
    assert "Veldkamp Bakeries" in console.text


def customers_of(workspace: Workspace, login: str) -> set[str]:
    return {row.key for row in listing.export(workspace.sign_in(login).viewer, Listing("customers"))}


async def test_a_customer_is_put_into_groups_from_its_own_side(demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    adeyemi, peeters = customers_of(workspace, "k.adeyemi"), customers_of(workspace, "j.peeters")
    bakeries = {"veldkamp", "veldkamp-breda"} & customers_of(workspace, "h.devries") or {"veldkamp"}
    async with opened(console_on(demo), WIDE) as console:
        await open_veldkamp(console)
        assert "Over all customers anyway" in console.text
        await console.press("enter")
        assert isinstance(console.app.screen, PickScreen)
        await console.press("slash")
        await console.type("polder")
        await console.press("enter", "right", "escape", "escape")
        assert "Polder Water Board, read only" in console.text
        await console.press("end", "enter")
        assert isinstance(console.app.screen, PickScreen)
        await console.press("slash")
        await console.type("staging")
        await console.press("enter", "right")
        assert "for 2 users" in console.text, console.text
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, CustomersScreen), console.text
    assert customers_of(workspace, "k.adeyemi") > adeyemi
    assert customers_of(workspace, "j.peeters") > peeters
    assert bakeries <= customers_of(workspace, "k.adeyemi") & customers_of(workspace, "j.peeters")


async def test_what_somebody_else_did_to_the_group_stays(demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    hanna = workspace.sign_in("h.devries")
    async with opened(console_on(demo), WIDE) as console:
        await open_veldkamp(console)
        await console.press("enter", "slash")
        await console.type("polder")
        await console.press("enter", "right")
        group = next(iter(listing.export(hanna.viewer, Listing("security-groups", "Polder"))))
        there = hanna.open_record("security_group", group.id)
        renamed = replace(there.state, name="Polder, read only")
        hanna.save([Edit("security_group", there.id, there.state, renamed, there.revision)])
        await console.press("ctrl+s")
        assert "was changed meanwhile" in console.text, console.text
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, CustomersScreen), console.text
    saved = hanna.open_record("security_group", group.id).state
    assert saved.name == "Polder, read only"
    assert len(saved.customers) == len(there.state.customers) + 1
