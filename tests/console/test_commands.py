"""Which commands are on for whom, and what is said where they are off."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.console import CUSTOMER_GROUPS, ROLES, Console, console_on, opened

from ringfence.console.screens.area import AreaScreen
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.help import HelpScreen
from ringfence.console.screens.record_list import RecordList
from ringfence.console.screens.records import KindScreen
from ringfence.storage.engine import Database

LISTS = {("3",): "user", ("4",): "security group", CUSTOMER_GROUPS: "customer group", ROLES: "role"}


def off(console: Console, name: str) -> str:
    """Why a command of the screen is off; "-" where it has no such command."""
    screen = console.app.screen
    assert isinstance(screen, AreaScreen)
    command = screen.command(name)
    return command.off(screen) if command else "-"


async def test_nothing_is_off_for_the_administrator(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("down")
        for name in ("actions", "open", "new", "customer_groups", "take_up", "delete", "copy_id"):
            assert not off(console, name), name
        assert console.lines[0].rstrip().endswith("RW")
        for keys in LISTS:
            await console.press(*keys, "down", "down", "down")
            for name in ("open", "new", "actions", "undo", "activate", "duplicate"):
                assert off(console, name) in ("", "-")
        assert "7" not in console.lines[1]
        await console.press("7")
        assert console.area == "roles", "7 is nobody's key yet"


async def test_who_may_only_look_is_told_so(demo: Database) -> None:
    async with opened(console_on(demo, "olga")) as console:
        assert console.lines[0].rstrip().endswith("RW"), "she deals with alarms"
        assert off(console, "customer_groups") == "you may not edit groups (security_group.edit or customer_group.edit)"
        for keys, noun in LISTS.items():
            key = noun.replace(" ", "_")
            await console.press(*keys)
            assert not off(console, "open")
            assert off(console, "new") == f"you may not create {noun}s ({key}.create)"
            assert off(console, "delete") == f"you may not delete {noun}s ({key}.delete)"
            assert off(console, "duplicate") in ("-", f"you may not create {noun}s ({key}.create)")
            assert off(console, "activate") in ("-", f"you may not edit {noun}s ({key}.edit)")
            console.forget_toasts()
            await console.press("n")
            assert console.toasts == [f"new: you may not create {noun}s ({key}.create): w says why"]
        console.forget_toasts()
        await console.press("u")
        assert console.toasts == ["Not undone: there is nothing of yours to undo"]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("3", "Users: Maud Claes may not list users (user.list)"),
        ("4", "Security: Maud Claes may not list security groups (security_group.list)"),
        ("8", "Audit: Maud Claes may not view the audit (audit.view)"),
    ],
)
async def test_an_area_is_there_for_whoever_has_a_right_in_it(key: str, said: str, demo: Database) -> None:
    async with opened(console_on(demo, "m.claes")) as console:
        assert console.lines[1].split() == ["1", "Customers", "2", "Devices", "5", "Alarms", "2", "0", "Now"]
        await console.press(key)
        assert console.area == "customers"
        assert console.toasts == [said]


async def test_whoever_has_no_right_where_one_is_comes_to_the_customers(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press(*ROLES)
        assert console.area == "roles"
        await console.switch("m.claes")
        assert console.area == "customers"
        assert "Security" not in console.text
        await console.switch("h.devries")
        await console.press("4")
        assert console.area == "roles", "the tab that was shown last"
        assert "Customer groups" in console.lines[3]


async def test_nobody_deletes_or_deactivates_themselves(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("3", "slash")
        await console.type("h.devries")
        await console.press("enter")
        assert off(console, "delete") == "this is you: somebody else must delete you"
        assert off(console, "activate") == "this is you: somebody else must deactivate you"
        await console.press("space", "escape", "down")
        assert off(console, "delete"), "they are among those marked"
        await console.press("escape")
        assert not off(console, "delete")


async def test_roles_that_are_used_or_built_in_are_not_deleted(demo: Database) -> None:
    with demo.writing() as connection:
        connection.exec_driver_sql("UPDATE role SET builtin = (name = 'Administrator'), private = (name = 'Read only')")
    async with opened(console_on(demo)) as console:
        await console.press(*ROLES, "slash")
        await console.type("administrator")
        await console.press("enter", "end")
        assert off(console, "delete") == "a built-in role is copied, not deleted"
        assert "built in" in console.text
        await console.press("escape", "slash")
        await console.type("read only")
        await console.press("enter")
        assert off(console, "delete") == "1 security group uses it: give another role first"
        assert "private" in console.text
        assert "(D delete)" in console.text, "a reason of this row is shown"
        bar = console.app.screen.query_one("KeyBar")
        assert next(key for key in bar.keys if key.action == "delete").state == "off"  # type: ignore[attr-defined]


async def test_the_menu_of_actions_runs_them_and_says_why_not(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press(*CUSTOMER_GROUPS, "down", "down", "m")
        dialog = console.app.screen
        assert isinstance(dialog, Dialog)
        assert [option.key for option in dialog.options] == ["e", "n", "c", "H", "D", "a", "r"]
        assert not any(option.off for option in dialog.options)
        assert "Schools" in console.text
        await console.press("a")
        assert "Deactivate customer group “Schools”?" in console.text
        await console.press("escape")
        assert console.area == "customer-groups"
        await console.switch("olga")
        console.forget_toasts()
        await console.press("m")
        assert "New  — you may not create customer groups (customer_group.create)" in console.text
        await console.press("n")
        assert isinstance(console.app.screen, Dialog)
        assert console.toasts == ["New: you may not create customer groups (customer_group.create)"]


async def test_marked_records_are_changed_together(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press(*CUSTOMER_GROUPS, "space", "space", "m")
        assert "2 customer groups marked" in console.text
        await console.press("escape", "D")
        assert "Delete 2 customer groups?" in console.text
        await console.press("d")
        table = console.app.screen.query_one(RecordList)
        assert (table.total, table.marks) == (2, frozenset())
        await console.press("u", "u")
        assert table.total == 4


async def test_help_and_palette_tell_of_them(demo: Database) -> None:
    async with opened(console_on(demo, "olga"), (120, 70)) as console:
        await console.press(*CUSTOMER_GROUPS, "question_mark")
        assert isinstance(console.app.screen, HelpScreen)
        screen = console.app.screen_stack[-2]
        assert isinstance(screen, KindScreen)
        text = " ".join(console.text.replace("│", " ").split())
        for command in screen.commands:
            assert command.help in text
        assert "Make a new one. (off: you may not create customer groups (customer_group.create))" in text
        await console.press("escape", "ctrl+p")
        await console.type("go to the security")
        await console.press("enter")
        assert console.area == "security-groups"
        await console.press("3")
        assert console.area == "users"


async def test_the_customers_form_is_opened_by_its_key(demo: Database) -> None:
    for key, form in (("e", "CustomerForm"), ("g", "CustomerGroupsForm")):
        async with opened(console_on(demo)) as console:
            await console.press("down", key)
            assert type(console.app.screen).__name__ == form


@pytest.mark.parametrize(
    ("area", "module", "form"),
    [
        (("3",), "user_form", "UserForm"),
        (("4",), "security_group_form", "SecurityGroupForm"),
        (CUSTOMER_GROUPS, "customer_group_form", "CustomerGroupForm"),
        (ROLES, "role_form", "RoleForm"),
    ],
)
async def test_the_forms_are_opened_by_their_keys(area: Sequence[str], module: str, form: str, demo: Database) -> None:
    pytest.importorskip(f"ringfence.console.screens.{module}")
    async with opened(console_on(demo)) as console:
        for key in ("e", "enter", "n", "c") if area != ("3",) else ("e", "enter", "n"):
            await console.press(*area, "home", "down", key)
            screen = console.app.screen
            assert type(screen).__name__ == form, key
            new = getattr(screen, "record_id", None) is None
            assert new == (key in "nc")
            await console.press("escape")
            if isinstance(console.app.screen, Dialog):
                await console.press("end", "enter")
            while not isinstance(console.app.screen, AreaScreen):
                console.app.pop_screen()
                await console.settle()


@pytest.mark.usefixtures("no_past")
async def test_a_notice_takes_the_row_of_the_breadcrumbs_and_goes_with_its_screen(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("2", "slash")
        await console.type("50%")
        await console.press("enter")
        await console.press("u")
        await console.press("u")
        assert "Not undone: there is nothing of yours to undo" in console.lines[2]
        assert console.lines[2].rstrip().endswith("/50%  1 of 498")
        assert sum("Not undone" in line for line in console.lines) == 1
        await console.press("3")
        assert "Not undone" not in console.text
        assert console.lines[2].strip() == "Users"
        await console.press("4")
        console.app.notify("Saved.")
        await console.settle()
        assert console.lines[2].split() == ["▌", "Saved."], "something is left of where one is"


async def test_a_notice_leaves_counts_and_filter_free(demo: Database) -> None:
    counts = "4 critical  6 major  8 below"
    async with opened(console_on(demo, "olga"), (80, 24)) as console:
        await console.press("5")
        assert console.lines[2].split("  ", 1)[1].strip() == counts
        await console.press("D")
        assert console.lines[2].startswith("▌ delete: you may not delete alarms")
        assert console.lines[2].rstrip().endswith(f" {counts}")
        assert "F9 says why" in console.lines[3]
