"""A user's form: every field, the live numbers beside it, and what may come between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from support.console import NOON, Console, console_on, opened, send
from support.form_host import form_host, is_left
from support.security_forms import show

from ringfence.console.moments import read_moment, typed, window
from ringfence.console.screens.conflict import ConflictScreen
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.pick import PickScreen
from ringfence.console.screens.user_form import UserForm
from ringfence.console.screens.window_dialog import WindowDialog
from ringfence.domain.user import UserState
from ringfence.services.editing import Edit
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

WIDE = (120, 36)


def user_id(workspace: Workspace, login: str) -> int:
    return workspace.profile_of(login).user_id


def state_of(workspace: Workspace, login: str) -> UserState:
    state = workspace.sign_in("h.devries").open_record("user", user_id(workspace, login)).state
    assert isinstance(state, UserState)
    return state


async def open_user(console: Console, login: str) -> None:
    workspace = console.app.workspace
    assert workspace is not None
    await show(console, UserForm(workspace.profile_of(login).user_id))


async def test_the_numbers_follow_each_change_and_come_true(demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    async with opened(form_host(demo), WIDE) as console:
        await open_user(console, "olga")
        assert "40 customers   437 devices" in console.text
        await console.press("down", "down", "down", "down", "delete")
        assert "46 customers   498 devices" in console.text
        assert all(part in console.text for part in ("+6 customers", "+61 devices", "rights over"))
        assert "none: no filter" in console.text
        await console.press("ctrl+s")
        assert is_left(console)
    seen = workspace.sign_in("olga").profile()
    assert (seen.customers, seen.devices) == (46, 498)


async def test_what_is_wrong_is_said_before_saving(demo: Database) -> None:
    async with opened(form_host(demo), WIDE) as console:
        await open_user(console, "olga")
        await console.press("down", "delete")
        assert "! No security group gives them anything: they see" in console.text
        assert "none that you may see" in console.text
        assert "Level: none that you may see" in console.text
        await console.press("escape")
        assert isinstance(console.app.screen, Dialog)
        await console.press("l")
        assert is_left(console)
        await open_user(console, "olga")
        await console.press("up", "up", "space")
        assert "inactive: sees nothing" in console.text
        assert "0 customers   0 devices" in console.text


async def test_a_validity_window_is_typed_checked_and_told(demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    async with opened(form_host(demo), WIDE) as console:
        await open_user(console, "olga")
        await console.press("down", "v")
        assert isinstance(console.app.screen, WindowDialog)
        await console.press("tab")
        await console.type("30 november")
        assert "write it as" in console.text
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, WindowDialog), "a bad moment is not taken"
        await console.press(*["backspace"] * 11)
        await console.type("2026-11-18")
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, UserForm)
        assert "until 2026-11-18" in console.text
        assert "0 customers   0 devices" in console.text, "after it ends"
        assert "ends on 19 Nov 2026 00:00 UTC" in console.text
        await console.press("ctrl+s")
    ((_, (since, until)),) = state_of(workspace, "olga").security_groups
    assert since is None
    assert until == datetime(2026, 11, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "until", "expected"),
    [
        ("2026-11-30", False, datetime(2026, 11, 30, tzinfo=UTC)),
        ("2026-11-30", True, datetime(2026, 12, 1, tzinfo=UTC)),
        (" 2026-11-30 18:05 ", True, datetime(2026, 11, 30, 18, 5, tzinfo=UTC)),
        ("+3d", True, datetime(2026, 11, 19, 12, tzinfo=UTC)),
        ("+1d12h", True, datetime(2026, 11, 18, tzinfo=UTC)),
        ("+3m", False, datetime(2026, 11, 16, 12, 3, tzinfo=UTC)),
        ("+ 3d", True, ValueError),
        ("+3y", True, ValueError),
        ("2026-02-30", True, ValueError),
        ("+9999w", True, datetime(2218, 7, 6, 12, tzinfo=UTC)),
        ("+9999w1s", True, ValueError),
        ("0000-01-01", True, ValueError),
        ("9999-12-31", True, ValueError),
        ("", True, None),
    ],
)
def test_moments(text: str, until: bool, expected: object) -> None:
    if expected is ValueError:
        with pytest.raises(ValueError, match="write it as"):
            read_moment(text, NOON, until=until)
        return
    moment = read_moment(text, NOON, until=until)
    assert moment == expected
    if moment is not None:
        assert read_moment(typed(moment, until=until), NOON, until=until) == moment


def test_a_window_in_words() -> None:
    assert window(None, None) == ""
    assert window(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, 4, 5, tzinfo=UTC)) == (
        "from 2026-01-02 until 2026-01-03 04:05"
    )


async def test_two_operators_see_both_and_lose_neither(demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    hanna = workspace.sign_in("h.devries")
    async with opened(form_host(demo), WIDE) as console:
        await open_user(console, "olga")
        await console.press("ctrl+home")
        await console.type("!")
        opened_there = hanna.open_record("user", user_id(workspace, "olga"))
        theirs = replace(opened_there.state, email="olga@elsewhere.example", customer_groups=frozenset())
        hanna.save([Edit("user", opened_there.id, opened_there.state, theirs, opened_there.revision)])
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, ConflictScreen)
        assert "olga@elsewhere.example" in console.text
        assert "Olga Brandt!" in console.text
        await console.press("enter")
        assert isinstance(console.app.screen, UserForm)
        await console.press("ctrl+s")
        assert is_left(console), console.text
    saved = state_of(workspace, "olga")
    assert (saved.name, saved.email, saved.customer_groups) == (
        "Olga Brandt!",
        "olga@elsewhere.example",
        frozenset(),
    )


async def test_a_login_that_is_taken_is_told_beside_the_field(demo: Database) -> None:
    async with opened(form_host(demo), WIDE) as console:
        await show(console, UserForm(None))
        await console.type("Somebody")
        await console.press("tab")
        await console.type("OLGA")
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, UserForm)
        assert "another user has this login" in console.text
        await console.press("escape", "l")
        assert is_left(console)


async def test_nobody_changes_their_own_access(demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    async with opened(form_host(demo), WIDE) as console:
        await open_user(console, "h.devries")
        assert "somebody else must change what you may see" in console.text
        await console.press("down", "delete")
        assert any("somebody else" in toast for toast in console.toasts), console.toasts
        await console.press("ctrl+home")
        await console.type(" II")
        await console.press("ctrl+s")
        assert is_left(console), console.text
    assert state_of(workspace, "h.devries").name == "Hanna de Vries II"


async def test_a_delegated_administrator_is_offered_nothing_of_outside(demo: Database) -> None:
    async with opened(form_host(demo, "r.dekker"), WIDE) as console:
        await open_user(console, "b.janssens")
        await console.press("enter")
        assert isinstance(console.app.screen, PickScreen)
        assert "Dekker fitters" in console.text
        for hidden in ("Operations", "Administrators", "Harbor", "Northwind"):
            assert hidden not in console.text, hidden
        await console.press("escape", "ctrl+home", "tab", "tab", "tab", "enter")
        assert "Dekker Security Installers" in console.text
        for hidden in ("Harbor", "Northwind", "Polder"):
            assert hidden not in console.text, hidden


async def test_what_they_may_do_at_each_customer_is_listed(demo: Database) -> None:
    async with opened(form_host(demo), WIDE) as console:
        await open_user(console, "k.adeyemi")
        await console.press("l")
        assert isinstance(console.app.screen, Dialog)
        assert "9 of 70 rights" in console.text
        assert "Northwind Logistics" in console.text


async def test_keys_that_come_while_the_form_is_read_are_for_the_form(demo: Database) -> None:
    async with opened(console_on(demo), WIDE) as console:
        await console.press("3", "slash")
        await console.type("peeters")
        await console.press("enter")
        send(console.app, "e")
        while not isinstance(console.app.screen, UserForm):
            await asyncio.sleep(0)
        assert console.app.screen.draft is None, "it is still being read"
        send(console.app, "down", "v", "tab", "+", "3", "d", "ctrl+s")
        await console.settle()
        assert isinstance(console.app.screen, UserForm)
        assert "Technicians" in console.text, console.text
        assert "until 20" in console.text, console.text
