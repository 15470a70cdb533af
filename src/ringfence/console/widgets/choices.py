"""What a picker chooses from, and what is chosen of it: plain arrays, without a widget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Final

from ringfence.console.text import width_of
from ringfence.domain.filter import Named, Term
from ringfence.domain.text import fold

COLUMNS: Final = (Named("name", "name"),)
"""What a filter of choices can name."""
Rank = int
"""Where something stands among the choices: an index into their arrays."""


@dataclass(frozen=True)
class Tree:
    """The choices in the order of their tree: each before those nested below it, siblings by name.

    Args:
        order: The ranks in that order.
        place: For each rank, its index in `order`.
        end: For each rank, the index in `order` past the last one nested below it.
        depth: For each rank, how many stand above it.
    """

    order: Sequence[Rank]
    place: Sequence[int]
    end: Sequence[int]
    depth: Sequence[int]


@dataclass(frozen=True)
class Choices:
    """All that may be chosen, as parallel sequences in the order of the names.

    Args:
        ids: What each is known by.
        names: What each is called; anything, it is made safe when it is drawn.
        folded: The names as they are compared, for searching.
        parents: The rank of what each is nested in, or -1. Empty when nothing is nested.
        notes: What is said of each beside its name. Empty when nothing is.
        own: A number of its own. Empty when there are no numbers.
        below: The same number with everything nested below it. Empty when there are no numbers.
    """

    ids: Sequence[int]
    names: Sequence[str]
    folded: Sequence[str]
    parents: Sequence[Rank] = ()
    own: Sequence[int] = ()
    below: Sequence[int] = ()
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Raises ValueError when the sequences do not belong together."""
        count = len(self.ids)
        required, optional = (self.names, self.folded), (self.parents, self.own, self.below, self.notes)
        if any(len(those) != count for those in required) or any(those and len(those) != count for those in optional):
            raise ValueError("choices: the sequences differ in length")

    @classmethod
    def flat(
        cls, ids: Sequence[int], names: Sequence[str], numbers: Sequence[int] = (), notes: Sequence[str] = ()
    ) -> Choices:
        """Choices of which none is nested in another, in the order of the names."""
        return cls(ids, names, [fold(name) for name in names], (), numbers, numbers, notes)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.ids)

    @cached_property
    def nested(self) -> bool:
        """Whether any is nested in another."""
        return max(self.parents, default=-1) >= 0

    @cached_property
    def widest(self) -> int:
        """How many cells the widest name takes, where there are notes beside them."""
        return max(map(width_of, self.names), default=0) if self.notes else 0

    @cached_property
    def largest(self) -> int | None:
        """The largest of the numbers, or None when there are none."""
        return max(max(self.own, default=0), max(self.below, default=0)) if self.own and self.below else None

    @cached_property
    def tree(self) -> Tree:
        """The order of the tree, worked out once: 60 ms for 100,000, which may be spent in a thread beforehand.

        Raises ValueError when something is nested in itself.
        """
        return _tree(self.parents, len(self))

    def above(self, rank: Rank) -> Iterator[Rank]:
        """What `rank` is nested in, from the nearest up."""
        parents = self.parents
        if not parents:
            return
        rank = parents[rank]
        while rank >= 0:
            yield rank
            rank = parents[rank]

    @cached_property
    def _folded_notes(self) -> Sequence[str]:
        return [fold(note) for note in self.notes]

    def matching(self, terms: Sequence[Term], among: Sequence[Rank] | None = None) -> Sequence[Rank]:
        """The ranks (of `among`, or all) that a filter finds: by the name, and by what is said beside it."""
        for term in terms:
            among = self._having(term, among)
        return range(len(self)) if among is None else among

    def _having(self, term: Term, among: Sequence[Rank] | None) -> list[Rank]:
        names, text = self.folded, term.text
        if self.notes and not term.column:
            return [rank for rank in (range(len(self)) if among is None else among) if self._has(term, rank)]
        if not term.plain:
            fits, wanted = term.fits, not term.excluded
            return [rank for rank in (range(len(self)) if among is None else among) if fits(names[rank]) is wanted]
        if among is None:  # the usual one, of very many: nothing is called
            return [rank for rank, name in enumerate(names) if text in name]
        return [rank for rank in among if text in names[rank]]

    def fits(self, terms: Sequence[Term], rank: Rank) -> bool:
        """Whether a filter finds `rank`."""
        return all(self._has(term, rank) for term in terms)

    def _has(self, term: Term, rank: Rank) -> bool:
        fits = term.fits(self.folded[rank]) or (
            bool(self.notes) and not term.column and term.fits(self._folded_notes[rank])
        )
        return fits is not term.excluded


