"""The form of a security group: by keyboard, on the demo."""

from __future__ import annotations

import re

from sqlalchemy import text
from support.console import opened
from support.form_host import form_host
from support.security_forms import HOSTILE, SMALL, Saved, go, open_group, permissions, said, show

from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.role_form import RoleForm
from ringfence.console.screens.security_group_form import SecurityGroupForm
from ringfence.domain.user import UserState
from ringfence.services.editing import Edit
from ringfence.storage.engine import Database


async def test_a_group_is_opened_and_edited(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(form_host(demo), SMALL) as console:
        await open_group(console, saved, "field-service-south")
        assert console.lines[2].strip() == "Security groups › Field service south"
        assert "Technician · built in, shared by 3 groups" in console.text
        assert "service provider: every customer of the group" in console.text
        assert "18 of 32 · 6 of 38 administration" in console.text
        assert "t.okafor" in console.text
        assert "(•) selected customers" in console.text
        assert "Rotterdam          itself only" in console.text
        assert re.search(r"Accessible +\d customers ", console.text)
        assert "Nothing was changed." in console.text
        await console.type(", east")
        assert "Nobody gains or loses" in console.text
        await console.press("ctrl+s")
        assert not isinstance(console.app.screen, SecurityGroupForm)
    assert saved.group("field-service-south").name == "Field service south, east"
    assert saved.group("field-service-south").role == saved.id("role", "technician")


async def test_all_customers_hides_the_selected_ones_and_keeps_them_until_saved(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(form_host(demo), SMALL) as console:
        form = await open_group(console, saved, "field-service-south")
        await go(console, "scope")
        await console.press("left")
        assert "All customers?" in console.text, "it asks first"
        await console.press("enter")
        assert form.draft.scope == "selected", "and is on Back"
        await console.press("left", "a")
        assert "p preview" in console.lines[-1], "letters are no text on this field"
        assert "Accessible" not in console.text
        assert "+" in said(console).split("What saving changes")[1]
        assert form.form.current[0] == "scope"
        await console.press("space")
        assert "Rotterdam          itself only" in console.text
        assert not form.edits()
        await console.press("space", "a", "ctrl+s")
    state = saved.group("field-service-south")
    assert (state.scope, dict(state.customers)) == ("all", {})


async def test_customers_are_picked(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(form_host(demo), SMALL) as console:
        await open_group(console, saved, "field-service-south")
        await go(console, "customers")
        await console.press("enter")
        assert console.lines[2].strip() == "Security groups › Field service south › Customers"
        await console.press("slash")
        await console.type("brandsma")
        await console.press("enter", "right")
        assert "+1 customer" in said(console)
        assert "t.okafor" in said(console), "the preview follows"
        await console.press("escape", "escape")
        assert "Brandsma" in console.text
        await console.press("ctrl+s")
    assert saved.id("customer", "brandsma") in saved.group("field-service-south").customers


async def test_a_new_group_needs_a_name_and_says_what_it_does_not_give(demo: Database) -> None:
    async with opened(form_host(demo), SMALL) as console:
        await show(console, SecurityGroupForm(None))
        assert "Security groups › New security group" in console.text
        assert "Give it a name." in console.text
        await console.press("ctrl+s")
        assert "! required" in console.text
        await console.type("Night shift")
        assert "No customer is selected: it gives nothing." in said(console)
        assert "It has no permission: it gives nothing." in said(console)
        await console.press("ctrl+s")
    saved = Saved(demo)
    assert saved.group("night-shift").role is None
    assert saved.group("night-shift").scope == "selected"


async def test_a_refused_save_is_told_beside_the_field(demo: Database) -> None:
    async with opened(form_host(demo), SMALL) as console:
        form = await show(console, SecurityGroupForm(None))
        await console.type("x" * 500)
        assert "This cannot be saved: this is longer than" in said(console)
        await console.press("ctrl+s")
        assert form.form.errors["name"].startswith("this is longer than")
        assert "! this is longer" in console.text


async def test_leaving_with_changes_asks(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(form_host(demo), SMALL) as console:
        form = await open_group(console, saved, "sint-jans-hospital")
        await permissions(console, "merge")
        await console.press("space", "escape")
        assert console.app.screen is form
        await console.press("escape")
        assert isinstance(console.app.screen, Dialog)
        assert "Leave without saving?" in console.text
        await console.press("g")
        assert console.app.screen is form
        await console.press("escape", "l")
        assert console.app.screen is not form
    assert "ticket.merge" not in (saved.role_of("sint-jans-hospital").permissions or ())


async def test_a_group_is_duplicated_with_its_private_role(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(form_host(demo), SMALL) as console:
        await show(console, SecurityGroupForm(None, copy_of=saved.id("security_group", "sint-jans-hospital")))
        assert "Sint Jans Hospital (copy)" in console.text
        assert "nobody yet" in console.text
        await console.press("ctrl+s")
    copy, was = saved.group("sint-jans-hospital-copy"), saved.group("sint-jans-hospital")
    assert (copy.scope, copy.customers, copy.made_for) == (was.scope, was.customers, None)
    assert copy.role != was.role
    role = saved.role_of("sint-jans-hospital-copy")
    assert role.private
    assert role.permissions == saved.role_of("sint-jans-hospital").permissions
    assert saved.session.used_by("security-groups", saved.id("security_group", copy.key))[1] == []


async def test_a_group_is_duplicated_with_its_shared_role(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(form_host(demo), SMALL) as console:
        await show(console, SecurityGroupForm(None, copy_of=saved.id("security_group", "field-service-south")))
        await console.press("ctrl+s")
    copy, was = saved.group("field-service-south-copy"), saved.group("field-service-south")
    assert (copy.role, copy.customers) == (was.role, was.customers)


async def test_who_may_not_edit_looks(demo: Database) -> None:
    saved = Saved(demo)
    operations = saved.id("security_group", "operations")
    looker = UserState(
        saved.group("operations").owner, "l.ook", "Lena Ook", security_groups=frozenset({(operations, (None, None))})
    )
    saved.session.save([Edit("user", -1, None, looker)])
    async with opened(form_host(demo, "l.ook"), SMALL) as console:
        form = SecurityGroupForm(saved.id("security_group", "field-service-south"))
        await show(console, form)
        assert console.app.screen is form
        assert "change" not in console.text.split("Read only")[0]
        await console.type("x")
        assert form.draft.name == "Field service south"
        screen = await permissions(console, "merge")
        before = screen.matrix.held
        await console.press("space")
        assert screen.matrix.held == before
        assert any("not change it" in toast for toast in console.toasts)


async def test_hostile_names_are_drawn_and_never_obeyed(demo: Database) -> None:
    saved = Saved(demo)
    with demo.writing() as connection:
        for table in ("security_group", "role", "customer", "user_account"):
            connection.execute(text(f"UPDATE {table} SET name = :name"), {"name": HOSTILE})
    async with opened(form_host(demo), SMALL) as console:
        await open_group(console, saved, "field-service-south")
        assert "Acme [/bold] ␛]52;c;aGk=␇ ⟨RLO⟩Ltd" in console.text
        await permissions(console, "merge")
        await console.press("space")
        assert "\x1b" not in console.text
        assert "‮" not in console.text
        await console.press("escape", "escape")
        await show(console, RoleForm(saved.id("role", "technician")))
        assert "Acme [/bold]" in console.text
        assert "\x1b" not in console.text
