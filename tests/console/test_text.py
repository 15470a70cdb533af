import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content
from wcwidth import wcswidth, wcwidth

from ringfence.console.text import Cell, as_cell, content, fit, literal, number, width_of

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=80)
NASTY_CHARACTERS = "ab1 \t\n\x1b\x7f\x9b\u202e\u2067\u200b\u200d\ufe0f\ufe0e\u20e3\u0301\U0001f469❤✈界한👍\U0001f3fd"
NASTY = st.text(st.sampled_from(NASTY_CHARACTERS))
TEXTS = ANYTHING | NASTY

BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def obeyed(text: str) -> list[str]:
    """The characters that a terminal would act on, or not show."""
    return [
        character
        for character in text
        if character in BIDI or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    ]


@given(TEXTS)
def test_nothing_that_is_drawn_is_obeyed(text: str) -> None:
    assert not obeyed(literal(text))


@given(NASTY)
def test_every_terminal_gives_it_as_many_cells(text: str) -> None:
    """Those that know of sequences of emoji, as well as those that count character by character."""
    shown = literal(text)
    assert cell_len(shown) == sum(wcwidth(character) for character in shown) == wcswidth(shown)


@given(TEXTS)
def test_what_is_safe_stays_as_it_is(text: str) -> None:
    assert literal(literal(text)) == literal(text)


@given(TEXTS, st.integers(0, 40), st.sampled_from(["left", "right", "center"]))
def test_fit_takes_exactly_the_width(text: str, width: int, align: str) -> None:
    shown = fit(text, width, align=align)  # type: ignore[arg-type]
    assert cell_len(shown) == width
    assert not obeyed(shown)


def test_every_control_of_unicode_is_made_visible() -> None:
    for code in range(0x110000):
        character = chr(code)
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            assert character not in literal(f"a{character}b"), hex(code)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Gate camera", "Gate camera"),
        ("a\x1b[31mb", "a␛[31mb"),
        ("a\nb\tc\x00", "a␊b␉c␀"),
        ("\x7f\x9b31m", "␡⟨9B⟩31m"),
        ("user\u202etxt.exe", "user⟨RLO⟩txt.exe"),
        ("pay\u200bpal", "pay⟨U+200B⟩pal"),
        ("a\u200db", "a⟨U+200D⟩b"),
        ("\U000e0041", "⟨U+E0041⟩"),
        ("\ud800", "⟨U+D800⟩"),
        ("\u0301x", "◌\u0301x"),
        ("\U0001f469\u200d\U0001f467 x", "\U0001f469 x"),
        ("\u2764\ufe0f\u200d\U0001f525!", "\u2764!"),
        ("\U0001f44d\U0001f3fd", "\U0001f44d"),
        ("1\ufe0f\u20e3 2\u20e3", "1 2"),
        ("a\ufe0f", "a⟨U+FE0F⟩"),
        ("\U0001f1f3\U0001f1f1 \U0001f1f3", "\U0001f1f3\U0001f1f1 N"),
        ("\U0001f1f3\U0001f3fd", "N⟨U+1F3FD⟩"),
        ("[red]x[/bold] [@click=app.quit]", "[red]x[/bold] [@click=app.quit]"),
    ],
)
def test_literal(text: str, shown: str) -> None:
    assert literal(text) == shown


@pytest.mark.parametrize(
    ("text", "width", "align", "shown"),
    [
        ("abc", 5, "left", "abc  "),
        ("abc", 5, "right", "  abc"),
        ("abc", 6, "center", " abc  "),
        ("abcdef", 4, "left", "abc…"),
        ("abcdef", 1, "left", "…"),
        ("abcdef", 0, "left", ""),
        ("界界界", 4, "left", "界 …"),
        ("a\U0001f1f3\U0001f1f1bc", 3, "left", "a …"),
        ("\U0001f1f3\U0001f1f1\U0001f1e7\U0001f1ea", 3, "left", "\U0001f1f3\U0001f1f1…"),
        ("x" * 1_000_000, 4, "right", "xxx…"),
    ],
)
def test_fit(text: str, width: int, align: str, shown: str) -> None:
    assert fit(text, width, align=align) == shown  # type: ignore[arg-type]


def test_content_reads_no_markup() -> None:
    assert content("[red]\x1b[/]").plain == "[red]␛[/]"
    assert isinstance(content("x", "bold"), Content)


def test_small_things() -> None:
    assert as_cell("x") == Cell("x", "")
    assert as_cell(Cell("x", "bad")) == Cell("x", "bad")
    assert number(1204) == "1,204"
    assert width_of("\x1b界") == 3
