"""Text from people: how it is folded for search and sorting, and which characters it may hold."""

from __future__ import annotations

import unicodedata
from typing import Final

SEPARATOR: Final = "\x1f"
"""Between the fields of a search key: sorts before every character that a name may hold."""


def fold(text: str) -> str:
    """Text as it is compared: without regard to case, and however its accents were composed."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())


def search_key(*fields: str) -> str:
    """The one column by which a record is searched and, first field first, sorted."""
    return fold(SEPARATOR.join(fields))


def like_pattern(text: str) -> str:
    """The pattern by which SQL's LIKE finds a search key that holds the text; its escape is the backslash."""
    escaped = fold(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def has_control(text: str, *, allow: str = "") -> bool:
    """Whether text holds a control character (Unicode category Cc) or half a surrogate pair, beyond those allowed."""
    if text.isascii() and text.isprintable():
        return False
    return any(unicodedata.category(c) in ("Cc", "Cs") and c not in allow for c in text)
