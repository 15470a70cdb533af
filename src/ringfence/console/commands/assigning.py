"""The commands of the screen that assigns devices to a customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from textual.binding import Binding, BindingType

from ringfence.console.commands.command import Command, display
from ringfence.console.screens.drafting import Leave, Save, WholePreview

if TYPE_CHECKING:
    from ringfence.console.screens.area import CommandScreen
    from ringfence.console.screens.manage_devices import ManageDevicesScreen


class Process(Save):
    """The devices become the customer's."""

    footer = "process"
    help = "Assign the devices: all of them, or none."

    def off(self, screen: CommandScreen) -> str:
        return _managing(screen).why_not()

    def run(self, screen: CommandScreen) -> Any:
        _managing(screen).process()


class FilterDevices(Command):
    """Fewer devices to mark."""

    name = "filter"
    keys = "slash"
    footer = "filter"
    help = "Filter the devices by a text (Esc clears it)."

    def off(self, screen: CommandScreen) -> str:
        return _managing(screen).why_no_list()

    def run(self, screen: CommandScreen) -> Any:
        _managing(screen).open_filter()


class MarkAll(Command):
    """Every device that the filter leaves."""

    name = "mark_all"
    keys = "a"
    footer = "all"
    help = "Mark every device that is listed."

    def off(self, screen: CommandScreen) -> str:
        return _managing(screen).why_no_list()

    def run(self, screen: CommandScreen) -> Any:
        _managing(screen).mark_all()


class ToggleTyping(Command):
    """The list, or a line to type and paste ids into."""

    name = "toggle_typing"
    keys = "t,ctrl+t"
    footer = "list or ids"
    help = "Type or paste ids, or go back to the list."

    def run(self, screen: CommandScreen) -> Any:
        _managing(screen).toggle_typing()


class ChooseCustomer(Command):
    """Where to."""

    name = "choose_customer"
    keys = "c"
    footer = "customer"
    help = "Choose the customer that the devices go to."

    def run(self, screen: CommandScreen) -> Any:
        _managing(screen).choose_customer()


class ChooseSite(Command):
    """Onto which of its sites."""

    name = "choose_site"
    keys = "s"
    footer = "site"
    help = "Choose the site that the devices go onto, or none."

    def off(self, screen: CommandScreen) -> str:
        return "" if _managing(screen).customer is not None else "choose the customer first"

    def run(self, screen: CommandScreen) -> Any:
        _managing(screen).choose_site()


class TakeAllAway(Command):
    """Beginning anew."""

    name = "take_all_away"
    keys = "x,ctrl+x"
    help = "Take all marks, or all typed ids, away."

    def off(self, screen: CommandScreen) -> str:
        return "" if _managing(screen).chosen else "there is nothing to take away"

    def run(self, screen: CommandScreen) -> Any:
        _managing(screen).take_all_away()


class WhatItDoes(WholePreview):
    """Everything that there is to say before."""

    keys = "p,f4"
    footer = "details"
    help = "Show what is left out, and what changes for whom."

    def run(self, screen: CommandScreen) -> Any:
        _managing(screen).show_details()


MANAGING: Final[tuple[Command, ...]] = (
    *(Process(), FilterDevices(), MarkAll(), ToggleTyping(), ChooseCustomer(), ChooseSite()),
    *(WhatItDoes(), TakeAllAway(), Leave()),
)


def bound(commands: Sequence[Command]) -> list[BindingType]:
    """Textual's bindings, each key shown as itself: letters are no keys while ids are typed."""
    return [
        Binding(key, f"command('{one.name}')", one.footer or one.help, show=bool(one.footer), key_display=display(key))
        for one in commands
        for key in one.keys.split(",")
    ]


def _managing(screen: CommandScreen) -> ManageDevicesScreen:
    from ringfence.console.screens.manage_devices import ManageDevicesScreen

    assert isinstance(screen, ManageDevicesScreen)
    return screen
