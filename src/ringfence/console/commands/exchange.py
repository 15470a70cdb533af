"""The commands that bring lists out into files, and devices in from them."""

from __future__ import annotations

from typing import Any, Final, Protocol

from ringfence.console.commands.command import Command, Host, unless_signed_in


class Listed(Host, Protocol):
    """A screen with a list."""

    @property
    def listed(self) -> tuple[Any, int | None]:
        """What the list shows (of a tree: what its filter leaves), and how many rows, as far as is known."""


def _unless_empty(host: Listed) -> str:
    return unless_signed_in(host) or ("" if host.listed[1] != 0 else "there is nothing in the list")


def _unless_may(host: Host) -> str:
    changing = {"device.create", "device.edit", "device.assign"}
    may = not changing.isdisjoint(host.ringfence.rights)
    return unless_signed_in(host) or ("" if may else "you may neither create nor edit devices")


def _import(host: Host) -> Any:
    home = host.edited.home if host.edited is not None else None

    def chosen(path: str | None) -> None:
        if path is not None:
            host.ringfence.open("import devices", path, home)

    return host.ringfence.open("choose file", "Import devices from which file?", ".csv", then=chosen)


EXPORT: Final[Command[Listed]] = Command(
    "export",
    "o",
    "Export what the list shows to a file: CSV or JSON.",
    lambda host: host.ringfence.open("export list", *host.listed),
    footer="export",
    unless=_unless_empty,
)
"""Of every list."""
IMPORT: Final[Command[Host]] = Command(
    "import",
    "i",
    "Import devices from a CSV file; shows it first.",
    _import,
    footer="import",
    unless=_unless_may,
    changes=True,
)
"""Of lists of devices."""
