"""A dialog comes up in one frame, and what texts say of keys is what the keys are."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.console import ROLES, console_on, drawn, opened
from textual.screen import ModalScreen

from ringfence.console.painting import Painting
from ringfence.console.screens.palette import PaletteScreen
from ringfence.storage.engine import Database


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was drawn while a dialog was up, frame by frame."""
    found: list[str] = []
    display = Painting._display

    def note(app: Painting, screen: object, renderable: object) -> None:
        if renderable is not None and app._running and isinstance(app.screen, ModalScreen):
            found.append("\n".join(drawn(app)))
        display(app, screen, renderable)  # type: ignore[arg-type]

    monkeypatch.setattr(Painting, "_display", note)
    return found


@pytest.mark.parametrize(
    ("before", "key", "shows"),
    [
        (("2",), "m", "Open and edit"),
        (("2",), "D", "Back"),
        ((), "ctrl+p", "Open and edit the customer."),
        ((), "f2", "h.devries"),
        (("down", "e", "x"), "escape", "Go on editing"),
    ],
)
async def test_no_empty_box_is_drawn_before_the_dialog(
    before: Sequence[str], key: str, shows: str, frames: list[str], demo: Database
) -> None:
    async with opened(console_on(demo), (80, 24), frames=True) as console:
        await console.press(*before)
        frames.clear()
        await console.press(key)
        assert frames
        assert all(shows in frame for frame in frames), frames[0]


async def test_a_sentence_of_the_palette_that_is_cut_stands_whole_in_the_frame(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("2", "ctrl+p")
        await console.type("bulk")
        screen = console.app.screen
        assert isinstance(screen, PaletteScreen)
        row = next(line for line in console.lines if "▌" in line and "│ ▌" in line)
        whole = "Give the marked devices the same kind, site or notes."
        assert whole in console.text
        assert whole in row or "…" in row
        await console.press("escape")


async def test_texts_say_the_keys_that_are_set(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        console.app.set_keymap({"copy_role": "f9", "take_up": "f7", "choose_customer": "f10", "whole_preview": "f12"})
        console.app.keymap = {"copy_role": "f9", "take_up": "f7", "choose_customer": "f10", "whole_preview": "f12"}
        await console.press("m")
        assert "take a customer up first: F7" in console.text
        await console.press("escape", *ROLES, "e")
        assert "A built-in role is copied, not changed: F9 copies it." in console.text
        await console.press("escape", "2", "space", "a")
        assert "choose one: Enter, or F10" in console.text
