"""Writing a list into a file: in which format, under which name; or onto the clipboard, where no file is one's own."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from ringfence.console.options import BACK, DialogOption
from ringfence.console.questions import Asks
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.overlay import Overlay
from ringfence.console.text import content, number
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import ChoiceSpec, PickSpec, TextLine, TextSpec
from ringfence.domain.registry import EDITED, kind_named
from ringfence.services.exporting import FileExists

if TYPE_CHECKING:
    from ringfence.services.editing import Progress
    from ringfence.services.records import Listing
    from ringfence.services.workspace import Session

_LONG: Final = 2_000
"""From so many rows on, writing takes long enough to be watched, and cancelled."""
_FORMATS: Final = (("csv", "CSV"), ("json", "JSON"))
_CLIPBOARD: Final = 64 * 1024
"""What a terminal takes of OSC 52: many take no more than some 100,000 characters of base 64."""


class ExportList(Overlay[None], Asks):
    """Asks for a format and a file, and writes what a list shows, with its filter and order. ``count`` is how many rows
    that are, where it is known."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("ctrl+s", "write", "Write it", priority=True),
        Binding("ctrl+q", "app.quit", "Quit", show=False, priority=True, id="quit"),
    ]
    AUTO_FOCUS = "Form > LineList"
    DEFAULT_CSS = """
    ExportList #box { width: 74; height: 10; }
    ExportList Form, ExportList Form:focus-within, ExportList Form:ansi:focus-within { border: none; }
    """

    def __init__(self, listing: Listing, count: int | None = None) -> None:
        super().__init__()
        self._listing = listing
        self._count = count
        self._writing = False
        self._path = f"~/ringfence-{listing.kind}-{datetime.now():%Y%m%d}.csv"

    def compose(self) -> ComposeResult:
        kind, search = kind_named(self._listing.kind), self._listing.search
        rows = kind.several
        if self._count is not None and kind.noun in EDITED:
            rows = f"{number(self._count)} {kind.said if self._count == 1 else rows}"
        said = f"{rows} with “{search}”" if search else rows
        if self.ringfence.confined:
            with Vertical(id="box"):
                yield Form(
                    ChoiceSpec("format", "Format", "csv", _FORMATS),
                    PickSpec("write", "Copy", said, action="copy"),
                    TextLine(),
                    TextLine("It comes to your terminal's clipboard, where that takes it."),
                    TextLine("A whole list comes to a file of yours by"),
                    TextLine(f"  ssh … list {kind.name} --format csv > FILE"),
                    TextLine("In CSV, what a spreadsheet would run gets an apostrophe."),
                )
            return
        with Vertical(id="box"):
            yield Form(
                ChoiceSpec("format", "Format", "csv", _FORMATS),
                TextSpec("path", "File", self._path, required=True),
                PickSpec("write", "Write", said, action="write"),
                TextLine(),
                TextLine(self._where(self._path), name="where"),
                TextLine("Nobody else may read it. In CSV, what a spreadsheet would run gets an apostrophe."),
            )

    def on_mount(self) -> None:
        """Goes to what Enter writes at once."""
        box = self.query_one("#box")
        box.border_title = content("Export what the list shows")
        there = "↑ format · ^s copies" if self.ringfence.confined else "↑ file and format · ^s writes"
        box.border_subtitle = content(f"{there} · Esc goes back")
        form = self.query_one(Form)
        self.call_after_refresh(form.go_to, "write")

    @on(Form.Changed)
    def changed(self, message: Form.Changed) -> None:
        """Lets the file's name follow the format, and says where it comes."""
        message.stop()
        form = self.query_one(Form)
        if "path" not in form.values:
            return
        path = form.values["path"]
        if message.name == "format":
            ending = next((f".{one}" for one, _ in _FORMATS if path.endswith(f".{one}")), "")
            path = f"{path.removesuffix(ending)}.{message.value}" if ending else path
            form.update("path", value=path)
        form.update("where", text=self._where(path))

    def _where(self, path: str) -> str:
        return f"It comes to {_full(path)}" if path else ""

    @on(Form.Activated)
    def activated(self, message: Form.Activated) -> None:
        """Writes."""
        message.stop()
        self.action_write()

    def action_leave(self) -> None:
        """Ends without a file."""
        if not self._writing:
            self.dismiss(None)

    def action_write(self) -> None:
        """Writes the file, unless there is one of that name."""
        self._write(replace=False)

    def _write(self, *, replace: bool) -> None:
        form = self.query_one(Form)
        if self._writing or not form.check():
            return
        self._writing = True
        listing, wanted = self._listing, form.values["format"]
        if self.ringfence.confined:
            self.ask(
                "write", lambda session: session.exported(listing, wanted, _CLIPBOARD), self._copy, self._not_written
            )
            return
        path = _full(form.values["path"])

        def write(session: Session, progress: Progress | None = None) -> Any:
            try:
                return session.export(listing, path, wanted, replace=replace, progress=progress)
            except FileExists as there:
                return there

        def written(found: Any) -> None:
            self._writing = False
            if isinstance(found, Exception):
                self._ask_whether_to_replace(path)
            elif found is not None:
                self.dismiss(None)
                rows = f"{number(found)} {'row' if found == 1 else 'rows'}"
                self.ringfence.notify(f"Wrote {rows} to {path}", timeout=8)

        if self._count is None or self._count > _LONG:
            self.ringfence.open("working", f"Exporting {listing.kind.replace('-', ' ')}", write, then=written)
        else:
            self.ask("write", write, written, self._not_written)

    def _copy(self, found: tuple[str, int]) -> None:
        text, count = found
        self.app.copy_to_clipboard(text)
        self.dismiss(None)
        self.ringfence.notify(f"Copied {number(count)} {'row' if count == 1 else 'rows'}.", timeout=4)

    def _not_written(self, reason: str) -> None:
        self._writing = False
        self.ringfence.tell_failure(reason)

    def _ask_whether_to_replace(self, path: Path) -> None:
        def answered(answer: str | None) -> None:
            if answer == "replace":
                self._write(replace=True)
            else:
                self.query_one(Form).go_to("path")

        options = [DialogOption(BACK, "Another name", "a"), DialogOption("replace", "Replace it", "r")]
        lines = [f"{path} is there. What is in it would be lost."]
        self.app.push_screen(Dialog("There is such a file already", lines, options), answered)


def _full(path: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(path)))
