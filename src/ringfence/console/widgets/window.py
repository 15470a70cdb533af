"""A bounded window over rows that are held elsewhere, asked for by keyset. Draws nothing, knows no widget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

Row = TypeVar("Row")
Place = tuple[Any, ...]
"""Where a row stands in the order of the list: the values of its sort key, made unique."""

BLOCK = 100
"""Rows asked for at a time, unless a window is told otherwise."""

NEAR = 2000
"""Rows from the beginning that are counted off rather than found by the row before them."""

KEPT = 16
"""Blocks held at most; those farthest from the screen go first."""


class Ask(NamedTuple):
    """A request for `count` rows, the first of which has index `first` in the list.

    Whichever of these is set says where to begin:

    * `after`: the rows that follow this place, leaving out the first `skip` of them;
    * `before`: the last `count` rows that precede this place;
    * `from_end`: the last `count` rows of all;
    * none of them: from the beginning, leaving out the first `skip` rows.

    The answer is always in the order of the list, whatever the direction of the question. An answer of another
    `generation` than the current one is ignored.
    """

    generation: int
    first: int
    count: int  # type: ignore[assignment]  # instead of what every tuple has by that name
    after: Place | None = None
    before: Place | None = None
    from_end: bool = False
    skip: int = 0


class Window(Generic[Row]):
    """The rows near the screen, in blocks. One question at a time, so that a held key skips what it runs past."""

    def __init__(self, *, place: Callable[[Row], Place]) -> None:
        """Creates an empty window of generation 0.

        Args:
            place: Where a row stands in the order of the list.
        """
        self._place = place
        self.block = BLOCK
        """How many rows are asked for at a time."""
        self.generation = 0
        self.total: int | None = None
        """How many rows there are, once that is known."""
        self.stale = False
        """Whether the rows held are those of the generation before."""
        self._blocks: dict[int, list[Row]] = {}
        self._asked: Ask | None = None
        self._known = 0
        self._total_next: int | None = None
        self._in_place = False

    @property
    def count(self) -> int:
        """How many rows are known to exist: the total, or what has been seen so far."""
        total = self.total
        return self._known if total is None else total

    @property
    def loaded(self) -> int:
        """How many rows are held."""
        return sum(map(len, self._blocks.values()))

    @property
    def blocks(self) -> int:
        """How many blocks are held."""
        return len(self._blocks)

    @property
    def asking(self) -> Ask | None:
        """The question that waits for its answer."""
        return self._asked

    def row(self, index: int) -> Row | None:
        """Row `index`, or None when it is not held."""
        number, offset = divmod(index, self.block)
        block = self._blocks.get(number)
        return block[offset] if block is not None and offset < len(block) else None

    def rows(self, first: int = 0, last: int | None = None) -> Iterator[tuple[int, Row]]:
        """The rows held from index `first` to `last` (inclusive), in order, each with its index."""
        for number in sorted(self._blocks):
            base = number * self.block
            if base + self.block <= first or (last is not None and base > last):
                continue
            for offset, row in enumerate(self._blocks[number], base):
                if offset >= first and (last is None or offset <= last):
                    yield offset, row

    def holds(self, first: int, last: int) -> bool:
        """Whether all rows from index `first` to `last` (inclusive) are held."""
        return all(self.row(index) is not None for index in (first, last)) and all(
            number in self._blocks for number in range(first // self.block, last // self.block + 1)
        )

    def reset(self, *, keep_rows: bool, in_place: bool = False) -> int:
        """Begins a new generation and returns its number. With `keep_rows` the old rows stay until new ones come.

        With `in_place`, those on screen are asked for first, not the first of all; and there are as many rows as there
        were until it is known otherwise.
        """
        self.generation += 1
        self._asked = None
        self._in_place = in_place
        self._total_next = self.total if in_place and self._blocks else None
        if keep_rows and self._blocks:
            self.stale = True
        else:
            self._forget()
        return self.generation

    def _forget(self) -> None:
        self._blocks.clear()
        self._known = 0
        self.total = self._total_next
        self.stale = False

    @property
    def awaits(self) -> bool:
        """Whether a question waits for its answer."""
        return self._asked is not None

    def set_total(self, total: int | None, generation: int) -> bool:
        """Notes how many rows there are; returns False, changing nothing, when `generation` has passed."""
        if generation != self.generation:
            return False
        if self.stale:
            self._total_next = total
        else:
            self.total = total
        return True

    def wants(self, first: int, last: int) -> Ask | None:
        """The next question, when rows `first` to `last` (inclusive) are on screen: None if nothing is missing, or if
        one question waits already. What is on screen comes first, then a block ahead of it and one behind.
        """
        if self._asked is not None:
            return None
        if self.stale:
            self._asked = self._ask_anew(first, max(first, last))
            return self._asked
        number = self._missing(first, last)
        if number is None:
            return None
        self._asked = self._ask(number)
        return self._asked

    def _ask_anew(self, first: int, last: int) -> Ask:
        if not self._in_place:
            return Ask(self.generation, 0, self.block)
        number = first // self.block
        begin, count = number * self.block, (last // self.block - number + 1) * self.block
        left = self._blocks.get(number - 1)
        if begin > NEAR and left and len(left) == self.block:
            return Ask(self.generation, begin, count, after=self._place(left[-1]))
        return Ask(self.generation, begin, count, skip=begin)

    def _missing(self, first: int, last: int) -> int | None:
        low, high = first // self.block, max(first, last) // self.block
        ahead = (max(first, last) + self.block // 2) // self.block
        behind = max(0, first - self.block // 2) // self.block
        numbers: list[int] = [*range(low, high + 1), ahead, behind]
        for number in numbers:
            if number not in self._blocks and self._exists(number):
                return number
        return None

    def _exists(self, number: int) -> bool:
        if self.total is not None:
            return number * self.block < self.total
        if self._in_place and not self._blocks:  # nothing is held yet, and it is known where to look
            return True
        return number * self.block <= self._known

    def _ask(self, number: int) -> Ask:
        generation, first = self.generation, number * self.block
        left, right = self._blocks.get(number - 1), self._blocks.get(number + 1)
        count = self.block if self.total is None else min(self.block, self.total - first)
        if left and len(left) == self.block:
            return Ask(generation, first, self.block, after=self._place(left[-1]))
        if right:
            return Ask(generation, first, self.block, before=self._place(right[0]))
        if self.total is not None and first + count == self.total and first:
            return Ask(generation, first, count, from_end=True)
        earlier = max((n for n in self._blocks if n < number and len(self._blocks[n]) == self.block), default=None)
        if earlier is None:
            return Ask(generation, first, self.block, skip=first)
        place = self._place(self._blocks[earlier][-1])
        return Ask(generation, first, self.block, after=place, skip=first - (earlier + 1) * self.block)

    def deliver(self, ask: Ask, rows: Sequence[Row]) -> bool:
        """Takes the answer to `ask`; returns False, changing nothing, when its generation has passed.

        Fewer rows than were asked for reveal the end of the list. Fewer rows before a place say that the list has
        changed meanwhile: then all is forgotten, and asked for anew by number.
        """
        if ask.generation != self.generation:
            return False
        if self._asked is not None and self._asked.first == ask.first:
            self._asked = None
        if self.stale:
            self._forget()
        if len(rows) < ask.count and ask.before is not None:
            self._blocks.clear()
            return True
        number = ask.first // self.block
        for start in range(0, len(rows), self.block):
            self._blocks[number + start // self.block] = list(rows[start : start + self.block])
        end = ask.first + len(rows)
        self._known = max(self._known, end)
        if self.total is not None:
            self.total = max(self.total, end)
        if len(rows) < ask.count:
            self.total = self._known = end
            number += max(0, len(rows) - 1) // self.block
            for late in [n for n in self._blocks if n > number]:
                del self._blocks[late]
        while len(self._blocks) > KEPT:
            del self._blocks[max(self._blocks, key=lambda n: abs(n - number))]
        return True

    def give_up(self) -> None:
        """Forgets the question that waits: its answer will not come."""
        self._asked = None
