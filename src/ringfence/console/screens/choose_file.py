"""Choosing a file: its path is typed, and what there is offered below."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from ringfence.console.screens.searching import Searching
from ringfence.console.text import fit, literal
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part

_ROWS: Final = 12
_MOST: Final = 500


class _Offered(LineList):
    """Files and folders that what is typed may become."""

    def __init__(self) -> None:
        super().__init__()
        self.can_focus = False
        self.paths: Sequence[str] = ()

    def show(self, paths: Sequence[str], why: str) -> None:
        """Shows these, or why there are none."""
        self.paths = paths
        self.begin(len(paths), why)

    def line(self, index: int, width: int) -> Sequence[Part]:
        path = self.paths[index]
        return [(fit(f" {path}", width), "quiet" if path.endswith(os.sep) else "")]


class ChooseFile(Searching[str]):
    """Asks for a file whose name ends in one of ``suffixes``, or any that is typed. Ends with its path, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    ChooseFile #box { width: 74; height: auto; }
    """

    def __init__(self, title: str, suffixes: tuple[str, ...]) -> None:
        super().__init__()
        self._title_text = title
        self._suffixes = suffixes
        self._offered = _Offered()
        self._offered_for: str | None = None
        self._entered = False
        """Whether Enter came before it was known what there is."""

    @property
    def placeholder(self) -> str:
        return f"Path of a {' or '.join(one[1:].upper() for one in self._suffixes)} file"

    def compose_lists(self) -> ComposeResult:
        yield self._offered

    def on_mount(self) -> None:
        """Offers what is in the current folder."""
        self.say(self._title_text, "↑↓ Tab completes · Enter chooses · Esc goes back")
        self._offered.styles.height = _ROWS
        self._offered.wait()
        self._look("")

    def _look(self, typed: str) -> None:
        self.in_thread("files", lambda: offered(typed, self._suffixes), lambda found: self._show(typed, found))

    def _show(self, typed: str, found: Sequence[str]) -> None:
        if typed != self.typed:
            return
        where = "there" if os.sep in typed else "in this folder"
        first, *others = self._suffixes
        none = f"No {first} file {where} that begins so{''.join(f', and no {one} file' for one in others)}."
        self._offered.show(found, none if typed else "Type a path.")
        self._offered_for = typed
        if self._entered:
            self._enter(typed)

    def search(self, text: str) -> None:
        """Offers what it may become."""
        self._entered = False
        self._look(text)

    def choose(self) -> None:
        """Chooses what was typed, where there is such a file; otherwise what is under the cursor."""
        self._enter(self.typed)

    def _enter(self, typed: str) -> None:
        self._entered = self._offered_for != typed
        if self._entered:
            return
        if typed and Path(os.path.expanduser(typed)).is_file():
            self.dismiss(typed)
        elif self._offered.count:
            self._take(self._offered.paths[self._offered.cursor])
        elif typed:
            self.notify(literal(f"There is no file {typed}"), markup=False, severity="warning")

    def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        """A double click chooses what is clicked, whatever was typed."""
        message.stop()
        message.prevent_default()
        self._take(self._offered.paths[message.index])

    def _take(self, path: str) -> None:
        if path.endswith(os.sep):
            self.type(path)
        else:
            self.dismiss(path)

    def action_complete(self) -> None:
        """Types what is under the cursor."""
        if self._offered.count and self._offered_for == self.typed:
            self.type(self._offered.paths[self._offered.cursor])


def offered(typed: str, suffixes: str | tuple[str, ...]) -> list[str]:
    """The files with one of these suffixes, and then the folders, that a path may become, as they would be typed."""
    folder, begun = os.path.split(typed)
    files: list[str] = []
    folders: list[str] = []
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            for entry in entries:
                name = entry.name
                if not name.casefold().startswith(begun.casefold()) or (name.startswith(".") and not begun):
                    continue
                if entry.is_dir():
                    folders.append(os.path.join(folder, name, ""))
                elif name.casefold().endswith(suffixes):
                    files.append(os.path.join(folder, name))
    except OSError:
        return []
    return [*sorted(files, key=str.casefold), *sorted(folders, key=str.casefold)][:_MOST]
