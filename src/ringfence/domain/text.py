"""Text from people: how it is folded for search and sorting, which characters it may hold, and how JSON says it."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Final

SEPARATOR: Final = "\x1f"
"""Between the fields of a search key: sorts before every character that a name may hold."""

_RAW: Final = re.compile("[\x7f-\x9f]")


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


def as_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON: readable text, but for the control characters, which are all escaped. The standard leaves DEL
    and the C1 controls (0x80 to 0x9f) as they are, of which a terminal obeys the latter."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return text if text.isascii() and "\x7f" not in text else _RAW.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
