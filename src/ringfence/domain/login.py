"""Logins that may newly be given: usernames of RFC 8265 (UsernameCaseMapped), in letters of one script.

What is typed is kept as it is, and compared by ``fold``, which is the canonical composition (NFC) of the casefold of
the form that the profile prepares. A login that was there before stays, whatever it is, and signs in as it is.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from ringfence.domain.text import character

_TOGETHER: Final = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
"""Scripts that are written together and whose letters do not look alike: UTS #39, 5.2, highly restrictive."""
_COMMON: Final = frozenset({"DIGIT", "MODIFIER"})
"""How the names of characters begin that belong to every script."""
_CALLED: Final = {"CJK": "HAN", "IDEOGRAPHIC": "HAN", "EXTENDED": "ARABIC"}
"""What scripts are called, where the names of their characters begin with another word."""


def login_fault(text: str) -> str:
    """Why nobody may newly be given a login, empty where somebody may. Never raises."""
    if text.isascii() and text.isprintable() and text and " " not in text:
        return ""  # as most are: what knows of all others is loaded for those
    from precis_i18n import get_profile

    try:
        prepared = get_profile("UsernameCaseMapped").enforce(text)
    except UnicodeEncodeError as error:
        return _refused(error)
    scripts = _scripts(prepared)
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        names = " and ".join(sorted(script.capitalize() for script in scripts))
        return f"a login is written in one alphabet, and this mixes {names}: type it anew"
    return ""


def _refused(error: UnicodeEncodeError) -> str:
    reason = error.reason.rpartition("/")[2]
    if reason == "empty":
        return "this must not be empty"
    if reason == "spaces":
        return "a login has no spaces: write it in one word, like o.brandt"
    if reason == "bidi_rule":
        return "letters that run to the left and letters that run to the right are not mixed in a login"
    which = character(error.object[error.start : error.start + 1] or "?")
    return f"a login does not hold {which}: use letters, digits, and signs such as . - _ @"


def _scripts(text: str) -> frozenset[str]:
    """The scripts of a text's letters and digits, by how their characters' names begin."""
    found = set()
    for one in text:
        if unicodedata.category(one)[0] in "LN":
            first = unicodedata.name(one, "").partition(" ")[0].partition("-")[0]
            found.add(_CALLED.get(first, first))
    return frozenset(found - _COMMON)
