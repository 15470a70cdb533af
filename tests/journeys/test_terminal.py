"""``ringfence demo`` itself, on a real pseudo-terminal."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from termios import ECHO, ICANON, tcgetattr
from typing import Any

import pytest
from support.terminal import Terminal

from ringfence.snapshot.demo import shipped


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts ``ringfence`` with these arguments and this environment; ended at the end."""
    started: list[Terminal] = []

    def begin(*arguments: str, **more: Any) -> Terminal:
        terminal = Terminal(list(arguments), **{"TMPDIR": str(tmp_path), **more})
        started.append(terminal)
        return terminal

    yield begin
    for terminal in started:
        terminal.close()


def cursor_line(lines: list[str]) -> str:
    return next((line for line in lines if line.startswith(("│▌", "┃▌"))), "")


def test_the_demo_from_beginning_to_end(start: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = start("demo")
    terminal.shows("Harbor Monitoring", "h.devries", "46 in all", "Devices 498")
    terminal.send(b"jjjjjj")
    terminal.until(lambda lines: "Northwind" in cursor_line(lines))
    terminal.shows("Harbor Monitoring › Northwind Logistics", "Devices 134")
    terminal.send(b"\x1b[C")
    terminal.shows("Antwerp", "Rotterdam")
    terminal.send(b"/pharma")
    terminal.shows("1 of 46", "Pharma vault")
    terminal.until(lambda lines: not any("Antwerp" in line for line in lines))
    terminal.send(b"\x1b")
    terminal.shows("46 in all", "Antwerp")
    terminal.send(b"\x1bOQ")
    terminal.shows("Whose view?", "Olga Brandt")
    terminal.send(b"olga\r")
    terminal.shows("Olga Brandt sees 40 of 46 customers, 437 of 498 devices")
    terminal.shows("Northwind Logistics › Rotterdam › Maasvlakte II")
    assert "Harbor" not in "\n".join(terminal.lines)
    terminal.send(b"2\x1b[F")
    terminal.shows("Yard camera")
    terminal.until(lambda lines: "▌" in lines[21] or "▌" in lines[20])
    terminal.send(b"\x11")
    assert terminal.end() == 0
    assert b"\x1b[?1049l" in terminal.output, "the screen from before is back"
    assert terminal.output.rstrip().count(b"\x1b[?25h"), "the cursor is back"
    assert "Traceback" not in "\n".join(terminal.lines)
    after = tcgetattr(terminal.slave)
    assert after == terminal.before
    assert after[3] & ECHO
    assert after[3] & ICANON
    assert not list(tmp_path.iterdir()), "the scratch copy is gone"


def test_whoever_leaves_the_demo_for_the_first_time_is_told_what_to_try(
    start: Callable[..., Terminal], tmp_path_factory: pytest.TempPathFactory
) -> None:
    state = tmp_path_factory.mktemp("state")
    said = []
    for _ in range(2):
        terminal = start("demo", XDG_STATE_HOME=str(state))
        terminal.shows("46 in all", "Devices 498")
        terminal.send(b"\x11")
        assert terminal.end() == 0
        _, begun, rest = terminal.output.decode().partition("To try")
        said.append((begun + rest).splitlines())
    first, second = said
    assert [line.split(":")[0] for line in first] == ["To try in the demo", "To try after it"]
    assert max(map(len, first)) <= 80
    assert second == []


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_without_a_cursor_is_refused_in_one_line(term: str, start: Callable[..., Terminal]) -> None:
    terminal = start("demo", TERM=term)
    assert terminal.end() == 1
    said = terminal.output.decode().strip()
    assert said.startswith("ringfence: error: this terminal cannot place a cursor")
    assert "\n" not in said
    assert "\x1b" not in said


def test_a_terminal_that_cannot_draw_frames_is_told_what_to_set(start: Callable[..., Terminal]) -> None:
    terminal = start("demo", PYTHONIOENCODING="latin-1")
    assert terminal.end() == 1
    said = terminal.output.decode().strip()
    assert said.startswith("ringfence: error: this terminal's encoding is iso8859-1")
    assert "LC_ALL=C.UTF-8" in said
    assert "\n" not in said
    assert "\x1b" not in said


def test_the_cursor_is_seen_without_colours(start: Callable[..., Terminal]) -> None:
    terminal = start("demo", TERM="linux", NO_COLOR="1")
    terminal.shows("46 in all", "Devices 498")
    terminal.send(b"jj")
    terminal.until(lambda lines: "Crèmerie" in cursor_line(lines))
    terminal.send(b"\r")
    terminal.until(lambda lines: "││▌" in "".join(lines) or "│┃▌" in "".join(lines))
    terminal.send(b"\x11")
    assert terminal.end() == 0


def test_what_nobody_foresaw_ends_in_one_line(start: Callable[..., Terminal], tmp_path: Path) -> None:
    """While it draws, where no question is asked that could be told of: the terminal is restored all the same."""
    path = tmp_path / "damaged.db"
    shutil.copyfile(shipped(), path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE customer SET max_devices = 'many' WHERE parent_id IS NOT NULL")
    terminal = start("--db", str(path), "--as", "h.devries", RINGFENCE_DEBUG="")
    terminal.shows("Northwind")
    terminal.send(b"/northwind\r")
    assert terminal.end() == 1
    assert b"Traceback" not in terminal.output
    last = terminal.output.rpartition(b"\x1b[?1049l")[2].decode()
    assert "ringfence: error: this should not happen (ValueError): 'ringfence db check' says" in last
    assert tcgetattr(terminal.slave) == terminal.before


ENDLESS = """
import sys, time
from ringfence.services import workspace

class Endless(workspace.Session):
    def preview(self, *arguments):
        time.sleep(600)

workspace.Session = Endless
from ringfence.__main__ import main
main()
"""


def test_leaving_waits_for_nothing_that_is_worked_out(start: Callable[..., Terminal]) -> None:
    """Whatever a preview is at, even what cannot be told to stop: it ends with the console, and leaves no process."""
    terminal = start("demo", program=("-c", ENDLESS))
    terminal.shows("Harbor Monitoring", "h.devries", "46 in all", "Devices 498")
    terminal.send(b"jjjjjj")
    terminal.until(lambda lines: "Northwind" in cursor_line(lines))
    terminal.send(b"D")
    terminal.shows("Delete customer", "With it go", "Working out who gains and loses what")
    terminal.send(b"\x11")
    assert terminal.end() == 0
    assert tcgetattr(terminal.slave)[3] & (ECHO | ICANON) == terminal.before[3] & (ECHO | ICANON)


def mouse(button: int, column: int, row: int, end: str = "M") -> bytes:
    """What a terminal sends of the mouse (SGR, counted from 1): 0 the left button, 32 more while it moves, 64 and 65
    the wheel; ``m`` when the button is let go."""
    return f"\x1b[<{button};{column};{row}{end}".encode()


def test_the_mouse_works_where_it_was_asked_for(start: Callable[..., Terminal]) -> None:
    terminal = start("demo", "--mouse")
    lines = terminal.shows("Harbor Monitoring", "h.devries", "46 in all", "Devices 498")
    assert b"\x1b[?1000h" in terminal.output
    row = next(number for number, line in enumerate(lines, start=1) if "Northwind" in line)
    terminal.send(mouse(0, 12, row) + mouse(0, 12, row, "m"))
    terminal.until(lambda lines: "Northwind" in cursor_line(lines))
    sign = terminal.lines[row - 1].index("▸") + 1
    terminal.send(mouse(0, sign, row) + mouse(0, sign, row, "m"))
    terminal.shows("Rotterdam", "Antwerp")
    terminal.send(mouse(0, sign, row) + mouse(0, sign, row, "m"))
    lines = terminal.until(lambda lines: not any("Antwerp" in line for line in lines))
    divider = lines[5].index("││") + 1
    terminal.send(mouse(0, divider, 8) + mouse(32, divider - 6, 8) + mouse(0, divider - 6, 8, "m"))
    terminal.until(lambda lines: lines[5][divider - 7 : divider - 5] == "││")
    terminal.send(mouse(0, 6, 2) + mouse(0, 6, 2, "m"))
    nav = terminal.lines[1].index("Devices") + 1
    terminal.send(mouse(0, nav, 2) + mouse(0, nav, 2, "m"))
    first = terminal.until(lambda lines: "Devices" in lines[3])[6]
    terminal.send(mouse(65, 10, 10) * 3)
    terminal.until(lambda lines: lines[6] != first)
    terminal.send(mouse(0, 10, 9) + mouse(0, 10, 9, "m") + mouse(0, 10, 9) + mouse(0, 10, 9, "m"))
    terminal.shows("Unit id", "Details", "Signals")
    terminal.send(b"\x11")
    assert terminal.end() == 0


def test_without_being_asked_the_terminal_sends_nothing_of_the_mouse(start: Callable[..., Terminal]) -> None:
    terminal = start("demo")
    terminal.shows("46 in all")
    terminal.send(b"\x11")
    assert terminal.end() == 0
    assert b"\x1b[?1000h" not in terminal.output
    assert b"\x1b[?1003h" not in terminal.output


def test_a_configuration_is_worn_and_its_faults_are_told(start: Callable[..., Terminal], tmp_path: Path) -> None:
    folder = tmp_path / "config/ringfence"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('mouse = true\ntheme = oops\n[keys]\nfilter = "f4"\n')
    terminal = start("demo", XDG_CONFIG_HOME=str(tmp_path / "config"))
    terminal.shows("config.toml line 2: theme: is no TOML")
    terminal.shows("46 in all", "F4 filter")
    assert b"\x1b[?1000h" in terminal.output
    terminal.send(b"\x1bOS" + b"pharma\r")
    terminal.shows("1 of 46", "Pharma vault")
    terminal.send(b"\x11")
    assert terminal.end() == 0
