"""The words and signs of a condition, as CEL has them, each with the column where it begins."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from ringfence.domain import limits
from ringfence.domain.errors import WrongCondition
from ringfence.domain.signal import A_KEY, KEY
from ringfence.domain.text import character, has_control, unseen

ATTRIBUTE: Final = "attr."
"""What stands before the name of an attribute."""

_PIECE: Final = re.compile(
    r"""(?P<number>-?\.?[0-9](?:[eE][+-]|[\w.])*)
    |(?P<name>[^\W\d][\w.]*)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<sign>&&|\|\||[=!<>]=|[!<>()\[\],])""",
    re.VERBOSE,
)
_NUMBER: Final = re.compile(r"-?(?:[0-9]+|[0-9]*\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE: Final = re.compile(r"-?[0-9]+")
_BITS: Final = 64
_WHOLE_NUMBERS: Final = range(-(2 ** (_BITS - 1)), 2 ** (_BITS - 1))
_BRIEF: Final = 16
"""So many characters of what is wrong are repeated."""
_QUOTES: Final = "\"'"
_TRUTH: Final = {"true": True, "false": False}
_KEYWORDS: Final = frozenset({"in", "null", *_TRUTH})
_RESERVED: Final = re.compile(
    "as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while"
)
_ESCAPED: Final = re.compile(r"\\(.)")
_ESCAPES: Final = dict(zip("\\\"'`?abfnrtv", "\\\"'`?\a\b\f\n\r\t\v", strict=True))
_MEANT: Final = {"=": "write ==", "&": "write &&", "|": "write ||", "-": "a minus stands right before a number"}


class Token(NamedTuple):
    """One word or sign: ``text`` as it is written, ``column`` counted from 1. ``kind`` is value, name, sign or end; a
    value has what it says in ``value``. The word ``in`` is a sign."""

    kind: str
    text: str
    column: int
    value: float | bool | str = False


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a condition one by one, and at last its end. Raises WrongCondition where there is none."""
    most = limits.CONDITION
    if len(text) > most:
        raise WrongCondition(f"a condition has {most} characters at most, and this has {len(text):,}", most + 1)
    if has_control(text) or unseen(text):
        column, one = next((at, one) for at, one in enumerate(text, 1) if has_control(one) or unseen(one))
        raise WrongCondition(f"{character(one)} cannot be seen: take it out", column)
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        piece = _PIECE.match(text, at)
        if piece is None:
            raise _unknown(text[at], at + 1)
        yield _token(piece, at + 1)
        at = piece.end()
    yield Token("end", "", len(text) + 1)


def brief(text: str) -> str:
    """A piece of a condition as a message repeats it."""
    shown = text if len(text) <= _BRIEF else f"{text[: _BRIEF - 1]}…"
    return shown if text[0] in _QUOTES else f'"{shown}"'


def _token(piece: re.Match[str], column: int) -> Token:
    text = piece[0]
    match piece.lastgroup:
        case "number":
            return Token("value", text, column, _number(text, column))
        case "text":
            return Token("value", text, column, _said(text[1:-1], column + 1))
        case "name" if text in _TRUTH:
            return Token("value", text, column, _TRUTH[text])
        case "name" if text != "in":
            return Token("name", _named(text, column), column)
        case _:
            return Token("sign", text, column)


def _number(text: str, column: int) -> float:
    if not _NUMBER.fullmatch(text):
        raise WrongCondition(f"{brief(text)} is no number: write one like 8, -8 or 8.5", column)
    whole = _WHOLE.fullmatch(text) is not None
    number = int(text) if whole else float(text)
    if number not in _WHOLE_NUMBERS if whole else math.isinf(number):
        raise WrongCondition(f"{brief(text)} is too large: a number has {_BITS} bits", column)
    return number


def _said(text: str, column: int) -> str:
    """What stands between quotes, with its escapes resolved."""

    def resolved(found: re.Match[str]) -> str:
        if found[1] not in _ESCAPES:
            raise WrongCondition(f"{brief(found[0])} means nothing: \\\\ is a backslash", column + found.start())
        return _ESCAPES[found[1]]

    return _ESCAPED.sub(resolved, text)


def _named(text: str, column: int) -> str:
    """A name that a condition may ask for, with ``attr.`` where it has that."""
    for at, one in enumerate(text):
        if not one.isascii():
            raise _unknown(one, column + at)
    name = text.removeprefix(ATTRIBUTE)
    attribute = name is not text
    if "." in name:
        raise WrongCondition(f"{brief(text)} is not understood: only attr. has a dot behind it, and one", column)
    if not KEY.fullmatch(name):
        raise WrongCondition(f"{brief(text)} is not understood: a name is {A_KEY}", column)
    if name in _KEYWORDS or (not attribute and _RESERVED.fullmatch(name)):
        raise WrongCondition(f"{brief(text)} cannot be a name: CEL keeps this word for itself", column)
    if text == ATTRIBUTE.rstrip("."):
        raise WrongCondition("attr is followed by a dot and the name of an attribute", column)
    return text


def _unknown(one: str, column: int) -> WrongCondition:
    if one in _QUOTES:
        return WrongCondition(f"the text that begins here has no end: close it by {one}", column)
    said = brief(one) if one.isascii() else character(one)
    return WrongCondition(f"{said} is not understood" + (f": {_MEANT[one]}" if one in _MEANT else ""), column)
