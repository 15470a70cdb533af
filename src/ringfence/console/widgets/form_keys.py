"""The keys of a form, which work wherever its cursor is: on a line, or in the text that is being typed."""

from __future__ import annotations

from typing import Final, Protocol

from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget

MOVES: Final[list[BindingType]] = [
    Binding("down", "move(1)", "Down", show=False),
    Binding("up", "move(-1)", "Up", show=False),
    Binding("tab", "field(1)", "Next field", show=False),
    Binding("shift+tab", "field(-1)", "Previous field", show=False),
    Binding("pagedown", "page(1)", "Page down", show=False),
    Binding("pageup", "page(-1)", "Page up", show=False),
    Binding("ctrl+home", "first", "First field", show=False),
    Binding("ctrl+end", "last", "Last field", show=False),
    Binding("enter", "choose", "Pick, open or go on", show=False),
]


async def obey(widget: Widget, event: events.Key) -> None:
    """Runs what a key is bound to on a widget, as it comes, in one order with what is typed.

    Textual's bindings are looked at a round later: of ``x ↓ y`` in one packet both letters would go into one field.
    """
    for binding in widget._bindings.key_to_bindings.get(event.key, ()):
        if await widget.app.run_action(binding.action, widget):
            event.stop()
            event.prevent_default()
            return


class Owner(Protocol):
    """The form, as its parts know it."""

    @property
    def has_the_focus(self) -> bool:
        """Whether it is in the lines or in the text."""

    @property
    def editing(self) -> bool:
        """Whether the cursor is on a text."""

    def lay_out(self) -> None:
        """Lays the fields out anew."""

    def moved(self) -> None:
        """Follows the cursor."""

    def place_text(self) -> None:
        """Lays the text over its line, or takes it away."""

    def take_focus(self) -> None:
        """Gives the focus to the text when the cursor is on it and the lines have it."""

    def draw_cursor(self) -> None:
        """Draws what is under the cursor anew."""

    def typed(self, value: str) -> None:
        """Takes what is typed."""

    async def pass_on(self, event: events.Key) -> None:
        """Gives a key that came to one of the two parts to the other."""

    def step(self, lines: int) -> None:
        """Moves the cursor by lines on which it may stand."""

    def page(self, pages: int) -> None:
        """Moves it by a screenful."""

    def go_to_end(self, *, last: bool) -> None:
        """Moves it to the first or the last of them."""

    def next_field(self, fields: int) -> None:
        """Moves it to the next field or the one before."""

    def choose(self) -> None:
        """Does what Enter does."""

    def change(self, step: int) -> bool:
        """Changes the value under the cursor; returns whether there is one."""


class Moves:
    """The keys that work on the lines and in the text alike."""

    form: Owner

    def action_move(self, lines: int) -> None:
        self.form.step(lines)

    def action_field(self, fields: int) -> None:
        self.form.next_field(fields)

    def action_page(self, pages: int) -> None:
        self.form.page(pages)

    def action_first(self) -> None:
        self.form.go_to_end(last=False)

    def action_last(self) -> None:
        self.form.go_to_end(last=True)

    def action_choose(self) -> None:
        self.form.choose()
