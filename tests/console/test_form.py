"""The form: its fields by keyboard, its messages, and what it draws, in a small application of its own."""

from __future__ import annotations

import pytest
from support.console import send, settle
from support.one_form import Host, shown
from textual.geometry import Size
from textual.widgets import Button, Input

from ringfence.console.text import Cell
from ringfence.console.widgets.flow import exact, flow
from ringfence.console.widgets.form_fields import (
    ChoiceSpec,
    PickSpec,
    Row,
    RowsSpec,
    Spec,
    TextLine,
    TextSpec,
    ToggleSpec,
)

HOSTILE = "A[/bold]\x1b[31m\u202e\nB [@click=app.quit]x[/]"


def no_spaces(text: str) -> str:
    return "No spaces." if " " in text else ""


FIELDS: tuple[Spec, ...] = (
    TextLine("Who this is."),
    TextSpec("name", "Name", "Night", required=True),
    TextSpec("login", "Login", "night", check=no_spaces, hint="without spaces"),
    ChoiceSpec("scope", "Scope", "all", (("all", "All customers"), ("some", "Selected customers"))),
    ToggleSpec("active", "Active", True),
    TextLine(),
    PickSpec("home", "Home", "Harbor"),
    RowsSpec("groups", "Groups", (Row(1, ("Days", "all customers")), Row(2, ("Nights",), "until 30 Nov", True))),
    RowsSpec("sites", "Sites", empty="none yet"),
)


async def test_the_arrows_go_through_fields_and_rows_and_tab_from_field_to_field() -> None:
    async with shown(*FIELDS) as (host, form, console):
        assert form.current == ("name", None)
        places = []
        for _ in range(8):
            await console.press("down")
            places.append(form.current)
        assert places == [
            *(("login", None), ("scope", None), ("active", None), ("home", None)),
            *(("groups", None), ("groups", 1), ("groups", 2), ("sites", None)),
        ]
        assert host.of("moved")[1:] == places
        await console.press("down")
        assert form.current == ("sites", None)
        await console.press("home")
        assert form.current == ("name", None)
        await console.press(*["tab"] * 5)
        assert form.current == ("groups", None)
        await console.press("tab")
        assert form.current == ("sites", None)
        await console.press("shift+tab")
        assert form.current == ("groups", None)
        await console.press("end")
        assert form.current == ("sites", None)


async def test_tab_leaves_the_form_at_its_ends_and_comes_back_to_the_same_field() -> None:
    async with shown(*FIELDS[:3]) as (host, form, console):
        await console.press("tab", "tab")
        assert isinstance(host.focused, Button)
        await console.press("shift+tab")
        assert isinstance(host.focused, Input)
        assert form.current == ("login", None)
        await console.press("shift+tab", "shift+tab")
        assert isinstance(host.focused, Button)


async def test_a_text_is_checked_as_it_is_typed() -> None:
    async with shown(*FIELDS) as (host, form, console):
        await console.press("down")
        await console.type(" x")
        assert form.values["login"] == "night x"
        assert form.errors == {"login": "No spaces."}
        assert not form.valid
        assert "! No spaces." in console.text
        await console.press("backspace", "backspace")
        assert form.valid
        assert "! No spaces." not in console.text
        assert host.of("changed") == [
            *(("login", "night "), ("login", "night x"), ("login", "night "), ("login", "night")),
        ]


async def test_letters_are_typed_in_a_text_and_are_the_screens_elsewhere() -> None:
    async with shown(*FIELDS) as (host, form, console):
        await console.type("v")
        assert form.values["name"] == "Nightv"
        assert not host.of("v")
        await console.press("tab", "tab", "v")
        assert host.of("v") == [(None,)]
        assert form.values["scope"] == "all"


async def test_keys_of_one_packet_go_where_they_are_meant_to() -> None:
    async with shown(*FIELDS) as (host, form, console):
        send(host, "x", "down", "y", "enter", "right", "up", "z", "tab", "v", "ctrl+s")
        await console.settle()
        assert form.values["name"] == "Nightx"
        assert form.values["login"] == "nightyz"
        assert form.values["scope"] == "some"
        assert len(host.of("v")) == 1
        assert host.of("saved")[0][0]["login"] == "nightyz"


