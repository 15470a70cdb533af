"""A form: fields one below the other, one of them under the cursor, each with its message beside it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Self, TypeAlias

from rich.cells import chop_cells
from textual import events
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from ringfence.console.text import Cell, as_cell, content, fit, literal, width_of
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part

Key: TypeAlias = int | str
GAP: Final = 2
_LABEL_MIN, _LABEL_MAX = 10, 24
_FIELD_MAX = 40
_BESIDE_MIN = 20
"""The least room beside a field in which a message is said there and not below it."""
_NAME_MIN, _CELL_MIN = 14, 8
_STACKED_MAX: Final = 12
"""The most rows that have two lines each where one is too short for them."""
_NEWLINE: Final = "␊"
"""A line break in a text that is edited in one line."""


@dataclass(frozen=True, slots=True)
class TextSpec:
    """A text that is typed. ``check`` returns what is wrong with it, or an empty text."""

    name: str
    label: str
    value: str = ""
    check: Callable[[str], str] | None = None
    hint: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class ToggleSpec:
    """Yes or no. A label too long for the labels' column stands behind the box."""

    name: str
    label: str
    value: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class ChoiceSpec:
    """One of a few: ``options`` are (value, label)."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a ``RowsSpec``. ``note`` is said behind its cells; ``attention`` says that it is worth a look."""

    id: Key
    cells: tuple[Cell | str, ...]
    note: str = ""
    attention: bool = False


@dataclass(frozen=True, slots=True)
class RowsSpec:
    """A heading and rows that one can move among. Without ``action`` they are only shown."""

    name: str
    label: str
    rows: tuple[Row, ...] = ()
    action: str = "pick"
    empty: str = "none"


@dataclass(frozen=True, slots=True)
class PickSpec:
    """A value that is changed elsewhere. Without ``action`` it is only shown."""

    name: str
    label: str
    text: str
    action: str = "change"


@dataclass(frozen=True, slots=True)
class TextLine:
    """A quiet explanation, or an empty line. With a name it can be updated."""

    text: str = ""
    style: str = "quiet"
    name: str = ""


Spec: TypeAlias = TextSpec | ToggleSpec | ChoiceSpec | RowsSpec | PickSpec | TextLine


# Drawing


def flow(cells: Iterable[Cell | str], width: int) -> list[list[Cell]]:
    """Styled pieces as lines of at most `width` cells, broken between words; at least one line."""
    lines: list[list[Cell]] = [[]]
    used, space, width = 0, Cell(""), max(1, width)
    for text, style in map(as_cell, cells):
        for word in re.findall(r"\s+|\S+", literal(text)):
            if word.isspace():
                space = Cell(space.text + word, style)
                continue
            for piece in chop_cells(word, width) if width_of(word) > width else [word]:
                gap = space.text if used else space.text if len(lines) == 1 else ""
                if used and used + len(gap) + width_of(piece) > width:
                    lines.append([])
                    used, gap = 0, ""
                lines[-1] += [Cell(gap, ""), Cell(piece, style)] if gap else [Cell(piece, style)]
                used += len(gap) + width_of(piece)
                space = Cell("")
    return lines


