"""Where many ids are typed or pasted: a line to type in, and below it all that came before, a line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.strip import Strip

from ringfence.console.text import Cell, fit, number
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.plain_input import PlainInput
from ringfence.console.widgets.posted import Posted

_FATE = 24
"""Cells for what becomes of an id."""


class _Ids(LineList):
    """What was typed. The keys are the line's."""

    def __init__(self) -> None:
        super().__init__()
        self.can_focus = False
        self.ids: Sequence[str] = ()
        self.fate: Callable[[str], Cell] | None = None

    def show(self, ids: Sequence[str]) -> None:
        """Shows these, the cursor on the last."""
        self.ids = ids
        if ids:
            self.ready()
        else:
            self.empty("One or many, in lines or with commas between them: whatever is pasted.")
        self.set_count(len(ids))
        self.cursor = len(ids) - 1

    def line(self, index: int, width: int) -> Sequence[Part]:
        fate = Cell("") if self.fate is None else self.fate(self.ids[index])
        wide = max(0, width - _FATE - 2)
        return [(f" {fit(self.ids[index], wide)} ", ""), (fit(fate.text, width - wide - 2), fate.style)]

    def render_line(self, y: int) -> Strip:
        width, index = self.line_width, y + self.top
        if width <= _FATE + 3:
            return Strip.blank(width, self.paint())
        if self.count and index == self.cursor and index < self.count:
            return self.strip([("▌", "bar"), *self.line(index, width - 1)], width)
        return super().render_line(y)


class _Line(PlainInput):
    """The line to type in: what is pasted into it goes on as it is, with all its lines."""

    takes_lines = True

    def __init__(self, entry: IdEntry) -> None:
        super().__init__(placeholder="Type or paste unit ids or device ids")
        self.entry = entry

    def watch_value(self, value: str) -> None:
        """Tells whoever shows it."""
        del value
        self.entry.post_message(IdEntry.Edited(self.entry))

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.entry.take(f"{self.value}{event.text}")

    async def action_submit(self) -> None:
        """Takes what stands in the line, before anything more is typed into it."""
        self.entry.take(self.value)

    def action_delete_left(self) -> None:
        """Takes a character away, or the id under the cursor where there is none."""
        if self.value:
            super().action_delete_left()
        else:
            self.entry.remove_current()

    def action_delete_right(self) -> None:
        """Likewise."""
        if self.value:
            super().action_delete_right()
        else:
            self.entry.remove_current()

    def action_cut(self) -> None:
        """Cuts what is selected; without a selection the key is the screen's."""
        if self.selection.is_empty:
            raise SkipAction
        super().action_cut()


class IdEntry(Vertical):
    """A line to type in and the ids that it was given. What they are, and how text becomes ids, is its owner's.

    Enter and a paste post `Given`. The owner takes the text from `given` once it knows its ids, and answers by `show`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("ctrl+home", "first", "First", show=False),
        Binding("ctrl+end", "last", "Last", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | up, down; pageup, pagedown; ctrl+home, ctrl+end | Move among the ids. |
    | backspace, delete | In an empty line: take the id under the cursor away. |
    """

    DEFAULT_CSS = """
    IdEntry {
        border: round $border-blurred;
        border-title-color: $foreground;
        border-title-style: bold;
        border-subtitle-color: $text-muted;
        &:focus-within { border: round $border; border-title-color: $primary; }
        &:ansi:focus-within { border: heavy $border; }
        & Input, & Input:focus { border: none; height: 1; padding: 0 1; background: $boost; }
        & LineList { border: none; height: 1fr; }
    }
    """

    class Given(Posted):
        """Posted when there is text in ``given``: answer with `show`."""

        def __init__(self, control: IdEntry) -> None:
            super().__init__(control)

    class Removed(Posted):
        """Posted when an id was taken away."""

        def __init__(self, control: IdEntry, typed: str) -> None:
            super().__init__(control)
            self.typed = typed

    class Edited(Posted):
        """Posted when the line is another one: what stands in it was not given yet."""

        def __init__(self, control: IdEntry) -> None:
            super().__init__(control)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._line = _Line(self)
        self._ids = _Ids()
        self.given = ""
        """What was typed or pasted and is no ids yet."""

    def compose(self) -> ComposeResult:
        yield self._line
        yield self._ids

    def on_mount(self) -> None:
        """Shows that there is nothing yet."""
        self.border_title = "Unit ids or device ids"
        self.show(())

    @property
    def line(self) -> str:
        """What stands in the line."""
        return self._line.value

    @property
    def ids(self) -> Sequence[str]:
        """The ids that are shown."""
        return self._ids.ids

    def focus(self, scroll_visible: bool = True) -> IdEntry:
        """Gives the line the focus."""
        self._line.focus(scroll_visible)
        return self

    def show(self, ids: Sequence[str]) -> None:
        """Shows these ids."""
        at, removed = self._ids.cursor, len(ids) < len(self._ids.ids)
        self._ids.show(ids)
        if removed:
            self._ids.cursor = at
        keys = "Enter takes the line · ⌫ in an empty one removes"
        self.border_subtitle = f"{number(len(ids))} · {keys}" if ids else "Enter takes the line"

    def tell(self, fate: Callable[[str], Cell] | None) -> None:
        """Says beside each id what becomes of it; None: that is not known yet."""
        self._ids.fate = fate
        self._ids.refresh()

    def take(self, text: str) -> None:
        """Takes text as if it had been typed."""
        with self.prevent(IdEntry.Edited):
            self._line.value = ""
        if text.strip():
            self.given += f"\n{text}"
            self.post_message(self.Given(self))

    def remove_current(self) -> None:
        """Takes the id under the cursor away."""
        if self._ids.count:
            self.post_message(self.Removed(self, self._ids.ids[self._ids.cursor]))

    def action_move(self, lines: int) -> None:
        """Moves among the ids."""
        self._ids.action_move(lines)

    def action_page(self, pages: int) -> None:
        """Moves by a screenful."""
        self._ids.action_page(pages)

    def action_first(self) -> None:
        """Goes to the first."""
        self._ids.action_first()

    def action_last(self) -> None:
        """Goes to the last."""
        self._ids.action_last()
