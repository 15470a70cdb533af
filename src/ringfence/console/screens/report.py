"""What long work came to, to be read, copied and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from textual.app import ComposeResult

from ringfence.console.changing import ask_undo
from ringfence.console.commands.command import Command, bindings, unless_signed_in
from ringfence.console.commands.everywhere import BESIDE
from ringfence.console.screens.area import CommandScreen
from ringfence.console.text import fit, literal, number, width_of
from ringfence.console.widgets.bars import Breadcrumbs, NavBar, TitleBar
from ringfence.console.widgets.key_bar import KeyBar
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part

_COMMANDS: Final[tuple[Command[ReportScreen], ...]] = (
    Command("copy", "y", "Copy the whole report to your clipboard.", lambda screen: screen.copy(), footer="copy"),
    Command(
        "undo",
        "u",
        "Take back what the report tells of; asks first.",
        lambda screen: ask_undo(screen, screen.change, screen.taken_back),
        footer="undo",
        unless=unless_signed_in,
        unless_row=lambda screen: "it was taken back already" if screen.undone else "",
        changes=True,
    ),
    Command("back", "escape", "Go back.", lambda screen: screen.app.pop_screen(), footer="back", palette=False),
    *BESIDE,
)


class _Text(LineList):
    """The report, line by line."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self._lines = lines

    def on_mount(self) -> None:
        """Shows it."""
        self.set_title("Report")
        self.set_count(len(self._lines))
        self.ready()

    def say(self, lines: Sequence[str]) -> None:
        """Shows other lines, as many."""
        self._lines = lines
        self.refresh()
        self.look_here(anew=True)

    def view_changed(self) -> None:
        self.look_here()
        view = self.in_view
        self.set_subtitle(f"{number(view.start + 1)}–{number(view.stop)} of {number(self.count)}" if view else "")

    def whole(self, index: int) -> str:
        text = self._lines[index]
        return literal(text) if 1 + width_of(text) > self.line_width - 1 else ""

    def line(self, index: int, width: int) -> Sequence[Part]:
        return [(fit(f" {self._lines[index]}", width), "" if index else "strong")]


class ReportScreen(CommandScreen, inherit_bindings=False):
    """A report (plain text, its first line the heading) on a change, by its number in the audit."""

    COMMANDS_HERE = _COMMANDS
    BINDINGS = bindings(_COMMANDS)
    AUTO_FOCUS = "LineList"
    DEFAULT_CSS = "ReportScreen LineList { height: 1fr; }"

    def __init__(self, area: str, path: Sequence[str], text: str, change: int) -> None:
        super().__init__()
        self._area = area
        self._path = tuple(path)
        self.text = text
        self.change: int = change
        self.undone: bool = False

    @property
    def commands(self) -> tuple[Command[Any], ...]:
        return self.COMMANDS_HERE

    def compose(self) -> ComposeResult:
        yield TitleBar(app_name="◎ ringfence")
        yield NavBar(items=self.numbered)
        yield Breadcrumbs()
        yield _Text(self.text.split("\n"))
        yield self.key_bar(("help", "copy", "undo", "back"), ("back",))

    def on_mount(self) -> None:
        """Shows whose view this is, and where."""
        self.show_standing()
        self.mark_area(self._area)
        self.query_one(Breadcrumbs).set_path(self._path)

    def taken_back(self) -> None:
        """Says that nothing of what it tells of stands any more."""
        self.undone = True
        self.text = f"Taken back: {self.text}"
        self.query_one(_Text).say(self.text.split("\n"))
        self.query_one(KeyBar).read_again()

    def copy(self) -> None:
        """Puts the report on the operator's own clipboard."""
        self.app.copy_to_clipboard(self.text)
        self.notify(f"Copied {number(self.text.count(chr(10)) + 1)} lines.", markup=False, timeout=2)
