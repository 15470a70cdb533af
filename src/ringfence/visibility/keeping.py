"""What is kept with a viewer until anything changes in the tenant, whoever changes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ringfence.visibility.viewer import Sight

Made = TypeVar("Made")


def kept(sight: Sight, family: str, key: object, make: Callable[[], Made], most: int, *, signals: bool = False) -> Made:
    """What was made for this viewer as of the last change of anything in the tenant, by people or also by ``signals``;
    no more than ``most`` of a family, the last ones that were asked for."""
    stamp = sight.stamp(signals=signals)
    known: dict[object, tuple[tuple[int, int], Made]] = sight.memo.setdefault(family, {})  # type: ignore[assignment]
    found = known.pop(key, None)
    if found is None or found[0] != stamp:
        found = stamp, make()
    known[key] = found  # as the last one
    for one in list(known)[:-most]:
        known.pop(one, None)
    return found[1]


def kept_for_the_next(sight: Sight, family: str, key: object, make: Callable[[], Made], most: int) -> Made | None:
    """The same, made in the second transaction since a change that asks for it, and None in the first: whoever asks
    but once does not pay for what would serve others."""
    if (family, key) not in sight.answers:
        asked: list[bool] = kept(sight, f"{family}, asked for", key, list, most)
        sight.answers[family, key] = [kept(sight, family, key, make, most)] if asked else []
        asked.append(True)
    answer = sight.answers[family, key]
    return answer[0] if answer else None
