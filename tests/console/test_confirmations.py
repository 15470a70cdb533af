"""Enter, pressed too soon or once too often, does no harm: every question is on Back, and no field is widened by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from support.console import CUSTOMER_GROUPS, NOON, Console, console_on, opened
from support.form_host import form_host
from support.security_forms import show
from support.signal_records import signal_edits

from ringfence.console.options import BACK
from ringfence.console.rooms import room
from ringfence.console.screens.audit import AuditScreen
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import ChoiceSpec, ToggleSpec
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

QUESTIONS: dict[str, Sequence[str]] = {
    **{f"delete in {area}": (area, "end", "D") for area in "2345"},
    "delete a customer": ("down", "D"),
    "delete many": ("2", "space", "space", "D"),
    "delete a device of a customer": ("enter", "D"),
    "deactivate a user": ("3", "end", "a"),
    "deactivate a group": (*CUSTOMER_GROUPS, "a"),
    "move a customer": ("down", "x", "down", "down", "p"),
    "undo": (*CUSTOMER_GROUPS, "down", "a", "d", "u"),
    "undo an entry": (*CUSTOMER_GROUPS, "down", "a", "d", "8", "u"),
    "an entry, with its undo": (*CUSTOMER_GROUPS, "down", "a", "d", "8", "enter"),
    "leave a form": (*CUSTOMER_GROUPS, "e", "x", "escape"),
    "widen to all": ("4", "slash", *"service south", "enter", "e", *["down"] * 5, "left"),
}


def stamp(console: Console) -> Any:
    """What the data is at."""
    assert console.app.session is not None
    return console.app.session.stamp()


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.once(5)
async def test_every_question_opens_on_back(question: str, demo: Database) -> None:
    session = Workspace(demo, at=NOON).sign_in("h.devries")
    if question == "delete in 5":
        session.save(signal_edits(session.roots()[0].id))
    async with opened(console_on(demo)) as console:
        await console.press(*QUESTIONS[question])
        dialog = console.app.screen
        assert isinstance(dialog, Dialog), console.text
        before = stamp(console)
        assert dialog.options[dialog._list.cursor].id == BACK
        harmful = [option for option in dialog.options if option.id != BACK]
        assert harmful
        assert all(option.key for option in harmful), "each has its letter"
        await console.press("enter")
        assert console.app.screen is not dialog
        assert stamp(console) == before
        if isinstance(console.app.screen, AuditScreen):
            return
        await console.press("enter", "enter")
        assert stamp(console) == before


@pytest.mark.parametrize("new", [False, True], ids=["there", "new"])
@pytest.mark.parametrize("kind", EDITED.values(), ids=EDITED)
@pytest.mark.parametrize("size", [(80, 24), pytest.param((44, 24), marks=pytest.mark.slow)])
@pytest.mark.once(8)
async def test_enter_changes_no_field_of_any_form(kind: Kind, new: bool, size: tuple[int, int], demo: Database) -> None:
    """Neither where options stand side by side nor where each has a line of its own."""
    session = Workspace(demo, at=NOON).sign_in("h.devries")
    session.save(signal_edits(session.roots()[0].id))
    there = [session.open_record(kind.noun, row.id) for row in session.rows(Listing(kind.name), Part(100))]
    own = None if new else next(record.id for record in reversed(there) if not record.why_not)
    async with opened(form_host(demo), size) as console:
        screen = await show(console, room(f"{kind.noun} form", own))
        assert isinstance(screen, RecordForm)
        assert not screen.read_only
        draft = screen.draft
        fields = screen.query_one(Form)
        for at in list(fields._lines.page.stops):
            spec = fields._specs[fields._lines.page.lines[at].spec]
            if isinstance(spec, ToggleSpec | ChoiceSpec):
                fields._lines.cursor = at
                await console.press("enter")
                assert screen.draft == draft, spec
                while console.app.screen is not screen:
                    await console.press("escape")
                assert screen.draft == draft, spec


async def open_south(console: Console) -> Any:
    await console.press("4", "slash", *"field service south", "enter", "e")
    screen: Any = console.app.screen
    screen.form.go_to("scope")
    return screen


async def test_enter_on_the_selected_customers_opens_the_picker(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        screen = await open_south(console)
        assert "⏎ pick" in next(line for line in console.lines if "selected customers" in line)
        await console.press("enter")
        assert type(console.app.screen).__name__ == "PickScreen"
        await console.press("escape")
        for key in ("left", "right", "space"):
            await console.press(key)
            assert isinstance(console.app.screen, Dialog), key
            assert "every one that is made later" in " ".join(console.text.replace("│", " ").split())
            await console.press("escape")
            assert screen.draft.scope == "selected"
        await console.press("left", "a")
        assert screen.draft.scope == "all"
        await console.press("enter")
        assert screen.draft.scope == "all"
        await console.press("left")
        assert screen.draft.scope == "selected", "to narrow it needs no question"
