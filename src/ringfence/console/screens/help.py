"""The keys that work on the screen below, made from its commands and the focused widget's bindings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding

from ringfence.console.commands.command import SCREEN, display
from ringfence.console.screens.area import CommandScreen
from ringfence.console.screens.searching import Searching
from ringfence.console.text import fit
from ringfence.console.widgets.filter_bar import SIGNS, FilterBar
from ringfence.console.widgets.flow import flow
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part

_KEYS = 18
_ROOM = 54


class _Entry(NamedTuple):
    """Keys, and what they do, under a heading; and what else that is called."""

    heading: str
    keys: str
    says: str
    called: str = ""

    def fits(self, words: Sequence[str]) -> bool:
        """Whether it holds all these words, in its keys, its names or what it does."""
        text = f"{self.keys} {self.says} {self.called}".casefold()
        return all(word in text for word in words)


class _Lines(LineList):
    rows: Sequence[tuple[str, str]] = ()

    def show(self, rows: Sequence[tuple[str, str]]) -> None:
        """Shows keys and texts, line by line; a heading has no text."""
        self.rows = rows
        self.begin(len(rows), "No key says that. Esc goes back.")

    def line(self, index: int, width: int) -> Sequence[Part]:
        key, text = self.rows[index]
        if not text:
            return [(fit(f" {key}", width), "strong")]
        return [(fit(f" {key}", min(_KEYS, width)), "accent"), (fit(text, max(0, width - _KEYS)), "")]


class HelpScreen(Searching[None]):
    """A page of keys over the screen that it is about, searched by typing."""

    BINDINGS = [
        Binding("f1", "cancel", "Back", show=False, priority=True),
        Binding("home", "first", "First", show=False, priority=True),
        Binding("end", "last", "Last", show=False, priority=True),
    ]
    PLACEHOLDER = "Type to search"
    DEFAULT_CSS = """
    HelpScreen #box { width: 76; height: 90%; max-height: 60; padding: 0; }
    HelpScreen Input { margin: 0 1; }
    """

    def __init__(self, about: CommandScreen) -> None:
        super().__init__()
        self._about = about
        self._entries = (*self._commands(), *self._of_the_list(), *self._of_the_filter())

    def compose_lists(self) -> ComposeResult:
        yield _Lines()

    def on_mount(self) -> None:
        """Shows all."""
        self.say("Keys that work here", "↑↓ PgDn PgUp · Esc goes back")
        self.search("")

    def search(self, text: str) -> None:
        if "?" in text:  # the key that opened it, which the line takes for a letter
            self.dismiss(None)
            return
        words = text.casefold().split()
        lines: list[tuple[str, str]] = []
        heading = ""
        for entry in self._entries:
            if entry.fits(words):
                if entry.heading != heading:
                    lines += [("", " ")] * bool(lines)
                    lines.append((entry.heading, ""))
                    heading = entry.heading
                for at, line in enumerate(flow([entry.says], _ROOM)):
                    lines.append(("" if at else entry.keys, "".join(cell.text for cell in line)))
        self.query_one(_Lines).show(lines)

    def choose(self) -> None:
        """There is nothing to choose."""

    def action_first(self) -> None:
        """Goes to the first line."""
        self.found.action_first()

    def action_last(self) -> None:
        """Goes to the last line."""
        self.found.action_last()

    def _commands(self) -> Iterator[_Entry]:
        for command in self._about.commands:
            bound = self._about.ringfence.keys_of(command)
            keys = " or ".join(display(key) for key in bound.split(",")) if bound else f":{command.name}"
            off = self._about.why_off(command)
            called = f"{command.name.replace('_', ' ')} {command.footer}"
            yield _Entry("This screen", keys, command.help + f" (off: {off})" * bool(off), called)

    def _of_the_list(self) -> Iterator[_Entry]:
        known: dict[str, list[str]] = {}
        bindings = self._about.focused._bindings if self._about.focused is not None else ()
        for _, binding in bindings:
            if binding.action.startswith(SCREEN):
                continue  # a command, which has been told of
            if binding.description and not binding.description.startswith(("Page Left", "Page Right", "Scroll")):
                known.setdefault(binding.description, []).append(display(binding.key))
        for text, keys in known.items():
            yield _Entry("The list", " or ".join(keys), f"{text[0].upper()}{text[1:]}")

    def _of_the_filter(self) -> Iterator[_Entry]:
        if self._about.query(FilterBar):
            yield from (_Entry("The filter", signs, says) for signs, says in SIGNS)
