"""The core of every list: lines drawn on demand, one of them under a cursor."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar, Literal

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from ringfence.console.text import fit, width_of
from ringfence.console.widgets.framed import Framed
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.posted import Posted

State = Literal["loading", "ready", "empty", "failed"]

_LONGEST = 20
"""A word of more cells is broken: no list waits for room for it."""
LOADING_AFTER = 0.15
"""Seconds before a list says that it is loading: an answer that comes sooner shows no flicker."""


class LineList(Framed, ScrollView, can_focus=True):
    """A list of one-line entries, of which only those on screen are ever drawn.

    A subclass keeps the entries: it says how many there are (`set_count`) and draws one when asked (`line`). The first
    cell of each line is the core's: there the cursor shows a bar, so that it is seen without colours too.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
        Binding("enter", "choose", "Open", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | down, j; up, k | Move the cursor by one line. |
    | pagedown, ctrl+f; pageup, ctrl+b | Move by a screenful. |
    | home, g; end, G | Go to the first or the last line. |
    | enter | Choose the line under the cursor. |
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lines--cursor",
        "lines--cursor-blurred",
        "lines--bar",
        "lines--bar-blurred",
        "lines--header",
        "lines--marked",
        "lines--quiet",
        "lines--strong",
        "lines--accent",
        "lines--attention",
        "lines--good",
        "lines--bad",
    }
    """
    | Class | Description |
    | :- | :- |
    | `lines--cursor`, `lines--cursor-blurred` | The line under the cursor, with and without the focus. |
    | `lines--bar`, `lines--bar-blurred` | The bar in the first cell of that line. |
    | `lines--header` | The fixed lines at the top. |
    | `lines--marked` | The sign of a marked line. |
    | `lines--quiet` … `lines--bad` | What a `Cell` may ask for. |
    """

    DEFAULT_CSS = """
    LineList {
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-background: $background;
        scrollbar-color: $border-blurred;
        border: round $border-blurred;
        border-title-color: $foreground;
        border-title-style: bold;
        border-subtitle-color: $text-muted;

        & > .lines--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
        & > .lines--cursor-blurred {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
        }
        & > .lines--bar { color: $primary; text-style: bold; }
        & > .lines--bar-blurred { color: $primary; }
        & > .lines--header { color: $text-muted; text-style: bold; }
        & > .lines--marked { color: $warning; text-style: bold; }
        & > .lines--quiet { color: $text-muted; }
        & > .lines--strong { text-style: bold; }
        & > .lines--accent { color: $primary; }
        & > .lines--attention { color: $warning; }
        & > .lines--good { color: $success; }
        & > .lines--bad { color: $error; }

        &:focus {
            border: round $border;
            border-title-color: $primary;
        }
        &:ansi {
            & > .lines--cursor { background: ansi_default; color: ansi_default; text-style: bold reverse; }
            & > .lines--cursor-blurred { background: ansi_default; color: ansi_default; text-style: underline; }
            & > .lines--quiet { text-style: dim; }
        }
        &:ansi:focus { border: heavy $border; }
    }
    """

    PREFIX = "lines"

    cursor: reactive[int] = reactive(0, repaint=False, init=False)
    """Index of the line under the cursor; 0 when there is none. Setting it scrolls as far as is needed."""

    state: reactive[State] = reactive[State]("ready", repaint=False, init=False)
    """Whether there are lines, none (and why), not yet, or a failure."""

    class CursorMoved(Posted):
        """Posted when the cursor has come to another line."""

        def __init__(self, control: LineList, index: int) -> None:
            super().__init__(control)
            self.index = index

    class Chosen(Posted):
        """Posted when Enter is pressed on a line, or the line under the cursor is clicked."""

        def __init__(self, control: LineList, index: int) -> None:
            super().__init__(control)
            self.index = index

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Creates a list without lines.

        Args:
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
            disabled: Whether the widget is disabled.
        """
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self._count = 0
        self._says = ""
        self._loading_timer: Timer | None = None

    # What a subclass provides

    def line(self, index: int, width: int) -> Sequence[Part]:
        """Draws line `index` in exactly `width` cells. Every text must have passed `fit` or `literal`."""
        del index
        return [(" " * width, "")]

    @property
    def header_height(self) -> int:
        """How many lines at the top stay where they are."""
        return 0

    def header_line(self, y: int, width: int) -> Sequence[Part]:
        """Draws fixed line `y` in exactly `width` cells."""
        return [(" " * width, "")]

    def whole(self, index: int) -> str:
        """What is cut of line `index`, as a whole; "" where nothing is."""
        del index
        return ""

    def shade(self, index: int) -> str:
        """The component whose background line `index` has, where the cursor is not on it; "" for none."""
        return ""

    def view_changed(self) -> None:
        """Called when other lines may have come into view."""

    # What everybody may ask

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self._count

    @property
    def page_height(self) -> int:
        """How many lines fit on screen, at least 1."""
        return max(1, self.size.height - self.header_height)

    @property
    def line_width(self) -> int:
        """How many cells a line has, the cursor's bar included and the scrollbar left out."""
        bar = self.scrollbar_size_vertical if self.show_vertical_scrollbar else 0
        return max(0, self.size.width - bar)

    @property
    def top(self) -> int:
        """Index of the first line on screen."""
        return self.scroll_offset.y

    @property
    def in_view(self) -> range:
        """The indices of the lines on screen."""
        top = self.top
        return range(top, min(self._count, top + self.page_height))

    @property
    def says(self) -> str:
        """What is shown instead of lines, as it was given."""
        return self._says

    def set_count(self, count: int) -> None:
        """Says how many lines there are; the cursor stays on a line that exists."""
        self._count = count
        size = Size(0, count + self.header_height)
        if size != self.virtual_size:
            self._set_virtual_size(size)
        if self.cursor >= count:
            self.cursor = max(0, count - 1)
        self.refresh()
        self.view_changed()
        self.look_here(anew=True)

    def _set_virtual_size(self, size: Size) -> None:
        """Sets how far there is to scroll: by Textual's own way the whole screen is laid out anew each time, though a
        list stays as large as it is, unless that is left to its lines."""
        if self.styles.auto_dimensions or not self.container_size:
            self.virtual_size = size
            return
        self.set_reactive(Widget.virtual_size, size)
        self._scroll_update(size)

    def look_here(self, *, anew: bool = False) -> None:
        """Shows what is cut of the line under the cursor. A subclass calls it where lines are drawn otherwise; with
        ``anew`` where they are others."""
        self.show_whole(self.whole(self.cursor) if self.cursor < self._count else "", anew=anew)

    def begin(self, count: int, nothing: str) -> None:
        """Shows so many new lines, the cursor on the first; `nothing` instead where there are none."""
        self.ready()
        self.set_count(count)
        self.cursor = 0
        if not count:
            self.empty(nothing)

    def empty(self, text: str) -> None:
        """Shows `text` (its lines centred) instead of lines: there are none, and this is why."""
        self._say("empty", text)

    def fail(self, text: str) -> None:
        """Shows `text` instead of lines: they could not be had."""
        self._say("failed", text)

    def wait(self, text: str = "Loading…") -> None:
        """Shows `text` instead of lines, unless they come within 150 ms."""
        self._stop_loading_timer()
        self.state = "loading"
        self._says = ""

        def late() -> None:
            if self.state == "loading":
                self._says = text
                self.refresh()

        if self.is_attached:
            self._loading_timer = self.set_timer(LOADING_AFTER, late)
        if not self._count:
            self.refresh()

    def ready(self) -> None:
        """Ends any other state: the lines are what they are."""
        self._stop_loading_timer()
        self._says = ""
        self.state = "ready"

    def _say(self, state: State, text: str) -> None:
        self._stop_loading_timer()
        self._says = text
        self.state = state
        self.set_count(0)

    def _stop_loading_timer(self) -> None:
        if self._loading_timer is not None:
            self._loading_timer.stop()
            self._loading_timer = None

    # Watchers

    def validate_cursor(self, cursor: int) -> int:
        """Keeps the cursor on a line that exists."""
        return max(0, min(self._count - 1, cursor))

    def watch_cursor(self, old: int, new: int) -> None:
        """Repaints the two lines concerned, or the page when it scrolls."""
        self._bring_into_view(new)
        self.refresh_index(old)
        self.refresh_index(new)
        self.cursor_moved()

    def cursor_moved(self) -> None:
        """Shows what is cut here, and tells the owner; a subclass may have more to say."""
        self.look_here()
        self.post_message(self.CursorMoved(self, self.cursor))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Repaints, and lets the subclass fetch what has come into view."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.view_changed()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Draws the cursor as what it is now."""
        super().watch_has_focus(has_focus)
        self._paints.clear()
        self.refresh_index(self.cursor)

    def _on_resize(self, event: events.Resize) -> None:
        self._bring_into_view(self.cursor)
        self.refresh()
        self.view_changed()

    def refresh_index(self, index: int) -> None:
        """Repaints line `index`, if it is on screen."""
        if index in self.in_view:
            self.refresh_line(index + self.header_height)

    def _bring_into_view(self, index: int) -> None:
        top, height = self.top, self.page_height
        if index < top:
            self.scroll_to_line(index)
        elif index >= top + height:
            self.scroll_to_line(index - height + 1)

    def scroll_to_line(self, top: int) -> None:
        """Puts line `top` first on screen, as far as there are lines enough."""
        self.scroll_to(y=max(0, min(top, self._count - self.page_height)), animate=False, force=True, immediate=True)

    # Render

    def render_line(self, y: int) -> Strip:
        """Draws what is at line `y` of the screen."""
        width = self.line_width
        if y < self.header_height:
            return self.strip([(" ", ""), *self.header_line(y, width - 1)], width)
        index = y - self.header_height + self.top
        if not self._count:
            return self._saying(y, width)
        if index >= self._count:
            return Strip.blank(width, self.paint())
        if index != self.cursor:
            return self.strip([(" ", ""), *self.line(index, width - 1)], width, self.shade(index))
        on = "cursor" if self.has_focus else "cursor-blurred"
        bar = "bar" if self.has_focus else "bar-blurred"
        return self.strip([("▌", bar), *self.line(index, width - 1)], width, on)

    def _saying(self, y: int, width: int) -> Strip:
        lines = [part for line in self._says.split("\n") for part in wrap(line, max(1, width - 2))]
        longest = max(map(width_of, self._says.split()), default=0)
        if self.state != "failed" and width - 2 < min(longest, _LONGEST):
            lines = []  # too narrow for its words: it waits for more room
        first = self.header_height + max(0, (self.page_height - len(lines)) // 2)
        if not first <= y < first + len(lines):
            return Strip.blank(width, self.paint())
        style = "bad" if self.state == "failed" and y == first else "quiet"
        return self.strip([(fit(lines[y - first], width, align="center"), style)], width)

    # Actions

    def action_move(self, lines: int) -> None:
        """Moves the cursor by `lines`."""
        self.cursor += lines

    def action_page(self, pages: int) -> None:
        """Moves the cursor and the view by a screenful, keeping in sight as many lines as the application says."""
        step = pages * max(1, self.page_height - getattr(self.app, "page_overlap", 1))
        self.scroll_to_line(self.top + step)
        self.cursor += step

    def action_first(self) -> None:
        """Goes to the first line."""
        self.cursor = 0

    def action_last(self) -> None:
        """Goes to the last line."""
        self.cursor = self._count - 1

    def action_choose(self) -> None:
        """Chooses the line under the cursor."""
        if self._count:
            self.post_message(self.Chosen(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """Moves the cursor to the line under the mouse; chooses it when it is there already."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < self.header_height:
            return
        index = offset.y - self.header_height + self.top
        if index >= self._count:
            return
        if event.chain > 1:
            self.action_choose()
        else:
            self.cursor = index
