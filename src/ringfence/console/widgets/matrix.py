"""Many options under headings, side by side, switched on and off by key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from ringfence.console.text import literal, number
from ringfence.console.widgets.bar import cells, clip
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.matrix_layout import NO_OPTION, Layout, Place, Shown, Stop
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.posted import Posted

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


class PermissionMatrix(LineList):
    """A set of options under headings, in as many columns as there is room for. It knows only which of them are held.

    The owner gives all of it with `set_sections`, and is told of every change with the whole set. What stands in
    `base` and is not held, or the reverse, is marked as a difference.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "switch", "toggle"),
        Binding("enter", "next", "next"),
        Binding("enter", "choose", "Fold a section, or go on", show=False),
        Binding("s", "section", "whole section"),
        Binding("A", "all", "all", show=False),
        Binding("slash", "find", "find"),
        Binding("n", "hit(1)", "Next found", show=False),
        Binding("N", "hit(-1)", "Previous found", show=False),
        Binding("escape", "leave_find", "leave the search"),
        Binding("d", "differ", "differences"),
        Binding("z", "fold", "Fold", show=False),
        Binding("Z", "fold_all", "Fold all", show=False),
        Binding("right,l", "across(1)", "Next column", show=False),
        Binding("left,h", "across(-1)", "Previous column", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | space, enter | Switch the option under the cursor on or off; on a heading, its section. |
    | s | Switch the whole section on, or off when all of it is on. What is blocked stays as it is. |
    | A | The same with every option that is shown. |
    | /, then n, N | Find as one types (enter, down; up: the next, the one before; escape: leave); find it again. |
    | d | Show only what differs; again: everything. |
    | z; Z | Fold or unfold the section; all sections. |
    | left, h; right, l | Go to the column beside, to the line that is nearest. |
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--found"}
    """
    | Class | Description |
    | :- | :- |
    | `lines--found` | The text that was looked for. |
    """

    DEFAULT_CSS = """
    PermissionMatrix {
        & > .lines--found { color: $warning; text-style: bold underline; }
        &.-finding { border-subtitle-color: $warning; border-subtitle-style: bold; }
    }
    """

    class Changed(Posted):
        """Posted when the operator has switched something: `held` is all that is on now."""

        def __init__(self, control: PermissionMatrix, held: frozenset[str]) -> None:
            super().__init__(control)
            self.held = held

    class Highlighted(Posted):
        """Posted when the cursor has come to another option, or to a heading (`option` is None then)."""

        def __init__(self, control: PermissionMatrix, option: Option | None, section: Section) -> None:
            super().__init__(control)
            self.option = option
            self.section = section

    class Refused(Posted):
        """Posted instead of `Changed` when nothing could be switched: `reason` says why."""

        def __init__(self, control: PermissionMatrix, reason: str) -> None:
            super().__init__(control)
            self.reason = reason

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
        self._finding = False
        self._find = ""
        self._find_from: Place = (0, 0)

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
        self.action_leave_find()
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
    def is_finding(self) -> bool:
        """Whether keys are being typed into the search."""
        return self._finding

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

    def watch_has_focus(self, has_focus: bool) -> None:
        """Leaves the search when the focus goes elsewhere."""
        super().watch_has_focus(has_focus)
        if not has_focus:
            self.action_leave_find()

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

    def _tell(self) -> None:
        current = self.current
        if current is not None and current != self._told:
            self._told = current
            self.post_message(self.Highlighted(self, current[1], current[0]))

    def _tell_numbers(self) -> None:
        if self._finding:
            hits = self._hits()
            place = self._stops[self._at].place if self._stops else None
            at = f"{hits.index(place) + 1} of {len(hits)}" if place in hits else "not found"
            self.set_subtitle(f"/{self._find}▏ {at if self._find else 'type to find'}")
            return
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
        """`text` in `style`, with what is looked for in it underlined."""
        text = literal(text)
        match = self._pattern.search(text) if self._finding and self._find else None
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

    # Switching

    def _refuses(self, reason: str) -> bool:
        if reason:
            self.post_message(self.Refused(self, reason))
        return bool(reason)

    def _hold(self, held: frozenset[str]) -> None:
        self._held = held
        self.refresh()
        self._tell_numbers()
        self.post_message(self.Changed(self, held))

    def _switch(self, options: Sequence[Option]) -> None:
        """Switches all of these on, or off when all are on, and leaves those that are blocked as they are."""
        if not options or self._refuses(self._read_only):
            return
        free = frozenset(option.key for option in options if not option.blocked)
        if not free:
            self._refuses(options[0].blocked)
            return
        self._hold(self._held - free if free <= self._held else self._held | free)

    def action_switch(self) -> None:
        """Switches the option under the cursor on or off; on a heading, its section."""
        current = self.current
        if current is None:
            return
        option = current[1]
        if option is None:
            self.action_section()
        elif not self._refuses(self._read_only or ("" if option.key in self._held else option.blocked)):
            self._hold(self._held ^ {option.key})

    def action_choose(self) -> None:
        """Folds a section, or goes on to the next option: Enter gives nobody anything."""
        current = self.current
        if current is not None and current[1] is None:
            self.action_fold()
        else:
            self.action_move(1)

    def action_section(self) -> None:
        """Switches the options of the section under the cursor, as far as they are shown."""
        current = self.current
        if current is not None:
            self._switch([current[0].options[n] for n in self._shown(current[0])])

    def action_all(self) -> None:
        """Switches all options that are shown, those of folded sections too."""
        self._switch([section.options[n] for section in self._sections for n in self._shown(section)])

    # Showing

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether the action is on: while a search is typed its keys are letters, and differences need a base."""
        if action in {"leave_find", "next"}:
            return self._finding
        if action in {"switch", "section", "find", "differ"} and self._finding:
            return False
        return self._base is not None if action == "differ" else True

    def action_differ(self) -> None:
        """Shows only what differs now, or everything again. What is switched meanwhile stays in view."""
        place = self._stops[self._at].place if self._stops else (0, 0)
        self._only = self._differing if self._only is None else None
        self._lay_out(place)

    def action_fold(self) -> None:
        """Folds the section under the cursor, or unfolds it."""
        if self._stops:
            place = self._stops[self._at].place
            section = self._sections[place[0]]
            self._folded ^= {(section.part, section.heading)}
            self._lay_out(place)

    def action_fold_all(self) -> None:
        """Folds all sections, or unfolds them when all are folded."""
        if self._stops:
            names = {(section.part, section.heading) for section in self._sections}
            self._folded = set() if names <= self._folded else names
            self._lay_out(self._stops[self._at].place)

    # Finding

    @property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(re.escape(literal(self._find)), re.IGNORECASE)

    def _hits(self) -> list[Place]:
        """Where the text that is looked for stands, in folded sections too, in the order shown."""
        if not self._find:
            return []
        pattern = self._pattern
        hits: list[Place] = []
        for number_, section in enumerate(self._sections):
            shown = self._shown(section)
            if shown and pattern.search(literal(section.heading)):
                hits.append((number_, NO_OPTION))
            hits += [(number_, n) for n in shown if pattern.search(literal(section.options[n].label))]
        return hits

    def action_find(self) -> None:
        """Begins to find as one types."""
        if self._stops:
            self._find, self._find_from = "", self._stops[self._at].place
            self._set_finding(True)

    def action_leave_find(self) -> None:
        """Ends the search where it has led; its text is kept for the next and the one before."""
        if self._finding:
            self._set_finding(False)

    def _set_finding(self, finding: bool) -> None:
        self._finding = finding
        self.set_class(finding, "-finding")
        self._tell_numbers()
        self.refresh()
        self.refresh_bindings()

    def _type(self, text: str) -> None:
        """Takes `text` as what is looked for, and goes to the first of it from where the search began."""
        self._find = text
        hits = self._hits()
        self._reach(next((hit for hit in hits if hit >= self._find_from), hits[0] if hits else self._find_from))

    def _reach(self, place: Place) -> None:
        """Goes to an entry, unfolding its section if it is hidden in there."""
        section = self._sections[place[0]]
        if place[1] != NO_OPTION and self._is_folded(section):
            self._folded.discard((section.part, section.heading))
            self._lay_out(place)
        else:
            self._go(self._layout.nearest(place))
        self._tell_numbers()
        self.refresh()

    def action_next(self) -> None:
        """Goes to the next entry that holds the text, while it is being typed."""
        self.action_hit(1)

    def action_hit(self, step: int) -> None:
        """Goes to the next entry that holds the text, or to the one before, round the end."""
        hits = self._hits()
        if not hits or not self._stops:
            return
        here = self._stops[self._at].place
        if step > 0:
            self._reach(next((hit for hit in hits if hit > here), hits[0]))
        else:
            self._reach(next((hit for hit in reversed(hits) if hit < here), hits[-1]))

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether the key is typed into the search, and so means nothing else now."""
        return self._finding and character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        """Types into the search, and goes from hit to hit; any other key ends the search and does what it does."""
        if not self._finding or event.key == "escape":
            return
        if event.key in ("enter", "down", "up"):
            self.action_hit(-1 if event.key == "up" else 1)
        elif event.key == "backspace":
            self._type(self._find[:-1])
        elif event.is_printable and event.character is not None:
            self._type(self._find + event.character)
        else:
            self.action_leave_find()
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Types what is pasted into the search."""
        if self._finding:
            event.stop()
            self._type(self._find + event.text)
