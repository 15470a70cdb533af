"""Many options under headings, side by side: where each stands, how it is drawn, and the cursor among them."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.strip import Strip

from ringfence.console.text import literal, number
from ringfence.console.widgets.bar import cells, clip
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.matrix_layout import NO_OPTION, Layout, Place, Shown, Stop
from ringfence.console.widgets.paint import Part

WIDE = ((110, 3), (72, 2))
"""From how many cells on there are how many columns; one below that."""

GAP = 2
"""Cells at the right of a column that its cursor leaves free."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something that is on or off.

    `blocked` says why it cannot be switched on here; what is on all the same can be switched off. `note` is the
    owner's, for what it says about the option under the cursor.
    """

    key: str
    label: str
    blocked: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Options under a heading. Sections in a row that name the same `part` stand below one line that says it."""

    heading: str
    options: tuple[Option, ...]
    part: str = ""


class MatrixView(LineList):
    """Options under headings, in as many columns as there is room for. It knows only which of them are held, and from
    what (``base``) differences are marked."""

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Creates a matrix without options.

        Args:
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
            disabled: Whether the widget is disabled.
        """
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self._sections: tuple[Section, ...] = ()
        self._held: frozenset[str] = frozenset()
        self._base: frozenset[str] | None = None
        self._read_only = ""
        self._only: frozenset[str] | None = None
        self._folded: set[tuple[str, str]] = set()
        self._layout = Layout()
        self._at = 0
        self._lane = 0
        self._told: tuple[Section, Option | None] | None = None
        """Where the owner was told that it is."""
        self._sought: re.Pattern[str] | None = None

    # What the owner asks

    def set_sections(
        self,
        sections: Iterable[Section],
        held: frozenset[str],
        base: frozenset[str] | None = None,
        read_only: str = "",
    ) -> None:
        """Shows these options. The cursor stays on its option if that is still there; folded sections stay folded.

        Args:
            sections: The options, in the order in which they are shown. No key stands there twice.
            held: The keys of those that are on. Others than are shown stay in it, whatever is switched.
            base: What differences are marked from; None, and there are none.
            read_only: Why nothing can be switched; "" when it can.
        """
        kept = self.current
        self._sections = tuple(sections)
        self._held, self._base, self._read_only = held, base, read_only
        if self._only is not None:
            self._only = self._differing if base is not None else None
        self._told = None
        self._lay_out(self._place_of(*kept) if kept else (0, 0))
        self.refresh_bindings()

    @property
    def held(self) -> frozenset[str]:
        """The keys of the options that are on."""
        return self._held

    @property
    def current(self) -> tuple[Section, Option | None] | None:
        """The section under the cursor and its option (None on the heading), or None when nothing is shown."""
        if not self._stops:
            return None
        number_, option = self._stops[self._at].place
        section = self._sections[number_]
        return section, None if option == NO_OPTION else section.options[option]

    @property
    def differs_only(self) -> bool:
        """Whether only what differs is shown."""
        return self._only is not None

    @property
    def columns(self) -> int:
        """In how many columns the sections stand."""
        return next((columns for least, columns in WIDE if self.size.width >= least), 1)

    # The layout

    @property
    def _differing(self) -> frozenset[str]:
        if self._base is None:
            return frozenset()
        return frozenset(
            o.key for s in self._sections for o in s.options if (o.key in self._held) != (o.key in self._base)
        )

    def _shown(self, section: Section) -> list[int]:
        """The numbers of the section's options that are shown, folded or not."""
        return [n for n, option in enumerate(section.options) if self._only is None or option.key in self._only]

    def _is_folded(self, section: Section) -> bool:
        return (section.part, section.heading) in self._folded

    def _place_of(self, section: Section, option: Option | None) -> Place:
        """Where this option or heading, of this or an earlier set of sections, stands now; else the first option."""
        for number_, each in enumerate(self._sections):
            if option is None and (each.part, each.heading) == (section.part, section.heading):
                return number_, NO_OPTION
            keys = [there.key for there in each.options]
            if option is not None and option.key in keys:
                return number_, keys.index(option.key)
        return 0, 0

    def _lay_out(self, place: Place) -> None:
        """Gives everything its line and column, and puts the cursor on `place` or what is nearest to it."""
        shown = (
            Shown(n, section.part, self._shown(section), self._is_folded(section))
            for n, section in enumerate(self._sections)
        )
        sections = [section for section in shown if self._only is None or section.options]
        self._layout = Layout(sections, self.columns)
        self._at = self._layout.nearest(place)
        if not self._stops:
            self.empty("Nothing differs. d shows everything." if self._only is not None else "Nothing here.")
        else:
            self.ready()
            self.set_count(self._layout.height)
            self._lane = self._stops[self._at].column
            self.cursor = self._stops[self._at].row
            self._bring_into_view(self.cursor)
            self._tell()
        self._tell_numbers()

    @property
    def _stops(self) -> Sequence[Stop]:
        return self._layout.stops

    # What the core asks

    def cursor_moved(self) -> None:
        """Says nothing: the line is not all that the cursor is at."""

    def _on_resize(self, event: events.Resize) -> None:
        if self._stops:
            self._lay_out(self._stops[self._at].place)

    def _bring_into_view(self, index: int) -> None:
        if not self._stops:
            return
        stop, lead = self._stops[self._at], index
        if stop.place[1] == NO_OPTION:  # with the line that names its part
            lead -= 1 if index - 1 in self._layout.rules else 0
        elif self._stops[self._at - 1].place[1] == NO_OPTION:  # the first option, with its heading
            lead -= 1
        lead = max(lead, index - self.page_height + 1)
        if lead < self.top:
            self.scroll_to_line(lead)
        else:
            super()._bring_into_view(index)

    def _go(self, at: int, lane: int | None = None) -> None:
        """Puts the cursor on stop `at`; moves up and down stay in column `lane` as far as there is one."""
        old = self._stops[self._at]
        self._at = at
        new = self._stops[at]
        self._lane = new.column if lane is None else lane
        self.cursor = new.row
        self.refresh_index(old.row)
        self.refresh_index(new.row)
        self._bring_into_view(new.row)
        self._tell()

    @abstractmethod
    def _tell(self) -> None:
        """Tells the owner where the cursor has come to."""

    def _tell_numbers(self) -> None:
        parts = [f"{number(len(self._differing))} differ"] if self._only is not None else []
        for part in dict.fromkeys(section.part for section in self._sections):
            keys = [o.key for section in self._sections if section.part == part for o in section.options]
            on = sum(key in self._held for key in keys)
            parts.append(f"{number(on)} of {number(len(keys))} {part.lower()}".rstrip())
        self.set_subtitle(" · ".join(parts))

    # Render

    def render_line(self, y: int) -> Strip:
        """Draws what is at line `y` of the screen."""
        width, row = self.line_width, y + self.top
        if not self._stops or row >= self._count:
            return super().render_line(y)
        room = max(0, self.size.width - self.scrollbar_size_vertical)  # the same with and without a scrollbar
        if row in self._layout.rules:
            head = clip([(" ── ", "quiet"), (self._layout.rules[row], "header"), (" ", "")], room)
            return self.strip([*head, ("─" * (room - cells(head)), "quiet"), (" " * (width - room), "")], width)
        segments: list[Segment] = []
        used = 0
        for column in range(self.columns):
            wide = (room - used) // (self.columns - column)
            segments += self._column(self._layout.at(row, column), wide)
            used += wide
        return Strip([*segments, Segment(" " * (width - room), self.paint())], width)

    def _column(self, at: int | None, width: int) -> list[Segment]:
        if at is None:
            return [Segment(" " * width, self.paint())]
        on, bar = "", (" ", "")
        if at == self._at:
            on = "cursor" if self.has_focus else "cursor-blurred"
            bar = ("▌", "bar" if self.has_focus else "bar-blurred")
        room = max(0, width - GAP)
        stop = self._stops[at]
        entry = self._entry(*stop.place)
        if stop.row == self.top and stop.place[1] != NO_OPTION:  # its heading has gone out of sight
            entry.append((f" · {self._sections[stop.place[0]].heading}", "quiet"))
        parts = clip([bar, *entry], room)
        parts.append((" " * (room - cells(parts)), ""))
        segments = [Segment(text, self.paint(name, on)) for text, name in parts if text]
        return [*segments, Segment(" " * (width - room), self.paint())]

    def _entry(self, number_: int, n: int) -> list[Part]:
        """A heading or an option, without the cursor's bar."""
        section = self._sections[number_]
        if n == NO_OPTION:
            on = sum(option.key in self._held for option in section.options)
            folded = self._is_folded(section)
            parts: list[Part] = [("▸ " if folded else "▾ ", "accent"), *self._found(section.heading, "strong")]
            parts.append((f" {on}/{len(section.options)}", "quiet"))
            if folded and self._base is not None:
                signs = [self._sign(option).strip() for option in section.options]
                parts += [(f" {sign}{signs.count(sign)}", "attention") for sign in "+-" if sign in signs]
            return parts
        option = section.options[n]
        on = option.key in self._held
        sign = self._sign(option)
        box = "[x] " if on else "[·] " if option.blocked else "[ ] "
        amiss = on and bool(option.blocked)
        return [
            (f"{sign} ", "good" if sign == "+" else "bad"),
            (box, "attention" if amiss else "good" if on else "quiet"),
            *self._found(option.label, "" if on else "quiet"),
            (" !" if amiss else "", "attention"),
        ]

    def _sign(self, option: Option) -> str:
        """How the option differs: + added, - taken away, a space when it does not."""
        if self._base is None or (option.key in self._held) == (option.key in self._base):
            return " "
        return "+" if option.key in self._held else "-"

    def _found(self, text: str, style: str) -> list[Part]:
        """`text` in `style`, with what is sought in it underlined."""
        text = literal(text)
        match = self._sought.search(text) if self._sought is not None else None
        if match is None:
            return [(text, style)]
        start, end = match.span()
        return [(text[:start], style), (text[start:end], "found"), (text[end:], style)]

    # Moving

    def action_move(self, lines: int) -> None:
        """Moves the cursor by `lines` entries of its column."""
        if self._stops:
            lane = self._layout.lane(self._lane)
            at = max(0, min(len(lane) - 1, lane.index(self._at) + lines))
            self._go(lane[at], self._lane)

    def action_page(self, pages: int) -> None:
        """Moves the cursor and the view by a screenful, keeping one line of overlap."""
        if not self._stops:
            return
        step = pages * max(1, self.page_height - 1)
        target = self._stops[self._at].row + step
        beyond = [n for n in self._layout.lane(self._lane) if (n - self._at) * pages > 0]
        self.scroll_to_line(self.top + step)
        self._go(min(beyond, key=lambda n: abs(self._stops[n].row - target), default=self._at), self._lane)

    def action_across(self, columns: int) -> None:
        """Goes to the next column in a direction that has something, to the entry on the nearest line."""
        if self._stops:
            at = self._layout.beside(self._at, columns)
            if at != self._at:
                self._go(at)

    def action_first(self) -> None:
        """Goes to the first entry."""
        if self._stops:
            self._go(0)

    def action_last(self) -> None:
        """Goes to the last entry."""
        if self._stops:
            self._go(len(self._stops) - 1)

    def on_click(self, event: events.Click) -> None:
        """Moves the cursor to what is under the mouse; switches it at a second click."""
        event.prevent_default()
        offset = event.get_content_offset(self)
        if offset is None or not self._stops:
            return
        column = min(self.columns - 1, offset.x * self.columns // max(1, self.line_width))
        at = self._layout.at(offset.y + self.top, column)
        if at is None:
            return
        self._go(at)
        if event.chain > 1:
            self.action_switch()

    @abstractmethod
    def action_switch(self) -> None:
        """Switches what is under the cursor."""
