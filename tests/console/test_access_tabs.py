"""Who may do something to a record, and what a user may do, as tabs: by keys, as far as whoever asks may know."""

from __future__ import annotations

from typing import Any

import pytest
from support.console import NOON, Console, console_on, opened

from ringfence.console.screens import access_lists
from ringfence.console.screens.access_lists import RightsList, WhoList
from ringfence.console.widgets.bars import NavBar
from ringfence.services.explained import HIDDEN
from ringfence.services.workspace import Session, Workspace
from ringfence.storage.engine import Database

SMALL = (80, 24)
WHO = ("enter", "left_square_bracket", "left_square_bracket")
"""From a customer in the tree to the last of its tabs."""
ANOTHER = "f"


def session(demo: Database, login: str = "h.devries") -> Session:
    return Workspace(demo, at=NOON).sign_in(login)


def names(table: Any) -> list[str]:
    """Who is shown, but for those who may do everything, or what."""
    return [getattr(row, "label", "") or row.user.name for row in table.rows]


def in_list(console: Console, of: type[Any]) -> Any:
    return console.app.screen.query_one(of)


async def test_who_may_delete_a_device_of_northwind(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await console.press("slash")
        await console.type("northwind")
        await console.press("enter")
        assert not console.app.screen.query(WhoList), "nobody has looked: nobody was asked about"
        await console.press(*WHO)
        who = in_list(console, WhoList)
        assert "may View details (Customers)" in console.text
        assert names(who) == ["Kemi Adeyemi", "Olga Brandt"]
        await console.press(ANOTHER)
        await console.type("device.delete")
        await console.press("enter")
        assert "may Delete (Devices and assets)" in console.text
        assert names(who) == ["Kemi Adeyemi"]
        assert "and 1 administrator of everything" in console.text
        assert "Who 2" in console.text
        found = session(demo).who("device.delete", "customer:northwind")
        assert [one.user.name for one in found if not one.everything] == names(who)
        await console.press("escape", "escape", "slash")
        await console.type("polder")
        await console.press("enter", "enter")
        found = session(demo).who("device.delete", "customer:polder")
        assert names(who) == [one.user.name for one in found if not one.everything], "the question stays"


async def test_of_what_is_hidden_nothing_is_drawn(demo: Database) -> None:
    """He may list those of Dekker alone, and none of the groups: who else may see his customers is not told."""
    everybody = {one.name for one in session(demo).rows(_users(), _part())}
    own = {one.name for one in session(demo, "r.dekker").rows(_users(), _part())}
    async with opened(console_on(demo, "r.dekker"), SMALL) as console:
        await console.press(*WHO)
        shown = console.text
        for permission in ("device.delete", "alarm.list"):
            await console.press(ANOTHER)
            await console.type(permission)
            await console.press("enter")
            assert names(in_list(console, WhoList))
            shown += console.text
        await console.press("3", "r")
        shown += console.text
        assert HIDDEN in shown
        assert own
        assert not [name for name in everybody - own if name.split()[0] in shown]
        assert "Operations" not in shown
        assert "administrator of everything" not in shown


def _users() -> Any:
    from ringfence.services.records import Listing

    return Listing("users")


def _part() -> Any:
    from ringfence.services.records import Part

    return Part(100)


async def test_what_a_user_may_do_anywhere_and_at_a_customer(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await console.press("3", "slash")
        await console.type("olga")
        await console.press("enter", "r")
        rights = in_list(console, RightsList)
        found = session(demo).rights("olga")
        held = sum(one.allowed for one in found.rights)
        assert f"Rights {held} of {len(found.rights)}" in console.text
        await console.press("slash")
        await console.type("delete")
        await console.press("enter")
        wanted = [one for one in found.rights if "delete" in f"{one.section} {one.label}".casefold()]
        assert len(names(rights)) == len(wanted) > 3
        await console.press("escape", "slash")
        await console.type("may:yes")
        await console.press("enter")
        assert len(names(rights)) == held
        await console.press("escape", ANOTHER)
        await console.type("internal")
        await console.press("enter")
        assert "at Internal test sites" in console.text
        assert f"Rights 0 of {len(found.rights)}" in console.text, "her filter keeps it away"
        await console.press("left_square_bracket")
        assert "may View details (Users)" in console.text
        await console.press("escape")
        assert console.area == "users"


async def test_of_very_many_the_first_are_shown(demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_lists, "MOST", 2)
    async with opened(console_on(demo)) as console:
        await console.press("2", "enter", "left_square_bracket", ANOTHER)
        await console.type("device.list")
        await console.press("enter")
        who = in_list(console, WhoList)
        assert len(names(who)) <= 2
        assert "and others: ringfence who device.list device:" in console.text
        assert "Who 2+" in console.text


async def test_a_held_table_takes_the_filter_of_all_lists(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await console.press("3", "slash")
        await console.type("olga")
        await console.press("enter", "r")
        rights = in_list(console, RightsList)
        every = [(one.section, one.label, one.allowed) for one in rights.rows]

        async def shows(typed: str, wanted: list[str]) -> None:
            await console.press("slash")
            await console.type(typed)
            assert names(rights) == wanted != [], typed
            await console.press("escape")

        delete = [(section, label) for section, label, _ in every if "Delete" in label]
        assert len({label for _, label in delete}) > 1
        await shows(
            '"list and search" -of:tickets', [b for a, b, _ in every if b == "List and search" and a != "Tickets"]
        )
        await shows("^delete", [b for _, b in delete if b.startswith("Delete")])
        await shows("perm:^delete -own", [b for _, b in delete if b == "Delete"])
        await shows("may:no ^create", [b for _, b, held in every if b.startswith("Create") and not held])
        await console.press("slash")
        await console.type("customer:2")
        assert len(names(rights)) < len(every)
        assert "no column" not in console.text, "how a heading begins is enough"
        await console.press("escape", "slash")
        await console.type("delete:2")
        assert len(names(rights)) == sum("delete" in label.lower() for _, label, _ in every), (
            "what cannot be understood changes nothing"
        )
        assert "no column “delete”: quotes seek it" in console.text


async def test_of_one_customer_the_rights_are_said_to_be_held_there(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await console.press("3", "slash")
        await console.type("okafor")
        await console.press("enter", "r", ANOTHER)
        await console.type("rotterdam")
        await console.press("enter")
        held = [line for line in console.lines if "✓ yes" in line]
        assert held
        assert all("here" in line for line in held)
        assert not [line for line in console.lines if "✗ no" in line and "here" in line]


async def test_who_may_from_the_tree(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await console.press("r")
        assert console.area == "customers"
        assert console.toasts == ["who: this is the provider itself"]
        await console.press("slash")
        await console.type("northwind")
        await console.press("enter", "r")
        assert names(in_list(console, WhoList)) == ["Kemi Adeyemi", "Olga Brandt"]
        assert "Who 3" in console.text
        assert "3 users" in console.text, "who may do everything is counted alike"
        assert console.app.screen.query_one(NavBar).current == "customers"
        assert "] tab" not in console.text, "there is no other"
        await console.press("slash")
        await console.type("kemi")
        assert " 1 user " in console.text
        await console.press("escape", "escape")
        assert console.area == "customers"
        await console.press("3", "r")
        assert console.app.screen.query_one(NavBar).current == "users"
        assert "] tab" in console.text


async def test_what_is_no_list_of_records_is_exported_by_the_command_that_says_the_same(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await console.press("3", "slash")
        await console.type("olga")
        await console.press("enter", "r", "o")
        assert console.toasts == ["export: 'ringfence rights olga --format csv' writes it"]
        console.forget_toasts()
        await console.press(ANOTHER)
        await console.type("internal")
        await console.press("enter", "o")
        assert console.toasts == ["export: 'ringfence rights olga customer:internal --format csv' writes it"]
        console.forget_toasts()
        await console.press("right_square_bracket", "o")
        assert console.toasts == ["export: 'ringfence who user.view user:olga --format csv' writes it"]
