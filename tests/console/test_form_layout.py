"""How a form is laid out: texts on as many lines as they need, and its fields in two columns where there is room."""

from __future__ import annotations

from itertools import pairwise

import pytest
from support.one_form import shown

from ringfence.console.text import width_of
from ringfence.console.widgets.flow import NEWLINE, broken
from ringfence.console.widgets.form_fields import Row, RowsSpec, Spec, TextLine, TextSpec, ToggleSpec

NOTE = "a note of more than the thirty cells that there are, as it was typed by somebody"


async def test_a_long_text_goes_on_below_and_the_arrows_go_through_its_lines() -> None:
    fields = (TextSpec("a", "A", "before"), TextSpec("note", "Note", NOTE), TextSpec("b", "B", "after"))
    async with shown(*fields, size=(44, 24)) as (_, form, console):
        boxes = [line.strip("│ ▌") for line in console.lines[1:6]]
        assert boxes[0].split() == ["A", "before"]
        assert " ".join(boxes[1:4]).split() == ["Note", *NOTE.split()]
        await console.press("down")
        assert form.current == ("note", None)
        assert [line.strip("│ ▌") for line in console.lines[1:6]] == boxes, "edited, it stands where it stood"
        await console.press("up")
        assert form.current == ("note", None)
        await console.type("X")
        assert form.values["note"].index("X") < len(NOTE) - 10
        await console.press("down", "down")
        assert form.current == ("b", None)
        await console.press(*["up"] * 6)
        assert form.current == ("a", None)


async def test_a_text_takes_another_line_as_it_is_typed_and_gives_it_back() -> None:
    async with shown(TextSpec("a", "A", "x" * 28), ToggleSpec("b", "B", True), size=(44, 24)) as (_, form, console):
        assert "B" in console.lines[2]
        await console.type(" more words")
        assert "more words" in console.lines[2]
        assert "B" in console.lines[3]
        await console.press(*["backspace"] * 11)
        assert "B" in console.lines[2]
        await console.press("ctrl+u")
        await console.type("word " * 200)
        assert "B" in console.lines[7], "of a very long one there are six lines, in which it scrolls"
        assert "word" in console.lines[6]
        await console.press("home")
        assert form.current == ("a", None)
        await console.type("first")
        assert "firstword" in console.lines[1]


async def test_line_breaks_are_lines_where_a_text_may_have_some() -> None:
    fields = (TextSpec("address", "Address", "Quay 1\nRotterdam", lines=True), ToggleSpec("b", "B", True))
    async with shown(*fields) as (_, form, console):
        assert "Quay 1" in console.lines[1]
        assert "Rotterdam" in console.lines[2]
        assert "␊" not in console.text
        await console.press("up", "end", "ctrl+j", "N", "L")
        assert form.values["address"] == "Quay 1\nRotterdam\nNL"
        assert "NL" in console.lines[3]
        await console.press("tab")
        assert "NL" in console.lines[3]
        assert "␊" not in console.text


TWO: tuple[Spec, ...] = (
    TextSpec("a", "A", "one"),
    TextSpec("b", "B", "two"),
    TextLine(),
    TextSpec("c", "C", "three", check=lambda text: "No spaces." if " " in text else ""),
    RowsSpec("rows", "Rows", tuple(Row(n, (f"Row {n}",)) for n in range(9))),
    TextLine(),
    ToggleSpec("d", "D", True),
)


