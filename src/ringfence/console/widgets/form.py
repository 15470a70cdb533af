"""A form: fields one below the other, one of them under the cursor, each with its message beside it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Self

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget

from ringfence.console.text import content
from ringfence.console.widgets.form_column import PageLine
from ringfence.console.widgets.form_fields import (
    ChoiceSpec,
    Key,
    PickSpec,
    RowsSpec,
    Spec,
    TextSpec,
    ToggleSpec,
    fault_of,
    is_changed,
)
from ringfence.console.widgets.form_keys import obey
from ringfence.console.widgets.form_lines import FormLines
from ringfence.console.widgets.form_page import Page
from ringfence.console.widgets.form_state import FormState
from ringfence.console.widgets.form_text import FormText
from ringfence.console.widgets.posted import Posted


class Form(Widget):
    """Fields one below the other. The arrows move line by line, Tab from field to field; Enter acts on what is there.

    Letters are typed where the cursor is on a text, and are the screen's elsewhere. A screen that wants the focus here
    at once says ``AUTO_FOCUS = "Form > LineList"``, or calls ``focus``.
    """

    DEFAULT_CSS = """
    Form {
        layers: lines text;
        height: 1fr;
        border: round $border-blurred;
        border-title-color: $foreground;
        border-title-style: bold;
        border-subtitle-color: $text-muted;
        &:focus-within { border: round $border; border-title-color: $primary; }
        &:ansi:focus-within { border: heavy $border; }
        & LineList, & LineList:focus, & LineList:ansi:focus {
            layer: lines; border: none; width: 1fr; height: 1fr;
        }
        & .lines--field { background: $surface; }
        & .lines--empty { background: $surface; color: $text-muted; }
        & :ansi .lines--field, & :ansi .lines--empty { background: ansi_default; text-style: underline; }
        & Input, & Input:focus {
            layer: text; position: absolute; display: none; border: none; padding: 0;
            background: $block-cursor-background; background-tint: $foreground 7%; color: $block-cursor-foreground;
        }
        & Input > .input--placeholder { color: $block-cursor-foreground; text-style: dim; }
        & Input > .input--cursor { background: transparent; color: $block-cursor-foreground; text-style: reverse; }
        & Input:ansi { background: ansi_default; color: ansi_default; text-style: reverse; }
    }
    """

    class Changed(Posted):
        """Posted when the operator has changed a value."""

        def __init__(self, control: Form, name: str, value: Any) -> None:
            super().__init__(control)
            self.name = name
            self.value = value

    class Activated(Posted):
        """Posted when Enter is pressed on a value to change elsewhere, or on rows (``row_id``: on which, if any)."""

        def __init__(self, control: Form, name: str, row_id: Key | None) -> None:
            super().__init__(control)
            self.name = name
            self.row_id = row_id

    class Moved(Posted):
        """Posted when the cursor has come to another field or row."""

        def __init__(self, control: Form, name: str, row_id: Key | None) -> None:
            super().__init__(control)
            self.name = name
            self.row_id = row_id

    class Refused(Posted):
        """Posted when the operator tried to change a value of a form that is read-only; ``reason`` says why it is."""

        def __init__(self, control: Form, reason: str) -> None:
            super().__init__(control)
            self.reason = reason

    def __init__(
        self,
        *specs: Spec,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Creates a form of these fields; `set_fields` gives others."""
        super().__init__(name=name, id=id, classes=classes)
        self._lines = FormLines(self)
        self._lines.tell_below = self.say_below
        self._text = FormText(self)
        self._state = FormState()
        self._was: tuple[str, Key | None] = ("", None)
        self._laying_out = False
        self._read_only = ""
        self.set_fields(specs)

    def compose(self) -> ComposeResult:
        yield self._lines
        yield self._text

    # What the owner asks

    def set_title(self, text: str) -> None:
        """Sets the border's title, literally."""
        self.border_title = content(text) if text else None

    def say_below(self, text: Content) -> None:
        """Says in the border what is cut of the row under the cursor."""
        self.border_subtitle = text if text else None

    @property
    def read_only(self) -> str:
        """Why nothing can be changed; empty where something can. Every field is only shown then."""
        return self._read_only

    @read_only.setter
    def read_only(self, reason: str) -> None:
        if reason != self._read_only:
            self._read_only = reason
            self.lay_out()

    def set_fields(self, specs: Iterable[Spec]) -> None:
        """Shows these fields, from the top, without any message."""
        self._state = FormState(specs)
        self._was = ("", None)
        self._text.of = ""
        self._lines.page = Page((), {}, 1)
        self.lay_out()

    def update(self, name: str, **changes: Any) -> None:
        """Changes a field; the cursor and what is typed elsewhere stay. Posts nothing."""
        self._state.update(name, **changes)
        self.lay_out()

    def spec(self, name: str) -> Spec:
        """A field as it is now."""
        return self._state.find(name)[1]

    def set_error(self, name: str, message: str) -> None:
        """Says what is wrong with a field until its value changes; an empty message takes that back."""
        self._state.tell(name, message)
        self.lay_out()

    @property
    def values(self) -> dict[str, Any]:
        """What the fields hold: text, bool, the chosen option's value, the rows' ids, the picked text."""
        return self._state.values

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong, by field, said already or not; nothing where nobody can put it right."""
        return {} if self._read_only else self._state.errors

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.errors

    def check(self) -> bool:
        """Says everything that is wrong and goes to the first of it; returns whether nothing is."""
        errors = self.errors
        self._state.touched.update(errors)
        self.lay_out()
        for spec in self._specs:
            if spec.name in errors:
                self.go_to(spec.name)
                break
        return not errors

    @property
    def wanted(self) -> int:
        """How high it has to be to show everything."""
        return self._lines.page.height + 2

    @property
    def current(self) -> tuple[str, Key | None]:
        """The field under the cursor, and the row, if it is on one."""
        line = self._line
        if line is None:
            return "", None
        spec = self._specs[line.spec]
        return spec.name, spec.rows[line.at].id if isinstance(spec, RowsSpec) and line.at >= 0 else None

    def go_to(self, name: str, row_id: Key | None = None) -> None:
        """Puts the cursor on a field, or on one of its rows."""
        page = self._lines.page
        index, spec = self._state.find(name)
        at = -1
        if isinstance(spec, RowsSpec) and row_id is not None:
            at = next((place for place, row in enumerate(spec.rows) if row.id == row_id), -1)
        if page.of is not self._specs:  # not laid out yet
            self._was = (name, row_id)
        for stop in page.stops:
            if page.lines[stop].spec == index and page.lines[stop].at >= at:
                self._lines.cursor = stop
                return

    def focus(self, scroll_visible: bool = True) -> Self:
        """Gives the focus to the text or the lines, wherever the cursor is."""
        (self._text if self.editing else self._lines).focus(scroll_visible)
        return self

    # What its parts ask

    @property
    def _specs(self) -> list[Spec]:
        return self._state.specs

    @property
    def has_the_focus(self) -> bool:
        """Whether it is in the lines or in the text."""
        return self._lines.has_focus or self._text.has_focus

    @property
    def editing(self) -> bool:
        """Whether the cursor is on a text."""
        line = self._line
        return line is not None and not self._read_only and isinstance(self._specs[line.spec], TextSpec)

    @property
    def _line(self) -> PageLine | None:
        page, index = self._lines.page, self._lines.cursor
        if page.of is not self._specs or index >= len(page.lines) or not page.lines[index].stop:
            return None
        return page.lines[index]

    def lay_out(self) -> None:
        """Lays the fields out anew in the width there is."""
        width = self._lines.size.width - 2  # without the cursor's bar, and a scrollbar that may come and go
        if not self._lines.is_attached or width < 1:
            return
        old, at = self._lines.page, self._lines.cursor
        line = self._line
        was = (*self._was, line.at if line else -1)
        shown = {} if self._read_only else self._state.shown
        page = Page(self._specs, shown, width, read_only=bool(self._read_only))
        self._laying_out = True
        self._lines.show(page)
        self._lines.cursor = self._place(page, was, at if old.stops else 0)
        self._laying_out = False
        self._lines._bring_into_view(self._lines.cursor)
        self.moved()

    def _place(self, page: Page, was: tuple[str, Key | None, int], at: int) -> int:
        """Where the cursor comes to stand: on the same row, else where that was in its field, else nearby."""
        name, row_id, place = was
        here = [stop for stop in page.stops if self._specs[page.lines[stop].spec].name == name]
        if here:
            spec = self._specs[page.lines[here[0]].spec]
            if isinstance(spec, RowsSpec) and row_id is not None:
                place = next((index for index, row in enumerate(spec.rows) if row.id == row_id), place)
            return next((stop for stop in here if page.lines[stop].at >= place), here[-1])
        return _nearest(page.stops, at)

    def moved(self) -> None:
        """Follows the cursor: the text, and whoever wants to know."""
        if self._laying_out:
            return
        name = self._was[0]
        now = self.current
        if now != self._was:
            self._was = now
            if name and name != now[0] and name not in self._state.touched and self.is_attached:
                self._leave(name)
            self.post_message(self.Moved(self, *now))
        self.place_text()

    def _leave(self, name: str) -> None:
        """What is wrong with a text is said once the cursor has left it, if not before."""
        if any(spec.name == name and isinstance(spec, TextSpec) for spec in self._specs):
            self._state.touched.add(name)
            if name in self.errors:
                self.lay_out()

    def place_text(self) -> None:
        """Lays the text over its line, or takes it away."""
        line = self._line
        spec = self._specs[line.spec] if line is not None else None
        text = self._text
        if self._read_only or not isinstance(spec, TextSpec):
            if self.screen.focused is text:  # which may not know yet that it has the focus
                self.screen.set_focus(self._lines)
            text.display = False
            return
        page, index = self._lines.page, self._lines.cursor
        at, row = page.place(index)
        wide, high = page.shape(index, spec)
        text.load(spec, wide)
        y = row - self._lines.top
        text.styles.width, text.styles.height = min(wide, self._lines.size.width), high
        seen = -high < y < self._lines.size.height
        text.styles.offset = (page.begins[at] + 1 + page.columns[at].label, y if seen else -9 - high)
        text.display = True
        self.take_focus()

    def take_focus(self) -> None:
        """Gives the focus to the text when the cursor is on it and the lines have it."""
        if self.editing and self._lines.has_focus:
            self.screen.set_focus(self._text, scroll_visible=False)

    def draw_cursor(self) -> None:
        """Draws the line under the cursor anew."""
        if self._lines.is_attached:
            self._lines.refresh_index(self._lines.cursor)

    async def pass_on(self, event: events.Key) -> None:
        """Gives a key that came to one of the two parts to the other."""
        if self.editing:
            self._text._forward_event(event)
        else:
            await obey(self._lines, event)

    def typed(self, value: str) -> None:
        """Takes what is typed."""
        try:
            spec = self.spec(self._text.of)
        except KeyError:
            return
        if not isinstance(spec, TextSpec) or spec.value == value:
            return
        page, index = self._lines.page, self._lines.cursor
        shown = page.messages.get(spec.name, ""), page.shape(index, spec)
        self._state.touched.add(spec.name)
        self._state.update(spec.name, value=value)
        spec = replace(spec, value=value)
        if (fault_of(spec), page.shape(index, spec)) != shown:
            self.lay_out()
        self.draw_cursor()
        self.post_message(self.Changed(self, spec.name, value))

    def _set(self, spec: ToggleSpec | ChoiceSpec, value: Any) -> None:
        if value != spec.value:
            self.update(spec.name, value=value)
            self.post_message(self.Changed(self, spec.name, value))

    # Actions

    def step(self, lines: int) -> None:
        """Moves the cursor by `lines` lines on which it may stand."""
        stops = self._lines.page.stops
        if stops:
            at = bisect_left(stops, self._lines.cursor) + lines
            self._lines.cursor = stops[max(0, min(len(stops) - 1, at))]

    def page(self, pages: int) -> None:
        """Moves it by a screenful."""
        stops = self._lines.page.stops
        if stops:
            self._lines.cursor = _nearest(stops, self._lines.cursor + pages * max(1, self._lines.page_height - 1))

    def go_to_end(self, *, last: bool) -> None:
        """Moves it to the first or the last line on which it may stand."""
        stops = self._lines.page.stops
        if stops:
            self._lines.cursor = stops[-1 if last else 0]

    def next_field(self, fields: int) -> None:
        """Moves it to the next field or the one before; at the ends, gives the focus to what is beyond the form."""
        page, line = self._lines.page, self._line
        here = line.spec if line is not None else -1
        others = [stop for stop in page.stops if (page.lines[stop].spec - here) * fields > 0]
        if others:
            target = page.lines[others[0] if fields > 0 else others[-1]].spec
            self._lines.cursor = next(stop for stop in page.stops if page.lines[stop].spec == target)
            return
        beyond = [widget for widget in self.screen.focus_chain if widget is not self._text]
        if self._lines in beyond and len(beyond) > 1:
            self.screen.set_focus(beyond[(beyond.index(self._lines) + fields) % len(beyond)])

    def choose(self) -> None:
        """Does what Enter does: asks the owner to open what changes a value elsewhere, or goes on. It changes nothing
        here: whoever presses it once too often has not given anybody more than they meant to."""
        line = self._line
        spec = self._specs[line.spec] if line is not None else None
        if self._refuses(spec):
            return
        if isinstance(spec, RowsSpec | PickSpec | ChoiceSpec) and spec.action:
            self.post_message(self.Activated(self, *self.current))
        elif not isinstance(spec, RowsSpec | PickSpec):
            self.step(1)

    def change(self, step: int) -> bool:
        """Changes the value under the cursor: by `step`, or to the one under it; returns whether there is one."""
        line = self._line
        spec = self._specs[line.spec] if line is not None else None
        if self._refuses(spec):
            return True
        if isinstance(spec, ToggleSpec) and not step:
            self._set(spec, not spec.value)
        elif isinstance(spec, ChoiceSpec) and line is not None:
            at = next((index for index, option in enumerate(spec.options) if option[0] == spec.value), -1)
            at = line.at if line.at >= 0 and not step else (at + (step or 1)) % len(spec.options)
            self._set(spec, spec.options[at][0])
            if line.at >= 0:
                self.go_to_option(line.spec, at)
        else:
            return False
        return True

    def _refuses(self, spec: Spec | None) -> bool:
        """Whether a field cannot be changed because the form is read-only; tells the owner."""
        if not self._read_only or spec is None or not is_changed(spec):
            return False
        self.post_message(self.Refused(self, self._read_only))
        return True

    def go_to_option(self, index: int, at: int) -> None:
        """Puts the cursor on an option that has a line of its own."""
        page = self._lines.page
        for stop in page.stops:
            if page.lines[stop].spec == index and page.lines[stop].at == at:
                self._lines.cursor = stop


def _nearest(stops: Sequence[int], index: int) -> int:
    return min(stops, key=lambda stop: abs(stop - index), default=0)
