"""Reading a snapshot file an entry at a time, so that a large one never lies in memory whole."""

from __future__ import annotations

import codecs
import json
import re
import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import IO, Any, Final

from ringfence.domain.errors import InvalidDocument, RingfenceError

Item = tuple[str, int, Any]
"""The list's name (or the top-level field's), the index in it, and the value as read."""


@dataclass(frozen=True, slots=True)
class Twice:
    """A value in which an object has a field twice; the later one counts."""

    value: Any
    field: str


_CHUNK: Final = 1 << 20
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
_CUT_SHORT: Final = 16  # an error this near to the end of the buffer may be a value that goes on in the file


def read_items(source: Path | IO[bytes], lists: frozenset[str]) -> Iterator[Item]:
    """The entries of a JSON or YAML file, as they come.

    Raises RingfenceError when the file cannot be read, and InvalidDocument when it is no document.
    """
    if isinstance(source, Path):
        try:
            with source.open("rb") as file:
                yield from _read(file, source.suffix in (".yaml", ".yml"), lists)
        except OSError as error:
            raise RingfenceError(f"cannot read {source}: {error.strerror}") from error
    else:
        yield from _read(source, False, lists)


def _read(file: IO[bytes], is_yaml: bool, lists: frozenset[str]) -> Iterator[Item]:
    head = b""
    while not head.lstrip(_BLANK) and (more := file.read(_CHUNK)):
        head += more
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InvalidDocument(["the file is UTF-16 text: save it as UTF-8"])
    if b"\0" in head[:4]:
        raise InvalidDocument(["line 1: there is a NUL character, which no text has: save the file as UTF-8"])
    try:
        if is_yaml or not head.lstrip(_BLANK).startswith(b"{"):
            yield from _yaml_items(file, head, lists)
        else:
            yield from _Stream(file, head).items(lists)
    except RecursionError as error:
        raise InvalidDocument(["the file nests too deeply to be a snapshot"]) from error


class _Stream:
    """A JSON object read from a file, with a buffer that holds the next few entries."""

    def __init__(self, file: IO[bytes], head: bytes) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._lines = 1
        self._columns = 0  # characters of the present line that are gone from the buffer
        self._ended = False
        self._twice = ""
        self._scan = JSONDecoder(object_pairs_hook=self._object).raw_decode
        self._size = _CHUNK
        self._text = self._decode(head, final=False)

    def items(self, lists: frozenset[str]) -> Iterator[Item]:
        self._expect("{")
        if self._peek() == "}":
            self._at += 1
        else:
            while True:
                name = self._value()
                if not isinstance(name, str):
                    raise self._fault("a field's name is text")
                self._expect(":")
                if name in lists and self._peek() == "[":
                    yield from self._elements(name)
                else:
                    yield name, -1, self._value()
                if self._expect(",}") == "}":
                    break
        if self._peek():
            raise self._fault("there is something after the document's end")

    def _elements(self, name: str) -> Iterator[Item]:
        self._expect("[")
        yield name, -1, []
        if self._peek() == "]":
            self._at += 1
            return
        index = 0
        while True:
            yield name, index, self._value()
            index += 1
            if self._expect(",]") == "]":
                return

    def _fill(self) -> None:
        self._lines += self._text.count("\n", 0, self._at)
        newline = self._text.rfind("\n", 0, self._at)
        self._columns = self._at - newline - 1 if newline >= 0 else self._columns + self._at
        data = self._file.read(self._size)
        self._ended = not data
        self._text = self._text[self._at :]
        self._at = 0
        self._text += self._decode(data, final=self._ended)

    def _decode(self, data: bytes, *, final: bool) -> str:
        try:
            return self._decoder.decode(data, final)
        except UnicodeDecodeError as error:
            raise _not_utf8(error, self._lines + self._text.count("\n")) from error

    def _peek(self) -> str:
        while True:
            match = _SPACE.match(self._text, self._at)
            assert match is not None
            self._at = match.end()
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._fill()

    def _expect(self, wanted: str) -> str:
        found = self._peek()
        if not found or found not in wanted:
            raise self._fault(f"expected {' or '.join(wanted)}, found {_told(found)}")
        self._at += 1
        return found

    def _value(self) -> Any:
        self._peek()
        self._size = _CHUNK
        while True:
            self._twice = ""
            try:
                value, end = self._scan(self._text, self._at)
            except JSONDecodeError as error:
                cut = error.pos > len(self._text) - _CUT_SHORT or error.msg.startswith("Unterminated")
                if self._ended or not cut:
                    raise self._fault(error.msg, error.pos) from error
            except ValueError as error:
                raise self._fault("a number in here is too long") from error
            else:
                if end < len(self._text) or self._ended:
                    self._at = end
                    return Twice(value, self._twice) if self._twice else value
            self._size *= 2
            self._fill()

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) != len(pairs):
            names = [name for name, _ in pairs]
            self._twice = next(name for place, name in enumerate(names) if name in names[:place])
        return fields

    def _fault(self, message: str, at: int | None = None) -> InvalidDocument:
        position = self._at if at is None else at
        line = self._lines + self._text.count("\n", 0, position)
        newline = self._text.rfind("\n", 0, position)
        column = position - newline if newline >= 0 else self._columns + position + 1
        return InvalidDocument([f"line {line}, column {column}: {message}"])


def _yaml_items(file: IO[bytes], head: bytes, lists: frozenset[str]) -> Iterator[Item]:
    # Only here: JSON needs none of the library.
    from ringfence.snapshot.read_yaml import MOST_BYTES, read_yaml

    data = head + file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise InvalidDocument([f"this is larger than {MOST_BYTES // 2**20} MB: write it as JSON"])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(error, 1) from error
    document = read_yaml(text)
    if not isinstance(document, dict):
        raise InvalidDocument(['a snapshot is an object whose first field is "ringfence": 1'])
    for name, value in document.items():
        if name in lists and isinstance(value, list):
            yield name, -1, []
            for index, entry in enumerate(value):
                yield name, index, entry
        else:
            yield name, -1, value


def _told(found: str) -> str:
    if not found:
        return "the end of the file"
    return found if found.isprintable() else show(found)


def _not_utf8(error: UnicodeDecodeError, line: int) -> InvalidDocument:
    """The fault of bytes that begin on the line."""
    line += error.object.count(b"\n", 0, error.start)
    return InvalidDocument([f"line {line}: the file is not UTF-8 text: save it as UTF-8"])


def show(value: object) -> str:
    """A value as it stands in a line about it: quoted, on one line, and not too long."""
    if isinstance(value, str):
        shown = json.dumps(value[:100], ensure_ascii=False)
    elif value is None or isinstance(value, bool):
        shown = json.dumps(value)
    else:
        shown = reprlib.repr(value)
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown)
    return shown if len(shown) <= 80 else shown[:79] + "…"
