"""The picker by its keys: what it draws, and what it counts."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.console import drawn, settle
from support.picker import FORESTS, HOSTILE, choices, hands, ids

from ringfence.console.text import width_of
from ringfence.console.widgets.choices import Choices, Selection


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


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("cold chain", ["Brouwer Cold Chain"]),
        ("chain cold", ["Brouwer Cold Chain"]),
        ('"chain cold"', []),
        ("cold -chain", ["Coldwater Marina"]),
        ("^cold", ["Coldwater Marina"]),
        ("name:MAAS", ["Maasvlakte"]),
        ("-name:r -maas", ["Sint Jans"]),
        ("-", sorted(FORESTS)),
        ('name:""', []),
    ],
)
async def test_a_search_takes_the_words_of_every_filter(typed: str, found: list[str]) -> None:
    async with hands(choices()) as its:
        await its.press("slash")
        await its.type(typed)
        shown = [name for name in sorted(FORESTS) if any(line.lstrip(" ▌").startswith(name) for line in its.left)]
        assert shown == found


@pytest.mark.parametrize("width", [80, 120])
async def test_a_search_that_cannot_be_understood_is_said_below_and_leaves_the_list(width: int) -> None:
    async with hands(choices(), size=(width, 20)) as its:
        await its.press("slash")
        await its.type("cold")
        before = its.left
        assert "2 of 8" in its.counts[0]
        await its.type(" o:hall")
        assert "no column “o”: quotes seek it" in its.counts[0]
        assert its.left[1:] == before[1:], "the list stays"
        assert its.counts[1].endswith("customers"), "the other side says what it did"
        await its.press("escape")
        assert "8 customers" in its.counts[0]


async def test_what_is_added_is_what_the_words_leave() -> None:
    async with hands(choices()) as its:
        await its.press("slash")
        await its.type("cold -chain")
        await its.press("enter", "a")
        assert set(its.picker.chosen) == ids("Coldwater Marina")


async def test_what_is_said_beside_a_name_is_searched_too() -> None:
    given_ = Choices.flat([1, 2, 3], ["North", "Operators", "South"], notes=["Operator · 3 users", "Viewer", ""])
    async with hands(given_) as its:
        await its.press("slash")
        for typed, found in (("operator", 2), ("name:operator", 1), ("operator -users", 1), ("-viewer", 2)):
            await its.type(typed)
            assert f"{found} of 3" in its.counts[0], typed
            await its.press("escape")


async def test_a_name_that_is_cut_stands_whole_below() -> None:
    """As in every list; a name that is whole leaves the border to the counts."""
    name = "Brouwer Cold Chain, the northern store beside the second harbour basin"
    async with hands(Choices.flat([1, 2], [name, "Short"]), size=(80, 20)) as its:
        assert name[:30] in its.counts[0]
        assert len(its.counts[0]) > len(its.left[0]) - 4
        await its.press("down")
        assert its.counts[0] == "2 customers"
        await its.press("up", "right")
        assert its.counts[1] == "1 chosen · 1 of 2 customers"  # nobody goes through that list
        await its.press("tab")
        assert name[:30] in its.counts[1]
