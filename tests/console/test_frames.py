"""What is sent of a frame: little, and never so little that the terminal shows another."""

from __future__ import annotations

import pyte
import pyte.screens
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from ringfence.console.depth import Depth
from ringfence.console.frames import Frames

WIDTH, HEIGHT = 24, 3
STYLES = [
    Style.parse(text)
    for text in (
        *("none", "bold", "dim", "bold dim", "italic #ff0000", "underline", "reverse", "strike on #102030"),
        *("#c0c0c0 on #102030", "bold #c0c0c0 on #102030", "dim red on blue", "underline #c0c0c0 on #102030"),
    )
]
TEXTS = st.text(st.sampled_from("ab   xy│─▌é日語서カ📷🔒"), min_size=1, max_size=9)
LINES = st.lists(st.tuples(TEXTS, st.sampled_from(STYLES)), min_size=1, max_size=6)
FRAMES = st.lists(st.lists(LINES, min_size=HEIGHT, max_size=HEIGHT), min_size=1, max_size=4)
TRUE = Depth.TRUE


def strip(*pieces: tuple[str, Style]) -> Strip:
    """A line of these pieces, as wide as the screen."""
    return Strip([Segment(*piece) for piece in pieces]).adjust_cell_length(WIDTH, Style.null())


def whole(lines: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[line] for line in lines], Region(0, 0, WIDTH, len(lines)))


def terminal(lines: int = HEIGHT) -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(WIDTH, lines)
    screen.reset_mode(7, private=True)  # as the driver has it: lines do not wrap
    return screen, pyte.Stream(screen)


def seen(screen: pyte.Screen) -> list[list[object]]:
    """Every cell, of a blank what shows on it."""

    def look(cell: pyte.screens.Char) -> object:
        shows = cell.data != " " or cell.reverse or cell.underscore or cell.strikethrough
        return cell if shows else cell._replace(fg="", bold=False, italics=False)

    return [[look(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


def drawn(lines: list[Strip]) -> list[list[object]]:
    """What a terminal shows that was sent all of these lines, as Textual would have sent them."""
    screen, stream = terminal(len(lines))
    said = whole(lines).render_segments(Console(color_system="truecolor", force_terminal=True))
    stream.feed(said.replace("\n", "\r\n"))
    return seen(screen)


@given(FRAMES)
def test_what_is_shown_is_what_was_drawn(frames: list[list[list[tuple[str, Style]]]]) -> None:
    screen, stream = terminal()
    shown = Frames()
    for pieces in frames:
        lines = [strip(*line) for line in pieces]
        stream.feed(shown.draw(whole(lines), (2, 1), TRUE))
        assert seen(screen) == drawn([strip(*line) for line in pieces])
        assert (screen.cursor.x, screen.cursor.y) == (2, 1)
        assert not shown.draw(whole(lines), (2, 1), TRUE)


@given(LINES, LINES, st.integers(0, WIDTH - 1), st.integers(1, WIDTH), st.booleans())
def test_a_part_is_drawn_into_what_stands(
    before: list[tuple[str, Style]], after: list[tuple[str, Style]], cut: int, last: int, second: bool
) -> None:
    """Both halves of a line may be drawn anew, or what lies before a column alone."""
    first, line = strip(*before), strip(*after)
    cuts = sorted({0, cut, WIDTH})
    pieces = dict(zip(cuts[:-1], line.divide(cuts[1:]), strict=True))
    begin = 0 if not second or not cut else cut
    update = ChopsUpdate([pieces], [(0, begin, max(begin + 1, last))], [cuts[1:]])
    screen, stream = terminal(1)
    shown = Frames()
    stream.feed(shown.draw(whole([first]), (0, 0), TRUE))
    stream.feed(shown.draw(update, (0, 0), TRUE))
    expected, other = terminal(1)
    console = Console(color_system="truecolor", force_terminal=True)
    other.feed(whole([strip(*before)]).render_segments(console))
    part = max(begin + 1, last)
    if "".join(text for text, _ in before + after).isascii():  # a wide character that is halved is anybody's guess
        end = cuts[1] if part <= cuts[1] else WIDTH
        end = min(end, part)
        other.feed(f"\x1b[1;{begin + 1}H" + line.crop(begin, end).render(console))
        assert seen(screen) == seen(expected)


def test_only_what_differs_is_sent() -> None:
    one, other = Style.parse("#c0c0c0 on #102030"), Style.parse("bold #c0c0c0 on #102030")
    shown = Frames()
    shown.draw(whole([strip(("name   ", one), ("kind", one))]), (0, 0), TRUE)
    assert shown.draw(whole([strip(("name   ", one), ("kint", one))]), (0, 0), TRUE) == (
        "\x1b[1;11H\x1b[48;2;16;32;48mt\x1b[1H"
    )
    assert shown.draw(whole([strip(("name   ", one), ("kin", one), ("t", other))]), (0, 0), TRUE) == (
        "\x1b[1;11H\x1b[1mt\x1b[1H"
    )
    assert shown.draw(whole([strip(("name   ", other), ("kin", one), ("t", other))]), (0, 0), TRUE) == "name   \x1b[1H"


def test_what_is_forgotten_is_sent_again() -> None:
    lines = [strip(("name", STYLES[1]))]
    shown = Frames()
    said = shown.draw(whole(lines), (0, 0), TRUE)
    shown.forget()
    assert shown.draw(whole(lines), (0, 0), TRUE) == said
    assert shown.draw(whole([*lines, *lines]), (0, 0), TRUE).count("name") == 2, "another size"


def test_a_link_ends_where_it_is_drawn() -> None:
    style = Style(link="https://example.org/")
    said = Frames().draw(whole([strip(("go ", style), ("on", Style()))]), (0, 0), TRUE)
    assert "https://example.org/\x1b\\go \x1b]8;;\x1b\\on" in said
    assert Frames().draw(whole([strip(("x" * WIDTH, style))]), (0, 0), TRUE).endswith("\x1b]8;;\x1b\\\x1b[1H")


@pytest.mark.parametrize("cells", [1, 2])
def test_widths_that_terminals_disagree_on_move_nothing(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    width = pyte.screens.wcwidth
    monkeypatch.setattr(pyte.screens, "wcwidth", lambda one: cells if one in "\u2764\u2600" else width(one))
    screen, stream = terminal(1)
    shown = Frames()
    stream.feed(shown.draw(whole([strip(("w" * WIDTH, STYLES[0]))]), (0, 0), TRUE))
    for text in ("a\u2764\ufe0fb\u2600c", "d\u2764\ufe0fb\u2600c", "d\u2764\ufe0fe\u2600f"):
        stream.feed(shown.draw(whole([strip((text, STYLES[0]))]), (0, 0), TRUE))
        assert screen.buffer[0][0].data == text[0]
        assert screen.buffer[0][1].data[0] == "\u2764"
        assert screen.buffer[0][2].data.strip() == ""
        assert [screen.buffer[0][x].data for x in (3, 5)] == [text[3], text[5]]
        assert "w" not in screen.display[0]
