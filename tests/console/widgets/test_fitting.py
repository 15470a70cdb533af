"""Columns are as wide as what is in them: nothing is cut while cells are spare, whatever is in a table."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from support.tiers import seeds

from ringfence.console.text import width_of
from ringfence.console.widgets.columns import GAP, Column, arranged, lettered
from ringfence.console.widgets.fitting import fitted, size, still_fits

from .host import Host, Things, screen_text
from .test_record_table import settle

WIDE = 200
PIECES = (
    "a",
    "Gate ",
    "camera",
    "東",
    "京都",
    "é",
    "👩\u200d👩\u200d👧",
    "❤\ufe0f",
    "\u202e",
    "…",
    "\x1b",
    "ﷺ",
    "e\u0301",
)


def made(seed: int) -> tuple[list[Column], list[Counter[int]], list[int], int]:
    """Columns with what is in them, how wide their headings are, and the cells that they share."""
    chance = Random(seed)
    columns = [
        Column(str(place), "h" * chance.randint(0, 12), 10, grow, hide_below=chance.choice((0, 30, 60, 90)))
        for place, grow in enumerate(chance.choices(range(4), k=chance.randint(1, 8)))
    ]
    longest = [chance.choice((0, 3, 12, 40)) for _ in columns]
    sizes = [Counter(chance.randint(1, most) for _ in range(chance.randint(1, 60)) if most) for most in longest]
    return columns, sizes, [len(column.title) for column in columns], chance.randint(1, 150)


@pytest.mark.parametrize("block", range(8))
def test_nothing_is_cut_while_cells_are_spare(block: int) -> None:
    for seed in range(block * 250, block * 250 + 250):
        columns, sizes, headings, width = made(seed)
        shared = fitted(list(enumerate(columns)), sizes, headings, width)
        wanted = [max(1, headed, *found) for found, headed in zip(sizes, headings, strict=True)]
        shown = [index for index, _, _ in shared]
        widths = {index: wide for index, _, wide in shared}
        taken = sum(widths.values()) + GAP * (len(shared) - 1)
        assert shown, seed
        assert shown == sorted(shown), seed
        assert min(widths.values()) >= 1, seed
        assert taken <= width or len(shared) == 1, seed

        cut = [index for index in shown if widths[index] < wanted[index]]
        if cut:
            assert taken == width, seed
            assert all(widths[index] <= wanted[index] for index in shown), seed
        assert still_fits(shared, sizes, headings) is not bool(cut)
        for index in shown:
            if not sizes[index]:
                assert widths[index] <= wanted[index], "an empty column is as wide as its heading"

        needed = sum(wanted[index] for index in shown) + GAP * (len(shown) - 1)
        for index, column in enumerate(columns):
            if index not in widths and width >= 2 * len(columns):
                assert column.hide_below > width, seed
                assert needed + GAP + wanted[index] > width, "there is room for it"


def test_widths_that_cut_nothing_stay() -> None:
    columns = [(0, Column("a", "A", 5, 1)), (1, Column("b", "B", 5))]
    shared = fitted(columns, [Counter({10: 3}), Counter({4: 3})], [1, 1], 30)
    assert still_fits(shared, [Counter({3: 1}), Counter()], [1, 1])
    assert not still_fits(shared, [Counter({3: 1}), Counter({5: 1})], [1, 1])
    assert not still_fits((), [], [])


def test_the_wide_give_to_the_narrow() -> None:
    columns = list(enumerate([Column("name", "Name", 9), Column("state", "State", 9), Column("place", "Place", 9)]))
    sizes = [Counter({14: 5, 9: 20}), Counter({6: 20, 8: 3}), Counter({40: 1, 17: 24})]
    widths = [wide for _, _, wide in fitted(columns, sizes, [6, 5, 5], 14 + 8 + 17 + 2)]
    assert widths == [14, 8, 17]
    widths = [wide for _, _, wide in fitted(columns, sizes, [6, 5, 5], 35)]
    assert widths[:2] == [14, 8], "what is narrow stays whole"
    widths = [wide for _, _, wide in fitted(columns, [{30: 9}, {}, {30: 9}], [6, 12, 5], 40)]
    assert widths[1] == 12, "and so does a heading"


@pytest.mark.parametrize("seed", seeds(12, always=2))
async def test_what_is_drawn_is_whole_where_there_is_room(seed: int) -> None:
    chance = Random(seed)
    names = {n: "".join(chance.choices(PIECES, k=chance.randint(1, 9))) for n in range(200)}
    width = chance.randint(24, 100)
    app = Host(Things(200, names=names))
    async with app.run_test(size=(width, 20)) as pilot:
        await settle(pilot)
        for keys in ((), ("pagedown",), ("pagedown", "up"), ("end",), ("pageup",)):
            await pilot.press(*keys)
            await settle(pilot)
            wide = {column.id: cells for _, column, cells in app.table._shared}
            drawn = [app.things.at(index) for index in app.table.in_view]
            longest = max(width_of(row.name) for row in drawn)
            assert {width_of(line) for line in screen_text(app)} == {width}
            room = app.table.line_width - 4 - sum(wide.values()) - GAP * (len(wide) - 1)
            assert room >= 0
            if longest > wide["name"]:
                assert room == 0
                assert wide.get("double", 0) <= len("Double"), "no other column has a cell to spare"


async def test_widths_stay_where_they_can() -> None:
    app = Host()
    async with app.run_test(size=(60, 20)) as pilot:
        await settle(pilot)
        first = app.table._shared
        for _ in range(40):
            await pilot.press("down")
        await settle(pilot)
        assert app.table._shared == first, "nothing moves from line to line"
        await pilot.press("end")
        await settle(pilot)
        grown = app.table._shared
        assert grown[1][2] == len("1,999,998") > first[1][2], "what would be cut grows at once"
        await pilot.press("home")
        await settle(pilot)
        assert app.table._shared == grown, "nothing is cut: it stays"
        app.begin(keep_rows=False)
        await settle(pilot)
        assert app.table._shared == first, "another list begins anew"


LONG = "a name of which a narrow list shows only the first few words"


@pytest.mark.parametrize(("width", "said"), [(50, LONG[:43] + "…"), (70, LONG), (90, "")])
async def test_what_is_cut_stands_in_the_border(width: int, said: str) -> None:
    app = Host(Things(1000, names={1: LONG, 3: "東京" * 60, 4: "\x1b[31m" + "x" * 199}))
    async with app.run_test(size=(width, 12)) as pilot:
        await settle(pilot)
        place = "─ 1–8 of 1,000 · name ▲ ─╯"
        assert screen_text(app)[10].endswith(place)
        for there in (said, "", "東京東京", "␛[31mxx", ""):
            await pilot.press("down")
            line = screen_text(app)[10]
            assert width_of(line) == width
            assert line.endswith(place) is not bool(there)
            assert f"─ {there}" in line
        await pilot.press("up")
        app.table.rearrange((("double", True), ("name", False)))
        await pilot.pause()
        assert screen_text(app)[10].endswith(place), "what is not shown is not cut"


async def test_a_key_that_goes_past_sends_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.console.widgets.framed.RESTS", 0.3)
    app = Host(Things(1000, names={1: "long " * 20, 3: "wide " * 20}))
    async with app.run_test(size=(50, 12)) as pilot:
        await settle(pilot)
        below = screen_text(app)[10]
        await pilot.press("down")
        assert screen_text(app)[10] == below
        await pilot.pause(0.5)
        shown = screen_text(app)[10]
        assert "long long" in shown
        await pilot.press("down")
        assert screen_text(app)[10] == shown, "nothing is sent for a key but the rows"
        await pilot.press("down")
        assert screen_text(app)[10] == shown
        await pilot.pause(0.5)
        assert "wide wide" in screen_text(app)[10]
        await pilot.press("pagedown")
        assert "wide wide" not in screen_text(app)[10]
        await pilot.press("home", "down")
        await pilot.pause(0.5)
        assert "long long" in screen_text(app)[10]
        app.begin(keep_rows=False)
        assert "long long" not in screen_text(app)[10], "it goes with its row"


def test_a_megabyte_is_not_measured_to_its_end() -> None:
    assert size("x" * 10**6, WIDE) == size("京" * 10**6, WIDE) == WIDE


def test_letters_are_those_of_the_headings() -> None:
    titles = ("Name", "Unit id", "Kind", "Site", "Customer", "No", "Nn", "B")
    own = {"Name": "n"}
    columns = lettered([Column(one, one, 5, sortable=one != "Site", key=own.get(one)) for one in titles])
    assert [column.key for column in columns] == ["n", "u", "k", None, "s", "o", None, None]


def test_an_arrangement_of_other_columns_is_read_as_far_as_it_goes() -> None:
    columns = [Column(name, name, 5) for name in "abc"]
    assert arranged(columns, ()) == [(0, True), (1, True), (2, True)]
    assert arranged(columns, (("c", True), ("gone", True), ("a", False))) == [(2, True), (0, False), (1, True)]
    assert arranged(columns, (("a", False), ("b", False), ("c", False))) == [(0, True), (1, True), (2, True)]
