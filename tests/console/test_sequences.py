"""What comes from the terminal byte by byte means what it means in one piece."""

from __future__ import annotations

import os
import textwrap
import time
from collections.abc import Iterator

import pytest
from console.test_driver import Terminal
from hypothesis import given
from hypothesis import strategies as st

from ringfence.console.driver import driver_class

pytestmark = pytest.mark.skipif(driver_class() is None, reason="another driver is used here")

ARROWS = {"\x1b[A": "up", "\x1b[B": "down", "\x1b[C": "right", "\x1b[D": "left", "\x1bOD": "left"}
OTHERS = {
    "\x1bOP": "f1",
    "\x1bOS": "f4",
    "\x1b[15~": "f5",
    "\x1b[24~": "f12",
    "\x1b[[B": "f2",
    "\x1b[5~": "pageup",
    "\x1b[H": "home",
    "\x1b[F": "end",
    "\x1b[3~": "delete",
    "\x1b[Z": "shift+tab",
    "\x1b[1;5D": "ctrl+left",
    "\x1b[1;2A": "shift+up",
}
KEYS = {**ARROWS, **OTHERS, "\x1b": "escape", "x": "x", "[": "left_square_bracket", "D": "D", "\r": "enter"}
UNKNOWN = ("\x1b[9z", "\x1b[?1;2D", "\x1b[>4d", "\x1b[5i", "\x1bOz")
"""Whole sequences that mean nothing here."""


def read(*chunks: str) -> list[str]:
    """The keys (a paste as its text) of what came in these chunks, after which nothing more came."""
    from textual import events

    from ringfence.console.posix_driver import _Keys
    from ringfence.console.sequences import Sequences

    sequences, keys = Sequences(), _Keys(debug=False)
    messages = [message for chunk in chunks for message in keys.read(sequences.feed(chunk))]
    messages += keys.read(sequences.expire())
    return [
        message.key if isinstance(message, events.Key) else message.text
        for message in messages
        if isinstance(message, events.Key | events.Paste)
    ]


def told(*chunks: str, waits: int = 1) -> list[object]:
    """What is made of these chunks, after which nothing came for so many times as long as an ESC is waited for."""
    from ringfence.console.sequences import Sequences

    sequences = Sequences()
    pieces: list[object] = [piece for chunk in chunks for piece in sequences.feed(chunk)]
    for _ in range(waits):
        pieces += sequences.expire()
    return [*pieces, *sequences.feed("q")]


WHITE = "\x1b]11;rgb:ffff/ffff/ffff"


@pytest.mark.parametrize("end", ["\x07", "\x1b\\", "\x9c"])
def test_what_the_terminal_says_of_its_background_is_no_key(end: str) -> None:
    from ringfence.console.sequences import Answer, Typed

    said = [Answer(WHITE[5:]), Typed("q")]
    assert told(WHITE + end) == told(*(WHITE + end)) == said
    assert told("a" + WHITE + end + "b") == [Typed("a"), said[0], Typed("b"), said[1]]
    assert told("\x1b]11;jq?\u2028" + end) == [Answer("jq?\u2028"), Typed("q")]


def test_an_answer_that_breaks_off_takes_no_keys_with_it_but_those_that_come_at_once() -> None:
    from ringfence.console.sequences import Sequence, Typed

    assert told(WHITE + "\x1b[B") == told(*(WHITE + "\x1b[B")) == [Sequence("\x1b[B"), Typed("q")]
    assert told(WHITE, waits=2) == [], "the rest may still come"
    assert told(WHITE, waits=20) == [Typed("q")]


def test_alt_and_a_bracket_are_keys() -> None:
    from ringfence.console.sequences import Escape, Typed

    assert told("\x1b]") == [Escape("\x1b]"), Typed("q")]
    assert told("\x1b]1") == told("\x1b]", "1") == [Escape("\x1b]"), Typed("1"), Typed("q")]
    assert told("\x1b]x") == [Escape("\x1b]"), Typed("x"), Typed("q")]


