"""The groups of a customer, when somebody else deletes a group that it was just put into."""

from __future__ import annotations

import pytest
from support.console import NOON, console_on, opened

from ringfence.console.screens.customer_groups_form import CustomerGroupsForm
from ringfence.console.screens.customers import CustomersScreen
from ringfence.services import listing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database


@pytest.mark.parametrize("early", [True, False])
async def test_a_group_deleted_meanwhile_is_left_out_and_the_others_are_saved(early: bool, demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    hanna = workspace.sign_in("h.devries")
    (polder,) = listing.export(hanna.viewer, Listing("security-groups", "polder"))
    there = hanna.open_record("security_group", polder.id)
    gone = [Edit("security_group", polder.id, there.state, None, there.revision)]
    before = workspace.profile_of("j.peeters").customers
    async with opened(console_on(demo), (120, 36)) as console:
        await console.press("slash")
        await console.type("veldkamp")
        await console.press("enter", "down", "g", "end", "enter", "slash")
        await console.type("staging")
        await console.press("enter", "right", "escape", "escape", "ctrl+home", "down", "down", "down", "enter", "slash")
        if early:
            hanna.save(gone)
        await console.type("polder")
        await console.press("enter", "right", "escape", "escape")
        if not early:
            hanna.save(gone)
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, CustomerGroupsForm)
        assert "somebody deleted “Polder Water Board, read only” meanwhile" in console.text
        assert "for 1 user: j.peeters" in console.text
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, CustomersScreen), console.text
    assert workspace.profile_of("j.peeters").customers > before
