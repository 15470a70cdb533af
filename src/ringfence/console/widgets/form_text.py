"""The text of a form that is being typed: it lies over its field, in as many lines as that has."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.strip import Strip
from textual.widgets.input import Selection

from ringfence.console.text import literal
from ringfence.console.widgets.flow import NEWLINE, broken
from ringfence.console.widgets.form_column import placeholder_of
from ringfence.console.widgets.form_fields import TextSpec
from ringfence.console.widgets.form_keys import MOVES, Moves, Owner, obey
from ringfence.console.widgets.plain_input import PlainInput


class FormText(Moves, PlainInput):
    """The text that is being typed. The arrows go up and down in it before they leave it."""

    BINDINGS: ClassVar[list[BindingType]] = [*MOVES, Binding("ctrl+j", "line_break", "Begin a new line", show=False)]

    def __init__(self, form: Owner) -> None:
        super().__init__()
        self.form = form
        self.of = ""
        self._wide = 1
        self.takes_lines = False
        """Whether it may have more than one line of its own."""
        self._loading_text = False
        self._top = 0
        """The first line that is shown of it."""

    def load(self, spec: TextSpec, width: int) -> None:
        """Begins to edit a field's text in a width, or takes one that came from elsewhere."""
        shown = spec.value.replace("\n", NEWLINE)
        self.placeholder = literal(placeholder_of(spec))
        self._wide, self.takes_lines = width, spec.lines
        if spec.name == self.of and shown == self.value:
            return
        self.of = spec.name
        self._loading_text = True
        self.value = shown
        self._loading_text = False
        self.cursor_position = len(self.value)

    def watch_value(self, value: str) -> None:
        """Tells the form at once."""
        if not self._loading_text:
            self.form.typed(value.replace(NEWLINE, "\n"))

    def action_line_break(self) -> None:
        """Begins a new line, in a text that may have more than one."""
        if self.takes_lines:
            self.insert_text_at_cursor(NEWLINE)

    def action_move(self, lines: int) -> None:
        """Moves the cursor to another line of the text, or to another line of the form."""
        line, cell = self._cursor_at
        if 0 <= line + lines < len(self._broken):
            self.cursor_position = self._position(line + lines, cell)
        else:
            super().action_move(lines)

    # Its lines

    @property
    def _broken(self) -> list[tuple[int, int]]:
        return broken(self.value, self._wide - 1, at_breaks=self.takes_lines)

    @property
    def _cursor_at(self) -> tuple[int, int]:
        """The line that the cursor is in, and its cell there."""
        lines, at = self._broken, self.cursor_position
        line = next((line for line, (_, end) in enumerate(lines) if at < end), len(lines) - 1)
        return line, cell_len(self.value[lines[line][0] : at])

    def _position(self, line: int, cell: int) -> int:
        """The position in the text at a cell of a line, or the nearest before its end."""
        begin, end = self._broken[line]
        last = end if end == len(self.value) else end - 1
        return next((at for at in range(begin, last) if cell_len(self.value[begin : at + 1]) > cell), last)

    def render_line(self, y: int) -> Strip:
        """Draws a line of it."""
        if not self.value:
            return super().render_line(y)
        width, lines = self.size.width, self._broken
        cursor = self._cursor_at[0] if self.has_focus else 0
        self._top = max(min(self._top, cursor, len(lines) - self.size.height), cursor - self.size.height + 1, 0)
        line = y + self._top
        if line >= len(lines):
            return Strip.blank(width, self.rich_style)
        begin, end = lines[line]
        return Strip(self._segments(begin, end)).adjust_cell_length(width, self.rich_style)

    def _segments(self, begin: int, end: int) -> list[Segment]:
        """A part of the text as it is drawn: what is selected, and where the cursor is."""
        plain, text = self.rich_style, f"{self.value} "
        end += end == len(self.value)
        styles: list[tuple[int, int, Style]] = []
        if self.has_focus:
            here = self.cursor_position
            if not self.selection.is_empty:
                chosen = plain + self.get_component_rich_style("input--selection")
                styles.append((min(self.selection), max(self.selection), chosen))
            styles.append((here, here + 1, plain + self.get_component_rich_style("input--cursor")))
        bounds = {begin, end, *(at for low, high, _ in styles for at in (low, high) if begin < at < end)}
        cuts = sorted(at for at in bounds if at in (begin, end) or cell_len(text[at]))  # a mark stays with its letter
        segments = []
        for low, high in pairwise(cuts):
            style = next((one for first, last, one in reversed(styles) if first <= low < last), plain)
            piece = text[low:high].replace(NEWLINE, " ") if self.takes_lines else text[low:high]
            segments.append(Segment(literal(piece), style))
        return segments

    @property
    def cursor_screen_offset(self) -> Offset:
        """Where the terminal's own cursor is, on the screen."""
        x, y, _, _ = self.content_region
        line, cell = self._cursor_at
        return Offset(x + cell, y + line - self._top)

    async def _on_mouse_down(self, event: events.MouseDown) -> None:
        await super()._on_mouse_down(event)
        offset = event.get_content_offset_capture(self)
        line = min(offset.y + self._top, len(self._broken) - 1)
        self.selection = Selection.cursor(self._position(line, offset.x))

    # What comes in

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.replace(event.text.replace("\n", NEWLINE), *self.selection)

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
