"""A customer gets an account of its own: made below another, given devices, and somebody who runs it; by keyboard."""

from __future__ import annotations

import pytest
from support.console import NOON, Console, console_on, opened

from ringfence.console.screens.choose_user import ChooseUser
from ringfence.console.screens.customer_form import CustomerForm
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.manage_devices import ManageDevicesScreen
from ringfence.console.screens.user_form import UserForm
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.snapshot.load import load_document
from ringfence.snapshot.story import story
from ringfence.storage.engine import Database

SMALL = (80, 24)
ABOVE = ("Dekker", "Garage", "Harbor", "Ruben", "r.dekker", "Brandsma")
"""What nobody below may meet anywhere."""


@pytest.fixture
def told(database: Database) -> Database:
    """The story, on either engine."""
    load_document(database, story())
    return database


def keys(workspace: Workspace, login: str, kind: str) -> list[str]:
    return listing.keys(workspace.sign_in(login).viewer, Listing(kind))


@pytest.mark.once
async def test_a_customer_is_made_given_devices_and_an_administrator_who_runs_it(told: Database) -> None:
    workspace = Workspace(told, at=NOON)
    everything = len(keys(workspace, "h.devries", "devices"))
    async with opened(console_on(told), SMALL) as console:
        await make_customer(console)
        assert "haven-noord" in keys(workspace, "h.devries", "customers")
        await assign_devices(console)
        moved = {
            record.key for record in listing.export(workspace.sign_in("h.devries").viewer, Listing("devices", "berth"))
        }
        assert len(moved) == 3
        await make_administrator(console)
        assert len(keys(workspace, "h.devries", "devices")) == everything, "they belong to somebody else, that is all"

        # The administrator sees exactly those devices, and nothing above.
        await console.press("f2")
        assert isinstance(console.app.screen, ChooseUser)
        await console.type("i.noord")
        await console.press("enter", "1")
        assert isinstance(console.app.screen, CustomersScreen)
        assert console.lines[5].strip(" │▌▾▸·").startswith("Haven Noord")
        assert set(keys(workspace, "i.noord", "devices")) == moved
        assert keys(workspace, "i.noord", "customers") == ["haven-noord"]
        nothing_above(console)
        await console.press("2")
        assert console.area == "devices"
        assert console.text.count("Bilge alarm berth") == 3
        nothing_above(console)

        # And creates a user, who sees the same: it is their home.
        await console.press("3", "n")
        assert isinstance(console.app.screen, UserForm)
        await console.type("Jo Kade")
        await console.press("tab")
        await console.type("j.kade")
        assert "Home      Haven Noord" in console.text
        await console.press("tab", "tab", "tab", "tab", "space")
        assert "[x] Account administrator" in console.text
        assert "+1 customer, +3 devices, " in console.text, console.text
        nothing_above(console)
        await console.press("ctrl+s")
        assert console.area == "users", console.text
        assert keys(workspace, "i.noord", "users") == ["i.noord", "j.kade"]
        assert set(keys(workspace, "j.kade", "devices")) == moved
        nothing_above(console)

        # Who hands over devices keeps what was theirs up to then; who gets them sees what is from then on.
        await console.press("8")
        assert "assign" in console.text
        assert "Bilge alarm berth" in console.text
        nothing_above(console)
    entries = listing.export(workspace.sign_in("r.dekker").viewer, Listing("audit"))
    told_above = [(one.fields()["action"], one.name) for one in entries]
    assert told_above.count(("hand over", "Marina Zilverzand")) == 2, "once for each change"
    assert {("assign", f"Bilge alarm berth {number}") for number in (1, 2, 3)} <= set(told_above), "they see both sides"


def nothing_above(console: Console) -> None:
    """Nothing on screen tells of what the administrator may not see."""
    for name in ABOVE:
        assert name not in console.text, (name, console.text)


async def make_customer(console: Console) -> None:
    """A: nested in an installer, in the tree itself."""
    await console.press("slash")
    await console.type("dekker")
    await console.press("enter", "n")
    assert isinstance(console.app.screen, CustomerForm)
    await console.type("Haven Noord")
    await console.press("tab", "tab")
    await console.type("post@haven")
    assert "write it like name@example.com" in " ".join(console.text.split())
    await console.type(".example")
    await console.press("tab")
    await console.type("+31 10 1234567")
    assert "+1 customer" in console.text, "shown before it is made"
    await console.press("ctrl+s")
    assert isinstance(console.app.screen, CustomersScreen), console.text


async def assign_devices(console: Console) -> None:
    """B: two that are marked in the list, and one more whose id is typed."""
    await console.press("a")
    assert isinstance(console.app.screen, ManageDevicesScreen), console.text
    assert "Haven Noord" in console.text
    await console.press("slash")
    await console.type("bilge alarm")
    await console.press("enter", "space", "space")
    assert "2 marked" in console.text or "2 to move" in console.text, console.text
    assert "r.dekker" not in console.text, "who sees both loses nothing"
    await console.press("ctrl+s")
    assert "2 moved" in console.text, console.text
    await console.press("escape", "a", "t")
    await console.type("U-00934 U-00934, u-no-such-thing")
    assert "1 to move" in console.text
    assert "1 unknown" in console.text
    await console.press("ctrl+s")
    assert "1 moved" in console.text, console.text
    await console.press("escape")
    assert isinstance(console.app.screen, CustomersScreen)


async def make_administrator(console: Console) -> None:
    """C: a user of the customer, with the one choice that gives the account."""
    await console.press("right_square_bracket", "enter", "n")
    assert isinstance(console.app.screen, UserForm), console.text
    await console.type("Ida Noord")
    await console.press("tab")
    await console.type("i.noord")
    await console.press("tab", "tab", "tab", "tab")
    assert "[ ] Account administrator" in console.text
    await console.press("space")
    assert "[x] Account administrator" in console.text
    assert "+1 customer, +3 devices, " in console.text, console.text
    await console.press("ctrl+s")
    assert isinstance(console.app.screen, CustomersScreen), console.text
    assert "Ida Noord" in console.text
