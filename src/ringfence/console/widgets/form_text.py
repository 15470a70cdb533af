"""The text of a form that is being typed: it lies over the line of its field."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType

from ringfence.console.text import literal
from ringfence.console.widgets.form_fields import TextSpec
from ringfence.console.widgets.form_keys import MOVES, Moves, obey
from ringfence.console.widgets.plain_input import PlainInput

if TYPE_CHECKING:
    from ringfence.console.widgets.form import Form

_NEWLINE: Final = "␊"
"""A line break in a text that is edited in one line."""


class FormText(Moves, PlainInput):
    """The text that is being typed: it lies over the line of the field under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [*MOVES, Binding("ctrl+j", "line_break", "Begin a new line", show=False)]

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.form = form
        self.of = ""
        self._loading_text = False

    def load(self, name: str, text: str, placeholder: str) -> None:
        """Begins to edit a field's text, or takes one that came from elsewhere."""
        shown = text.replace("\n", _NEWLINE)
        self.placeholder = literal(placeholder)
        if name == self.of and shown == self.value:
            return
        self.of = name
        self._loading_text = True
        self.value = shown
        self._loading_text = False
        self.cursor_position = len(self.value)

    def watch_value(self, value: str) -> None:
        """Tells the form at once."""
        if not self._loading_text:
            self.form.typed(value.replace(_NEWLINE, "\n"))

    @property
    def takes_lines(self) -> bool:
        """Whether the text may have more than one line."""
        spec = self.form.spec(self.of)
        return isinstance(spec, TextSpec) and spec.lines

    def action_line_break(self) -> None:
        """Begins a new line, in a text that may have more than one."""
        if self.takes_lines:
            self.insert_text_at_cursor(_NEWLINE)

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.replace(event.text.replace("\n", _NEWLINE), *self.selection)

    def watch_has_focus(self, has_focus: bool) -> None:
        """Draws the line as what it is now."""
        super().watch_has_focus(has_focus)
        self.form.draw_cursor()

    async def _on_key(self, event: events.Key) -> None:
        if self.form.editing:
            await obey(self, event)
        else:  # typed ahead, meant for where the cursor is now
            event.prevent_default()
            await self.form.pass_on(event)
