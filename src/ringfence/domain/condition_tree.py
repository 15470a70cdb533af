"""The tree that the text of a condition comes to, with the precedence that CEL has."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

from ringfence.domain.condition_tokens import Token, brief, tokens
from ringfence.domain.errors import WrongCondition
from ringfence.domain.signal import Value

DEPTH: Final = 20
"""So deep parentheses and ``!`` may stand in each other."""


class Literal(NamedTuple):
    """A value that stands in the text."""

    value: Value


class Name(NamedTuple):
    """The value of a name, ``attr.`` included."""

    name: str


class Not(NamedTuple):
    """The contrary."""

    part: Node


class Compare(NamedTuple):
    """Two values beside each other; ``sign`` is one of ``COMPARISONS``."""

    sign: str
    left: Node
    right: Node


class Among(NamedTuple):
    """Whether one of a list is equal."""

    item: Node
    listed: tuple[Literal | Name, ...]


class And(NamedTuple):
    """Whether all of them hold."""

    parts: tuple[Node, ...]


class Or(NamedTuple):
    """Whether one of them holds."""

    parts: tuple[Node, ...]


Node: TypeAlias = Literal | Name | Not | Compare | Among | And | Or


class Comparison(NamedTuple):
    """How two values of one type are compared, by a function and by the node of Python's syntax that does the same."""

    function: Callable[[Any, Any], bool]
    syntax: type[ast.cmpop]
    orders: bool


COMPARISONS: Final = {
    "==": Comparison(operator.eq, ast.Eq, orders=False),
    "!=": Comparison(operator.ne, ast.NotEq, orders=False),
    "<": Comparison(operator.lt, ast.Lt, orders=True),
    "<=": Comparison(operator.le, ast.LtE, orders=True),
    ">": Comparison(operator.gt, ast.Gt, orders=True),
    ">=": Comparison(operator.ge, ast.GtE, orders=True),
}


def read(text: str) -> tuple[Node, frozenset[str]]:
    """The tree of a condition, and the names that it asks for. Raises WrongCondition."""
    parser = _Parser(tokens(text))
    tree = parser.whole()
    return tree, frozenset(parser.names)


def type_of(value: Value) -> type:
    """The type of a value: float, str or bool. A whole number is a number like others; true is none, which Python says
    it is."""
    return bool if isinstance(value, bool) else str if isinstance(value, str) else float


def static_type(node: Node) -> type | None:
    """The type of what a node comes to; None where that depends on the values."""
    return type_of(node.value) if isinstance(node, Literal) else None if isinstance(node, Name) else bool


class _Parser:
    """Goes along the tokens, once. Each method reads what it is named for, and stops behind it."""

    def __init__(self, found: Iterator[Token]) -> None:
        self.names: set[str] = set()
        self._rest = found
        self._next = next(found)
        self._depth = 0

    def whole(self) -> Node:
        if self._next.kind == "end":
            raise WrongCondition("a condition is expected, like temperature > 8", 1)
        start = self._next.column
        tree = _truth(self._either(), start)
        if self._next.kind != "end":
            self._unexpected("&&, || or the end belongs here")
        return tree

    def _either(self) -> Node:
        return self._joined("||", self._both, Or)

    def _both(self) -> Node:
        return self._joined("&&", self._relation, And)

    def _joined(self, sign: str, part: Callable[[], Node], join: type[And | Or]) -> Node:
        start, node = self._next.column, part()
        if self._next.text != sign:
            return node
        parts = [_truth(node, start)]
        while self._takes(sign):
            start = self._next.column
            parts.append(_truth(part(), start))
        return join(tuple(parts))

    def _relation(self) -> Node:
        left, sign = self._unary(), self._next
        if self._takes(*COMPARISONS):
            node: Node = _compared(sign, left, self._unary())
        elif self._takes("in"):
            node = Among(left, self._list())
        else:
            return left
        if self._next.text in (*COMPARISONS, "in"):
            self._unexpected("join comparisons by &&, or put one into parentheses")
        return node

    def _unary(self) -> Node:
        opening = self._next
        if not self._takes("!", "("):
            return self._single()
        self._depth += 1
        if self._depth > DEPTH:
            raise WrongCondition(f"parentheses and ! stand in each other {DEPTH} deep at most", opening.column)
        if opening.text == "!":
            start = self._next.column
            node: Node = Not(_truth(self._unary(), start))
        else:
            node = self._either()
            self._demand(")")
        self._depth -= 1
        return node

    def _list(self) -> tuple[Literal | Name, ...]:
        self._demand("[")
        if self._takes("]"):
            return ()
        listed = [self._single()]
        while self._takes(","):
            listed.append(self._single())
        self._demand("]")
        return tuple(listed)

    def _single(self) -> Literal | Name:
        token = self._next
        if token.kind == "value":
            self._advance()
            return Literal(token.value)
        if token.kind != "name":
            self._unexpected("a name, a number or a text belongs here")
        self._advance()
        if self._next.text == "(":
            self._unexpected("there are no functions")
        self.names.add(token.text)
        return Name(token.text)

    def _takes(self, *signs: str) -> bool:
        taken = self._next.text in signs
        if taken:
            self._advance()
        return taken

    def _demand(self, sign: str) -> None:
        if not self._takes(sign):
            self._unexpected(f"{sign} belongs here")

    def _advance(self) -> None:
        self._next = next(self._rest)

    def _unexpected(self, wanted: str) -> NoReturn:
        ended = self._next.kind == "end"
        found = "the condition ends too early" if ended else f"{brief(self._next.text)} is not expected"
        raise WrongCondition(f"{found}: {wanted}", self._next.column)


_CALLED: Final = {float: "a number", str: "a text", bool: "true or false"}


def _truth(node: Node, column: int) -> Node:
    """A node that stands where true or false belongs."""
    which = static_type(node)
    if which in (float, str):
        raise WrongCondition(f"{_CALLED[which]} is neither true nor false: compare it with something", column)
    return node


def _compared(sign: Token, left: Node, right: Node) -> Compare:
    one, other = static_type(left), static_type(right)
    if one and other and one is not other:
        raise WrongCondition(f"{_CALLED[one]} and {_CALLED[other]} cannot be compared", sign.column)
    return Compare(sign.text, left, right)
