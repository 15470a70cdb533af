"""How much of the package names a kind of record by hand: its files, tables of several kinds, questions for a class.

Code alone is counted: neither comments nor docstrings, where a noun is only spoken of.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ringfence.domain.registry import EDITED
from ringfence.storage import tables as kept

TOP: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = TOP / "src" / "ringfence"
_APART: Final = ("visibility/", "storage/migrations/", "snapshot/story")
"""What deals with the nouns themselves: the rule and its statements, the tables as they once were, the demo's story."""
_WORDS: Final = {tokenize.NAME, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
_ASKED: Final = re.compile(r"isinstance\(.*State")


def files() -> Iterator[tuple[str, str]]:
    """The package's files but for those that are apart, each with its text."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(_APART):
            yield name, path.read_text()


def naming(noun: str) -> list[str]:
    """The files whose code names a noun, as a word of its own."""
    word = re.compile(rf"\b{noun}\b")
    return [name for name, text in files() if any(map(word.search, _code(text)))]


def _code(text: str) -> Iterator[str]:
    """The names and strings of a text, without its docstrings."""
    said = {
        (node.value.lineno, node.value.col_offset)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in _WORDS and token.start not in said:
            yield token.string


def asking() -> int:
    """How many lines ask whether something is a state of one kind."""
    return sum(len(_ASKED.findall(path.read_text())) for path in PACKAGE.rglob("*.py"))


def listing(least: int) -> Counter[str]:
    """How many literals of each file list so many kinds or more: by noun, by declaration, by state or by table."""
    names = {name: kind for kind, known in _NAMES.items() for name in known}
    found: Counter[str] = Counter()
    for name, text in files():
        inner: set[ast.AST] = set()
        for node in ast.walk(ast.parse(text)):  # the outer ones first
            if node in inner or not isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
                continue
            if len({names[one] for one in map(_name, ast.walk(node)) if one in names}) >= least:
                found[name] += 1
                inner.update(ast.walk(node))
    return found


def _name(node: ast.AST) -> str:
    match node:
        case ast.Constant(value=str(name)) | ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


_NAMES: Final = {
    noun: {
        *(noun, kind.plural, kind.name, noun.replace("_", "-"), kind.table, kind.state.__name__),
        *(name for name, value in vars(sys.modules[kind.state.__module__]).items() if value is kind),
        *(name for name, value in vars(kept).items() if getattr(value, "__tablename__", "") == kind.table),
    }
    for noun, kind in EDITED.items()
}
"""How code may name each kind."""


def longer(most: int) -> list[str]:
    """The files of the package and its tests that have more lines."""
    paths = (path for base in ("src", "tests") for path in sorted((TOP / base).rglob("*.py")))
    return [path.relative_to(TOP).as_posix() for path in paths if len(path.read_text().splitlines()) > most]
