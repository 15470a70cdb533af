"""The queue of alarms, with the one under the cursor in a few lines below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult

from ringfence.console import alarm_queue
from ringfence.console.cells import alarms
from ringfence.console.commands.alarms import NARROW
from ringfence.console.screens.record_list import RecordList
from ringfence.console.screens.records import KindScreen
from ringfence.console.text import Cell
from ringfence.console.ticking import Ticking
from ringfence.console.widgets.outcome import OutcomePanel
from ringfence.console.widgets.posted import Posted
from ringfence.domain import clock
from ringfence.domain.alarm import ALARMS, NEW
from ringfence.domain.filter import quoted
from ringfence.domain.user import USERS

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ringfence.console.alarm_queue import Queue
    from ringfence.services.alarms import Around
    from ringfence.services.records import Listing
    from ringfence.services.workspace import Session

_NEW: Final = f"state:{NEW}"
_FOLLOW_SECONDS: Final = 0.06
"""A held key runs through the list without opening every alarm on its way."""


class AlarmList(RecordList):
    """The alarms. Whoever goes to the first one has looked at what has come."""

    class CameHome(Posted):
        """Posted when somebody goes to the first row, from wherever."""

    def action_first(self) -> None:
        super().action_first()
        self.post_message(self.CameHome(self))


class AlarmsScreen(KindScreen):
    """The alarms that the user sees. Where there is little room, there is none for the lines below.

    What comes meanwhile moves neither the cursor nor the row under it: it is counted, until somebody goes to it.
    """

    DEFAULT_CSS = """
    AlarmsScreen {
        & #lists { layout: vertical; }
        & OutcomePanel { height: 6; }
        &.-short OutcomePanel { display: none; }
        &.-tall OutcomePanel { height: 7; }
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-usual"), (24, "-tall")]
    LIST = AlarmList
    MORE_HERE = (NARROW,)

    def __init__(self) -> None:
        super().__init__(ALARMS)
        self._around: Around | None = None
        self._queue: Queue | None = None
        self._own = ""
        """The filter that finds the viewer's own ones; empty where lists do not name the viewer to themselves."""
        self._known = 0
        """The greatest id of those that were there when somebody looked at the first one last."""

    def compose_lists(self) -> ComposeResult:
        yield from super().compose_lists()
        yield OutcomePanel("")

    def on_mount(self) -> None:
        """Begins to count, beside everything else."""
        self._counting = Ticking(self, "queue", self._stamp, self._count, self._counted)

    def viewer_changed(self) -> None:
        super().viewer_changed()
        self._own = ""
        if (profile := self.ringfence.profile) is not None:
            own = profile.user_id
            self.ask("own", lambda session: session.names_of(USERS.name, [own]), self._named, lambda _: None)

    def _named(self, found: dict[int, str]) -> None:
        self._own = next((f"assignee:^{quoted(name)}" for name in found.values()), "")

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
        self._counting.now()

    def refresh_data(self) -> None:
        super().refresh_data()
        self._follow()
        self._counting.now()

    def clear(self) -> None:
        super().clear()
        self._show(None)
        self._counting.drop()
        self._say_queue(None)

    def narrow(self) -> None:
        """Shows the new ones alone; from those on the viewer's own; from these on all."""
        self._filter_by(self._next_filter)

    def key_says(self, name: str, text: str) -> str:
        return super().key_says(name, self._narrowing(text, "own ones", "all of them") if name == NARROW.name else text)

    def key_brief(self, name: str) -> str:
        text = super().key_brief(name)
        return self._narrowing(text, "own", "all") if name == NARROW.name else text

    def _narrowing(self, text: str, own: str, every: str) -> str:
        shown = self.filter_line.value
        if shown == _NEW:
            return own if self._own else every
        return every if shown and shown == self._own else text

    @property
    def _next_filter(self) -> str:
        shown = self.filter_line.value
        return self._own if shown == _NEW else "" if shown and shown == self._own else _NEW

    def _filter_by(self, text: str) -> None:
        self.filter_line.show_quietly(text)
        self.filtered(text)
        self.refresh_bindings()

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

    def _narrowed(self) -> Listing | None:
        """Which alarms are counted: those that the list is about, in whatever order."""
        listing = self.records.listing
        return listing._replace(sort="", descending=False, only="") if listing is not None else None

    def _stamp(self, session: Session) -> Hashable:
        """A test mode ends without anybody's change: that is seen within a minute."""
        return self._narrowed(), session.stamp(signals=True), f"{clock.now():%H:%M}"

    def _count(self, session: Session) -> Queue | None:
        narrowed = self._narrowed()
        table = self.records
        return alarm_queue.read(session, narrowed, lambda: table.awaits_rows) if narrowed is not None else None

    def _counted(self, queue: Queue | None) -> None:
        if queue is not None and queue.listing == self._narrowed():
            if self._queue is None or self._queue.listing != queue.listing:
                self._known = max(queue.latest, default=0)
            self._say_queue(queue)

    def _say_queue(self, queue: Queue | None) -> None:
        self._queue = queue
        self.show_beside(queue.above(self._known) if queue is not None else ())
        self.records.say_besides(*(queue.below() if queue is not None else ()))

    def on_alarm_list_came_home(self) -> None:
        """What has come is looked at."""
        if self._queue is not None:
            self._known = max((self._known, *self._queue.latest))
            self._say_queue(self._queue)
