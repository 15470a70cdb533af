"""A user's form, and what other operators do to the user and the groups while it is open."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

from support.console import NOON, Console, console_on, demo_copy, opened
from support.form_host import form_host, is_left
from support.security_forms import show

from ringfence.console.screens.conflict import ConflictScreen
from ringfence.console.screens.user_form import UserForm
from ringfence.console.widgets.key_bar import KeyBar
from ringfence.services import listing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

WIDE = (120, 36)
OPEN = (None, None)


class Other:
    """A second operator, past the console."""

    def __init__(self, database: Database) -> None:
        self.workspace = Workspace(database, at=NOON)
        self.session = self.workspace.sign_in("h.devries")

    def id(self, kind: str, search: str) -> int:
        (found,) = listing.export(self.session.viewer, Listing(kind, search))
        return found.id

    def edit(self, kind: Any, record: int, **values: Any) -> None:
        there = self.session.open_record(kind, record)
        after = replace(there.state, **values)
        self.session.save([Edit(kind, record, there.state, after, there.revision)])

    def delete(self, kind: Any, record: int) -> None:
        there = self.session.open_record(kind, record)
        self.session.save([Edit(kind, record, there.state, None, there.revision)])

    def put_in(self, login: str, group: int) -> None:
        user = self.workspace.profile_of(login).user_id
        state = self.session.open_record("user", user).state
        self.edit("user", user, security_groups=state.security_groups | {(group, OPEN)})

    @property
    def groups(self) -> set[str]:
        return {row.name for row in listing.export(self.session.viewer, Listing("security-groups"))}


async def open_user(console: Console, login: str) -> None:
    workspace = console.app.workspace
    assert workspace is not None
    await show(console, UserForm(workspace.profile_of(login).user_id))


async def move_out(console: Console) -> None:
    """Maud Claes leaves the group made for Sint Jans Hospital, which nobody else is in."""
    await open_user(console, "m.claes")
    await console.press("down", "down", "space")
    await console.type("technicians")
    await console.press("enter")
    assert "goes with it: nobody else is in it" in console.text


async def test_a_generated_group_that_somebody_else_came_into_stays(demo: Database) -> None:
    other = Other(demo)
    group = other.id("security-groups", "sint jans")
    async with opened(form_host(demo), WIDE) as console:
        await move_out(console)
        other.put_in("l.petit", group)
        await console.press("ctrl+s")
        assert is_left(console), console.text
    assert "Sint Jans Hospital" in other.groups
    assert other.workspace.profile_of("l.petit").customers == 5
    assert other.workspace.profile_of("m.claes").customers == 46


async def test_a_generated_group_that_was_changed_meanwhile_goes_all_the_same(demo: Database) -> None:
    other = Other(demo)
    group = other.id("security-groups", "sint jans")
    async with opened(form_host(demo), WIDE) as console:
        await move_out(console)
        other.edit("security_group", group, name="Sint Jans, renamed")
        await console.press("ctrl+s")
        assert is_left(console), console.text
    assert not {name for name in other.groups if name.startswith("Sint Jans")}


async def test_a_generated_group_that_somebody_else_deleted_is_not_missed(demo: Database) -> None:
    other = Other(demo)
    group = other.id("security-groups", "sint jans")
    async with opened(form_host(demo), WIDE) as console:
        await move_out(console)
        other.delete("security_group", group)
        await console.press("ctrl+s")
        assert is_left(console), console.text
    assert other.workspace.profile_of("m.claes").customers == 46


async def test_what_the_other_operator_gave_has_its_name(demo: Database) -> None:
    other = Other(demo)
    user = other.workspace.profile_of("olga").user_id
    state = other.session.open_record("user", user).state
    site = next(iter(listing.export(other.session.viewer, Listing("sites"))))
    async with opened(form_host(demo), WIDE) as console:
        await open_user(console, "olga")
        await console.press("ctrl+home")
        await console.type("!")
        other.edit(
            "user",
            user,
            security_groups=state.security_groups | {(other.id("security-groups", "technicians"), OPEN)},
            customer_groups=state.customer_groups | {other.id("customer-groups", "staging")},
            sites=frozenset({site.id}),
        )
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, ConflictScreen)
        assert "another one" not in console.text
        for name in ("Technicians", "Staging/Test", site.name):
            assert name in console.text
        await console.press("enter")
        for name in ("Olga Brandt!", "Technicians", "Staging/Test", site.name):
            assert name in console.text
        await console.press("ctrl+s")
        assert is_left(console), console.text


async def test_numbers_of_before_are_not_shown_as_those_of_a_change_that_is_refused(demo: Database) -> None:
    async with opened(form_host(demo), WIDE) as console:
        await open_user(console, "l.petit")
        await console.press("ctrl+home", "tab")
        await console.press(*["backspace"] * 7)
        await console.type("olga")
        assert "Cannot be saved: another user has this login." in console.text.replace("│", "")
        assert "Without the change:" in console.text
        await console.press("escape", "l")
        await show(console, UserForm(None))
        await console.type("Somebody")
        await console.press("tab")
        await console.type("olga")
        assert "Cannot be saved: another user has this login." in console.text.replace("│", "")
        assert "0 customers" not in console.text


async def test_the_key_bar_follows_the_cursor(demo: Database) -> None:
    async with opened(form_host(demo), WIDE) as console:
        await open_user(console, "olga")
        bar = console.app.screen.query_one(KeyBar)

        def off(name: str) -> bool:
            return not any(key.state == "on" for key in bar.keys if name in key.action)

        assert off("window")
        await console.press("down")
        assert not off("window")
        assert not off("open_group")
        await console.press("up")
        assert off("window")


async def test_what_was_typed_is_kept_while_the_database_is_away_and_saved_when_it_is_back(tmp_path: Path) -> None:
    database = demo_copy(tmp_path, busy_seconds=0.1)
    other = sqlite3.connect(tmp_path / "demo.db", isolation_level=None)
    try:
        async with opened(console_on(database), (120, 36)) as console:
            await console.press("3", "slash")
            await console.type("olga")
            await console.press("enter", "e", "ctrl+home")
            await console.type("!")
            other.execute("BEGIN IMMEDIATE")
            await console.press("ctrl+s")
            assert isinstance(console.app.screen, UserForm)
            assert "Not saved yet" in console.text
            assert "Olga Brandt!" in console.text
            other.execute("ROLLBACK")
            for _ in range(60):
                await asyncio.sleep(0.1)
                await console.settle()
                if not isinstance(console.app.screen, UserForm):
                    break
            assert "Olga Brandt!" in console.text
            assert not isinstance(console.app.screen, UserForm), console.text
        profile = Workspace(database, at=NOON).profile_of("olga")
        assert profile.name == "Olga Brandt!"
    finally:
        other.close()
        database.close()
