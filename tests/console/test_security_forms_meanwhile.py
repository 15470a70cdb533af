"""Two operators at the same security group, or the same role."""

from __future__ import annotations

from support.console import opened
from support.form_host import form_host
from support.security_forms import SMALL, Saved, go, open_group, permissions, said, show

from ringfence.console.screens.conflict import ConflictScreen
from ringfence.console.screens.role_form import RoleForm
from ringfence.console.screens.security_group_form import SecurityGroupForm
from ringfence.services.editing import Edit
from ringfence.storage.engine import Database


async def test_both_operators_changes_of_a_group_are_shown_and_kept(either: Database) -> None:
    saved = Saved(either)
    async with opened(form_host(either)) as console:
        await open_group(console, saved, "field-service-south")
        await console.type(", mine")
        zuiderpark = saved.id("customer", "zuiderpark")
        theirs = {**saved.group("field-service-south").customers, zuiderpark: True}
        saved.edit("security_group", "security_group", "field-service-south", customers=theirs)
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, ConflictScreen)
        assert "This security group was changed meanwhile" in console.text
        assert "Field service south, mine" in console.text
        assert "added Zuiderpark Cold Store (with nested)" in console.text
        await console.press("enter")
        assert "Zuiderpark Cold Store  with nested" in console.text
        assert "Field service south, mine" in console.text
        await console.press("ctrl+s")
        assert not isinstance(console.app.screen, SecurityGroupForm), console.text
    state = saved.group("field-service-south")
    assert state.name == "Field service south, mine"
    assert zuiderpark in state.customers


async def test_somebody_else_gave_the_group_another_role(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(form_host(demo), SMALL) as console:
        form = await open_group(console, saved, "field-service-south")
        await console.type(", mine")
        saved.edit("security_group", "security_group", "field-service-south", role=saved.id("role", "viewer"))
        await console.press("ctrl+s")
        assert "Read only" in console.text
        await console.press("enter")
        assert "Read only · shared by 2 groups" in console.text
        assert len(form.edits()) == 1
        await console.press("ctrl+s")
        assert not isinstance(console.app.screen, SecurityGroupForm), console.text
    assert saved.group("field-service-south").role == saved.id("role", "viewer")


async def test_both_operators_changes_of_a_groups_role_are_shown(either: Database) -> None:
    saved = Saved(either)
    was = saved.role("sint-jans-hospital").permissions or frozenset()
    async with opened(form_host(either), SMALL) as console:
        form = await open_group(console, saved, "sint-jans-hospital")
        await permissions(console, "merge")
        await console.press("space")
        saved.edit("role", "role", "sint-jans-hospital", permissions=was | {"alarm.delete"})
        await console.press("ctrl+s")
        shown = console.app.screen
        assert isinstance(shown, ConflictScreen)
        assert "added Delete (Alarms)" in console.text
        assert "added Merge (Tickets)" in console.text
        await console.press("t", "enter")
        assert console.app.screen is form
        assert form.role_now is not None
        assert form.role_now.permissions == was | {"alarm.delete"}
        await permissions(console, "merge")
        await console.press("space", "ctrl+s")
    assert saved.role("sint-jans-hospital").permissions == was | {"alarm.delete", "ticket.merge"}


async def test_somebody_else_deleted_the_role_that_was_being_changed(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(form_host(demo), SMALL) as console:
        await open_group(console, saved, "polder-read-only")
        await permissions(console, "merge")
        await console.press("space")
        viewer = saved.id("role", "viewer")
        saved.edit("security_group", "security_group", "polder-read-only", role=saved.id("role", "operator"))
        role = saved.session.open_record("role", viewer)
        saved.session.save([Edit("role", viewer, role.state, None, role.revision)])
        await console.press("ctrl+s")
        assert "the role is not there any more" in said(console)
        await go(console, "role")
        await console.press("enter")
        await console.type("site guard")
        await console.press("enter", "ctrl+s")
        assert isinstance(console.app.screen, ConflictScreen), console.text
        await console.press("enter", "ctrl+s")
        assert not isinstance(console.app.screen, SecurityGroupForm), console.text
    assert saved.group("polder-read-only").role == saved.id("role", "site-guard")


async def test_a_conflict_of_roles_is_shown_field_by_field(demo: Database) -> None:
    saved = Saved(demo)
    was = saved.role("viewer").permissions or frozenset()
    async with opened(form_host(demo), SMALL) as console:
        await show(console, RoleForm(saved.id("role", "viewer")))
        await console.type(" mine")
        saved.edit("role", "role", "viewer", permissions=was | {"alarm.delete"})
        await console.press("ctrl+s")
        shown = console.app.screen
        assert isinstance(shown, ConflictScreen)
        assert "added Delete (Alarms)" in console.text
        assert "Read only mine" in console.text
        await console.press("enter", "ctrl+s")
        assert not isinstance(console.app.screen, RoleForm), console.text
    assert saved.role("viewer").name == "Read only mine"
    assert saved.role("viewer").permissions == was | {"alarm.delete"}
