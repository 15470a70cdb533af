"""A change that needs no form: shown, then made when told to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from ringfence.console.cells.preview import beside, said
from ringfence.console.questions import Asks, while_wanted
from ringfence.console.screens.area import AreaScreen, CommandScreen
from ringfence.console.screens.dialog import BACK, Dialog, DialogOption
from ringfence.console.screens.working import Progress, work_on
from ringfence.console.text import Cell, Said
from ringfence.domain.errors import Conflict, Refused

if TYPE_CHECKING:
    from ringfence.services.editing import Edit, StateKind
    from ringfence.services.records import Preview
    from ringfence.services.workspace import Session

MANY: Final = 200
"""From so many records on, a change takes long enough to be watched, and cancelled."""

_DRAW_SECONDS: Final = 0.1


def refresh_below(closed: CommandScreen, new: tuple[StateKind, int] | None = None) -> None:
    """Reads the list anew that comes up when an editor closes; the cursor goes to what was made there (``new``)."""
    for screen in reversed(closed.app.screen_stack):
        if screen is not closed and isinstance(screen, AreaScreen):
            if new is None:
                screen.call_later(screen.refresh_data)
            else:
                screen.show_new(*new)
            return


class Confirm(Dialog, Asks):
    """Asks whether a change shall be made, and tells meanwhile what it would do: it opens at once, tells first how much
    goes along, then who gains and loses what. Until then it can only be left; what is worked out ends with it."""

    def __init__(
        self,
        title: str,
        more: Sequence[Said],
        verb: str,
        *,
        count: Callable[[Session], Sequence[tuple[str, int]]],
        look: Callable[[Session, Progress], Preview],
        typed: str,
    ) -> None:
        self._more = more
        self._verb = verb
        self._count = count
        self._look = look
        self._typed_name = typed
        self._along: list[Said] = []
        self._told: tuple[str, int, int] = ("", 0, 0)
        self._drawn = ""
        self.preview: Preview | None = None
        super().__init__(title, [*more, self._waiting()], self._options("it is still being worked out"))

    def on_mount(self) -> None:
        """Begins."""
        super().on_mount()
        self.ask(
            "confirm", lambda session: self._look(session, while_wanted(self._tell)), self._previewed, self._failed
        )
        self.ask("count", self._count, self._counted, lambda _: None)
        self.set_interval(_DRAW_SECONDS, self._draw)

    def _options(self, off: str) -> list[DialogOption]:
        return [DialogOption("do", self._verb, self._verb[:1].lower(), off), DialogOption(BACK, "Back")]

    def _tell(self, what: str, done: int, of: int) -> None:
        self._told = (what, done, of)  # in the thread that works

    def _waiting(self) -> Cell:
        what, done, of = self._told
        how_far = f": {what.lower()}, {done * 100 // of} %" if of else ""
        return Cell(f"Working out who gains and loses what{how_far}…", "quiet")

    def _counted(self, along: Sequence[tuple[str, int]]) -> None:
        from ringfence.services.records import Preview

        self._along = beside(Preview((), along=tuple(along)))
        self._drawn = ""
        self._draw()

    def _draw(self) -> None:
        """How far it is, while it is not there yet."""
        waiting = self._waiting()
        if self.preview is None and waiting.text != self._drawn:
            self._drawn = waiting.text
            self.say([*self._more, *self._along, waiting])

    def _previewed(self, preview: Preview) -> None:
        self.preview = preview
        self.say([*self._more, *said(preview, None)])
        several = preview.hidden or sum(count for _, count in preview.along) > 1
        self.offer(self._options(preview.refusal), self._typed_name if several and not preview.refusal else "")

    def _failed(self, reason: str) -> None:
        self.ringfence.tell_failure(reason)
        self.dismiss(None)


def confirm_change(
    screen: CommandScreen,
    title: str,
    edits: Sequence[Edit],
    verb: str,
    done: Callable[[], object] | None = None,
    *,
    more: Sequence[Said] = (),
    typed: str = "",
) -> None:
    """Shows what a change would do, and makes it when told to. ``verb`` is the answer that does it (``Delete``).

    Where more than one record goes along, ``typed`` (the name of the record) has to be typed first, if it is given.
    """

    change = list(edits)

    def saved(found: Any) -> None:
        if found is None:
            return
        if isinstance(found, Refused | Conflict):
            screen.ringfence.tell_failure(f"{found}: nothing was changed")
            return
        screen.ringfence.notify("Done. u takes it back.", timeout=3)
        screen.refresh_data()
        if done is not None:
            done()

    def work(session: Session, progress: Any = None) -> Any:
        try:
            return session.save(change, progress)
        except (Refused, Conflict) as error:
            return error

    def answered(answer: str | None) -> None:
        if answer != "do":
            return
        along = sum(count for _, count in question.preview.along) if question.preview is not None else 0
        if len(change) + along >= MANY:
            work_on(screen, title.rstrip("?"), work, saved)
        else:
            screen.ask("save", work, saved)

    question = Confirm(
        title,
        more,
        verb,
        count=lambda session: session.count_along(change),
        look=lambda session, progress: session.preview(change, progress),
        typed=typed,
    )
    screen.app.push_screen(question, answered)
