"""The demo by keyboard: looking around, switching through all of its users, laying two of them side by side."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.console import NOON, Console, console_on, opened, settle
from support.oracle import Oracle

from ringfence.console.commands.command import Command
from ringfence.console.screens.choose_user import ChooseUser
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.help import HelpScreen
from ringfence.console.screens.record_list import RecordList
from ringfence.console.screens.side_by_side import SideBySideScreen
from ringfence.console.widgets.bars import Breadcrumbs
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.snapshot.story import WHO_SHOWS_WHAT, story
from ringfence.storage.engine import Database

LOGINS = [login for login, _ in WHO_SHOWS_WHAT]
INACTIVE = "b.janssens"
ORACLE = Oracle(story(), NOON)
NAMES = {entry["login"]: entry["name"] for entry in ORACLE.document["users"]}
TALL = (110, 44)


def customers(console: Console) -> CustomersScreen:
    screen = console.app.screen
    assert isinstance(screen, CustomersScreen)
    return screen


def records(console: Console) -> RecordList:
    """The list that has the focus."""
    focused = console.app.focused
    assert isinstance(focused, RecordList)
    return focused


def shown(console: Console) -> list[str]:
    """The names in the tree, in the order they are drawn."""
    forest = customers(console).forest
    return [node.label for own in forest._forest.ids if (node := forest.node(own)) is not None]


def breadcrumbs(console: Console) -> str:
    """What stands there, where no notice is over it."""
    bar = console.app.screen.query_one(Breadcrumbs)
    return "".join(text for text, _ in bar.parts(bar.size.width)).strip()


async def test_the_tree_is_walked_and_opened(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        assert breadcrumbs(console) == "Harbor Monitoring"
        await console.press(*["j"] * 6)
        assert breadcrumbs(console) == "Harbor Monitoring › Northwind Logistics"
        await console.press("right")
        assert {"Antwerp", "Rotterdam", "Zeebrugge"} <= set(shown(console))
        await console.press("right", "down")
        assert breadcrumbs(console) == "Harbor Monitoring › Northwind Logistics › Rotterdam"
        assert "Devices 76" in console.text
        await console.press("left", "left")
        assert "Rotterdam" not in shown(console)
        await console.press("End")
        await console.press("end")
        assert breadcrumbs(console).endswith("青波海運")
        await console.press("home")
        assert breadcrumbs(console) == "Harbor Monitoring"
        await console.press("pagedown")
        assert customers(console).forest.cursor > 5


async def test_tabs_turn_both_ways_and_escape_goes_back_step_by_step(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        detail = customers(console).detail
        seen = []
        for _ in range(9):
            await console.press("right_square_bracket")
            seen.append(detail.tab)
        assert seen == [
            "users",
            "alarms",
            "sites",
            "alarm-rules",
            "test-modes",
            "edges",
            "events",
            "who",
            "details",
        ]
        assert "Harbor Monitoring" in console.text
        await console.press(*["left_square_bracket"] * 6, "enter")
        assert records(console).kind == "sites"
        await console.press("space", "escape")
        assert not records(console).marks
        await console.press("escape")
        assert customers(console).forest.has_focus
        await console.press("slash")
        await console.type("north")
        await console.press("enter")
        assert customers(console).forest.has_focus
        assert "/north" in console.text
        await console.press("escape")
        assert "/north" not in console.text
        assert len(shown(console)) > 10


async def test_the_tree_is_filtered_as_one_types(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("slash")
        await console.type("rotterdam")
        assert shown(console) == ["Harbor Monitoring", "Northwind Logistics", "Rotterdam"]
        assert "1 of 46" in console.text
        assert breadcrumbs(console).startswith("Harbor Monitoring › Northwind Logistics › Rotterdam")
        await console.type("zzz")
        assert shown(console) == []
        assert "Nothing matches" in console.text
        await console.press("escape")
        assert breadcrumbs(console) == "Harbor Monitoring › Northwind Logistics › Rotterdam", "the place was lost"


async def test_devices_are_filtered_sorted_marked_and_copied(demo: Database) -> None:
    session = Workspace(demo, at=NOON).sign_in("h.devries")
    async with opened(console_on(demo)) as console:
        await console.press("2")
        assert console.area == "devices"
        assert "of 498" in console.text
        await console.press("slash")
        await console.type("gate camera")
        await console.press("enter")
        found = [row.name for row in listing.export(session.viewer, Listing("devices", "gate camera"))]
        assert f"/gate camera  {len(found)} of 498" in console.text
        table = records(console)

        await console.press("U")
        exported: Any = listing.export(session.viewer, Listing("devices", "gate camera", "unit_id"))
        by_unit = [row.shown("unit_id") for row in exported]
        assert [table.row_at(n).shown("unit_id") for n in range(len(by_unit))] == by_unit  # type: ignore[union-attr]
        assert "Unit id ▲" in console.text
        await console.press("U")
        assert [table.row_at(n).shown("unit_id") for n in range(len(by_unit))] == by_unit[::-1]  # type: ignore[union-attr]
        assert "Unit id ▼" in console.text
        await console.press("N")
        assert "Name ▲" in console.text

        await console.press("y")
        row = table.current_row
        assert row is not None
        assert console.app.clipboard.split("\t") == [row.name, *map(row.shown, ("unit_id", "kind", "site")), row.owner]
        assert console.toasts[-1] == "Copied."

        await console.press("space", "down", "space")
        assert "2 marked" in console.text
        await console.press("y")
        assert len(console.app.clipboard.splitlines()) == 2
        await console.press("v", "down", "down", "v")
        assert len(table.marks) == 5
        await console.press("y")
        assert console.app.clipboard.count("\n") == 4
        assert console.toasts[-1] == "Copied 5 rows."
        await console.press("escape")
        assert "/gate" not in console.text
        await console.press("escape")
        assert not table.marks
        console.forget_toasts()
        await console.press("end")
        assert "498 of 498" in console.text


async def test_numbers_go_to_the_screens_and_back_to_the_place(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("down", "down", "3")
        assert console.area == "users"
        assert "of 14" in console.text
        await console.press("2")
        assert console.area == "devices"
        await console.press("1")
        assert breadcrumbs(console) == "Harbor Monitoring › Crèmerie Éloïse Lefèvre"


async def test_help_tells_the_keys_of_this_screen_and_list(demo: Database) -> None:
    async with opened(console_on(demo), TALL) as console:
        await console.press("enter", "question_mark")
        assert isinstance(console.app.screen, HelpScreen)
        told = " ".join(console.text.replace("│", " ").split())
        for command in customers_commands():
            assert command.help in told
        await console.press("end")
        assert "Sort by Unit id" in console.text
        await console.press("question_mark")
        assert customers(console)
        await console.press("f1", "f1")
        assert customers(console)
        await console.press("f1", "escape")
        assert customers(console)


def customers_commands() -> list[Command[Any]]:
    from ringfence.console.commands.everywhere import EVERYWHERE

    return [*CustomersScreen.COMMANDS_HERE, *EVERYWHERE]


@pytest.mark.parametrize("key", ["ctrl+p", "colon"])
async def test_the_palette_changes_the_theme_and_the_screen(key: str, demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press(key)
        await console.type("okabe")
        await console.press("enter")
        assert console.app.theme == "okabe-ito"
        await console.press(key)
        await console.type("go to the users")
        await console.press("enter")
        assert console.area == "users"


async def test_every_user_is_shown_what_is_theirs(demo: Database) -> None:
    async with opened(console_on(demo), TALL) as console:
        before = "h.devries"
        for login in LOGINS:
            console.forget_toasts()
            await console.switch(login)
            if login == INACTIVE:
                assert console.toasts == [f"{login} is inactive and cannot sign in: sign in as somebody else"]
                assert before in console.lines[0]
                continue
            assert login in console.lines[0]
            nodes = await whole_tree(console)
            assert nodes == expected_tree(login), login
            sees = ORACLE.listed(login, "customers"), ORACLE.listed(login, "devices")
            total = [len(ORACLE.records(ORACLE.user(login)["tenant"], kind)) for kind in ("customers", "devices")]
            assert len(console.toasts) == 1
            told = f"{len(sees[0])} of {total[0]} customers, {len(sees[1])} of {total[1]} devices"
            assert console.toasts[0].startswith(f"{NAMES[login]} sees {told}")
            assert (":" in console.toasts[0]) == (not sees[0])
            console.forget_toasts()
            await console.press("2")
            assert in_border(console) == len(sees[1]), login
            await console.press("3")
            users = ORACLE.listed(login, "users")
            assert console.area == "users" or not users, login
            if console.area == "users":
                assert in_border(console) == len(users), login
                drawn = {line.split()[0] for line in column(console, "Login") if line.strip()} if users else set()
                assert drawn == users, login
            await console.press("1")
            before = login


async def whole_tree(console: Console) -> set[tuple[str, ...]]:
    """Opens everything, and gives the path of every node that is drawn."""
    forest = customers(console).forest
    await console.press("home")
    line = 0
    while line < forest.count:
        node = forest.node(forest._forest.ids[line])
        assert node is not None
        if node.has_children and node.id not in forest.expanded_ids:
            forest.cursor = line
            await console.press("right")
        line += 1
    return {tuple(step.label for step in forest.path_to(own)) for own in forest._forest.ids}


def expected_tree(login: str) -> set[tuple[str, ...]]:
    """What the rule says of that."""
    tenant = ORACLE.user(login)["tenant"]
    forest = ORACLE.forest(login)
    names: dict[str | None, str] = {key: entry["name"] for key, entry in ORACLE.records(tenant, "customers").items()}
    names[None] = next(entry["name"] for entry in ORACLE.document["tenants"] if entry["key"] == tenant)
    paths = set()
    for node in forest:
        path = [names[node]]
        above = forest[node]
        while above is not False:
            assert above is None or isinstance(above, str)
            path.insert(0, names[above])
            above = forest[above]
        paths.add(tuple(path))
    return paths


def in_border(console: Console) -> int:
    """How many rows the list says that there are."""
    found = re.search(r"of ([\d,]+)(?: · [\w ]+ [▲▼])? ─+╯", console.text)
    return int(found[1].replace(",", "")) if found else 0


def column(console: Console, title: str) -> list[str]:
    """The cells of a column as they are drawn."""
    heading = next((line for line in console.lines if f" {title} " in line), "")
    at = heading.index(title)
    rows = console.lines[console.lines.index(heading) + 1 :]
    end = next((n for n, line in enumerate(rows) if line.startswith("╰")), len(rows))
    return [line[at : at + 14] for line in rows[:end] if line[at - 1 : at] == " " and "sees nothing" not in line]


async def test_the_place_is_kept_or_the_nearest_to_it(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("slash")
        await console.type("rotterdam")
        await console.press("enter")
        for login, place, devices in [
            ("olga", "Northwind Logistics › Rotterdam", 76),
            ("t.okafor", "Rotterdam", 13),
            ("k.adeyemi", "Northwind Logistics › Rotterdam", 76),
            ("h.devries", "Harbor Monitoring › Northwind Logistics › Rotterdam", 76),
        ]:
            await console.switch(login)
            assert breadcrumbs(console) == place
            assert f"Devices {devices}" in console.text, login

        await console.press("slash")
        await console.type("pharma")
        await console.press("enter")
        assert breadcrumbs(console).startswith("Harbor Monitoring › Northwind Logistics › Rotterdam › ")
        await console.switch("t.okafor")
        assert breadcrumbs(console) == "Rotterdam", "the nearest that they may see"
        await console.switch("m.claes")
        assert breadcrumbs(console) == "Sint Jans Hospital", "the first root"
        await console.switch("p.nowak")
        assert breadcrumbs(console) == ""


async def test_another_user_is_shown_on_the_list_that_is_open(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("2")
        for login, count in [("olga", 437), ("anneke", 20), ("l.petit", 0), ("astrid", 102)]:
            await console.switch(login)
            console.forget_toasts()
            await console.settle()
            assert console.area == ("devices" if count else "customers"), (
                "there is no list for whoever may list nothing"
            )
            if not count:
                await console.switch("h.devries")
                await console.press("2")
                continue
            assert in_border(console) == count, login
        await console.press("1")
        assert breadcrumbs(console) == "Lindqvist Fleet Services"


async def test_choosing_can_be_left(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("f2")
        assert isinstance(console.app.screen, ChooseUser)
        await console.type("nobody at all")
        assert "Nobody matches." in console.text
        await console.press("enter", "escape")
        assert "h.devries" in console.lines[0]
        await console.press("f3", "escape")
        assert customers(console)


async def test_two_users_side_by_side(demo: Database) -> None:
    async with opened(console_on(demo, "olga"), TALL) as console:
        await console.press("f3")
        await console.type("j.peeters")
        await console.press("enter")
        screen = console.app.screen
        assert isinstance(screen, SideBySideScreen)
        assert "olga 40 customers, 437 devices · j.peeters 6 customers, 51 devices" in console.text
        rows = {line[3:40].strip(): line[40:] for line in console.lines if "●" in line}
        assert len(rows) == 16
        assert "left" in rows["Northwind Logistics"]
        assert "right" in rows["Internal test sites"]

        await console.press("tab")
        assert "j.peeters 6 customers, 51 devices · olga 40 customers" in console.text
        assert "left" in next(line for line in console.lines if "Internal test sites" in line)

        await console.press("R")
        await console.type("h.devries")
        await console.press("enter")
        assert "h.devries 46 customers" in console.text
        assert next(line for line in console.lines if "Internal test sites" in line).rstrip("│ ").endswith("both")
        await console.press("L")
        await console.type("olga")
        await console.press("enter")
        everything = sum("●" in line for line in console.lines)
        await console.press("d")
        different = [line for line in console.lines if "●" in line]
        assert 0 < len(different) < everything
        assert not any("Northwind Logistics" in line for line in different)
        await console.press("d")
        assert sum("●" in line for line in console.lines) == everything
        await console.press("escape")
        assert customers(console)
        assert "olga" in console.lines[0]


async def test_two_users_of_different_tenants_are_refused(demo: Database) -> None:
    refusal = "these two users belong to different tenants: nothing is common to both"
    async with opened(console_on(demo, "olga")) as console:
        await console.press("f3")
        await console.type("astrid")
        await console.press("enter")
        assert console.toasts == [refusal]
        assert customers(console)

        await console.press("f3")
        await console.type("anneke")
        await console.press("enter", "R")
        await console.type("astrid")
        await console.press("enter")
        assert console.toasts[-1] == refusal
        assert "anneke" in breadcrumbs(console)
        await console.press("R")
        await console.type("janssens")
        await console.press("enter")
        assert "is inactive" in console.toasts[-1]
        assert "anneke" in breadcrumbs(console)


async def test_reading_again_shows_what_has_changed_meanwhile(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press(*["down"] * 6, "right", "enter", "down", "down", "space")
        row = records(console).current_row
        with demo.writing() as connection:
            connection.exec_driver_sql("UPDATE customer SET name = 'Southwind' WHERE name = 'Northwind Logistics'")
            connection.exec_driver_sql("UPDATE device SET name = 'Zzz last' WHERE name = 'Yard camera 3'")
        assert "Northwind" in console.text
        await console.press("ctrl+r")
        assert "Northwind" not in console.text
        assert "Southwind" in console.text
        assert "Rotterdam" in shown(console), "what was open is open still"
        assert records(console).current_row == row
        assert len(records(console).marks) == 1
        await console.press("end")
        assert "Zzz last" in console.text


@pytest.mark.parametrize("keys", [(), ("f2",), ("question_mark",), ("ctrl+p",), ("slash",), ("2",)])
async def test_it_is_left_from_everywhere(keys: tuple[str, ...], demo: Database) -> None:
    app = console_on(demo)
    async with app.run_test(notifications=True) as pilot:
        await settle(app, pilot)
        console = Console(app, pilot)
        await console.press(*keys, "ctrl+q")
    assert app.return_code == 0
    assert app.return_value is None
