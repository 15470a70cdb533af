"""A list of rows held elsewhere: a window over them, marked, and asked for as they come into view."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar, Generic

from textual.binding import Binding, BindingType

from ringfence.console.text import number
from ringfence.console.widgets.posted import Posted
from ringfence.console.widgets.ranges import RangedList
from ringfence.console.widgets.window import Ask, Place, Row, Window


class WindowedList(RangedList, Generic[Row]):
    """A list that holds only the rows near the screen, and asks its owner for those. A subclass draws them.

    The owner answers `Wanted` with `deliver`, says with `set_total` how many rows there are when it knows, and calls
    `reset` when the order or the filter has changed. The old rows stay until the first new ones come.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_mark", "mark", id="toggle_mark"),
        Binding("v", "mark_range", "Range from here", show=False, id="mark_range"),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | space | Mark the row under the cursor, or take its mark away, and go on to the next. |
    | v | Begin a range that follows the cursor and counts as marked; again: fix it. |
    """

    class Wanted(Posted):
        """Posted when rows are needed: answer with `deliver(ask, rows)`. One question at a time."""

        def __init__(self, control: WindowedList[Any], ask: Ask) -> None:
            super().__init__(control)
            self.ask = ask

    class MarksChanged(Posted):
        """Posted when rows were marked or unmarked; `count` is how many are marked now."""

        def __init__(self, control: WindowedList[Any], count: int) -> None:
            super().__init__(control)
            self.count = count

    class RangeMarked(Posted):
        """Posted when a range is to be marked of which some rows are not held: the owner adds them with `mark`, and
        calls `then`, unless they are too many."""

        def __init__(
            self, control: WindowedList[Any], first: int, last: int, then: Callable[[], object] = lambda: None
        ) -> None:
            super().__init__(control)
            self.first = first
            self.last = last
            self.then = then

    def __init__(
        self,
        *,
        row_id: Callable[[Row], Hashable],
        row_cursor: Callable[[Row], Place],
        empty_text: str = "Nothing here.",
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Creates a list without rows; `reset` asks for the first.

        Args:
            row_id: What a row is known by when it is marked or looked for again.
            row_cursor: Where a row stands in the present order: what `Ask.after` and `Ask.before` hold.
            empty_text: What is said when there are no rows and the owner has not said why.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
            disabled: Whether the widget is disabled.
        """
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self.empty_text = empty_text
        self._row_id = row_id
        self._window: Window[Row] = Window(place=row_cursor)
        self._marks: set[Hashable] = set()
        self._range_was: tuple[Hashable, frozenset[Hashable], bool] | None = None
        """Of the range when the list was read again: where it began, what was in it, and whether that was all."""
        self._target: int | None = None
        """The row that is asked for next, wherever the cursor is."""
        self._keep_id: Hashable | None = None
        self._in_place = False
        self._end_wanted = False

    # What the owner asks

    def set_block(self, rows: int) -> None:
        """Says how many rows are asked for at a time, from the next `reset` on that keeps none."""
        self._window.block = rows

    @property
    def generation(self) -> int:
        """The number of the present generation: an answer of another is ignored."""
        return self._window.generation

    @property
    def total(self) -> int | None:
        """How many rows there are, or None while that is not known."""
        return self._window.total

    @property
    def awaits_rows(self) -> bool:
        """Whether rows were asked for and have not come yet."""
        return self._window.awaits

    @property
    def rows_loaded(self) -> int:
        """How many rows are held."""
        return self._window.loaded

    @property
    def blocks_loaded(self) -> int:
        """In how many blocks they are held: at most 16."""
        return self._window.blocks

    @property
    def current_row(self) -> Row | None:
        """The row under the cursor, or None when there is none or it is not held yet."""
        return self._window.row(self.cursor) if self._count else None

    def row_at(self, index: int) -> Row | None:
        """Row `index`, or None when it is not held."""
        return self._window.row(index)

    @property
    def marks(self) -> frozenset[Hashable]:
        """The ids of the marked rows, on screen or not, those of the live range among them as far as they are held."""
        return frozenset(self._marks) | self._in_range()

    def _in_range(self) -> frozenset[Hashable]:
        span = self.span
        if span is None:
            return frozenset()
        return frozenset(self._row_id(row) for _, row in self._window.rows(span[0], span[-1]))

    def reset(
        self,
        *,
        keep_cursor_id: Hashable | None = None,
        keep_rows: bool = True,
        in_place: bool = False,
        at: int | None = None,
    ) -> int:
        """Begins anew, for another order, filter or state of the data; returns the number of the new generation.

        Args:
            keep_cursor_id: The cursor goes to this row if it is among the first; to the first row otherwise.
            keep_rows: The present rows stay on screen until new ones come.
            in_place: The same list read again: what is on screen is asked for, and stays where it is, the row
                `keep_cursor_id` under the cursor if it is still there. What is said of an empty list is said on.
            at: The list is read where this row is, not where the cursor is.
        """
        self._keep_id = keep_cursor_id
        self._in_place = in_place
        self._target = at
        if in_place:
            self._remember_range()
        else:
            self._range_from = self._range_was = None
            self._end_wanted = False
        generation = self._window.reset(keep_rows=keep_rows, in_place=in_place)
        if not self._window.stale:
            self.set_count(0)
        if not (in_place and self.state == "empty"):
            self.wait()
        self.view_changed()
        return generation

    def deliver(self, ask: Ask, rows: Sequence[Row]) -> bool:
        """Takes the rows asked for; returns False, changing nothing, when their generation has passed."""
        fresh = self._window.stale or self.state != "ready"
        if not self._window.deliver(ask, rows):
            return False
        if fresh:
            self._begin(rows, ask.first)
        elif ask.first < self.in_view.stop + 1 and ask.first + ask.count > self.top:
            self.refresh()
        self._count_changed()
        return True

    def _begin(self, rows: Sequence[Row], first: int) -> None:
        self._count = self._window.count
        end_wanted, in_place, top, cursor = self._end_wanted, self._in_place, self.top, self.cursor
        target, self._target, self._in_place = self._target, None, False
        if not self._count:
            self._find_range(rows, first)
            self.empty(self.empty_text)
            return
        self.ready()
        kept = cursor if in_place else 0
        wanted, self._keep_id = self._keep_id, None
        there = wanted is not None and [index for index, row in enumerate(rows, first) if self._row_id(row) == wanted]
        if there:
            kept = there[0]
        elif wanted is not None and in_place and target is None:
            self.not_at_hand(wanted)
        self.set_count(self._count)
        moved = kept != self.cursor
        self._find_range(rows, first)
        self.cursor = kept
        in_view = in_place and target is None
        self.scroll_to_line(max(0, top + kept - cursor if in_view else kept - self.page_height // 2))
        self.refresh()
        if not moved:
            self.cursor_moved()  # another row is under it all the same
        if end_wanted:  # asked for before there was a row
            self.action_last()

    def not_at_hand(self, row_id: Hashable) -> None:
        """Called where the same list was read again and the row that was under the cursor is not among what was: it is
        gone, or so many have come before it. By default another one is under the cursor now."""

    def _remember_range(self) -> None:
        """Notes what is in the live range before other rows come."""
        span = self.span
        begun = self._window.row(self._range_from) if span is not None and self._range_from is not None else None
        if span is not None and begun is not None:
            whole = self._window.holds(span[0], span[-1])
            self._range_was = self._row_id(begun), self._in_range(), whole
        elif span is not None and self._range_was is None:
            self._range_was = None, frozenset(), False

    def _find_range(self, rows: Sequence[Row], first: int) -> None:
        """Goes on with the live range from its own row; where that is not at hand, what was in it is marked."""
        if self._range_was is None:
            return
        (begun, held, whole), self._range_was = self._range_was, None
        at = next((index for index, row in enumerate(rows, first) if self._row_id(row) == begun), None)
        self._range_from = at
        if at is None:
            self._marks.update(held if whole else ())
            self.range_moved()

    def set_total(self, total: int | None, generation: int) -> bool:
        """Says how many rows there are; returns False, changing nothing, when `generation` has passed."""
        if not self._window.set_total(total, generation):
            return False
        if not self._window.stale and self.state == "ready":
            self._count_changed()
            if self._end_wanted and total:
                self.action_last()
        return True

    def _count_changed(self) -> None:
        if self.state == "ready" and self._window.count != self._count:
            if self._window.count:
                self.set_count(self._window.count)
            else:
                self.empty(self.empty_text)
        else:
            self.view_changed()

    def fail(self, text: str) -> None:
        """Shows `text` instead of rows: they could not be had. `reset` tries again."""
        self._window.reset(keep_rows=False)
        super().fail(text)

    def mark(self, ids: Sequence[Hashable]) -> None:
        """Adds marks by id, for rows that the table does not hold as well."""
        self._marks.update(ids)
        self._marks_changed()

    def clear_marks(self) -> None:
        """Takes all marks away, and leaves the range."""
        self._range_from = self._range_was = None
        self._marks.clear()
        self._marks_changed()

    def _marks_changed(self) -> None:
        self.refresh()
        self._tell_place()
        self.post_message(self.MarksChanged(self, len(self.marks)))

    def range_moved(self) -> None:
        """The rows of the range count as marked."""
        self._marks_changed()

    # What the core asks

    def cursor_moved(self) -> None:
        """Tells the owner; who moves on does not wait for the end any more."""
        self._end_wanted = False
        super().cursor_moved()

    def view_changed(self) -> None:
        """Asks for what is missing on screen, and says in the border what is."""
        self._tell_place()
        if not self.is_attached or (self.state == "failed"):
            return
        view = self.in_view
        if self._target is not None:
            start = max(0, self._target - self.page_height // 2)
            view = range(start, start + self.page_height)
        ask = self._window.wants(view.start, max(view.start, view.stop - 1))
        if ask is not None:
            self.post_message(self.Wanted(self, ask))

    def on_mount(self) -> None:
        """Asks for what was wanted before there was a screen."""
        if self.state == "loading":
            self.view_changed()

    def _tell_place(self) -> None:
        self.set_subtitle(*self.place_parts())

    def place_parts(self) -> list[str]:
        """What the border says of where the list stands: which rows are on screen, the range, the marks."""
        parts = []
        if self._count:
            view = self.in_view
            total = self._window.total
            of = number(total) if total is not None else f"{number(self._count)}+"
            parts.append(f"{number(view.start + 1)}–{number(max(view.stop, view.start + 1))} of {of}")
        span = self.span
        if span is not None:
            parts.append(f"range of {number(len(span))}")
        if self._marks:
            parts.append(f"{number(len(self._marks))} marked")
        return parts

    # Actions

    def action_last(self) -> None:
        """Goes to the last row, as soon as it is known which that is."""
        super().action_last()
        self._end_wanted = self._window.total is None or self.state == "loading"

    def action_toggle_mark(self) -> None:
        """Marks the row under the cursor, or takes its mark away, and goes on to the next; fixes the range."""
        row = self.current_row
        if self.span is not None:
            self.fix_range()
            return
        if row is None:
            return
        key = self._row_id(row)
        if key in self._marks:
            self._marks.discard(key)
        else:
            self._marks.add(key)
        self.refresh_index(self.cursor)
        self._tell_place()
        self.post_message(self.MarksChanged(self, len(self._marks)))
        self.cursor += 1

    def action_mark_range(self) -> None:
        """Begins a range at the cursor, or fixes the one that there is."""
        self.mark_range()

    def take_range(self, span: range, then: Callable[[], object]) -> bool:
        if not self._window.holds(span[0], span[-1]):
            self.post_message(self.RangeMarked(self, span[0], span[-1], then))
            return False
        self._marks |= self._in_range()
        return True
