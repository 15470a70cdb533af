"""The commands that bring lists out into files, and records in from them."""

from __future__ import annotations

from typing import Any, Final, Protocol

from ringfence.console.commands.command import Command, Editable, Edited, Host, unless_signed_in

SUFFIXES: Final = (".csv", ".json")
"""How the names of files end that records come from."""


class Listed(Host, Protocol):
    """A screen with a list."""

    @property
    def listed(self) -> tuple[Any, int | None]:
        """What the list shows (of a tree: what its filter leaves), and how many rows, as far as is known."""


def _unless_empty(host: Listed) -> str:
    return unless_signed_in(host) or ("" if host.listed[1] != 0 else "there is nothing in the list")


def _imported(host: Host) -> tuple[Edited, Editable]:
    """The list whose records come from files."""
    shown = host.edited
    assert shown is not None
    assert shown.edits is not None
    return shown, shown.edits


def _unless_may(host: Host) -> str:
    if host.ringfence.confined:
        return "over ssh no file of that machine is read: send it to 'ssh … import KIND -'"
    _, edits = _imported(host)
    changing = {edits.right(action) for action in ("create", "edit", "assign", "move")}
    may = not changing.isdisjoint(host.ringfence.rights)
    return unless_signed_in(host) or ("" if may else f"you may neither create nor edit {edits.plural}")


def _import(host: Host) -> Any:
    shown, edits = _imported(host)
    home = shown.home

    def chosen(path: str | None) -> None:
        if path is not None:
            host.ringfence.open("import records", edits.kind, path, home)

    return host.ringfence.open("choose file", f"Import {edits.plural} from which file?", SUFFIXES, then=chosen)


EXPORT: Final[Command[Listed]] = Command(
    "export",
    "o",
    "Export what the list shows to a file, over ssh to the clipboard: CSV or JSON.",
    lambda host: host.ringfence.open("export list", *host.listed),
    footer="export",
    unless=_unless_empty,
)
"""Of every list."""


def importing(plural: str) -> Command[Host]:
    """That of a list of what comes from sheets."""
    return Command(
        "import",
        "i",
        f"Import {plural} from CSV or JSON; shows it first.",
        _import,
        footer="import",
        unless=_unless_may,
        changes=True,
    )
