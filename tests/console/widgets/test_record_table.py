import unicodedata

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from .host import MILLION, Host, Things, screen_text

HOSTILE = {
    0: "[red]x[/bold] [@click=app.quit]y",
    1: "\x1b]52;c;aGk=\x07\x1b[31mred\x9b0m",
    2: "界" * 300,
    3: "pay\u202epal\u200b\r\n",
    4: "👩\u200d👩\u200d👧 ❤\ufe0f family",
    5: "y" * 300,
}


async def settle(pilot: Pilot[None]) -> None:
    """Waits until nothing is asked for any more."""
    app = pilot.app
    assert isinstance(app, Host)
    await pilot.pause()
    while app.table._window.asking is not None or any(not worker.is_finished for worker in app.workers):
        await app.workers.wait_for_complete()
        await pilot.pause()
    await pilot.pause()


async def test_a_million_rows_open_and_jump_to_the_end() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.table.state == "ready"
        assert app.table.total == MILLION
        assert "1–20 of 1,000,000 · name ▲" in screen_text(app)[22]
        await pilot.press("end")
        await settle(pilot)
        assert app.table.current_row == app.things.at(MILLION - 1)
        assert any(ask.from_end for ask in app.asks)
        assert "thing 999999" in "\n".join(screen_text(app))
        await pilot.press("pageup")
        await settle(pilot)
        assert app.table.current_row == app.things.at(MILLION - 1 - 19)
        await pilot.press("g")
        assert app.table.cursor == 0


async def test_few_blocks_are_kept_and_the_rows_are_right() -> None:
    app = Host()
    async with app.run_test(size=(80, 120)) as pilot:
        await settle(pilot)
        for _ in range(25):
            await pilot.press("pagedown")
            await settle(pilot)
            assert app.table.current_row == app.things.at(app.table.cursor)
        assert app.table.cursor > 2000
        assert app.table.blocks_loaded <= 16
        assert app.table.rows_loaded <= 1600
        assert all(ask.skip == 0 for ask in app.asks), "neighbours are asked for by place"
        for _ in range(10):
            await pilot.press("pageup")
            await settle(pilot)
            assert app.table.current_row == app.things.at(app.table.cursor)


