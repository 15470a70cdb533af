"""The forms of security groups and roles, and the matrix of their permissions: by keyboard, on the demo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from support.console import NOON, Console, console_on, demo_copy, opened

from ringfence.console.screens.conflict import ConflictScreen
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.matrix import MatrixScreen
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.screens.role_form import RoleForm
from ringfence.console.screens.security_group_form import SecurityGroupForm
from ringfence.console.widgets.form import Form
from ringfence.services.editing import Edit, RoleState, SecurityGroupState, UserState
from ringfence.services.workspace import Workspace
from ringfence.snapshot.load import load_document
from ringfence.snapshot.story import story
from ringfence.storage.engine import Database

SMALL = (80, 24)
HOSTILE = "Acme [/bold] \x1b]52;c;aGk=\x07 ‮Ltd"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Database]:
    database = demo_copy(tmp_path)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def either(request: pytest.FixtureRequest) -> Database:
    """The demo's story on each engine in turn."""
    if request.param == "sqlite":
        found: Database = request.getfixturevalue("demo")
        return found
    database: Database = request.getfixturevalue("postgres_database")
    load_document(database, story())
    return database


class Saved:
    """What is saved, past the console."""

    def __init__(self, database: Database, login: str = "h.devries") -> None:
        self.database = database
        self.workspace = Workspace(database, at=NOON)
        self.session = self.workspace.sign_in(login)

    def id(self, table: str, key: str) -> int:
        query = text(
            f"SELECT x.id FROM {table} x JOIN tenant t ON t.id = x.tenant_id WHERE x.key = :key AND t.key = 'harbor'"
        )
        with self.database.engine.connect() as connection:
            return int(connection.execute(query, {"key": key}).scalar_one())

    def keys(self, table: str) -> set[str]:
        query = text(f"SELECT x.key FROM {table} x JOIN tenant t ON t.id = x.tenant_id WHERE t.key = 'harbor'")
        with self.database.engine.connect() as connection:
            return set(connection.execute(query).scalars())

    def group(self, key: str) -> SecurityGroupState:
        found: SecurityGroupState = self.session.open_record("security_group", self.id("security_group", key)).state
        return found

    def role(self, key: str) -> RoleState:
        found: RoleState = self.session.open_record("role", self.id("role", key)).state
        return found

    def role_of(self, key: str) -> RoleState:
        """The role of a group."""
        role = self.group(key).role
        assert role is not None
        found: RoleState = self.session.open_record("role", role).state
        return found

    def edit(self, kind: Any, table: str, key: str, **values: Any) -> None:
        """Changes a record as a second operator would."""
        opened = self.session.open_record(kind, self.id(table, key))
        edit = Edit(kind, opened.id, opened.state, replace(opened.state, **values), opened.revision)
        self.session.save([edit])


async def show(console: Console, screen: RecordForm) -> RecordForm:
    await console.app.push_screen(screen)
    await console.settle()
    return screen


async def open_group(console: Console, saved: Saved, key: str) -> SecurityGroupForm:
    form = SecurityGroupForm(saved.id("security_group", key))
    await show(console, form)
    return form


async def go(console: Console, name: str) -> None:
    """Brings the cursor to a field, with Tab."""
    form = console.app.screen.query_one(Form)
    await console.press("ctrl+home")
    for _ in range(12):
        if form.current[0] == name:
            return
        await console.press("tab")
    raise AssertionError(f"there is no field {name}: {form.values}")


async def permissions(console: Console, option: str = "") -> MatrixScreen:
    """Opens the matrix from a form, and goes to an option by searching for it."""
    await go(console, "permissions")
    await console.press("enter")
    screen = console.app.screen
    assert isinstance(screen, MatrixScreen)
    if option:
        await find(console, option)
    return screen


async def find(console: Console, option: str) -> None:
    await console.press("slash")
    await console.type(option)
    await console.press("escape")


def at(console: Console) -> str:
    """The key of the option under the cursor."""
    screen = console.app.screen
    assert isinstance(screen, MatrixScreen)
    current = screen.matrix.current
    assert current is not None
    return current[1].key if current[1] else current[0].heading


def said(console: Console) -> str:
    """What is on screen, without frames and line breaks."""
    return " ".join(console.text.replace("│", " ").split())


# The form of a group


