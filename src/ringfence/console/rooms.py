"""Every screen by the name that it is opened by. The application alone knows them: what opens one imports none."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from textual.screen import Screen

AREAS: Final[Mapping[str, str]] = {
    "customers": "ringfence.console.screens.customers:CustomersScreen",
    "devices": "ringfence.console.screens.records:DevicesScreen",
    "users": "ringfence.console.screens.records:UsersScreen",
    "security": "ringfence.console.screens.records:SecurityScreen",
    "groups": "ringfence.console.screens.records:GroupsScreen",
    "roles": "ringfence.console.screens.records:RolesScreen",
    "audit": "ringfence.console.screens.audit:AuditScreen",
}
"""The numbered ones."""
ROOMS: Final[Mapping[str, str]] = {
    **AREAS,
    "customer form": "ringfence.console.screens.customer_form:CustomerForm",
    "site form": "ringfence.console.screens.site_form:SiteForm",
    "device form": "ringfence.console.screens.device_form:DeviceForm",
    "user form": "ringfence.console.screens.user_form:UserForm",
    "security_group form": "ringfence.console.screens.security_group_form:SecurityGroupForm",
    "customer_group form": "ringfence.console.screens.customer_group_form:CustomerGroupForm",
    "role form": "ringfence.console.screens.role_form:RoleForm",
    "groups of a customer": "ringfence.console.screens.customer_groups_form:CustomerGroupsForm",
    "profile": "ringfence.console.screens.profile_form:ProfileForm",
    "manage devices": "ringfence.console.screens.manage_devices:ManageDevicesScreen",
    "bulk edit": "ringfence.console.screens.bulk_edit:BulkEditScreen",
    "history": "ringfence.console.screens.history:HistoryScreen",
    "import devices": "ringfence.console.screens.import_devices:ImportDevicesScreen",
    "export list": "ringfence.console.screens.export_list:ExportList",
    "choose file": "ringfence.console.screens.choose_file:ChooseFile",
    "choose user": "ringfence.console.screens.choose_user:ChooseUser",
    "side by side": "ringfence.console.screens.side_by_side:SideBySideScreen",
    "dialog": "ringfence.console.screens.dialog:Dialog",
    "confirm": "ringfence.console.screens.confirm:Confirm",
    "undo": "ringfence.console.screens.undo:Undo",
    "working": "ringfence.console.screens.working:Working",
    "help": "ringfence.console.screens.help:HelpScreen",
}


def room(name: str, *given: Any, **named: Any) -> Screen[Any]:
    """The screen of that name, made of what it is given. It is imported now, if it has not been yet."""
    module, _, screen = ROOMS[name].partition(":")
    made: Screen[Any] = getattr(import_module(module), screen)(*given, **named)
    return made


def prepare(*names: str) -> None:
    """Imports screens before they are asked for."""
    for name in names:
        import_module(ROOMS[name].partition(":")[0])
