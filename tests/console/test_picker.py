"""The picker by its keys: what it draws, what it counts, and that it chooses what a plain model chooses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.console import drawn, press, send, settle
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from ringfence.console.text import width_of
from ringfence.console.widgets.choices import Choices, Selection
from ringfence.console.widgets.key_bar import KeyBar
from ringfence.console.widgets.picker import DualPicker

FORESTS: Mapping[str, str | None] = {
    "Brouwer Cold Chain": "Northwind",
    "Coldwater Marina": "Polder",
    "Maasvlakte": "Rotterdam",
    "Northwind": None,
    "Polder": None,
    "Rotterdam": "Northwind",
    "Sint Jans": None,
    "Zuiderpark": None,
}
HOSTILE = "Acme [/bold] \x1b[31m[red]\u202egnp"


def choices(parents: Mapping[str, str | None] = FORESTS) -> Choices:
    """A forest by name; ids count from 1 in the order of the names, and each has as many devices as its id."""
    names = sorted(parents, key=str.casefold)
    ranks = [-1 if (above := parents[name]) is None else names.index(above) for name in names]
    below = [n + 1 for n in range(len(names))]
    for start in range(len(names)):
        above = ranks[start]
        while above >= 0:
            below[above] += start + 1
            above = ranks[above]
    return Choices(
        range(1, len(names) + 1),
        names,
        [name.casefold() for name in names],
        ranks,
        range(1, len(names) + 1),
        below,
    )


class Host(App[None]):
    """The picker with a key bar, as a screen has it."""

    def __init__(self, given_: Choices | None, chosen: Mapping[int, bool], **options: object) -> None:
        super().__init__()
        self.given, self.at_first = given_, chosen
        self.picker = DualPicker(**options)  # type: ignore[arg-type]
        self.key_bar = KeyBar()
        self.said: list[dict[int, bool]] = []

    def compose(self) -> ComposeResult:
        yield Static("above")
        yield self.picker
        yield self.key_bar

    def on_mount(self) -> None:
        if self.given is not None:
            self.picker.set_choices(self.given, self.at_first)
        self.picker.focus()

    def on_dual_picker_changed(self, message: DualPicker.Changed) -> None:
        assert message.control is self.picker
        self.said.append(message.chosen)


@dataclass
class Hands:
    """A picker under the hands of a test."""

    app: Host
    pilot: Pilot[None]
    picker: DualPicker = field(init=False)

    def __post_init__(self) -> None:
        self.picker = self.app.picker

    async def press(self, *keys: str) -> None:
        await press(self.pilot, *keys)

    async def type(self, text: str) -> None:
        send(self.app, *text)
        await settle(self.app, self.pilot)

    def _sides(self) -> tuple[list[str], list[str]]:
        lines = [line for line in drawn(self.app) if width_of(line) == self.app.size.width][1:-1]
        left, right = self.app.picker.children
        width = left.region.width
        pairs = [_split(line, width) for line in lines]
        assert right.region.x == width
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    @property
    def left(self) -> list[str]:
        """The lines of the left list."""
        return _inner(self._sides()[0])

    @property
    def right(self) -> list[str]:
        """The lines of the right list."""
        return _inner(self._sides()[1])

    @property
    def counts(self) -> tuple[str, str]:
        """What stands in the frames at the bottom."""
        left, right = (side[-1].strip("╰╯─│└┘ ") for side in self._sides())
        return left, right

    @property
    def keys(self) -> dict[str, str]:
        """What the key bar offers."""
        return {key.display: key.description for key in self.app.key_bar.keys}


def _split(line: str, width: int) -> tuple[str, str]:
    used = 0
    for place, character in enumerate(line):
        if used >= width:
            return line[:place], line[place:]
        used += width_of(character)
    return line, ""


def _inner(side: Sequence[str]) -> list[str]:
    return [text for line in side[2:-1] if (text := line[1:-1].rstrip())]


@asynccontextmanager
async def hands(
    given_: Choices | None = None,
    chosen: Mapping[int, bool] | None = None,
    size: tuple[int, int] = (100, 20),
    **options: object,
) -> AsyncIterator[Hands]:
    app = Host(given_, chosen or {}, **options)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        yield Hands(app, pilot)


def ids(*names: str) -> set[int]:
    ordered = sorted(FORESTS, key=str.casefold)
    return {ordered.index(name) + 1 for name in names}


async def test_what_it_shows() -> None:
    async with hands(choices(), {4: True, 6: False}) as its:
        assert its.left[0].split() == ["▌", "Brouwer", "Cold", "Chain", "in", "Northwind", "1"]
        assert [line.split()[0] for line in its.left[1:]] == ["Coldwater", "Maasvlakte", "Polder", "Sint", "Zuiderpark"]
        assert its.right[0].split() == ["▌▣", "Northwind", "with", "nested", "14"]
        assert its.right[1].split() == ["□", "Rotterdam", "in", "Northwind", "no", "effect", "6"]
        assert its.counts == ("6 customers", "2 chosen · 4 of 8 customers")
        assert its.picker.redundant() == [(6, 4)]


async def test_add_remove_and_nested() -> None:
    async with hands(choices()) as its:
        assert "No customers chosen." in its.right[0]
        await its.press("enter", "right")
        assert its.picker.chosen == {1: True, 2: True}
        assert "Maasvlakte" in its.left[0], "the cursor is on the one that stood after"
        await its.press("left", "n", "delete", "h")
        assert its.picker.chosen == {1: True, 2: True}, "those are keys of the other side"
        await its.press("tab", "n")
        assert its.picker.chosen == {1: False, 2: True}
        assert its.right[0].startswith("▌□ Brouwer Cold Chain in ")
        assert its.right[0].endswith("itself only  1")
        await its.press("right", "l")
        assert its.picker.chosen == {1: False, 2: True}
        await its.press("left")
        assert its.picker.chosen == {2: True}
        await its.press("enter", "delete", "enter")
        assert its.picker.chosen == {}
        assert its.app.said == [{1: True}, {1: True, 2: True}, {1: False, 2: True}, {2: True}, {}]


async def test_marks_and_ranges() -> None:
    async with hands(choices()) as its:
        await its.press("space", "j", "space")
        assert [line.strip("▌ ")[0] for line in its.left[:4]] == ["✓", "C", "✓", "N"]
        assert its.counts[0] == "8 customers · 2 marked"
        await its.press("v", "down", "down")
        assert its.counts[0] == "8 customers · 5 marked", "a range counts while it follows the cursor"
        assert [line.strip("▌ ")[0] for line in its.left[3:6]] == ["✓"] * 3
        await its.press("v", "k", "space")
        assert its.counts[0] == "8 customers · 4 marked"
        await its.press("enter")
        assert its.picker.chosen == dict.fromkeys((1, 3, 4, 6), True)
        assert its.counts[0] == "4 customers"
        await its.press("tab", "end", "v", "home", "v", "n")
        assert set(its.picker.chosen.values()) == {False}
        assert its.counts[1] == "4 chosen · 4 of 8 customers · 4 marked"
        await its.press("space", "n")
        assert its.picker.chosen == {1: False, 3: True, 4: True, 6: True}
        await its.press("enter")
        assert its.picker.chosen == {1: False}


async def test_search_adds_and_removes_what_matches() -> None:
    async with hands(choices(), {8: True}) as its:
        await its.press("slash")
        await its.type("COLD")
        assert [line.strip("▌ ").split()[0] for line in its.left] == ["Brouwer", "Coldwater"]
        assert its.counts[0] == "2 of 7"
        assert its.keys == {"Enter": "to the list", "Esc": "clear", "Tab": "other side"}
        await its.press("enter", "a")
        assert its.picker.chosen == {1: True, 2: True, 8: True}
        assert "Nothing matches. Esc clears the filter." in " ".join(its.left)
        await its.press("escape")
        assert len(its.left) == 5
        await its.press("slash")
        await its.type("x")
        await its.press("escape")
        assert len(its.left) == 5, "cleared"
        await its.type("ant")
        assert its.picker.chosen == {1: True, 2: True, 8: True}, "still typing"
        await its.press("escape", "escape", "tab", "slash")
        await its.type("cold")
        assert its.counts[1] == "2 of 3 chosen · 3 of 8 customers"
        await its.press("down", "a")
        assert its.picker.chosen == {8: True}


async def test_marks_outlive_the_filter() -> None:
    async with hands(choices()) as its:
        await its.press("slash", *"zui", "enter", "space", "escape", "slash", *"sint", "enter", "space")
        assert its.counts[0] == "1 of 8 · 2 marked"
        await its.press("enter")
        assert set(its.picker.chosen) == ids("Zuiderpark", "Sint Jans")


async def test_tree() -> None:
    async with hands(choices(), {4: True}) as its:
        await its.press("t")
        names = [" ".join(line.replace("▌", " ").split()[:-1]) for line in its.left]
        assert names == [
            "▣ Northwind",
            "Brouwer Cold Chain",
            "Rotterdam",
            "Maasvlakte",
            "Polder",
            "Coldwater Marina",
            "Sint Jans",
            "Zuiderpark",
        ]
        starts = [line.index(name.split()[-1]) for line, name in zip(its.left, names, strict=True)]
        assert starts[2] - starts[0] == 2
        assert starts[3] - starts[0] == 4
        await its.press("home", "enter", "space")
        assert its.picker.chosen == {4: True}, "what is chosen already cannot be chosen"
        await its.press("slash", *"maas", "enter")
        assert [line.strip("▌ ▣").split()[0] for line in its.left] == ["Northwind", "Rotterdam", "Maasvlakte"]
        assert its.counts[0] == "1 of 7"
        await its.press("home", "v", "end", "v")
        assert its.counts[0] == "1 of 7 · 1 marked", "a range marks what matches"
        await its.press("a")
        assert set(its.picker.chosen) == ids("Northwind", "Maasvlakte")
        await its.press("escape", "t", "home")
        assert "Brouwer" in its.left[0]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_hostile_names(size: tuple[int, int]) -> None:
    wide = "東京倉庫" * 12
    names = {HOSTILE: None, f"{HOSTILE} nested": HOSTILE, wide: None, f"x{wide}": wide, "\u0301" * 9: None, "": None}
    async with hands(choices(names), {1: True, 6: False}, size, available_title=HOSTILE, noun="[b]things") as its:
        for keys in (("t", "end"), ("t", "tab", "n"), ("slash", "[", "/"), ("escape", "escape", "a")):
            await its.press(*keys)
            for line in drawn(its.app):
                assert width_of(line) in {0, *range(size[0] - 1, size[0] + 1)}
                assert "\x1b" not in line
                assert "\u202e" not in line
        await its.press("tab", "slash", *"acme [/bold]", "enter")
        assert sum("Acme [/bold] ␛[31m[red]" in line for line in its.left) == 2
        assert its.counts[0] == "2 of 6"


async def test_what_is_hidden_is_kept_and_never_shown() -> None:
    async with hands(choices(), {99: False, 4: True, -7: True}) as its:
        assert its.counts[1] == "1 chosen · 4 of 8 customers"
        await its.press("tab", "a")
        assert its.picker.chosen == {99: False, -7: True}
        assert its.counts[1] == "0 chosen · 0 of 8 customers"
        await its.press("tab", "a")
        assert its.picker.chosen == {99: False, -7: True, **dict.fromkeys(range(1, 9), True)}
        assert "All customers are chosen." in " ".join(its.left)
        assert not any("99" in line for line in drawn(its.app))


async def test_flat_choices_of_another_noun() -> None:
    flat = Choices.flat([30, 10, 20], ["Alpha", "Beta", "Gamma"])
    async with hands(flat, {10: False, 5: False}, nestable=False, noun="groups", chosen_title="Member of") as its:
        assert its.left == ["▌  Alpha", "   Gamma"]
        assert its.right == ["▌  Beta"]
        assert its.counts == ("2 groups", "1 of 3 groups")
        assert its.keys["→"] == "add"
        assert not {"t", "n"} & set(its.keys)
        await its.press("t", "enter", "tab", "n")
        assert its.picker.chosen == {5: False, 10: False, 30: False}
        assert its.keys["←"] == "remove"
        assert its.picker.redundant() == []


async def test_keys_are_offered_where_they_work() -> None:
    async with hands(choices(), size=(140, 20)) as its:
        both = {"Space": "mark", "Tab": "other side", "/": "search"}
        assert its.keys == {**both, "→": "add", "a": "add matches", "t": "tree"}
        await its.press("tab")
        assert its.keys == {**both, "←": "remove", "a": "remove matches", "n": "nested"}
        await its.press("slash", "x", "enter")
        assert its.keys["Esc"] == "clear the filter"


async def test_states() -> None:
    async with hands() as its:
        for list_ in (its.picker.available, its.picker.accessible):
            assert list_.state == "loading"
        await asyncio.sleep(0.2)
        await its.press("a", "enter", "t", "space", "v", "tab", "a", "n")
        assert "Loading…" in " ".join(its.left)
        assert its.counts == ("", "")
        its.picker.set_choices(choices(), {4: True})
        await its.press("tab", "space")
        its.picker.fail("The database [is] away.")
        await its.press("a", "enter", "v", "t", "tab", "a", "n", "enter")
        assert "The database [is] away." in " ".join(its.left)
        assert its.counts == ("", "")
        assert its.picker.chosen == {4: True}
        its.picker.set_choices(Choices.flat([], []), {4: True})
        await settle(its.app, its.pilot)
        assert "There are no customers." in " ".join(its.left)
        assert its.picker.chosen == {4: True}
        assert its.app.said == []


async def test_one_frame_has_the_focus() -> None:
    async with hands(choices()) as its:
        for key in ("slash", "tab", "slash", "escape", "shift+tab"):
            await its.press(key)
            left, right = its.picker.children
            colours = [side.styles.border_top[1] for side in (left, right)]
            assert colours[0] != colours[1]
            assert its.app.focused is not None
            focused = left if left in its.app.focused.ancestors else right
            assert focused.styles.border_title_color != (right if focused is left else left).styles.border_title_color


async def test_many_pages() -> None:
    names = [f"Customer {n:05}" for n in range(30_000)]
    async with hands(Choices.flat(range(30_000), names)) as its:
        await its.press("end")
        assert "Customer 29999" in its.left[-1]
        await its.press("pageup", "home", "pagedown", "G", "v", "g", "enter")
        assert len(its.picker.chosen) == 30_000
        await its.press("tab", "slash", *"77", "enter", "a")
        assert len(its.picker.chosen) == sum("77" not in name for name in names)


def test_choices_that_do_not_fit_together() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Choices([1, 2], ["a"], ["a"])
    with pytest.raises(ValueError, match="nested in itself"):
        Selection(Choices([1, 2], ["a", "b"], ["a", "b"], [1, 0]), {1: True})


PARENTS = st.lists(st.integers(-1, 11), min_size=1, max_size=12).map(
    lambda drawn_: [parent if parent < place else -1 for place, parent in enumerate(drawn_)]
)


@given(PARENTS, st.randoms(use_true_random=False), st.data())
def test_counts_against_walking_up(parents: list[int], shuffle: object, data: st.DataObject) -> None:
    """Counting by stretches of the tree says the same as asking each choice."""
    order = list(range(len(parents)))
    shuffle.shuffle(order)  # type: ignore[attr-defined]
    rank = {old: new for new, old in enumerate(order)}
    shuffled = [rank[parents[old]] if parents[old] >= 0 else -1 for old in order]
    names = [f"n{n:02}" for n in order]
    given_ = Choices(range(100, 100 + len(names)), names, names, shuffled)
    selection = Selection(given_, {})
    chosen: dict[int, bool] = {}
    for _ in range(data.draw(st.integers(0, 12))):
        one, nested = data.draw(st.integers(0, len(names) - 1)), data.draw(st.sampled_from([True, False, None]))
        if nested is None:
            selection.remove([one])
            chosen.pop(one, None)
        else:
            selection.add([one], nested)
            chosen[one] = nested

    def above(one: int) -> list[int]:
        return [] if shuffled[one] < 0 else [shuffled[one], *above(shuffled[one])]

    covered = [one for one in range(len(names)) if one in chosen or any(chosen.get(up) for up in above(one))]
    redundant = [(one, next((up for up in above(one) if chosen.get(up)), None)) for one in sorted(chosen)]
    assert selection.covered == len(covered)
    assert selection.redundant() == [(100 + one, 100 + up) for one, up in redundant if up is not None]
    assert selection.chosen() == {100 + one: nested for one, nested in chosen.items()}
    assert Selection(given_, selection.chosen()).covered == len(covered)


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