async def test_the_end_waits_for_the_total() -> None:
    app = Host(Things(1234), tell_total=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.table.total is None
        assert "of 100+" in screen_text(app)[22]
        await pilot.press("end")
        app.table.set_total(1234, app.table.generation)
        await settle(pilot)
        assert app.table.current_row == app.things.at(1233)


async def test_the_end_is_found_without_a_total() -> None:
    app = Host(Things(250), tell_total=False)
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(4):
            await settle(pilot)
            await pilot.press("end")
        assert app.table.total == 250
        assert app.table.current_row == app.things.at(249)


async def test_filter_and_clear() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("slash", "7", "7", "0")
        await settle(pilot)
        assert app.filter_bar.value == "770"
        assert app.table.total == -(-MILLION // 770)
        await pilot.press("enter")
        assert app.focused is app.table
        assert app.filter_bar.is_open
        await pilot.press("down")
        assert app.table.current_row == app.things.at(1)
        await pilot.press("slash", "escape")
        await settle(pilot)
        assert app.focused is app.table
        assert not app.filter_bar.is_open
        assert app.table.total == MILLION


async def test_old_rows_stay_until_new_ones_come() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        old = app.asks[-1]
        app.table.reset()
        assert app.table.count == MILLION
        assert "thing 3" in "\n".join(screen_text(app))
        assert not app.table.deliver(old, [app.things.at(500)]), "an answer to an old question"
        await settle(pilot)
        assert app.table.current_row == app.things.at(0)


async def test_the_cursor_stays_on_its_row() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.begin(Things(MILLION, 7), keep_cursor_id=35)
        await settle(pilot)
        assert app.table.cursor == 5
        app.begin(Things(MILLION, 7), keep_cursor_id=-1)
        await settle(pilot)
        assert app.table.cursor == 0


async def test_sort_by_letter_turns_the_arrow() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "Name ▲" in screen_text(app)[1]
        await pilot.press("N")
        await settle(pilot)
        assert "Name ▼" in screen_text(app)[1]
        assert app.table.current_row == app.things.at(0)
        assert "thing 999999" in screen_text(app)[2]


async def test_marks_survive_scrolling_and_are_copied() -> None:
    app = Host(Things(MILLION, names=HOSTILE))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("down", "space", "space", "up", "space")
        assert app.table.marks == {1}
        assert screen_text(app)[3].startswith("│ ✓ ␛]52;c;aGk=␇␛[31mred⟨9B⟩0m")
        await pilot.press("end")
        await settle(pilot)
        await pilot.press("home")
        await settle(pilot)
        assert app.table.marks == {1}
        assert app.table.copy_text() == "␛]52;c;aGk=␇␛[31mred⟨9B⟩0m\t2"
        app.table.clear_marks()
        assert app.table.copy_text() == "[red]x[/bold] [@click=app.quit]y\t0"


async def test_a_range_is_marked() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("v", "down", "down", "v")
        assert app.table.marks == {0, 1, 2}
        assert not app.ranges
        await pilot.press("v", "end")
        await settle(pilot)
        await pilot.press("v")
        await pilot.pause()
        assert app.ranges == [(2, MILLION - 1)]
        assert MILLION - 1 in app.table.marks


@pytest.mark.parametrize("width", [30, 41, 80, 120])
async def test_hostile_names_are_drawn_literally_and_in_line(width: int) -> None:
    app = Host(Things(1000, names=HOSTILE))
    async with app.run_test(size=(width, 24)) as pilot:
        await settle(pilot)
        lines = screen_text(app)
        for line in lines:
            assert not [c for c in line if unicodedata.category(c) in {"Cc", "Cf"} and c != "\u200d"]
            assert cell_len(line) == width
        assert lines[2].startswith("│▌  [red]x[/b")
        assert {line[-1] for line in lines[1:22]} == {"│"}
        assert not any(segment.style and segment.style.meta.get("@click") for segment in app.table.render_line(1))


async def test_states() -> None:
    app = Host(Things(0))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        state = app.table.state
        assert state == "empty"
        assert "Nothing here." in "\n".join(screen_text(app))
        app.table.empty("Nothing matches [b].")
        await pilot.pause()
        assert "Nothing matches [b]." in "\n".join(screen_text(app))
        app.table.fail("The database\x1b went away.\nctrl+r tries again.")
        await pilot.pause()
        text = "\n".join(screen_text(app))
        assert "The database␛ went away." in text
        assert "ctrl+r tries again." in text
        app.begin(Things(5))
        await settle(pilot)
        assert app.table.state == "ready"
        assert app.table.count == 5


async def test_the_cursor_is_seen_without_colours() -> None:
    app = Host()
    app.theme = "ansi-dark" if "ansi-dark" in app.available_themes else "textual-ansi"
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert screen_text(app)[2].startswith("│▌") or screen_text(app)[2].startswith("┃▌")
        style = app.table.paint("", "cursor")
        assert style.reverse
        assert style.bold


async def test_moving_repaints_two_lines() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        drawn: list[int] = []
        line = app.table.line
        app.table.line = lambda index, width: drawn.append(index) or line(index, width)  # type: ignore[method-assign,func-returns-value]
        await pilot.press("down")
        assert sorted(drawn) == [0, 1]


async def test_the_scrollbar_covers_nothing() -> None:
    app = Host()
    async with app.run_test(size=(60, 12)) as pilot:
        await settle(pilot)
        assert app.table.show_vertical_scrollbar
        assert app.table.line_width == 57
        lines = screen_text(app)
        assert lines[1].endswith("Double  │")
        assert lines[5].endswith(" 6  │")


async def test_the_same_list_is_read_again_where_it_stands() -> None:
    app = Host(Things(1000))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.table.cursor = 395
        await settle(pilot)
        app.table.scroll_to_line(390)  # across two blocks
        await settle(pilot)
        await pilot.press("space")
        row, top, before = app.table.current_row, app.table.top, screen_text(app)
        app.asks.clear()
        app.begin(keep_cursor_id=396, in_place=True)
        assert screen_text(app) == before, "the rows stay until the new ones come"
        await settle(pilot)
        assert (app.asks[0].first, app.asks[0].count) == (300, 200)
        assert (app.table.current_row, app.table.top, app.table.total) == (row, top, 1000)
        assert app.table.marks == {395}
        assert screen_text(app) == before

        app.begin(Things(350), keep_cursor_id=396, in_place=True)
        await settle(pilot)
        assert app.table.total == 350
        assert app.table.cursor == 349, "there are fewer now"
        app.begin(Things(0), in_place=True)
        await settle(pilot)
        assert app.table.state == "empty"
        app.begin(in_place=True)
        assert app.table.says == "Nothing here.", "what is said of an empty list is said on"
        app.begin(Things(5), in_place=True)
        await settle(pilot)
        assert app.table.count == 5


async def test_far_down_the_rows_are_found_by_place() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.table.cursor = 5225
        await settle(pilot)
        row = app.table.current_row
        assert row is not None
        app.asks.clear()
        app.begin(keep_cursor_id=row.number, in_place=True)
        await settle(pilot)
        assert app.asks[0].after is not None
        assert app.asks[0].skip == 0
        assert app.table.current_row == row
