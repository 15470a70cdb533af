"""The picker alone, under the hands of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from support.console import drawn, press, send, settle
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from ringfence.console.text import width_of
from ringfence.console.widgets.choices import Choices
from ringfence.console.widgets.key_bar import KeyBar
from ringfence.console.widgets.picker import DualPicker

FORESTS: Mapping[str, str | None] = {
    "Brouwer Cold Chain": "Northwind",
    "Coldwater Marina": "Polder",
    "Maasvlakte": "Rotterdam",
    "Northwind": None,
    "Polder": None,
    "Rotterdam": "Northwind",
    "Sint Jans": None,
    "Zuiderpark": None,
}


HOSTILE = "Acme [/bold] \x1b[31m[red]\u202egnp"


def choices(parents: Mapping[str, str | None] = FORESTS) -> Choices:
    """A forest by name; ids count from 1 in the order of the names, and each has as many devices as its id."""
    names = sorted(parents, key=str.casefold)
    ranks = [-1 if (parent := parents[name]) is None else names.index(parent) for name in names]
    below = [n + 1 for n in range(len(names))]
    for start in range(len(names)):
        above = ranks[start]
        while above >= 0:
            below[above] += start + 1
            above = ranks[above]
    return Choices(
        range(1, len(names) + 1),
        names,
        [name.casefold() for name in names],
        ranks,
        range(1, len(names) + 1),
        below,
    )


class Host(App[None]):
    """The picker with a key bar, as a screen has it."""

    def __init__(self, given_: Choices | None, chosen: Mapping[int, bool], **options: object) -> None:
        super().__init__()
        self.given, self.at_first = given_, chosen
        self.picker = DualPicker(**options)  # type: ignore[arg-type]
        self.key_bar = KeyBar()
        self.said: list[dict[int, bool]] = []

    def compose(self) -> ComposeResult:
        yield Static("above")
        yield self.picker
        yield self.key_bar

    def on_mount(self) -> None:
        if self.given is not None:
            self.picker.set_choices(self.given, self.at_first)
        self.picker.focus()

    def on_dual_picker_changed(self, message: DualPicker.Changed) -> None:
        assert message.control is self.picker
        self.said.append(message.chosen)


@dataclass
class Hands:
    """A picker under the hands of a test."""

    app: Host
    pilot: Pilot[None]
    picker: DualPicker = field(init=False)

    def __post_init__(self) -> None:
        self.picker = self.app.picker

    async def press(self, *keys: str) -> None:
        await press(self.pilot, *keys)

    async def type(self, text: str) -> None:
        send(self.app, *text)
        await settle(self.app, self.pilot)

    def _sides(self) -> tuple[list[str], list[str]]:
        lines = [line for line in drawn(self.app) if width_of(line) == self.app.size.width][1:-1]
        left, right = self.app.picker.children
        width = left.region.width
        pairs = [_split(line, width) for line in lines]
        assert right.region.x == width
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    @property
    def left(self) -> list[str]:
        """The lines of the left list."""
        return _inner(self._sides()[0])

    @property
    def right(self) -> list[str]:
        """The lines of the right list."""
        return _inner(self._sides()[1])

    @property
    def counts(self) -> tuple[str, str]:
        """What stands in the frames at the bottom."""
        left, right = (side[-1].strip("╰╯─│└┘ ") for side in self._sides())
        return left, right

    @property
    def keys(self) -> dict[str, str]:
        """What the key bar offers."""
        return {key.display: key.description for key in self.app.key_bar.keys}


def _split(line: str, width: int) -> tuple[str, str]:
    used = 0
    for place, character in enumerate(line):
        if used >= width:
            return line[:place], line[place:]
        used += width_of(character)
    return line, ""


def _inner(side: Sequence[str]) -> list[str]:
    return [text for line in side[2:-1] if (text := line[1:-1].rstrip())]


@asynccontextmanager
async def hands(
    given_: Choices | None = None,
    chosen: Mapping[int, bool] | None = None,
    size: tuple[int, int] = (100, 20),
    **options: object,
) -> AsyncIterator[Hands]:
    app = Host(given_, chosen or {}, **options)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        yield Hands(app, pilot)


def ids(*names: str) -> set[int]:
    ordered = sorted(FORESTS, key=str.casefold)
    return {ordered.index(name) + 1 for name in names}