def _tree(parents: Sequence[Rank], count: int) -> Tree:
    if not parents:
        ranks = range(count)
        return Tree(ranks, ranks, range(1, count + 1), [0] * count)
    first, following = [-1] * count, [-1] * count
    root = -1
    for rank in range(count - 1, -1, -1):
        parent = parents[rank]
        if parent < 0:
            following[rank], root = root, rank
        else:
            following[rank], first[parent] = first[parent], rank
    order: list[Rank] = []
    place, end, depth = [0] * count, [0] * count, [0] * count
    above: list[Rank] = []
    rank = root
    while rank >= 0:
        place[rank], depth[rank] = len(order), len(above)
        order.append(rank)
        if first[rank] >= 0:
            above.append(rank)
            rank = first[rank]
            continue
        end[rank] = len(order)
        rank = following[rank]
        while rank < 0 and above:
            done = above.pop()
            end[done] = len(order)
            rank = following[done]
    if len(order) != count:
        raise ValueError("choices: something is nested in itself")
    return Tree(order, place, end, depth)


class Selection:
    """Which of the choices are chosen, and which of those with what is nested below them.

    Chosen ids that are not among the choices are kept as they came: whoever chooses may not see them.
    """

    def __init__(self, choices: Choices, chosen: Mapping[int, bool]) -> None:
        """Creates a selection.

        Args:
            choices: What may be chosen.
            chosen: The ids that are, each with whether that is with what is nested below it.
        """
        self.choices = choices
        count = len(choices)
        self._ranks = list(range(count))
        self._inside = bytearray(count)
        self._nested = bytearray(count)
        # The same in the order of the tree, where all that is nested below one stands together.
        self._inside_at = bytearray(count)
        self._spanning_at = bytearray(count)
        self._covered: int | None = None
        self._chosen = dict(chosen)
        if chosen:
            rank_of = dict(zip(choices.ids, self._ranks, strict=True))
            for nested in (False, True):
                self.add([rank_of[key] for key, with_ in chosen.items() if key in rank_of and with_ is nested], nested)

    # What is asked

    def __contains__(self, rank: object) -> bool:
        """Whether `rank` is chosen."""
        return bool(self._inside[rank]) if isinstance(rank, int) else False

    def __len__(self) -> int:
        """How many of the choices are chosen."""
        return self._inside.count(1)

    def nested(self, rank: Rank) -> bool:
        """Whether `rank` is chosen with what is nested below it."""
        return bool(self._nested[rank])

    def chosen(self) -> dict[int, bool]:
        """Everything chosen by id, what is hidden included, with whether that is with what is nested below it."""
        return self._chosen.copy()

    def inside(self, among: Sequence[Rank] | None = None) -> list[Rank]:
        """The chosen ranks (of `among`, or all), by name."""
        if among is None:
            return list(compress(self._ranks, self._inside))
        inside = self._inside
        return [rank for rank in among if inside[rank]]

    def outside(self, among: Sequence[Rank] | None = None) -> list[Rank]:
        """The ranks (of `among`, or all) that are not chosen, by name."""
        if among is None:
            return list(compress(self._ranks, self._inside.translate(_SWAPPED)))
        inside = self._inside
        return [rank for rank in among if not inside[rank]]

    @property
    def covered(self) -> int:
        """How many of the choices the chosen ones come to with what is nested below them, each counted once."""
        if self._covered is None:
            self._covered = self._count_covered()
        return self._covered

    def _count_covered(self) -> int:
        if not self.choices.nested:
            return len(self)
        tree = self.choices.tree
        count = at = 0
        while (spanning := self._spanning_at.find(1, at)) >= 0:
            end = tree.end[tree.order[spanning]]
            count += self._inside_at.count(1, at, spanning) + end - spanning
            at = end
        return count + self._inside_at.count(1, at)

    def covering(self, rank: Rank) -> Rank | None:
        """The nearest above `rank` that is chosen with what is nested below it, or None."""
        return next((above for above in self.choices.above(rank) if self._nested[above]), None)

    def redundant(self) -> list[tuple[int, int]]:
        """The chosen ids that change nothing, by name, each with the id of the one that covers it already."""
        ids = self.choices.ids
        found = ((rank, self.covering(rank)) for rank in self.inside())
        return [(ids[rank], ids[cover]) for rank, cover in found if cover is not None]

    # What changes it

    def add(self, ranks: Sequence[Rank], nested: bool) -> None:
        """Chooses `ranks`, with or without what is nested below them."""
        ids = self.choices.ids
        self._chosen.update((ids[rank], nested) for rank in ranks)
        self._set(ranks, inside=1, nested=int(nested))

    def remove(self, ranks: Sequence[Rank]) -> None:
        """Chooses `ranks` no more."""
        ids = self.choices.ids
        for rank in ranks:
            self._chosen.pop(ids[rank], None)
        self._set(ranks, inside=0, nested=0)

    def _set(self, ranks: Sequence[Rank], inside: int, nested: int) -> None:
        self._covered = None
        for rank in ranks:
            self._inside[rank] = inside
            self._nested[rank] = nested
        if self.choices.nested:
            place, end = self.choices.tree.place, self.choices.tree.end
            for rank in ranks:
                at = place[rank]
                self._inside_at[at] = inside
                self._spanning_at[at] = nested and end[rank] - at > 1


_SWAPPED = bytes([1]) + bytes(255)
