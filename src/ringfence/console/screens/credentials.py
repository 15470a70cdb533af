"""Asking for what only one person knows: a login with its password, a code, a password of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from time import monotonic
from typing import Any, ClassVar, Final, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.widgets import Input, Static

from ringfence.console.questions import Asks
from ringfence.console.screens.dialog import SaidLines
from ringfence.console.screens.overlay import Overlay
from ringfence.console.text import Cell, Said, capital, content, width_of
from ringfence.console.widgets.plain_input import PlainInput
from ringfence.console.widgets.qr import QrCode
from ringfence.domain.errors import RingfenceError, SessionEnded

_WIDE: Final = 64
_FRAME: Final = 4  # the border, and a cell of padding, on either side
_BESIDE: Final = 24
"""The least that there is to be beside a QR code, in cells."""
_GAP: Final = 2
_MINUTE: Final = 60


class Entry(NamedTuple):
    """A line to be typed. Of a ``secret`` one nobody sees what is."""

    name: str
    label: str
    secret: bool = True
    hint: str = ""


class Asked(NamedTuple):
    """What is asked for: entries, below a few lines. ``take`` is given what was typed, in a thread; it returns what is
    asked for next, or else what it has come to, and raises RingfenceError with what is wrong. A ``uri`` is drawn beside
    it as a QR code."""

    title: str
    entries: tuple[Entry, ...]
    take: Callable[[Mapping[str, str]], object]
    lines: tuple[Said, ...] = ()
    uri: str = ""


class _Line(PlainInput):
    """A line that is typed into."""

    def _forward_event(self, event: events.Event) -> None:
        screen = self.screen
        if not (isinstance(screen, Credentials) and screen.keeps(event)):
            self.take(event)

    def take(self, event: events.Event) -> None:
        """Takes what is typed, now."""
        super()._forward_event(event)


class Credentials(Overlay[Any], Asks):
    """Asks, step by step, and ends with what that has come to. ``told`` is said at first. Where one ``stays``, Escape
    only begins anew: there is nothing to go back to, and nothing shows through from below."""

    WAITS = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back"),
        Binding("down,tab", "move(1)", "Down", show=False, priority=True),
        Binding("up,shift+tab", "move(-1)", "Up", show=False, priority=True),
        Binding("ctrl+q", "app.quit", "Quit", show=False, priority=True, id="quit"),
    ]
    AUTO_FOCUS = "Input"
    DEFAULT_CSS = """
    Credentials #box { width: 64; height: auto; }
    Credentials.-stays { background: $background; }
    Credentials #asked, Credentials #two { height: auto; }
    Credentials QrCode { margin: 0 2 0 0; }
    Credentials .entry { height: 1; margin: 0 0 1 1; }
    Credentials .entry Static { color: $text-muted; }
    Credentials .entry Input { border: none; height: 1; width: 1fr; background: $surface; }
    Credentials .entry Input:ansi { background: ansi_default; text-style: underline; }
    Credentials SaidLines { background: transparent; }
    """

    def __init__(self, first: Asked, *, stays: bool, told: str = "") -> None:
        super().__init__(classes="-stays" if stays else "")
        self._first = self._asked = first
        self._stays = stays
        self._said = SaidLines(())
        self._told = SaidLines(())
        self._telling = (f"{capital(told)}." if told else "", "attention")
        self._until = 0.0
        """When the next try is taken."""
        self._entering = False
        self._ahead: list[events.Key] = []
        """Keys that came before it was known what Enter leads to: a password that follows a login in one packet must
        not go where the login goes, and be read there."""

    # Drawing.

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield from self._compose_step()

    def _compose_step(self) -> ComposeResult:
        self._said, self._told = SaidLines(self._asked.lines), SaidLines(())
        labels = max(width_of(one.label) for one in self._asked.entries) + _GAP
        asked = Vertical(
            self._said,
            *(self._entry(one, labels) for one in self._asked.entries),
            self._told,
            id="asked",
        )
        yield Horizontal(QrCode(self._asked.uri), asked, id="two") if self._asked.uri else asked

    def _entry(self, entry: Entry, wide: int) -> Horizontal:
        label = Static(content(entry.label))
        label.styles.width = wide
        line = _Line(id=entry.name, password=entry.secret, placeholder=entry.hint)
        return Horizontal(label, line, classes="entry")

    def on_mount(self) -> None:
        """Says what is asked for."""
        self._show_frame()

    async def _show(self, asked: Asked) -> None:
        """Asks for something else."""
        self._asked = asked
        self._telling = ("", "")
        box = self.query_one("#box")
        await box.remove_children()
        await box.mount(*self._compose_step())
        self._show_frame()
        self.set_focus(self.query(Input).first())
        self._entered()

    def _show_frame(self) -> None:
        box = self.query_one("#box")
        box.border_title = content(self._asked.title)
        again = "Esc begins anew" if self._asked is not self._first else "" if self._stays else "Esc goes back"
        leaves = self.leaves if self._stays else ""
        box.border_subtitle = content(" · ".join(one for one in ("Enter goes on", again, leaves) if one))
        self._lay_out()

    @property
    def leaves(self) -> str:
        """How it is left, in a few words."""
        return "^q leaves"

    def on_resize(self, event: events.Resize) -> None:
        """Gives everything the room that it needs."""
        del event
        self._lay_out()

    def _lay_out(self) -> None:
        box = self.query_one("#box")
        most = self.size.width * 96 // 100
        wide = min(_WIDE, most)
        inner = wide - _FRAME
        for code in self.query(QrCode):
            taken = code.fit(Size(most - _FRAME - _GAP - _BESIDE, self.size.height - 2))
            if taken:
                wide = min(most, taken.width + _WIDE)
                inner = wide - _FRAME - taken.width - _GAP
        box.styles.width = wide
        lines = self._asked.lines
        self._said.styles.height = self._said.flow(inner - 2) if lines else 0
        self._said.styles.margin = (0, 0, 1 if lines else 0, 0)
        self._said.display = bool(lines)
        self._draw_told(inner)

    def _draw_told(self, inner: int = 0) -> None:
        text, style = self._telling
        self._told.replace([Cell(text, style)])
        width = (inner or self._told.size.width or _WIDE - _FRAME) - 2
        self._told.styles.height = self._told.flow(width)
        self._told.refresh()

    def tell(self, text: str, style: str = "attention") -> None:
        """Says something below the entries."""
        self._telling = (text, style)
        self._draw_told()

    # Taking.

    def keeps(self, event: events.Event) -> bool:
        """Whether a key is kept: whatever is typed behind Enter waits until that has done what it does."""
        if not isinstance(event, events.Key):
            return False
        if self._entering or self.deciding or self._ahead:
            self._ahead.append(event)
            return True
        self._entering = event.key == "enter"
        return False

    def _replay(self) -> None:
        """Hands the keys on that were kept: up to the next Enter, the others wait for what that leads to."""
        while self._ahead and not (self._entering or self.deciding) and isinstance(self.focused, _Line):
            kept = self._ahead.pop(0)
            self._entering = kept.key == "enter"
            event = events.Key(kept.key, kept.character)
            event.set_sender(self.app)  # from this screen it would not come up to where Enter is bound
            self.focused.take(event)

    def _entered(self) -> None:
        """Enter has done what it does."""
        self._entering = False
        self.call_after_refresh(self._replay)

    def on_input_changed(self, message: Input.Changed) -> None:
        """What was wrong before is not told any more of what is typed now."""
        message.stop()
        if message.value and monotonic() >= self._until and not self.deciding:
            self.tell("")

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Goes to what is still empty, or takes what was typed."""
        message.stop()
        inputs = list(self.query(Input))
        empty = [one for one in inputs if not one.value]
        after = inputs[inputs.index(message.input) + 1 :]
        if empty:
            self.set_focus(next((one for one in after if one in empty), empty[0]))
        else:
            self._take({one.id or "": one.value for one in inputs})
        self._entered()

    def _take(self, typed: Mapping[str, str]) -> None:
        if self.deciding or self._tell_wait():
            return
        self.deciding = True
        self.tell("…", "quiet")
        asked = self._asked

        def work() -> object:
            try:
                return asked.take(typed)
            except SessionEnded:
                raise
            except RingfenceError as error:
                return error

        self.in_thread("credentials", work, self._taken, lambda reason: self._refused(RingfenceError(reason)))

    def _taken(self, found: object) -> None:
        if isinstance(found, RingfenceError):
            self._refused(found)
        elif isinstance(found, Asked):
            self.deciding = False
            self.call_later(self._show, found)
        else:
            self.deciding = False
            self.dismiss(found)

    def _refused(self, error: RingfenceError) -> None:
        """Says what is wrong, and how long the next try has to wait; what is secret is typed anew."""
        self.deciding = False
        for entry in self._asked.entries:
            if entry.secret or len(self._asked.entries) == 1:
                self.query_one(f"#{entry.name}", Input).value = ""
        first = next((one for one in self.query(Input) if not one.value), self.query(Input).first())
        self.set_focus(first)
        self._entered()
        self._telling = (f"{capital(str(error))}.", "attention")
        wait = float(getattr(error, "wait", 0.0))
        self._until = monotonic() + wait if wait >= 1 else 0.0
        if self._until:
            self._said_wrong = self._telling[0]
            self._count_down()
        else:
            self._draw_told()

    _said_wrong = ""

    def _tell_wait(self) -> bool:
        """Says how long the next try has to wait, if it has to."""
        left = self._until - monotonic()
        if left <= 0:
            return False
        many = ceil(left) if left < 2 * _MINUTE else ceil(left / _MINUTE)
        unit = "second" if left < 2 * _MINUTE else "minute"
        self.tell(f"{self._said_wrong} The next try is taken in {many} {unit}{'' if many == 1 else 's'}.")
        return True

    def _count_down(self) -> None:
        if self._tell_wait():
            self.set_timer(1.0, self._count_down)
        elif self._until:
            self._until = 0.0
            self.tell(f"{self._said_wrong} The next try is taken now.")

    def action_move(self, step: int) -> None:
        """Goes to the next entry, or the one before."""
        inputs = list(self.query(Input))
        at = next((at for at, one in enumerate(inputs) if one is self.focused), 0)
        inputs[(at + step) % len(inputs)].focus()

    def action_cancel(self) -> None:
        """Begins anew; at the beginning goes back, where there is anything to go back to."""
        if self.deciding:
            return
        if self._asked is not self._first:
            self.call_later(self._show, self._first)
        elif not self._stays:
            self.dismiss(None)
