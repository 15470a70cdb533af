"""The queue of alarms, with the one under the cursor in a few lines below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult

from ringfence.console.cells import alarms
from ringfence.console.screens.records import KindScreen
from ringfence.console.text import Cell
from ringfence.console.widgets.outcome import OutcomePanel
from ringfence.domain.alarm import ALARMS

if TYPE_CHECKING:
    from ringfence.services.alarms import Around

_FOLLOW_SECONDS: Final = 0.06
"""A held key runs through the list without opening every alarm on its way."""


class AlarmsScreen(KindScreen):
    """The alarms that the user sees. Where there is little room, there is none for the lines below."""

    DEFAULT_CSS = """
    AlarmsScreen {
        & #lists { layout: vertical; }
        & OutcomePanel { height: 6; }
        &.-short OutcomePanel { display: none; }
        &.-tall OutcomePanel { height: 7; }
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-usual"), (32, "-tall")]

    def __init__(self) -> None:
        super().__init__(ALARMS)
        self._around: Around | None = None

    def compose_lists(self) -> ComposeResult:
        yield from super().compose_lists()
        yield OutcomePanel("")

    @property
    def preview(self) -> OutcomePanel:
        """The lines below the list."""
        return self.query_one(OutcomePanel)

    def on_line_list_cursor_moved(self) -> None:
        """Follows the cursor, once it rests."""
        self.set_timer(_FOLLOW_SECONDS, self._follow)

    def _say_found(self) -> None:
        super()._say_found()
        self._follow()

    def refresh_data(self) -> None:
        super().refresh_data()
        self._follow()

    def clear(self) -> None:
        super().clear()
        self._show(None)

    def _follow(self) -> None:
        row = self.records.row
        if row is None:
            self.drop("around")
            self._show(None)
        else:
            own = row.id
            self.ask("around", lambda session: session.around_alarm(own), self._show, self._fail)

    def _show(self, around: Around | None) -> None:
        preview, self._around = self.preview, around
        preview.set_title("" if around is None else alarms.title(around))
        preview.say([] if around is None else alarms.lines(around, preview.line_width - 1, preview.page_height))

    def _fail(self, reason: str) -> None:
        self._show(None)
        self.preview.say([Cell(reason, "quiet")])

    def on_resize(self) -> None:
        """Fits the lines into the room that there is now."""
        self.call_after_refresh(lambda: self._show(self._around))