async def test_a_required_field_says_so_once_it_was_left_empty_or_asked_for() -> None:
    fields = (TextSpec("a", "A", required=True), TextSpec("b", "B", required=True), ToggleSpec("c", "C"))
    async with shown(*fields) as (_, form, console):
        assert form.errors == {"a": "required", "b": "required"}
        assert "! required" not in console.text
        await console.press("down")
        assert console.text.count("! required") == 1
        await console.press("down")
        assert form.check() is False
        await console.settle()
        assert console.text.count("! required") == 2
        assert form.current == ("a", None)
        await console.type("x")
        assert console.text.count("! required") == 1


async def test_an_error_from_elsewhere_stays_until_the_value_changes() -> None:
    async with shown(*FIELDS) as (_, form, console):
        form.set_error("name", "There is a “Night” already.")
        await console.settle()
        assert "! There is a “Night” already." in console.text
        assert form.errors == {"name": "There is a “Night” already."}
        await console.type("s")
        assert form.valid
        assert "already" not in console.text


async def test_toggles_and_choices_change_by_key() -> None:
    async with shown(*FIELDS) as (host, form, console):
        form.go_to("active")
        await console.press("space", "enter", "space")
        assert form.values["active"] is False
        assert "[ ]" in console.text
        form.go_to("scope")
        await console.press("right")
        assert "( ) All customers  (•) Selected customers" in console.text
        await console.press("left", "space")
        assert form.values["scope"] == "some"
        assert host.of("changed")[-1] == ("scope", "some")


async def test_a_choice_too_wide_for_a_line_has_one_for_each_option() -> None:
    async with shown(*FIELDS, size=(38, 24)) as (_, form, console):
        form.go_to("scope")
        await console.press("down")
        assert form.current == ("scope", None)
        assert form.values["scope"] == "all"
        await console.press("space")
        assert form.values["scope"] == "some"
        assert any("▌" in line and "(•) Selected customers" in line for line in console.lines)
        await console.press("left")
        assert form.values["scope"] == "all"
        await console.press("up")
        assert form.current == ("login", None)


async def test_enter_asks_for_what_is_chosen_elsewhere() -> None:
    async with shown(*FIELDS) as (host, form, console):
        form.go_to("home")
        await console.press("enter", "down", "enter", "down", "down", "enter")
        assert host.of("activated") == [("home", None), ("groups", None), ("groups", 2)]


async def test_what_has_no_action_is_only_shown() -> None:
    fields = (PickSpec("a", "A", "x", action=""), RowsSpec("b", "B", (Row(1, ("y",)),), action=""))
    async with shown(*fields) as (host, _, console):
        await console.press("enter", "down", "down", "enter")
        assert not host.of("activated")
        assert "⏎" not in console.text


async def test_an_update_keeps_the_cursor_and_what_is_typed() -> None:
    async with shown(*FIELDS) as (host, form, console):
        await console.type("s")
        form.go_to("groups", 2)
        form.update("groups", rows=(Row(3, ("Early",)), Row(2, ("Nights",)), Row(1, ("Days",))))
        form.update("home", text="Elsewhere")
        await console.settle()
        here = form.current
        assert here == ("groups", 2)
        assert form.values["name"] == "Nights"
        assert form.values["groups"] == (3, 2, 1)
        assert "Elsewhere" in console.text
        form.update("groups", rows=())
        await console.settle()
        assert form.current == ("groups", None)
        assert not [told for told in host.of("changed") if told[0] != "name"]


async def test_a_value_from_elsewhere_replaces_what_is_being_typed() -> None:
    async with shown(*FIELDS) as (_, form, console):
        await console.type("s")
        form.update("name", value="Day")
        await console.type("s")
        assert form.values["name"] == "Days"


async def test_names_are_drawn_literally_and_kept_as_they_are() -> None:
    fields = (
        TextSpec("text", HOSTILE, HOSTILE, check=lambda _: HOSTILE),
        ToggleSpec("toggle", "T", note=HOSTILE),
        ChoiceSpec("choice", "C", "a", (("a", HOSTILE), ("b", "[red]"))),
        PickSpec("pick", "P", HOSTILE, action="[x]"),
        RowsSpec("rows", "R", (Row(1, (HOSTILE, Cell(HOSTILE, "quiet")), HOSTILE, True),)),
        TextLine(HOSTILE),
    )
    async with shown(*fields) as (_, form, console):
        await console.press("tab", "shift+tab", "tab")
        assert "A[/bold]␛[31m⟨RLO⟩␊B" in console.text
        assert "\x1b" not in console.text
        assert "\u202e" not in console.text
        assert form.values["text"] == HOSTILE


async def test_line_breaks_outlive_editing() -> None:
    async with shown(TextSpec("address", "Address", "Quay 1\nRotterdam")) as (_, form, console):
        await console.type("!")
        assert form.values["address"] == "Quay 1\nRotterdam!"


