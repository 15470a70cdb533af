"""A dialog with a line to type into, and the list of what that finds: the arrows move in it while one types."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Final, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from ringfence.console.questions import Asks
from ringfence.console.screens.overlay import Overlay
from ringfence.console.text import content
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.plain_input import PlainInput

Result = TypeVar("Result")

KEYS: Final = "↑↓ Enter chooses · Esc goes back"
"""What a dialog of this sort says below."""


class Searching(Overlay[Result], Asks):
    """A subclass gives ``compose_lists``, ``found``, ``search`` and ``choose``, and names itself with ``say``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back"),
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("pagedown", "page(1)", "Page down", show=False, priority=True),
        Binding("pageup", "page(-1)", "Page up", show=False, priority=True),
        Binding("ctrl+q", "app.quit", "Quit", show=False, priority=True, id="quit"),
    ]
    AUTO_FOCUS = "Input"
    PLACEHOLDER: ClassVar[str] = ""
    DEFAULT_CSS = """
    Searching #box { width: 84; height: 22; max-height: 90%; }
    Searching Input { border: none; height: 1; background: $boost; margin: 0 0 1 0; }
    Searching LineList, Searching LineList:focus, Searching LineList:ansi:focus { border: none; height: 1fr; }
    """

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield PlainInput(placeholder=self.placeholder)
            yield from self.compose_lists()

    @property
    def placeholder(self) -> str:
        """What the line says as long as nothing is typed."""
        return self.PLACEHOLDER

    @abstractmethod
    def compose_lists(self) -> ComposeResult:
        """The list, without lines yet."""

    @property
    def typed(self) -> str:
        """What is in the line."""
        return self.query_one(Input).value

    def type(self, text: str) -> None:
        """Puts a text into the line, for more to be typed after it."""
        line = self.query_one(Input)
        line.value = text
        line.cursor_position = len(text)

    def say(self, title: str, keys: str) -> None:
        """Names the dialog, and its keys."""
        box = self.query_one("#box")
        box.border_title, box.border_subtitle = content(title), content(keys)

    def say_below(self, text: Content) -> None:
        """Shows what the list says of itself, and beside it the keys that it has, where there is room for both."""
        if not self.is_mounted:
            return
        both = Content(" · ").join([one for one in (text, Content(KEYS)) if one])
        fits = both.cell_length <= self.found.size.width
        self.query_one("#box").border_subtitle = both if fits else text

    @property
    def found(self) -> LineList:
        """The list."""
        return self.query_one(LineList)

    @abstractmethod
    def search(self, text: str) -> None:
        """Shows what is found by a text."""

    @abstractmethod
    def choose(self) -> None:
        """Ends with what is under the cursor."""

    def on_mount(self) -> None:
        """Leaves the keys to the line."""
        self.found.can_focus = False

    def on_input_changed(self, message: Input.Changed) -> None:
        """Looks for what was typed."""
        message.stop()
        self.search(message.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Chooses, after everything that was typed before Enter."""
        message.stop()
        self.choose()

    def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        """A double click chooses too."""
        message.stop()
        self.choose()

    def action_cancel(self) -> None:
        """Ends without anything."""
        self.dismiss(None)

    def action_move(self, lines: int) -> None:
        """Moves the list's cursor while the line keeps the focus."""
        self.found.action_move(lines)

    def action_page(self, pages: int) -> None:
        """Moves it by a screenful."""
        self.found.action_page(pages)
