"""Dialogs: menus, confirmations, choosing one of a hundred thousand, and whose value it shall be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from support.console import Console, send, settle
from textual.app import App
from textual.screen import ModalScreen

from ringfence.console.options import DialogOption
from ringfence.console.screens.choose_record import ChooseRecord
from ringfence.console.screens.conflict import ConflictRow, ConflictScreen, shorten
from ringfence.console.screens.dialog import Dialog
from ringfence.console.text import Cell
from ringfence.console.widgets.columns import Column
from ringfence.preferences.configuration import Configuration
from ringfence.services.records import Listing, Part
from ringfence.services.rows import Record

NOTHING = object()
COLUMNS = (Column("name", "Name", 20, grow=2), Column("owner", "In", 12, grow=1, style="quiet"))


class Session:
    """A hundred thousand records that exist nowhere."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def _found(self, listing: Listing) -> range:
        if not listing.search:
            return range(100_000)
        own = int(listing.search) if listing.search.isdigit() else -1
        return range(own, own + 1) if own >= 0 else range(0)

    def why_nothing(self, permission: str) -> str:
        return f"nothing gives {permission}"

    def count(self, listing: Listing, counting: object = None) -> int:
        del counting
        return len(self._found(listing))

    def rows(self, listing: Listing, part: Part) -> tuple[Record, ...]:
        found = self._found(listing)
        first = found.start
        if part.from_end:
            first = found.stop - part.limit
        elif part.before is not None:
            first = part.before[1] - part.limit
        elif part.after is not None:
            first = part.after[1] + 1
        rows = found[max(0, first - found.start) + part.skip :][: part.limit]
        self.asked.append(len(rows))
        return tuple(Record(n, f"c{n}", f"Customer {n:06}", "Harbor", None, (f"{n:06}", n)) for n in rows)


