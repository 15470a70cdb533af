"""The dual-list picker over the whole screen, as a part of an editor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from textual import events, on
from textual.app import ComposeResult

from ringfence.console.cells.records import in_words
from ringfence.console.screens.drafting import Drafting
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.text import Cell, Said, number
from ringfence.console.widgets.choices import Choices
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.picker import DualPicker
from ringfence.domain.registry import kind_named

if TYPE_CHECKING:
    from textual.timer import Timer

    from ringfence.services.choices import GroupMembers
    from ringfence.services.workspace import Session

_SETTLE: Final = 0.12
_NAMED: Final = 6


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
        self._choices = Choices.flat((), ())

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
        if not self._nestable:
            return []
        idle = self.picker.redundant()
        if not idle:
            return []
        names = dict(zip(self._choices.ids, self._choices.names, strict=True))
        own, covering = idle[0]
        said = f"! {names[own]} is nested in {names[covering]}, which is in with its nested customers: no effect."
        more = f" And {number(len(idle) - 1)} more." if len(idle) > 1 else ""
        return [Cell(said + more, "attention")]


class PickRecords(PickScreen):
    """Chooses records of a kind, and says of the one under the cursor what one decides by: what its lists show of it,
    and of a group whom it is about, by name."""

    PANEL_HEIGHT = 6

    def __init__(
        self,
        editor: RecordForm,
        title: str,
        kind: str,
        chosen: Mapping[int, bool],
        take: Callable[[dict[int, bool]], None],
        load: Callable[[Session], Choices],
        **options: Any,
    ) -> None:
        super().__init__(editor, title, load, chosen, take, noun=title.lower(), **options)
        self._kind = kind_named(kind)
        self._at: int | None = None
        self._members: dict[int, GroupMembers] = {}
        self._settling: Timer | None = None

    @on(LineList.CursorMoved)
    def cursor_moved(self, message: LineList.CursorMoved) -> None:
        """Another one is under the cursor."""
        message.stop()
        self._explain()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The cursor of the other side counts now."""
        del event
        self._explain()

    @on(DualPicker.Changed)
    def others_chosen(self) -> None:
        """What was under the cursor is on the other side now."""
        self.call_after_refresh(self._explain)

    def _show(self, choices: Choices) -> None:
        super()._show(choices)
        self._explain()

    def _explain(self) -> None:
        at = self.picker.current
        if at == self._at:
            return
        self._at = at
        self.outcome.set_title(self._choices.names[at] if at is not None else "What saving changes")
        self.show_outcome(self.editor.outcome_lines())
        if self._settling is not None:
            self._settling.stop()
        if at is not None and self._kind.grants and self._choices.ids[at] not in self._members:
            self._settling = self.set_timer(_SETTLE, self._ask_members)

    def _ask_members(self) -> None:
        group = self._choices.ids[self._at] if self._at is not None else 0

        def told(found: GroupMembers) -> None:
            self._members[group] = found
            self.show_outcome(self.editor.outcome_lines())

        if group > 0:
            self.ask("members", lambda session: session.group_members(self._kind.name, group), told, lambda _: None)

    def show_outcome(self, lines: Sequence[Any]) -> None:
        """What the one under the cursor is, and what saving changes."""
        if not self.editor.edits() and not self.editor.failure:
            lines = ()  # that nothing was changed need not be said here
        super().show_outcome([*self._said(), *lines])

    def _said(self) -> list[Said]:
        if self._at is None:
            return []
        line = [Cell(self._choices.notes[self._at] if self._choices.notes else "")]
        known = self._members.get(self._choices.ids[self._at])
        for names in (known.customers, known.logins) if known is not None else ():
            if names:
                line += [Cell(" · " if line[0].text else "", "quiet"), Cell(_some(names), "quiet")]
        return [line] if any(cell.text for cell in line) else []


def record_choices(session: Session, kind: str) -> Choices:
    """Every record of a kind that the viewer may list, each with what one decides by; in a thread."""
    found, say = session.record_choices(kind), in_words(kind_named(kind))
    return Choices.flat(found.ids, found.names, notes=[say(one) for one in found.records])


def _some(names: Sequence[str]) -> str:
    more = f" and {number(len(names) - _NAMED)} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
