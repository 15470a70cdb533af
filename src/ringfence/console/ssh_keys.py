"""The SSH keys of whoever is signed in, from their profile: shown, added and removed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ringfence.console.options import BACK, DialogOption
from ringfence.console.screens.choose_one import ChooseOne
from ringfence.console.text import literal

if TYPE_CHECKING:
    from ringfence.console.screens.record_form import RecordForm
    from ringfence.identity.key_ring import KeptKey

_NEW: Final = -1


def show(screen: RecordForm) -> None:
    """Shows them: Enter removes one, after a question, or adds another."""
    screen.ask("keys", lambda session: session.ssh_keys(), partial(_show, screen))


def _show(screen: RecordForm, found: Sequence[KeptKey]) -> None:
    def chosen(number: int | None) -> None:
        if number == _NEW:
            said = "Paste what the file that ends in .pub holds"
            screen.ringfence.open("ask line", "Add an SSH key", said, then=partial(_add, screen))
        elif number is not None:
            _ask_whether_to_remove(screen, found[number])

    rows = [(number, _line(one)) for number, one in enumerate(found)]
    title = "Your SSH keys: Enter removes one" if rows else "You have no SSH keys"
    screen.app.push_screen(ChooseOne(title, rows, above=[(_NEW, "Add a key…")]), chosen)


def _line(key: KeptKey) -> str:
    used = f"used {key.used:%Y-%m-%d}" if key.used is not None else "never used"
    return literal(f"{key.comment or key.kind} · {used} · {key.fingerprint}")


def _add(screen: RecordForm, line: str | None) -> None:
    if line is not None:
        screen.ask("keys", lambda session: session.add_ssh_key(line), partial(_done, screen, "Added"))


def _ask_whether_to_remove(screen: RecordForm, key: KeptKey) -> None:
    def answered(answer: str | None) -> None:
        if answer == "remove":
            removing: Any = lambda session: session.remove_ssh_key(key.fingerprint)  # noqa: E731
            screen.ask("keys", removing, lambda _: _done(screen, "Removed", key.fingerprint))

    options = [DialogOption("remove", "Remove it", "r"), DialogOption(BACK, "Keep it")]
    lines = [_line(key), "It lets nobody in from then on, and whoever is in by it is out at their next key."]
    screen.ringfence.open("dialog", "Remove this SSH key?", lines, options, then=answered)


def _done(screen: RecordForm, what: str, fingerprint: str) -> None:
    screen.ringfence.notify(f"{what} {fingerprint}", timeout=6)
    show(screen)
