"""Lines of JSON for tests, and why one is no signal."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ringfence.domain.signal import Signal, WrongSignal, read

VALUES = {"temperature": 9.1}


def line(**fields: Any) -> str:
    """A line that is right, with other fields."""
    return json.dumps({"unit": "U-1", "values": VALUES} | fields)


def wrong(text: str | bytes, reader: Callable[[str | bytes], Signal] = read) -> str:
    """Why a line is none: in one line that can be drawn, with no more than a little of what was in it."""
    with pytest.raises(WrongSignal) as told:
        reader(text)
    said = str(told.value)
    assert said.isprintable()
    assert 10 < len(said) < 250
    return said
