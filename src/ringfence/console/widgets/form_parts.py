"""The two parts of a form: its lines, and the text that is being typed over one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from ringfence.console.text import literal
from ringfence.console.widgets.form_fields import TextSpec
from ringfence.console.widgets.form_page import Page
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.plain_input import PlainInput

if TYPE_CHECKING:
    from ringfence.console.widgets.form import Form

_NEWLINE: Final = "␊"
"""A line break in a text that is edited in one line."""

_MOVES: Final[list[BindingType]] = [
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


class _Moves:
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


class FormText(_Moves, PlainInput):
    """The text that is being typed: it lies over the line of the field under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [*_MOVES, Binding("ctrl+j", "line_break", "Begin a new line", show=False)]

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


class FormLines(_Moves, LineList, inherit_bindings=False):
    """The lines of a form."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_MOVES,
        Binding("home", "first", "First field", show=False),
        Binding("end", "last", "Last field", show=False),
        Binding("space", "change(0)", "Change", show=False),
        Binding("right", "change(1)", "Next choice", show=False),
        Binding("left", "change(-1)", "Previous choice", show=False),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--field", "lines--empty"}

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.form = form
        self.page = Page((), {}, 1)

    def show(self, page: Page) -> None:
        """Shows a form laid out anew."""
        self.page = page
        self.set_count(len(page.lines))
        self.refresh()

    def line(self, index: int, width: int) -> Sequence[Part]:
        return self.page.draw(index, width)

    def render_line(self, y: int) -> Strip:
        width, index = self.line_width, y + self.top
        if index >= self.count:
            return Strip.blank(width, self.paint())
        if index != self.cursor or not self.page.stops:
            return self.strip([(" ", ""), *self.line(index, width - 1)], width)
        on = "cursor" if self.form.has_the_focus else "cursor-blurred"
        bar = "bar" if self.form.has_the_focus else "bar-blurred"
        return self.strip([("▌", bar), *self.line(index, width - 1)], width, on)

    def cursor_moved(self) -> None:
        self.form.moved()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.form.place_text()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        if has_focus:
            self.form.take_focus()

    def _on_resize(self, event: events.Resize) -> None:
        super()._on_resize(event)
        self.form.lay_out()

    def _bring_into_view(self, index: int) -> None:
        """Brings what belongs to the line with it: a label above, messages below, what stands before the first."""
        lines, stops = self.page.lines, self.page.stops
        if not stops or index >= len(lines):
            return
        first = last = index
        while last + 1 < len(lines) and not lines[last + 1].stop and lines[last + 1].spec == lines[index].spec:
            last += 1
        while first and not lines[first - 1].stop and lines[first - 1].spec == lines[index].spec:
            first -= 1
        first = 0 if index == stops[0] else first
        last = len(lines) - 1 if index == stops[-1] else last
        super()._bring_into_view(last)
        if index == stops[0] or index != stops[-1]:
            super()._bring_into_view(first)
        super()._bring_into_view(index)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        index = offset.y + self.top if offset is not None else -1
        if not 0 <= index < self.count or not self.page.lines[index].stop:
            return
        if event.chain > 1:
            self.form.choose()
        else:
            self.cursor = index

    async def _on_key(self, event: events.Key) -> None:
        if not self.form.editing:
            await obey(self, event)
            return
        event.stop()  # typed ahead, meant for the text
        event.prevent_default()
        await self.form.pass_on(events.Key(event.key, event.character))

    def action_change(self, step: int) -> None:
        if not self.form.change(step):
            raise SkipAction