@pytest.mark.parametrize("width", [20, 38, 60, 118])
async def test_every_line_is_as_wide_as_the_form_and_the_cursor_is_a_sign(width: int) -> None:
    async with shown(*FIELDS, size=(width, 40)) as (_, form, console):
        for _ in range(10):
            marked = [line for line in console.lines if "▌" in line]
            assert len(marked) == 1
            assert all(line.startswith("│") for line in marked)
            await console.press("down")
        assert form.current == ("sites", None)


async def test_it_scrolls_and_shows_what_belongs_to_the_field() -> None:
    rows = tuple(Row(n, (f"Row {n}",)) for n in range(50))
    fields = (TextLine("Top."), TextSpec("a", "A"), RowsSpec("rows", "Rows", rows), TextLine("Bottom."))
    async with shown(*fields, size=(40, 14)) as (_, form, console):
        await console.press("ctrl+end")
        here = form.current
        assert here == ("rows", 49)
        assert "Bottom." in console.text
        await console.press("home")
        assert "Top." in console.text
        here = form.current
        assert here == ("a", None)
        await console.press("pagedown")
        assert form.current[0] == "rows"


async def test_rows_too_long_for_a_line_have_two_and_nothing_is_cut() -> None:
    rows = (Row(1, ("Sint Jans Hospital", "1 customer · made for it"), "until 30 Nov", True), Row(2, ("Days",)))
    fields = (RowsSpec("groups", "Groups", rows), RowsSpec("sites", "Sites", empty="none (used by site-level roles)"))
    async with shown(*fields, size=(38, 24)) as (_, form, console):
        assert "…" not in console.text
        assert "1 customer · made for it" in console.text
        assert "until 30 Nov" in console.text
        assert "none (used by site-level roles)" in console.text
        await console.press("down", "down")
        assert form.current == ("groups", 2)
    async with shown(*fields, size=(100, 24)) as (_, _, console):
        assert any("Sint Jans Hospital  1 customer · made for it  until 30 Nov" in line for line in console.lines)


async def test_one_may_go_somewhere_before_there_is_a_screen() -> None:
    host = Host(*FIELDS)
    host.form.go_to("groups", 1)
    async with host.run_test(size=(80, 24)) as pilot:
        await settle(host, pilot)
        assert host.form.current == ("groups", 1)


@pytest.mark.parametrize("height", range(4, 14))
async def test_a_form_that_just_fits_comes_to_rest(height: int) -> None:
    words = "words that fill the line so that one cell less means one line more " * 2
    async with shown(TextSpec("a", "A"), TextLine(words.strip()), size=(41, height)) as (_, form, console):
        await console.press("tab")
        assert form.current == ("a", None)


async def test_new_fields_begin_anew_and_names_are_single() -> None:
    async with shown(*FIELDS) as (_, form, console):
        await console.press("end")
        form.set_fields([TextSpec("other", "Other", "x"), *FIELDS[3:]])
        await console.type("y")
        assert form.values["other"] == "xy"
        form.set_fields(FIELDS)
        form.go_to("groups", 2)
        await console.settle()
        assert form.current == ("groups", 2)
        with pytest.raises(ValueError, match="two fields"):
            form.set_fields([ToggleSpec("a", "A"), ToggleSpec("a", "B")])
        with pytest.raises(KeyError):
            form.update("nothing", value=1)


async def test_a_terminal_of_another_size_lays_it_out_anew() -> None:
    async with shown(*FIELDS) as (host, form, console):
        form.go_to("groups", 2)
        await console.pilot.resize_terminal(38, 24)
        await console.settle()
        assert host.size == Size(38, 24)
        assert form.current == ("groups", 2)
        assert "until 30 Nov" in console.text


def test_flow_breaks_between_words_and_keeps_styles() -> None:
    lines = flow(["one two ", Cell("three four", "bad"), " supercalifragilistic"], 10)
    assert ["".join(text for text, _ in line) for line in lines] == [
        *("one two", "three four", "supercalif", "ragilistic"),
    ]
    assert {style for text, style in lines[1] if text.strip()} == {"bad"}
    assert flow([""], 10) == [[]]


def test_exact_pads_and_cuts() -> None:
    assert exact([Cell("ab"), Cell("cd", "bad")], 6) == [("ab", ""), ("cd", "bad"), ("  ", "")]
    assert exact([Cell("ab"), Cell("cdef", "bad"), Cell("g")], 5) == [("ab", ""), ("cd…", "bad")]
