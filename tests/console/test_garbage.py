"""What is left over is looked for in pauses between keys, and nothing that has gone is kept."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest
from textual._styles_cache import StylesCache
from textual.color import Color

from ringfence.console import garbage
from ringfence.console.garbage import Garbage

_PAUSE = 0.25


class _Left:
    """Something that only a search for garbage finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _by_itself(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(garbage, "_PAUSE_SECONDS", _PAUSE)
    threshold = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*threshold)


async def _much_comes_and_goes() -> weakref.ref[_Left]:
    left = weakref.ref(_Left())
    young, middle, _ = gc.get_threshold()
    much: list[list[int]] = [[] for _ in range(2 * young * middle)]
    del much
    assert gc.get_count()[2], "all is looked through when much has come into being"
    return left


async def test_what_is_left_over_goes_in_the_first_pause() -> None:
    found, before = Garbage(), gc.get_freeze_count()
    found.begin()
    await asyncio.sleep(2 * _PAUSE)
    assert gc.get_freeze_count() > before, "what is there to stay is not looked through again"
    left = await _much_comes_and_goes()
    for _ in range(20):
        found.put_off()
        await asyncio.sleep(_PAUSE / 10)
    assert gc.get_count()[2], "no search while keys come"
    await asyncio.sleep(2 * _PAUSE)
    assert left() is None
    assert not gc.get_count()[2]


async def test_before_the_first_data_are_there_nothing_is_looked_for() -> None:
    found, before = Garbage(), gc.get_freeze_count()
    found.put_off()
    await asyncio.sleep(2 * _PAUSE)
    assert gc.get_freeze_count() <= before


async def test_the_lines_of_a_widget_that_has_gone_are_not_kept() -> None:
    lines = StylesCache()
    lines.get_inner_outer(Color(0, 0, 0), Color(255, 0, 0))
    gone = weakref.ref(lines)
    del lines
    found = Garbage()
    found.begin()
    await asyncio.sleep(2 * _PAUSE)
    assert gone() is None
