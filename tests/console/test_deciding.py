"""What one decides by: pickers and questions say the role of a group, what it is over, and who is in it."""

from __future__ import annotations

import pytest
from support.console import CUSTOMER_GROUPS, NOON, Console, console_on, opened

from ringfence.console.cells.records import in_words
from ringfence.console.screens.choose_record import ChooseRecord
from ringfence.console.screens.pick import PickScreen
from ringfence.console.widgets.outcome import OutcomePanel
from ringfence.domain.registry import kind_named
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

SMALL, LARGE = (80, 24), (120, 40)


async def to_groups(console: Console, login: str = "b.janssens", field: str = "security_groups") -> PickScreen:
    """Opens the picker of a user's groups."""
    await console.press("3", "slash", *login, "enter", "e")
    console.app.screen.form.go_to(field)  # type: ignore[attr-defined]
    await console.press("enter")
    screen = console.app.screen
    assert isinstance(screen, PickScreen)
    return screen


def panel(screen: PickScreen) -> str:
    return " ".join(screen.query_one(OutcomePanel).text.split())


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_the_picker_of_security_groups_says_role_scope_and_members(size: tuple[int, int], demo: Database) -> None:
    async with opened(console_on(demo), size) as console:
        screen = await to_groups(console)
        assert "Account administrator · all customers · 1 user · r.dekker" in console.text
        assert screen.query_one(OutcomePanel).border_title is not None
        await console.press("down", "down", "down")
        assert "Technician · 5 customers · " in panel(screen)
        assert "Sint Jans" in panel(screen) or "Veldkamp" in panel(screen) or "Zuiderpark" in panel(screen)
        await console.press("tab")
        assert "Dekker fitter · 9 customers · 1 user · Dekker Security Installers · b.janssens" in panel(screen)
        if size == LARGE:
            assert any("Operations" in line and "Operator · all" in line for line in console.lines)


async def test_what_saving_changes_follows_what_the_group_is(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        screen = await to_groups(console, "f.hoekstra")
        assert "Nothing was changed" not in console.text
        await console.press("down", "enter")
        text = panel(screen)
        assert "gain" in text or "+" in text
        shown = [line for line in console.lines if "│" in line]
        assert any("+" in line and "customers" in line for line in shown[-5:]), console.text


async def test_the_picker_of_customer_groups_says_whether_they_give_anything(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        screen = await to_groups(console, field="customer_groups")
        text = panel(screen)
        assert "inactive: gives nothing · 13 customers · 1 user · Dekker Security Installers" in text
        assert "p.nowak" in text


async def test_the_groups_of_a_customer_say_it_in_the_form_and_in_the_picker(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await console.press("down", "g")
        assert "Production only  with nested  40 customers · " in console.text
        await console.press("enter")
        assert isinstance(console.app.screen, PickScreen)
        assert "Dekker fitter · 9 customers · 1 user" in console.text


async def test_a_user_moves_to_a_group_that_is_chosen_by_role_and_scope(demo: Database) -> None:
    """Out of the group that was made for one customer."""
    async with opened(console_on(demo), SMALL) as console:
        await console.press("3", "slash", *"claes", "enter", "e")
        console.app.screen.form.go_to("single")  # type: ignore[attr-defined]
        await console.press("space")
        assert isinstance(console.app.screen, ChooseRecord), console.text
        assert any("Operations" in line and "Operator" in line and "all customers" in line for line in console.lines)


async def test_a_question_says_what_the_record_is(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await console.press(*CUSTOMER_GROUPS, "D")
        assert "inactive: gives nothing · 13 customers · 1 user" in console.text
        await console.press("escape", "a")
        assert "inactive: gives nothing · 13 customers · 1 user" in console.text
        await console.press("escape", "space", "space", "D")
        assert "Old installer set, Production only" in console.text
        await console.press("escape", "2", "D")
        assert "U-00664 · server · Wards · Main building" in console.text


def test_what_is_hidden_is_not_told(demo: Database) -> None:
    """In the words of a list: only what the list shows to whoever looks."""
    workspace, say = Workspace(demo, at=NOON), in_words(kind_named("security-groups"))
    mine = {one.name: say(one) for one in workspace.sign_in("h.devries").rows(Listing("security-groups"), Part(50))}
    assert mine["Technicians"].startswith("Technician · all customers · ")
    theirs = workspace.sign_in("r.dekker").rows(Listing("security-groups"), Part(50))
    assert theirs
    for one in theirs:
        role, scope, users = say(one).split(" · ")
        assert role in {mine[one.name].split(" · ")[0], "role: none you may list"}
        assert scope.split()[0] == "all" or int(scope.split()[0]) <= int(mine[one.name].split(" · ")[1].split()[0])
        assert int(users.split()[0]) <= int(mine[one.name].split(" · ")[2].split()[0])
