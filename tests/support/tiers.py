"""What is always tried, and what is tried besides while there is time: the tier of the tests that are ``slow``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def seeds(*given: int, always: int = 1) -> list[Any]:
    """Numbers as ``range`` gives them, for a test by chance: so many of them ``always``, the others while there is
    time."""
    return first(range(*given), always)


def first(given: Iterable[Any], always: int = 1) -> list[Any]:
    """Parameters of a test, each a value or a tuple of values: so many of them ``always``, the others while there is
    time."""
    return [
        one if place < always else pytest.param(*(one if isinstance(one, tuple) else (one,)), marks=pytest.mark.slow)
        for place, one in enumerate(given)
    ]
