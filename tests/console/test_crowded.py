"""What was crowded or cut at 80 columns, or offered to who may only look: dialogs, forms, help, the audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from support.console import NOON, console_on, opened

from ringfence.console.cells import audit
from ringfence.console.cells.preview import said
from ringfence.console.options import BACK, DialogOption
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.dialog import Dialog
from ringfence.console.text import Cell, Said, width_of
from ringfence.console.widgets.flow import flow
from ringfence.console.widgets.form_fields import TextSpec
from ringfence.console.widgets.form_page import Page
from ringfence.domain.customer import CustomerState
from ringfence.domain.device import DeviceState
from ringfence.services.edited import Difference, Preview, Rights, UserDifference
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

pytestmark = pytest.mark.always

SMALL = (80, 24)


@pytest.mark.parametrize(
    ("line", "hang"),
    [
        (["one two three four five six seven"], 0),
        (["  one two three four five six seven"], 2),
        (["    − one two three four five six"], 6),
        (["! one two three four five six seven"], 2),
        ([Cell("who       ", "strong"), Cell("one two three four five")], 10),
        ([Cell("much wider than a half  "), Cell("one two three four five")], 0),
    ],
)
def test_what_goes_on_hangs_below_what_it_belongs_to(line: Sequence[Cell | str], hang: int) -> None:
    first, *rest = ["".join(cell.text for cell in one) for one in flow(line, 24)]
    assert rest
    assert all(len(one) - len(one.lstrip()) == hang for one in rest)
    assert all(width_of(one) <= 24 for one in (first, *rest))
    whole = "".join(cell if isinstance(cell, str) else cell.text for cell in line)
    assert " ".join(f"{first} {' '.join(rest)}".split()) == " ".join(whole.split())


def test_a_word_longer_than_what_is_left_of_a_line_is_kept_whole() -> None:
    flowed = ["".join(cell.text for cell in one) for one in flow([f"    − {'x' * 50}"], 24)]
    assert all(width_of(one) <= 24 for one in flowed)
    assert sum(one.count("x") for one in flowed) == 50


def test_who_loses_much_stands_apart_from_it() -> None:
    much = Difference(customers_lost=50_000, devices_lost=500_864, rights_lost=Rights(3_250_000, 50_000))
    preview = Preview(users=(UserDifference(1, "a.very.long.login.indeed", "A", much),))
    text = ["".join(part.text for part in line) for one in said(preview) for line in flow(_cells(one), 72)]
    assert text[0].startswith("a.very.long.login.indeed  −50,000 customers")
    assert text[1].startswith(" " * 26)


def _cells(line: Said) -> Sequence[Cell | str]:
    return [line] if isinstance(line, Cell | str) else line


@pytest.mark.parametrize("lines", [(), ("One.",), tuple(f"Line {n}" for n in range(1_200))])
@pytest.mark.parametrize("key", ["", "g"])
async def test_a_dialog_says_its_keys_whole(key: str, lines: Sequence[str], demo: Database) -> None:
    options = [DialogOption("go", "Go on", key), DialogOption(BACK, "Back", key and "b")]
    async with opened(console_on(demo), SMALL) as console:
        console.app.push_screen(Dialog("Leave?", lines, options))
        await console.settle()
        frame = next(line for line in console.lines if "Esc goes" in line)
        assert "Esc goes back ─╯" in frame
        if len(lines) > 20:
            await console.press(*["pagedown"] * 80)
            assert any("of 1,200" in line and "Esc goes back ─╯" in line for line in console.lines)


async def test_a_move_says_how_it_ends_however_long_the_name_is(demo: Database) -> None:
    long = "An association with a name of many words, and a few more"
    workspace = Workspace(demo, at=NOON)
    admin = workspace.sign_in("h.devries")
    root = admin.roots()[0].id
    admin.save([Edit("customer", -1, None, CustomerState(root, long))])
    async with opened(console_on(demo), SMALL) as console:
        await console.press("down", "x")
        assert "Moving An asso" in console.lines[-1]
        assert console.lines[-1].rstrip().endswith("p puts it there, Esc leaves it")


async def test_help_cuts_nothing(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        for area in "1234568":
            await console.press(area, "question_mark")
            for _ in range(4):
                assert "…" not in "".join(line for line in console.lines if "│" in line and "…" in line), console.text
                await console.press("pagedown")
            await console.press("escape")


def test_a_long_text_takes_the_lines_that_it_needs() -> None:
    long = "a note of more than sixty cells, which is wider than any field is, and so it goes on below"
    specs = [TextSpec("a", "Name", "short"), TextSpec("b", "Notes", long)]
    page = Page(specs, {}, 76)
    drawn = [page.columns[0].draw(line, 76) for line in page.lines]
    assert [sum(width_of(text) for text, _ in parts) for parts in drawn] == [76] * 3
    fields = ["".join(text for text, style in parts if style == "field") for parts in drawn]
    assert {width_of(text) for text in fields} == {60}, "fields are of one width"
    assert " ".join(text.strip() for text in fields[1:]) == long
    wrong = Page(specs, {"a": "taken", "b": "too long"}, 76)
    said = ["".join(text for text, _ in wrong.columns[0].draw(line, 76)) for line in wrong.lines]
    assert said[0].rstrip().endswith("! taken"), "beside a text that leaves room for it"
    assert said[3].strip() == "! too long"


async def test_a_text_grows_as_it_is_typed(demo: Database) -> None:
    async with opened(console_on(demo), SMALL) as console:
        await console.press("down", "e")
        await console.press("end")
        await console.type(", and a few words more than there was room for")
        assert "Brandsma & Zonen Juweliers, and a few words more than" in console.text


async def test_who_may_only_look_is_offered_nothing_else(demo: Database) -> None:
    async with opened(console_on(demo, "anneke"), SMALL) as console:
        await console.press("m")
        assert "e  Open" in console.text
        assert "Open and edit" not in console.text
        await console.press("e")
        assert "Read only" in console.text
        assert "What saving changes" not in console.text
        assert "preview" not in console.lines[-1]
    async with opened(console_on(demo), SMALL) as console:
        await console.press("m")
        assert "e  Open and edit" in console.text
        assert isinstance(console.app.screen_stack[-2], CustomersScreen)


@pytest.mark.usefixtures("no_past")
def test_a_label_of_the_audit_stands_apart_from_its_value(demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    admin = workspace.sign_in("h.devries")
    device = admin.rows(Listing("devices"), Part(1))[0]
    state = admin.open_record("device", device.id)
    assert isinstance(state.state, DeviceState)
    others = admin.rows(Listing("customers"), Part(40))
    owner = next(one for one in others if one.id != state.state.customer and one.key)
    admin.save(
        [Edit("device", device.id, state.state, replace(state.state, customer=owner.id, site=None), state.revision)],
    )
    entries: Any = admin.rows(Listing("audit"), Part(9))
    said_of = [audit.what(entry) for entry in entries]
    assert any(text.startswith("handed over customer") for text in said_of), said_of
    assert any(text.startswith("assigned device") for text in said_of), said_of
    for entry in entries:
        for label, *values in audit.lines(admin.audit_detail(entry.id)):
            assert not values or str(label[0]).endswith("  "), label
