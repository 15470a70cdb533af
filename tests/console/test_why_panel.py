"""The panel that says why somebody may or may not: from rows, forms and commands that are off, with what would change
it, previewed, saved and taken back by keys."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from rich.console import Console as Terminal
from support.console import NOON, ROLES, Console, console_on, demo_copy, opened, send, still
from textual._context import visible_screen_stack
from textual.pilot import Pilot
from textual.renderables.background_screen import BackgroundScreen

from ringfence.changes.edits import Edit
from ringfence.console.app import RingfenceApp
from ringfence.console.screens.confirm import Confirm
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.matrix import MatrixScreen
from ringfence.console.screens.why import WhyScreen
from ringfence.services.explained import UNSEEN
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Session, Workspace
from ringfence.storage.engine import Database

SMALL: Final = (80, 24)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Database]:
    database = demo_copy(tmp_path)
    yield database
    database.close()


def panel(console: Console) -> WhyScreen:
    screen = console.app.screen
    assert isinstance(screen, WhyScreen), console.text
    return screen


def asked(console: Console) -> tuple[str, str, str]:
    """Whom it is about, which permission, which record."""
    screen = panel(console)
    return screen.login, screen.asked.permission, f"{screen.asked.noun}:{screen.asked.key}"


def said(console: Console) -> str:
    """What stands at the left, as one text."""
    return " ".join(" ".join(line.strip("│▌ ").partition("   ")[0] for line in console.lines).split())


async def go_to(console: Console, customer: str) -> None:
    await console.press("slash")
    await console.type(customer)
    await console.press("enter")


async def ask_of(console: Console, user: str) -> None:
    await console.press("f2")
    await console.type(user)
    await console.press("enter")


async def test_why_olga_does_not_see_internal_and_the_fix_made_and_taken_back(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await go_to(console, "internal")
        await console.press("w")
        assert asked(console) == ("h.devries", "customer.list", "customer:internal")
        assert "yes, by one path only" in console.text
        await ask_of(console, "olga")
        assert "no: closed at filter" in console.text
        assert "✗ filter       Production only does not name Internal test sites" in console.text
        assert panel(console).rows.choice == panel(console).fixes.list[0].changes  # type: ignore[union-attr]
        await console.press("enter")
        assert isinstance(console.app.screen, Confirm)
        assert "+1 customer, +3 devices, +26 rights over 1 customer" in console.text
        assert "Besides what was asked it opens 25 other rights." in console.text
        await console.press("enter")  # on what changes nothing
        assert "no: closed at filter" in console.text
        await console.press("enter", "ctrl+s")
        assert "yes, by one path only" in console.text
        assert "✓ filter       Production only names Internal test sites" in console.text
        await console.press("u", "u")
        assert "no: closed at filter" in console.text
        await console.press("escape")
        assert isinstance(console.app.screen, CustomersScreen)


@pytest.mark.parametrize(("user", "customer"), [("olga", "internal"), ("okafor", "rotterdam")])
def test_it_looks_like_this(user: str, customer: str, demo: Database, snap_compare: Any) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        assert isinstance(pilot.app, RingfenceApp)
        console = Console(pilot.app, pilot)
        await console.settle()
        await go_to(console, customer)
        await console.press("w")
        await ask_of(console, user)
        still(pilot.app)

    assert snap_compare(console_on(demo), terminal_size=SMALL, run_before=before)


async def test_who_holds_some_rights_only_is_told_no_more_and_makes_none_that_are_not_theirs(demo: Database) -> None:
    async with opened(console_on(demo, "olga"), SMALL) as console:
        await console.press("2", "D", "w")  # which is off: why?
        assert asked(console)[:2] == ("olga", "device.delete")
        assert console.text.count(UNSEEN) == 1
        assert f"✗ closed at {UNSEEN}" in console.text, "there is nothing that this is said besides"
        fixes = panel(console).fixes
        assert fixes is not None
        assert said(console).count("not yours to make: Enter says why") == len((*fixes.list, *fixes.narrower)) > 1
        fix = panel(console).fixes.list[0]  # type: ignore[union-attr]
        assert not fix.may
        await console.press("enter")
        assert f"not yours to make: {fix.refusal}" in said(console)
        assert isinstance(console.app.screen, WhyScreen)
        hidden = _groups(demo, "h.devries") - _groups(demo, "olga")
        assert hidden
        assert not [name for name in hidden if name in console.text]
        await console.press("escape", "down", "w")
        assert asked(console)[:2] == ("olga", "device.list"), "another row was not asked about"


def _groups(demo: Database, login: str) -> set[str]:
    session = Workspace(demo, at=NOON).sign_in(login)
    return {row.name for row in session.rows(Listing("security-groups"), Part(100))}


async def test_it_shows_the_walls_and_is_left_while_fixes_are_looked_for(
    demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go, begun = threading.Event(), threading.Event()
    found = Session.fixes

    def slow(session: Session, *given: Any, **named: Any) -> object:
        begun.set()
        assert let_go.wait(30)
        return found(session, *given, **named)

    monkeypatch.setattr(Session, "fixes", slow)
    async with opened(console_on(demo), SMALL) as console:
        await go_to(console, "internal")
        await console.press("w", "f2")
        await console.type("olga")
        try:
            send(console.app, "enter")
            await until(console, begun.is_set)
            await until(console, lambda: "Looking for what would open it…" in console.text)
            assert "no: closed at filter" in console.text
            send(console.app, "escape")
            await until(console, lambda: isinstance(console.app.screen, CustomersScreen))
        finally:
            let_go.set()
        await console.settle()


async def until(console: Console, there: Callable[[], bool]) -> None:
    """Waits for something while there is something going on."""
    for _ in range(1000):
        if there():
            return
        await console.pilot.pause(0.01)
    raise AssertionError(console.text)


async def test_forms_cells_menus_and_pairs_ask_too(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await console.press(*ROLES, "end", "e", "f9")
        login, permission, record = asked(console)
        assert (login, permission) == ("h.devries", "role.edit")
        assert record.startswith("role:")
        await console.press("escape")
        console.app.screen.show_matrix()  # type: ignore[attr-defined]
        await console.settle()
        matrix = console.app.screen
        assert isinstance(matrix, MatrixScreen)
        await console.press("down", "down", "w")
        assert matrix._at is not None
        assert matrix._at[1] is not None
        assert asked(console) == ("h.devries", matrix._at[1].key, record)
        await console.press("escape", "escape", "escape", "1", "f3")
        await console.type("olga")
        await console.press("enter", "down", "w")
        assert asked(console)[0] == "olga"
        await console.press("escape", "escape", "2", "m", "down", "f9")
        assert asked(console)[:2] == ("h.devries", "device.create")
        await console.press("f")
        await console.type("device.assign")
        await console.press("enter")
        assert asked(console)[1] == "device.assign"


async def test_where_it_is_off_the_reason_comes_first(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await console.press("w")
        assert console.toasts == ["why: this is the provider itself: ask about a customer"]


async def test_whoever_looks_through_others_eyes_may_ask_and_make_nothing(demo: Database) -> None:
    async with opened(console_on(demo, demo=False), SMALL) as console:
        await console.switch("olga")
        await console.press("2", "w", "f")
        await console.type("device.delete")
        await console.press("enter")
        assert asked(console)[0] == "olga"
        assert "To open it" in console.text
        assert "Operations" in console.text, "they know it by their own rights"
        await console.press("enter")
        assert "not yours to make: you look through olga's eyes" in said(console)


async def test_of_a_record_that_went_away_nothing_is_left(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await go_to(console, "internal")
        await console.press("w")
        screen = panel(console)
        assert screen.rows.choice is not None
        session = Workspace(demo).sign_in("h.devries")
        own = next(row.id for row in session.rows(Listing("customers"), Part(500)) if row.key == screen.asked.key)
        state = session.open_record("customer", own)
        session.save([Edit("customer", own, state.state, None, state.revision)])
        screen.catch_up()
        await console.settle()
        assert "there is no customer" in console.text.lower()
        await console.pilot.resize_terminal(90, 24)
        await console.press("enter", "down", "y", "enter")
        assert "there is no customer" in console.text.lower()
        assert "Administrators" not in console.text
        await console.press("escape")
        assert isinstance(console.app.screen, CustomersScreen)


async def test_forms_of_no_one_record_ask_too(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await go_to(console, "internal")
        await console.press("g")
        form = console.app.screen
        await console.press("f1", "escape")
        assert console.app.screen is form
        await console.press("f9")
        assert asked(console) == ("h.devries", "customer.list", "customer:internal")
        await console.press("escape", "escape")
        await console.app.screen.action_command("profile")  # type: ignore[attr-defined]
        await console.settle()
        console.forget_toasts()
        await console.press("f9")
        assert not isinstance(console.app.screen, WhyScreen)
        assert console.toasts[0] == "why: there is no record here to ask about"


async def test_the_frame_asks_the_question_and_keeps_the_record_where_it_is_narrow(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await go_to(console, "internal")
        await console.press("w")
        await ask_of(console, "olga")
        rows = panel(console).rows
        assert rows.title == "May Olga Brandt see Internal test sites?"
        await console.press("f")
        await console.type("delete dev")
        assert "1 of" not in console.text
        assert "70 permissions" in console.text
        await console.press("enter")
        assert asked(console)[1] == "device.delete"
        assert rows.title == "May Olga Brandt delete devices of Internal test sites?"
        await console.pilot.resize_terminal(50, 24)
        await console.settle()
        assert rows.title == "Internal test sites"
        assert rows.text.startswith("May Olga Brandt delete devices of Internal test sites?")
        assert "To open it  customers  others  rights\n" in rows.text, "a heading of one line"


async def test_at_a_user_it_says_where_what_they_may_do_is_told(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await console.press("3", "w")
        assert "May Hanna de Vries see the user Anneke Veldkamp?" in console.text
        assert "What Anneke Veldkamp may do: r at their row (Rights)." in console.text
        await console.press("escape", "r")
        assert "Rights 11 of 70" in console.text
        await console.press("escape", "2", "w")
        assert "(Rights)" not in console.text


async def test_of_changes_that_are_partly_ones_own_to_make_each_says_which_it_is(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await go_to(console, "internal")
        await console.press("w")
        await ask_of(console, "olga")
        screen = panel(console)
        assert screen.fixes is not None
        assert "yours to make" not in said(console), "all of them are"
        first, *others = screen.fixes.list
        screen.fixes = replace(screen.fixes, list=(first, *(replace(one, may=False, refusal="no") for one in others)))
        screen._draw()
        await console.settle()
        text = screen.rows.text
        assert text.count("yours to make: Enter previews it") == 1
        assert text.count("not yours to make: Enter says why") == len(others)
        assert text.index("yours to make: Enter previews it") < text.index("not yours to make")


async def test_behind_a_preview_no_keys_are_shown_that_are_none_now(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await go_to(console, "internal")
        await console.press("w")
        await ask_of(console, "olga")
        shown, below = console.lines, panel(console)
        assert "Enter preview" in shown[-1]
        await console.press("enter")
        visible_screen_stack.set([below])  # as the compositor does
        behind = console.app.screen.render()
        assert isinstance(behind, BackgroundScreen)
        drawn = Terminal(width=80, height=24, file=StringIO()).render_lines(
            type(behind)(below, behind.color), pad=False
        )
        lines = ["".join(part.text for part in line) for line in drawn]
        assert (len(lines), lines[:-1], lines[-1]) == (24, shown[:-1], " " * 80)
