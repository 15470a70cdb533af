"""What the terminal shows, and the fewest bytes that make the next frame of it.

Textual draws all that may have changed, each piece in its whole style. What is kept here is every cell as the terminal
has it, so that only cells that differ are sent, neighbours of one style as one run, and of a style only what differs
from the one that the terminal is in. What is then shown is what the whole frame would have shown, with one freedom: a
blank is sent in whatever colour, weight and slant of text the terminal is in, none of which is seen on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from operator import is_not, ne, or_
from typing import Final, TypeAlias

from rich.cells import split_graphemes
from rich.color import Color, ColorSystem, ColorType
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.strip import Strip

from ringfence.console.depth import Depth

Update: TypeAlias = LayoutUpdate | ChopsUpdate
"""What Textual's compositor draws: the whole screen, or parts of it."""

# Rich's bits of a style's attributes: what sets each of them, and what ends it.
_BEGIN: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53")
_END: Final = ("22", "22", "23", "24", "25", "25", "27", "28", "29", "24", "54", "54", "55")
_UNSEEN: Final = 0b111
"""Bold, dim and italic: attributes that a blank does not show."""

_NEXT: Final = re.compile(rb"\x01+")
_NEAR: Final = re.compile(rb"\x01+(?:\x00{1,4}\x01+)*")
"""Runs of cells that differ. Up to four between two that do not are sent again: moving takes as many bytes."""

_LOOKS: Final = 4096
"""Styles of which it is kept how the terminal is told of them."""

_NARROW: Final = frozenset(
    chr(code)
    for first, last in (
        (0x20, 0x7E),
        (0xA0, 0xAC),
        (0xAE, 0x2FF),
        (0x370, 0x482),
        (0x2010, 0x2027),
        (0x2030, 0x203B),
        (0x2190, 0x2193),
        (0x2500, 0x25A9),
        (0x25AC, 0x25B5),
        (0x25B7, 0x25BF),
        (0x25C1, 0x25FA),
        (0x2800, 0x28FF),
    )
    for code in range(first, last + 1)
) | {"✓", "✗"}
_WIDE: Final = ((0x3041, 0x3096), (0x30A1, 0x30FA), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3))


@lru_cache(maxsize=4096)
def _is_agreed(cell: str) -> bool:
    """Whether no two terminals disagree on the width of what a cell holds: that is so of Latin, Greek, Cyrillic, lines
    and blocks, kana, Han and hangul, each by itself."""
    if len(cell) != 1:
        return not cell
    return cell in _NARROW or any(first <= ord(cell) <= last for first, last in _WIDE)


def _all_agreed(cells: Iterable[str]) -> bool:
    return all(map(_is_agreed, cells))


class Look:
    """How a cell is drawn, as the terminal is told of it. There is one object for each look there is."""

    __slots__ = ("attributes", "blank", "color", "ground", "link", "seen")

    def __init__(self, attributes: int, color: str, ground: str, link: str) -> None:
        self.attributes = attributes
        self.color = color
        self.ground = ground
        self.link = link
        self.seen = bool(attributes & ~_UNSEEN or link)
        """Whether a blank shows more of it than its background."""
        self.blank: Look = self
        """The look that blanks are kept in: that of all looks with this background, where no more shows."""


@lru_cache(maxsize=4096)
def _look(attributes: int, color: str, ground: str, link: str) -> Look:
    look = Look(attributes, color, ground, link)
    if not look.seen and (attributes or color != "39"):
        look.blank = _look(0, "39", ground, "")
    return look


_PLAIN: Final = _look(0, "39", "49", "")
_UNKNOWN: Final = Look(0, "", "", "")


def _look_of(style: Style, depth: Depth) -> Look:
    link = f"id={style._link_id};{style._link}" if style._link else ""
    attributes = style._attributes & style._set_attributes
    return _look(attributes, _codes(style.color, depth, True), _codes(style.bgcolor, depth, False), link)


def _codes(color: Color | None, depth: Depth, foreground: bool) -> str:
    if color is None or depth is Depth.NONE:
        return "39" if foreground else "49"
    if depth is Depth.INDEXED and color.triplet is not None and color.type is ColorType.TRUECOLOR:
        from ringfence.console.xterm import number_of

        color = Color.from_ansi(number_of(color.triplet))
    if depth is Depth.NAMED:
        color = color.downgrade(ColorSystem.STANDARD)
    return ";".join(color.get_ansi_codes(foreground))


@lru_cache(maxsize=4096)
def _blank_in(pen: Look, ground: str) -> Look:
    """A look for blanks on a background, as near as may be to the one that the terminal is in."""
    return _look(pen.attributes & _UNSEEN, pen.color, ground, "")


