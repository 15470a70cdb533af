"""The dual-list picker over the whole screen, as a part of an editor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult

from ringfence.console.screens.drafting import Drafting
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.text import Cell, number
from ringfence.console.widgets.choices import Choices
from ringfence.console.widgets.picker import DualPicker

if TYPE_CHECKING:
    from ringfence.services.workspace import Session


class PickScreen(Drafting):
    """Chooses many of something for an editor's draft.

    ``load`` reads the choices in a thread; ``take`` is given what is chosen after each change.
    """

    editor: RecordForm
    AUTO_FOCUS = ""
    KEYS_FIRST = ("toggle_mark", "add", "remove", "toggle_nested", "add_all", "remove_all")

    def __init__(
        self,
        editor: RecordForm,
        title: str,
        load: Callable[[Session], Choices],
        chosen: Mapping[int, bool],
        take: Callable[[dict[int, bool]], None],
        *,
        nestable: bool = True,
        noun: str = "customers",
        chosen_title: str = "Accessible",
    ) -> None:
        super().__init__()
        self.editor = editor
        self.AREA = editor.AREA
        self._title_text = title
        self._load = load
        self._chosen = dict(chosen)
        self._take = take
        self._nestable, self._noun, self._chosen_title = nestable, noun, chosen_title

    def compose_body(self) -> ComposeResult:
        yield DualPicker(chosen_title=self._chosen_title, nestable=self._nestable, noun=self._noun)

    def on_mount(self) -> None:
        super().on_mount()
        name = self.editor.draft.name or f"New {self.editor.kind.said}"
        self.show_path([self.editor.title_here, name, self._title_text])
        self.picker.wait()
        self.picker.focus()
        self.show_outcome(self.editor.outcome_lines())
        self.ask("choices", self._load, self._show, self.picker.fail)

    @property
    def picker(self) -> DualPicker:
        """The picker."""
        return self.query_one(DualPicker)

    def _show(self, choices: Choices) -> None:
        self._choices = choices
        self.picker.set_choices(choices, self._chosen)
        self.picker.focus()

    @on(DualPicker.Changed)
    def take_chosen(self, message: DualPicker.Changed) -> None:
        """Puts what is chosen into the draft."""
        message.stop()
        self._take(message.chosen)

    def show_outcome(self, lines: Sequence[Any]) -> None:
        """What saving changes, and what of the choice is without effect."""
        super().show_outcome([*lines, *self._idle()])

    def _idle(self) -> list[Any]:
        if not self._nestable or not hasattr(self, "_choices"):
            return []
        idle = self.picker.redundant()
        if not idle:
            return []
        names = dict(zip(self._choices.ids, self._choices.names, strict=True))
        own, covering = idle[0]
        said = f"! {names[own]} is nested in {names[covering]}, which is in with its nested customers: no effect."
        more = f" And {number(len(idle) - 1)} more." if len(idle) > 1 else ""
        return [Cell(said + more, "attention")]
