"""Customer groups: production kept from test sites, set up from nothing by keyboard, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from support.console import CUSTOMER_GROUPS, NOON, Console, console_on, opened

from ringfence.console.screens.customer_group_form import CustomerGroupForm
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.pick import PickScreen
from ringfence.console.screens.user_form import UserForm
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.snapshot.load import load_document
from ringfence.snapshot.story import story
from ringfence.storage.engine import Database

SMALL = (80, 24)
TEST_SITES = ("lab rack", "internal", "staging", "rehearsal", "academy")
KEYS_IN_TWO_MINUTES = 360
"""Three a second: an operator who knows what to type."""


class Counting:
    """Presses keys, and counts them."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.keys = 0

    async def press(self, *keys: str) -> None:
        self.keys += len(keys)
        await self.console.press(*keys)

    async def type(self, text: str) -> None:
        self.keys += len(text)
        await self.console.type(text)


def from_nothing() -> dict[str, Any]:
    """The story before anybody thought of customer groups."""
    document = story()
    document["customer_groups"] = []
    for user in document["users"]:
        user["customer_groups"] = []
    return document


@pytest.fixture
def told(database: Database) -> Database:
    """That story, on either engine."""
    load_document(database, from_nothing())
    return database


async def new_group(hands: Counting, name: str, description: str) -> None:
    """Steps 1 to 6 of the document, up to the choice of customers."""
    await hands.press("n")
    assert isinstance(hands.console.app.screen, CustomerGroupForm)
    await hands.type(name)
    await hands.press("tab")
    await hands.type(description)
    await hands.press("tab")
    assert "Active       [x]" in hands.console.text
    await hands.press("tab", "enter")
    assert isinstance(hands.console.app.screen, PickScreen)


async def give(hands: Counting, login: str, group: str) -> None:
    """Gives a user a customer group."""
    await hands.press("3", "slash")
    await hands.type(login)
    await hands.press("enter", "e")
    assert isinstance(hands.console.app.screen, UserForm), hands.console.text
    await hands.press("down", "down", "down", "enter", "slash")
    await hands.type(group)
    await hands.press("enter", "right", "ctrl+s")
    assert hands.console.area == "users", hands.console.text
    await hands.press("escape")


def seen(workspace: Workspace, login: str) -> set[str]:
    return {row.key for row in listing.export(workspace.sign_in(login).viewer, Listing("customers"))}


@pytest.mark.once
async def test_production_and_test_are_set_up_from_nothing_in_two_minutes_of_keys(told: Database) -> None:
    workspace = Workspace(told, at=NOON)
    everything = seen(workspace, "h.devries")
    assert seen(workspace, "olga") == seen(workspace, "j.peeters") == everything
    async with opened(console_on(told), SMALL) as console:
        hands = Counting(console)
        await hands.press(*CUSTOMER_GROUPS)
        assert console.area == "customer-groups"
        await new_group(hands, "Production Only", "All live billing clients")
        await hands.press("a", "tab")
        for site in TEST_SITES:
            await hands.press("slash")
            await hands.type(site)
            await hands.press("enter", "a", "escape")
        assert "40 of 46 customers" in console.text
        await hands.press("ctrl+s")
        assert console.toasts == ["Saved. u takes it back."]

        await new_group(hands, "Staging/Test", "Our own test sites")
        for site in ("internal", "staging", "academy"):
            await hands.press("slash")
            await hands.type(site)
            await hands.press("enter", "right", "escape")
        assert "3 chosen · 6 of 46 customers" in console.text
        await hands.press("ctrl+s")
        assert "Production Only" in console.text
        assert "Staging/Test" in console.text

        await give(hands, "olga", "production")
        await give(hands, "peeters", "staging")
        assert hands.keys < KEYS_IN_TWO_MINUTES, hands.keys

        operators, technicians = seen(workspace, "olga"), seen(workspace, "j.peeters")
        assert len(operators) == 40
        assert len(technicians) == 6
        assert operators | technicians == everything
        assert not operators & technicians
        assert seen(workspace, "p.nowak") == everything, "who was given no group has no filter"

        # A group is edited from the Actions menu, and switching it off is shown before it is done.
        await console.press(*CUSTOMER_GROUPS, "home", "m")
        assert isinstance(console.app.screen, Dialog)
        await console.press("e")
        assert isinstance(console.app.screen, CustomerGroupForm)
        assert "Given to olga" in console.text
        console.forget_toasts()  # one still lies upon the panel
        await console.press("tab", "tab", "space")
        assert "inactive: gives nothing" in console.text
        assert "−40 customers, −437 devices, −1,040 rights over 40 customers" in console.text
        await console.press("ctrl+s")
        assert not seen(workspace, "olga"), "nothing, not everything"
        await console.press("u", "u")
        assert seen(workspace, "olga") == operators


@pytest.mark.once
async def test_a_group_is_deleted_and_those_who_had_it_are_named_first(told: Database) -> None:
    workspace = Workspace(told, at=NOON)
    everything = seen(workspace, "h.devries")
    async with opened(console_on(told), SMALL) as console:
        hands = Counting(console)
        await hands.press(*CUSTOMER_GROUPS)
        await new_group(hands, "One", "")
        await hands.press("slash")
        await hands.type("polder")
        await hands.press("enter", "right", "ctrl+s")
        await give(hands, "olga", "one")
        assert len(seen(workspace, "olga")) == 4
        await hands.press(*CUSTOMER_GROUPS, "D")
        assert isinstance(console.app.screen, Dialog)
        assert "olga" in console.text
        assert "+42 customers" in console.text
        await hands.press("escape")
        assert len(seen(workspace, "olga")) == 4
        await hands.press("D", "d")
        assert seen(workspace, "olga") == everything
        await hands.press("u", "u")
        assert len(seen(workspace, "olga")) == 4
