"""The terminal is asked for its background, and whatever it answers, and when: nothing of it is typed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.terminal import Terminal

QUESTION = b"\x1b]11;?\x07"
WHITE, BLACK = b"\x1b]11;rgb:ffff/ffff/ffff", b"\x1b]11;rgb:1c1c/1c1c/1c1c"
BROKEN = b"\x1b]11;2222"
LIGHT, DARK = "48;5;254", "48;5;235"
"""The bars of the two themes, in 256 colours."""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts the demo on a terminal of 256 colours with this environment; ended at the end."""
    started: list[Terminal] = []

    def begin(*arguments: str, **more: Any) -> Terminal:
        folders = {name: str(tmp_path) for name in ("TMPDIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME")}
        terminal = Terminal(["demo", *arguments], **{**folders, "COLORFGBG": "", **more})
        started.append(terminal)
        return terminal

    yield begin
    for terminal in started:
        terminal.close()


def asked(terminal: Terminal) -> bool:
    """Reads until the terminal is asked, or the first data are there; whether it was asked."""
    while QUESTION not in terminal.output and not any("46 in all" in line for line in terminal.lines):
        terminal.read(5)
    return QUESTION in terminal.output


TRIES = 3
"""An answer counts for 50 ms: a busy machine may let it come later than that, and gets another try."""


def worn(terminal: Terminal) -> str:
    """Waits until everything is drawn, and which theme's bars were drawn last."""
    terminal.shows("46 in all", "Devices 498")
    return last_worn(terminal)


def last_worn(terminal: Terminal) -> str:
    """The same on any screen."""
    while terminal.read(0.4):
        pass
    found = re.findall("|".join((LIGHT, DARK)).encode(), terminal.output)
    return bytes(found[-1]).decode()


@pytest.mark.parametrize(
    ("pieces", "theme"),
    [
        ([WHITE + b"\x07"], LIGHT),
        ([WHITE + b"\x1b\\"], LIGHT),
        ([b"\x1b]11;rgb:ff/ff/ff\x1b\\"], LIGHT),
        ([b"\x1b]11;rgba:ffff/ffff/ffff/ffff\x07"], LIGHT),
        ([b"\x1b]11;#f7f9fa\x07"], LIGHT),
        ([b"\x1b]", b"11;rgb:ff", b"ff/ffff/", b"ffff\x1b", b"\\"], LIGHT),
        ([BLACK + b"\x07"], DARK),
        ([b"\x1b]11;rgb:zz/qq/q\x07"], DARK),
        ([b"\x1b]11;jjjq2?\x1b\\"], DARK),
        ([BROKEN], DARK),
        ([], DARK),
    ],
)
@pytest.mark.once(3)
def test_it_answers(pieces: list[bytes], theme: str, start: Callable[..., Terminal]) -> None:
    for _ in range(TRIES):
        terminal = start()
        assert asked(terminal)
        for piece in pieces:
            terminal.send(piece)
            time.sleep(0.002)
        found = worn(terminal)
        if found == theme or theme == DARK:
            break
    assert found == theme
    if pieces == [BROKEN]:
        time.sleep(1.2)  # so long its end is waited for
    terminal.send(b"jj")  # keys work as ever, and nothing else has been typed
    terminal.until(lambda lines: "Crèmerie" in next(line for line in lines if line.startswith("│▌")))
    assert "1 Customers" in terminal.lines[1]
    terminal.send(b"\x11")
    assert terminal.end() == 0
    assert b"\x1b[?1049l" in terminal.output


def test_keys_typed_around_the_answer_are_all_there(start: Callable[..., Terminal]) -> None:
    for _ in range(TRIES):
        terminal = start()
        assert asked(terminal)
        terminal.send(b"2/y" + WHITE + b"\x1b\\" + b"ard")
        terminal.shows("Devices", "/yard", "yard")
        assert "2 Devices" in terminal.lines[1]
        while terminal.read(0.4):
            pass
        if LIGHT.encode() in terminal.output:
            break
    assert LIGHT.encode() in terminal.output


