"""Attributes that people set on a customer, a site or a device, as text: one a line, ``max_temperature = 8``.

A value is a number or ``true`` or ``false``, as JSON has them, text in quotes, likewise, or any other words, which are
text. Written canonically they stand in the order of their names, and words in quotes only where they would be read as
something else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import isfinite
from typing import Final

from ringfence.domain import limits
from ringfence.domain.errors import Refused
from ringfence.domain.field import Text
from ringfence.domain.signal import A_KEY, KEY, SAID, Value
from ringfence.domain.text import has_control

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS: Final[Mapping[str, Value]] = {"true": True, "false": False}
_SHOWN: Final = 32  # characters of what was typed that a message repeats


@lru_cache(maxsize=10_000)
def read(text: str) -> Mapping[str, Value]:
    """The attributes in a text, by name; a number is a finite double. What is `fault`\\ y in it is left out."""
    found: dict[str, Value] = {}
    for _, line in _lines(text):
        try:
            name, value = _attribute(line)
        except Refused:
            continue
        found.setdefault(name, value)
    return found


def fault(text: str) -> str:
    """What is wrong with the first line that says no attribute, or one that was there before; empty where all is
    well."""
    known: dict[str, int] = {}
    for number, line in _lines(text):
        try:
            name, _ = _attribute(line)
        except Refused as error:
            return f"line {number}: {error}"
        if name in known:
            return f"line {number}: {name} is in line {known[name]} already"
        known[name] = number
    return ""


def written(attributes: Mapping[str, Value]) -> str:
    """Attributes as text."""
    return "\n".join(f"{name} = {_written(value)}" for name, value in sorted(attributes.items()))


def canonical(text: str) -> str:
    """A text as it is kept; a faulty one as it is."""
    return text if fault(text) else written(read(text))


def one(name: str, said: str) -> Value:
    """The value that somebody typed for an attribute. Raises Refused where that is none, or the name is none."""
    if not KEY.fullmatch(name):
        raise Refused(f"{_shown(name)} is no name of an attribute: {A_KEY}")
    said = said.strip()
    if not said:
        raise Refused(f"{name} has no value")
    found = _value(name, said)
    if isinstance(found, float) and not isfinite(found):
        raise Refused(f"{name}: this number is too large")
    if isinstance(found, str) and len(found) > SAID:
        raise Refused(f"{name}: this has {len(found):,} characters, and may have {SAID}")
    if isinstance(found, str) and has_control(found):
        raise Refused(f"{name}: this holds a control character, which no attribute has")
    return found


def changed(text: str, given: Mapping[str, str]) -> str:
    """A text in which some attributes are given other values, as they are typed; what is empty is taken away. Raises
    Refused where one is no value, or a name is none."""
    values = {name: one(name, said) for name, said in given.items() if said.strip()}
    return written({**{name: value for name, value in read(text).items() if name not in given}, **values})


def _lines(text: str) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _attribute(line: str) -> tuple[str, Value]:
    name, sign, said = line.partition("=")
    name = name.strip()
    if not sign:
        raise Refused(f"{_shown(name)} says no value: write name = value")
    return name, one(name, said)


def _value(name: str, said: str) -> Value:
    if said in _WORDS:
        return _WORDS[said]
    if _NUMBER.fullmatch(said):
        return float(said)
    if not said.startswith('"'):
        return said
    try:
        found = json.loads(said, strict=False)  # what no text may hold is told in other words
    except ValueError:
        found = None
    if not isinstance(found, str):
        raise Refused(f"{name}: text in quotes ends with one, and has \\ before any other")
    return found


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    plain = value and value.strip() == value and not value.startswith('"')
    bare = plain and value not in _WORDS and not _NUMBER.fullmatch(value)
    return value if bare else json.dumps(value, ensure_ascii=False)


def _shown(text: str) -> str:
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}…"


ATTRIBUTES: Final = Text(
    limits.LONG_TEXT,
    lines=True,
    fault=fault,
    canonical=canonical,
    about="What rules ask for as attr.NAME: name = value, one a line.",
)
