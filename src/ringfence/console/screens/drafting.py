"""A screen that works on a draft, with the preview of what saving it changes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from textual import events
from textual.app import ComposeResult

from ringfence.console.asked_about import AskedAbout
from ringfence.console.commands.command import Command, bindings, display_anywhere
from ringfence.console.commands.drafting import EDITING, LEAVE, SAVE, WHOLE_PREVIEW, Editor
from ringfence.console.commands.everywhere import BESIDE
from ringfence.console.commands.why import WHY
from ringfence.console.screens.area import CommandScreen
from ringfence.console.text import Said
from ringfence.console.widgets.bars import Breadcrumbs, NavBar, TitleBar
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.outcome import OutcomePanel

_BARS: Final = 4
"""Lines for whose view it is, the areas, where one is, and the keys."""
_FRAME: Final = 2


class Drafting(CommandScreen, inherit_bindings=False):
    """A screen that works on a draft: an editor itself, or a part of it that fills the screen (a picker, a matrix).

    A subclass with commands of its own states ``COMMANDS_HERE`` and ``BINDINGS = bindings(COMMANDS_HERE)``.
    """

    AREA: str = ""
    TYPING = True
    COMMANDS_HERE: Sequence[Command[Any]] = ()
    BINDINGS = [*bindings((SAVE, LEAVE, *BESIDE)), *bindings((WHOLE_PREVIEW, WHY), apart=True)]
    PANEL_HEIGHT: int = 5
    KEYS_FIRST: ClassVar[Sequence[str]] = ()
    """The widgets' own keys that the key bar shows before all others."""

    KEYS_THAT_CHANGE: ClassVar[Sequence[str]] = ()
    """Those of them that change something."""

    editor: Editor

    @property
    def read_only(self) -> str:
        return self.editor.read_only

    @property
    def asked_about(self) -> AskedAbout | None:
        """What the editor is about."""
        editor: Any = self.editor
        return editor.asked_about if isinstance(editor, CommandScreen) and editor is not self else super().asked_about

    def key_says(self, name: str, text: str) -> str:
        return "" if self.read_only and name in self.KEYS_THAT_CHANGE else super().key_says(name, text)

    @property
    def commands(self) -> tuple[Command[Any], ...]:
        """Nothing of the areas here: they would leave the draft behind."""
        return (*self.COMMANDS_HERE, *EDITING, *BESIDE)

    def compose(self) -> ComposeResult:
        yield TitleBar(app_name="◎ ringfence")
        yield NavBar(items=self.numbered)
        yield Breadcrumbs()
        yield from self.compose_body()
        yield OutcomePanel()
        first = (*self.KEYS_FIRST, *(command.name for command in self.COMMANDS_HERE), "save", "leave")
        yield self.key_bar(first, ("save", "leave"))

    @abstractmethod
    def compose_body(self) -> ComposeResult:
        """What stands between the bars and the preview."""

    def on_mount(self) -> None:
        """Shows whose view this is, and where."""
        self.show_standing()
        if self.AREA:
            self.mark_area(self.AREA)
        self.outcome.styles.height = self.PANEL_HEIGHT

    def show_path(self, path: Sequence[str]) -> None:
        """Draws the breadcrumbs."""
        self.query_one(Breadcrumbs).set_path(path)

    def show_outcome(self, lines: Sequence[Said]) -> None:
        """Draws what saving changes."""
        outcome = self.outcome
        outcome.key = display_anywhere(self.ringfence.keys_of(self._whole_preview))
        outcome.say(lines)
        self._make_room()

    @property
    def outcome(self) -> OutcomePanel:
        """The panel that says what saving changes."""
        return self.query_one(OutcomePanel)

    @property
    def _whole_preview(self) -> Command[Any]:
        return next((one for one in self.COMMANDS_HERE if one.name == WHOLE_PREVIEW.name), WHOLE_PREVIEW)

    def _make_room(self) -> None:
        """Gives the panel what it needs, as far as the screen has that to give: two fifths of it, and what the form
        leaves free. It does not take that back: where lines come and go, nothing jumps."""
        outcome, rows = self.outcome, self.size.height - _BARS
        free = rows - max((form.wanted for form in self.query(Form)), default=rows)
        least = max(self.PANEL_HEIGHT, outcome.size.height + _FRAME if outcome.size.height else 0)
        most = max(self.PANEL_HEIGHT, rows * 2 // 5, free)
        outcome.styles.height = min(max(least, outcome.wanted), most)

    def on_resize(self, event: events.Resize) -> None:
        """Shares the room anew."""
        del event
        if self.is_mounted:
            self.call_after_refresh(self._make_room)

    def on_screen_resume(self) -> None:
        """Draws the preview as it is now."""
        if self.is_mounted:
            self.show_outcome(self.editor.outcome_lines())

    def leave(self) -> None:
        """Goes back; the draft stays with the editor."""
        self.app.pop_screen()
