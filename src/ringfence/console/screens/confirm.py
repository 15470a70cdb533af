"""A change that needs no form: shown, then made when told to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ringfence.console.cells.preview import said
from ringfence.console.screens.area import AreaScreen, CommandScreen
from ringfence.console.screens.dialog import Dialog, DialogOption
from ringfence.console.text import Said

if TYPE_CHECKING:
    from ringfence.services.editing import Edit
    from ringfence.services.records import Preview


def refresh_below(closed: CommandScreen) -> None:
    """Reads the list anew that comes up when an editor closes."""
    for screen in reversed(closed.app.screen_stack):
        if screen is not closed and isinstance(screen, AreaScreen):
            screen.call_later(screen.refresh_data)
            return


def confirm_change(
    screen: CommandScreen,
    title: str,
    edits: Sequence[Edit],
    verb: str,
    done: Callable[[], object] | None = None,
    *,
    more: Sequence[Said] = (),
) -> None:
    """Shows what a change would do, and makes it when told to. ``verb`` is the answer that does it (``Delete``)."""
    from ringfence.services.editing import Conflict, Refused

    workspace, viewer = screen.ringfence.workspace, screen.ringfence.viewer
    if workspace is None or viewer is None:
        return
    change = list(edits)

    def saved(found: Any) -> None:
        if isinstance(found, Refused | Conflict):
            screen.ringfence.tell_failure(f"{found}: nothing was changed")
            return
        screen.ringfence.notify("Done. u takes it back.", timeout=3)
        screen.refresh_data()
        if done is not None:
            done()

    def work() -> Any:
        try:
            return workspace.save(viewer, change)
        except (Refused, Conflict) as error:
            return error

    def answered(answer: str | None) -> None:
        if answer == "do":
            screen.ask("save", work, saved)

    def previewed(preview: Preview) -> None:
        lines = [*more, *said(preview, None)]
        options = [DialogOption("do", verb, verb[:1].lower(), preview.refusal), DialogOption("back", "Back")]
        screen.app.push_screen(Dialog(title, lines, options), answered)

    def look() -> Any:
        return workspace.preview(viewer, change)

    screen.ask("confirm", look, previewed)
