"""The panel that says what saving changes: whole sentences, what matters first, and as much room as there is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from support.console import Console, console_on, opened, settle
from textual.app import App, ComposeResult

from ringfence.console.cells.preview import said, who
from ringfence.console.text import Cell, Said
from ringfence.console.widgets.outcome import OutcomePanel
from ringfence.console.widgets.picker_list import ChosenList
from ringfence.services.edited import Difference, Preview, UserDifference
from ringfence.storage.engine import Database

LONG = "a sentence that is longer than the line and goes on in the next one"


class Host(App[None]):
    def __init__(self, lines: Sequence[Said], height: int) -> None:
        super().__init__()
        self.panel, self.lines, self.height = OutcomePanel(), lines, height

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_mount(self) -> None:
        self.panel.styles.height = self.height
        self.panel.key = "F8"
        self.panel.say(self.lines)


@asynccontextmanager
async def shown(lines: Sequence[Said], height: int, width: int = 40) -> AsyncIterator[list[str]]:
    host = Host(lines, height)
    async with host.run_test(size=(width, 30)) as pilot:
        await settle(host, pilot)
        console = Console(host, pilot)  # type: ignore[arg-type]
        yield [line.strip("│ ") for line in console.lines[1 : height - 1]]


async def test_what_fits_is_all_there() -> None:
    async with shown(["one", "two", "three"], 5) as lines:
        assert lines == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("said_", "height", "first", "more"),
    [
        (["one", "two", "three", "four"], 5, ["one", "two"], 2),
        (["one", LONG, "three"], 5, ["one"], 2),  # no half of it
        ([LONG, "two", "three"], 5, LONG, 2),
        (["one", "", LONG], 5, ["one"], 1),  # an empty line is nothing to be told of
        ([LONG * 9], 5, [], 1),
    ],
)
async def test_a_sentence_is_whole_or_counted(
    said_: Sequence[Said], height: int, first: str | list[str], more: int
) -> None:
    async with shown(said_, height) as lines:
        count = len(first) if isinstance(first, list) else 2
        assert (lines[:count] if isinstance(first, list) else " ".join(lines[:count])) == first
        assert lines[count] == f"{more} more: F8 shows all"
        assert not any(lines[count + 1 :])


def _text(lines: Sequence[Said]) -> list[str]:
    found = []
    for line in lines:
        cells = [line] if isinstance(line, Cell | str) else line
        found.append("".join(cell.text if isinstance(cell, Cell) else cell for cell in cells))
    return found


def test_who_loses_how_much_comes_before_what_goes_along() -> None:
    one = UserDifference(1, "anna", "Anna", Difference(devices_lost=6))
    two = UserDifference(2, "bert", "Bert", Difference(devices_lost=2))
    preview = Preview((one, two), along=(("site", 1),), notes=("Its history stays.",))
    told = _text(said(preview, ["! Look at this."]))
    assert told[:5] == [
        *("−6 devices at most, for 2 users: anna, bert", "+0  Nobody gains anything."),
        *("! Look at this.", "With it goes 1 site.", "Its history stays."),
    ]
    assert told[5:] == ["", "anna             −6 devices", "bert             −2 devices"]
    assert _text(said(Preview((one,), along=(("site", 1),))))[0].startswith("anna ")
    refused = Preview((), "the name is taken", along=(("site", 1),))
    assert _text(said(refused)) == _text(who(refused, 1)) == ["! This cannot be saved: the name is taken."]


async def test_the_panel_takes_the_rows_that_the_form_leaves(demo: Database) -> None:
    """At first it is small; what it says then gets the room it needs, and nothing jumps back."""
    async with opened(console_on(demo), (60, 40)) as console:
        await console.press("3", *["down"] * 2, "e")
        panel = next(panel for panel in console.app.screen.query(OutcomePanel) if not panel.id)
        assert panel.size.height == 3
        await console.press("down", "x")
        first = panel.size.height
        assert first > 3
        assert panel.wanted == first + 2
        assert "more:" not in panel.text
        await console.press("escape", "escape", "up")
        assert panel.size.height == first


async def test_all_of_it_is_shown_by_a_key_that_types_nothing(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("down", "e")
        await console.type("!")
        await console.press("f8")
        assert "Nobody gains or loses anything." in console.text
        await console.press("escape")
        assert "F8 preview" in console.lines[-1]


class Narrow(App[None]):
    """Two empty lists, side by side in hardly any room."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.left = ChosenList(nestable=True, noun="customers")
        self.left.styles.width = width

    def compose(self) -> ComposeResult:
        yield self.left

    def on_mount(self) -> None:
        self.left.empty("No customers chosen.")


@pytest.mark.parametrize(
    ("width", "lines"), [(10, []), (11, ["No", "customers", "chosen."]), (30, ["No customers chosen."])]
)
async def test_a_narrow_empty_list_breaks_no_word(width: int, lines: list[str]) -> None:
    host = Narrow(width)
    async with host.run_test(size=(40, 12)) as pilot:
        await settle(host, pilot)
        said_ = [line.strip() for line in Console(host, pilot).lines]  # type: ignore[arg-type]
        assert [line for line in said_ if line] == lines


async def test_what_somebody_holds_at_a_customer_is_one_line_where_it_is_narrow(demo: Database) -> None:
    async with opened(console_on(demo), (60, 20)) as console:
        await console.press("3", "slash", *"okafor", "enter", "e")
        beside = [line[33:].strip("│╭╮╰╯ ") for line in console.lines]
        assert any(line.startswith("Rotterda") and line.endswith("rights") for line in beside), beside
        assert "rights" not in beside
