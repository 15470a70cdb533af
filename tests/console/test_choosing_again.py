"""Choosing a record again begins on the one that is chosen: Enter, pressed too soon, changes nothing."""

from __future__ import annotations

import pytest
from support.console import Console, console_on, opened

from ringfence.console.screens.choose_record import ChooseRecord
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.widgets.form import Form
from ringfence.storage.engine import Database

SMALL = (80, 24)


CHOOSERS = {
    "role of a security group": (("4", "down", "down", "down", "down", "e"), "role"),
    "customer of a device": (("2", "end", "e"), "customer"),
    "home of a user": (("3", "end", "e"), "home"),
    "parent of a new customer": (("down", "down", "down", "n"), "parent"),
}


@pytest.mark.parametrize("what", CHOOSERS)
async def test_choosing_begins_on_what_is_chosen(what: str, demo: Database) -> None:
    keys, field = CHOOSERS[what]
    async with opened(console_on(demo), SMALL) as console:
        await console.press(*keys)
        screen = console.app.screen
        assert isinstance(screen, RecordForm)
        before = screen.draft
        await go(console, screen.query_one(Form), field)
        await console.press("enter")
        chooser = console.app.screen
        assert isinstance(chooser, ChooseRecord), console.text
        row = chooser.extras.shown[chooser.extras.cursor][0] if chooser.extras.here else chooser.found.row.id
        assert row == getattr(before, field)
        await console.press("enter")
        assert console.app.screen is screen
        assert screen.draft == before
        await console.press("enter")
        await console.type("o")
        assert console.app.screen.found.cursor == 0, "whoever types wants what matches"  # type: ignore[attr-defined]
        await console.press("escape", "escape")
        assert not isinstance(console.app.screen, Dialog), "there is nothing to lose"


async def go(console: Console, form: Form, field: str) -> None:
    await console.hurry("ctrl+home")
    for _ in range(20):
        if form.current[0] == field:
            return
        await console.press("down")
    raise AssertionError(field)
