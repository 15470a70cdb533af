"""The console as somebody has set it up: keys, theme, confirmations; a broken line costs no more than itself."""

from __future__ import annotations

from support.console import console_on, opened

from ringfence.console.app import RingfenceApp
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.record_list import RecordList
from ringfence.preferences.configuration import parse
from ringfence.storage.engine import Database

MINE = b"""
theme = "paper"
[page]
rows = 30
overlap = 3
[confirm]
quit = true
undo = false
name = "always"
[keys]
undo = "f11"
help = "f12"
devices = "f6"
filter = "ctrl+f4,?"
profile = "f8"
quit = "f10"
toggle_mark = "f7"
"""


def set_up(demo: Database, file: bytes, login: str | None = "h.devries") -> RingfenceApp:
    return console_on(demo, login, configuration=parse(file))


async def test_every_part_of_a_configuration_by_keys(demo: Database) -> None:
    async with opened(set_up(demo, MINE), (120, 60)) as console:
        assert console.app.theme == "paper"
        assert console.toasts == []
        assert "F6 Devices" in console.lines[1]
        assert "F12 help" in console.lines[-1]
        await console.press("2")
        assert console.area == "customers"
        await console.press("f12")
        assert all(key in console.text for key in ("F6 ", "F11 ", "^f4 or ?", "F10 "))
        await console.press("escape", "f8")
        assert "Hanna" in console.text
        await console.press("escape")

        await console.press("f6")
        assert console.area == "devices"
        records = console.app.screen.query_one(RecordList)
        assert records.rows_loaded % 30 == 0
        height = records.page_height
        await console.press("pagedown")
        assert records.cursor == height - 3
        await console.press("question_mark")
        await console.type("50%")
        await console.press("enter")
        assert records.total == 1
        await console.press("space")
        assert len(records.marks) == 0
        await console.press("f7")
        assert len(records.marks) == 1
        assert "F7 mark" in console.lines[-1]

        await console.press("D")
        assert isinstance(console.app.screen, Dialog)
        await console.press("d", "enter")
        assert isinstance(console.app.screen, Dialog), "a device, which nothing goes along with, has its name typed too"
        await console.press("escape", "escape")

        await console.press("ctrl+q")
        assert not isinstance(console.app.screen, Dialog)
        await console.press("f10")
        assert "Leave the console?" in console.text
        await console.press("enter")
        assert console.app.is_running, "Enter is on Stay"
        await console.press("f10", "l")
        assert not console.app.is_running


async def test_without_its_question_undo_takes_back_at_once(demo: Database) -> None:
    async with opened(set_up(demo, MINE)) as console:
        await console.press("4", "right_square_bracket", "question_mark")
        await console.type("production")
        await console.press("enter", "a", "d")
        assert "inactive" in console.text
        assert console.toasts[-1] == "Done. F11 takes it back."
        await console.press("f11")
        assert not isinstance(console.app.screen, Dialog)
        assert console.toasts[-1].startswith("Undone.")
        assert "inactive" not in console.text


async def test_faults_are_told_once_and_stop_nothing(demo: Database) -> None:
    broken = b'theme = "none-such"\nmouse = \n[keys]\nundo = "e"\nopen = "ctrl+i"\nhelp = "f12"\n'
    async with opened(set_up(demo, broken)) as console:
        assert console.toasts == [
            "config.toml line 1: there is no theme \"none-such\". And 3 more: 'ringfence config check' tells them."
        ]
        assert console.app.theme == "ringfence"
        assert "F12 help" in console.lines[-1]
        console.forget_toasts()
        await console.press("3", "1")
        assert console.toasts == []


async def test_with_no_login_the_question_comes_first_all_the_same(demo: Database) -> None:
    async with opened(set_up(demo, MINE, None)) as console:
        await console.type("olga")
        await console.press("enter", "f6")
        assert console.area == "devices"
