"""What CEL says of a condition: read and evaluated by cel-python, with the comparisons of the present specification.

cel-python compares as the specification had it before 0.7.0 (values of different types, whole numbers and others among
them, are an error), and takes true for the whole number 1, as Python does. What stands here instead is written from
"Equality", "Comparison Operators" and "List Membership" in langdef.md, and takes nothing from the product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from celpy import Environment, celtypes
from celpy.evaluation import CELEvalError

_TYPES: Final[dict[type, Callable[[Any], Any]]] = {
    bool: celtypes.BoolType,
    float: celtypes.DoubleType,
    str: celtypes.StringType,
}
_NUMBERS: Final = (celtypes.IntType, celtypes.DoubleType)
_ENVIRONMENT: Final = Environment()


def _number(value: Any) -> int | float:
    return int(value) if isinstance(value, celtypes.IntType) else float(value)


def _strict(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """An operator that passes on what is an error already."""

    def operator(left: Any, right: Any) -> Any:
        for one in (left, right):
            if isinstance(one, Exception):
                return one
        return function(left, right)

    return operator


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS):
        return not (_number(left) < _number(right) or _number(left) > _number(right))
    return type(left) is type(right) and bool(left == right)


def _ordered(function: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def operator(left: Any, right: Any) -> Any:
        if isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS):
            return celtypes.BoolType(function(_number(left), _number(right)))
        if type(left) is not type(right):
            return CELEvalError("no such overload")
        return celtypes.BoolType(function(left, right))

    return _strict(operator)


def _of_truth(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """An operator that has no overload for anything but true and false: cel-python lets other values through."""

    def operator(left: Any, right: Any) -> Any:
        found = function(left, right)
        return found if isinstance(found, celtypes.BoolType | Exception) else CELEvalError("no such overload")

    return operator


_OPERATORS: Final = {
    "_&&_": _of_truth(celtypes.logical_and),
    "_||_": _of_truth(celtypes.logical_or),
    "_==_": _strict(lambda left, right: celtypes.BoolType(_equal(left, right))),
    "_!=_": _strict(lambda left, right: celtypes.BoolType(not _equal(left, right))),
    "_<_": _ordered(lambda left, right: left < right),
    "_<=_": _ordered(lambda left, right: left <= right),
    "_>_": _ordered(lambda left, right: left > right),
    "_>=_": _ordered(lambda left, right: left >= right),
    "_in_": _strict(lambda item, listed: celtypes.BoolType(any(_equal(item, one) for one in listed))),
}


def read(text: str) -> Callable[[Mapping[str, Any]], bool | None]:
    """What a text says of values by name: true, false, or None for an error and for what is neither. Raises
    celpy.CELParseError for what is no CEL."""
    program = _ENVIRONMENT.program(_ENVIRONMENT.compile(text), functions=_OPERATORS)

    def holds(values: Mapping[str, Any]) -> bool | None:
        typed = {name: _TYPES[type(value)](value) for name, value in values.items()}
        own = {name: value for name, value in typed.items() if "." not in name}
        attributes = {
            celtypes.StringType(name.removeprefix("attr.")): value for name, value in typed.items() if name not in own
        }
        try:
            found = program.evaluate({**own, "attr": celtypes.MapType(attributes)})
        except CELEvalError:
            return None
        return bool(found) if isinstance(found, celtypes.BoolType) else None

    return holds
