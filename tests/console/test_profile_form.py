"""The profile: what everybody may change of themselves, and gets to from everywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.console import NOON, Console, console_on, opened
from support.form_host import form_host
from support.security_forms import show

from ringfence.console.screens.profile_form import ProfileForm
from ringfence.domain.errors import Conflict, Refused
from ringfence.domain.user import UserState
from ringfence.services.editing import Edit
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

NOBODY = "p.nowak"


async def open_profile(console: Console) -> None:
    await console.press("colon")
    await console.type("profile")
    await console.press("enter")
    if not isinstance(console.app.screen, ProfileForm):
        await console.press("enter")
    assert isinstance(console.app.screen, ProfileForm)


@pytest.mark.parametrize("login", ["h.devries", "olga", NOBODY])
async def test_name_and_address_are_changed_by_whoever_has_them(demo: Database, login: str) -> None:
    async with opened(console_on(demo, login), (80, 24)) as console:
        await open_profile(console)
        assert login in console.text
        await console.press("end")
        await console.type(" II")
        await console.press("ctrl+s")
        assert not isinstance(console.app.screen, ProfileForm)
    workspace = Workspace(demo, at=NOON)
    assert workspace.profile_of(login).name.endswith(" II")


async def test_a_wrong_address_is_told_as_one_types(demo: Database) -> None:
    async with opened(form_host(demo, NOBODY), (80, 24)) as console:
        await show(console, ProfileForm(Workspace(demo, at=NOON).profile_of(NOBODY).user_id))
        await console.press("down", "end")
        await console.type("@")
        assert "this is no e-mail address" in console.text
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, ProfileForm)


async def test_what_somebody_else_changed_meanwhile_is_shown(demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    async with opened(form_host(demo, "olga"), (100, 30)) as console:
        await show(console, ProfileForm(workspace.profile_of("olga").user_id))
        await console.press("end")
        await console.type(" mine")
        hanna = workspace.sign_in("h.devries")
        found = hanna.open_record("user", workspace.profile_of("olga").user_id)
        state: UserState = found.state
        theirs = replace(state, name="Theirs")
        hanna.save([Edit("user", found.id, state, theirs, found.revision)])
        await console.press("ctrl+s")
        assert "This user was changed meanwhile" in console.text
        assert "Theirs" in console.text


def test_nothing_else_of_oneself(demo: Database) -> None:
    """Whoever may do nothing changes nothing but their profile, neither of themselves nor of others."""
    workspace = Workspace(demo, at=NOON)
    nobody = workspace.sign_in(NOBODY)
    own = nobody.own_record()
    state: UserState = own.state
    for other in (
        replace(state, login="lind"),
        replace(state, active=False),
        replace(state, home=state.home + 1),
        replace(state, security_groups=frozenset({(1, (None, None))})),
        replace(state, sites=frozenset({1})),
        replace(state, customer_groups=frozenset({1})),
        None,
    ):
        for name in ("", " too"):
            after = replace(other, name=state.name + name) if other is not None else None
            with pytest.raises((Refused, Conflict)):
                nobody.save([Edit("user", own.id, state, after, own.revision)])
    hanna = workspace.profile_of("h.devries").user_id
    mine = replace(state, name="Mine")
    with pytest.raises((Refused, Conflict)):
        nobody.save([Edit("user", hanna, state, mine, own.revision)])


async def test_keys_are_added_and_removed(demo: Database) -> None:
    """One's own key comes and goes, from the line of the profile."""
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKSDlfFDcNW/c89BZt4GjJsvx4OF6MMKaJffxRcIjFh9 laptop"
    async with opened(console_on(demo, "olga"), (80, 24)) as console:
        await open_profile(console)
        for _ in range(12):
            if "SSH keys" in next((line for line in console.text.splitlines() if "▌" in line), ""):
                break
            await console.press("down")
        await console.press("enter")
        assert "You have no SSH keys" in console.text
        await console.press("enter")
        await console.type(key)
        await console.press("enter")
        assert "Your SSH keys" in console.text
        assert "laptop · never used" in console.text
        await console.press("down", "enter")
        assert "Remove this SSH key?" in console.text
        await console.press("r")
        assert "You have no SSH keys" in console.text
