"""The keys of a form, which work wherever its cursor is: on a line, or in the text that is being typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget

if TYPE_CHECKING:
    from ringfence.console.widgets.form import Form

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


class Moves:
    """The keys that work on the lines and in the text alike."""

    form: Form

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
