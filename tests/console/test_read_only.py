"""One place decides whether something is read-only: badge, fields, key bar and commands agree, in every form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, Final

import pytest
from support.console import NOON, Console, console_on, demo_copy, opened
from support.form_host import form_host
from support.signal_records import signal_edits

import ringfence.console
from ringfence.console.commands.command import Command, Editable
from ringfence.console.commands.declared import editable
from ringfence.console.commands.tree import CUSTOMER
from ringfence.console.rooms import numbered, room
from ringfence.console.screens.area import AreaScreen
from ringfence.console.screens.bulk_edit import BulkEditScreen
from ringfence.console.screens.customer_groups_form import CustomerGroupsForm
from ringfence.console.screens.drafting import Drafting
from ringfence.console.screens.manage_devices import ManageDevicesScreen
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import PickSpec, RowsSpec, is_changed
from ringfence.console.widgets.key_bar import KeyBar
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.registry import EDITED
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.user import UserState
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

pytestmark = pytest.mark.always

DEVICE: Final = editable(DEVICES)
KINDS: Final = (CUSTOMER, *(editable(kind) for kind in EDITED.values() if kind is not CUSTOMERS))
REASON: Final = "you see this as somebody else does"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Database]:
    database = demo_copy(tmp_path)
    make_viewer(database)
    yield database
    database.close()


def make_viewer(database: Database) -> None:
    """Somebody who may list and view everything, and change nothing."""
    workspace = Workspace(database, at=NOON)
    admin = workspace.sign_in("h.devries")
    root = admin.roots()[0].id
    held = {kind.right(action) for kind in EDITED.values() for action in ("list", "view")} | {"audit.view"}
    state = SecurityGroupState(root, "Onlookers", scope="all", role=-1)
    given = frozenset({(-2, (None, None))})
    admin.save(
        [
            Edit("role", -1, None, RoleState(root, "Onlooker", permissions=frozenset(held))),
            Edit("security_group", -2, None, state),
            Edit("user", -3, None, UserState(root, "onlooker", "Onno Looker", security_groups=given)),
            *signal_edits(root),
        ],
    )


def record_of(database: Database, kind: Editable) -> int:
    """The id of a record of that kind that is not the provider itself."""
    workspace = Workspace(database, at=NOON)
    session = workspace.sign_in("onlooker")
    rows = session.rows(Listing(f"{kind.kind.replace('_', '-')}s"), Part(3))
    return rows[-1].id


def forms(database: Database) -> dict[str, Callable[[], Any]]:
    found: dict[str, Callable[[], Any]] = {}
    for kind in KINDS:
        found[kind.kind] = lambda kind=kind: room(kind.form, record_of(database, kind))  # type: ignore[misc]
        found[f"new {kind.kind}"] = lambda kind=kind: room(kind.form, None)  # type: ignore[misc]
    found["groups of a customer"] = lambda: CustomerGroupsForm(record_of(database, CUSTOMER))
    found["many devices"] = lambda: BulkEditScreen([record_of(database, DEVICE)], lambda: None)
    return found


FORMS: Final = (
    *(kind.kind for kind in KINDS),
    *(f"new {kind.kind}" for kind in KINDS),
    "groups of a customer",
    "many devices",
)


def only_look(console: Console) -> None:
    """Makes the session one that changes nothing, whoever it is."""
    console.app.read_only = REASON
    screen = console.app.screen
    assert isinstance(screen, AreaScreen)
    screen.show_viewer()
    screen.refresh_bindings()


async def open_form(console: Console, demo: Database, name: str) -> RecordForm:
    console.app.push_screen(forms(demo)[name]())
    await console.settle()
    screen = console.app.screen
    assert isinstance(screen, RecordForm), console.text
    return screen


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("login", ["onlooker", pytest.param("h.devries", marks=pytest.mark.slow)])
@pytest.mark.once(8)
async def test_a_form_that_is_read_only_says_so_everywhere(name: str, login: str, demo: Database) -> None:
    async with opened(form_host(demo, login)) as console:
        if login == "h.devries":  # who may do everything, but not now
            console.app.read_only = REASON
        screen = await open_form(console, demo, name)
        reason = screen.read_only
        assert reason if login == "onlooker" else reason == REASON
        await looks_read_only(console, screen)
        draft = screen.draft
        fields = screen.form._lines.page.stops if login == "onlooker" else screen.form._lines.page.stops[:1]
        for stop in list(fields):
            spec = screen.form._specs[screen.form._lines.page.lines[stop].spec]
            for key in ("space", "right", "left", "enter"):
                if key == "enter" and isinstance(spec, PickSpec) and spec.looks:
                    continue  # the permissions, which are looked at
                if key != "enter" and isinstance(spec, PickSpec | RowsSpec):
                    continue  # not a key of such a field
                screen.form._lines.cursor = stop
                console.forget_toasts()
                await console.press(key)
                assert console.app.screen is screen, (spec, key)
                assert screen.draft == draft, (spec, key)
                expected = [f"{reason[:1].upper()}{reason[1:]}."] if is_changed(spec) else []
                assert console.toasts == expected, (spec, key)
        await commands_refuse(console, screen, reason)
        await console.press("escape")
        assert console.app.screen is not screen, "there is nothing to lose"


async def looks_read_only(console: Console, screen: Drafting) -> None:
    assert console.lines[0].rstrip().endswith("RO")
    offered = [line for line in console.lines if "⏎" in line]
    assert all("⏎ open" in line and "Permissions" in line for line in offered), offered
    changing = {command.name for command in screen.commands if command.changes}
    assert "save" in changing
    assert not changing & {key.action for key in screen.query_one(KeyBar).keys}


async def use(console: Console, screen: Any, command: Command[Any]) -> None:
    """Runs a command by its first key; from the palette, where it has none."""
    if command.keys:
        await console.press(command.keys.split(",")[0])
    else:
        await screen.action_command(command.name)
        await console.settle()


async def commands_refuse(console: Console, screen: Drafting, reason: str) -> None:
    for command in screen.commands:
        if command.changes:
            console.forget_toasts()
            await use(console, screen, command)
            needed = command.needs(screen)
            on = ": F9 says why" if needed and needed not in screen.ringfence.rights else ""
            assert console.toasts == [f"{command.footer or command.help.rstrip('.')}: {reason}{on}"], command.name


async def test_devices_are_not_assigned_by_who_may_not(demo: Database) -> None:
    async with opened(form_host(demo, "onlooker")) as console:
        screen = ManageDevicesScreen(None, [record_of(demo, DEVICE)])
        console.app.push_screen(screen)
        await console.settle()
        await looks_read_only(console, screen)
        await commands_refuse(console, screen, "you may not assign devices (device.assign)")


@pytest.mark.parametrize("area", "12345678")
async def test_a_session_that_is_read_only_offers_no_change_in_any_list(area: str, demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        only_look(console)
        await console.press(area, "down")
        screen: Any = console.app.screen
        assert console.lines[0].rstrip().endswith("RO")
        changing = [command for command in screen.commands if command.changes]
        assert not {one.name for one in changing} & {key.action for key in screen.query_one(KeyBar).keys}
        for command in changing:
            console.forget_toasts()
            await use(console, screen, command)
            assert console.app.screen is screen, command.name
            assert console.toasts == [f"{command.footer or command.help.rstrip('.')}: {REASON}"], command.name


async def test_the_permissions_of_a_role_are_looked_at(demo: Database) -> None:
    async with opened(form_host(demo, "onlooker")) as console:
        screen = await open_form(console, demo, "role")
        screen.query_one(Form).go_to("permissions")
        await console.press("enter")
        assert console.app.screen is not screen
        assert console.lines[0].rstrip().endswith("RO")
        assert "Space toggle" not in console.text
        console.forget_toasts()
        await console.press("down", "space")
        assert console.toasts[-1].startswith("You may view this role")


def test_every_command_that_changes_something_says_so() -> None:
    """Those that do not are known by name, so that whoever adds one thinks of it."""
    looking = {
        *(
            "access",
            "actions",
            "alarms",
            "audit",
            "back",
            "bookmark",
            "choose_customer",
            "choose_left",
            "choose_right",
            "choose_site",
            "columns",
            "command_palette",
        ),
        *(
            "copy",
            "copy_id",
            "copy_role",
            "customers",
            "devices",
            "export",
            "filter",
            "go_back",
            "go_forward",
            "narrower",
            "narrower_span",
            "show",
            "wider",
            "wider_span",
            "zoom",
            "help",
            "history",
        ),
        *(
            "leave",
            "list_customers",
            "mark_all",
            "narrow",
            "device",
            "next_tab",
            "only_differences",
            "open",
            "open_group",
            "previous_tab",
            "profile",
            "tokens",
        ),
        *("quit", "read_again", "refresh", "roles", "side_by_side", "suspend", "swap", "switch_user", "take_all_away"),
        *("toggle_typing", "finished", "users", "security-groups", "customer-groups"),
        *("now", "next_tile", "previous_tile", "pause"),
        *("lock", "sign_ins", "sign_out"),
        *("another_permission", "another_user", "choose", "why", "why_of_alarm"),
    }
    modules = [found.name for found in walk_packages(ringfence.console.__path__, "ringfence.console.")]
    stated = [one for name in modules for one in vars(import_module(name)).values()]
    stated += [command for one in stated if isinstance(one, Editable) for command in one.commands]
    stated += [command for one in stated if isinstance(one, tuple) for command in one]
    stated += numbered()
    named = {one.name for one in stated if isinstance(one, Command) and not one.changes}
    assert named == looking
