"""A drawn line begins with seven caches, few of which are ever asked, and which were most of what the collector of
garbage had to look through: in tests, where little is drawn twice, lines remember nothing."""

from __future__ import annotations

from typing import Any

from textual import strip


class Forgetful:
    """A cache of nothing."""

    __slots__ = ()

    def get(self, key: Any) -> None:
        """Nothing is ever found."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """Nothing is kept."""


_nothing = Forgetful()


def remember_nothing() -> None:
    """Gives every line that is drawn from now on the same empty cache."""
    vars(strip)["FIFOCache"] = lambda _size: _nothing
