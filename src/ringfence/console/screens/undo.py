"""Taking a change back: what it was, what that does to whom, and then doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringfence.console.cells.preview import said
from ringfence.console.screens.dialog import Dialog, DialogOption
from ringfence.console.text import Cell, Said

if TYPE_CHECKING:
    from ringfence.console.screens.area import CommandScreen
    from ringfence.services.records import Preview, Saved


def ask_undo(screen: CommandScreen, change: int | None = None) -> None:
    """Asks whether a change shall be taken back (None: the viewer's own last one), and does it when told to."""
    app = screen.ringfence
    workspace, viewer = app.workspace, app.viewer
    if workspace is None or viewer is None:
        return

    def refused(reason: str) -> None:
        app.tell_failure(f"Not undone: {reason}")

    def undone(_: Saved) -> None:
        app.notify("Undone. The audit (8) takes that back.", timeout=3)
        app.look_for_changes()

    def show(found: tuple[int, str, Preview]) -> None:
        number, what, preview = found

        def answered(answer: str | None) -> None:
            if answer == "undo":
                screen.ask("undo", lambda: workspace.undo(viewer, number), undone, refused)

        lines: list[Said] = [[Cell("This takes back: ", "quiet"), Cell(what, "strong")], ""]
        lines += said(preview, None)
        options = [DialogOption("undo", "Undo it", "u", preview.refusal), DialogOption("back", "Leave it as it is")]
        app.push_screen(Dialog("Undo", lines, options), answered)

    screen.ask("undo", lambda: workspace.preview_undo(viewer, change), show, refused)
