"""Asks for a validity window: from when and until when somebody is in a security group."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from ringfence.console.moments import HELP, read_moment, typed
from ringfence.console.screens.overlay import Overlay
from ringfence.console.text import content
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import TextLine, TextSpec

Window = tuple[datetime | None, datetime | None]


class WindowDialog(Overlay[Window | None]):
    """Two moments, checked as they are typed. Ends with the window, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back"),
        Binding("ctrl+s", "take", "Take it", priority=True),
        Binding("ctrl+q", "app.quit", "Quit", show=False, priority=True, id="quit"),
    ]
    AUTO_FOCUS = "Form > LineList"
    DEFAULT_CSS = """
    WindowDialog #box { width: 74; height: 9; }
    WindowDialog Form, WindowDialog Form:focus-within, WindowDialog Form:ansi:focus-within { border: none; }
    """

    def __init__(self, group: str, window: Window) -> None:
        super().__init__()
        self._group = group
        self._window = window

    def compose(self) -> ComposeResult:
        since, until = self._window
        with Vertical(id="box"):
            yield Form(
                TextSpec("from", "From", typed(since, until=False), check=lambda text: _wrong(text, until=False)),
                TextSpec("until", "Until", typed(until, until=True), check=lambda text: _wrong(text, until=True)),
                TextLine(),
                TextLine(f"{HELP}. A day as an end counts whole."),
            )

    def on_mount(self) -> None:
        """Says whose window it is."""
        box = self.query_one("#box")
        box.border_title = content(f"Validity of {self._group}")
        box.border_subtitle = content("^s takes it · Esc goes back")

    def on_form_activated(self, message: Form.Activated) -> None:
        """Nothing here opens anything."""
        message.stop()

    def action_take(self) -> None:
        """Ends with what was typed, if it is one."""
        form = self.query_one(Form)
        if not form.check():
            return
        now = datetime.now(UTC)
        since = read_moment(form.values["from"], now, until=False)
        until = read_moment(form.values["until"], now, until=True)
        if since is not None and until is not None and until <= since:
            form.set_error("until", "it ends before it begins")
            form.go_to("until")
            return
        self.dismiss((since, until))

    def action_cancel(self) -> None:
        """Leaves the window as it was."""
        self.dismiss(None)


def _wrong(text: str, *, until: bool) -> str:
    try:
        read_moment(text, datetime.now(UTC), until=until)
    except ValueError as error:
        return str(error)
    return ""