@pytest.mark.parametrize(
    ("answer", "light"),
    [
        ("rgb:ffff/ffff/ffff", True),
        ("rgb:f/f/f", True),
        ("rgba:fd/f6/e3/ff", True),
        ("#ffffff", True),
        ("rgb:0000/2b2b/3636", False),
        ("rgb:8080/8080/8080", True),
        ("rgb:7000/7000/7000", False),
        ("rgb:ffff/ffff", None),
        ("rgb:fffff/ffff/ffff", None),
        ("white", None),
        ("?", None),
        ("", None),
    ],
)
def test_a_background_is_light_where_black_can_be_read_on_it(answer: str, light: bool | None) -> None:
    from ringfence.console.background import light_of

    assert light_of(answer) is light


@pytest.mark.parametrize("sequence", KEYS)
def test_a_key_is_the_same_in_one_piece_and_byte_by_byte(sequence: str) -> None:
    assert read(sequence) == read(*sequence) == [KEYS[sequence]]
    assert read("a" + sequence) == read("a", *sequence) == ["a", KEYS[sequence]]


@pytest.mark.parametrize("sequence", UNKNOWN)
def test_an_unknown_sequence_is_dropped_whole(sequence: str) -> None:
    assert read(sequence, "j") == read(*sequence, "j") == ["j"]


@pytest.mark.parametrize("begun", ["\x1b[", "\x1b[1", "\x1b[1;5", "\x1bO", "\x1b[?2026;2"])
def test_what_begins_as_a_sequence_never_becomes_letters(begun: str) -> None:
    """However long its end is awaited; where it breaks off, what follows is read for itself."""
    from ringfence.console.sequences import Sequences

    sequences = Sequences()
    assert list(sequences.feed(begun)) == []
    assert not sequences.undecided, "nobody waits for it for a while only"
    assert list(sequences.expire()) == []
    assert read(begun, "\x1b[A") == ["up"]
    assert read(begun, "\r") == ["enter"]


@given(st.lists(st.sampled_from([*sorted(KEYS.keys() - {"\x1b", "[", "\x1b[[B"}), *UNKNOWN]), max_size=8), st.data())
def test_any_keys_in_any_chunks(pressed: list[str], data: st.DataObject) -> None:
    text = "".join(pressed)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    chunks = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert read(*chunks) == [KEYS[one] for one in pressed if one in KEYS]


@given(st.text(st.sampled_from("ab \n\t\x00\x07\x1b[~O\u202e"), max_size=20), st.integers(0, 40))
def test_a_paste_comes_in_one_piece_and_in_its_place(text: str, cut: int) -> None:
    sent = f"x\x1b[200~{text}\x1b[201~y"
    assert read(sent[:cut], sent[cut:]) == ["x", text, "y"]


def test_an_escape_that_waits_is_one_after_as_long_as_elsewhere() -> None:
    from textual import constants

    from ringfence.console.posix_driver import ESCAPE_SECONDS

    assert constants.ESCAPE_DELAY == ESCAPE_SECONDS == 0.1


PROGRAM = textwrap.dedent("""
    from textual.app import App
    from textual.widgets import Static
    from ringfence.console.driver import driver_class

    class Program(App):
        pressed = ()
        def compose(self):
            yield Static("ready")
        def on_key(self, event):
            self.pressed = (*self.pressed, event.key)[-4:]
            self.query_one(Static).update(" ".join(("pressed", *self.pressed, "|")))

    Program(driver_class=driver_class()).run(mouse=False)
""")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal(PROGRAM)
    yield terminal
    terminal.close()
    terminal.process.kill()
    terminal.process.wait()


def test_on_a_slow_line_an_arrow_is_an_arrow(terminal: Terminal) -> None:
    """After ``ESC [`` the rest may take its time: no letter of it opens anything."""
    assert terminal.shows("ready")
    for sequence, key in {**ARROWS, "\x1b[15~": "f5", "\x1bOP": "f1"}.items():
        terminal.send(b"x" + sequence[:2].encode())
        for byte in sequence[2:]:
            time.sleep(0.15)
            os.write(terminal.master, byte.encode())
        assert terminal.shows(f"x {key} |"), terminal.screen.display[0]
    terminal.send(b"x\x1b")
    assert terminal.shows("x escape |")
