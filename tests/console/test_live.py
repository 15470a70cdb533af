"""What others change is on screen within two seconds, and nothing else on it moves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.console import CUSTOMER_GROUPS, NOON, ROLES, Console, console_on, drawn, opened
from support.signals import edge, send

from ringfence.console.app import RingfenceApp
from ringfence.console.screens.choose_user import ChooseUser
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.record_list import RecordList
from ringfence.console.screens.side_by_side import SideBySideScreen
from ringfence.domain.clock import milliseconds
from ringfence.domain.edge import EdgeState
from ringfence.domain.errors import RingfenceError
from ringfence.domain.kind import StateKind
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Session, Workspace
from ringfence.storage.engine import Database, open_database

WITHIN = 2.0


@pytest.fixture
def elsewhere(demo: Database, tmp_path: Path) -> Iterator[Workspace]:
    """Another operator's way into the same file."""
    database = open_database(str(tmp_path / "demo.db"))
    yield Workspace(database, at=NOON, origin="elsewhere")
    database.close()


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the console look by the clock, as it does when nobody tests it."""
    monkeypatch.setattr("ringfence.console.app._LOOK_SECONDS", 1.0)


def change(elsewhere: Workspace, kind: StateKind, called: str, /, **values: Any) -> None:
    """Changes a record as another operator does."""
    session = elsewhere.sign_in("h.devries")
    listed = {"customer_group": "customer-groups", "role": "roles", "security_group": "security-groups"}
    rows = session.rows(Listing(listed.get(kind, "users"), called), Part(50))
    found = session.open_record(kind, next(row.id for row in rows if row.name == called))
    edit = Edit(kind, found.id, found.state, replace(found.state, **values) if values else None, found.revision)
    session.save([edit])


def behind_its_back(database: Database, *statements: str) -> None:
    """Changes rows that nobody can edit yet, and says so as every change does."""
    with database.writing() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("UPDATE tenant SET version = version + 1")


async def until(what: Callable[[], object]) -> float:
    """Waits for something, at most two seconds, and says how long it took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < WITHIN, "it did not come within two seconds"
        await asyncio.sleep(0.01)
    return time.monotonic() - began


