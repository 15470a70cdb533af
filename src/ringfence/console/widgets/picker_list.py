"""The two lists of a picker: what may be added, and what is chosen."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Sequence

from ringfence.console.text import Cell, fit, literal, number, width_of
from ringfence.console.widgets.choices import COLUMNS, Choices, Rank, Selection
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.ranges import RangedList
from ringfence.domain.filter import Term, fault, narrows, terms

GUTTER = 2
"""Cells before the name, beside the cursor's bar: a sign and a space."""

LABEL = 17
"""Cells that a name keeps at least: where the number leaves it less, the number goes."""

GAP = 2
"""Cells between the names and what is said beside them, where that stands below each other."""

ASIDE = 7
"""Cells below which nothing is said beside a name."""

WITH_NESTED, ITSELF_ONLY, NO_EFFECT = "with nested", "itself only", "no effect"

NESTED, ITSELF, MARKED = "▣", "□", "✓"


class PickerList(RangedList):
    """One side of a picker. It draws its part of the selection, and holds its own filter and marks."""

    DEFAULT_CSS = """
    PickerList {
        border: none;
        height: 1fr;
        &:focus { border: none; }
        &:ansi:focus { border: none; }
    }
    """

    def __init__(self, *, nestable: bool, noun: str) -> None:
        """Creates a list without lines.

        Args:
            nestable: Whether something is chosen with or without what is nested below it.
            noun: What the choices are, in the plural.
        """
        super().__init__()
        self.nestable = nestable
        self.noun = noun
        self.selection = Selection(Choices.flat((), ()), {})
        self.marks: set[Rank] = set()
        self._ranks: list[Rank] = []
        self._found: Sequence[Rank] | None = None
        self._terms: tuple[Term, ...] = ()
        self.fault = ""
        """In a few words, why what was typed last cannot be understood; empty where it can."""
        self._matches = 0

    # What a side provides

    @abstractmethod
    def belongs(self, rank: Rank) -> bool:
        """Whether `rank` is of this side, so that it can be marked and moved."""

    @abstractmethod
    def matching(self) -> list[Rank]:
        """What of this side the filter leaves, by name."""

    @abstractmethod
    def nothing(self) -> str:
        """Why there is nothing on this side, when there is no filter."""

    @abstractmethod
    def told(self) -> Sequence[str]:
        """What may be said below the list, the longest first."""

    # What the picker asks

    @property
    def choices(self) -> Choices:
        """What is chosen from."""
        return self.selection.choices

    @property
    def current(self) -> Rank | None:
        """The rank under the cursor, or None when there is none."""
        return self._ranks[self.cursor] if self.cursor < len(self._ranks) else None

    @property
    def picked(self) -> list[Rank]:
        """The marked ones, filtered out or not, by name; the one under the cursor when none is marked."""
        marks = self.marks | self._in_range()
        if marks:
            return sorted(marks)
        current = self.current
        return [current] if current is not None and self.belongs(current) else []

    def take(self, selection: Selection) -> None:
        """Begins anew with another selection, unmarked; the filter stays."""
        self.selection = selection
        self._ranks = []
        self._found = self.choices.matching(self._terms) if self._terms else None
        self.marks.clear()
        self.again(first=True)

    def filter(self, text: str) -> None:
        """Shows only what a filter finds; the list stays as it is where that cannot be understood: `fault` then says
        why. Marks stay where they are, shown or not."""
        self.fault = fault(COLUMNS, text)
        wanted = self._terms if self.fault else terms(COLUMNS, text)
        if wanted == self._terms:
            self.tell()
            return
        self.fix_range()
        among = self._found if narrows(wanted, self._terms) else None
        self._found = self.choices.matching(wanted, among) if wanted else None
        self._terms = wanted
        self.again(first=True)

    def again(self, *, first: bool = False) -> None:
        """Draws what the selection and the filter leave; the cursor stays on its line, or where that stood.

        Args:
            first: A cursor that cannot stay goes to the first line.
        """
        here = self.current
        self.leave_range()
        self.marks = {rank for rank in self.marks if self.belongs(rank)}
        self._ranks = self._lines()
        if not self._ranks:
            text = "Nothing matches. Esc clears the filter." if self._terms and len(self.choices) else self.nothing()
            self.empty(text)
            return
        self.ready()
        line = 0 if here is None else self.line_of(here)
        if first and (line >= len(self._ranks) or self._ranks[line] != here):
            line = 0
        self.set_count(len(self._ranks))
        self.cursor = line
        if first and not line:
            self.scroll_to_line(0)

    def _lines(self) -> list[Rank]:
        matching = self.matching()
        self._matches = len(matching)
        return self.shown(matching)

    def shown(self, matching: list[Rank]) -> list[Rank]:
        """The ranks of the lines, given those that match."""
        return matching

    def line_of(self, rank: Rank) -> int:
        """The line of `rank`, or the one that would follow it."""
        return bisect_left(self._ranks, rank)

    def clear(self) -> None:
        """Has no lines and no marks, until `take`."""
        self._ranks = []
        self.marks.clear()
        self.set_count(0)

    def unmark(self) -> None:
        """Takes all marks away."""
        self.marks.clear()
        self.leave_range()
        self.refresh()
        self.tell()

    def toggle_mark(self) -> None:
        """Marks the line under the cursor, or takes its mark away, and goes on to the next; fixes the range."""
        rank = self.current
        if self.span is not None:
            self.fix_range()
            return
        if rank is None:
            return
        if rank in self.marks:
            self.marks.discard(rank)
        elif self.belongs(rank):
            self.marks.add(rank)
        self.refresh_index(self.cursor)
        self.tell()
        self.cursor += 1

    def _in_range(self) -> set[Rank]:
        """What of the live range is of this side and matches."""
        span = self.span
        return set() if span is None else {rank for rank in self._ranks[span.start : span.stop] if self.is_match(rank)}

    def take_range(self, span: range, then: Callable[[], object]) -> bool:
        self.marks |= self._in_range()
        return True

    def range_moved(self) -> None:
        super().range_moved()
        self.tell()

    def is_marked(self, rank: Rank, line: int) -> bool:
        """Whether a line is marked, or in the range."""
        return rank in self.marks or (bool(self.shade(line)) and self.is_match(rank))

    def is_match(self, rank: Rank) -> bool:
        """Whether `rank` is of this side and matches the filter."""
        return self.belongs(rank) and self.choices.fits(self._terms, rank)

    def tell(self) -> None:
        """Says below the list how much there is, as far as there is room."""
        if self.state in {"loading", "failed"} or not len(self.choices):
            self.set_subtitle("")
            return
        room = self.size.width - 2
        if self.fault:
            self.set_subtitle(fit(self.fault, min(room, width_of(self.fault))))
            return
        self.set_subtitle(next((text for text in self.told() if width_of(text) <= room), ""))

    def with_marks(self, texts: Sequence[str]) -> list[str]:
        """Each of `texts` with how many are marked; without it, if need be."""
        count = len(self.marks | self._in_range())
        if not count:
            return list(texts)
        marked = f"{number(count)} marked"
        return [*(f"{text} · {marked}" for text in texts), marked]

    # What the core asks

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leaves Enter and the arrows to the sides to the picker, which moves lines with them."""
        return action not in {"choose", "scroll_left", "scroll_right"}

    def view_changed(self) -> None:
        """Says what there is, in the room that there is now."""
        self.tell()
        self.look_here()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Gives the counts their place again in the list that is left."""
        super().watch_has_focus(has_focus)
        self.look_here()

    def whole(self, index: int) -> str:
        """The name, where it is cut and this list is gone through. What is said beside it is not told: it would take
        the place of the counts."""
        if not self.has_focus:
            return ""
        name = literal(self.choices.names[self._ranks[index]])
        return "" if any(text.rstrip() == name for text, _ in self.line(index, self.line_width - 1)) else name

    @property
    def _number_width(self) -> int:
        largest = self.choices.largest
        return 0 if largest is None else len(number(largest)) + 1

    def row(
        self, rank: Rank, width: int, sign: Cell, *, indent: str = "", aside: str = "", note: str = ""
    ) -> list[Part]:
        """One line: the sign, the name and what is said beside it, the note, the number."""
        quiet = not self.is_match(rank)
        note_width = len(note) + 1 if note else 0
        number_width = self._number_width
        if width - GUTTER - note_width - number_width - 1 < LABEL:
            number_width = 0
        room = width - GUTTER - note_width - number_width - 1
        if room < 1:
            return [(fit(self.choices.names[rank], width), "quiet" if quiet else "")]
        parts: list[Part] = [(fit(sign.text, 1) + " ", sign.style)]
        if indent:
            indent = fit(indent, min(len(indent), room - 1))
            parts.append((indent, "quiet"))
            room -= len(indent)
        name = self.choices.names[rank]
        style = "quiet" if quiet else "strong" if rank == self.current else ""
        begins = max(width_of(name) + 1, min(self.choices.widest + GAP, room // 2))
        left = room - begins if aside else 0
        if left >= min(ASIDE, width_of(aside)) and aside:
            parts += [(fit(name, begins), style), (fit(aside, left), "quiet")]
        else:
            parts.append((fit(name, room), style))
        if note:
            parts.append((" " + note, "quiet"))
        if number_width:
            own = self.counts_itself_only(rank)
            value = (self.choices.own if own else self.choices.below)[rank]
            parts.append((fit(number(value), number_width, align="right"), "quiet"))
        return [*parts, (" ", "")]

    def counts_itself_only(self, rank: Rank) -> bool:
        """Whether the number beside `rank` leaves out what is nested below it."""
        return not self.nestable

    def beside(self, rank: Rank) -> str:
        """What is said beside the name of `rank`: what one decides by, or where it is nested; "" for nothing."""
        parents, notes = self.choices.parents, self.choices.notes
        if notes:
            return notes[rank]
        return f"in {self.choices.names[parents[rank]]}" if parents and parents[rank] >= 0 else ""


class AvailableList(PickerList):
    """What is not chosen yet: by name, or in the order of the tree with what it is nested in."""

    as_tree = False

    def belongs(self, rank: Rank) -> bool:
        """What is chosen may stand in the tree all the same, for the sake of what is nested in it."""
        return rank not in self.selection

    def matching(self) -> list[Rank]:
        """What is not chosen and matches."""
        return self.selection.outside(self._found)

    def nothing(self) -> str:
        """There are no choices, or none is left."""
        return f"All {self.noun} are chosen." if len(self.choices) else f"There are no {self.noun}."

    def told(self) -> Sequence[str]:
        """How many match, of how many."""
        total = len(self.choices) - len(self.selection)
        if self._found is not None:
            return self.with_marks([f"{number(self._matches)} of {number(total)}"])
        plain = number(total)
        return self.with_marks([plain] if total == 1 else [f"{plain} {self.noun}", plain])

    def show_tree(self, as_tree: bool) -> None:
        """Shows the tree, or the flat list."""
        self.fix_range()
        here, self.as_tree = self.current, as_tree
        self._ranks = self._lines()
        if self._ranks and here is not None:
            self.set_count(len(self._ranks))
            line = self.line_of(here)
            self.cursor = line
            self.scroll_to_line(max(0, line - self.page_height // 2))
            self.refresh()

    def shown(self, matching: list[Rank]) -> list[Rank]:
        """The lines: in the tree, those above a match too."""
        if not self.as_tree or not matching:
            return matching
        kept = bytearray(len(self.choices))
        for rank in matching:
            kept[rank] = 1
        parents = self.choices.parents
        for rank in matching:
            above = parents[rank]
            while above >= 0 and not kept[above]:
                kept[above] = 1
                above = parents[above]
        return [rank for rank in self.choices.tree.order if kept[rank]]

    def line_of(self, rank: Rank) -> int:
        """The line of `rank`, or the one that would follow it."""
        if not self.as_tree:
            return super().line_of(rank)
        place = self.choices.tree.place
        return bisect_left(self._ranks, place[rank], key=place.__getitem__)

    def line(self, index: int, width: int) -> Sequence[Part]:
        """One line: its mark, its name, where it is nested, its number."""
        rank = self._ranks[index]
        if self.is_marked(rank, index):
            sign = Cell(MARKED, "marked")
        elif rank in self.selection:
            sign = Cell(NESTED if self.selection.nested(rank) or not self.nestable else ITSELF, "quiet")
        else:
            sign = Cell("")
        if not self.as_tree:
            return self.row(rank, width, sign, aside=self.beside(rank))
        depth = self.choices.tree.depth[rank]
        indent = "  " * depth
        if len(indent) > width // 3:
            # Too deep to be drawn to scale: the level is said as a number, and all of these begin at the same cell.
            level = f"‹{depth}› "
            indent = level.rjust(max(len(level), width // 3))
        return self.row(rank, width, sign, indent=indent)


class ChosenList(PickerList):
    """What is chosen, by name, each with or without what is nested below it."""

    def belongs(self, rank: Rank) -> bool:
        """What is chosen."""
        return rank in self.selection

    def matching(self) -> list[Rank]:
        """What is chosen and matches."""
        return self.selection.inside(self._found)

    def nothing(self) -> str:
        """None of the choices is chosen."""
        return f"No {self.noun} chosen."

    def told(self) -> Sequence[str]:
        """How many are chosen, and how many of all those come to with what is nested below them."""
        chosen, total = number(len(self.selection)), number(len(self.choices))
        matching = "" if self._found is None else f"{number(self._matches)} of "
        if not self.nestable:
            of = f"{chosen} of {total}"
            return self.with_marks([f"{matching}{chosen}"] if matching else [f"{of} {self.noun}", of])
        covered = f"{number(self.selection.covered)} of {total}"
        short = f"{matching}{chosen} chosen"
        return self.with_marks([f"{short} · {covered} {self.noun}", f"{short} · {covered}", short])

    def counts_itself_only(self, rank: Rank) -> bool:
        """Whether it is chosen without what is nested below it."""
        return not self.selection.nested(rank)

    def line(self, index: int, width: int) -> Sequence[Part]:
        """One line: whether with what is nested below it, as a sign and in words, and its number."""
        rank = self._ranks[index]
        nested = self.selection.nested(rank)
        sign = Cell("")
        if self.is_marked(rank, index):
            sign = Cell(MARKED, "marked")
        elif self.nestable:
            sign = Cell(NESTED if nested else ITSELF, "accent")
        note = ""
        if self.nestable:
            note = WITH_NESTED if nested else ITSELF_ONLY
            if self.selection.covering(rank) is not None:
                note = fit(NO_EFFECT, len(note))
        return self.row(rank, width, sign, aside=self.beside(rank), note=note)
