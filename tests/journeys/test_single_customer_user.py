"""Single customer permissions: a user who sees one customer, in a group generated for it; by keyboard."""

from __future__ import annotations

import pytest
from support.console import NOON, Console, console_on, opened

from ringfence.console.screens.choose_record import ChooseRecord
from ringfence.console.screens.matrix import MatrixScreen
from ringfence.console.screens.security_group_form import SecurityGroupForm
from ringfence.console.screens.user_form import UserForm
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.snapshot.load import load_document
from ringfence.snapshot.story import story
from ringfence.storage.engine import Database

SMALL = (80, 24)


@pytest.fixture
def told(database: Database) -> Database:
    """The story, on either engine."""
    load_document(database, story())
    return database


def keys(workspace: Workspace, login: str, kind: str) -> set[str]:
    return {row.key for row in listing.export(workspace.sign_in(login).viewer, Listing(kind))}


def groups(workspace: Workspace) -> set[str]:
    return {row.name for row in listing.export(workspace.sign_in("h.devries").viewer, Listing("security-groups"))}


async def add_user(console: Console) -> None:
    """Add User; fill in the details; put in a customer-specific group; search the customer; create."""
    await console.press("3", "n")
    assert isinstance(console.app.screen, UserForm)
    await console.type("Tess Verhulst")
    await console.press("tab")
    await console.type("t.verhulst")
    await console.press("tab", "tab", "tab", "tab", "tab", "tab")
    assert "[ ] Put in a customer-specific" in console.text
    await console.press("space")
    assert isinstance(console.app.screen, ChooseRecord)
    await console.type("polder")
    await console.press("enter")
    assert "Polder Water Board  made for it" in console.text, "generated, and selected above"
    assert "[x] Put in a customer-specific" in console.text
    assert "4 customers   56 devices" in console.text, "what it comes to, before anything is saved"


@pytest.mark.once
async def test_a_single_customer_user_is_made_limited_and_turned_back(told: Database) -> None:
    workspace = Workspace(told, at=NOON)
    before = groups(workspace)
    polder = {"polder", "polder-north", "polder-south", "polder-merwede-lock"}
    async with opened(console_on(told), SMALL) as console:
        await add_user(console)
        assert groups(workspace) == before, "nothing is made until it is saved"
        await console.press("ctrl+s")
        assert console.area == "users", console.text
        assert groups(workspace) == before | {"Polder Water Board"}
        assert keys(workspace, "t.verhulst", "customers") == polder
        assert len(keys(workspace, "t.verhulst", "devices")) == 56
        assert not keys(workspace, "t.verhulst", "roles")

        # The permissions of the generated group can be edited afterwards, policies never.
        await console.press("4", "slash")
        await console.type("polder water board")
        await console.press("enter", "home", "e")
        assert isinstance(console.app.screen, SecurityGroupForm)
        assert "made for" in console.text.lower()
        await console.press("ctrl+home", "tab", "tab", "tab", "enter")
        assert isinstance(console.app.screen, MatrixScreen), console.text
        await console.press("slash")
        await console.type("policies")
        await console.press("escape", "down", "space")
        assert "Never in a group made for one customer." in console.toasts
        console.forget_toasts()
        await console.press("slash")
        await console.type("clear and manage")
        await console.press("escape", "space", "ctrl+s")
        assert "alarm.manage" in workspace.sign_in("t.verhulst").may("alarm.manage", "policy.edit")
        assert "policy.edit" not in workspace.sign_in("t.verhulst").may("policy.edit")

        # Back to a full user in one step; the generated group, which nobody else is in, goes with it.
        await console.press("3", "slash")
        await console.type("verhulst")
        await console.press("enter", "e", "down", "down", "space")
        assert isinstance(console.app.screen, ChooseRecord)
        await console.type("technicians")
        await console.press("enter")
        assert "Technicians" in console.text
        assert "goes with it: nobody else is in it" in console.text.replace("\n", " ")
        assert groups(workspace) == before | {"Polder Water Board"}, "shown before it is done"
        await console.press("ctrl+s")
        assert console.area == "users", console.text
        assert groups(workspace) == before
        assert len(keys(workspace, "t.verhulst", "customers")) == 46
        assert "Polder Water Board" not in {
            row.name for row in listing.export(workspace.sign_in("h.devries").viewer, Listing("roles"))
        }, "nor does its private role stay"

        await console.press("u", "u")
        assert keys(workspace, "t.verhulst", "customers") == polder
        assert groups(workspace) == before | {"Polder Water Board"}


async def test_a_group_made_for_the_customer_before_is_used_again(told: Database) -> None:
    workspace = Workspace(told, at=NOON)
    before = groups(workspace)
    async with opened(console_on(told), SMALL) as console:
        await console.press("3", "slash")
        await console.type("olga")
        await console.press("enter", "e", "down", "down", "space")
        await console.type("sint jans")
        await console.press("enter", "ctrl+s")
        assert console.area == "users", console.text
    assert groups(workspace) == before
    assert workspace.sign_in("olga").profile().customers == 5
