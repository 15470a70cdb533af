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


_UNSEEN: Final = re.compile(
    # Bidi_Control (UAX #9) and Default_Ignorable_Code_Point (UAX #44, DerivedCoreProperties), but ZWJ, ZWNJ and the
    # variation selectors, without which words of some scripts and many emoji are not themselves; and U+E0000 to E007F,
    # in which whole sentences hide.
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)


def unseen(text: str) -> str:
    """The first character in a name by which it would look like another one, or hide a part of itself; empty where
    there is none."""
    found = None if text.isascii() else _UNSEEN.search(text)
    return found[0] if found else ""


def name_fault(text: str) -> str:
    """Why a text may not newly be a name, a unit id or another text of one line, as far as what cannot be seen goes;
    empty where it may."""
    which = unseen(text)
    return f"this holds {character(which)}, which cannot be seen: take it out" if which else ""


def character(one: str) -> str:
    """A character by number and name, as the Unicode standard writes it."""
    return f"U+{ord(one):04X} {unicodedata.name(one, '')}".rstrip()


def trimmed(text: str) -> str:
    """Text without the spaces around it, of whatever width (categories Zs, Zl and Zp); control characters stay, to be
    refused."""
    if text.strip() == text:
        return text
    start, end = 0, len(text)
    while start < end and unicodedata.category(text[start])[0] == "Z":
        start += 1
    while start < end and unicodedata.category(text[end - 1])[0] == "Z":
        end -= 1
    return text[start:end]
