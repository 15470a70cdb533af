"""Fields of a form below each other, in a width: which lines there are, and what each draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ringfence.console.text import Cell, as_cell, fit, literal, width_of
from ringfence.console.widgets.flow import NEWLINE, broken, exact, flow
from ringfence.console.widgets.form_fields import (
    ChoiceSpec,
    PickSpec,
    Row,
    RowsSpec,
    Spec,
    TextLine,
    TextSpec,
    ToggleSpec,
)
from ringfence.console.widgets.paint import Part

GAP: Final = 2
_LABEL_MIN, _LABEL_MAX = 10, 24
_FIELD_MAX = 60
_FIELD_LEAST = 16
"""What a field keeps where a message is said beside it, and not below."""
_LINES_MOST: Final = 6
"""The most lines that a text takes; it scrolls in them as it is edited."""
_NAME_MIN, _CELL_MIN = 14, 8
_STACKED_MAX: Final = 12
"""The most rows that have two lines each where one is too short for them."""


@dataclass(frozen=True, slots=True)
class PageLine:
    """One line of a form: which field it belongs to, what it draws, and whether the cursor may stand there.

    Those that go on with what the line before them says (``more``) are under the cursor with it.
    """

    spec: int
    kind: str
    at: int = -1
    stop: bool = True
    more: bool = False
    said: tuple[Cell, ...] = ()


class Column:
    """Some of a form's fields. What a line draws is looked up when it is drawn."""

    def __init__(self, specs: Sequence[Spec], span: range, messages: Mapping[str, str], width: int) -> None:
        self.specs, self.messages, self.width = specs, messages, width
        fields = [spec for spec in specs[span.start : span.stop] if not isinstance(spec, TextLine)]
        labels = [width_of(spec.label) + GAP for spec in fields]
        limit = min(_LABEL_MAX, max(_LABEL_MIN, width * 2 // 5))
        self.label = max((label for label in labels if label <= limit), default=0)
        self.label = min(width, max(_LABEL_MIN, self.label))
        self.room = max(1, width - self.label)
        self.field = max(1, min(_FIELD_MAX, self.room - 1))
        self.columns: dict[int, list[int]] = {}
        self.stacked: set[int] = set()
        self.lines: list[PageLine] = []
        for index in span:
            getattr(self, f"_lay_{type(specs[index]).__name__.lower()}")(index, specs[index])

    # Which lines there are

    def _fits(self, label: str) -> bool:
        return width_of(label) + GAP <= self.label

    def _say(self, index: int, text: str, style: str, indent: int) -> None:
        for line in flow([Cell(text, style)], self.width - indent - 1):
            self.lines.append(PageLine(index, "said", stop=False, said=(Cell(" " * indent), *line)))

    def _go_on(self, index: int, lines: Iterable[Iterable[Cell]], indent: int) -> None:
        for line in lines:
            self.lines.append(PageLine(index, "said", stop=False, more=True, said=(Cell(" " * indent), *line)))

    def _message(self, index: int, indent: int) -> None:
        message = self.messages.get(self.specs[index].name, "")
        if message:
            for place, line in enumerate(flow([Cell(message, "bad")], self.width - indent - 3)):
                glyph = Cell(" " * indent + ("  " if place else "! "), "bad")
                self.lines.append(PageLine(index, "said", stop=False, said=(glyph, *line)))

    def _heading(self, index: int, label: str) -> None:
        if not self._fits(label):
            self._say(index, label, "quiet", 0)

    def _lay_textline(self, index: int, spec: TextLine) -> None:
        self._say(index, spec.text, spec.style, 0)

    def _lay_textspec(self, index: int, spec: TextSpec) -> None:
        self._heading(index, spec.label)
        for at in range(self.height_of(spec)):
            self.lines.append(PageLine(index, "text", at, stop=not at, more=bool(at)))
        if not self._aside(spec):
            self._message(index, self.label)

    def _lay_togglespec(self, index: int, spec: ToggleSpec) -> None:
        indent = self.label + 4
        if self._fits(spec.label):
            self.lines.append(PageLine(index, "toggle"))
            self._go_on(index, self._note(spec)[1:], indent)
        else:
            indent = 4
            first, *rest = flow([spec.label], self.width - indent)
            self.lines.append(PageLine(index, "box", said=tuple(first)))
            self._go_on(index, rest, indent)
            if spec.note:
                self._say(index, spec.note, "quiet", indent)
        self._message(index, indent)

    def _note(self, spec: ToggleSpec) -> list[list[Cell]]:
        return flow([Cell(spec.note, "quiet")], self.room - 5)

    def _lay_choicespec(self, index: int, spec: ChoiceSpec) -> None:
        wide = sum(width_of(label) + 4 + GAP for _, label in spec.options) - GAP
        if self._fits(spec.label) and wide < self.room - (self._action_width(spec.action) if spec.action else 0):
            self.lines.append(PageLine(index, "choice"))
        else:
            beside = self._fits(spec.label) and max(width_of(label) for _, label in spec.options) + 4 < self.room
            if not beside:
                self._say(index, spec.label, "quiet", 0)
            self.lines += [PageLine(index, "option" if beside else "below", at) for at in range(len(spec.options))]
        self._message(index, self.label)

    def _lay_rowsspec(self, index: int, spec: RowsSpec) -> None:
        self.lines.append(PageLine(index, "rows"))
        self._message(index, GAP)
        if not spec.rows and not self._empty_fits(spec):
            self._say(index, spec.empty, "quiet", GAP)
        self.columns[index], fit_in = self._share(spec.rows)
        if not fit_in and len(spec.rows) <= _STACKED_MAX:
            self.stacked.add(index)
        for at, row in enumerate(spec.rows):
            self.lines.append(PageLine(index, "row", at))
            if index in self.stacked:
                self._go_on(index, self._name(row)[1:], GAP)
                self._go_on(index, self._details(row), 2 * GAP)

    def _empty_fits(self, spec: RowsSpec) -> bool:
        label = max(self.label, width_of(spec.label) + GAP)
        return label + width_of(spec.empty) <= self.width - self._action_width(spec.action)

    def _name(self, row: Row) -> list[list[Cell]]:
        return flow(row.cells[:1], self.width - GAP - 1)

    def _details(self, row: Row) -> list[list[Cell]]:
        """What stands below a row that does not fit beside its name."""
        cells: list[Cell] = []
        for cell in row.cells[1:]:
            text, style = as_cell(cell)
            if text:
                cells += [Cell(" " * GAP * bool(cells)), Cell(text, style or "quiet")]
        if row.note:
            cells += [Cell(" " * GAP * bool(cells)), Cell(row.note, "attention" if row.attention else "quiet")]
        return flow(cells, self.width - 2 * GAP - 1) if cells else []

    def _lay_pickspec(self, index: int, spec: PickSpec) -> None:
        self._heading(index, spec.label)
        self.lines.append(PageLine(index, "pick"))
        self._go_on(index, self._picked(spec)[1:], self.label)
        self._message(index, self.label)

    def _picked(self, spec: PickSpec) -> list[list[Cell]]:
        return flow([Cell(spec.text)], self.room - self._action_width(spec.action))

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

    # A text: how wide and how high it is, and what is said beside it

    def field_of(self, spec: TextSpec) -> int:
        """How wide a text is: as wide as a field may be, as far as what is said beside it leaves room."""
        return self._beside(self._aside(spec))

    def height_of(self, spec: TextSpec) -> int:
        """How many lines it takes."""
        return min(_LINES_MOST, len(self._broken(spec)))

    def _beside(self, said: str) -> int:
        return min(self.field, self.room - 1 - GAP - width_of(said)) if said else self.field

    def _aside(self, spec: TextSpec) -> str:
        """What is said beside a text: what is wrong, or what there is to know; nothing where it takes the room."""
        message = self.messages.get(spec.name, "")
        said = f"! {message}" if message else spec.hint if spec.value else ""
        least = min(self.field, max(_FIELD_LEAST, width_of(spec.value) + 1))
        return said if said and self._beside(said) >= least else ""

    def _broken(self, spec: TextSpec) -> list[tuple[int, int]]:
        return broken(literal(spec.value), self.field_of(spec) - 1, at_breaks=spec.lines)

    # What a line draws

    def draw(self, line: PageLine, width: int) -> list[Part]:
        """A line of its own in exactly `width` cells."""
        if line.kind == "said":
            return exact(line.said, width)
        spec = self.specs[line.spec]
        return exact(getattr(self, f"_draw_{line.kind}")(spec, line), width)

    def _labelled(self, label: str) -> Cell:
        return Cell(fit(label if self._fits(label) else "", self.label), "quiet")

    def _draw_text(self, spec: TextSpec, line: PageLine) -> list[Cell]:
        wide, aside = self.field_of(spec), self._aside(spec)
        if not spec.value:
            text = Cell(fit("" if spec.name in self.messages else placeholder_of(spec), wide), "empty")
        else:
            lines, shown = self._broken(spec), literal(spec.value)
            begin, end = lines[line.at]
            if line.at == _LINES_MOST - 1:
                end = len(shown)  # cut, where it goes on
            text = Cell(fit(shown[begin:end].rstrip(f" {NEWLINE}" if spec.lines else " "), wide), "field")
        cells = [self._labelled("" if line.at else spec.label), text]
        if aside and not line.at:
            cells.append(Cell(" " * GAP + aside, "bad" if spec.name in self.messages else "quiet"))
        return cells

    def _draw_toggle(self, spec: ToggleSpec, line: PageLine) -> list[Cell]:
        return [self._labelled(spec.label), _box(spec.value), Cell(" "), *self._note(spec)[0]]

    def _draw_box(self, spec: ToggleSpec, line: PageLine) -> list[Cell]:
        return [_box(spec.value), Cell(" "), *line.said]

    def _draw_choice(self, spec: ChoiceSpec, line: PageLine) -> list[Cell]:
        cells = [self._labelled(spec.label)]
        for value, label in spec.options:
            cells += [*_option(spec, value, label), Cell(" " * GAP)]
        if spec.action:
            used = sum(width_of(text) for text, _ in cells)
            cells += [Cell(" " * (self.width - used - self._action_width(spec.action))), *self._action(spec.action)]
        return cells

    def _draw_option(self, spec: ChoiceSpec, line: PageLine) -> list[Cell]:
        return [self._labelled("" if line.at else spec.label), *_option(spec, *spec.options[line.at])]

    def _draw_below(self, spec: ChoiceSpec, line: PageLine) -> list[Cell]:
        return [Cell(" " * GAP), *_option(spec, *spec.options[line.at])]

    def _draw_rows(self, spec: RowsSpec, line: PageLine) -> list[Cell]:
        room = self.width - self._action_width(spec.action)
        if spec.rows or not self._empty_fits(spec):
            label = min(room, max(self.label, width_of(spec.label) + GAP))
            said = Cell(fit(spec.said if spec.rows else "", room - label), "quiet")
            return [Cell(fit(spec.label, label), "strong"), said, *self._action(spec.action)]
        label = max(self.label, width_of(spec.label) + GAP)
        label = min(label, room)
        return [
            Cell(fit(spec.label, label), "strong"),
            Cell(fit(spec.empty, room - label), "quiet"),
            *self._action(spec.action),
        ]

    def _draw_row(self, spec: RowsSpec, line: PageLine) -> list[Cell]:
        row = spec.rows[line.at]
        cells = [Cell("! " if row.attention and not row.note else "  ", "attention")]
        left = self.width - GAP - 1
        if line.spec in self.stacked:
            return [*cells, *self._name(row)[0]]
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

    def cut(self, line: PageLine) -> str:
        """All that a row says, where there is no room for all of it; empty where there is."""
        spec = self.specs[line.spec]
        assert isinstance(spec, RowsSpec)
        row = spec.rows[line.at]
        texts = [literal(text) for text in (*(as_cell(cell).text for cell in row.cells), row.note) if text]
        drawn = "".join(cell.text for cell in self._draw_row(spec, line))
        if line.spec in self.stacked or all(text in drawn for text in texts):
            return ""
        return " · ".join(texts)

    def _draw_pick(self, spec: PickSpec, line: PageLine) -> list[Cell]:
        room = self.room - self._action_width(spec.action)
        first = self._picked(spec)[0]
        gap = room - sum(width_of(cell.text) for cell in first)
        return [self._labelled(spec.label), *first, Cell(" " * gap), *self._action(spec.action)]

    def _action_width(self, action: str) -> int:
        return min(width_of(action) + 2 + 2 * GAP - 1, self.room // 2) if action else 1

    def _action(self, action: str) -> list[Cell]:
        wide = self._action_width(action)
        return [Cell(fit(f"  ⏎ {action}" if action else "", wide), "quiet")]


def _box(on: bool) -> Cell:
    return Cell("[x]", "good") if on else Cell("[ ]", "quiet")


def placeholder_of(spec: TextSpec) -> str:
    """What stands where nothing is typed yet: in brackets, so that nobody takes it for a value."""
    hint = spec.hint or ("required" if spec.required else "^j begins a new line" if spec.lines else "")
    return f"({hint})" if hint else ""


def _option(spec: ChoiceSpec, value: str, label: str) -> tuple[Cell, Cell]:
    chosen = value == spec.value
    return Cell("(•) " if chosen else "( ) ", "accent" if chosen else "quiet"), Cell(label, "" if chosen else "quiet")
