"""The condition of an alarm rule, in one line: ``temperature > attr.max_temperature && door == "open"``.

It is a subset of CEL, the Common Expression Language, and means what it means there: comparisons, ``&&``, ``||``,
``!``, parentheses, ``in [..]``, names, numbers, texts, ``true`` and ``false``. There are no calls and no loops, so that
its length alone bounds what it costs.

A name stands for the latest value of that name, with ``attr.`` before it for that of an attribute. What needs a value
that is missing or does not fit is *unknown*, as is all that CEL calls an error: a number where true or false belongs,
an order between a number and a text, a list with a missing value in it. Where one side decides, ``&&`` and ``||`` do
without the other. Numbers compare as numbers, whole or not. Values of different types are not equal, which is no error:
so CEL has it since 0.7.0 of its specification ("Equality"), while older implementations refuse to compare them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NoReturn, assert_never

from ringfence.domain.condition_tree import (
    COMPARISONS,
    Among,
    And,
    Compare,
    Literal,
    Name,
    Node,
    Not,
    Or,
    read,
    static_type,
    type_of,
)
from ringfence.domain.signal import Value


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was understood: equal to every other one of the same text.

    ``text`` is as it was written, ``names`` are those that it asks for, attributes with ``attr.`` before them.
    """

    text: str
    names: frozenset[str] = field(compare=False)
    _tree: Node = field(compare=False, repr=False)
    _quick: Callable[[Mapping[str, Value]], bool] = field(compare=False, repr=False)

    def holds(self, values: Mapping[str, Value]) -> bool | None:
        """Whether it holds with these values by name (finite numbers, booleans, texts); None where that is unknown."""
        try:
            return self._quick(values)
        except (KeyError, TypeError):
            return _holds(self._tree, values)


@lru_cache(maxsize=1024)
def parse(text: str) -> Condition:
    """The condition that a text says. Raises WrongCondition with the column of what is wrong."""
    tree, names = read(text)
    return Condition(text, names, tree, _compiled(tree))


@lru_cache(maxsize=1024)
def either(conditions: tuple[Condition, ...]) -> Condition:
    """The condition that one of these (one at least) holds."""
    if len(conditions) == 1:
        return conditions[0]
    tree = Or(tuple(one._tree for one in conditions))
    names = frozenset[str]().union(*(one.names for one in conditions))
    return Condition(" || ".join(f"({one.text})" for one in conditions), names, tree, _compiled(tree))


# A tree and values come to a value, or to None: unknown.


def _value(node: Node, values: Mapping[str, Value]) -> Value | None:
    match node:
        case Literal(value):
            return value
        case Name(name):
            return values.get(name)
        case Not(part):
            holds = _holds(part, values)
            return None if holds is None else not holds
        case And(parts):
            return _decided(parts, values, by=False)
        case Or(parts):
            return _decided(parts, values, by=True)
        case Compare(sign, left, right):
            return _comparison(sign, _value(left, values), _value(right, values))
        case Among(item, listed):
            sought = _value(item, values)
            equal = [_comparison("==", sought, _value(one, values)) for one in listed]
            return None if sought is None or None in equal else True in equal
    assert_never(node)


def _holds(node: Node, values: Mapping[str, Value]) -> bool | None:
    value = _value(node, values)
    return value if isinstance(value, bool) else None


def _decided(parts: Sequence[Node], values: Mapping[str, Value], *, by: bool) -> bool | None:
    """What one part decides, whatever the others are; without one, the contrary, unless one of them is unknown."""
    known = True
    for part in parts:
        holds = _holds(part, values)
        if holds is by:
            return by
        known = known and holds is not None
    return not by if known else None


def _comparison(sign: str, left: Value | None, right: Value | None) -> bool | None:
    if left is None or right is None:
        return None
    comparison = COMPARISONS[sign]
    if type_of(left) is type_of(right):
        return comparison.function(left, right)
    return None if comparison.orders else sign == "!="


# The same as a function of Python, for values that are there and fit, which takes a tenth of the time. Whatever is
# otherwise it leaves to the above, by an exception. Of what was typed, only constants and keys are in it.

_VALUES: Final = "values"


def _compiled(tree: Node) -> Callable[[Mapping[str, Value]], bool]:
    takes = ast.arguments(posonlyargs=[], args=[ast.arg(_VALUES)], kwonlyargs=[], kw_defaults=[], defaults=[])
    syntax = ast.fix_missing_locations(ast.Expression(ast.Lambda(takes, _Syntax().truth(tree))))
    code = compile(syntax, "<condition>", "eval")
    known = {"__builtins__": {}, "bool": bool, "float": float, "unfit": _unfit}
    function: Callable[[Mapping[str, Value]], bool] = eval(code, known)  # noqa: S307 - never a text: the tree of above
    return function


def _unfit() -> NoReturn:
    raise TypeError


class _Syntax:
    """Makes the syntax of nodes. Python takes true for a number: where that could be met, the classes of the values are
    looked at first."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def truth(self, node: Node) -> ast.expr:
        if isinstance(node, Name):
            return _fitting(self._class(node), _read("bool"), self._again(node))
        return self._value(node)

    def _value(self, node: Node) -> ast.expr:
        match node:
            case Literal(value):
                return ast.Constant(value)
            case Name(name):
                return ast.Subscript(_read(_VALUES), ast.Constant(name), ast.Load())
            case Not(part):
                return ast.UnaryOp(ast.Not(), self.truth(part))
            case And(parts):
                return ast.BoolOp(ast.And(), [self.truth(part) for part in parts])
            case Or(parts):
                return ast.BoolOp(ast.Or(), [self.truth(part) for part in parts])
            case Compare(sign, left, right):
                return self._compared(COMPARISONS[sign].syntax(), left, right)
            case Among(item, listed):
                return self._among(item, listed)
        assert_never(node)

    def _compared(self, how: ast.cmpop, left: Node, right: Node) -> ast.expr:
        types = static_type(left), static_type(right)
        if str in types or None not in types:
            return ast.Compare(self._value(left), [how], [self._value(right)])
        compared = ast.Compare(self._again(left), [how], [self._again(right)])
        return _fitting(self._class(left), self._class(right), compared)

    def _among(self, item: Node, listed: Sequence[Literal | Name]) -> ast.expr:
        types = {static_type(one) for one in listed}
        alike = ast.Tuple([self._value(one) for one in listed], ast.Load())
        if types <= {str}:
            return ast.Compare(self._value(item), [ast.In()], [alike])
        if types == {float} and isinstance(item, Name):
            found = ast.Compare(self._again(item), [ast.In()], [alike])
            return _fitting(self._class(item), _read("float"), found)
        return _unfitting()

    def _class(self, node: Node) -> ast.expr:
        """The class of the value of a node; that of a name is kept, to be taken again."""
        which = static_type(node)
        if which:
            return _read(which.__name__)
        kept = ast.NamedExpr(ast.Name(self._variable(node), ast.Store()), self._value(node))
        return ast.Attribute(kept, "__class__", ast.Load())

    def _again(self, node: Node) -> ast.expr:
        return _read(self._variable(node)) if isinstance(node, Name) else self._value(node)

    def _variable(self, node: Node) -> str:
        assert isinstance(node, Name)
        return self._kept.setdefault(node.name, f"value{len(self._kept)}")


def _read(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _fitting(one: ast.expr, other: ast.expr, then: ast.expr) -> ast.expr:
    """What is so where two classes are the same."""
    return ast.IfExp(ast.Compare(one, [ast.Is()], [other]), then, _unfitting())


def _unfitting() -> ast.expr:
    return ast.Call(_read("unfit"), [], [])