async def test_a_group_is_opened_and_edited(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(console_on(demo), SMALL) as console:
        await open_group(console, saved, "field-service-south")
        assert console.lines[2].strip() == "Security groups › Field service south"
        assert "Technician · built in, shared by 3 groups" in console.text
        assert "service provider: every customer of the group" in console.text
        assert "18 of 32 · 4 of 33 administration" in console.text
        assert "t.okafor" in console.text
        assert "(•) selected customers" in console.text
        assert "Rotterdam          itself only" in console.text
        assert "Nothing was changed." in console.text
        await console.type(", east")
        assert "Nobody gains or loses" in console.text
        await console.press("ctrl+s")
        assert not isinstance(console.app.screen, SecurityGroupForm)
    assert saved.group("field-service-south").name == "Field service south, east"
    assert saved.group("field-service-south").role == saved.id("role", "technician")


async def test_all_customers_hides_the_selected_ones_and_keeps_them_until_saved(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(console_on(demo), SMALL) as console:
        form = await open_group(console, saved, "field-service-south")
        await go(console, "scope")
        await console.press("left")
        assert "All customers?" in console.text, "it asks first"
        await console.press("enter")
        assert form.draft.scope == "selected", "and is on Back"
        await console.press("left", "a")
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
    async with opened(console_on(demo), SMALL) as console:
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
    async with opened(console_on(demo), SMALL) as console:
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
    async with opened(console_on(demo), SMALL) as console:
        form = await show(console, SecurityGroupForm(None))
        await console.type("x" * 500)
        assert "This cannot be saved: this is longer than" in said(console)
        await console.press("ctrl+s")
        assert form.form.errors["name"].startswith("this is longer than")
        assert "! this is longer" in console.text


async def test_leaving_with_changes_asks(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(console_on(demo), SMALL) as console:
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


# The role of a group


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


def saved_permissions(key: str, saved: Saved) -> frozenset[str] | None:
    return next(one.permissions for one in saved.session.role_templates() if one.key == key)


# The matrix


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
    assert role.permissions == {"alarm.create", "alarm.delete", "alarm.list", "alarm.manage"}


# A copy


async def test_a_group_is_duplicated_with_its_private_role(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(console_on(demo), SMALL) as console:
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
    async with opened(console_on(demo), SMALL) as console:
        await show(console, SecurityGroupForm(None, copy_of=saved.id("security_group", "field-service-south")))
        await console.press("ctrl+s")
    copy, was = saved.group("field-service-south-copy"), saved.group("field-service-south")
    assert (copy.role, copy.customers) == (was.role, was.customers)


# Two operators


async def test_both_operators_changes_of_a_group_are_shown_and_kept(either: Database) -> None:
    saved = Saved(either)
    async with opened(console_on(either)) as console:
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
    async with opened(console_on(demo), SMALL) as console:
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
    async with opened(console_on(either), SMALL) as console:
        form = await open_group(console, saved, "sint-jans-hospital")
        await permissions(console, "merge")
        await console.press("space")
        saved.edit("role", "role", "sint-jans-hospital", permissions=was | {"alarm.delete"})
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, ConflictScreen)
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
    async with opened(console_on(demo), SMALL) as console:
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


# Who may only look


async def test_who_may_not_edit_looks(demo: Database) -> None:
    saved = Saved(demo)
    operations = saved.id("security_group", "operations")
    looker = UserState(
        saved.group("operations").owner, "l.ook", "Lena Ook", security_groups=frozenset({(operations, (None, None))})
    )
    saved.session.save([Edit("user", -1, None, looker)])
    async with opened(console_on(demo, "l.ook"), SMALL) as console:
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
    async with opened(console_on(demo), SMALL) as console:
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


# Roles


async def test_a_new_role_starts_as_a_built_in_one(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(console_on(demo), SMALL) as console:
        form = RoleForm(None)
        await show(console, form)
        await go(console, "starts")
        await console.press("enter")
        assert "Technician: works on devices" in console.text
        await console.press("down", "down", "down", "enter")
        assert "18 of 32 · 4 of 33 administration" in console.text
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
    async with opened(console_on(demo), SMALL) as console:
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
    async with opened(console_on(demo), SMALL) as console:
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
        assert "31 of 32 · 33 of 33 administration" in console.text
        await go(console, "all")
        await console.press("space", "ctrl+s")
    assert saved.role("everything").permissions is None


async def test_a_built_in_role_is_read_and_copied(demo: Database) -> None:
    saved = Saved(demo)
    async with opened(console_on(demo), SMALL) as console:
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


async def test_a_conflict_of_roles_is_shown_field_by_field(demo: Database) -> None:
    saved = Saved(demo)
    was = saved.role("viewer").permissions or frozenset()
    async with opened(console_on(demo), SMALL) as console:
        await show(console, RoleForm(saved.id("role", "viewer")))
        await console.type(" mine")
        saved.edit("role", "role", "viewer", permissions=was | {"alarm.delete"})
        await console.press("ctrl+s")
        assert isinstance(console.app.screen, ConflictScreen)
        assert "added Delete (Alarms)" in console.text
        assert "Read only mine" in console.text
        await console.press("enter", "ctrl+s")
        assert not isinstance(console.app.screen, RoleForm), console.text
    assert saved.role("viewer").name == "Read only mine"
    assert saved.role("viewer").permissions == was | {"alarm.delete"}
