"""What choosing among 100,000 costs: opening the picker, a key of its search, adding and removing thousands."""

from __future__ import annotations

import asyncio
import gc
import random
import statistics
from collections.abc import Callable, Mapping
from time import perf_counter, process_time

from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from benchmarks.report import Report
from ringfence.console.widgets.choices import Choices
from ringfence.console.widgets.picker import DualPicker

COUNT = 100_000
MATCHING = 5_000
TARGETS = {"show": 250, "filter": 50, "change": 50, "key": 5}
"""Milliseconds. What is added or removed makes Textual lay out and paint both sides anew, twice; a key does not."""

SIZE = (80, 24)

_ROUNDS = 5
_SETTLED = 0.08
"""Seconds after which a key has been answered and drawn: it waits for at most three frames, and works in between."""


def run() -> Report:
    """A table: each step's time until it is drawn. Milliseconds, medians; the slowest of a sort has a target."""
    choices = make_choices()
    times = asyncio.run(_measure(choices))
    report = Report(
        (
            f"  {COUNT:,} choices in a tree, {SIZE[0]}×{SIZE[1]}, median of {_ROUNDS} runs",
            f"  {'':<44}{'ms':>8}",
        )
    )
    slowest = dict.fromkeys(TARGETS, 0.0)
    for (name, target), seconds in times.items():
        took = 1000 * statistics.median(seconds)
        report.lines.append(f"  {name:<44}{took:>8.1f}")
        if target:
            slowest[target] = max(slowest[target], took)
    for target, took in slowest.items():
        report.judge(f"a {target} in the picker of {COUNT:,}", took, TARGETS[target], "ms")
    return report


def make_choices() -> Choices:
    """A tree of 100,000, of whose names one in twenty holds "cold"."""
    random_ = random.Random(7)
    names = [
        f"{random_.choice(('Harbor', 'Polder', 'Pump', 'Yard'))} {n:06} {'cold' if n % 20 == 0 else 'dry'} Store"
        for n in range(COUNT)
    ]
    names.sort(key=str.casefold)
    parents = [-1 if random_.random() < 0.02 else max(-1, n - random_.randint(1, 60)) for n in range(COUNT)]
    own = [random_.randint(0, 40) for _ in range(COUNT)]
    below = list(own)
    for n in range(COUNT - 1, -1, -1):
        if parents[n] >= 0:
            below[parents[n]] += below[n]
    return Choices(range(1, COUNT + 1), names, [name.casefold() for name in names], parents, own, below)


class _Host(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.picker = DualPicker()

    def compose(self) -> ComposeResult:
        yield self.picker

    def on_mount(self) -> None:
        self.picker.focus()


Steps = dict[tuple[str, str], list[float]]


async def _measure(choices: Choices) -> Steps:
    times: Steps = {}

    def took(name: str, target: str, seconds: float) -> None:
        times.setdefault((name, target), []).append(seconds)

    for _ in range(_ROUNDS):
        app = _Host()
        async with app.run_test(size=SIZE) as pilot:
            picker = app.picker
            fresh = Choices(choices.ids, choices.names, choices.folded, choices.parents, choices.own, choices.below)
            half = {choices.ids[rank]: rank % 2 == 0 for rank in range(1, 2_000, 2)}
            took("show, 1,000 of them chosen", "show", _drawn(pilot, picker, fresh, half))
            took("the same, its tree worked out before", "show", _drawn(pilot, picker, fresh, half))
            picker.set_choices(fresh, {})
            await pilot.pause(0.1)
            for key in ("down", "pagedown", "end", "space"):
                took(f"key {key}", "key", await _key(pilot, key))
            took("add the one marked", "change", await _key(pilot, "enter"))
            await _key(pilot, "slash")
            for text in ("c", "o", "l", "d"):
                took(f"search, typing {text!r}", "filter", await _key(pilot, text))
            await _key(pilot, "enter")
            took(f"add the {MATCHING:,} that match", "change", await _key(pilot, "a"))
            assert MATCHING <= len(picker.chosen) <= MATCHING + 1
            took("clear the filter", "filter", await _key(pilot, "escape"))
            took("the tree", "change", await _key(pilot, "t"))
            took("add one in the tree", "change", await _key(pilot, "enter"))
            await _key(pilot, "t")
            await _key(pilot, "tab")
            took("remove one", "change", await _key(pilot, "enter"))
            took("nested, one", "change", await _key(pilot, "n"))
            took("what changes nothing (redundant)", "change", _timed(picker.redundant))
            took("remove all of them", "change", await _key(pilot, "a"))
            await _key(pilot, "tab")
            took(f"add all {COUNT:,}", "", await _key(pilot, "a"))
            await _key(pilot, "tab")
            took(f"remove one of {COUNT:,}", "", await _key(pilot, "enter"))
    return times


def _timed(step: Callable[[], object]) -> float:
    began = perf_counter()
    step()
    return perf_counter() - began


def _drawn(pilot: Pilot[None], picker: DualPicker, choices: Choices, chosen: Mapping[int, bool]) -> float:
    """Seconds of the processor until choices are on the screen; what the round before left is collected first."""
    gc.collect()
    began = process_time()
    picker.set_choices(choices, chosen)
    pilot.app.screen._compositor.render_strips()
    return process_time() - began


async def _key(pilot: Pilot[None], key: str) -> float:
    """Seconds of the processor from a key's arrival until all that comes of it is drawn."""
    app = pilot.app
    assert app._driver is not None
    character = "/" if key == "slash" else key if len(key) == 1 else None
    event = events.Key(key, character)
    event.set_sender(app)
    began = process_time()
    await asyncio.sleep(_SETTLED)
    idle = process_time()
    app._driver.send_message(event)
    await asyncio.sleep(_SETTLED)
    return process_time() - idle - (idle - began)


if __name__ == "__main__":
    print("\n".join(run().lines))
