"""The commands that bring lists out into files, and devices in from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ringfence.console.commands.command import Command

if TYPE_CHECKING:
    from ringfence.console.screens.area import CommandScreen
    from ringfence.console.screens.import_devices import ImportDevicesScreen


class Export(Command):
    """The list, as a file."""

    name = "export"
    keys = "o"
    footer = "export"
    help = "Export what the list shows to a file: CSV or JSON."

    def off(self, screen: CommandScreen) -> str:
        if screen.ringfence.session is None:
            return "sign in first"
        return "" if _listed(screen)[1] != 0 else "there is nothing in the list"

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.export_list import ExportList

        return screen.app.push_screen(ExportList(*_listed(screen)))


class Import(Command):
    """Devices from a file."""

    name = "import"
    keys = "i"
    footer = "import"
    help = "Import devices from a CSV file; shows it first."
    changes = True

    def off(self, screen: CommandScreen) -> str:
        if screen.ringfence.session is None:
            return "sign in first"
        changing = {"device.create", "device.edit", "device.assign"}
        return "you may neither create nor edit devices" if changing.isdisjoint(screen.ringfence.rights) else ""

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.choose_file import ChooseFile
        from ringfence.console.screens.import_devices import ImportDevicesScreen

        shown = screen.edited
        home = shown.home if shown is not None else None

        def chosen(path: str | None) -> None:
            if path is not None:
                screen.app.push_screen(ImportDevicesScreen(path, home))

        return screen.app.push_screen(ChooseFile("Import devices from which file?", ".csv"), chosen)


class Load(Command):
    """What was read becomes what is."""

    name = "save"
    keys = "ctrl+s"
    footer = "load"
    help = "Load the rows that are good."
    changes = True

    def off(self, screen: CommandScreen) -> str:
        return _importing(screen).why_not()

    def run(self, screen: CommandScreen) -> Any:
        _importing(screen).load()


class ReadAgain(Command):
    """The file as it is now."""

    name = "read_again"
    keys = "ctrl+r,f5"
    footer = "read again"
    help = "Read the file again, once it was put right."

    def off(self, screen: CommandScreen) -> str:
        return "it is being loaded" if _importing(screen).busy else ""

    def run(self, screen: CommandScreen) -> Any:
        _importing(screen).read()


class CopyFaults(Command):
    """What is wrong, elsewhere."""

    name = "copy"
    keys = "y"
    footer = "copy"
    help = "Copy what is told of the file to your clipboard."

    def run(self, screen: CommandScreen) -> Any:
        _importing(screen).copy()


class LeaveImport(Command):
    """Back, with nothing loaded."""

    name = "leave"
    keys = "escape"
    footer = "back"
    help = "Go back; nothing is loaded."
    palette = False

    def off(self, screen: CommandScreen) -> str:
        return "it is being loaded" if _importing(screen).busy else ""

    def run(self, screen: CommandScreen) -> Any:
        screen.app.pop_screen()


EXPORT: Final[tuple[Command, ...]] = (Export(),)
"""Of every list."""
IMPORT: Final[tuple[Command, ...]] = (Import(),)
"""Of lists of devices."""
IMPORTING: Final[tuple[Command, ...]] = (Load(), ReadAgain(), CopyFaults(), LeaveImport())


def _importing(screen: CommandScreen) -> ImportDevicesScreen:
    from ringfence.console.screens.import_devices import ImportDevicesScreen

    assert isinstance(screen, ImportDevicesScreen)
    return screen


def _listed(screen: CommandScreen) -> tuple[Any, int | None]:
    """What the list of a screen shows (of a tree: what its filter leaves), and how many rows, as far as is known."""
    from ringfence.console.screens.record_list import RecordList
    from ringfence.console.widgets.filter_bar import FilterBar
    from ringfence.services.records import Listing

    shown = screen.edited or next(iter(screen.query(RecordList)), None)
    if isinstance(shown, RecordList):
        return (shown.listing, shown.total) if shown.listing is not None else (None, 0)
    profile = screen.ringfence.profile
    search = screen.query_one(FilterBar).value
    return Listing("customers", search), None if search or profile is None else profile.customers
