"""What operators do about alarms by keys, in their list and in the form of one: each a change that u takes back."""

from __future__ import annotations

import re

import pytest
from support.alarm_queue import alarms, fill
from support.console import Console, console_on, opened
from support.console import demo as demo
from textual.widgets import Input

from ringfence.console.screens.area import CommandScreen
from ringfence.console.screens.ask_line import AskLine
from ringfence.console.screens.dialog import Dialog
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

KEYS = {"i": "own", "a": "acknowledge", "c": "clear_alarm", "w": "note"}


@pytest.fixture(autouse=True)
def _queue(either: Database) -> None:
    fill(either)


def changes(database: Database) -> int:
    """How many changes the audit tells of."""
    session = Workspace(database).sign_in("h.devries")
    return len({one.change for one in session.rows(Listing("audit"), Part(500))})  # type: ignore[attr-defined]


def shown_keys(console: Console) -> str:
    return console.lines[-1]


async def test_one_is_taken_acknowledged_noted_and_cleared(either: Database) -> None:
    before, changed = alarms(either), changes(either)
    async with opened(console_on(either)) as console:
        await console.press("5")
        assert "i mine  a ack  c clear  w note" in shown_keys(console)
        await console.press("i")
        assert alarms(either)["intrusion"].assigned_at is not None
        assert "h.devries" in console.text or "Hanna" in console.text
        await console.press("a")
        assert alarms(either)["intrusion"].acked_at is not None
        await console.press("w")
        assert isinstance(console.app.screen, AskLine)
        await console.type("Called the bakery")
        await console.press("enter")
        assert alarms(either)["intrusion"].notes.endswith(" h.devries: Called the bakery")
        await console.press("c", "f")
        assert alarms(either)["intrusion"].outcome == "false"
        assert changes(either) == changed + 4, "each is one change"
        for _ in range(4):
            await console.press("u", "u")
        assert alarms(either) == before


async def test_all_that_are_marked_are_one_change(either: Database) -> None:
    before, changed = alarms(either), changes(either)
    async with opened(console_on(either)) as console:
        await console.press("5", "space", "space")
        await console.press("c")
        assert "2 alarms" in console.text
        await console.press("t")
        now = alarms(either)
        assert [now[name].outcome for name in ("intrusion", "too warm", "door open")] == ["test", "test", "open"]
        assert changes(either) == changed + 1
        await console.press("u", "u")
        assert alarms(either) == before


@pytest.mark.parametrize("key", ["a", "i", "c"])
async def test_none_of_those_marked_is_changed_where_one_cannot_be(either: Database, key: str) -> None:
    async with opened(console_on(either)) as console:
        await console.press("5", "f", "down", key, *(["r"] if key == "c" else []))
        before, changed = alarms(either), changes(either)
        await console.press("ctrl+r")
        await console.press("home", "space", "space", key)
        said = {"a": "is acknowledged already", "i": "you have", "c": "is cleared already"}[key]
        assert said in console.toasts[-1]
        assert console.toasts[-1].endswith(": nothing was changed")
        assert before["too warm"].key in console.toasts[-1]
        assert not isinstance(console.app.screen, Dialog)
        assert (alarms(either), changes(either)) == (before, changed)


async def test_taking_one_over_asks_first(either: Database) -> None:
    async with opened(console_on(either, "olga")) as console:
        await console.press("5", "i")
        hers = alarms(either)["intrusion"]
        await console.switch("h.devries")
        await console.press("5", "i")
        assert isinstance(console.app.screen, Dialog)
        assert "Take “intrusion” over from Olga" in console.text
        await console.press("enter")
        assert alarms(either)["intrusion"] == hers, "the cursor begins on what changes nothing"
        await console.press("i", "t")
        mine = alarms(either)["intrusion"]
        assert mine.assignee not in (None, hers.assignee)
        await console.press("i")
        assert console.toasts[-1].startswith(f"you have {mine.key} already")
        await console.switch("olga")
        await console.press("5", "i")
        assert "Take “intrusion” over from somebody else?" in console.text, "whom she does not see"


async def test_what_is_typed_into_no_note_and_what_is_not_answered_changes_nothing(either: Database) -> None:
    before = alarms(either), changes(either)
    async with opened(console_on(either)) as console:
        await console.press("5", "w", "enter", "w")
        await console.type("not this")
        await console.press("escape", "c", "escape", "c", "enter")
        assert (alarms(either), changes(either)) == before


async def test_the_menu_of_actions_has_them(either: Database) -> None:
    async with opened(console_on(either)) as console:
        await console.press("5", "m")
        for key, label in (("i", "I have it"), ("a", "Acknowledge"), ("c", "Clear"), ("w", "Write a note")):
            assert any(re.search(rf"│[ ▌]+{key} +{label}", line) for line in console.lines), label
        await console.press("a")
        assert alarms(either)["intrusion"].acked_at is not None


async def test_the_form_has_them_and_shows_what_came_of_it(either: Database) -> None:
    async with opened(console_on(either)) as console:
        await console.press("5", "enter", "e")
        assert "i I have it  a acknowledge  c clear  w note" in shown_keys(console)
        await console.press("i", "a")
        now = alarms(either)["intrusion"]
        assert None not in (now.assigned_at, now.acked_at)
        assert sum("Hanna de Vries" in line for line in console.lines) == 2, "who has it, who acknowledged it"
        await console.press("w")
        await console.type("Looked at it")
        await console.press("enter")
        assert "h.devries: Looked at it" in console.text
        await console.press("right")
        assert "a acknowledge" not in shown_keys(console), "what was changed here is saved or left first"
        await console.press("c")
        assert not isinstance(console.app.screen, Dialog)
        await console.press("left", "c", "d")
        assert alarms(either)["intrusion"].outcome == "duplicate"
        assert "(a ack)" in shown_keys(console)
        await console.press("escape", "escape")
        assert console.area == "alarms"
        assert "duplicate" in console.text or "intrusion" not in console.text


async def test_letters_are_letters_where_a_text_is_typed(either: Database) -> None:
    before = alarms(either)
    async with opened(console_on(either)) as console:
        await console.press("5", "enter", "e", *["tab"] * 7)
        assert isinstance(console.app.focused, Input)
        await console.type("coaw")
        assert "i I have it" not in shown_keys(console)
        assert alarms(either) == before


async def test_who_only_lists_alarms_is_offered_none_and_changes_nothing(either: Database) -> None:
    before = alarms(either), changes(either)
    async with opened(console_on(either, "anneke", demo=False)) as console:
        await console.press("5")
        assert "intrusion" in console.text
        for within in ("list", "form"):
            if within == "form":
                await console.press("enter", "e")
                assert "(•) critical" in console.text or "critical" in console.text
            screen = console.app.screen
            assert isinstance(screen, CommandScreen)
            for key, name in KEYS.items():
                assert screen.key_state(name) == "gone"
                assert f" {key} " not in shown_keys(console)
                await console.press(key)
                assert console.app.screen is screen, "nothing was asked"
                assert (alarms(either), changes(either)) == before


async def test_the_filter_line_keeps_its_own_keys(either: Database) -> None:
    async with opened(console_on(either, "anneke"), (120, 40)) as console:
        await console.press("5", "slash")
        assert "Enter keep the filter  Esc clear the filter" in shown_keys(console)
