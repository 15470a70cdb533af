"""A snapshot written as YAML: with JSON's values, and looked through before it is built.

The library builds what it reads by calling itself, in C: what nests deeply ends the program without a word, and a few
lines that repeat each other grow without bound. Its parser only tells what comes next, so that both are found first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import yaml

from ringfence.domain.errors import InvalidDocument

MOST_BYTES: Final = 256 * 2**20
"""A file of YAML lies in memory whole, many times as large; JSON is read an entry at a time."""
DEEPEST: Final = 32
"""Levels of lists and objects in each other; a snapshot has five."""
_GROWS: Final = 10
_FREELY: Final = 100_000

_YAML: Final = "tag:yaml.org,2002:"
_TAGS: Final = frozenset(_YAML + name for name in ("str", "int", "float", "bool", "null", "seq", "map"))
_LEFT_OUT: Final = (":timestamp", ":bool", ":merge")
_LIBRARY: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_LIBRARY):  # type: ignore[misc]
    """YAML with JSON's scalars: times stay text, and only true and false are truth values."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(_LEFT_OUT)]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """The value of a node. Raises ConstructorError for one that does not fit its tag."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise _wrong("this value does not fit its type", node) from error

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """An object. Raises ConstructorError where a field's name is no text, or there twice."""
        if not isinstance(node, yaml.MappingNode):
            raise _wrong("this value does not fit its type", node)
        names: set[str] = set()
        for key, _ in node.value:
            if key.tag != f"{_YAML}str" or not isinstance(key, yaml.ScalarNode):
                raise _wrong("a field's name is text", key)
            if key.value in names:
                from ringfence.snapshot.read import show

                raise _wrong(f"{show(key.value)} is there twice", key)
            names.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(f"{_YAML}bool", re.compile(r"^(?:true|false)$"), list("tf"))


def read_yaml(text: str) -> Any:
    """The document that the text is. Raises InvalidDocument, in one sentence, with the line, where it is none."""
    try:
        _look_through(yaml.parse(text, _Loader))
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader with fewer types
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InvalidDocument([f"line {line}: there is a character that YAML has not: {_code(error)}"]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise InvalidDocument([where + _said(error)]) from error
    except yaml.YAMLError as error:
        raise InvalidDocument(["this is neither JSON nor YAML"]) from error


class _Size(NamedTuple):
    """How many values there are once every repetition is written out, and how many levels deep."""

    values: int
    levels: int


_ONE: Final = _Size(1, 0)


def _look_through(events: Iterator[Any]) -> None:
    """Raises MarkedYAMLError where building what comes would take more than a snapshot ever does."""
    known: dict[str, _Size | None] = {}  # what stands at an anchor; None while it is open
    opened: list[tuple[str | None, _Size]] = []
    values = documents = 0
    for read, event in enumerate(events):
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!" and tag not in _TAGS:
            raise _wrong("a snapshot has no values with such a tag", event)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _wrong("a second document begins here: a snapshot is one", event)
            continue
        if isinstance(event, yaml.CollectionStartEvent):
            values += 1
            opened.append((event.anchor, _Size(1, 1)))
            if event.anchor:
                known[event.anchor] = None
            size = _Size(0, 0)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = opened.pop()
            if anchor:
                known[anchor] = size
        elif isinstance(event, yaml.NodeEvent):
            size = _repeated(known, event) if isinstance(event, yaml.AliasEvent) else _ONE
            values += size.values
            if isinstance(event, yaml.ScalarEvent) and event.anchor:
                known[event.anchor] = size
        else:
            continue
        if len(opened) + size.levels > DEEPEST:
            raise _wrong("this nests too deeply to be a snapshot", event)
        if values > _FREELY + _GROWS * read:
            raise _wrong("this repeats other parts of the file too often to be a snapshot", event)
        if opened:
            anchor, (held, levels) = opened[-1]
            opened[-1] = anchor, _Size(held + size.values, max(levels, 1 + size.levels))


def _repeated(known: Mapping[str, _Size | None], alias: yaml.AliasEvent) -> _Size:
    name = str(alias.anchor)
    if name not in known:
        raise _wrong("there is nothing of that name to repeat", alias)
    size = known[name]
    if size is None:
        raise _wrong("this would hold itself", alias)
    return size


def _wrong(problem: str, where: Any) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, where.start_mark)


def _said(error: yaml.MarkedYAMLError) -> str:
    """The fault in one sentence: our own as they are, and the library's with what it was at."""
    if isinstance(error, yaml.constructor.ConstructorError) and not error.context:
        return str(error.problem)
    return f"this is no YAML: {error.problem}{' ' if error.context else ''}{error.context or ''}"


def _code(error: yaml.reader.ReaderError) -> str:
    character: Any = error.character
    return f"U+{character if isinstance(character, int) else ord(character[:1]):04X}"
