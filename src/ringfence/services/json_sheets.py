"""Sheets in JSON: a list of objects, as exports write them, read so that every fault is told with its element.

Pure: no database, no viewer. What comes of it is what comes of a sheet in CSV, with what an object says as cells.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, assert_never

from ringfence.domain.field import Choice, Flag, Moment, Number, Ref, Text, Ties
from ringfence.domain.kind import Kind
from ringfence.services.sheets import MOST_IN_A_CELL, MOST_NAMED, MOST_ROWS, Sheet, decoded, quoted

_BEGUN: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_NO_TEXT: Final = re.compile("[\\0\\ud800-\\udfff]")
_SAID: Final = {bool: "yes or no", int: "a number", float: "a number", str: "text", list: "a list"}


class _Object(list[tuple[str, Any]]):
    """What an object says, in its order, twice where it says it twice."""

    __slots__ = ()


def is_json(source: bytes) -> bool:
    """Whether a sheet is meant as JSON: no header of a sheet in CSV begins with a bracket."""
    return _BEGUN.match(source) is not None


def read_objects(source: bytes | str, kind: Kind) -> Sheet:
    """The rows of a list of objects, each with those of the kind's columns that it has: text, or null for none; true
    and false, and numbers, where the column holds such.

    Bytes are UTF-8, with or without a byte order mark. Where it is no JSON at all, nothing is read. Never raises for
    what is in the source.
    """
    text, unreadable = decoded(source)
    if unreadable:
        return Sheet((), (unreadable,))
    takes = {name: _takes(kind, name) for name in kind.exported}
    rows: list[tuple[int, dict[str, str]]] = []
    faults: list[str] = []
    lines: list[int] = []
    try:
        for number, (line, found) in enumerate(_elements(text), 1):
            lines.append(line)
            if number > MOST_ROWS:
                said = f"a sheet may have {MOST_ROWS:,} rows: put what follows into another one"
                faults.append(f"element {number}, line {line}: {said}")
                break
            if fault := _fault(found, takes):
                faults.append(f"element {number}, line {line}: {fault}")
            else:
                rows.append((number, {name: _cell(value) for name, value in found}))
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        return Sheet((), (f"line {error.lineno}: this is no JSON: {reason}",))
    except (RecursionError, ValueError):
        return Sheet((), (f"line {lines[-1] if lines else 1}: behind this is JSON that no export writes",))
    if not rows and not faults:
        faults.append("line 1: there is nothing in the list: a sheet has an object for each record")
    return Sheet(tuple(rows), tuple(faults), lines=lines)


def _elements(text: str) -> Iterator[tuple[int, Any]]:
    """The elements of a list, with the line that each begins on. Raises JSONDecodeError for what is no list, and
    RecursionError or ValueError for what is nested too deep, or a number too long to be read."""
    decode = json.JSONDecoder(object_pairs_hook=_Object).raw_decode

    def behind(at: int) -> int:
        found = _BLANK.match(text, at)
        assert found is not None
        return found.end()

    at = behind(0)
    if text[at : at + 1] != "[":
        raise json.JSONDecodeError("Write a list of objects, in brackets", text, at)
    line, counted = 1, 0
    at = behind(at + 1)
    while text[at : at + 1] != "]":
        line, counted = line + text.count("\n", counted, at), at
        found, at = decode(text, at)
        yield line, found
        at = behind(at)
        if text[at : at + 1] == ",":
            at = behind(at + 1)
            if text[at : at + 1] == "]":
                raise json.JSONDecodeError("Expecting value", text, at)
        elif text[at : at + 1] != "]":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
    if behind(at + 1) != len(text):
        raise json.JSONDecodeError("There is something behind the list", text, at + 1)


def _takes(kind: Kind, name: str) -> type:
    spec = kind.fields[name].spec
    match spec:
        case Flag():
            return bool
        case Number():
            return int
        case Text() | Choice() | Moment() | Ref():
            return str
        case Ties():
            raise TypeError(f"{kind.noun}.{name} is no column")
        case _:
            assert_never(spec)


def _fault(found: Any, takes: dict[str, type]) -> str:
    """Why an element cannot be taken; empty when it can."""
    if not isinstance(found, _Object):
        return "write an object, in braces, with a field for each column"
    listed = f"the fields are {', '.join(takes)}"
    if unknown := [f"“{quoted(name)}”" for name, _ in found if name not in takes]:
        more = f" and {len(unknown) - MOST_NAMED:,} more" if len(unknown) > MOST_NAMED else ""
        return f"there is no field {', '.join(unknown[:MOST_NAMED])}{more}; {listed}"
    for name, count in Counter(name for name, _ in found).items():
        if count > 1:
            return f"the field {name} is there twice"
    for name, value in found:
        if value is not None and type(value) is not takes[name]:
            return f"{name}: this is {_SAID.get(type(value), 'an object')}, and should be {_SAID[takes[name]]}"
        if isinstance(value, str):
            if len(value) > MOST_IN_A_CELL:
                return f"{name} is {len(value):,} characters long, and may have {MOST_IN_A_CELL:,}"
            if _NO_TEXT.search(value):
                return f"{name}: this holds a NUL character or half a character, which no text has"
    return ""


def _cell(value: Any) -> str:
    """What an object says, as it stands in a cell."""
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else str(value)