@lru_cache(maxsize=4096)
def _change(pen: Look, wanted: Look) -> str:
    """What makes one look another."""
    over = pen.attributes & ~wanted.attributes
    ended = {_END[bit] for bit in _bits(over)}
    begun = [
        _BEGIN[bit] for bit in _bits(wanted.attributes) if _END[bit] in ended or not pen.attributes >> bit & 1
    ]  # what ends bold ends dim as well
    codes = [*sorted(ended), *begun]
    anew = ["0", *(_BEGIN[bit] for bit in _bits(wanted.attributes))]
    for code, default, known in ((wanted.color, "39", pen.color), (wanted.ground, "49", pen.ground)):
        if code != known:
            codes.append(code)
        if code != default:
            anew.append(code)
    said = min(";".join(codes), ";".join(anew), key=len) if codes else ""
    link = f"\x1b]8;{wanted.link or ';'}\x1b\\" if wanted.link != pen.link else ""
    return link + (f"\x1b[{said}m" if said else "")


def _bits(attributes: int) -> Iterator[int]:
    return (bit for bit in range(attributes.bit_length()) if attributes >> bit & 1)


class _Row:
    """A line of the screen as the terminal has it."""

    __slots__ = ("cells", "disputed", "known", "looks", "strips")

    def __init__(self, width: int) -> None:
        self.cells: list[str] = ["\0"] * width
        """What stands in each cell: "" behind a wide character, a null where it is not known."""
        self.looks: list[Look] = [_UNKNOWN] * width
        self.strips: dict[int, Strip] = {}
        """The strips that the cells come from, by where they begin."""
        self.known = False
        """Whether it is known of every cell what stands in it."""
        self.disputed = False
        """Whether there are characters in it whose width terminals disagree on."""

    def drop(self, first: int, last: int) -> None:
        """Forgets which strips the cells from a column to before another come from."""
        self.strips = {x: strip for x, strip in self.strips.items() if x >= last or x + strip.cell_length <= first}