def exact(cells: Iterable[Cell], width: int) -> list[Part]:
    """Styled pieces as one line of exactly `width` cells, safe to draw: padded, or cut with an ellipsis."""
    parts: list[Part] = []
    for text, style in cells:
        if width <= 0:
            break
        wide = width_of(text) if len(text) <= 4 * width else width + 1
        parts.append((literal(text) if wide <= width else fit(text, width), style))
        width -= min(wide, width)
    if width > 0:
        parts.append((" " * width, ""))
    return parts


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a form: which field it belongs to, what it draws, and whether the cursor may stand there."""

    spec: int
    kind: str
    at: int = -1
    stop: bool = True
    said: tuple[Cell, ...] = ()


class _Page:
    """A form laid out in a width. What a line draws is looked up when it is drawn."""

    def __init__(self, specs: Sequence[Spec], messages: dict[str, str], width: int) -> None:
        self.specs, self.messages, self.width = specs, messages, width
        limit = min(_LABEL_MAX, max(_LABEL_MIN, width * 2 // 5))
        labels = [width_of(spec.label) + GAP for spec in specs if not isinstance(spec, TextLine)]
        self.label = max((label for label in labels if label <= limit), default=0)
        self.label = min(width, max(_LABEL_MIN, self.label))
        self.room = max(1, width - self.label)
        wide = self.room >= _NAME_MIN + GAP + _BESIDE_MIN
        self.field = min(_FIELD_MAX, self.room // 2 if wide else self.room - 1)
        self.beside = self.room - self.field - GAP - 1 if wide else 0
        self.columns: dict[int, list[int]] = {}
        self.stacked: set[int] = set()
        self.lines: list[_Line] = []
        for index, spec in enumerate(specs):
            getattr(self, f"_lay_{type(spec).__name__.lower()}")(index, spec)
        self.stops = [index for index, line in enumerate(self.lines) if line.stop]

    # Which lines there are

    def _fits(self, label: str) -> bool:
        return width_of(label) + GAP <= self.label

    def _say(self, index: int, text: str, style: str, indent: int) -> None:
        for line in flow([Cell(text, style)], self.width - indent - 1):
            self.lines.append(_Line(index, "said", stop=False, said=(Cell(" " * indent), *line)))

    def _message(self, index: int, indent: int) -> None:
        message = self.messages.get(self.specs[index].name, "")
        if message:
            for place, line in enumerate(flow([Cell(message, "bad")], self.width - indent - 3)):
                glyph = Cell(" " * indent + ("  " if place else "! "), "bad")
                self.lines.append(_Line(index, "said", stop=False, said=(glyph, *line)))

    def _heading(self, index: int, label: str) -> None:
        if not self._fits(label):
            self._say(index, label, "quiet", 0)

    def _lay_textline(self, index: int, spec: TextLine) -> None:
        self._say(index, spec.text, spec.style, 0)

    def _lay_textspec(self, index: int, spec: TextSpec) -> None:
        self._heading(index, spec.label)
        self.lines.append(_Line(index, "text"))
        if not self._said_beside(spec.name):
            self._message(index, self.label)

    def _lay_togglespec(self, index: int, spec: ToggleSpec) -> None:
        indent = self.label + 4
        self.lines.append(_Line(index, "toggle"))
        if not self._fits(spec.label):
            indent = 4
            self.lines.pop()
            for place, line in enumerate(flow([spec.label], self.width - indent)):
                self.lines.append(_Line(index, "said" if place else "box", stop=not place, said=tuple(line)))
                if place:
                    self.lines[-1] = replace(self.lines[-1], said=(Cell(" " * indent), *line))
        if self._fits(spec.label):
            for line in self._note(spec)[1:]:
                self.lines.append(_Line(index, "said", stop=False, said=(Cell(" " * indent), *line)))
        elif spec.note:
            self._say(index, spec.note, "quiet", indent)
        self._message(index, indent)

    def _note(self, spec: ToggleSpec) -> list[list[Cell]]:
        return flow([Cell(spec.note, "quiet")], self.room - 5)

    def _lay_choicespec(self, index: int, spec: ChoiceSpec) -> None:
        wide = sum(width_of(label) + 4 + GAP for _, label in spec.options) - GAP
        if self._fits(spec.label) and wide < self.room:
            self.lines.append(_Line(index, "choice"))
        else:
            beside = self._fits(spec.label) and max(width_of(label) for _, label in spec.options) + 4 < self.room
            if not beside:
                self._say(index, spec.label, "quiet", 0)
            self.lines += [_Line(index, "option" if beside else "below", at) for at in range(len(spec.options))]
        self._message(index, self.label)

    def _lay_rowsspec(self, index: int, spec: RowsSpec) -> None:
        self.lines.append(_Line(index, "rows"))
        self._message(index, GAP)
        if not spec.rows and not self._empty_fits(spec):
            self._say(index, spec.empty, "quiet", GAP)
        self.columns[index], fit_in = self._share(spec.rows)
        if not fit_in and len(spec.rows) <= _STACKED_MAX:
            self.stacked.add(index)
        for at, row in enumerate(spec.rows):
            self.lines.append(_Line(index, "row", at))
            if index in self.stacked:
                for line in self._details(row):
                    self.lines.append(_Line(index, "said", stop=False, said=(Cell(" " * 2 * GAP), *line)))

    def _empty_fits(self, spec: RowsSpec) -> bool:
        label = max(self.label, width_of(spec.label) + GAP)
        return label + width_of(spec.empty) <= self.width - self._action_width(spec.action)

    def _details(self, row: Row) -> list[list[Cell]]:
        """What stands below a row that does not fit beside its name."""
        cells: list[Cell] = []
        for cell in row.cells[1:]:
            text, style = as_cell(cell)
            cells += [Cell(" " * GAP * bool(cells)), Cell(text, style or "quiet")]
        if row.note:
            cells += [Cell(" " * GAP * bool(cells)), Cell(row.note, "attention" if row.attention else "quiet")]
        return flow(cells, self.width - 2 * GAP - 1) if cells else []

    def _lay_pickspec(self, index: int, spec: PickSpec) -> None:
        self._heading(index, spec.label)
        self.lines.append(_Line(index, "pick"))
        self._message(index, self.label)

    def _share(self, rows: Sequence[Row]) -> tuple[list[int], bool]:
        """How wide the columns of rows are: each as its cells need; the first gives way where that is too much.

        Also says whether that was not needed.
        """
        over = 0
        widths = [0] * max((len(row.cells) for row in rows), default=0)
        for row in rows:
            for at, cell in enumerate(row.cells):
                widths[at] = max(widths[at], width_of(as_cell(cell).text))
        if widths:
            widths[0] = max(widths[0], self.label - 2 * GAP)
            ends = [
                sum(widths[: len(row.cells)]) + GAP * (len(row.cells) - bool(not row.note)) + width_of(row.note)
                for row in rows
            ]
            over = max(ends) - (self.width - GAP - 1)
            widths[0] = max(1, min(widths[0], self.width - GAP - 1, max(_NAME_MIN, widths[0] - max(0, over))))
        return widths, over <= 0

    # What a line draws

    def _said_beside(self, name: str) -> bool:
        message = self.messages.get(name, "")
        return not message or width_of(message) + 2 <= self.beside

    def draw(self, index: int, width: int) -> list[Part]:
        """Line `index` in exactly `width` cells."""
        line = self.lines[index]
        if line.kind == "said":
            return exact(line.said, width)
        spec = self.specs[line.spec]
        return exact(getattr(self, f"_draw_{line.kind}")(spec, line), width)

    def _labelled(self, label: str) -> Cell:
        return Cell(fit(label if self._fits(label) else "", self.label), "quiet")

    def _draw_text(self, spec: TextSpec, line: _Line) -> list[Cell]:
        cells = [self._labelled(spec.label)]
        message = self.messages.get(spec.name, "")
        if spec.value:
            cells.append(Cell(fit(spec.value, self.field), "field"))
        else:
            cells.append(Cell(fit("" if message else _placeholder(spec), self.field), "empty"))
        if message and self._said_beside(spec.name):
            cells.append(Cell(f"{' ' * GAP}! {message}", "bad"))
        elif spec.value and spec.hint and not message and width_of(spec.hint) <= self.beside:
            cells.append(Cell(" " * GAP + spec.hint, "quiet"))
        return cells

    def _draw_toggle(self, spec: ToggleSpec, line: _Line) -> list[Cell]:
        return [self._labelled(spec.label), _box(spec.value), Cell(" "), *self._note(spec)[0]]

    def _draw_box(self, spec: ToggleSpec, line: _Line) -> list[Cell]:
        return [_box(spec.value), Cell(" "), *line.said]

    def _draw_choice(self, spec: ChoiceSpec, line: _Line) -> list[Cell]:
        cells = [self._labelled(spec.label)]
        for value, label in spec.options:
            cells += [*_option(spec, value, label), Cell(" " * GAP)]
        return cells

    def _draw_option(self, spec: ChoiceSpec, line: _Line) -> list[Cell]:
        return [self._labelled("" if line.at else spec.label), *_option(spec, *spec.options[line.at])]

    def _draw_below(self, spec: ChoiceSpec, line: _Line) -> list[Cell]:
        return [Cell(" " * GAP), *_option(spec, *spec.options[line.at])]

    def _draw_rows(self, spec: RowsSpec, line: _Line) -> list[Cell]:
        room = self.width - self._action_width(spec.action)
        if spec.rows or not self._empty_fits(spec):
            return [Cell(fit(spec.label, room), "strong"), *self._action(spec.action)]
        label = max(self.label, width_of(spec.label) + GAP)
        label = min(label, room)
        return [
            Cell(fit(spec.label, label), "strong"),
            Cell(fit(spec.empty, room - label), "quiet"),
            *self._action(spec.action),
        ]

    def _draw_row(self, spec: RowsSpec, line: _Line) -> list[Cell]:
        row = spec.rows[line.at]
        cells = [Cell("! " if row.attention and not row.note else "  ", "attention")]
        left = self.width - GAP - 1
        if line.spec in self.stacked:
            text, style = as_cell(row.cells[0]) if row.cells else Cell("")
            return [*cells, Cell(fit(text, left), style)]
        note = width_of(row.note) + GAP if row.note else 0
        for at, (cell, wide) in enumerate(zip(row.cells, self.columns[line.spec], strict=False)):
            text, style = as_cell(cell)
            if at:  # what comes last says most: where there is no room for all, those in the middle go
                wide = min(wide, left - GAP - note)
                if wide < min(_CELL_MIN, width_of(text)):
                    break
                cells.append(Cell(" " * GAP))
                left -= GAP
            cells.append(Cell(fit(text, wide), style or ("quiet" if at else "")))
            left -= wide
        if row.note and left > GAP:
            cells.append(
                Cell(" " * GAP + fit(row.note, min(left, note) - GAP), "attention" if row.attention else "quiet")
            )
        return cells

    def _draw_pick(self, spec: PickSpec, line: _Line) -> list[Cell]:
        room = self.room - self._action_width(spec.action)
        return [self._labelled(spec.label), Cell(fit(spec.text, room)), *self._action(spec.action)]

    def _action_width(self, action: str) -> int:
        return min(width_of(action) + 2 + 2 * GAP - 1, self.room // 2) if action else 1

    def _action(self, action: str) -> list[Cell]:
        wide = self._action_width(action)
        return [Cell(fit(f"  ⏎ {action}" if action else "", wide), "quiet")]


def _box(on: bool) -> Cell:
    return Cell("[x]", "good") if on else Cell("[ ]", "quiet")


def _placeholder(spec: TextSpec) -> str:
    """What stands where nothing is typed yet: in brackets, so that nobody takes it for a value."""
    hint = spec.hint or ("required" if spec.required else "")
    return f"({hint})" if hint else ""


def _option(spec: ChoiceSpec, value: str, label: str) -> tuple[Cell, Cell]:
    chosen = value == spec.value
    return Cell("(•) " if chosen else "( ) ", "accent" if chosen else "quiet"), Cell(label, "" if chosen else "quiet")


# The widget

_MOVES: Final[list[BindingType]] = [
    Binding("down", "move(1)", "Down", show=False),
    Binding("up", "move(-1)", "Up", show=False),
    Binding("tab", "field(1)", "Next field", show=False),
    Binding("shift+tab", "field(-1)", "Previous field", show=False),
    Binding("pagedown", "page(1)", "Page down", show=False),
    Binding("pageup", "page(-1)", "Page up", show=False),
    Binding("ctrl+home", "first", "First field", show=False),
    Binding("ctrl+end", "last", "Last field", show=False),
    Binding("enter", "choose", "Pick, change or go on", show=False),
]


async def _obey(widget: Widget, event: events.Key) -> None:
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


class _Text(_Moves, Input):
    """The text that is being typed: it lies over the line of the field under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = _MOVES

    def __init__(self, form: Form) -> None:
        super().__init__(compact=True, select_on_focus=False)
        self.cursor_blink = False
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

    def validate_value(self, value: str) -> str:
        """Leaves out what a terminal would obey or not show."""
        return "".join(character for character in value if literal(character) == character or character == "\u200d")

    def watch_value(self, value: str) -> None:
        """Tells the form at once."""
        if not self._loading_text:
            self.form.typed(value.replace(_NEWLINE, "\n"))

    def watch_has_focus(self, has_focus: bool) -> None:
        """Draws the line as what it is now."""
        super().watch_has_focus(has_focus)
        self.form.draw_cursor()

    async def _on_key(self, event: events.Key) -> None:
        if self.form.editing:
            await _obey(self, event)
        else:  # typed ahead, meant for where the cursor is now
            event.prevent_default()
            await self.form.pass_on(event)


