"""Another user's view outside the demo: whose may be shown, that it is read-only, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.console import NOON, console_on, demo_copy, opened

from ringfence.console.screens.choose_user import ChooseUser
from ringfence.console.screens.profile_form import ProfileForm
from ringfence.console.screens.side_by_side import SideBySideScreen
from ringfence.services import listing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

WIDE = (120, 40)
ENDED = "stop seeing as"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Database]:
    """A database of one's own: that of the demo, outside of it."""
    database = demo_copy(tmp_path)
    yield database
    database.close()


def seen_as(database: Database, action: str = "see as") -> list[tuple[str, str]]:
    """Who looked through whose eyes, as the audit has it; or, by the other action, no more."""
    hanna = Workspace(database, at=NOON).sign_in("h.devries")
    found = [one.fields() for one in listing.export(hanna.viewer, Listing("audit"))]
    return [(one["actor"], one["name"]) for one in found if one["action"] == action]


async def test_one_goes_there_looks_and_comes_back(own: Database) -> None:
    async with opened(console_on(own, "h.devries", demo=False), WIDE) as console:
        assert " RW" in console.lines[0]
        await console.switch("olga")
        for said in ("seeing as olga, read-only: F2 goes back", "h.devries as olga", " RO"):
            assert said in console.lines[0]
        assert "Olga Brandt sees 40 customers, 437 devices" in console.toasts
        console.forget_toasts()
        await console.press("n")
        assert any("you look through olga's eyes" in one for one in console.toasts), console.toasts
        console.forget_toasts()
        await console.press("2", "e")
        assert " RO" in console.lines[0]
        await console.press("escape", "f2")
        assert "h.devries" in console.lines[0], "back first, and nobody is asked"
        assert "olga" not in console.lines[0]
        assert " RW" in console.lines[0]
        await console.press("f2")
        assert isinstance(console.app.screen, ChooseUser)
    assert seen_as(own) == seen_as(own, ENDED) == [("h.devries", "Olga Brandt")]


async def test_that_it_ends_is_known_however_it_does(own: Database) -> None:
    """Where the program is left with the other's view on screen, and where the two lie side by side."""
    async with opened(console_on(own, "h.devries", demo=False), WIDE) as console:
        await console.press("f3")
        await console.type("olga")
        await console.press("enter")
        assert isinstance(console.app.screen, SideBySideScreen), console.text
        assert seen_as(own, ENDED) == []
        await console.press("escape")
        await console.settle()
        assert seen_as(own) == seen_as(own, ENDED) == [("h.devries", "Olga Brandt")]
        await console.switch("r.dekker")
        assert len(seen_as(own)) == 2
        assert len(seen_as(own, ENDED)) == 1
        console.app.exit()
    assert [name for _, name in seen_as(own)] == [name for _, name in seen_as(own, ENDED)]


async def test_it_is_read_at_a_glance_where_it_is_narrow(own: Database) -> None:
    async with opened(console_on(own, "h.devries", demo=False), (80, 24)) as console:
        await console.switch("olga")
        assert "seeing as olga, read-only" in console.lines[0]
        assert "h.devries as olga" in console.lines[0]


async def test_only_those_are_offered_whom_one_may_look_through(own: Database) -> None:
    """Ruben runs Dekker's account: its people are his to list, and nobody's eyes to look through, or only theirs."""
    workspace = Workspace(own, at=NOON)
    keys = ("user.list", "user.impersonate")
    for login in ("r.dekker", "olga", "k.adeyemi", "p.nowak"):
        session = workspace.sign_in(login)
        may = session.may(*keys) == set(keys)
        async with opened(console_on(own, login, demo=False), WIDE) as console:
            for key in ("f2", "f3"):
                console.forget_toasts()
                await console.press(key)
                assert isinstance(console.app.screen, ChooseUser) == may, login
                if not may:
                    assert any("you may look through nobody's eyes" in one for one in console.toasts)
                    continue
                assert "Hanna" not in console.text or login == "h.devries"
                await console.type("h.devries")
                await console.press("enter")
                assert isinstance(console.app.screen, ChooseUser), "nobody of that login is there"
                await console.press("escape")
    assert seen_as(own) == []


async def test_side_by_side_shows_no_more_than_ones_own_and_is_audited_once(own: Database) -> None:
    async with opened(console_on(own, "h.devries", demo=False), WIDE) as console:
        await console.press("f3")
        await console.type("olga")
        await console.press("enter")
        assert isinstance(console.app.screen, SideBySideScreen), console.text
        assert "olga 40 customers, 437 devices" in console.text
        workspace = Workspace(own, at=NOON)
        hanna = workspace.sign_in("h.devries")
        user = workspace.profile_of("p.nowak").user_id
        found = hanna.open_record("user", user)
        after = replace(found.state, email="p@harbor.example")
        hanna.save([Edit("user", user, found.state, after, found.revision)])
        console.app.look_for_changes()
        await console.settle()
        await console.press("ctrl+r", "s")
    assert seen_as(own) == [("h.devries", "Olga Brandt")]


async def test_the_profile_is_ones_own(own: Database) -> None:
    async with opened(console_on(own, "h.devries", demo=False), WIDE) as console:
        await console.switch("olga")
        await console.press("colon")
        await console.type("profile")
        await console.press("enter")
        assert not isinstance(console.app.screen, ProfileForm)


async def test_it_ends_where_one_may_no_more(own: Database) -> None:
    workspace = Workspace(own, at=NOON)
    async with opened(console_on(own, "h.devries", demo=False), WIDE) as console:
        await console.switch("olga")
        hanna = workspace.sign_in("h.devries")
        user = workspace.profile_of("olga").user_id
        found = hanna.open_record("user", user)
        hanna.save([Edit("user", user, found.state, replace(found.state, active=False), found.revision)])
        console.app.look_for_changes()
        await console.settle()
        assert "h.devries" in console.lines[0]
        assert " RW" in console.lines[0]
        assert any("olga's eyes any more" in one for one in console.toasts), console.toasts


async def test_in_the_demo_everybody_is_anybody(own: Database) -> None:
    async with opened(console_on(own, "olga"), WIDE) as console:
        await console.press("f2")
        assert "This is the demo: be anybody" in console.text
        await console.press("escape")
        await console.switch("h.devries")
        assert "h.devries" in console.lines[0]
        assert " RW" in console.lines[0]
    assert seen_as(own) == []