class Frames:
    """The screen of one terminal."""

    def __init__(self) -> None:
        """Knows nothing of what the terminal shows yet."""
        self._size = (0, 0)
        self._lost = True
        self._depth = Depth.TRUE
        self._looks: dict[int, tuple[Style, Look]] = {}
        self._rows: list[_Row] = []
        self._pen = _UNKNOWN
        self._at: tuple[int, int] | None = None
        self._out: list[str] = []

    def forget(self) -> None:
        """Knows nothing any more: what is drawn next is sent, whatever was drawn before. A signal may call this at any
        moment, even while something is drawn."""
        self._lost = True

    def _begin(self, width: int, height: int, depth: Depth) -> None:
        self._lost, self._depth = False, depth
        self._looks.clear()
        self._size = (width, height)
        self._rows = [_Row(width) for _ in range(height)]
        self._pen, self._at = _UNKNOWN, None

    def draw(self, update: Update, cursor: tuple[int, int], depth: Depth) -> str:
        """What is to be written so that the terminal shows an update, with its cursor at a column and line; empty when
        it does already."""
        if isinstance(update, LayoutUpdate):
            (width, height), pieces = update.region.size, _whole(update)
        else:
            (width, height), pieces = (update.chop_ends[0][-1], len(update.chops)), _parts(update)
        if self._lost or (width, height) != self._size or depth is not self._depth:
            self._begin(width, height, depth)
        rows = self._rows
        changed: dict[int, tuple[list[str], list[Look], bool]] = {}
        for y, x, strip in pieces:
            row = rows[y]
            before = row.strips.get(x)
            if before is strip:
                continue
            cells, looks, agreed = self._cells(strip)
            end = x + len(cells)
            if before is None or before.cell_length != strip.cell_length:
                row.drop(x, end)
            row.strips[x] = strip
            if y not in changed:
                changed[y] = (row.cells.copy(), row.looks.copy(), agreed)
            elif not agreed:
                changed[y] = (*changed[y][:2], False)
            changed[y][0][x:end] = cells
            changed[y][1][x:end] = looks
        for y in sorted(changed):
            self._draw_row(y, *changed[y])
        if self._pen.link:
            self._take(_PLAIN, blank=False)
        self._move(cursor[1], cursor[0])
        said = "".join(self._out)
        self._out.clear()
        return said

    def _cells(self, strip: Strip) -> tuple[list[str], list[Look], bool]:
        """The cells of a strip, their looks, and whether every terminal makes as many cells of them."""
        cells: list[str] = []
        looks: list[Look] = []
        agreed = True
        for text, style, _ in strip:
            if style is None:
                look = _PLAIN
            else:
                known = self._looks.get(id(style))
                look = known[1] if known is not None else self._learn(style)
            if text.isascii() or _NARROW.issuperset(text):
                if text.isspace():
                    look = look.blank
                cells += text
                looks += [look] * len(text)
                continue
            agreed = agreed and _all_agreed(text)
            for first, last, width in split_graphemes(text)[0]:
                if width:
                    cells.append(text[first:last])
                    cells.extend([""] * (width - 1))
                    looks.extend([look] * width)
                elif cells:  # it belongs to what stands before it
                    lead = next(x for x in range(len(cells) - 1, -1, -1) if cells[x])
                    cells[lead] += text[first:last]
        if (missing := strip.cell_length - len(cells)) != 0:  # parts of one character in different styles
            cells += [" "] * missing
            looks += [_PLAIN] * missing
            del cells[strip.cell_length :], looks[strip.cell_length :]
        return cells, looks, agreed

    def _learn(self, style: Style) -> Look:
        """Keeps the look of a style by the style's identity, which is found more quickly than its value; and the style
        with it, so that no other one takes its identity."""
        if len(self._looks) >= _LOOKS:
            self._looks.clear()
        look = _look_of(style, self._depth)
        self._looks[id(style)] = (style, look)
        return look

    def _draw_row(self, y: int, cells: list[str], looks: list[Look], agreed: bool) -> None:
        row = self._rows[y]
        were, had = row.cells, row.looks
        if looks == had:
            if cells == were:
                return
            differ = bytes(map(ne, cells, were))
        else:
            differ = bytes(map(or_, map(ne, cells, were), map(is_not, looks, had)))
        disputed = row.disputed or not agreed
        row.cells, row.looks = cells, looks
        row.disputed = disputed and not _all_agreed(cells)
        row.known = row.known or _UNKNOWN not in looks
        if disputed:
            # Where the terminal thinks otherwise of a width, it has moved whatever stands behind: all of that is sent.
            first = differ.index(1)
            differ = bytes(x >= first and look is not _UNKNOWN for x, look in enumerate(looks))
        for span in (_NEAR if row.known else _NEXT).finditer(differ):
            self._draw_run(y, *span.span(), disputed)

    def _draw_run(self, y: int, start: int, end: int, disputed: bool) -> None:
        """Sends the cells of a line from a column to before another."""
        row = self._rows[y]
        cells, looks, width = row.cells, row.looks, len(row.cells)
        while start > 0 and not cells[start]:
            start -= 1
        while end < width and not cells[end]:
            end += 1
        self._move(y, start)
        x = start
        for look, same in groupby(looks[start:end]):
            first, x = x, x + len(list(same))
            text = "".join(cells[first:x])
            if look is not self._pen:
                self._take(look, blank=text.isspace())
            if disputed and not _all_agreed(text):
                self._draw_disputed(y, first, x)
            else:
                self._out.append(text)
                self._at = (y, x) if x < width else None  # terminals differ on where the cursor is behind the last

    def _draw_disputed(self, y: int, first: int, last: int) -> None:
        """Sends cells one by one, each at its own place, and blanks where one may not be filled."""
        cells = self._rows[y].cells
        x = first
        while x < last:
            end = x + 1
            while end < last and not cells[end]:
                end += 1
            self._move(y, x)
            if not _is_agreed(cells[x]):
                self._out.append(" " * (end - x))
                self._at = None
                self._move(y, x)
            self._out.append(cells[x])
            self._at = (y, end) if _is_agreed(cells[x]) and end < len(cells) else None
            x = end

    def _take(self, look: Look, *, blank: bool) -> None:
        """Brings the terminal into the look of a text; that of a blank is the nearest that has its background."""
        pen = self._pen
        if pen is _UNKNOWN:
            self._out.append("\x1b[0m")
            pen = _PLAIN
        if blank and not look.seen:
            look = _blank_in(pen, look.ground)
        if look is not pen:
            self._out.append(_change(pen, look))
        self._pen = look

    def _move(self, y: int, x: int) -> None:
        at = self._at
        if at == (y, x):
            return
        if at is not None and at[0] == y and 0 < (ahead := x - at[1]) < 10:
            self._out.append("\x1b[C" if ahead == 1 else f"\x1b[{ahead}C")
        else:
            self._out.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")
        self._at = (y, x)


def _whole(update: LayoutUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Where each strip of a whole frame begins: its line, its column, and the strip."""
    for y, line in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in line:
            yield y, x, strip
            x += strip.cell_length


def _parts(update: ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """The same of a part of the screen: what `ChopsUpdate.render_segments` would draw."""
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x >= last or end <= first:
                continue
            yield y, x, strip if end <= last and x >= first else strip.crop(0, min(end, last) - x)
