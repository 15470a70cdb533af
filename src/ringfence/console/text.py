"""What the console draws text with.

Everything passes `literal` (or `fit`, `content`, which call it): a terminal obeys escape sequences wherever they come
from, and Textual reads markup in plain strings, so data is never handed to either as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from textual.content import Content

from ringfence.text import ELLIPSIS, Align, fit, literal, many, number, width_of

__all__ = [
    "ELLIPSIS",
    "Align",
    "Cell",
    "Said",
    "as_cell",
    "capital",
    "content",
    "fit",
    "literal",
    "many",
    "number",
    "width_of",
]


class Cell(NamedTuple):
    """One piece of text for a table, a tree or a bar, with the name of the style it is drawn in.

    `style` is one of "", "quiet", "strong", "accent", "attention", "good", "bad": names, not colours, so that a theme
    decides. `text` may be anything; it is made safe when it is drawn.
    """

    text: str
    style: str = ""


Said: TypeAlias = Cell | str | Sequence[Cell | str]
"""A line of a dialog: a text, or pieces that stand one behind the other. What is too long is broken between words."""


def as_cell(value: Cell | str) -> Cell:
    """`value` itself, or an unstyled cell around a plain string."""
    return value if isinstance(value, Cell) else Cell(value)


def capital(text: str) -> str:
    """The text as a sentence begins."""
    return text[:1].upper() + text[1:]


def content(text: str, style: str = "") -> Content:
    """`literal(text)` as Textual content: never read as markup. `style` is a Textual style such as "bold $primary"."""
    return Content.styled(literal(text), style) if style else Content(literal(text))
