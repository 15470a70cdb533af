"""The form of a role: by keyboard, on the demo."""

from __future__ import annotations

from support.console import opened
from support.form_host import form_host
from support.security_forms import SMALL, Saved, at, find, go, permissions, said, show

from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.role_form import RoleForm
from ringfence.storage.engine import Database


async def test_a_new_role_starts_as_a_built_in_one(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(form_host(demo), SMALL) as console:
        form = RoleForm(None)
        await show(console, form)
        await go(console, "starts")
        await console.press("enter")
        assert "Technician: works on devices" in console.text
        await console.press("down", "down", "down", "enter")
        assert "18 of 32 · 6 of 38 administration" in console.text
        assert form.draft.name == "Technician"
        await go(console, "access_level")
        await console.press("right")
        assert "Reaches only customers named for the user" in console.text
        await permissions(console, "merge")
        assert "Technician" in console.lines[3]
        await console.press("space", "d")
        assert "+ [x] Merge" in console.text
        assert "[x] View" not in console.text
        await console.press("d", "escape", "ctrl+s")
        assert not isinstance(console.app.screen, RoleForm), console.text
    made = next(key for key in saved.keys("role") if key.startswith("technician-"))
    role = saved.role(made)
    assert (role.access_level, role.builtin, role.private) == ("customer", False, False)
    assert role.permissions == (saved.role("technician").permissions or frozenset()) | {"ticket.merge"}


async def test_a_roles_change_is_previewed_for_all_who_have_it(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(form_host(demo), SMALL) as console:
        await show(console, RoleForm(saved.id("role", "viewer")))
        assert "Used by 1 security group: Polder Water Board, read only." in console.text
        await permissions(console, "devices and assets")
        await find(console, "list and search")
        assert at(console) == "device.list"
        await console.press("space")
        assert "−1 permission Devices and assets: List and search" in said(console)
        await console.press("escape")
        assert "devices" in said(console).split("What saving changes")[1]
        await console.press("p")
        assert isinstance(console.app.screen, Dialog)
        assert "−1 permission Devices and assets: List and search" in said(console)
        assert "k.adeyemi" in console.text
        await console.press("enter")
        await console.press("ctrl+s")
    assert "device.list" not in (saved.role("viewer").permissions or ())


async def test_all_permissions_now_and_later(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(form_host(demo), SMALL) as console:
        form = RoleForm(None)
        await show(console, form)
        await console.type("Everything")
        await go(console, "all")
        await console.press("space")
        assert "Permissions  all, now and later" in console.text
        screen = await permissions(console, "merge")
        assert len(screen.matrix.held) == len(form.catalogue)
        await console.press("space", "escape")
        assert form.draft.permissions is not None
        assert "31 of 32 · 38 of 38 administration" in console.text
        await go(console, "all")
        await console.press("space", "ctrl+s")
    assert saved.role("everything").permissions is None


async def test_a_built_in_role_is_read_and_copied(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(form_host(demo), SMALL) as console:
        await show(console, RoleForm(saved.id("role", "operator")))
        assert "A built-in role is copied, not changed" in console.text
        await console.type("zz")
        await console.press("ctrl+s")
        assert console.toasts == ["save: a built-in role is copied, not changed"]
        screen = await permissions(console, "merge")
        before = screen.matrix.held
        await console.press("space")
        assert screen.matrix.held == before
        await console.press("escape", "c")
        assert "Operator (copy)" in console.text
        await console.press("ctrl+s")
        assert not isinstance(console.app.screen, RoleForm), console.text
    assert saved.role("operator-copy").permissions == saved.role("operator").permissions
    assert not saved.role("operator-copy").builtin
