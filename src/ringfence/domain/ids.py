"""The ids in a value of a field that refers to records, and keys that are drawn by lot."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from secrets import randbits
from typing import Any, Final

_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BITS: Final = 5  # that choose a sign
_LAST: Final = len(_SIGNS) - 1
_DRAWN: Final = 6


def drawn(letter: str) -> str:
    """A key drawn by lot, as people read it aloud: without I, L, O and U."""
    lot = randbits(_BITS * _DRAWN)
    return f"{letter}-{''.join(_SIGNS[lot >> place & _LAST] for place in range(0, _BITS * _DRAWN, _BITS))}"


def ids_in(value: Any) -> Collection[int]:
    """The ids in it, be it one, none, a set, a mapping or a set of pairs."""
    if value is None:
        return ()
    if isinstance(value, int):  # most are, of very many edits at once
        return (value,)
    return [one[0] if isinstance(one, tuple) else one for one in value]


def with_ids(value: Any, new: Callable[[int], int]) -> Any:
    """The same with other ids in the place of its own."""
    if isinstance(value, Mapping):
        return {new(one): rest for one, rest in value.items()}
    if isinstance(value, frozenset):
        return frozenset((new(one[0]), *one[1:]) if isinstance(one, tuple) else new(one) for one in value)
    return None if value is None else new(value)


def only(value: Any, keep: Callable[[int], bool]) -> Any:
    """The same with only those of its ids that are to be kept."""
    if isinstance(value, Mapping):
        return {one: rest for one, rest in value.items() if keep(one)}
    if isinstance(value, frozenset):
        return frozenset(one for one in value if keep(one[0] if isinstance(one, tuple) else one))
    return value if value is None or keep(value) else None