def records(console: Console) -> RecordList:
    return console.app.screen.query_one(RecordList)


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every frame that the terminal is sent."""
    seen: list[str] = []
    display = RingfenceApp._display

    def keep(app: RingfenceApp, screen: Any, renderable: Any) -> None:
        display(app, screen, renderable)
        if app.is_running and app.screen.is_mounted:
            seen.append("\n".join(drawn(app)))

    monkeypatch.setattr(RingfenceApp, "_display", keep)
    return seen


def current_id(console: Console) -> int:
    """The record under the cursor of the list."""
    row = records(console).current_row
    assert row is not None
    own: int = row.id
    return own


async def test_another_operators_change_comes_up_by_itself(
    demo: Database, elsewhere: Workspace, looking: None, frames: list[str]
) -> None:
    async with opened(console_on(demo), (80, 24), frames=True) as console:
        await console.press(*CUSTOMER_GROUPS, "down", "space")
        row = records(console).current_row
        assert row is not None
        assert row.name == "Schools"
        frames.clear()
        change(elsewhere, "customer_group", "Old installer set", active=True, name="A new installer set")
        await until(lambda: "A new installer set" in console.text)
        await console.settle()
        assert "gives nothing" not in console.text
        assert current_id(console) == row.id
        assert len(records(console).marks) == 1
        assert all("Staging/Test" in frame for frame in frames), "the rows were gone for a moment"


async def test_it_is_seen_at_once_after_a_change_of_ones_own(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press(*CUSTOMER_GROUPS, "down", "a", "d")
        assert console.text.count("inactive: gives nothing") == 2
        await console.press("u", "u")
        assert console.text.count("inactive: gives nothing") == 1


@pytest.mark.usefixtures("no_past")
async def test_a_list_that_was_empty_fills_and_empties(demo: Database, elsewhere: Workspace) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("8")
        assert "Nothing was changed yet" in console.text
        change(elsewhere, "customer_group", "Old installer set", active=True)
        console.app.look_for_changes()
        await console.settle()
        assert "edited customer group “Old installer set”" in console.text
        await console.press(*CUSTOMER_GROUPS, "slash")
        await console.type("schools")
        change(elsewhere, "customer_group", "Schools")
        console.app.look_for_changes()
        await console.settle()
        assert "Nothing matches. Esc clears the filter." in console.text
        assert "/schools" in console.lines[2]


async def test_a_long_list_stays_where_it_is(demo: Database, frames: list[str]) -> None:
    async with opened(console_on(demo), (80, 24), frames=True) as console:
        await console.press("2", "slash")
        await console.type("a")
        await console.press("enter", *["pagedown"] * 9, *["up"] * 3, "space", "down")
        table = records(console)
        before, top, cursor = current_id(console), table.top, table.cursor
        assert top > 100, "on the second block"
        drawn_before = console.text
        frames.clear()
        behind_its_back(demo, "UPDATE device SET name = name || ' (renamed)' WHERE name LIKE 'Yard%'")
        console.app.look_for_changes()
        await console.settle()
        assert (current_id(console), table.top, table.cursor) == (before, top, cursor)
        assert console.text == drawn_before
        assert len(table.marks) == 1
        assert "/a" in console.lines[2]
        assert all("…" not in line[:5] for frame in frames for line in frame.splitlines()[5:-2])

        first = table.row_at(0)
        assert first is not None
        gone = first.id
        behind_its_back(demo, f"DELETE FROM device WHERE id = {gone}")  # somewhere above
        console.app.look_for_changes()
        await console.settle()
        assert current_id(console) == before
        assert (table.top, table.cursor) == (top - 1, cursor - 1)
        await console.press("home")
        first = table.row_at(0)
        assert first is not None
        assert first.id != gone


async def test_the_tree_and_the_customer_beside_it_are_read_again(demo: Database, frames: list[str]) -> None:
    async with opened(console_on(demo), (110, 24), frames=True) as console:
        await console.press(*["down"] * 6, "right", "down", "down", "right")
        screen = console.app.screen
        assert isinstance(screen, CustomersScreen)
        place, top, shown = screen.forest.selected_id, screen.forest.top, screen.forest.count
        frames.clear()
        behind_its_back(
            demo,
            "UPDATE customer SET name = 'Roffa' WHERE name = 'Rotterdam'",
            "UPDATE device SET name = 'Aaa first' WHERE name = 'Quay camera 1'",
        )
        console.app.look_for_changes()
        await console.settle()
        assert "Roffa" in console.text
        assert "Rotterdam" not in console.text
        assert "Harbor Monitoring › Northwind Logistics › Roffa" in console.lines[2]
        assert (screen.forest.selected_id, screen.forest.top, screen.forest.count) == (place, top, shown)
        row = next(line for line in console.lines if "Northwind" in line and "›" not in line)
        number = row[: row.index("│", 2)].split()[-1]
        lines = [line for frame in frames for line in frame.splitlines() if "Northwind" in line and "›" not in line]
        assert lines
        assert all(f" {number} " in line for line in lines), "the numbers were gone for a moment"


async def test_a_filtered_tree_keeps_filter_and_cursor(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("slash")
        await console.type("s")
        await console.press("enter", *["down"] * 5)
        screen = console.app.screen
        assert isinstance(screen, CustomersScreen)
        place, path = screen.forest.selected_id, console.lines[2]
        behind_its_back(demo, "UPDATE customer SET email = 'new@harbor.example' WHERE key = 'northwind'")
        console.app.look_for_changes()
        await console.settle()
        assert screen.forest.selected_id == place
        assert console.lines[2] == path


async def test_other_screens_catch_up_when_they_come_up(demo: Database, elsewhere: Workspace) -> None:
    async with opened(console_on(demo)) as console:
        await console.press(*CUSTOMER_GROUPS, "down", *ROLES, "down", "down", "1")
        change(elsewhere, "customer_group", "Old installer set", active=True)
        change(elsewhere, "role", "Read only", name="Reader")
        await console.press(*CUSTOMER_GROUPS)
        assert "gives nothing" not in console.text
        assert records(console).cursor == 1
        await console.press(*ROLES)
        assert "Reader" in console.text
        assert "Read only" not in console.text
        assert records(console).cursor == 2


async def test_header_and_rights_follow(demo: Database, elsewhere: Workspace) -> None:
    async with opened(console_on(demo, "olga")) as console:
        await console.press(*CUSTOMER_GROUPS)
        assert "Operator" in console.lines[0]
        assert console.app.screen.key_state("new") == "gone"  # type: ignore[attr-defined]
        session = elsewhere.sign_in("h.devries")
        rows = session.rows(Listing("security-groups", "administrators"), Part(9))
        group = next(row.id for row in rows if row.name == "Administrators")
        user = next(row.id for row in session.rows(Listing("users", "olga"), Part(9)))
        state = session.open_record("user", user).state
        groups = frozenset({(group, (None, None))})
        change(elsewhere, "user", state.name, security_groups=groups, customer_groups=frozenset())
        console.app.look_for_changes()
        await console.settle()
        assert console.app.screen.key_state("new") == "on"  # type: ignore[attr-defined]
        assert "Administrator" in console.lines[0]
        assert "Production only" not in console.lines[0]
        assert console.app.screen.key_state("new") == "on"  # type: ignore[attr-defined]


async def test_who_is_deactivated_is_out_without_a_key(demo: Database, elsewhere: Workspace, looking: None) -> None:
    async with opened(console_on(demo, "k.adeyemi")) as console:
        await console.press("4")
        change(elsewhere, "user", "Kemi Adeyemi", active=False)
        await until(lambda: isinstance(console.app.screen, ChooseUser))
        await console.settle()
        assert console.toasts == ["this user has been deactivated: sign in as somebody else"]
        assert "Northwind" not in "".join(console.lines[:2])


async def test_two_users_side_by_side_are_read_again(demo: Database, elsewhere: Workspace, frames: list[str]) -> None:
    async with opened(console_on(demo), frames=True) as console:
        await console.press("f3")
        await console.type("olga")
        await console.press("enter", "d", *["down"] * 2)
        screen = console.app.screen
        assert isinstance(screen, SideBySideScreen)
        assert "Northwind Logistics" not in console.text
        place = screen.forest.selected_id
        frames.clear()
        change(elsewhere, "customer_group", "Production only", active=False)
        console.app.look_for_changes()
        await console.settle()
        console.forget_toasts()
        await console.settle()
        assert "olga 0 customers" in console.text
        assert screen.forest.selected_id == place
        assert all("Northwind" not in frame or f"134{' ' * 26}—" in frame for frame in frames)


async def test_nothing_is_asked_while_there_is_nothing_to_show(
    demo: Database, looking: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    stamp = Session.stamp

    def counted(session: Session, *, signals: bool = False) -> tuple[int, int, int]:
        asked.append("stamp")
        return stamp(session, signals=signals)

    monkeypatch.setattr(Session, "stamp", counted)
    async with opened(console_on(demo, None)) as console:
        await asyncio.sleep(1.2)
        assert not asked, "nobody is signed in"
        await console.type("h.devries")
        await console.press("enter")
        await console.press("f2")
        asked.clear()
        await asyncio.sleep(1.2)
        assert not asked, "a question is open"
        await console.press("escape")
        assert asked, "what happened meanwhile is looked for at once"


async def test_a_database_that_is_back_is_read_again(demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:

    stamp = Session.stamp

    def gone(*_: object, signals: bool = False) -> tuple[int, int, int]:
        raise RingfenceError("the database does not answer")

    async with opened(console_on(demo)) as console:
        await console.press(*CUSTOMER_GROUPS)
        monkeypatch.setattr(Session, "stamp", gone)
        console.app.look_for_changes()
        await console.settle()
        assert "Schools" in console.text
        assert not console.toasts
        with demo.writing() as connection:
            connection.exec_driver_sql("UPDATE customer_group SET name = 'Skolen' WHERE name = 'Schools'")
        monkeypatch.setattr(Session, "stamp", stamp)
        console.app.look_for_changes()
        await console.settle()
        assert "Skolen" in console.text


async def test_what_signals_raise_comes_up_and_the_cursor_stays(
    demo: Database, elsewhere: Workspace, looking: None
) -> None:
    boss = elsewhere.sign_in("h.devries")
    (pharma,) = boss.rows(Listing("customers", '"Pharma vault"'), Part(1))
    boss.save([Edit("edge", -1, None, EdgeState(pharma.id, "Source"))])
    now = milliseconds(NOON)
    source = edge(demo, "source")
    send(demo, source, {"unit": "U-00535", "alarm": "intrusion"}, now=now)
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("5")
        assert "intrusion" in console.text
        own, before = current_id(console), console.text
        send(demo, source, {"unit": "U-00536", "alarm": "fire"}, now=now + 1000)
        await until(lambda: console.text != before)
        await console.settle()
        assert current_id(console) == own, "what comes moves no cursor"
        await console.press("home")
        assert "fire" in console.text
        before = console.text
        send(demo, source, {"unit": "U-00535", "alarm": "sprinkler"}, now=now + 2000)
        await until(lambda: console.text != before)
        await console.press("home")
        assert "sprinkler" in console.text
        await console.press("2")
        changes = console.app.changes
        send(demo, source, {"unit": "U-00535", "alarm": "power"}, now=now + 3000)
        console.app.look_for_changes()
        await console.settle()
        assert console.app.changes == changes, "a list of devices shows no alarms"
