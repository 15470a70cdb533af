"""The role of a security group, and the matrix of its permissions: by keyboard, on the demo."""

from __future__ import annotations

from support.console import console_on, opened
from support.security_forms import SMALL, Saved, at, find, go, open_group, permissions, said, saved_permissions, show

from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.matrix import MatrixScreen
from ringfence.console.screens.role_form import RoleForm
from ringfence.console.screens.security_group_form import SecurityGroupForm
from ringfence.storage.engine import Database


async def test_a_role_is_chosen_among_those_there_are(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(console_on(demo), SMALL) as console:
        await open_group(console, saved, "field-service-south")
        await go(console, "role")
        await console.press("enter")
        assert "built in" in console.text, "all built-in ones are among the roles"
        await console.type("read only")
        await console.press("enter")
        assert "Read only · shared by 2 groups" in console.text
        assert "customers" in said(console)
        await console.press("ctrl+s")
    assert saved.group("field-service-south").role == saved.id("role", "viewer")


async def test_a_template_becomes_a_role_of_the_groups_owner(either: Database) -> None:
    saved = Saved(either, "r.dekker")
    async with opened(console_on(either, "r.dekker"), SMALL) as console:
        await show(console, SecurityGroupForm(None))
        await console.type("Own people")
        await go(console, "role")
        await console.press("enter")
        await console.type("customer user")
        assert "Customer user · built in: sees one customer, changes nothing" in console.text
        await console.press("enter")
        assert "Customer user · new, made with this group" in console.text
        assert "customer: only customers named for the user" in console.text
        await go(console, "scope")
        await console.press("left", "a", "ctrl+s")
        assert not isinstance(console.app.screen, SecurityGroupForm), console.text
    group = saved.group("own-people")
    role = saved.role_of("own-people")
    assert group.owner == role.owner == saved.id("customer", "dekker")
    assert (role.name, role.private, role.builtin) == ("Customer user", False, False)
    assert role.permissions == saved_permissions("customer-user", saved)

    async with opened(console_on(either, "r.dekker"), SMALL) as console:
        await show(console, SecurityGroupForm(None))
        await go(console, "role")
        await console.press("enter")
        assert "Customer user · built in" not in console.text, "the copy is among the roles now"


async def test_single_options_sections_and_everything_are_switched_in_a_private_role(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(console_on(demo), SMALL) as console:
        form = await open_group(console, saved, "sint-jans-hospital")
        assert "private to this group" in console.text
        screen = await permissions(console, "merge")
        assert console.lines[2].strip() == "Security groups › Sint Jans Hospital › Permissions"
        assert "Role private to this group  Level service provider  Scope 1 customer selected" in console.lines[3]
        assert at(console) == "ticket.merge"
        assert "Merge · Tickets" in console.text
        assert "Lets its holder merge tickets of the one selected customer." in said(console)
        await console.press("space")
        assert "+1 permission Tickets: Merge" in said(console)
        assert "ticket.merge" in (form.role_now.permissions or ())  # type: ignore[union-attr]
        await console.press("s")
        held = screen.matrix.held
        assert {key for key in held if key.startswith("ticket.")} == {
            f"ticket.{one}"
            for one in ("create", "delete", "edit", "list", "merge", "use_charges", "view_assigned", "view")
        }
        await console.press("d")
        assert "API tokens" not in console.text
        assert screen.matrix.differs_only
        await console.press("d", "ctrl+s")
    role = saved.role_of("sint-jans-hospital")
    assert role.private
    assert role.permissions == held
    assert saved.group("sint-jans-hospital").role == saved.id("role", "sint-jans-hospital")


async def test_what_is_blocked_says_why(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(console_on(demo), SMALL) as console:
        await open_group(console, saved, "sint-jans-hospital")
        screen = await permissions(console, "script administration")
        await console.press("down")
        assert at(console) == "script.create"
        assert "It cannot be given here: only with all customers" in said(console)
        before = screen.matrix.held
        await console.press("space")
        assert screen.matrix.held == before
        assert "Only with all customers: a script can be run at any of them." in console.toasts
        await find(console, "policies")
        await console.press("down")
        assert at(console) == "policy.edit"
        assert "never in a group made for one customer" in said(console)
        await console.press("space")
        assert screen.matrix.held == before


async def test_a_roles_level_decides_what_counts_only_everywhere(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(console_on(demo), SMALL) as console:
        form = RoleForm(saved.id("role", "viewer"))
        await show(console, form)
        await permissions(console, "script administration")
        await console.press("down", "space")
        assert "script.create" in (form.draft.permissions or ())
        await console.press("escape")
        await go(console, "access_level")
        await console.press("right")
        await permissions(console, "script administration")
        await console.press("down")
        assert "It has no effect here: only with all customers" in said(console)


async def test_what_one_does_not_hold_cannot_be_given(demo: Database) -> None:
    saved = Saved(demo, "r.dekker")
    async with opened(console_on(demo, "r.dekker"), SMALL) as console:
        await open_group(console, saved, "dekker-fitters")
        screen = await permissions(console, "api tokens")
        await console.press("down", "space")
        assert at(console) == "api_token.manage"
        assert "api_token.manage" not in screen.matrix.held
        assert "you do not hold it yourself" in said(console)


async def test_a_shared_role_asks_and_is_changed_for_all(demo: Database) -> None:
    saved = Saved(demo)
    saved.edit("security_group", "security_group", "zuiderpark-cover", role=saved.id("role", "viewer"))
    async with opened(console_on(demo), SMALL) as console:
        await open_group(console, saved, "polder-read-only")
        screen = await permissions(console, "merge")
        assert "Read only is shared. Space asks: change it for all 2 groups" in said(console)
        before = screen.matrix.held
        await console.press("space")
        assert "Change the role for its 2 groups" in console.text
        assert "Customise for this group only (a private role)" in console.text
        assert "also the role of Zuiderpark, holiday cover." in console.text
        await console.press("escape")
        assert screen.matrix.held == before, "no answer changes nothing"
        await console.press("space", "c")
        assert "ticket.merge" in screen.matrix.held
        await console.press("up", "space")
        assert isinstance(console.app.screen, MatrixScreen), "asked once"
        await console.press("ctrl+s")
    held = saved.role("viewer").permissions or frozenset()
    assert {"ticket.merge", "ticket.list"} <= held
    assert saved.group("polder-read-only").role == saved.id("role", "viewer")


async def test_a_shared_role_is_customised_for_one_group(either: Database) -> None:
    saved = Saved(either)
    saved.edit("security_group", "security_group", "zuiderpark-cover", role=saved.id("role", "viewer"))
    was = saved.role("viewer")
    async with opened(console_on(either), SMALL) as console:
        form = await open_group(console, saved, "polder-read-only")
        screen = await permissions(console, "merge")
        await console.press("space", "p")
        assert "private to this group, a copy of Read only" in console.text
        await console.press("d")
        assert "+ [x] Merge" in console.text
        assert "Edit" not in console.text.split("Tickets")[1].split("╰")[0]
        await console.press("d", "escape")
        assert "private to this group, a copy of Read only" in console.text
        assert [edit.kind for edit in form.edits()] == ["role", "security_group"]
        await console.press("ctrl+s")
        assert not isinstance(console.app.screen, SecurityGroupForm)
    assert saved.role("viewer") == was
    role = saved.role_of("polder-read-only")
    assert (role.name, role.private) == ("Polder Water Board, read only", True)
    assert role.permissions == (was.permissions or frozenset()) | {"ticket.merge"}
    del screen


async def test_a_built_in_role_is_only_customised(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(console_on(demo), SMALL) as console:
        await open_group(console, saved, "field-service-south")
        screen = await permissions(console, "remote access")
        assert "Technician is built in. Space asks to customise it" in said(console)
        await console.press("space", "c")
        assert isinstance(console.app.screen, Dialog)
        assert "it is built in" in console.text
        await console.press("p")
        assert "device.remote_access" not in screen.matrix.held
        assert "−1 permission Devices and assets: Remote access" in said(console)
        await console.press("ctrl+s")
    assert "device.remote_access" in (saved.role("technician").permissions or ())
    assert "device.remote_access" not in (saved.role_of("field-service-south").permissions or ())


async def test_a_group_without_a_role_gets_a_private_one(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(console_on(demo), SMALL) as console:
        await show(console, SecurityGroupForm(None))
        await console.type("Gate")
        await permissions(console, "alarms")
        await console.press("s", "ctrl+s")
    role = saved.role_of("gate")
    assert (role.name, role.private, role.owner) == ("Gate", True, saved.group("gate").owner)
    assert role.permissions == frozenset({"alarm.create", "alarm.delete", "alarm.list", "alarm.manage"})
