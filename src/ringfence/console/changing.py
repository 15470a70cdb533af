"""A change that is shown before it is made: made when told to, or taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from ringfence.console.commands.command import display
from ringfence.console.questions import while_wanted
from ringfence.domain.errors import Conflict, Refused

if TYPE_CHECKING:
    from ringfence.console.application import Application
    from ringfence.console.commands.command import Host
    from ringfence.console.text import Said
    from ringfence.services.edited import Preview, Saved
    from ringfence.services.editing import Edit, Progress
    from ringfence.services.workspace import Session

MANY: Final = 200
"""From so many records on, a change takes long enough to be watched, and cancelled."""
DO: Final = "do"
"""The id of the answer that makes a change."""
DO_MUCH: Final = "do much"
"""The same of one that is to be watched."""


def save(session: Session, edits: Sequence[Edit], progress: Progress | None = None) -> Saved | Refused | Conflict:
    """Makes a change, in a thread; what it is refused for is an answer, too."""
    try:
        return session.save(edits, progress)
    except (Refused, Conflict) as error:
        return error


def taken_back(app: Application) -> str:
    """How what was just done is taken back: by the key that does it."""
    from ringfence.console.commands.lists import UNDO

    return f"{display(app.keys_of(UNDO))} takes it back."


def make_change(
    host: Host,
    title: str,
    change: Sequence[Edit],
    done: Callable[[], object] | None = None,
    *,
    watched: bool = False,
) -> None:
    """Makes a change, and says how it is taken back, or in a line why nothing was changed. Where it is ``watched``, how
    far it is is shown below the ``title``."""

    def work(session: Session, progress: Progress | None = None) -> Saved | Refused | Conflict:
        return save(session, change, progress)

    def saved(found: Any) -> None:
        if found is None:
            return
        if isinstance(found, Refused | Conflict):
            host.ringfence.tell_failure(f"{found}: nothing was changed")
            return
        host.ringfence.notify(f"Done. {taken_back(host.ringfence)}", timeout=3)
        host.refresh_data()
        if done is not None:
            done()

    if watched:
        host.ringfence.open("working", title, work, then=saved)
    else:
        host.ask("save", work, saved)


def confirm_change(
    host: Host,
    title: str,
    edits: Sequence[Edit],
    verb: str,
    done: Callable[[], object] | None = None,
    *,
    more: Sequence[Said] = (),
    typed: str = "",
    key: str = "",
) -> None:
    """Shows what a change would do, and makes it when told to. ``verb`` is the answer that does it (``Delete``), by its
    ``key`` or, without one, by its first letter.

    Where more than one record goes along, ``typed`` (the name of the record) has to be typed first, if it is given.
    """
    change = list(edits)

    def answered(answer: str | None) -> None:
        if answer in (DO, DO_MUCH):
            make_change(host, title.rstrip("?"), change, done, watched=answer == DO_MUCH)

    host.ringfence.open("confirm", title, change, verb, more=more, typed=typed, key=key, then=answered)


def ask_undo(host: Host, change: int | None = None, done: Callable[[], object] | None = None) -> None:
    """Asks whether a change shall be taken back (None: the viewer's own last one), and does it when told to. Of a large
    one it shows how far it is."""
    app = host.ringfence

    def refused(reason: str) -> None:
        app.tell_failure(f"Not undone: {reason}")

    def undone(saved: Saved | None) -> None:
        if saved is None:
            return
        audit = next((f" ({display(app.keys_of(one))})" for one in app.numbered if one.name == "audit"), "")
        app.notify(f"Undone. The audit{audit} takes that back.", timeout=3)
        app.look_for_changes()
        if done is not None:
            done()

    def run(title: str, work: Callable[[Session, Progress], Any], take: Callable[[Any], None], large: bool) -> None:
        if large:
            app.open("working", title, work, then=take)
        else:
            host.ask("undo", lambda session: work(session, while_wanted()), take, refused)

    def weighed(entries: int) -> None:
        large = entries >= MANY

        def show(found: tuple[int, str, Preview] | None) -> None:
            if found is None:
                return
            number, what, preview = found

            def answered(answer: str | None) -> None:
                if answer == "undo":
                    run("Taking it back", lambda session, told: session.undo(number, told), undone, large)

            if app.configuration.confirm_undo:
                app.open("undo", what, preview, then=answered)
            elif preview.refusal:
                refused(preview.refusal)
            else:
                answered("undo")

        run("What taking it back would do", lambda session, told: session.preview_undo(change, told), show, large)

    host.ask("undo", lambda session: session.weight_of_change(change), weighed, refused)
