"""Long work over the screen: what is being done, how far it is, and a way out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from ringfence.console.questions import Asks, while_wanted
from ringfence.console.screens.overlay import Overlay
from ringfence.console.text import content
from ringfence.console.widgets.bar import Bar
from ringfence.console.widgets.paint import Part
from ringfence.domain.errors import Cancelled

if TYPE_CHECKING:
    from ringfence.services.workspace import Session

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

_DRAW_SECONDS: Final = 0.1


class _HowFar(Bar):
    """One step of the work as a bar, with how much of it is done: never of how many, since some may be hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.told: tuple[str, int, int] = ("", 0, 0)

    def parts(self, width: int) -> Sequence[Part]:
        """The step, the bar, the percentage."""
        what, done, of = self.told
        if not of:
            return [(what or "…", "quiet")]
        share = f" {100 * min(done, of) // of} %"
        room = max(0, min(40, width - len(what) - len(share) - 2))
        full = room * min(done, of) // of
        return [(f"{what} ", ""), ("━" * full, "accent"), ("─" * (room - full), "quiet"), (share, "quiet")]


class Working(Overlay[Any], Asks):
    """Runs work in a thread and shows how far it is. Ends with what it brought, or None.

    Escape asks the work to stop; it does so where nothing is left half done.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("ctrl+q", "app.quit", "Quit", show=False, priority=True, id="quit"),
    ]
    DEFAULT_CSS = """
    Working #box { width: 74; height: 5; padding: 1 1; }
    """

    def __init__(self, title: str, work: Callable[[Session, Progress], Any]) -> None:
        super().__init__()
        self._title_text = title
        self._work = work
        self._stop = Event()
        self._told: tuple[str, int, int] = ("", 0, 0)

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield _HowFar()

    def on_mount(self) -> None:
        """Begins."""
        box = self.query_one("#box")
        box.border_title = content(self._title_text)
        box.border_subtitle = content("Esc cancels")
        self.set_interval(_DRAW_SECONDS, self._draw)
        self.ask("work", lambda session: self._work(session, while_wanted(self._progress)), self.dismiss, self._failed)

    def _progress(self, what: str, done: int, of: int) -> None:
        """Called by the thread that works."""
        if self._stop.is_set():
            raise Cancelled("cancelled: nothing was changed")
        self._told = (what, done, of)

    def _draw(self) -> None:
        bar = self.query_one(_HowFar)
        if bar.told != self._told:
            bar.told = self._told
            bar.refresh()

    def _failed(self, reason: str) -> None:
        self.ringfence.tell_failure(reason)
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Asks the work to stop."""
        self._stop.set()
        self.query_one("#box").border_subtitle = content("stopping…")
