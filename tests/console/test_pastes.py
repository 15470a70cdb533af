"""Pastes: lines are kept where there are lines and joined, and told, where there are none; nothing is obeyed."""

from __future__ import annotations

import pytest
from support.console import CUSTOMER_GROUPS, Console, console_on, opened
from textual import events
from textual.widgets import Input

from ringfence.console.widgets.form import Form
from ringfence.console.widgets.id_entry import IdEntry
from ringfence.console.widgets.plain_input import pasted
from ringfence.storage.engine import Database

TEXT = "one\x1b[31m two\r\nthr\x07ee\x9b\rfo\u202eur\n"
JOINED = "one[31m two three four"
PLACES = {
    "filter of the tree": ("slash",),
    "filter of a list": ("2", "slash"),
    "choosing a user": ("f2",),
    "choosing a record": ("down", "n", "down", "enter"),
    "choosing a file": ("2", "i"),
    "palette": ("ctrl+p",),
    "name in a form": ("down", "n"),
    "search of a picker": (*CUSTOMER_GROUPS, "e", "ctrl+end", "enter", "slash"),
}


async def paste(console: Console, text: str) -> None:
    """Pastes as the terminal does."""
    event = events.Paste(text)
    event.set_sender(console.app)
    assert console.app._driver is not None
    console.app._driver.send_message(event)
    await console.settle()


@pytest.mark.parametrize("place", PLACES)
async def test_where_one_line_fits_lines_are_joined_and_it_is_told(place: str, demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press(*PLACES[place])
        field = console.app.focused
        assert isinstance(field, Input), place
        before = field.value
        console.forget_toasts()
        await paste(console, TEXT)
        assert field.value == before + JOINED
        assert console.toasts == ["One line fits here: the 3 that were pasted are joined."]
        console.forget_toasts()
        await paste(console, "\x1bx\x00y")
        assert field.value == before + JOINED + "xy"
        assert not console.toasts
        await paste(console, "\n")
        await paste(console, "")
        assert field.value == before + JOINED + "xy"


async def test_where_there_are_lines_they_are_kept(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("down", "n")
        form = console.app.screen.query_one(Form)
        form.go_to("address")
        await console.settle()
        await paste(console, TEXT.rstrip("\n"))
        assert form.values["address"] == "one[31m two\nthree\nfour"
        await console.press("home")
        await paste(console, "zero\n")
        assert form.values["address"] == "zero\none[31m two\nthree\nfour"
        assert not console.toasts


async def test_pasted_ids_are_all_taken(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("down", "a", "t")
        await paste(console, "U-00926\nU-00\x1b931\r\nU-00557")
        assert list(console.app.screen.query_one(IdEntry).ids) == ["U-00926", "U-00931", "U-00557"]
        assert not console.toasts


async def test_what_was_copied_here_is_pasted_alike(demo: Database) -> None:
    async with opened(console_on(demo)) as console:
        await console.press("2", "space", "space", "y", "slash")
        copied = console.app.clipboard
        assert copied.count("\n") == 1
        await console.press("ctrl+v")
        field = console.app.focused
        assert isinstance(field, Input)
        assert field.value == " ".join(copied.replace("\t", " ").split("\n"))


def test_a_text_of_one_line_is_taken_as_it_is() -> None:
    assert pasted("a  b", lines=False) == ("a  b", "")
    assert pasted("a\n", lines=False) == ("a", "")
    assert pasted("a\n\nb", lines=True) == ("a\n\nb", "")
