"""What every form for a record is made of: what saving the draft changes, saving, and what may come between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ringfence.console.cells.preview import beside, said, who
from ringfence.console.changing import taken_back
from ringfence.console.options import BACK, DialogOption
from ringfence.console.questions import while_wanted
from ringfence.console.screens.area import CommandScreen, refresh_below
from ringfence.console.screens.conflict import ConflictScreen, rows_of
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.draft_form import DraftForm
from ringfence.console.screens.drafting import Drafting
from ringfence.console.text import Cell, Said, capital
from ringfence.console.widgets.form import Form
from ringfence.domain.errors import Conflict, Refused
from ringfence.services.edited import Preview
from ringfence.services.editing import Edit

if TYPE_CHECKING:
    from ringfence.console.commands.command import Home
    from ringfence.services.workspace import Session

_SETTLE: Final = 0.12
_RETRY: Final = 2.0
_LOGIN: Final = 14
"""Cells that a login takes at most, as a rule: as many are named as fill two lines."""
_LEAST: Final = 6
_NAMED: Final = 4
_ALL: Final = 1_000


class RecordForm(DraftForm):
    """A form over one record: the draft is previewed a moment after each change, and saved."""

    def __init__(self, record_id: int | None, copy_of: int | None = None, home: Home | None = None) -> None:
        super().__init__(record_id, copy_of, home)
        self.editor = self
        self.preview: Preview | None = None
        self.failure = ""
        self._waiting_to_save = False
        self._saving = False
        self._settling: Any = None

    # Changing.

    def draft_changed(self) -> None:
        """The draft is another one now."""
        self.preview, self.failure = None, ""
        self.say_outcome()
        self.show_where()
        self.app.refresh_bindings()
        self.preview_soon()

    def edits(self) -> list[Edit]:
        """The change that saving makes; nothing where the draft is what is."""
        if self.before is not None and self.draft == self.before:
            return []
        return [Edit(self.kind.noun, self.own_id, self.before, self.draft, self.revision)]

    @property
    def own_id(self) -> int:
        """The record's id, or what stands for it in the change that creates it."""
        return self.record_id if self.record_id is not None else -1

    def why_not_save(self) -> str:
        """Why saving is off."""
        if self.draft is None:
            return "it is still being opened"
        return self.read_only or ("" if self.edits() else "nothing was changed")

    # The preview.

    def preview_soon(self) -> None:
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(_SETTLE, self.preview_now)

    def preview_now(self) -> None:
        """Asks what saving the draft as it is now would change."""
        if self.draft is None:
            return
        edits = self.edits()
        if not edits or not self.worth_asking():
            self.preview = None
            self.say_outcome()
            return
        draft = self.draft
        self.ask(
            "preview",
            lambda session: self.ask_preview(session, edits),
            lambda found: self._previewed(draft, found),
            self.no_preview,
        )

    def worth_asking(self) -> bool:
        """Whether the draft is far enough to be previewed."""
        return bool(self.draft.name.strip())

    def ask_preview(self, session: Session, edits: list[Edit]) -> Any:
        """Asks, in a thread, what saving would change. A conflict is none until something is saved."""
        try:
            return session.preview(self.finished(session, edits), while_wanted())
        except Conflict as conflict:
            return Preview((), f"{conflict}: saving shows both")

    def _previewed(self, draft: Any, found: Any) -> None:
        if draft is self.draft:
            self.preview = self.take_preview(found)
            self.say_outcome()

    def take_preview(self, found: Any) -> Preview:
        """The preview among what ``ask_preview`` brought."""
        return found  # type: ignore[no-any-return]

    def no_preview(self, reason: str) -> None:
        """There is none; that something could not be saved is more important than that."""
        if not self._waiting_to_save:
            self.failure = reason
            self.say_outcome()

    def say_outcome(self) -> None:
        """Draws the preview, here and on the part of the editor that fills the screen."""
        screen = self.app.screen
        target = screen if isinstance(screen, Drafting) and screen.editor is self else self
        if target.is_mounted:
            target.show_outcome(self.outcome_lines())

    def show_outcome(self, lines: Sequence[Said]) -> None:
        """Draws what saving changes, or why nothing can be saved."""
        if self.read_only:
            self.outcome.set_title("Read only")
        super().show_outcome(lines)

    def warnings(self) -> Sequence[str]:
        """What else there is to say about the draft."""
        return ()

    def outcome_lines(self) -> list[Said]:
        """What saving changes, in a few lines, the most important first: who gains or loses how much, what that
        comes from, what is worth a second look, and what goes along."""
        lines: list[Said] = []
        if self.failure:
            lines.append(Cell(f"! {self.failure}", "attention"))
        if self.draft is None:
            return lines
        if not self.edits():
            lines.append(Cell(f"{capital(self.why_not_save())}.", "quiet"))
        elif self.preview is None:
            lines.append(Cell("…" if self.worth_asking() else "Give it a name.", "quiet"))
        else:
            lines.extend(who(self.preview, max(_LEAST, 2 * self.size.width // _LOGIN)))
            if self.preview.lacking is not None and (further := self.further()):
                lines.append(Cell(f"{further}.", "quiet"))
        lines.extend([*self.whence(_NAMED), *self._warned()])
        return lines if self.preview is None or not self.edits() else [*lines, *beside(self.preview)]

    def whence(self, limit: int) -> Sequence[Said]:
        """What of the draft gives and takes that, with the first few by name."""
        return ()

    def show_preview(self, screen: CommandScreen) -> None:
        """Shows for everybody what saving changes."""
        if self.preview is None:
            screen.notify("There is no preview yet.", markup=False)
            return
        screen.app.push_screen(Dialog("What saving changes", self.whole_outcome(), [DialogOption(BACK, "Back")]))

    def whole_outcome(self) -> list[Said]:
        """All that saving changes, once that is known."""
        besides = [*self.whence(_ALL), *self._warned()]
        return said(self.preview, besides) if self.preview is not None else besides

    def _warned(self) -> list[Said]:
        return [Cell(f"! {warning}", "attention") for warning in self.warnings()]

    # Saving.

    def save(self) -> None:
        """Saves the draft: in a thread, whole or not at all."""
        form = next(iter(self.query(Form)), None)
        if form is not None and not form.valid:
            self._show_this()
            form.check()
            return
        if not self._saving:
            self._saving = True
            self._save_now()

    def _save_now(self) -> None:
        edits = self.edits()

        def work(session: Session) -> Any:
            try:
                return session.save(self.finished(session, edits))
            except (Refused, Conflict) as error:
                return error

        self.ask("save", work, self._saved, self._save_failed)

    def finished(self, session: Session, edits: list[Edit]) -> list[Edit]:
        """The change with whatever must be read for it first; runs in a thread."""
        return edits

    def _saved(self, found: Any) -> None:
        self._saving = self._waiting_to_save = False
        self.failure = ""
        if isinstance(found, Conflict):
            self.conflicted(found)
        elif isinstance(found, Refused):
            self.refused(str(found), found.field)
        else:
            self._show_this()
            self.app.pop_screen()
            made = found.created.get(self.own_id)
            refresh_below(self, (self.kind.noun, made) if made is not None else None)
            self.ringfence.notify(f"Saved. {taken_back(self.ringfence)}", timeout=3)

    def _save_failed(self, reason: str) -> None:
        """The database cannot be reached: what was typed stays, and is saved when it is back."""
        self.failure = f"Not saved yet: {reason}. What you typed is kept, and saved when it is back; Esc stops that."
        self._waiting_to_save = True
        self.say_outcome()
        self.set_timer(_RETRY, self._try_again)

    def _try_again(self) -> None:
        if self._waiting_to_save:
            self._save_now()

    def refused(self, reason: str, field: str) -> None:
        """Says why it may not be saved, beside the field that it is about where the form has it."""
        self.failure = f"Not saved: {reason}."
        form = next(iter(self.query(Form)), None)
        if form is not None and field in form.values:
            form.set_error(field, reason)
        self.say_outcome()

    def _show_this(self) -> None:
        """Leaves the parts of the editor that fill the screen."""
        while self.app.screen is not self and self in self.app.screen_stack:
            self.app.pop_screen()

    # Two operators.

    def conflicted(self, conflict: Any) -> None:
        """Shows what another operator made of the record beside what is typed here; the choice is the draft."""
        self._show_this()
        theirs = conflict.current
        if theirs is None:
            what = f"somebody deleted this {self.kind.said} meanwhile"
            self.failure = f"Not saved: {what}. Esc leaves; what you typed is here still."
            self.say_outcome()
            return

        def chosen(sides: dict[str, str] | None) -> None:
            if sides is None:
                return
            taken = {name: getattr(theirs, name) for name, side in sides.items() if side == "theirs"}
            kept = {name: getattr(self.draft, name) for name, side in sides.items() if side == "mine"}
            self.before, self.revision = theirs, conflict.revision
            self.draft = self.blank = theirs
            self.draft = replace(theirs, **{**taken, **kept})
            self.show_form()
            self.draft_changed()

        title, who = f"This {self.kind.said} was changed meanwhile", conflict.who or "somebody else"
        rows = rows_of(self.before, theirs, self.draft, self.label_of, self.said)
        self.app.push_screen(ConflictScreen(title, who, rows), chosen)

    # Leaving.

    def leave(self) -> None:
        """Goes back; asks first where something would be lost."""
        if self._waiting_to_save:
            self._waiting_to_save = self._saving = False
            self.failure = "Not saved."
            self.say_outcome()
            return
        if not self.dirty:
            self.app.pop_screen()
            return

        def answered(answer: str | None) -> None:
            if answer == "leave":
                self.app.pop_screen()
            elif answer == "save":
                self.save()

        options = [
            DialogOption(BACK, "Go on editing", "g"),
            DialogOption("save", "Save", "s", self.why_not_save()),
            DialogOption("leave", "Leave; what was changed is lost", "l"),
        ]
        self.app.push_screen(Dialog("Leave without saving?", [], options), answered)