class _Lines(_Moves, LineList, inherit_bindings=False):
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
        self.page = _Page((), {}, 1)

    def show(self, page: _Page) -> None:
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
            await _obey(self, event)
            return
        event.stop()  # typed ahead, meant for the text
        event.prevent_default()
        await self.form.pass_on(events.Key(event.key, event.character))

    def action_change(self, step: int) -> None:
        if not self.form.change(step):
            raise SkipAction


class Form(Widget):
    """Fields one below the other. The arrows move line by line, Tab from field to field; Enter acts on what is there.

    Letters are typed where the cursor is on a text, and are the screen's elsewhere. A screen that wants the focus here
    at once says ``AUTO_FOCUS = "Form > LineList"``, or calls ``focus``.
    """

    DEFAULT_CSS = """
    Form {
        layers: lines text;
        height: 1fr;
        border: round $panel-lighten-2;
        border-title-color: $foreground;
        border-title-style: bold;
        border-subtitle-color: $text-muted;
        &:focus-within { border: round $border; border-title-color: $primary; }
        &:ansi { border: round ansi_bright_black; }
        &:ansi:focus-within { border: heavy ansi_default; }
        & LineList, & LineList:focus, & LineList:ansi, & LineList:ansi:focus {
            layer: lines; border: none; width: 1fr; height: 1fr;
        }
        & .lines--field { background: $foreground 7%; }
        & .lines--empty { background: $foreground 7%; color: $text-muted; }
        & :ansi .lines--field, & :ansi .lines--empty { background: ansi_default; text-style: underline; }
        & Input, & Input:focus {
            layer: text; position: absolute; display: none;
            border: none; height: 1; padding: 0; background: $background; background-tint: $foreground 0%;
        }
        & Input:ansi { background: ansi_default; }
    }
    """

    class Changed(Message):
        """Posted when the operator has changed a value."""

        def __init__(self, control: Form, name: str, value: Any) -> None:
            super().__init__()
            self._form = control
            self.name = name
            self.value = value

        @property
        def control(self) -> Form:
            """The form."""
            return self._form

    class Activated(Message):
        """Posted when Enter is pressed on a value to change elsewhere, or on rows (``row_id``: on which, if any)."""

        def __init__(self, control: Form, name: str, row_id: Key | None) -> None:
            super().__init__()
            self._form = control
            self.name = name
            self.row_id = row_id

        @property
        def control(self) -> Form:
            """The form."""
            return self._form

    class Moved(Message):
        """Posted when the cursor has come to another field or row."""

        def __init__(self, control: Form, name: str, row_id: Key | None) -> None:
            super().__init__()
            self._form = control
            self.name = name
            self.row_id = row_id

        @property
        def control(self) -> Form:
            """The form."""
            return self._form

    def __init__(
        self,
        *specs: Spec,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Creates a form of these fields; `set_fields` gives others."""
        super().__init__(name=name, id=id, classes=classes)
        self._lines = _Lines(self)
        self._text = _Text(self)
        self._specs: list[Spec] = []
        self._told: dict[str, str] = {}
        self._touched: set[str] = set()
        self._was: tuple[str, Key | None] = ("", None)
        self._laying_out = False
        self.set_fields(specs)

    def compose(self) -> ComposeResult:
        yield self._lines
        yield self._text

    # What the owner asks

    def set_title(self, text: str) -> None:
        """Sets the border's title, literally."""
        self.border_title = content(text) if text else None

    def set_subtitle(self, text: str) -> None:
        """Sets the border's subtitle, literally."""
        self.border_subtitle = content(text) if text else None

    def set_fields(self, specs: Iterable[Spec]) -> None:
        """Shows these fields, from the top, without any message."""
        self._specs = list(specs)
        names = [spec.name for spec in self._specs if spec.name]
        if len(names) != len(set(names)):
            raise ValueError(f"two fields of one name: {names}")
        self._told.clear()
        self._touched.clear()
        self._was = ("", None)
        self._text.of = ""
        self._lines.page = _Page((), {}, 1)
        self.lay_out()

    def update(self, name: str, **changes: Any) -> None:
        """Changes a field; the cursor and what is typed elsewhere stay. Posts nothing."""
        index, spec = self._find(name)
        if {"value", "text"} & changes.keys():
            self._told.pop(name, None)
        self._specs[index] = replace(spec, **changes)
        self.lay_out()

    def spec(self, name: str) -> Spec:
        """A field as it is now."""
        return self._find(name)[1]

    def set_error(self, name: str, message: str) -> None:
        """Says what is wrong with a field until its value changes; an empty message takes that back."""
        self._find(name)
        self._told.pop(name, None)
        if message:
            self._told[name] = message
        self.lay_out()

    @property
    def values(self) -> dict[str, Any]:
        """What the fields hold: text, bool, the chosen option's value, the rows' ids, the picked text."""
        return {spec.name: _value(spec) for spec in self._specs if not isinstance(spec, TextLine)}

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong, by field, said already or not."""
        found = {spec.name: _wrong(spec) for spec in self._specs if isinstance(spec, TextSpec)}
        return {name: message for name, message in {**found, **self._told}.items() if message}

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.errors

    def check(self) -> bool:
        """Says everything that is wrong and goes to the first of it; returns whether nothing is."""
        errors = self.errors
        self._touched.update(errors)
        self.lay_out()
        for spec in self._specs:
            if spec.name in errors:
                self.go_to(spec.name)
                break
        return not errors

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
        index, spec = self._find(name)
        at = -1
        if isinstance(spec, RowsSpec) and row_id is not None:
            at = next((place for place, row in enumerate(spec.rows) if row.id == row_id), -1)
        if page.specs is not self._specs:  # not laid out yet
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
    def has_the_focus(self) -> bool:
        """Whether it is in the lines or in the text."""
        return self._lines.has_focus or self._text.has_focus

    @property
    def editing(self) -> bool:
        """Whether the cursor is on a text."""
        line = self._line
        return line is not None and isinstance(self._specs[line.spec], TextSpec)

    @property
    def _line(self) -> _Line | None:
        page, index = self._lines.page, self._lines.cursor
        if page.specs is not self._specs or index >= len(page.lines) or not page.lines[index].stop:
            return None
        return page.lines[index]

    def _find(self, name: str) -> tuple[int, Spec]:
        for index, spec in enumerate(self._specs):
            if spec.name == name and name:
                return index, spec
        raise KeyError(name)

    def lay_out(self) -> None:
        """Lays the fields out anew in the width there is."""
        width = self._lines.size.width - 2  # without the cursor's bar, and a scrollbar that may come and go
        if not self._lines.is_attached or width < 1:
            return
        old, at = self._lines.page, self._lines.cursor
        line = self._line
        was = (*self._was, line.at if line else -1)
        errors = self.errors
        shown = {name: errors[name] for name in errors if name in self._touched or name in self._told}
        page = _Page(self._specs, shown, width)
        self._laying_out = True
        self._lines.show(page)
        self._lines.cursor = self._place(page, was, at if old.stops else 0)
        self._laying_out = False
        self._lines._bring_into_view(self._lines.cursor)
        self.moved()

    def _place(self, page: _Page, was: tuple[str, Key | None, int], at: int) -> int:
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
            if name and name != now[0] and name not in self._touched and self.is_attached:
                index = next((index for index, spec in enumerate(self._specs) if spec.name == name), None)
                if index is not None and isinstance(self._specs[index], TextSpec):
                    self._touched.add(name)
                    if name in self.errors:
                        self.lay_out()
            self.post_message(self.Moved(self, *now))
        self.place_text()

    def place_text(self) -> None:
        """Lays the text over its line, or takes it away."""
        line = self._line
        spec = self._specs[line.spec] if line is not None else None
        text = self._text
        if not isinstance(spec, TextSpec):
            if text.has_focus:
                self.screen.set_focus(self._lines)
            text.display = False
            return
        page = self._lines.page
        text.load(spec.name, spec.value, _placeholder(spec))
        y = self._lines.cursor - self._lines.top
        text.styles.width = min(page.field, self._lines.size.width)
        text.styles.offset = (1 + page.label, y if 0 <= y < self._lines.size.height else -9)
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
            await _obey(self._lines, event)

    def typed(self, value: str) -> None:
        """Takes what is typed."""
        try:
            index, spec = self._find(self._text.of)
        except KeyError:
            return
        if not isinstance(spec, TextSpec) or spec.value == value:
            return
        shown = self._lines.page.messages.get(spec.name, "")
        self._told.pop(spec.name, None)
        self._touched.add(spec.name)
        self._specs[index] = spec = replace(spec, value=value)
        if _wrong(spec) != shown:
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
        """Does what Enter does: goes on from a text, changes a value, or asks the owner to."""
        line = self._line
        spec = self._specs[line.spec] if line is not None else None
        if isinstance(spec, TextSpec):
            self.step(1)
        elif isinstance(spec, RowsSpec | PickSpec):
            if spec.action:
                self.post_message(self.Activated(self, *self.current))
        else:
            self.change(0)

    def change(self, step: int) -> bool:
        """Changes the value under the cursor: by `step`, or to the one under it; returns whether there is one."""
        line = self._line
        spec = self._specs[line.spec] if line is not None else None
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

    def go_to_option(self, index: int, at: int) -> None:
        """Puts the cursor on an option that has a line of its own."""
        page = self._lines.page
        for stop in page.stops:
            if page.lines[stop].spec == index and page.lines[stop].at == at:
                self._lines.cursor = stop


def _nearest(stops: Sequence[int], index: int) -> int:
    return min(stops, key=lambda stop: abs(stop - index), default=0)


def _value(spec: Spec) -> Any:
    if isinstance(spec, RowsSpec):
        return tuple(row.id for row in spec.rows)
    return spec.text if isinstance(spec, PickSpec | TextLine) else spec.value


def _wrong(spec: TextSpec) -> str:
    if not spec.value.strip():
        return "required" if spec.required else ""
    return spec.check(spec.value) if spec.check is not None else ""
