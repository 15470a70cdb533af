"""The picker chooses what a plain model chooses, whatever keys are pressed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.console import settle
from support.picker import hands

from ringfence.console.widgets.choices import Choices

PARENTS = st.lists(st.integers(-1, 11), min_size=1, max_size=12).map(
    lambda drawn_: [parent if parent < place else -1 for place, parent in enumerate(drawn_)]
)


class Model:
    """The picker in plain words, without any speed."""

    def __init__(self, names: Sequence[str], parents: Sequence[int], chosen: Mapping[int, bool]) -> None:
        self.names, self.parents, self.chosen = names, parents, dict(chosen)
        self.side, self.tree = 0, False
        self.filters, self.cursors = ["", ""], [0, 0]
        self.marks: list[set[int]] = [set(), set()]
        self.anchors: list[int | None] = [None, None]

    def matching(self, side: int) -> list[int]:
        return [
            n
            for n, name in enumerate(self.names)
            if (n in self.chosen) == bool(side) and self.filters[side] in name.casefold()
        ]

    def lines(self, side: int) -> list[int]:
        matching = self.matching(side)
        if side or not self.tree:
            return matching
        kept: set[int] = set()
        for one in matching:
            while one >= 0:
                kept.add(one)
                one = self.parents[one]
        return [one for one in self.preorder(-1) if one in kept]

    def preorder(self, parent: int) -> list[int]:
        return [m for n, above in enumerate(self.parents) if above == parent for m in (n, *self.preorder(n))]

    def current(self) -> int | None:
        lines = self.lines(self.side)
        return lines[self.cursors[self.side]] if lines else None

    def picked(self) -> list[int]:
        current = self.current()
        if self.marks[self.side]:
            return sorted(self.marks[self.side])
        return [current] if current is not None and (current in self.chosen) == bool(self.side) else []

    def keep(self, before: Sequence[int | None], side: int, *, first: bool = False) -> None:
        """The cursor stays on its line, or goes to the one that followed it; to the first, for a new filter."""
        here, lines = before[side], self.lines(side)
        if here in lines:
            self.cursors[side] = lines.index(here)
            return
        order = self.preorder(-1) if self.tree and not side else list(range(len(self.names)))
        after = 0 if here is None or first else sum(order.index(one) < order.index(here) for one in lines)
        self.cursors[side] = max(0, min(after, len(lines) - 1))

    def here(self) -> list[int | None]:
        sides = (self.lines(0), self.lines(1))
        return [lines[at] if lines else None for lines, at in zip(sides, self.cursors, strict=True)]

    def press(self, key: str) -> None:
        before, side, current = self.here(), self.side, self.current()
        if key == "tab":
            self.side = 1 - side
        elif key in {"down", "up", "home", "end"}:
            last = max(0, len(self.lines(side)) - 1)
            moved = {"down": self.cursors[side] + 1, "up": self.cursors[side] - 1, "home": 0, "end": last}[key]
            self.cursors[side] = max(0, min(last, moved))
        elif key == "space" and current is not None:
            if current in self.marks[side]:
                self.marks[side].discard(current)
                self.anchors[side] = None
            elif (current in self.chosen) == bool(side):
                self.marks[side].add(current)
                self.anchors[side] = current
            self.press("down")
        elif key == "v" and current is not None:
            lines, anchor = self.lines(side), self.anchors[side]
            start = lines.index(anchor) if anchor in lines else self.cursors[side]
            first, last = sorted((start, self.cursors[side]))
            self.marks[side] |= set(lines[first : last + 1]) & set(self.matching(side))
            self.anchors[side] = current
        elif key == "t" and not side and max(self.parents) >= 0:
            self.tree = not self.tree
            self.keep(before, 0)
        elif key == "n" and side and (picked := self.picked()):
            self.chosen |= dict.fromkeys(picked, not all(self.chosen[one] for one in picked))
        elif key in {"enter", "a", "right", "left"}:
            if key in {"right", "left"} and (key == "left") != bool(side):
                return
            for one in self.matching(side) if key == "a" else self.picked():
                if side:
                    del self.chosen[one]
                else:
                    self.chosen[one] = True
            for each in (0, 1):
                self.marks[each] = {one for one in self.marks[each] if (one in self.chosen) == bool(each)}
                self.anchors[each] = self.anchors[each] if self.anchors[each] in self.marks[each] else None
                self.keep(before, each)

    def search(self, text: str) -> None:
        before = self.here()
        if text != self.filters[self.side]:
            self.filters[self.side] = text
            self.keep(before, self.side, first=True)


KEYS = ("down", "up", "home", "end", "space", "v", "enter", "right", "left", "a", "n", "t", "tab", "/a", "/b", "/")


NAMES = ("Alba", "Aubade", "[b]", "bab", "Cab", "delta", "Éa", "Zz")


@settings(max_examples=12, phases=(Phase.explicit, Phase.generate))
@given(
    PARENTS.map(lambda parents: parents[: len(NAMES)]),
    st.dictionaries(st.integers(0, 9), st.booleans(), max_size=4),
    st.lists(st.sampled_from(KEYS), min_size=8, max_size=40),
)
def test_random_keys_against_a_plain_model(parents: list[int], chosen: dict[int, bool], keys: Sequence[str]) -> None:
    names = NAMES[: len(parents)]
    hidden = {key: nested for key, nested in chosen.items() if key >= len(names)}
    seen = {key: nested for key, nested in chosen.items() if key < len(names)}
    given_ = Choices(range(len(names)), names, [name.casefold() for name in names], parents)
    model = Model(names, parents, seen)

    async def play() -> None:
        async with hands(given_, chosen) as its:
            for key in keys:
                if key.startswith("/"):
                    await its.press("slash", "escape", "escape", "slash", *key[1:], "enter")
                    model.search("")
                    model.search(key[1:])
                else:
                    await its.press(key)
                    model.press(key)
            await settle(its.app, its.pilot)
            assert its.picker.chosen == {**hidden, **model.chosen}
            assert its.picker.available.marks == model.marks[0]
            assert its.picker.accessible.marks == model.marks[1]
            assert [its.picker.available.cursor, its.picker.accessible.cursor] == model.cursors
            if its.app.said:
                assert its.app.said[-1] == its.picker.chosen

    asyncio.run(play())
