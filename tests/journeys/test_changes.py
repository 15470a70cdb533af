"""Changing access from the lists, seeing it in the audit, and taking it back: by keyboard."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.console import CUSTOMER_GROUPS, NOON, Console, console_on, opened

from ringfence.console.screens.audit import AuditScreen
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.record_list import RecordList
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

pytestmark = pytest.mark.usefixtures("no_past")


def rows(console: Console) -> list[str]:
    """The lines of the list, without the notices over it."""
    end = next(n for n, line in enumerate(console.lines) if line.startswith("╰"))
    top = next(n for n, line in enumerate(console.lines) if line.startswith("╭"))
    lines = (line[2:-1].strip() for line in console.lines[top + 2 : end])
    return [line for line in lines if line and not line.startswith("▌ ")]


async def test_a_group_is_deactivated_seen_in_the_audit_and_brought_back(demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    olga = workspace.sign_in("olga")
    async with opened(console_on(demo)) as console:
        await console.press(*CUSTOMER_GROUPS, "slash")
        await console.type("production")
        await console.press("enter", "a")
        assert "Deactivate customer group “Production only”?" in console.text
        assert "−40 customers" in console.text
        await console.press("enter")
        assert olga.profile().customers == 40, "Enter is on Back"
        await console.press("a", "d")
        assert "inactive: gives nothing" in rows(console)[0]
        assert olga.profile().customers == 0
        console.forget_toasts()

        await console.press("8")
        assert len(rows(console)) == 1
        assert "h.devries" in rows(console)[0]
        assert "edited customer group “Production only”" in rows(console)[0]
        await console.press("enter")
        assert isinstance(console.app.screen, Dialog)
        said = " ".join(console.text.split())
        assert "yes → no" in said
        assert "(UTC+0000)" in said
        assert "From console" in said
        await console.press("u")
        assert "This takes back: edit customer group “Production only”" in console.text
        assert "+40 customers" in console.text
        await console.press("u")
        console.forget_toasts()
        await console.settle()
        assert isinstance(console.app.screen, AuditScreen)
        newer, older = rows(console)
        assert "an undo" in newer
        assert "undone" in older
        assert olga.profile().customers == 40

        await console.press("end", "u")
        assert console.toasts == ["undo: it was taken back already"]
        await console.press("enter")
        assert "Undo this change  — it was taken back already" in console.text
        await console.press("escape", "home", "enter")
        assert "it took back change 1" in console.text


async def test_u_takes_back_ones_own_last_change_from_any_list(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press(*CUSTOMER_GROUPS, "end", "D")
        assert "Delete customer group “Staging/Test”?" in console.text
        assert "· 1 user" in console.text
        await console.press("escape")
        assert len(rows(console)) == 4
        await console.press("D", "d")
        assert len(rows(console)) == 3
        for key in "1246":
            await console.press(key, "u")
            assert "This takes back: delete customer group “Staging/Test”" in console.text
            await console.press("escape")
        await console.press(*CUSTOMER_GROUPS, "u", "u")
        assert len(rows(console)) == 4
        assert "Staging/Test" in rows(console)[3]
        console.forget_toasts()
        await console.press("u")
        assert console.toasts == ["Not undone: there is nothing of yours to undo"], "undoing is no change to undo"
        await console.press("8", "home", "u")
        assert "This takes back: create customer group “Staging/Test”" in console.text, "but the audit can"


async def test_the_world_has_moved_on_and_u_says_so(demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    hanna = workspace.sign_in("h.devries")

    def rename(name: str, new: str) -> None:
        row = hanna.rows(Listing("customer-groups", name), Part(1))[0]
        found = hanna.open_record("customer_group", row.id)
        hanna.save([Edit("customer_group", row.id, found.state, replace(found.state, name=new), found.revision)])

    rename("Schools", "First")
    rename("First", "Second")
    async with opened(console_on(demo)) as console:
        await console.press("8", "end", "u")
        assert console.toasts
        assert console.toasts[-1].startswith("Not undone: ")
        assert "was changed since" in console.toasts[-1]
        assert isinstance(console.app.screen, AuditScreen)


async def test_the_audit_is_newest_first_filtered_turned_and_copied(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press(*CUSTOMER_GROUPS, "a", "a", "down", "down", "a", "d", "8")
        console.forget_toasts()
        await console.settle()
        assert ["Schools" in line for line in rows(console)] == [True, False]
        await console.press("W")
        assert ["Schools" in line for line in rows(console)] == [False, True]
        assert "When ▲" in console.text
        await console.press("W", "slash")
        await console.type("schools")
        await console.press("enter", "y")
        assert "/schools  1 of 2" in console.text
        when, who, what, note, origin = console.app.clipboard.split("\t")
        assert (who, what, note, origin) == ("h.devries", "edited customer group “Schools”", "", "console")
        assert when


async def test_undoing_may_be_refused(demo: Database) -> None:
    """Kemi sees what Hanna did to a group of her own, and may not take it back where it reaches beyond her."""
    async with opened(console_on(demo, "k.adeyemi")) as console:
        await console.press("u")
        assert console.toasts == ["Not undone: there is nothing of yours to undo"]
        await console.press("8")
        assert console.app.screen.query_one(RecordList).state == "empty"
        assert "Nothing was changed yet, as far as you may see." in console.text