@pytest.mark.parametrize(("width", "columns"), [(109, 1), (110, 2), (160, 2)])
async def test_a_wide_form_has_two_columns_and_what_belongs_together_is_in_one(width: int, columns: int) -> None:
    async with shown(*TWO, size=(width, 30)) as (_, form, console):
        first = console.lines[1]
        assert ("three" in first) is (columns == 2)
        assert len(first) == width
        places = [form.current[0]]
        for _ in range(4):
            await console.press("tab")
            places.append(form.current[0])
        assert places == ["a", "b", "c", "rows", "d"], "down the left, then the right"
        await console.press("ctrl+home", *["down"] * 2)
        assert form.current == ("c", None)
        await console.type(" x")
        assert "! No spaces." in console.text
        assert form.values["c"] == "three x"
        assert "two" in console.lines[2]
        marked = [line for line in console.lines if "▌" in line]
        assert len(marked) == 1
        assert marked[0].index("▌") == (width // 2 + 1 if columns == 2 else 1)


async def test_rows_that_come_and_go_change_no_fields_column() -> None:
    async with shown(*TWO, size=(120, 30)) as (_, form, console):
        where = console.lines[1].index("three")
        form.update("rows", rows=tuple(Row(n, (f"Row {n}",)) for n in range(90)))
        await console.settle()
        assert console.lines[1].index("three") == where
        form.update("rows", rows=())
        await console.settle()
        assert console.lines[1].index("three") == where
        await console.press("ctrl+end")
        assert form.current == ("d", None)
        assert any("▌D" in line for line in console.lines)


async def test_the_line_under_the_cursor_is_drawn_whole() -> None:
    async with shown(TextSpec("a", "A", "one"), TextSpec("b", "B")) as (host, _, console):
        for row in (1, 2):
            strips = host.screen._compositor.render_strips()
            plain = {segment.style.bgcolor for segment in strips[5].crop(1, 79) if segment.style}
            under = {segment.style.bgcolor for segment in strips[row].crop(1, 79) if segment.style}
            assert not plain & under
            await console.press("down")


COMBINED = "e\u0301le\u0300ve A\u030angstro\u0308m " * 6
MIXED = "\u6d77\u904b\u682a\u5f0f\u4f1a\u793e \uc11c\uc6b8 \U0001f469\u200d\U0001f527 " * 8


@pytest.mark.parametrize("text", [COMBINED.strip(), MIXED.strip(), "x" * 400, "a " * 200])
@pytest.mark.parametrize("width", [30, 44, 120])
async def test_whatever_is_typed_keeps_its_lines_and_its_characters(text: str, width: int) -> None:
    fields = (TextSpec("a", "A", text), ToggleSpec("b", "B", True))
    async with shown(*fields, size=(width, 24)) as (_, form, console):
        for key in ("home", *["right"] * 9, "down", "up", "end", "shift+left", "shift+left", "right"):
            await console.press(key)
            assert {width_of(line) for line in console.lines} == {width}
            assert "\u25cc" not in console.text, "no mark stands by itself"
        await console.type("!")
        assert form.values["a"].endswith("!")
        assert len(form.values["a"]) == len(text) + 1, "no accent is lost"
        await console.press("tab")
        assert form.current == ("b", None)
        assert {width_of(line) for line in console.lines} == {width}


def test_lines_of_a_text_hold_all_of_it_and_none_is_too_wide() -> None:
    for text in (COMBINED, MIXED, "x" * 99, "word " * 20, "\u240a\u240aa\u240a", ""):
        for width in (1, 2, 7, 30):
            lines = broken(text, width, at_breaks=True)
            assert lines[0][0] == 0
            assert lines[-1][1] == len(text)
            assert all(end == begin for (_, end), (begin, _) in pairwise(lines))
            for begin, end in lines:
                wide = width_of(text[begin:end].rstrip(f" {NEWLINE}"))
                assert wide <= width or end - begin == 1 or width < 3


async def test_a_row_that_is_cut_stands_whole_in_the_border_under_the_cursor() -> None:
    names = [f"Field service of the north, group {at}" for at in range(20)]
    rows = tuple(Row(at, (name, "Operator · 3 customers")) for at, name in enumerate(names))
    field = RowsSpec("groups", "Groups", (*rows, Row("short", ("Short", "Look"))))
    async with shown(field, size=(70, 24)) as (_, form, console):

        def border() -> str:
            return next(line for line in console.lines if line.startswith("╰"))

        await console.press("down", "down")
        assert names[1] in console.text
        form.styles.width = 50
        await console.settle()
        assert "Field servic" in console.lines[3]
        assert f" {names[1]} · Oper" in border()
        await console.press("down")
        assert f" {names[2]} · Oper" in border()
        await console.press("end")
        assert "Field" not in border()


async def test_a_heading_says_how_many_rows_there_are() -> None:
    rows = RowsSpec("a", "Accessible", (Row(1, ("One",)),), said="5,000 customers")
    async with shown(rows, RowsSpec("b", "Sites", said="0 sites")) as (_, _, console):
        assert console.lines[1].strip("│▌ ").startswith("Accessible  5,000 customers ")
        assert "0 sites" not in console.text
