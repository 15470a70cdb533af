"""The lines of a form, one of them under the cursor."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.strip import Strip

from ringfence.console.widgets.form_keys import MOVES, Moves, Owner, obey
from ringfence.console.widgets.form_page import Page
from ringfence.console.widgets.lines import LineList


class FormLines(Moves, LineList, inherit_bindings=False):
    """The lines of a form."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("home", "first", "First field", show=False),
        Binding("end", "last", "Last field", show=False),
        Binding("space", "change(0)", "Change", show=False),
        Binding("right", "change(1)", "Next choice", show=False),
        Binding("left", "change(-1)", "Previous choice", show=False),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--field", "lines--empty"}

    def __init__(self, form: Owner) -> None:
        super().__init__()
        self.form = form
        self.page = Page((), {}, 1)

    def show(self, page: Page) -> None:
        """Shows a form laid out anew."""
        self.page = page
        self.set_count(page.height)
        self.refresh()

    def validate_cursor(self, cursor: int) -> int:
        """Keeps the cursor on a line: there may be more of them than rows."""
        return max(0, min(len(self.page.lines) - 1, cursor))

    def refresh_index(self, index: int) -> None:
        """Repaints a line, and those that are under the cursor with it."""
        for one in self.page.whole(index) if index < len(self.page.lines) else ():
            super().refresh_index(self.page.place(one)[1])

    def render_line(self, y: int) -> Strip:
        """Draws a row: the columns beside each other, and the cursor in one of them."""
        page, width, strips = self.page, self.line_width, []
        under = page.whole(self.cursor) if page.stops else range(0)
        ends = [*page.begins[1:], width]
        for at, (begin, end) in enumerate(zip(page.begins, ends, strict=True)):
            index = page.index(at, y + self.top)
            strips.append(self._part(index, end - begin - 1 * (end != width), under))
            if end != width:
                strips.append(Strip.blank(1, self.paint()))
        return Strip.join(strips)

    def _part(self, index: int, width: int, under: range) -> Strip:
        """A line in a column, with the cell before it."""
        if index < 0:
            return Strip.blank(width, self.paint())
        drawn = self.page.column_of(index).draw(self.page.lines[index], width - 1)
        if index not in under:
            return self.strip([(" ", ""), *drawn], width)
        focus = self.form.has_the_focus
        bar = ("▌", "bar" if focus else "bar-blurred") if index == under.start else (" ", "")
        return self.strip([bar, *drawn], width, "cursor" if focus else "cursor-blurred")

    def cursor_moved(self) -> None:
        self.look_here()
        self.form.moved()

    def look_here(self, *, anew: bool = False) -> None:
        self.show_whole(self.page.cut_at(self.cursor), anew=anew)

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
        rows = [self.page.place(one)[1] for one in (last, first, index)]
        super()._bring_into_view(rows[0])
        if index == stops[0] or index != stops[-1]:
            super()._bring_into_view(rows[1])
        super()._bring_into_view(rows[2])

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        column = max(at for at, begin in enumerate(self.page.begins) if begin <= offset.x)
        index = self.page.index(column, offset.y + self.top)
        if index < 0 or not self.page.lines[index].stop:
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
