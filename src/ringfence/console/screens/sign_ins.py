"""The sessions of a user that have not ended, each of which can be ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from ringfence.console.moments import age
from ringfence.console.options import BACK, DialogOption
from ringfence.console.questions import Asks
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.overlay import Overlay
from ringfence.console.text import Cell, content, fit, number
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part
from ringfence.domain import clock

if TYPE_CHECKING:
    from ringfence.services.sign_ins import OpenSession

_KEYS: Final = "D ends it · Esc goes back"
_ROWS: Final = 12
_HOW, _AGE = 10, 9


class _Lines(LineList):
    """A line for each session."""

    DEFAULT_CSS = """
    _Lines, _Lines:focus, _Lines:ansi, _Lines:ansi:focus { border: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.shown: Sequence[OpenSession] = ()
        self.own: int | None = None

    def show(self, found: Sequence[OpenSession], own: int | None) -> None:
        """Shows these; of one's own, which it is."""
        self.shown, self.own = found, own
        self.begin(len(found), "Nobody is signed in so: there is no session.")

    def line(self, index: int, width: int) -> Sequence[Part]:
        one, now = self.shown[index], clock.now()
        here = one.id == self.own
        said = "this one" if here else f"seen {age(one.seen, now)} ago"
        ages = fit(f"{age(one.began, now)} ago", _AGE, align="right")
        room = max(1, width - _HOW - _AGE - 20)
        return [
            (fit(f" {one.how}", _HOW), ""),
            (fit(one.origin, room), ""),
            (f"  {ages}  ", "quiet"),
            (fit(said, 16), "accent" if here else "quiet"),
        ]


class SignInsScreen(Overlay[None], Asks):
    """Shows the sessions of a user, whom whoever looks may edit; of themselves with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back"),
        Binding("D,delete,enter", "end", "End it", priority=True, show=False),
        Binding("ctrl+q", "app.quit", "Quit", show=False, priority=True, id="quit"),
    ]
    AUTO_FOCUS = "_Lines"
    DEFAULT_CSS = """
    SignInsScreen #box { width: 96; height: auto; }
    """

    def __init__(self, user: int | None, name: str) -> None:
        super().__init__()
        self._user = user
        self._name = name

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield _Lines()

    def on_mount(self) -> None:
        """Asks for them."""
        self.query_one("#box").border_title = content(f"Signed in: {self._name}")
        self.query_one("#box").border_subtitle = content(_KEYS)
        self.query_one(_Lines).styles.height = 1
        self._read()

    def _read(self) -> None:
        user = self._user
        self.ask(
            "sign-ins",
            lambda session: session.own_sign_ins() if user is None else session.sign_ins_of(user),
            self._show,
            self._failed,
        )

    def _show(self, found: Sequence[OpenSession]) -> None:
        session = self.ringfence.session
        lines = self.query_one(_Lines)
        lines.styles.height = max(1, min(_ROWS, len(found)))
        lines.show(found, session.sign_in if session is not None else None)
        many = f"{number(len(found))} · " if found else ""
        self.query_one("#box").border_subtitle = content(many + _KEYS if found else "Esc goes back")

    def _failed(self, reason: str) -> None:
        self.ringfence.tell_failure(reason)
        self.dismiss(None)

    def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        """A double click ends it, too."""
        message.stop()
        self.action_end()

    def action_end(self) -> None:
        """Ends the session under the cursor; asks first."""
        lines = self.query_one(_Lines)
        if not lines.shown:
            return
        one = lines.shown[lines.cursor]
        here = one.id == lines.own
        said = "You are signed out at once." if here else "Whoever is in it is out at their next key."
        told = [Cell(f"By {one.how}, {one.origin}, begun {age(one.began, clock.now())} ago."), Cell(said)]

        def answered(answer: str | None) -> None:
            if answer != "end":
                return
            self.ask("end", lambda session: session.end_sign_ins([one.id]), lambda _: self._read(), self._not_ended)

        options = [DialogOption("end", "End it", "e"), DialogOption(BACK, "Back")]
        self.app.push_screen(Dialog(f"End this session of {self._name}?", told, options), answered)

    def _not_ended(self, reason: str) -> None:
        self.ringfence.tell_failure(reason)
        self._read()

    def action_cancel(self) -> None:
        """Goes back."""
        self.dismiss(None)
