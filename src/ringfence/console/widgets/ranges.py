"""Lists of which a range can be taken: it is live from where it was begun to wherever the cursor goes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

from ringfence.console.widgets.lines import LineList


class RangedList(LineList):
    """A list whose lines are marked. A range follows the cursor, and counts as marked while it does: whatever is done
    takes it. The same key or a mark fixes it, Escape leaves it. A subclass marks its lines in ``take_range``.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--range"}
    """
    | Class | Description |
    | :- | :- |
    | `lines--range` | The lines of the range, which have the sign of a mark too. |
    """

    DEFAULT_CSS = """
    RangedList > .lines--range { background: $warning-muted; }
    RangedList:ansi > .lines--range { background: ansi_default; text-style: underline; }
    """

    _range_from: int | None = None
    """The line on which the range was begun; None where there is no range."""

    @property
    def span(self) -> range | None:
        """The lines of the live range; None where there is none."""
        if self._range_from is None or not self.count:
            return None
        first, last = sorted((min(self._range_from, self.count - 1), self.cursor))
        return range(first, last + 1)

    @abstractmethod
    def take_range(self, span: range, then: Callable[[], object]) -> bool:
        """Marks these lines and returns True, or returns False and calls ``then`` once they are marked."""

    def range_moved(self) -> None:
        """The range has begun, ended, or got other lines: it is drawn and told of anew."""
        self.refresh()

    def fix_range(self, then: Callable[[], object] = lambda: None) -> bool:
        """Makes marks of the range, if there is one. Returns False where that takes a while: ``then`` is called after
        it, unless the range is too long to be marked."""
        span = self.span
        if span is not None and not self.take_range(span, then):
            return False
        self.leave_range()
        return True

    def leave_range(self) -> bool:
        """Ends the range, marking nothing; returns whether there was one."""
        there = self._range_from is not None
        self._range_from = None
        if there:
            self.range_moved()
        return there

    def mark_range(self) -> None:
        """Begins a range at the cursor, or fixes the one that there is."""
        if self._range_from is not None:
            self.fix_range()
        elif self.count:
            self._range_from = self.cursor
            self.range_moved()

    def cursor_moved(self) -> None:
        super().cursor_moved()
        if self._range_from is not None:
            self.range_moved()

    def shade(self, index: int) -> str:
        span = self.span
        return "range" if span is not None and index in span else ""