def test_what_comes_late_changes_nothing_and_types_nothing(start: Callable[..., Terminal]) -> None:
    terminal = start()
    assert asked(terminal)
    assert worn(terminal) == DARK
    terminal.send(WHITE + b"\x07")
    terminal.send(b"j")
    terminal.until(lambda lines: "Brandsma" in next(line for line in lines if line.startswith("│▌")))
    assert last_worn(terminal) == DARK


def test_the_first_paint_does_not_wait(start: Callable[..., Terminal]) -> None:
    terminal = start()
    assert asked(terminal)
    terminal.shows("ringfence", "Customers")
    assert DARK.encode() in terminal.output
    assert terminal.output.index(QUESTION) < terminal.output.index(DARK.encode())


@pytest.mark.parametrize(
    ("arguments", "environment", "config", "theme"),
    [
        (["--theme", "ringfence"], {}, "", DARK),
        ([], {"RINGFENCE_THEME": "ringfence"}, "", DARK),
        ([], {}, 'theme = "ringfence"', DARK),
        ([], {}, '[themes]\n"xterm-*" = "ringfence"', DARK),
        (["--theme", "daylight"], {}, "", LIGHT),
        ([], {"COLORFGBG": "0;15", "RINGFENCE_THEME": "ringfence"}, "", DARK),
    ],
)
@pytest.mark.once(2)
def test_whoever_has_set_a_theme_is_not_asked(
    arguments: list[str],
    environment: dict[str, str],
    config: str,
    theme: str,
    start: Callable[..., Terminal],
    tmp_path: Path,
) -> None:
    (tmp_path / "ringfence").mkdir()
    (tmp_path / "ringfence" / "config.toml").write_text(config)
    terminal = start(*arguments, **environment)
    assert not asked(terminal)
    assert worn(terminal) == theme


@pytest.mark.parametrize(
    ("hint", "answer", "theme"),
    [
        ("0;15", b"", LIGHT),
        ("0;default;15", b"", LIGHT),
        ("15;0", b"", DARK),
        ("nonsense", b"", DARK),
        ("0;15", BLACK + b"\x07", DARK),
        ("15;0", WHITE + b"\x07", LIGHT),
    ],
)
@pytest.mark.once(2)
def test_the_environment_hints_where_the_terminal_says_nothing(
    hint: str, answer: bytes, theme: str, start: Callable[..., Terminal]
) -> None:
    terminal = start(COLORFGBG=hint)
    assert asked(terminal)
    terminal.send(answer)
    assert worn(terminal) == theme


def test_the_linux_console_is_not_asked_for_it_would_draw_the_question(start: Callable[..., Terminal]) -> None:
    terminal = start(TERM="linux")
    assert not asked(terminal)


@pytest.mark.parametrize(
    ("environment", "sent"),
    [
        ({}, r"[34]8;5;\d+"),
        ({"TERM": "linux"}, r"(?:[34]|9|10)[0-79]"),
        ({"NO_COLOR": "1"}, r"[34]9"),
        ({"COLORTERM": "truecolor"}, r"[34]8;2;\d+;\d+;\d+"),
        ({"COLORTERM": "truecolor", "RINGFENCE_COLORS": "256"}, r"[34]8;5;\d+"),
    ],
)
@pytest.mark.once(2)
def test_no_colours_are_sent_but_those_that_there_are(
    environment: dict[str, str], sent: str, start: Callable[..., Terminal]
) -> None:
    """Over screens, a form, dialogs and the filter: nothing else than the attributes and the colours of the depth."""
    terminal = start(**environment)
    terminal.shows("46 in all", "Devices 498")
    for keys in (
        b"2",
        b"v",
        b"jj",
        b"\x1b",
        b"/cam\x1b[1;2D",
        b"\r",
        b"e",
        b"x",
        b"\x1b",
        b"l",
        b"4",
        b"]",
        b"?",
        b"\x1b",
    ):
        terminal.send(keys)
        while terminal.read(0.2):
            pass
    every = b";".join(re.findall(rb"\x1b\[([0-9;]*)m", terminal.output)).decode()
    attributes = r"[0-9]|2[1-9]|5[345]|[34]9|"
    assert re.fullmatch(rf"(?:(?:{attributes}|{sent})(?:;|\Z))*", every)
    assert (len(set(re.findall(sent, every))) > 2) == ("NO_COLOR" not in environment)
