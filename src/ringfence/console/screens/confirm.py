"""A change that needs no form: shown, then made when told to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from ringfence.console.cells.preview import said
from ringfence.console.screens.area import AreaScreen, CommandScreen
from ringfence.console.screens.dialog import Dialog, DialogOption
from ringfence.console.screens.working import work_on
from ringfence.console.text import Said

if TYPE_CHECKING:
    from ringfence.services.editing import Edit
    from ringfence.services.records import Preview

MANY: Final = 200
"""From so many records on, a change takes long enough to be watched, and cancelled."""


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
    typed: str = "",
) -> None:
    """Shows what a change would do, and makes it when told to. ``verb`` is the answer that does it (``Delete``).

    Where more than one record goes along, ``typed`` (the name of the record) has to be typed first, if it is given.
    """
    from ringfence.services.editing import Conflict, Refused

    workspace, viewer = screen.ringfence.workspace, screen.ringfence.viewer
    if workspace is None or viewer is None:
        return
    change = list(edits)
    long = len(change) >= MANY

    def saved(found: Any) -> None:
        if found is None:
            return
        if isinstance(found, Refused | Conflict):
            screen.ringfence.tell_failure(f"{found}: nothing was changed")
            return
        screen.ringfence.notify("Done. u takes it back.", timeout=3)
        screen.refresh_data()
        if done is not None:
            done()

    def work(progress: Any = None) -> Any:
        try:
            return workspace.save(viewer, change, progress)
        except (Refused, Conflict) as error:
            return error

    def answered(answer: str | None) -> None:
        if answer != "do":
            return
        if long:
            work_on(screen, title.rstrip("?"), work, saved)
        else:
            screen.ask("save", work, saved)

    def previewed(preview: Preview | None) -> None:
        if preview is None:
            return
        lines = [*more, *said(preview, None)]
        options = [DialogOption("do", verb, verb[:1].lower(), preview.refusal), DialogOption("back", "Back")]
        several = preview.hidden or sum(count for _, count in preview.along) > 1
        name = typed if several and not preview.refusal else ""
        screen.app.push_screen(Dialog(title, lines, options, name_to_type=name), answered)

    def look(progress: Any = None) -> Any:
        return workspace.preview(viewer, change, progress)

    if long:
        work_on(screen, "What that would change", look, previewed)
    else:
        screen.ask("confirm", look, previewed)
