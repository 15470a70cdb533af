"""The question whether a change shall be made, which says what it would do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ringfence.console.cells.preview import beside, said
from ringfence.console.changing import DO, DO_MUCH, MANY
from ringfence.console.options import BACK, DialogOption
from ringfence.console.questions import Asks, while_wanted
from ringfence.console.screens.dialog import Dialog
from ringfence.console.text import Cell, Said
from ringfence.services.edited import Preview

if TYPE_CHECKING:
    from ringfence.services.editing import Edit

_DRAW_SECONDS: Final = 0.1


class Confirm(Dialog, Asks):
    """Asks whether a change shall be made, and tells meanwhile what it would do: it opens at once, tells first how much
    goes along, then who gains and loses what. Until then it can only be left; what is worked out ends with it."""

    def __init__(
        self,
        title: str,
        edits: Sequence[Edit],
        verb: str,
        *,
        more: Sequence[Said] = (),
        typed: str = "",
        key: str = "",
    ) -> None:
        self._edits = edits
        self._more = more
        self._verb, self._key = verb, key or verb[:1].lower()
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
            "confirm",
            lambda session: session.preview(self._edits, while_wanted(self._tell)),
            self._previewed,
            self._failed,
        )
        self.ask("count", lambda session: session.count_along(self._edits), self._counted, lambda _: None)
        self.set_interval(_DRAW_SECONDS, self._draw)

    def _options(self, off: str, along: int = 0) -> list[DialogOption]:
        much = len(self._edits) + along >= MANY
        return [
            DialogOption(DO_MUCH if much else DO, self._verb, self._key, off),
            DialogOption(BACK, "Back"),
        ]

    def _tell(self, what: str, done: int, of: int) -> None:
        self._told = (what, done, of)  # in the thread that works

    def _waiting(self) -> Cell:
        what, done, of = self._told
        how_far = f": {what.lower()}, {done * 100 // of} %" if of else ""
        return Cell(f"Working out who gains and loses what{how_far}…", "quiet")

    def _counted(self, along: Sequence[tuple[str, int]]) -> None:
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
        self.say([*self._more, *said(preview)])
        along = sum(count for _, count in preview.along)
        asked = preview.hidden or along > 1 or self.ringfence.configuration.confirm_name == "always"
        self.offer(self._options(preview.refusal, along), self._typed_name if asked and not preview.refusal else "")

    def _failed(self, reason: str) -> None:
        self.ringfence.tell_failure(reason)
        self.dismiss(None)
