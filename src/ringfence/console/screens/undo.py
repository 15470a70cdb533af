"""Taking a change back: what it was, what that does to whom, and then doing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ringfence.console.cells.preview import said
from ringfence.console.questions import while_wanted
from ringfence.console.screens.confirm import MANY
from ringfence.console.screens.dialog import BACK, Dialog, DialogOption
from ringfence.console.screens.working import Progress, work_on
from ringfence.console.text import Cell, Said

if TYPE_CHECKING:
    from ringfence.console.screens.area import CommandScreen
    from ringfence.services.records import Preview, Saved
    from ringfence.services.workspace import Session


def ask_undo(screen: CommandScreen, change: int | None = None, done: Callable[[], object] | None = None) -> None:
    """Asks whether a change shall be taken back (None: the viewer's own last one), and does it when told to. Of a large
    one it shows how far it is."""
    app = screen.ringfence

    def refused(reason: str) -> None:
        app.tell_failure(f"Not undone: {reason}")

    def undone(saved: Saved | None) -> None:
        if saved is None:
            return
        app.notify("Undone. The audit (8) takes that back.", timeout=3)
        app.look_for_changes()
        if done is not None:
            done()

    def run(title: str, work: Callable[[Session, Progress], Any], take: Callable[[Any], None], large: bool) -> None:
        if large:
            work_on(screen, title, work, take)
        else:
            screen.ask("undo", lambda session: work(session, while_wanted()), take, refused)

    def weighed(entries: int) -> None:
        large = entries >= MANY

        def show(found: tuple[int, str, Preview] | None) -> None:
            if found is None:
                return
            number, what, preview = found

            def answered(answer: str | None) -> None:
                if answer == "undo":
                    run("Taking it back", lambda session, told: session.undo(number, told), undone, large)

            lines: list[Said] = [[Cell("This takes back: ", "quiet"), Cell(what, "strong")], ""]
            lines += said(preview, None)
            options = [DialogOption("undo", "Undo it", "u", preview.refusal), DialogOption(BACK, "Leave it as it is")]
            screen.app.push_screen(Dialog("Undo", lines, options), answered)

        run("What taking it back would do", lambda session, told: session.preview_undo(change, told), show, large)

    screen.ask("undo", lambda session: session.weight_of_change(change), weighed, refused)
