"""What makes text from data safe to draw, in the console and by the command line.

A terminal obeys escape sequences and bidirectional controls wherever they come from, so data is never handed to it as
it is: what is drawn passes `literal` (or `fit`, which calls it). What cannot be drawn is shown by name. Nothing is
dropped but what makes an emoji of several characters, whose width terminals disagree on: the first of them is drawn.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from rich.cells import cell_len, set_cell_size

Align = Literal["left", "right", "center"]

ELLIPSIS = "…"

_BIDI = {
    0x061C: "ALM",
    0x200E: "LRM",
    0x200F: "RLM",
    0x202A: "LRE",
    0x202B: "RLE",
    0x202C: "PDF",
    0x202D: "LRO",
    0x202E: "RLO",
    0x2066: "LRI",
    0x2067: "RLI",
    0x2068: "FSI",
    0x2069: "PDI",
}
"""Unicode's own abbreviations of the bidirectional controls (UAX #9, table 4)."""

_EMOJI = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f"
_EMOJI += "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff"

_FLAG = "\U0001f1e6-\U0001f1ff"
"""The letters that flags are made of, two each: of one alone terminals disagree on the width."""
_FIRST_OF_FLAG = 0x1F1E6
_LETTERS = "".join(map(chr, range(_FIRST_OF_FLAG, _FIRST_OF_FLAG + 26)))

_JOINING = frozenset("\u200d\u20e3\ufe0e\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
_JOINING |= frozenset(_LETTERS)
"""One of these stands in each emoji of several characters."""


@cache
def _sequences() -> re.Pattern[str]:
    """Terminals draw these as one, or as several, in as many cells: with one of them only, all agree."""
    # An emoji with a presentation, a colour of skin, or others joined to it; the key of a keypad.
    # A flag is two letters, and one that is left over is just that.
    joined = rf"[{_EMOJI}](?:[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]|\u200d[{_EMOJI}])+|[0-9#*]\ufe0f?\u20e3"
    return re.compile(rf"{joined}|[{_FLAG}]{{2}}|[{_FLAG}]")


def _first(match: re.Match[str]) -> str:
    found = match[0]
    letter = ord(found[0]) - _FIRST_OF_FLAG
    if not 0 <= letter < 26:
        return found[0]
    return chr(ord("A") + letter) if len(found) == 1 else found[:2]


_UNSAFE = re.compile(
    # C0, DEL, C1
    r"[\x00-\x1f\x7f-\x9f"
    # Format characters (Cf): soft hyphen, Arabic signs, zero width, bidirectional, invisible operators, tags …
    r"\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"
    # Line and paragraph separators, lone surrogates, noncharacters of the first plane
    r"\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    # Invisible though their category says letter or mark: joiners, fillers, selectors
    r"\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\uffa0\ufe00-\ufe0f"
    # A colour of skin without an emoji
    r"\U0001f3fb-\U0001f3ff]"
)


def _show(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code < 0xA0:
        return f"⟨{code:02X}⟩"
    return f"⟨{_BIDI.get(code) or f'U+{code:04X}'}⟩"


def literal(text: str) -> str:
    """`text` as one line that a terminal draws and never obeys.

    Control characters become control pictures (ESC is ␛, a line break ␊), C1 controls ⟨9B⟩, bidirectional controls
    their abbreviation ⟨RLO⟩, and what would be invisible its number ⟨U+200B⟩; of an emoji of several characters the
    first is left, of half a flag its letter. Markup stays as it is: give the result to Textual as `Content` or as a
    segment, never as a string.
    """
    if text.isascii() and text.isprintable():
        return text
    if not _JOINING.isdisjoint(text):
        text = _sequences().sub(_first, text)
    text = _UNSAFE.sub(_show, text)
    if text and cell_len(text[0]) == 0:
        return "◌" + text  # a combining mark at the very start would sit on whatever was drawn before it
    return text


def width_of(text: str) -> int:
    """How many terminal cells `literal(text)` takes."""
    text = literal(text)
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int, *, align: Align = "left") -> str:
    """`literal(text)` in exactly `width` cells: padded, or cut with an ellipsis.

    A wide character or a flag that would be cut in half is replaced by a space.
    """
    if width <= 0:
        return ""
    longer = len(text) > 4 * width + 64
    if longer:  # a megabyte in a column of ten cells costs no more than what may be seen of it
        text = text[: 4 * width + 64]
    text = literal(text)
    used = len(text) if text.isascii() else cell_len(text)
    if longer or used > width:
        text = _cut(text, width)
    elif used < width:
        gap = width - used
        if align == "left":
            return text + " " * gap
        left = gap if align == "right" else gap // 2
        return " " * left + text + " " * (gap - left)
    return text


def _cut(text: str, width: int) -> str:
    kept = text[: width - 1] if text.isascii() else set_cell_size(text, width - 1)
    if kept and kept[-1] in _LETTERS:
        letters = len(kept) - len(kept.rstrip(_LETTERS))
        kept = kept[: len(kept) - letters % 2]
    return kept + " " * (width - 1 - cell_len(kept)) + ELLIPSIS


def number(n: int) -> str:
    """`n` with thousands separators: 1,204."""
    return f"{n:,}"


def many(count: int, noun: str) -> str:
    """How many of something, as people say it."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"