class Host(App[None]):
    """Enough of the console for a list to ask its questions."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session()
        self.profile = SimpleNamespace(name="Hanna", reason="")
        self.rights: frozenset[str] = frozenset()
        self.configuration = Configuration()
        self.answer: Any = NOTHING


@asynccontextmanager
async def shown(dialog: ModalScreen[Any], size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Host, Console]]:
    host = Host()
    async with host.run_test(size=size, notifications=True) as pilot:
        host.push_screen(dialog, lambda answer: setattr(host, "answer", answer))
        await settle(host, pilot)
        yield host, Console(host, pilot)  # type: ignore[arg-type]


def menu(**more: Any) -> Dialog:
    options = [
        DialogOption("edit", "Edit", key="e"),
        DialogOption("copy", "Copy [b]", key="c"),
        DialogOption("delete", "Delete", key="d", off="it is in use"),
        DialogOption("later", "Later"),
    ]
    return Dialog("Night [shift]", options=options, **more)


async def test_a_menu_is_answered_by_arrows_and_enter_or_by_letter() -> None:
    async with shown(menu()) as (host, console):
        assert "Night [shift]" in console.text
        assert "c  Copy [b]" in console.text
        await console.press("down", "enter")
        assert host.answer == "copy"
    async with shown(menu()) as (host, console):
        await console.press("e")
        assert host.answer == "edit"
    async with shown(menu()) as (host, console):
        await console.press("j", "j", "j", "enter")
        assert host.answer == "later"
    async with shown(menu()) as (host, console):
        await console.press("escape")
        assert host.answer is None


async def test_an_option_that_is_off_says_why() -> None:
    async with shown(menu()) as (host, console):
        assert "Delete  — it is in use" in console.text
        await console.press("d")
        assert console.toasts == ["Delete: it is in use"]
        await console.press("enter")
        assert len(console.toasts) == 2
        assert host.answer is NOTHING


async def test_a_long_preview_scrolls_under_its_answers() -> None:
    lines: list[Any] = ["First\x1b[31m", *[[f"user.{n}", Cell(f" −{n}", "bad")] for n in range(300)], "Last"]
    dialog = Dialog("Delete?", lines, [DialogOption("yes", "Delete"), DialogOption("no", "Keep")])
    async with shown(dialog) as (host, console):
        assert "First␛[31m" in console.text
        assert "of 302" in console.text
        await console.press("pagedown")
        assert "First" not in console.text
        assert "user.20 −20" in console.text
        for _ in range(40):
            await console.press("pagedown")
        assert "Last" in console.text
        assert "Keep" in console.text
        await console.press("down", "enter")
        assert host.answer == "no"


async def test_a_name_has_to_be_typed_before_the_first_answer() -> None:
    def dialog() -> Dialog:
        options = [DialogOption("yes", "Delete", key="d"), DialogOption("no", "Keep", key="k")]
        return Dialog("Delete?", ["It is gone then."], options, name_to_type="Red kite")

    async with shown(dialog()) as (host, console):
        await console.type("Red kit")
        await console.press("enter")
        assert console.toasts == ["Delete: type the name first"]
        await console.type("e")
        assert "type the name first" not in console.lines[10]
        await console.press("enter")
        assert host.answer == "yes"
    async with shown(dialog()) as (host, console):
        send(host, *"Red", "space", *"kite", "enter")
        await console.settle()
        assert host.answer == "yes"
    async with shown(dialog()) as (host, console):
        await console.press("down", "enter")
        assert host.answer == "no"


async def test_dialogs_fit_a_very_small_terminal() -> None:
    lines = [f"Line {n} that is rather long for so small a terminal" for n in range(30)]
    async with shown(Dialog("T", lines, menu().options), (30, 8)) as (host, console):
        await console.press("down")
        assert "▌" in console.text
        await console.press("enter")
        assert host.answer == "copy"


def choose(**more: Any) -> ChooseRecord:
    return ChooseRecord("Home", "customers", COLUMNS, lambda row: (row.name, row.owner), **more)


async def test_one_of_a_hundred_thousand_is_chosen_without_fetching_them() -> None:
    async with shown(choose()) as (host, console):
        assert "of 100,000" in console.text
        await console.press("down", "down", "enter")
        assert host.answer.id == 2
        assert sum(host.session.asked) < 1_000
    async with shown(choose()) as (host, console):
        await console.press("ctrl+end", "enter")
        assert host.answer.id == 99_999
    async with shown(choose()) as (host, console):
        await console.press("escape")
        assert host.answer is None


async def test_enter_waits_for_what_was_typed_before_it() -> None:
    async with shown(choose()) as (host, console):
        send(host, *"45678", "enter")
        await console.settle()
        assert host.answer.id == 45_678


async def test_what_is_offered_beside_the_list_is_chosen_above_it() -> None:
    extra = [(-1, "Harbor [root]"), (-2, "Nowhere")]
    async with shown(choose(extra=extra)) as (host, console):
        assert "Harbor [root]" in console.text
        assert sum("▌" in line for line in console.lines) == 1
        await console.press("up", "up")
        assert [line for line in console.lines if "▌" in line and "Harbor [root]" in line]
        await console.press("enter")
        assert (host.answer.id, host.answer.name) == (-1, "Harbor [root]")
    async with shown(choose(extra=extra)) as (host, console):
        await console.press("up", "down", "enter")
        assert host.answer.id == 0


async def test_a_search_looks_among_the_extras_too() -> None:
    async with shown(choose(extra=[(-1, "Harbor"), (-2, "Nowhere")])) as (host, console):
        send(host, *"HARB", "enter")
        await console.settle()
        assert host.answer.id == -1
    async with shown(choose(extra=[(-1, "Harbor")])) as (host, console):
        await console.type("zzz")
        await console.press("enter")
        assert "Nothing matches." in console.text
        assert host.answer is NOTHING


ROWS = (
    ConflictRow("name", "Name", "Night", "Night", "Night [watch]"),
    ConflictRow("note", "Note", "", "theirs", ""),
    ConflictRow("login", "Login", "a", "b", "c"),
    ConflictRow("groups", "Groups", ("A", "B"), ("B", "A", "C"), ("A", "B")),
)
DEFAULTS = {"name": "mine", "note": "theirs", "login": "mine", "groups": "theirs"}


async def test_a_conflict_proposes_whatever_was_changed() -> None:
    async with shown(ConflictScreen("Changed", "Olga [x]", ROWS), (100, 36)) as (host, console):
        assert "Olga [x] saved this" in console.text
        assert "Night [watch]" in console.text
        assert console.text.count("! both changed") == 1
        assert "added C, B, A" in console.text
        await console.press("enter")
        assert host.answer == DEFAULTS


async def test_each_field_of_a_conflict_is_chosen_by_key() -> None:
    async with shown(ConflictScreen("Changed", "Olga", ROWS)) as (host, console):
        await console.press("space", "down", "right", "down", "left", "down", "space", "space")
        await console.press("enter")
        assert host.answer == {"name": "theirs", "note": "mine", "login": "theirs", "groups": "theirs"}
    async with shown(ConflictScreen("Changed", "Olga", ROWS)) as (host, console):
        await console.press("end", "space", "escape")
        assert host.answer is None


async def test_a_conflict_scrolls_by_whole_fields() -> None:
    rows = [ConflictRow(f"f{n}", f"Field {n}", "a", "b", "c") for n in range(20)]
    async with shown(ConflictScreen("Changed", "Olga", rows)) as (_, console):
        await console.press("end")
        assert "Field 19" in console.text
        assert console.text.count("Field") == console.text.count("was ") == console.text.count("mine  ")


def test_long_lists_say_how_many_are_left_out() -> None:
    names = [f"Customer {n}" for n in range(20)]
    assert shorten(names, 40) == "Customer 0, Customer 1 +18 more"
    assert shorten([*names, "New"], 40, names) == "added New, Customer 0 +19 more"
    assert shorten(names[1:], 40, names) == "removed Customer 0, Customer 1 +18 more"
    assert len(shorten(["x" * 90, "y"], 40)) == 40
    assert shorten([], 40) == "(none)"
    assert shorten([], 40, ["A"]) == "removed A"
    assert shorten("", 40) == "(empty)"
    assert shorten("a\x1bb", 40) == "a␛b"


async def test_a_letter_that_is_held_answers_once_and_takes_away_nothing_below() -> None:
    below = Dialog("Below", ["It stays."], [DialogOption("x", "One"), DialogOption("y", "Two")])
    async with shown(below) as (host, console):
        answers: list[Any] = []
        host.push_screen(Dialog("Sure?", [], [DialogOption("a", "Yes", "a"), DialogOption("n", "No")]), answers.append)
        await console.settle()
        send(host, *"aaaa")
        await console.settle()
        assert answers == ["a"]
        assert host.screen is below
        assert host.answer is NOTHING


async def test_enter_that_is_held_in_a_field_answers_once() -> None:
    below = Dialog("Below", ["It stays."], [DialogOption("x", "One"), DialogOption("y", "Two")])
    async with shown(below) as (host, console):
        answers: list[Any] = []
        host.push_screen(Dialog("Delete?", [], [DialogOption("a", "Yes")], name_to_type="Jo"), answers.append)
        await console.settle()
        await console.type("Jo")
        send(host, *["enter"] * 4)
        await console.settle()
        assert answers == ["a"]
