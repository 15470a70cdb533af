"""The keys that work on the screen below, made from its commands and the focused widget's bindings."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from ringfence.console.commands.command import SCREEN, display
from ringfence.console.screens.area import CommandScreen
from ringfence.console.text import content, fit
from ringfence.console.widgets.form_page import flow
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part

_KEYS = 18
_ROOM = 54


class _Lines(LineList):
    def __init__(self, lines: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._rows = lines

    def on_mount(self) -> None:
        self.set_count(len(self._rows))
        self.ready()

    def line(self, index: int, width: int) -> Sequence[Part]:
        key, text = self._rows[index]
        if not text:
            return [(fit(f" {key}", width), "strong")]
        return [(fit(f" {key}", min(_KEYS, width)), "accent"), (fit(text, max(0, width - _KEYS)), "")]


class HelpScreen(ModalScreen[None]):
    """A page of keys over the screen that it is about."""

    BINDINGS = [Binding("escape,question_mark,f1,q", "dismiss", "Back")]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen LineList {
        width: 76; max-width: 96%; height: 90%; max-height: 60;
        border: round $primary; border-title-color: $primary; background: $background;
    }
    """

    def __init__(self, about: CommandScreen) -> None:
        super().__init__()
        self._about = about

    def compose(self) -> ComposeResult:
        yield _Lines(self._lines())

    def on_mount(self) -> None:
        """Names itself."""
        lines = self.query_one(LineList)
        lines.border_title = content("Keys that work here")
        lines.border_subtitle = content("Esc goes back")
        lines.focus()

    def _lines(self) -> list[tuple[str, str]]:
        lines = [("This screen", "")]
        for command in self._about.commands:
            keys = ", ".join(display(key) for key in command.keys.split(",")) if command.keys else f":{command.name}"
            off = self._about.why_off(command)
            said = flow([command.help, *([f" (off: {off})"] if off else [])], _ROOM)
            lines += [("" if at else keys, "".join(cell.text for cell in line)) for at, line in enumerate(said)]
        focused = self._about.focused
        if focused is not None:
            known: dict[str, list[str]] = {}
            for _, binding in focused._bindings:
                if binding.action.startswith(SCREEN):
                    continue  # a command, which has been told of
                if binding.description and not binding.description.startswith(("Page Left", "Page Right", "Scroll")):
                    known.setdefault(binding.description, []).append(display(binding.key))
            if known:
                lines += [("", " "), ("The list", "")]
                lines += [(", ".join(keys), f"{text[0].upper()}{text[1:]}") for text, keys in known.items()]
        return lines
