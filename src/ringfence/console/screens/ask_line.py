"""Asking for one line of text."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from ringfence.console.screens.overlay import Overlay
from ringfence.console.text import content
from ringfence.console.widgets.plain_input import PlainInput


class AskLine(Overlay[str | None]):
    """Asks for a line, with a ``placeholder`` as long as nothing is typed. Ends with it, or None where it is empty."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back"),
        Binding("ctrl+q", "app.quit", "Quit", show=False, priority=True, id="quit"),
    ]
    AUTO_FOCUS = "Input"
    DEFAULT_CSS = """
    AskLine #box { width: 84; height: auto; }
    AskLine Input { border: none; height: 1; background: $boost; }
    """

    def __init__(self, title: str, placeholder: str) -> None:
        super().__init__()
        self._title_text = title
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield PlainInput(placeholder=self._placeholder)

    def on_mount(self) -> None:
        """Says what it is for."""
        box = self.query_one("#box")
        box.border_title, box.border_subtitle = content(self._title_text), content("Enter saves · Esc goes back")

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Ends with what was typed."""
        message.stop()
        self.dismiss(message.value.strip() or None)

    def action_cancel(self) -> None:
        """Ends without a line."""
        self.dismiss(None)
